package dotenv

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

func TestParseLines(t *testing.T) {
	pairs, err := Parse([]byte("\n# c\nA=1\r\nB='x\r\ny'\nC=\"x\ny\n\"\n\nexport D=4"))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, p := range pairs {
		got[p.Name] = p.Line
	}
	want := map[string]int{"A": 3, "B": 4, "C": 6, "D": 10}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("lines %v, want %v", got, want)
	}
}

func TestParseOwnsValues(t *testing.T) {
	data := []byte("A=secret\nB='secret'\nC=\"secret\"\nD=\nE=''\nF=\"\"\n")
	pairs, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	clear(data)
	for _, p := range pairs {
		if p.Value == nil {
			t.Errorf("%s: value is nil", p.Name)
		}
		if want := "secret"; p.Name < "D" && string(p.Value) != want {
			t.Errorf("%s = %q, want %q", p.Name, p.Value, want)
		}
	}
}

func TestParseKeepsBytes(t *testing.T) {
	pairs, err := Parse([]byte("A='\xff\xfe'\n"))
	if err != nil || string(pairs[0].Value) != "\xff\xfe" {
		t.Fatalf("pairs %v, error %v", pairs, err)
	}
	var unsupported *UnsupportedError
	if _, err := Format(pairs); !errors.As(err, &unsupported) || unsupported.Name != "A" {
		t.Errorf("Format error %v, want *UnsupportedError for A", err)
	}
}

func TestUnexpanded(t *testing.T) {
	tests := []struct {
		text string
		want bool
	}{
		{"A=$HOME", true},
		{"A=x${HOME}", true},
		{"A=$(date)", true},
		{"A=x`date`", true},
		{"A=$$", true},
		{"A=$1", true},
		{"A=$'x'", true},
		{"A=5$", false},
		{"A=$ x", false},
		{"A=x # $HOME", false},
		{`A="$HOME"`, true},
		{`A="x${HOME}"`, true},
		{`A="$(date)"`, true},
		{"A=\"`date`\"", true},
		{"A=\"\\`date\\`\"", false},
		{`A="\$HOME"`, false},
		{`A="\\$HOME"`, true},
		{`A="5$"`, false},
		{`A="a" # $HOME`, false},
		{`A='$HOME'`, false},
	}
	for _, tt := range tests {
		pairs, err := Parse([]byte(tt.text + "\nB=1"))
		if err != nil {
			t.Errorf("%s: %v", tt.text, err)
			continue
		}
		names := Unexpanded(pairs)
		if got := len(names) == 1 && names[0] == "A"; got != tt.want || pairs[0].Unexpanded != tt.want {
			t.Errorf("%s: Unexpanded = %v, want %v", tt.text, names, tt.want)
		}
	}
}

func TestInline(t *testing.T) {
	for text, want := range map[string]bool{
		"A=1 B=2": true, "A=x y z\tB_1=2": true, "A= B=": true, "A = B=2": false, "A=B=2": false, "A= =2": false, "A=1 2": false, "A='1 B=2'": false, "A=1 -DB=2": false, "A=1 2B=2": false,
		"A=u?x=1&B=2": false, "A=1 # B=2": false, "A==": false, "A=1 =": false, "A=1 x.B=2": true,
	} {
		pairs, err := Parse([]byte(text))
		if err != nil || len(pairs) != 1 || pairs[0].Inline != want {
			t.Errorf("%s: %v, %v, want %v", text, pairs, err, want)
		}
	}
}

// canary stands where a secret would; no error may hold any part of it.
const canary = "hunter2hunter2"

