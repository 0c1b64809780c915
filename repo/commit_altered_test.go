package repo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// gitThat makes a git that runs a script before "commit --only", in the work tree.
func gitThat(t *testing.T, script string) (env string) {
	t.Helper()
	real, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	bin := tempDir(t)
	// With the real PATH: the script's own git is not this one.
	text := fmt.Sprintf("#!/bin/sh\nPATH='%s'\ncase \" $* \" in *' commit --only '*)\n(:\n%s) </dev/null >&2;;\nesac\nexec '%s' \"$@\"\n", os.Getenv("PATH"), script, real)
	if err := os.WriteFile(filepath.Join(bin, "git"), []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	return "PATH=" + bin + string(os.PathListSeparator) + os.Getenv("PATH")
}

// A commit that is not what was asked for is taken back, whoever changed it.
func TestCommitPathsAltered(t *testing.T) {
	for name, test := range map[string]struct {
		hook, meanwhile string
		unborn          bool
		files           map[string]string // "" removes; default A.yaml
		byHook          bool
		odd             []string
		hooked          string // of A.yaml
		status          string // beside what beside does
	}{
		"formatter": {hook: "echo formatted > app/dev/A.yaml; git add app/dev/A.yaml", byHook: true, odd: []string{"app/dev/A.yaml"}, hooked: "formatted\n",
			status: " M app/dev/A.yaml"},
		"formatter of the index": {hook: "git update-index --cacheinfo 100644,$(echo formatted | git hash-object -w --stdin),app/dev/A.yaml", byHook: true,
			odd: []string{"app/dev/A.yaml"}, hooked: "formatted\n", status: " M app/dev/A.yaml"},
		"takes it out": {hook: "git reset -q HEAD app/dev/A.yaml; git rm -q --cached README", byHook: true, odd: []string{"README", "app/dev/A.yaml"}, hooked: "a\n",
			status: " M app/dev/A.yaml"},
		"execute bit": {hook: "git update-index --chmod=+x app/dev/A.yaml", byHook: true, odd: []string{"app/dev/A.yaml"}, status: " M app/dev/A.yaml"},
		"adds all":    {hook: "git add -A", byHook: true, odd: []string{"README", "staged", "untracked"}, status: " M app/dev/A.yaml"},
		"adds a file": {hook: "echo log > log; git add log", byHook: true, odd: []string{"log"}, status: " M app/dev/A.yaml"},
		"of new files": {hook: "git add -A", byHook: true, odd: []string{"README", "app/dev/B.yaml", "staged", "untracked"}, files: map[string]string{"app/dev/new.yaml": "new\n"},
			status: "?? app/dev/new.yaml"},
		"of removed ones": {hook: "git add -A", byHook: true, odd: []string{"README", "app/dev/B.yaml", "staged", "untracked"}, files: map[string]string{"app/dev/A.yaml": ""},
			status: " D app/dev/A.yaml"},
		"first commit":    {hook: "git add untracked", unborn: true, byHook: true, odd: []string{"untracked"}, status: "?? app/dev/A.yaml"},
		"by hand":         {meanwhile: "echo by hand > app/dev/A.yaml", odd: []string{"app/dev/A.yaml"}, status: " M app/dev/A.yaml"},
		"removed by hand": {meanwhile: "rm app/dev/A.yaml", odd: []string{"app/dev/A.yaml"}, status: " D app/dev/A.yaml"},
		"another's commit of the same file": {meanwhile: "git stash -q; echo theirs > app/dev/A.yaml; git commit -qam theirs; echo changed > app/dev/A.yaml",
			odd: []string{"app/dev/A.yaml"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := newDir(t)
			if test.unborn {
				dir = tempDir(t)
				tgit(t, dir, "init", "-q", "-b", "main", ".")
			}
			beside(t, dir)
			if test.files == nil {
				test.files = map[string]string{"app/dev/A.yaml": "changed\n"}
			} else {
				put(t, dir, "app/dev/B.yaml", "not asked for\n")
			}
			files := map[string][]byte{}
			for p, text := range test.files {
				if files[p] = nil; text == "" {
					os.Remove(filepath.Join(dir, p))
					continue
				}
				put(t, dir, p, text)
				files[p] = []byte(text)
			}
			head, _ := trygit(dir, nil, "rev-parse", "HEAD")
			staged := tgit(t, dir, "ls-files", "-s")
			if test.hook != "" {
				hook(t, dir, "pre-commit", test.hook)
			}
			h, err := openAt(t, dir, gitThat(t, test.meanwhile+"\n")).CommitPaths(context.Background(), files, "made")
			var altered *AlteredError
			if h != "" || !errors.As(err, &altered) || altered.ByHook != test.byHook {
				t.Fatalf("got %q, %v", h, err)
			}
			slices.Sort(altered.Paths)
			if !slices.Equal(altered.Paths, test.odd) {
				t.Errorf("odd: %v", altered.Paths)
			}
			if got := string(altered.Hooked["app/dev/A.yaml"]); got != test.hooked {
				t.Errorf("a hook made %q of A", got)
			}
			if strings.Contains(test.meanwhile, "git ") {
				if got := tgit(t, dir, "log", "--format=%s"); got != "theirs\nfirst" {
					t.Errorf("the history is %s", got)
				}
				return
			}
			if got, _ := trygit(dir, nil, "rev-parse", "HEAD"); got != head {
				t.Errorf("HEAD is %s, was %s", got, head)
			}
			if got := tgit(t, dir, "ls-files", "-s"); got != staged {
				t.Errorf("the index was\n%s\nand is\n%s", staged, got)
			}
			besideStays(t, dir)
			var left []string
			for p := range files {
				left = append(left, p)
			}
			if got, _ := trygit(dir, nil, append([]string{"-c", "status.relativePaths=false", "status", "--porcelain", "--untracked-files=all", "--"}, left...)...); got != strings.TrimSpace(test.status) {
				t.Errorf("status: %q", got)
			}
		})
	}
}

// What others have built on is not taken back, and not denied.
func TestCommitPathsStands(t *testing.T) {
	for name, test := range map[string]struct{ pre, post string }{
		"HEAD has moved on":   {"git add untracked", "git commit -q --allow-empty --no-verify -m more"},
		"amended":             {":", "[ -n \"$GIT_AMENDING\" ] || GIT_AMENDING=1 git commit -q --amend --no-verify -m more README"},
		"somewhere else":      {":", "git checkout -q --orphan other && git commit -q --no-verify -m other"},
		"the index is locked": {"git add untracked", "touch .git/index.lock"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := newDir(t)
			beside(t, dir)
			put(t, dir, "app/dev/A.yaml", "changed\n")
			hook(t, dir, "pre-commit", test.pre)
			hook(t, dir, "post-commit", "rm .git/hooks/post-commit\n"+test.post)
			h, err := openAt(t, dir).CommitPaths(context.Background(), asIs(t, dir, "app/dev/A.yaml"), "made")
			if stands := (*StandsError)(nil); h != "" || !errors.As(err, &stands) {
				t.Errorf("got %q, %v", h, err)
			}
		})
	}
}

