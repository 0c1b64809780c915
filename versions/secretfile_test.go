package versions

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"pinseal/seal/spelling"
)

func lines(l ...string) string { return strings.Join(l, "\n") + "\n" }

func TestParseSecretFile(t *testing.T) {
	v := fakeSealed("1")
	for name, c := range map[string]struct {
		in   string
		want SecretFile
	}{
		"value":     {lines("kind: secret", "value: "+v), SecretFile{Kind: KindSecret, Value: v}},
		"blank":     {lines("kind: secret", "value: blank"), SecretFile{Kind: KindSecret}},
		"all":       {lines("kind: secret", `about: "a \"b\" \\ ü"`, "expires: 2027-01-31", "optional: true", "generate: base64:16", "value: "+v), SecretFile{Kind: KindSecret, About: `a "b" \ ü`, Expires: "2027-01-31", Optional: true, Generate: "base64:16", Value: v}},
		"leap day":  {lines("kind: secret", "expires: 2028-02-29", "value: blank"), SecretFile{Kind: KindSecret, Expires: "2028-02-29"}},
		"about 500": {lines("kind: secret", `about: "`+strings.Repeat("x", 500)+`"`, "value: blank"), SecretFile{Kind: KindSecret, About: strings.Repeat("x", 500)}},
		"key":       {lines("kind: key", `about: "k"`, "expires: 2027-01-31", "bits: 256", "value.1: "+v, "value.12: "+v), SecretFile{Kind: KindKey, About: "k", Expires: "2027-01-31", Bits: 256, Versions: []KeyVersion{{1, v}, {12, v}}}},
		"key blank": {lines("kind: key", "bits: 128", "value: blank"), SecretFile{Kind: KindKey, Bits: 128}},
		"key last":  {lines("kind: key", "bits: 128", "value.2147483647: "+v), SecretFile{Kind: KindKey, Bits: 128, Versions: []KeyVersion{{1<<31 - 1, v}}}},
	} {
		f, err := ParseSecretFile([]byte(c.in))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if fmt.Sprintf("%+v", *f) != fmt.Sprintf("%+v", c.want) {
			t.Errorf("%s: got %+v", name, *f)
		}
		if got, err := c.want.Bytes(); err != nil || string(got) != c.in {
			t.Errorf("%s: prints as %q, %v", name, got, err)
		}
	}
}

