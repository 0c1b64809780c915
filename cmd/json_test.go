package cmd

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
)

// TestPrintJSON wants text that a terminal can take whatever it stands for, and
// that stands for the same text when it is decoded.
func TestPrintJSON(t *testing.T) {
	for _, text := range []string{
		"", "plain <&> text", "É 漢 🙂", "\x00\x1b[2J\n\r\t\"\\", "\x7f\u0080\u0085\u009b2J\u009f", "\u00a0\u00ad\u200b\u202eabc\u2028\ufeff",
		"\U000e0001\U0001d173\U0010ffff", `\u009b`, "\\\u009b",
	} {
		var out strings.Builder
		c := &cli{Env: &Env{Stdout: &out}}
		if err := c.printJSON(map[string][]string{text: {text}}); err != nil {
			t.Fatal(err)
		}
		for _, r := range out.String() {
			if r != '\n' && !unicode.IsPrint(r) {
				t.Errorf("%q: prints %U", text, r)
			}
		}
		var back map[string][]string
		if err := json.Unmarshal([]byte(out.String()), &back); err != nil || len(back[text]) != 1 || back[text][0] != text {
			t.Errorf("%q: comes back as %q, %v", text, back, err)
		}
		if !strings.HasSuffix(out.String(), "\n}\n") || strings.Contains(out.String(), `\u003c`) {
			t.Errorf("%q: printed %q", text, out.String())
		}
	}
}