func TestParseErrors(t *testing.T) {
	tests := []struct {
		name, text string
		line       int
		reason     string
	}{
		{"no equals", "A=1\nhunter2hunter2\n", 2, "expected NAME=value"},
		{"words", "hunter2hunter2 hunter2 = x", 1, "expected NAME=value"},
		{"export alone", "export hunter2hunter2\n", 1, "expected NAME=value"},
		{"no name", "\n=hunter2hunter2", 2, "expected NAME=value"},
		{"digit", "2A=hunter2hunter2", 1, "expected NAME=value"},
		{"not ASCII", "\xc3\xa9=hunter2hunter2", 1, "expected NAME=value"},
		{"yaml", "A: hunter2hunter2", 1, "expected NAME=value"},
		{"bare PEM", "A=-----BEGIN KEY-----\nhunter2hunter2\n", 2, "expected NAME=value"},
		{"long name", strings.Repeat("hunter2hunter2", 20) + "=1", 1, "the name is longer than 255 bytes"},
		{"single open", "A=1\nB='hunter2hunter2\nC=2\n", 2, "single quote is not closed"},
		{"double open", "A='\n'\nB=\"hunter2hunter2\nC=2\\\"\n", 3, "double quote is not closed"},
		{"backslash at end", "B=\"hunter2hunter2\\", 1, "double quote is not closed"},
		{"after single", "A='x'hunter2hunter2", 1, "text after the closing quote"},
		{"after double", "A=\"x\n\" hunter2hunter2", 2, "text after the closing quote"},
		{"comment stuck to quote", "A='x'#hunter2hunter2", 1, "text after the closing quote"},
		{"backtick", "A=`hunter2hunter2`", 1, "a value cannot start with a backtick; put it in single quotes"},
		{"lone CR", "A=hunter2\rhunter2hunter2\n", 1, "carriage return inside the line"},
		{"NUL", "A=1\nB=hunter2hunter2\x00", 2, "holds a NUL byte"},
		{"UTF-16 LE", "\xff\xfeA\x00=\x001\x00", 1, "the file is UTF-16, not UTF-8"},
		{"UTF-16 BE", "\xfe\xff\x00A\x00=\x001", 1, "the file is UTF-16, not UTF-8"},
		{"BOM twice", "\xef\xbb\xbf\xef\xbb\xbfA=1", 1, "expected NAME=value"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			pairs, err := Parse([]byte(tt.text))
			var syntax *SyntaxError
			if !errors.As(err, &syntax) || pairs != nil {
				t.Fatalf("pairs %v, error %v, want *SyntaxError", pairs, err)
			}
			if syntax.Line != tt.line || syntax.Reason != tt.reason {
				t.Errorf("line %d: %s, want line %d: %s", syntax.Line, syntax.Reason, tt.line, tt.reason)
			}
			if strings.Contains(fmt.Sprintf("%v %+v", err, err), "hunter2") {
				t.Errorf("the error holds text of the line: %v", err)
			}
		})
	}
}

func TestParseDuplicate(t *testing.T) {
	_, err := Parse([]byte("A=1\nB='" + canary + "\n'\n# c\nexport A=" + canary + "\n"))
	var dup *DuplicateError
	if !errors.As(err, &dup) || *dup != (DuplicateError{"A", 1, 5}) {
		t.Fatalf("error %v, want A on lines 1 and 5", err)
	}
	if strings.Contains(err.Error(), canary) || !strings.Contains(err.Error(), "lines 1 and 5") {
		t.Errorf("error text %q", err)
	}
	if _, err := Parse([]byte("A=1\na=2\n")); err != nil {
		t.Errorf("names that differ in case: %v", err)
	}
}

func TestParseLimits(t *testing.T) {
	full := append([]byte("A='"), bytes.Repeat([]byte("x"), MaxSize-4)...)
	full = append(full, '\'')
	if pairs, err := Parse(full); err != nil || len(pairs[0].Value) != MaxSize-4 {
		t.Errorf("a file of MaxSize: %v", err)
	}
	if _, err := Parse(append(full, '\n')); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a file of MaxSize+1: error %v, want ErrTooLarge", err)
	}
	var many bytes.Buffer
	for i := range MaxPairs {
		fmt.Fprintf(&many, "A%d=\n", i)
	}
	if pairs, err := Parse(many.Bytes()); err != nil || len(pairs) != MaxPairs {
		t.Errorf("MaxPairs names: %d, %v", len(pairs), err)
	}
	if _, err := Parse(append(many.Bytes(), "B="...)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("MaxPairs+1 names: error %v, want ErrTooLarge", err)
	}
	name := strings.Repeat("n", MaxName)
	if pairs, err := Parse([]byte(name + "=1")); err != nil || pairs[0].Name != name {
		t.Errorf("a name of MaxName: %v", err)
	}
}

func BenchmarkParse(b *testing.B) {
	data := bytes.Repeat([]byte("x"), 1<<10)
	var file []byte
	for i := range 1000 {
		file = fmt.Appendf(file, "NAME_%d=\"%s\\n\"\n", i, data)
	}
	b.SetBytes(int64(len(file)))
	for b.Loop() {
		if _, err := Parse(file); err != nil {
			b.Fatal(err)
		}
	}
}