func TestParseSecretFileRefuses(t *testing.T) {
	v := fakeSealed("1")
	good := lines("kind: secret", `about: "a"`, "expires: 2027-01-31", "optional: true", "generate: hex:16", "value: "+v)
	key := lines("kind: key", "bits: 128", "value.1: "+v, "value.2: "+v)
	replace := func(s, old, new string) string {
		if !strings.Contains(s, old) {
			t.Fatalf("%q is not in the file", old)
		}
		return strings.Replace(s, old, new, 1)
	}
	cases := map[string]string{
		"empty": "", "newline": "\n", "no newline at end": strings.TrimSuffix(good, "\n"),
		"crlf": strings.ReplaceAll(good, "\n", "\r\n"), "bom": "\xef\xbb\xbf" + good, "not utf-8": replace(good, `"a"`, "\"\xff\""),
		"no kind": replace(good, "kind: secret\n", ""), "other kind": replace(good, "secret", "sekret"), "kind in quotes": replace(good, "secret", `"secret"`),
		"no value": replace(good, "value: "+v+"\n", ""), "null value": replace(good, v, "null"), "empty value": replace(good, " "+v, ""),
		"tilde": replace(good, v, "~"), "quoted value": replace(good, v, `"`+v+`"`), "plaintext": replace(good, v, "hunter2"),
		"Blank": replace(good, v, "Blank"), "quoted blank": replace(good, v, `"blank"`),
		"s0": replace(good, "s1.", "s0."), "s2": replace(good, "s1.", "s2."), "S1": replace(good, "s1.", "S1."), "s1 alone": replace(good, v, "s1."),
		"generation 0": replace(good, "s1.1.", "s1.0."), "generation 01": replace(good, "s1.1.", "s1.01."), "generation 65": replace(good, "s1.1.", "s1.65."),
		"short": replace(good, "AAAA\n", "\n"), "padding": replace(good, "AAAA\n", "AAA=\n"), "spare bits": replace(good, "A\n", "B\n"), "trailing space": replace(good, v, v+" "),
		"order": replace(replace(good, "kind: secret\n", ""), "optional: true\n", "optional: true\nkind: secret\n"),
		"twice": replace(good, "optional: true\n", "optional: true\noptional: true\n"), "unknown": good + "note: x\n", "unknown before": "a: b\n" + good,
		"empty about": replace(good, `"a"`, `""`), "plain about": replace(good, `"a"`, "a"), "single quotes": replace(good, `"a"`, "'a'"), "about 501": replace(good, `"a"`, `"`+strings.Repeat("x", 501)+`"`),
		"escape in about": replace(good, `"a"`, `"\x1b"`), "raw escape in about": replace(good, `"a"`, "\"\x1b[31m\""), "c1 in about": replace(good, `"a"`, "\"\u009b\""),
		"bidi in about": replace(good, `"a"`, "\"\u202e\""), "nbsp in about": replace(good, `"a"`, "\"\u00a0\""), "newline in about": replace(good, `"a"`, `"a\nb"`),
		"optional false": replace(good, "true", "false"), "optional yes": replace(good, "optional: true", "optional: yes"), "optional True": replace(good, "optional: true", "optional: True"),
		"no such day": replace(good, "2027-01-31", "2027-02-30"), "time": replace(good, "2027-01-31", "2027-01-31T00:00:00Z"), "short date": replace(good, "2027-01-31", "2027-1-31"), "quoted date": replace(good, "2027-01-31", `"2027-01-31"`),
		"weak recipe": replace(good, "hex:16", "hex:15"), "unknown recipe": replace(good, "hex:16", "rot13:99"), "recipe 016": replace(good, "hex:16", "hex:016"),
		"bits of a secret": replace(good, "value:", "bits: 128\nvalue:"), "version of a secret": replace(good, "value:", "value.1:"),
		"no bits": replace(key, "bits: 128\n", ""), "bits 192": replace(key, "128", "192"), "bits 0128": replace(key, "128", "0128"),
		"optional key": replace(key, "bits", "optional: true\nbits"), "generated key": replace(key, "bits", "generate: hex:16\nbits"),
		"plain value of a key": replace(replace(key, "value.2: "+v+"\n", ""), "value.1", "value"), "version 0": replace(key, "value.1", "value.0"), "version 01": replace(key, "value.1", "value.01"),
		"version too large": replace(key, "value.2", "value.2147483648"), "version not a number": replace(key, "value.2", "value.x"), "versions descend": replace(key, "value.1", "value.3"),
		"version twice": replace(key, "value.2", "value.1"), "blank version": replace(key, v, "blank"), "blank and version": key + "value: blank\n", "version in 2nd place": replace(key, "bits: 128\n", "") + "bits: 128\n",
		"comment": good + "# x\n", "comment behind": replace(good, "true\n", "true # x\n"), "blank line": replace(good, "optional", "\noptional"), "document mark": "---\n" + good, "two documents": good + "---\n" + good, "end mark": good + "...\n",
		"directive": "%YAML 1.2\n---\n" + good, "anchor": replace(good, "kind: secret", "kind: &a secret"), "alias": replace(good, `"a"`, "*a"), "tag": replace(good, "kind: secret", "kind: !!str secret"), "merge key": "<<: {kind: secret}\n" + good,
		"flow": "{kind: secret, value: blank}\n", "block scalar": replace(good, `"a"`, "|\n  a"), "folded": replace(good, v, ">\n  "+v), "tab": replace(good, "kind: ", "kind:\t"), "two spaces": replace(good, "kind: ", "kind:  "), "indent": " " + good,
		"list": "- kind: secret\n", "mapping in value": replace(good, v, "\n  a: b"), "complex key": "? kind\n: secret\n", "quoted key": replace(good, "kind:", `"kind":`), "scalar": "secret\n", "number": "1\n",
		"billion laughs": "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b,*b]\n", "many keys": strings.Repeat("k: 1\n", 20_000), "deep": strings.Repeat("[", 60_000), "too large": replace(good, `"a"`, `"`+strings.Repeat("x", MaxSecretFile)+`"`),
	}
	for name, in := range cases {
		f, err := ParseSecretFile([]byte(in))
		if err == nil || f != nil {
			t.Errorf("%s: accepted as %+v", name, f)
			continue
		}
		if strings.Contains(err.Error(), "hunter2") || strings.ContainsAny(err.Error(), "\x1b\u202e\u009b\n") {
			t.Errorf("%s: the error quotes the file: %q", name, err)
		}
	}
}

