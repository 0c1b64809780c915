package repo

import (
	"os"
	"path/filepath"
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
