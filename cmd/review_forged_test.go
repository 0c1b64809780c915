package cmd

import (
	"regexp"
	"strings"
	"testing"
)

// Who commits chooses an author and a subject, who calls a range: none of it is
// markup, a mention, or a line of its own.
func TestReviewForged(t *testing.T) {
	s := newShop(t)
	s.git("branch", "-M", "main")
	s.commit()
	evil := "x\x1b[2J`` | <img src=x> [a](http://evil) @everyone ![i](http://evil) **_~"
	name := "evil`|<b>@everyone"
	s.git("checkout", "-q", "-b", name)
	s.run(0, "v", "set", "A")
	s.git("add", "-A")
	s.git("commit", "-q", "--author", evil+" <e@example.com>", "-m", "### "+evil)
	for _, format := range []string{"text", "markdown", "json"} {
		out, _ := s.run(0, "", "review", "main.."+name, "--format", format)
		if strings.ContainsAny(out, "\x1b\u009b") {
			t.Errorf("%s moves the terminal:\n%q", format, out)
		}
		if format != "markdown" {
			continue
		}
		// What stands outside code spans has no character that is markup of theirs.
		outside := regexp.MustCompile("`[^`\n]*`").ReplaceAllString(out, "")
		if strings.ContainsAny(outside, "`|<>[]!@~\\") || strings.Contains(out, "|") || strings.Contains(outside, "evil") {
			t.Errorf("outside of code spans:\n%s", outside)
		}
		if got := strings.Count(out, "\n#"); got != 1 {
			t.Errorf("%d headings below the first:\n%s", got, out)
		}
	}
}

func TestCodeSpan(t *testing.T) {
	for text, want := range map[string]string{
		"A": "`A`", "": "`?`", " \n": "`?`", "a`b``c": "`a'b''c`", "a|b": "`a¦b`", "a\nb\x1b": "`a b?`", "\\`": "`\\'`",
		strings.Repeat("é", 501): "`" + strings.Repeat("é", 500) + "…`",
	} {
		if got := code(text); got != want {
			t.Errorf("code(%q) = %s, want %s", text, got, want)
		}
	}
}
