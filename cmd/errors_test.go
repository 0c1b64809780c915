package cmd

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"pinseal/repo"
	"pinseal/versions"
)

// hostileText is what a remote or a repository could hold to forge lines of ours.
const hostileText = "x\nerror: forged\r\n\n\twarning: forged\x1b[2J\u202e\u0085"

// TestTalkOfOthers holds what untrusted text may do on stderr to nothing: no
// line of it begins at column 0, and no control character comes through.
func TestTalkOfOthers(t *testing.T) {
	bad := &fs.PathError{Op: "open", Path: hostileText, Err: fs.ErrInvalid}
	for name, err := range map[string]error{
		"path":      bad,
		"wrapped":   hint(fmt.Errorf("set: %w", bad), "pinseal fmt "+hostileText),
		"joined":    errors.Join(errors.New("one"), bad),
		"git":       &repo.GitError{Args: []string{"fetch"}, Stderr: hostileText, Code: 1},
		"odd":       &repo.OddEntryError{Path: hostileText, Kind: "symlink"},
		"corrupt":   &repo.CorruptError{Name: hostileText, Reason: "is odd"},
		"structure": &versions.StructureError{Path: hostileText, Reason: "is odd", Err: bad},
		"unmerged":  &versions.UnmergedError{Paths: []string{hostileText, hostileText}},
		"twins":     &versions.TwinsError{Environment: "dev", Names: []string{hostileText, "A"}},
		"auth":      &versions.AuthError{What: "pin", Reason: "is odd", Err: bad},
	} {
		var out strings.Builder
		c := &cli{Env: &Env{Stderr: &out}}
		c.report(err)
		c.say("said: %s", err)
		c.say("said: %v, %s and %q\nown line", hostileText, []string{hostileText}[0], hostileText)
		c.warn("%s", err)
		for line := range strings.Lines(out.String()) {
			ours := false
			for _, begin := range []string{"error: ", "said: ", "own line", "warning: ", "  "} {
				ours = ours || strings.HasPrefix(line, begin)
			}
			if !ours || strings.HasPrefix(line, "error: forged") || strings.HasPrefix(line, "warning: forged") {
				t.Errorf("%s: forges %q", name, line)
			}
		}
		if strings.ContainsAny(out.String(), "\r\t\x1b\u202e\u0085") {
			t.Errorf("%s: does not print: %q", name, out.String())
		}
	}
}

// TestTalkOfOurs keeps the shape of what we say on several lines ourselves.
func TestTalkOfOurs(t *testing.T) {
	refusal := &trustError{row: otherApp, place: "here", claim: claim{directory: "shop"}, was: "was"}
	var out strings.Builder
	c := &cli{Env: &Env{Stderr: &out}}
	c.report(hint(refusal, "pinseal trust"))
	c.say("%s.", refusal)
	c.say("names:%s of %d", lines{"one", "two"}, 2)
	if want := "error: " + refusal.Error() + "\n  try:  pinseal trust\n" + refusal.Error() + ".\nnames:\n  one\n  two of 2\n"; out.String() != want {
		t.Errorf("said\n%s\nwant\n%s", out.String(), want)
	}
	if !strings.Contains(refusal.Error(), "\nEither") {
		t.Error("the banner has no line of its own to keep")
	}
}
