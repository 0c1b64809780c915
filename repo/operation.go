package repo

import (
	"os"
	"path/filepath"
	"strings"
)

// Operation returns what git has begun in the work tree and not finished: "rebase",
// "am", "cherry-pick", "revert" or "merge", each a command that takes --abort and
// --continue; "" for nothing, or for what ends without a word, as stash does. It
// looks at files alone: git leaves REBASE_HEAD behind, so refs do not tell.
func (r *Repo) Operation() string {
	for _, mark := range [][2]string{
		{"rebase-merge", "rebase"}, {"rebase-apply/applying", "am"}, {"rebase-apply", "rebase"},
		{"CHERRY_PICK_HEAD", "cherry-pick"}, {"REVERT_HEAD", "revert"}, {"MERGE_HEAD", "merge"},
	} {
		if _, err := os.Lstat(filepath.Join(r.loc.gitDir, filepath.FromSlash(mark[0]))); err == nil {
			return mark[1]
		}
	}
	return ""
}

// Rebased returns the commit that a rebase under way began from, "" when there is
// none. ORIG_HEAD does not tell: a reset in between moves it.
func (r *Repo) Rebased() Hash {
	for _, dir := range []string{"rebase-merge", "rebase-apply"} {
		data, err := os.ReadFile(filepath.Join(r.loc.gitDir, dir, "orig-head"))
		if err != nil {
			continue
		}
		if h, err := ParseHash(strings.TrimSpace(string(data))); err == nil {
			return h
		}
	}
	return ""
}
