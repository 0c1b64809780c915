package cmd

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"pinseal/seal"
)

func TestParseFlatYAML(t *testing.T) {
	for _, test := range []struct{ in, name, value string }{
		{"A: x", "A", "x"},
		{"\xef\xbb\xbf---\r\nA: x # why\r\n...\r\n", "A", "x"},
		{"# why\n\"A\" : 'it''s'\n", "A", "it's"},
		{`A: ""`, "A", ""},
		{`A: "\u0041\x00\U0001F600\N\L\t\e"`, "A", "A\x00😀\u0085\u2028\t\x1b"},
		{"A: |\n  one\n    two\n\n  three\n", "A", "one\n  two\n\nthree\n"},
		{"A: |-\n  one\n  two\n", "A", "one\ntwo"},
		{"A: >-\n  one\n  two\n\n  three\n", "A", "one two\nthree"},
		{"A: \"one\n  two\"", "A", "one two"},
		{"A: one\n  two", "A", "one two"},
		{"{A: x}", "A", "x"},
		{`{"A": "x", }`, "A", "x"},
		{"A: a:b#c", "A", "a:b#c"},
		{"A: 192.168.0.1", "A", "192.168.0.1"},
		{"A: 1.2.3-rc", "A", "1.2.3-rc"},
		{"A: 8080:80", "A", "8080:80"},
		{"A: nope", "A", "nope"},
		{"A: \"yes\"", "A", "yes"},
		{"A: '1e3'", "A", "1e3"},
		{"A: |-\n  0x1F", "A", "0x1F"},
		{"'NO': x", "NO", "x"},
		{"A: \"x\\ry\"\r\n", "A", "x\ry"},
		{"A.b-c_1: 😀 é", "A.b-c_1", "😀 é"},
	} {
		pairs, err := parseFlatYAML([]byte(test.in))
		if err != nil || len(pairs) != 1 || pairs[0].name != test.name || string(pairs[0].value.Reveal()) != test.value {
			t.Errorf("%q: %v, or not the pair that was expected", test.in, err)
		}
	}
	if pairs, err := parseFlatYAML([]byte("{}\n")); err != nil || len(pairs) != 0 {
		t.Errorf("{}: %d pairs, %v", len(pairs), err)
	}
}

func TestParseFlatYAMLRefuses(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"", "not one YAML mapping"},
		{"# s3cr3t\n", "not one YAML mapping"},
		{"s3cr3t", "not one YAML mapping"},
		{"- s3cr3t", "not one YAML mapping"},
		{"A: x\n---\nA: s3cr3t", "more than one YAML document"},
		{"A: x\n--- s3cr3t", "more than one YAML document"},
		{"A: x\nB: 's3cr3t", "not YAML"},
		{"A: x\n\tB: s3cr3t", "not YAML"},
		{"A: [s3cr3t", "not YAML"},
		{"A: s3cr3t\xff", "not UTF-8"},
		{"A: \"s3cr3t\\ud83d\\ude00\"", "not YAML"},
		{"A: s3cr3t\x01", "not YAML"},
		{"%YAML 1.1\n---\nA: s3cr3t", "line 1 is a YAML directive"},
		{"A: x\nB: s3cr3t\u2028x", "line 2 holds a character"},
		{"A: \"s3cr3t\u0085\"", "line 1 holds a character"},
		{"A: s3cr3t\ufeff", "line 1 holds a character"},
		{"B: x\nA: 's3cr3t\rs3cr3t'", "line 2 holds a carriage return"},
		{"A: |\n  s3cr3t\r\r\n", "line 2 holds a carriage return"},
		{"A: x\nyes: s3cr3t", "line 2 has a boolean where a name should be"},
		{"1: s3cr3t", "line 1 has a number where a name should be"},
		{"~: s3cr3t", "line 1 has null where a name should be"},
		{":a: s3cr3t", "line 1 has a symbol where a name should be"},
		{"A: s3cr3t\nA: s3cr3t", `"A" is given twice, at line 1 and line 2`},
		{"A: s3cr3t\n\"\\x41\": s3cr3t", `"A" is given twice`},
		{"s3cr3t !: x\ns3cr3t !: y", "line 2 is given twice"},
		{"B: {A: s3cr3t, A: s3cr3t}", `"A" is given twice`},
		{"A: &a s3cr3t", "line 1 has a YAML anchor"},
		{"A: &a s3cr3t\nB: *a", "YAML anchor"},
		{"A: *a", "not YAML"},
		{"&a A: s3cr3t", "YAML anchor"},
		{"<<: {A: s3cr3t}", "line 1 is a YAML merge key"},
		{"A: !!str s3cr3t", "line 1 has a YAML tag"},
		{"A: !!binary czNjcjN0", "YAML tag"},
		{"!x {A: s3cr3t}", "YAML tag"},
		{"? [s3cr3t]\n: x", "line 1 has a list or a mapping where a name should be"},
		{"A: [s3cr3t]", `"A" is a list, not a string`},
		{"A: {s3cr3t: x}", `"A" is an object, not a string`},
		{"A:", `"A" is null`},
		{"A: ~", `"A" is null`},
		{"A: NULL", `"A" is null`},
		{"A: 1\nB: s3cr3t\nC: yes\nD: 2001-01-01", `"A" is a number, not a string; neither are others: "C" is a boolean, "D" is a date`},
		{"s3cr3t !: 1", "line 1 is a number"},
		{strings.Repeat("[", 20_000), "not YAML"},
		{"A: " + strings.Repeat("{A: ", 40) + "s3cr3t" + strings.Repeat("}", 40), "nested deeper than 32"},
		{"A: s3cr3t" + strings.Repeat("\n", maxYAMLMarks+1), "more than 500000 newlines"},
		{"A: " + strings.Repeat("s", maxYAML), "larger than 8388608"},
	} {
		_, err := parseFlatYAML([]byte(test.in))
		name := test.in[:min(len(test.in), 60)]
		switch {
		case err == nil || exitCode(err) != exitUsage:
			t.Errorf("%q: %v, want a usage error", name, err)
		case !strings.Contains(err.Error(), test.want):
			t.Errorf("%q: %v, want %s", name, err, test.want)
		case strings.Contains(err.Error()+strings.Join(hints(err), ""), "s3cr3t"):
			t.Errorf("%q: the error shows text of the file: %v", name, err)
		}
	}
}

