package repo

import (
	"os"
	"path/filepath"
	"testing"
)

// Git itself makes the states, and ends them.
func TestOperation(t *testing.T) {
	dir := newDir(t)
	tgit(t, dir, "checkout", "-q", "-b", "side")
	put(t, dir, "README", "side\n")
	commitAll(t, dir, "side")
	patch := filepath.Join(t.TempDir(), "p")
	if err := os.WriteFile(patch, []byte(tgit(t, dir, "format-patch", "--stdout", "-1")+"\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	tgit(t, dir, "checkout", "-q", "main")
	put(t, dir, "README", "main\n")
	commitAll(t, dir, "main")
	put(t, dir, "README", "more\n")
	commitAll(t, dir, "more")
	linked := filepath.Join(tempDir(t), "linked")
	tgit(t, dir, "worktree", "add", "-q", "--detach", linked)
	for _, top := range []string{dir, linked} {
		r := openAt(t, top)
		for _, c := range []struct {
			want string
			args []string
		}{
			{"merge", []string{"merge", "side"}},
			{"rebase", []string{"rebase", "side"}},
			{"rebase", []string{"rebase", "--apply", "side"}},
			{"cherry-pick", []string{"cherry-pick", "side"}},
			{"revert", []string{"revert", "--no-edit", "HEAD^"}},
			{"am", []string{"am", "-3", patch}},
		} {
			if got := r.Operation(); got != "" {
				t.Fatalf("before %v: %q", c.args, got)
			}
			began := Hash(tgit(t, top, "rev-parse", "HEAD"))
			if _, err := trygit(top, nil, c.args...); err == nil {
				t.Fatalf("git %v did not stop", c.args)
			}
			if got := r.Operation(); got != c.want {
				t.Errorf("git %v: %q, want %q", c.args, got, c.want)
			}
			want := map[bool]Hash{true: began}[c.want == "rebase"]
			if got := r.Rebased(); got != want {
				t.Errorf("git %v began at %q, want %q", c.args, got, want)
			}
			tgit(t, top, c.want, "--abort")
		}
	}
}