// Commits of others around ours are none of its business.
func TestCommitPathsBeside(t *testing.T) {
	for name, test := range map[string]struct {
		before, hook string
		log          string
	}{
		"just before": {before: "git commit -qm theirs staged", log: "made theirs first"},
		"while it is made": {hook: "rm .git/hooks/pre-commit; unset GIT_INDEX_FILE; git update-ref HEAD $(git commit-tree -m theirs -p HEAD HEAD^{tree})",
			log: "made theirs first"},
		"just after": {hook: "rm .git/hooks/pre-commit\nprintf '#!/bin/sh\\nrm .git/hooks/post-commit; git commit -q -m theirs staged' > .git/hooks/post-commit\nchmod +x .git/hooks/post-commit",
			log: "theirs made first"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := newDir(t)
			beside(t, dir)
			put(t, dir, "app/dev/A.yaml", "changed\n")
			if test.hook != "" {
				hook(t, dir, "pre-commit", test.hook)
			}
			h, err := openAt(t, dir, gitThat(t, test.before+"\n")).CommitPaths(context.Background(), asIs(t, dir, "app/dev/A.yaml"), "made")
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.ReplaceAll(tgit(t, dir, "log", "--format=%s"), "\n", " "); got != test.log {
				t.Errorf("the history is %s", got)
			}
			if got := tgit(t, dir, "show", "--name-only", "--format=%s", string(h)); got != "made\n\napp/dev/A.yaml" {
				t.Errorf("got %s", got)
			}
		})
	}
}

// What is not in the work tree is not committed.
func TestCommitPathsChangedBefore(t *testing.T) {
	dir := newDir(t)
	for path, data := range map[string][]byte{"app/dev/A.yaml": []byte("other\n"), "app/dev/B.yaml": nil, "app/dev/C.yaml": []byte("c\n")} {
		if h, err := openAt(t, dir).CommitPaths(context.Background(), map[string][]byte{path: data}, "no"); h != "" || !errors.Is(err, ErrChanged) {
			t.Errorf("%s: %q, %v", path, h, err)
		}
	}
	if got := tgit(t, dir, "status", "--porcelain"); got != "" {
		t.Error(got)
	}
}
