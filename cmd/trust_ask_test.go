package cmd_test

import (
	"strings"
	"testing"
)

// Who says no has read what it is about, once, with -q or without.
func TestTrustBannerOnce(t *testing.T) {
	for _, args := range [][]string{{"get", "KEY"}, {"get", "KEY", "-q"}} {
		w := newTypist(t)
		id := w.seals("shop", "shop")
		w.dir = "."
		w.git("clone", "-q", "shop", "copy")
		w.git("-C", "copy", "remote", "remove", "origin")
		w.dir, w.tty, w.answers = "copy", true, "n\n"
		w.must(5, args...)
		const banner = "is known, but not from here"
		text := w.err.String()
		before, after, found := strings.Cut(text, "Use it here too? [y/N]")
		if !found || strings.Count(before, banner) != 1 || strings.Contains(after, banner) {
			t.Errorf("%s: want the banner once, before the question:\n%s", args, text)
		}
		if !strings.Contains(after, "error: app "+id) || !strings.Contains(after, "nothing was sealed or opened") || !strings.Contains(after, "pinseal trust") {
			t.Errorf("%s: the refusal does not say what became of it:\n%s", args, text)
		}
	}
}
