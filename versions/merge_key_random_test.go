package versions

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pinseal/seal"
)

// randomKey is a side of a named key as any history may leave it, from another: versions
// are dropped, added, imported again and put under other numbers.
func randomKey(r *rand.Rand, from []string, letters string) []string {
	side := slices.Clone(from)
	for range r.IntN(4) {
		last := 0
		if len(side) > 0 {
			fmt.Sscanf(side[len(side)-1], "%d=", &last)
		}
		switch r.IntN(6) {
		case 0:
			if len(side) > 1 {
				side = slices.Delete(side, 0, 1+r.IntN(len(side)-1)) // key rm --before
			}
		case 1:
			if len(side) > 1 {
				side = side[:len(side)-1] // a revert
			}
		case 2:
			side = []string{fmt.Sprintf("%d=%c", last+1, letters[r.IntN(len(letters))])} // a reset
		default:
			side = append(side, fmt.Sprintf("%d=%c", last+1, letters[r.IntN(len(letters))]))
		}
	}
	return side
}

// keysOf are what versions stand for, as letters in their order.
func keysOf(side []string) (letters string) {
	for _, one := range side {
		letters += one[len(one)-1:]
	}
	return letters
}

// Whatever two sides did: what either decrypts, the result does, unless the other dropped
// it; it encrypts with what a side would, and never with what both have superseded.
func TestMergeKeyRandom(t *testing.T) {
	merged, by := 0, 0
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 1))
		base := randomKey(r, []string{"1=a"}, "abc")
		ours, theirs := randomKey(r, base, "abcde"), randomKey(r, base, "abcfg")
		sides := [3]secretSide{}
		for i, side := range [][]string{base, ours, theirs} {
			f := &SecretFile{Kind: KindKey, Bits: 128}
			values := []seal.Secret{}
			for _, one := range side {
				var v KeyVersion
				fmt.Sscanf(one, "%d=", &v.Number)
				v.Value = fmt.Sprintf("s1.%d.%d-%s", 1+r.IntN(2), i, one) // nothing is opened here
				f.Versions = append(f.Versions, v)
				values = append(values, seal.NewSecret([]byte(keyText(one[len(one)-1:], 128))))
			}
			sides[i] = secretSide{file: f, values: values}
		}
		m, why := mergeVersions(sides[0], sides[1], sides[2], 128)
		if why != "" {
			by++
			if !strings.HasPrefix(why, "each side has dropped the version") {
				t.Fatalf("%v, %v, %v: %s", base, ours, theirs, why)
			}
			continue
		}
		merged++
		made := map[uint32]string{}
		for _, v := range m.kept {
			made[v.Number] = v.Value[len(v.Value)-1:]
		}
		for _, v := range m.toSeal {
			made[v.Number] = string(v.Text.Reveal()[:1])
		}
		var is string
		previous := uint32(0)
		for _, number := range sortedNumbers(made) {
			if number <= previous || number > m.highest() {
				t.Fatalf("%v, %v, %v: numbers %v", base, ours, theirs, made)
			}
			previous = number
			is += made[number]
		}
		o, th, b := keysOf(ours), keysOf(theirs), keysOf(base)
		for _, key := range o + th {
			dropped := strings.ContainsRune(b, key) && !(strings.ContainsRune(o, key) && strings.ContainsRune(th, key))
			if strings.ContainsRune(is, key) == dropped {
				t.Fatalf("%v, %v, %v made %v: %c", base, ours, theirs, made, key)
			}
		}
		if len(is) != len(made) || len(made) != len(m.kept)+len(m.toSeal) || len(made) > seal.MaxKeyVersions {
			t.Fatalf("%v, %v, %v made %v", base, ours, theirs, made)
		}
		if is == "" {
			t.Fatalf("%v, %v, %v: nothing is left", base, ours, theirs)
		}
		uses := is[len(is)-1:]
		newest := func(side, other string) string {
			for i := len(side) - 1; i >= 0; i-- {
				if key := side[i : i+1]; strings.Contains(other, key) || !strings.Contains(b, key) {
					return key
				}
			}
			return ""
		}
		behind := func(side string) bool { return strings.Contains(side, uses) && !strings.HasSuffix(side, uses) }
		if uses != newest(o, th) && uses != newest(th, o) || behind(o) && behind(th) {
			t.Fatalf("%v, %v, %v made %v: encrypts with %s", base, ours, theirs, made, uses)
		}
	}
	if merged < 2000 || by == 0 {
		t.Errorf("%d merged, %d not", merged, by)
	}
}

func sortedNumbers(of map[uint32]string) (numbers []uint32) {
	for number := range of {
		numbers = append(numbers, number)
	}
	slices.Sort(numbers)
	return numbers
}
