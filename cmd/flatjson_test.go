package cmd

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"pinseal/seal"
)

func TestParseFlatJSON(t *testing.T) {
	for _, test := range []struct{ in, name, value string }{
		{`{"A":"x"}`, "A", "x"},
		{"\xef\xbb\xbf {\"A\" : \"x\"}\r\n", "A", "x"},
		{`{"A":""}`, "A", ""},
		{`{"\u0041":"\ud83d\ude00\\ud800\u0000"}`, "A", "😀\\ud800\x00"},
		{`{"A":"\ufffd\u2028"}`, "A", "\ufffd\u2028"},
		{`{"A":"{\"n\":1}"}`, "A", `{"n":1}`},
	} {
		pairs, err := parseFlatJSON([]byte(test.in))
		if err != nil || len(pairs) != 1 || pairs[0].name != test.name || string(pairs[0].value.Reveal()) != test.value {
			t.Errorf("%s: %v, or not the pair that was expected", test.in, err)
		}
	}
	if pairs, err := parseFlatJSON([]byte("{}")); err != nil || len(pairs) != 0 {
		t.Errorf("{}: %d pairs, %v", len(pairs), err)
	}
}

func TestParseFlatJSONRefuses(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{``, "not JSON: line 1"},
		{"{\"A\":\n\"s3cr3t\" s3cr3t}", "not JSON: line 2"},
		{`{"A":"s3cr3t",}`, "not JSON"},
		{`{"A":"s3cr3t"} {"B":"s3cr3t"}`, "not JSON"},
		{`{"A":"s3cr3t"`, "not JSON"},
		{"{\"A\":\"s3cr3t\n\"}", "not JSON"},
		{strings.Repeat(`{"A":`, 20_000), "not JSON"},
		{"{\"A\":\"s3cr3t\xff\"}", "not UTF-8"},
		{`["s3cr3t"]`, "the file is a list, not one flat JSON object"},
		{`{"A":{"B":"s3cr3t\ud800"}}`, `"B" has half of a surrogate pair`},
		{`{"A":` + strings.Repeat("[", 40) + `"s3cr3t"` + strings.Repeat("]", 40) + "}", "member 1 is nested deeper than 32"},
		{`{"A":` + strings.Repeat(`[{"s3cr3t":`, 20) + `"s3cr3t"` + strings.Repeat("}]", 20) + "}", "member 1 is nested deeper than 32"},
		{`"s3cr3t"`, "not one flat JSON object"},
		{`null`, "not one flat JSON object"},
		{`{"A":"s3cr3t","A":"s3cr3t"}`, `"A" is given twice`},
		{`{"A":"s3cr3t","\u0041":"s3cr3t"}`, `"A" is given twice`},
		{`{"s3cr3t !":"x","s3cr3t !":"y"}`, "member 2 is given twice"},
		{`{"A":12345}`, `"A" is a number`},
		{`{"A":true}`, `"A" is a boolean`},
		{`{"A":null}`, `"A" is null`},
		{`{"A":["s3cr3t"]}`, `"A" is a list`},
		{`{"B":"x","A":{"B":"s3cr3t"}}`, `"A" is an object`},
		{`{"s3cr3t !":1}`, "member 1 is a number"},
		{`{"A":"s3cr3t\ud800"}`, `"A" has half of a surrogate pair`},
		{`{"A":"\udc00\ud800"}`, `"A" has half of a surrogate pair`},
		{`{"A":"\ud800\ud800\udc00"}`, `"A" has half of a surrogate pair`},
		{`{"A":"\\\ud800x"}`, `"A" has half of a surrogate pair`},
	} {
		_, err := parseFlatJSON([]byte(test.in))
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

func TestFormatFlatJSON(t *testing.T) {
	got, err := formatFlatJSON([]plainPair{{name: "B", value: seal.NewSecret([]byte("<&>\u2028\"\\\n"))}, {name: "A"}})
	want := "{\n  \"A\": \"\",\n  \"B\": \"<&>\\u2028\\\"\\\\\\n\"\n}\n"
	if err != nil || string(got) != want {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
	if _, err := formatFlatJSON([]plainPair{{name: "A", value: seal.NewSecret([]byte("s3cr3t\xff"))}}); err == nil ||
		!strings.Contains(err.Error(), `"A" is not UTF-8`) || strings.Contains(err.Error(), "s3cr3t") {
		t.Errorf("bytes that are not UTF-8: %v", err)
	}
}

// What export writes, import reads back byte for byte; and what import reads
// has one meaning, so that it comes back the same again.
func FuzzFlatJSON(f *testing.F) {
	seeds := []string{`{"A":"x"}`, `{"A":"\ud83d\ude00"}`, `{"A":"\ud800"}`, `{"A":"\\\\\u0000\u007f"}`, "{\"A\":\"\u2028<>&\"}", `{"A":"x","B":""}`, `{"A":1}`, `{`}
	if len(seeds) == 0 {
		f.Fatal("no seeds")
	}
	for _, seed := range seeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		pairs, err := parseFlatJSON(data)
		if err != nil {
			if pairs != nil {
				t.Fatal("pairs beside an error")
			}
			return
		}
		values := map[string][]byte{}
		for _, p := range pairs {
			values[p.name] = p.value.Reveal()
		}
		if len(values) != len(pairs) {
			t.Fatal("a name occurs twice")
		}
		text, err := formatFlatJSON(pairs)
		if err != nil {
			t.Fatal(err)
		}
		again, err := parseFlatJSON(text)
		if err != nil || len(again) != len(pairs) {
			t.Fatalf("%d pairs of %d come back: %v", len(again), len(pairs), err)
		}
		for _, p := range again {
			if want, ok := values[p.name]; !ok || !bytes.Equal(want, p.value.Reveal()) {
				t.Fatal("a pair comes back different")
			}
		}
	})
}

// What is read takes memory as it is large, however it is nested.
func TestParseJSONTreeIsLinear(t *testing.T) {
	if testing.Short() {
		t.Skip("left out of a short run")
	}
	nested := func(inside string) string {
		return strings.Repeat(`{"A":`, maxPlainDepth-1) + inside + strings.Repeat("}", maxPlainDepth-1)
	}
	var many []string
	for i := range maxPlainMembers - maxPlainDepth {
		many = append(many, fmt.Sprintf(`"N%d":"%s"`, i, strings.Repeat("x", 100)))
	}
	for what, text := range map[string]string{
		"names, nested": nested("{" + strings.Join(many, ",") + "}"),
		"a large value": nested(`{"A":"` + strings.Repeat("x", 8<<20) + `"}`),
		"a list":        `{"A":[` + strings.Repeat(`"`+strings.Repeat("x", 100)+`",`, maxPlainMembers-10) + `1]}`,
	} {
		data := []byte(text)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := parseJSONTree(data); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 30*uint64(len(data)) {
			t.Errorf("%s: %d bytes for %d", what, used, len(data))
		}
	}
	many = append(many, many[:maxPlainDepth+1]...)
	for _, text := range []string{"{" + strings.Join(many, ",") + "}", `{"A":[` + strings.Repeat("1,", 4<<20) + `1]}`} {
		if _, err := parseJSONTree([]byte(text)); err == nil || !strings.Contains(err.Error(), "more than 65536 names") {
			t.Errorf("too many names: %v", err)
		}
	}
}