// What one reader of YAML or another takes for something else than text.
func TestPlainWords(t *testing.T) {
	for kind, words := range map[plainKind]string{
		kindNull:    "~ null Null NULL",
		kindBoolean: "y Y n N yes Yes YES no No NO on On ON off Off OFF true True TRUE false False FALSE",
		kindNumber: "0 -1 +1 08 0123 1_000 0x1F 0XfF 0o17 0O17 0b101 -0b1 1. .5 -.5 1.5 1e3 1E-3 1.5e+3 +12.5e3 .inf -.Inf +.INF .nan .NaN " +
			"12:30 190:20:30 190:20:30.15 1__0 = 685_230.15 1,000 1,000.5 -1,2,3",
		kindSymbol: ":sym ::x :1",
		kindDate:   "2001-01-01 2001-1-1 2001-12-14t21:59:43.10-05:00",
		kindText:   "a nul yess 0xZ 0b2 0o8 1a 1.2.3 10.0.0.1 1-2 - + . .. _ _1 -a 99:99 2001-01 2001-01-01x 1e 1e+ e3 .e3 inf nan 0x",
	} {
		for _, word := range strings.Fields(words) {
			if got := plainWord(word); got != kind {
				t.Errorf("%q is %q, want %q", word, got, kind)
			}
			if kind == kindText {
				continue
			}
			if _, err := parseFlatYAML([]byte("A: " + word)); err == nil || !strings.Contains(err.Error(), string(kind)) {
				t.Errorf("A: %s: %v", word, err)
			}
			if pairs, err := parseFlatYAML([]byte("A: '" + word + "'")); err != nil || string(pairs[0].value.Reveal()) != word {
				t.Errorf("%q in quotes: %v", word, err)
			}
		}
	}
}

// yamlValues is what is hard to carry in YAML.
func yamlValues() []string {
	values := []string{
		"", " ", "  x ", "\t", "\tx\t", "\n", "x\n", "\n\nx\n\n", "a\nb\n  c\n", "\r", "a\r\nb\r", "\u0085", "\u2028\u2029", "\ufeff", "\ufeffx",
		"😀", "é", "\u00a0", "\u00ad", "\u200b", "\ufffd", "\ufffe\uffff", "\U0010ffff", "\x00", "\x01\x1b\x7f\u0080\u009f",
		"# x", "x # y", "x: y", "x:", ": x", "- x", "? x", "| x", "> x", "& x", "* x", "! x", "% x", "@x", "`x`", "{x}", "[x]", "x, y", "'x'", `"x"`, `\`, `\n`, `\"`,
		"---", "...", "<<", strings.Repeat("long ", 400),
	}
	for _, words := range []string{"~ null Null y yes No on OFF true", "0 08 0x1F 0o17 0b1 1e3 1_000 .5 .inf .NaN 12:30:45 = 2001-01-01"} {
		values = append(values, strings.Fields(words)...)
	}
	return values
}

