package versions

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// sealedFake is text of the shape of a sealed value, which says of what generation
// and how many units of padding it is; fill tells it from others.
func sealedFake(generation, units int, fill byte) string {
	return fmt.Sprintf("s1.%d.%s", generation, base64.RawURLEncoding.EncodeToString(bytes.Repeat([]byte{fill}, 1136+128*units)))
}

func TestFindMoves(t *testing.T) {
	secret := func(f SecretFile) []byte {
		if f.Kind == "" {
			f.Kind = KindSecret
		}
		data, err := f.print()
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	short := func(fill byte) []byte { return secret(SecretFile{Value: sealedFake(1, 1, fill)}) }
	next := func(fill byte) []byte { return secret(SecretFile{Value: sealedFake(2, 1, fill)}) }
	long := func(fill byte) []byte { return secret(SecretFile{Value: sealedFake(1, 2, fill)}) }
	about := secret(SecretFile{About: "the db", Value: sealedFake(1, 1, 'A')})
	empty := secret(SecretFile{})
	key := func(size int, numbers ...uint32) []byte {
		f := SecretFile{Kind: KindKey, Bits: size}
		for _, n := range numbers {
			f.Versions = append(f.Versions, KeyVersion{n, sealedFake(1, 1, 'A')})
		}
		return secret(f)
	}
	for _, test := range []struct {
		name           string
		added, removed MoveSide
		want           string // "NEW<OLD" or "NEW?OLD,OLD", and "OLD>NEW" or "OLD!NEW,NEW"
	}{
		{"nothing", nil, nil, ""},
		{"one", MoveSide{"B": short('B')}, MoveSide{"A": short('A')}, "B<A A>B"},
		{"sealed to a newer key", MoveSide{"B": next('B')}, MoveSide{"A": short('A')}, "B<A A>B"},
		{"sealed to an older key", MoveSide{"B": short('B')}, MoveSide{"A": next('A')}, ""},
		{"another size", MoveSide{"B": long('B')}, MoveSide{"A": short('A')}, ""},
		{"another description", MoveSide{"B": about}, MoveSide{"A": short('A')}, ""},
		{"a blank", MoveSide{"B": empty}, MoveSide{"A": empty}, "B<A A>B"},
		{"a blank for a value", MoveSide{"B": empty}, MoveSide{"A": short('A')}, ""},
		{"two apart", MoveSide{"B": short('B'), "D": long('B')}, MoveSide{"A": short('A'), "C": long('A')}, "B<A D<C A>B C>D"},
		{"two alike", MoveSide{"B": short('B'), "D": short('B')}, MoveSide{"A": short('A'), "C": short('A')}, "B?A,C D?A,C A!B,D C!B,D"},
		{"two came", MoveSide{"B": short('B'), "D": short('B')}, MoveSide{"A": short('A')}, "B?A D?A A!B,D"},
		{"two went", MoveSide{"B": short('B')}, MoveSide{"A": short('A'), "C": short('A')}, "B?A,C A!B C!B"},
		{"generations tell", MoveSide{"B": short('B'), "D": next('B')}, MoveSide{"C": next('A')}, "D<C C>D"},
		{"a key", MoveSide{"B": key(256, 1, 3)}, MoveSide{"A": key(256, 1, 3)}, "B<A A>B"},
		{"a key of other versions", MoveSide{"B": key(256, 1, 2)}, MoveSide{"A": key(256, 1, 3)}, ""},
		{"a key of other bits", MoveSide{"B": key(128, 1)}, MoveSide{"A": key(256, 1)}, ""},
		{"no secret's files", MoveSide{"B": []byte("x")}, MoveSide{"A": []byte("x")}, ""},
		{"too many to name", MoveSide{"B": short('B')}, MoveSide{"A1": short('A'), "A2": short('A'), "A3": short('A'), "A4": short('A'), "A5": short('A'), "A6": short('A')},
			"A1!B A2!B A3!B A4!B A5!B A6!B"},
	} {
		m := FindMoves(test.added, test.removed)
		var got []string
		say := func(name, sure, unsure string, only string, maybe []string) {
			if only != "" {
				got = append(got, name+sure+only)
			}
			if maybe != nil {
				got = append(got, name+unsure+strings.Join(maybe, ","))
			}
		}
		for _, name := range unionKeys(test.added, nil) {
			only, maybe := m.From(name)
			say(name, "<", "?", only, maybe)
		}
		for _, name := range unionKeys(test.removed, nil) {
			only, maybe := m.To(name)
			say(name, ">", "!", only, maybe)
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s: got %q, want %q", test.name, strings.Join(got, " "), test.want)
		}
	}
	m := FindMoves(MoveSide{"B": short('B')}, MoveSide{"A": short('A')})
	if only, maybe := m.From("X"); only != "" || maybe != nil {
		t.Errorf("of a name that was not added: %q, %q", only, maybe)
	}
}

func TestCompareFiles(t *testing.T) {
	print := func(f SecretFile) []byte {
		f.Kind = KindSecret
		data, err := f.print()
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	one, two := sealedFake(1, 1, 'A'), sealedFake(2, 1, 'B')
	for _, test := range []struct {
		old, new []byte
		action   Action
		fields   []string
	}{
		{nil, print(SecretFile{}), Added, nil},
		{print(SecretFile{}), nil, Removed, nil},
		{print(SecretFile{Value: one}), print(SecretFile{Value: two}), Resealed, nil},
		{print(SecretFile{Value: one}), print(SecretFile{Value: sealedFake(1, 1, 'B')}), Changed, nil},
		{print(SecretFile{Value: one}), print(SecretFile{Value: two, About: "x"}), Changed, []string{"about"}},
		{print(SecretFile{Value: one}), print(SecretFile{Value: one, About: "x", Optional: true}), Edited, []string{"about", "optional"}},
		{print(SecretFile{Value: one}), []byte("<<<<<<< x"), Changed, nil},
		{[]byte("x"), print(SecretFile{}), Changed, nil},
	} {
		if c := CompareFiles("A", test.old, test.new); c.Action != test.action || !slices.Equal(c.Fields, test.fields) {
			t.Errorf("%.40q to %.40q: %s %q", test.old, test.new, c.Action, c.Fields)
		}
	}
}
