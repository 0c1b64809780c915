package leak

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
)

// TestSpans: what is left when every span is cut out holds no part of a match, and
// what is around is left.
func TestSpans(t *testing.T) {
	values := [][]byte{[]byte("first value"), []byte("value two!"), []byte("value two!"), []byte("of lines 1\nof lines 2")}
	p, _ := New(values)
	b64 := base64.StdEncoding.EncodeToString([]byte("x first value y"))
	for text, want := range map[string]string{
		"":                                       "[]",
		"nothing of it":                          "[]",
		"a/first value/b":                        "[{0 raw 2 13}]",
		"first valuefirst value":                 "[{0 raw 0 11} {0 raw 11 22}]",
		"first value two!":                       "[{0 raw 0 11} {1 raw 6 16} {2 raw 6 16}]",
		"of lines 2/of lines 1\nof lines 2":      "[{3 line 0 10} {3 raw 11 32} {3 line 11 21} {3 line 22 32}]",
		"p/" + b64 + ".d":                        "[{0 base64 4 20}]",
		"p/" + hex.EncodeToString(values[0]):     "[{0 hex 2 24}]",
		"d/first%20value":                        "[{0 url 2 15}]",
		"first value pinseal:allow A first valu": "[{0 raw 0 11}]",
	} {
		if got := fmt.Sprint(p.Spans([]byte(text))); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	long := strings.Repeat("first value/", 10_000)
	if n := len(p.Spans([]byte(long))); n != 10_000 {
		t.Errorf("%d in a long text", n)
	}
	none, _ := New(nil)
	if got := none.Spans([]byte(long)); got != nil {
		t.Errorf("without values: %v", got)
	}
}