// Every key of a file may not stand before the one it follows.
func TestSecretFileOrder(t *testing.T) {
	file := SecretFile{Kind: KindSecret, About: "a", Expires: "2027-01-31", Optional: true, Generate: "hex:16", Value: fakeSealed("1")}
	data, err := file.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	all := strings.SplitAfter(strings.TrimSuffix(string(data), "\n"), "\n")
	all[len(all)-1] += "\n"
	for i := 1; i < len(all); i++ {
		swapped := append([]string{}, all...)
		swapped[i-1], swapped[i] = swapped[i], swapped[i-1]
		mixed := []byte(strings.Join(swapped, ""))
		if _, err := ParseSecretFile(mixed); !errors.Is(err, spelling.ErrSpelling) {
			t.Errorf("lines %d and %d swapped: %v", i, i+1, err)
		}
		if got, err := RepairSecretFile(mixed); err != nil || !bytes.Equal(got, data) {
			t.Errorf("lines %d and %d swapped: not repaired: %v", i, i+1, err)
		}
	}
}

func TestRepairSecretFile(t *testing.T) {
	v := fakeSealed("3")
	want := lines("kind: secret", `about: "a b"`, "optional: true", "value: "+v)
	for name, in := range map[string]string{
		"right already": want,
		"crlf":          strings.ReplaceAll(want, "\n", "\r\n"),
		"bom":           "\xef\xbb\xbf" + want,
		"no last line":  strings.TrimSuffix(want, "\n"),
		"comments":      "# mine\n" + strings.Replace(want, "true\n", "true # x\n", 1),
		"plain about":   strings.Replace(want, `"a b"`, "a b", 1),
		"folded about":  strings.Replace(want, `"a b"`, ">\n  a\n  b", 1),
		"quoted value":  strings.Replace(want, v, `"`+v+`"`, 1),
		"flow":          `{value: "` + v + `", kind: secret, about: 'a b', optional: true}`,
		"marks":         "---\n" + want + "...\n",
		"empty lines":   "\n" + strings.ReplaceAll(want, "\n", "\n\n"),
	} {
		if got, err := RepairSecretFile([]byte(in)); err != nil || string(got) != want {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
	key := lines("kind: key", "bits: 128", "value.2: "+v, "value.10: "+v)
	mixed := lines("value.10: "+v, "kind: key", "value.2: "+v, "bits: 128")
	if got, err := RepairSecretFile([]byte(mixed)); err != nil || string(got) != key {
		t.Errorf("key versions out of order: %q, %v", got, err)
	}
	for name, in := range map[string]string{
		"anchor": strings.Replace(want, "kind: secret", "kind: &a secret", 1), "twice": want + "value: blank\n", "two documents": want + "---\n" + want,
		"plaintext": strings.Replace(want, v, "hunter2", 1), "escape": strings.Replace(want, `"a b"`, `"\x1b[31m"`, 1), "deep": strings.Repeat("[", 60_000),
		"no kind": "value: blank\n", "too large": strings.Repeat("# x\n", MaxSecretFile/4+1) + want,
	} {
		if got, err := RepairSecretFile([]byte(in)); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestUnmergedSecretFile(t *testing.T) {
	v := fakeSealed("1")
	for _, in := range []string{
		lines("kind: secret", "<<<<<<< HEAD", "value: "+v, "=======", "value: blank", ">>>>>>> theirs"),
		lines("<<<<<<< HEAD", "kind: secret", "=======", "kind: key", ">>>>>>> theirs"),
	} {
		_, parse := ParseSecretFile([]byte(in))
		_, repair := RepairSecretFile([]byte(in))
		for _, err := range []error{parse, repair} {
			if _, ok := errors.AsType[*UnmergedError](err); !ok || !errors.Is(err, ErrConflict) {
				t.Errorf("%v", err)
			}
		}
	}
	// Seven angle brackets in a description are no conflict.
	if _, err := ParseSecretFile([]byte(lines("kind: secret", `about: "<<<<<<< HEAD"`, "value: blank"))); err != nil {
		t.Error(err)
	}
}

// What cannot be read must not be printed either.
func TestSecretFileBytesRefuses(t *testing.T) {
	v := fakeSealed("1")
	for name, f := range map[string]SecretFile{
		"no kind": {Value: v}, "other kind": {Kind: "x", Value: v}, "plaintext": {Kind: KindSecret, Value: "hunter2"},
		"about": {Kind: KindSecret, About: "a\nb"}, "date": {Kind: KindSecret, Expires: "tomorrow"}, "recipe": {Kind: KindSecret, Generate: "hex:1"},
		"bits of a secret": {Kind: KindSecret, Bits: 128}, "versions of a secret": {Kind: KindSecret, Versions: []KeyVersion{{1, v}}},
		"key without bits": {Kind: KindKey}, "value of a key": {Kind: KindKey, Bits: 128, Value: v}, "optional key": {Kind: KindKey, Bits: 128, Optional: true},
		"generated key": {Kind: KindKey, Bits: 128, Generate: "hex:16"}, "version 0": {Kind: KindKey, Bits: 128, Versions: []KeyVersion{{0, v}}},
		"descending": {Kind: KindKey, Bits: 128, Versions: []KeyVersion{{2, v}, {1, v}}},
	} {
		if data, err := f.Bytes(); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: printed as %q, %v", name, data, err)
		}
	}
}

func TestExpired(t *testing.T) {
	f := SecretFile{Expires: "2027-01-31"}
	east := time.FixedZone("east", 10*3600)
	for _, c := range []struct {
		now  time.Time
		want bool
	}{
		{time.Date(2027, 1, 30, 0, 0, 0, 0, time.UTC), false},
		{time.Date(2027, 1, 31, 23, 59, 59, 0, time.UTC), false},
		{time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC), true},
		{time.Date(2027, 2, 1, 9, 0, 0, 0, east), false}, // still January in UTC
		{time.Date(2027, 2, 1, 10, 0, 0, 0, east), true},
	} {
		if got := f.Expired(c.now); got != c.want {
			t.Errorf("%s: %v", c.now, got)
		}
	}
	if (&SecretFile{}).Expired(time.Now()) {
		t.Error("a secret without a date expires")
	}
}

func secretFileSeeds() [][]byte {
	v := fakeSealed("2")
	return [][]byte{
		[]byte(lines("kind: secret", "value: "+v)),
		[]byte(lines("kind: secret", `about: "x \" \\ ü"`, "expires: 2027-01-31", "optional: true", "generate: alnum:22", "value: blank")),
		[]byte(lines("kind: key", "bits: 256", "value.1: "+v, "value.7: "+v)),
		[]byte(lines("kind: key", "bits: 128", "value: blank")),
		[]byte("{kind: secret, about: 'it''s', value: blank}"),
		[]byte(lines("# c", "value: blank", "about: >-", "  folded", "  text", "kind: secret", "optional: \"true\"")),
		[]byte("<<<<<<< HEAD\nkind: secret\n"),
	}
}

func FuzzParseSecretFile(f *testing.F) {
	addSeeds(f, secretFileSeeds())
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := ParseSecretFile(data)
		if err != nil {
			return
		}
		if printed, err := file.Bytes(); err != nil || !bytes.Equal(printed, data) {
			t.Fatalf("prints as %q, %v", printed, err)
		}
		var plain map[string]string
		if err := yaml.Unmarshal(data, &plain); err != nil {
			t.Fatalf("a plain YAML reader refuses it: %v", err)
		}
		want := map[string]string{"kind": file.Kind}
		optional := func(key, value string) {
			if value != "" {
				want[key] = value
			}
		}
		optional("about", file.About)
		optional("expires", file.Expires)
		optional("generate", file.Generate)
		if file.Optional {
			want["optional"] = "true"
		}
		if file.Kind == KindKey {
			want["bits"] = fmt.Sprint(file.Bits)
		}
		for _, v := range file.Versions {
			want[fmt.Sprintf("value.%d", v.Number)] = v.Value
		}
		optional("value", file.Value)
		if file.Blank() {
			want["value"] = blank
		}
		if fmt.Sprint(plain) != fmt.Sprint(want) {
			t.Fatalf("a plain YAML reader reads %v, we %v", plain, want)
		}
	})
}

func FuzzRepairSecretFile(f *testing.F) {
	addSeeds(f, secretFileSeeds())
	f.Fuzz(func(t *testing.T, data []byte) {
		strict, strictErr := ParseSecretFile(data)
		fixed, err := RepairSecretFile(data)
		if err != nil {
			if strictErr == nil {
				t.Fatalf("refuses what is right: %v", err)
			}
			return
		}
		if strictErr == nil && !bytes.Equal(fixed, data) {
			t.Fatalf("changes what is right (%+v)", strict)
		}
		if _, err := ParseSecretFile(fixed); err != nil {
			t.Fatalf("repaired to %q: %v", fixed, err)
		}
		if again, err := RepairSecretFile(fixed); err != nil || !bytes.Equal(again, fixed) {
			t.Fatalf("repairs its own work to %q, %v", again, err)
		}
	})
}