func yamlPairs() []plainPair {
	var pairs []plainPair
	for i, value := range yamlValues() {
		pairs = append(pairs, plainPair{name: fmt.Sprintf("V%03d", i), value: seal.NewSecret([]byte(value))})
	}
	for _, name := range strings.Fields("y n Yes NO on off true False null NULL _ _1 A.b-c a.nul") {
		pairs = append(pairs, plainPair{name: name, value: seal.NewSecret([]byte("named " + name))})
	}
	return pairs
}

func TestFormatFlatYAML(t *testing.T) {
	got, err := formatFlatYAML([]plainPair{{name: "NO", value: seal.NewSecret([]byte("no\t\"\\\u0085\u2028\ufeff\x00\u00a0é😀\U000e0001\n"))}, {name: "A"}})
	want := `A: ""` + "\n" + `"NO": "no\t\"\\\x85\u2028\ufeff\x00\xa0é😀\U000e0001\n"` + "\n"
	if err != nil || string(got) != want {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
	if got, err := formatFlatYAML(nil); err != nil || string(got) != "{}\n" {
		t.Errorf("no pairs: %q, %v", got, err)
	}
	for want, pairs := range map[string][]plainPair{
		`"A" is not UTF-8`:  {{name: "A", value: seal.NewSecret([]byte("s3cr3t\xff"))}},
		"given twice":       {{name: "A"}, {name: "B"}, {name: "A"}},
		"is larger than":    {{name: "A", value: seal.NewSecret(bytes.Repeat([]byte("s"), maxYAML))}},
		"has more than":     {{name: "A", value: seal.NewSecret(bytes.Repeat([]byte(","), maxYAMLMarks+1))}},
		"name of a secret,": {{name: "s3cr3t !"}},
	} {
		if got, err := formatFlatYAML(pairs); err == nil || got != nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestFlatYAMLRoundTrip(t *testing.T) {
	pairs := yamlPairs()
	text, err := formatFlatYAML(pairs)
	if err != nil {
		t.Fatal(err)
	}
	again, err := parseFlatYAML(text)
	if err != nil {
		t.Fatal(err)
	}
	samePairs(t, "our own reader", again, valuesOf(pairs))
	samePairs(t, "Python's reader", pythonYAML(t, text)[0], valuesOf(pairs))
}

func valuesOf(pairs []plainPair) map[string]string {
	values := map[string]string{}
	for _, p := range pairs {
		values[p.name] = string(p.value.Reveal())
	}
	return values
}

func samePairs(t *testing.T, who string, got []plainPair, want map[string]string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d pairs, want %d", who, len(got), len(want))
	}
	for _, p := range got {
		if value, ok := want[p.name]; !ok || value != string(p.value.Reveal()) {
			t.Errorf("%s: %s is %q, want %q", who, p.name, p.value.Reveal(), value)
		}
	}
}

// What export writes, import reads back byte for byte; and what import reads comes
// back the same again.
func FuzzFlatYAML(f *testing.F) {
	seeds := []string{"A: x", "A: 'it''s'\nB: \"\\u2028\"\n", "A: |\n  a\n  b\n", "A: >-\n  a\n\n  b", "{A: x, B: y}", "A: &a x\nB: *a", "<<: {A: x}", "A: !!str 1", "A: 1", "? A\n: x", "---\nA: x\n---\n", "A: [x]", "%YAML 1.1"}
	if len(seeds) == 0 {
		f.Fatal("no seeds")
	}
	for _, seed := range seeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		pairs, err := parseFlatYAML(data)
		if err != nil {
			if pairs != nil || exitCode(err) != exitUsage {
				t.Fatal("pairs beside an error, or not a usage error")
			}
			return
		}
		for _, p := range pairs {
			if seal.CheckSecretName(p.name) != nil {
				return // import refuses it
			}
		}
		text, err := formatFlatYAML(pairs)
		if err != nil {
			t.Fatal(err)
		}
		again, err := parseFlatYAML(text)
		if err != nil {
			t.Fatal(err)
		}
		samePairs(t, "our own reader", again, valuesOf(pairs))
	})
}
