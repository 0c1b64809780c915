package cmd_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// hookLayouts make a repository with a commit in one layout each, and return
// where its user works and the top of the work tree.
var hookLayouts = []struct {
	name string
	make func(w *hookWorld) (dir, top string)
}{
	{"normal", func(w *hookWorld) (string, string) { d := w.newRepo("r"); return d, d }},
	{"below the top", func(w *hookWorld) (string, string) { d := w.newRepo("r"); return filepath.Join(d, "sub"), d }},
	{"linked work tree", func(w *hookWorld) (string, string) {
		d := w.path("linked")
		w.git(w.newRepo("r"), "worktree", "add", "-q", "-b", "linked", d)
		return d, d
	}},
	{"work tree of a bare repository", func(w *hookWorld) (string, string) {
		d, bare := w.path("linked"), w.path("bare.git")
		w.git(w.root, "clone", "-q", "--bare", w.newRepo("r"), bare)
		w.git(bare, "remote", "remove", "origin")
		w.git(bare, "worktree", "add", "-q", "-b", "linked", d)
		return d, d
	}},
	{"submodule", func(w *hookWorld) (string, string) {
		inner, outer := w.newRepo("inner"), w.newRepo("outer")
		w.git(outer, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", inner, "module")
		d := filepath.Join(outer, "module")
		w.git(d, "remote", "remove", "origin")
		return d, d
	}},
	{"separate git directory", func(w *hookWorld) (string, string) {
		d := w.newRepo("r", "--separate-git-dir="+w.path("elsewhere.git"))
		return d, d
	}},
	{".git is a link", func(w *hookWorld) (string, string) {
		d := w.newRepo("r")
		if err := os.Rename(filepath.Join(d, ".git"), w.path("real.git")); err != nil {
			w.Fatal(err)
		}
		if err := os.Symlink(w.path("real.git"), filepath.Join(d, ".git")); err != nil {
			w.Fatal(err)
		}
		return d, d
	}},
	{"no hooks directory", func(w *hookWorld) (string, string) { d := w.newRepo("r", "--template="); return d, d }},
	{"core.hooksPath", func(w *hookWorld) (string, string) {
		d := w.newRepo("r")
		w.git(d, "config", "core.hooksPath", filepath.Join(d, ".git", "my hooks"))
		return d, d
	}},
	{"relative core.hooksPath", func(w *hookWorld) (string, string) {
		d := w.newRepo("r")
		w.git(d, "config", "core.hooksPath", ".git/../.myhooks")
		return filepath.Join(d, "sub"), d
	}},
	{"GIT_DIR", func(w *hookWorld) (string, string) {
		d := w.newRepo("r")
		if err := os.Rename(filepath.Join(d, ".git"), w.path("away.git")); err != nil {
			w.Fatal(err)
		}
		w.env = append(w.env, "GIT_DIR="+w.path("away.git"), "GIT_WORK_TREE="+d)
		return d, d
	}},
}

// In every layout every kind of commit and push reaches the recorded program, with
// what git gave; and its exit code counts.
func TestHooksAreReached(t *testing.T) {
	out, err := exec.Command("git", "version").Output()
	if err != nil {
		t.Fatal(err)
	}
	real := strings.Fields(string(out))[2]
	for _, layout := range hookLayouts {
		for _, version := range []string{oldGit, real} {
			major, minor := 0, 0
			if fmt.Sscanf(version, "%d.%d", &major, &minor); version == real && (major < 2 || major == 2 && minor < 54) {
				continue // this git knows no hooks but files
			}
			t.Run(layout.name+" "+version, func(t *testing.T) {
				t.Parallel()
				w := newHookWorld(t)
				w.version = version
				dir, top := layout.make(w)
				if out, _ := w.hooks(1, dir, "status"); strings.Count(out, "not installed") != 4 {
					t.Errorf("status before:\n%s", out)
				}
				w.hooks(0, dir, "install")
				w.hooks(0, dir, "status")
				w.recorder("0")
				w.env = append(w.env, "OWN=kept")
				w.committing(top)
				w.pushing(top)
			})
		}
	}
}

// committing makes every kind of commit at top.
func (w *hookWorld) committing(top string) {
	w.Helper()
	file := filepath.Join(top, "file")
	commit := func(index string, args ...string) {
		w.Helper()
		w.write(file, append(w.read(file), 'x', '\n'))
		if args[0] == "add" {
			w.git(top, "add", "-A")
			args = args[1:]
		}
		w.git(top, append([]string{"commit", "-q", "-m", "more"}, args...)...)
		got := w.recorded()
		w.has(got, "args: [hook] [pre-commit]\n", "dir: "+top+"\n", "own: kept\n", "stdin: \n", index)
		if dir := w.git(top, "rev-parse", "--absolute-git-dir"); strings.Contains(dir, "/worktrees/") {
			w.has(got, "git dir: "+dir+"\n") // git says so in linked work trees
		}
		if strings.Count(got, "args:") != 1 {
			w.Errorf("called more than once:\n%s", got)
		}
	}
	commit("index\n", "add")
	commit("index.lock\n", "-a")
	commit("next-index-", "file")

	w.git(top, "checkout", "-q", "-b", "topic")
	w.write(filepath.Join(top, "topic"), []byte("t\n"))
	w.git(top, "add", "-A")
	w.git(top, "commit", "-q", "-m", "topic")
	w.recorded()
	w.git(top, "checkout", "-q", "-")
	commit("index.lock\n", "-a")
	w.git(top, "merge", "-q", "-m", "merged", "topic")
	got := w.recorded()
	w.has(got, "args: [hook] [pre-merge-commit]\n", "dir: "+top+"\n")
	if strings.Contains(got, "[pre-commit]") {
		w.Errorf("a merge without conflicts ran pre-commit:\n%s", got)
	}

	head := w.git(top, "rev-parse", "HEAD")
	w.recorder("7")
	w.write(file, []byte("refused\n"))
	if _, err := w.tryGit(top, nil, "commit", "-q", "-a", "-m", "refused"); err == nil || w.git(top, "rev-parse", "HEAD") != head {
		w.Errorf("a hook that failed did not stop the commit: %v", err)
	}
	w.recorded()
	w.git(top, "checkout", "-q", "--", "file")
	w.recorder("0")
}

// pushing pushes to a new bare repository.
func (w *hookWorld) pushing(top string) {
	w.Helper()
	bare := w.path("remote.git")
	if _, err := os.Stat(bare); err != nil {
		w.runs(0, exec.Command("env", "-u", "GIT_DIR", "-u", "GIT_WORK_TREE", "git", "init", "-q", "--bare", bare), w.root)
		w.git(top, "remote", "add", "origin", bare)
	}
	head := w.git(top, "rev-parse", "HEAD")
	w.recorder("7")
	if _, err := w.tryGit(top, nil, "push", "-q", "origin", "HEAD:refs/heads/main", "HEAD:refs/heads/two"); err == nil {
		w.Errorf("a hook that failed did not stop the push")
	}
	w.recorded()
	w.recorder("0")
	w.git(top, "push", "-q", "origin", "HEAD:refs/heads/main", "HEAD:refs/heads/two")
	none := strings.Repeat("0", 40)
	w.has(w.recorded(), "args: [hook] [pre-push] [origin] ["+bare+"]\n", "own: kept\n",
		"stdin: HEAD "+head+" refs/heads/main "+none+"|HEAD "+head+" refs/heads/two "+none+"|\n")
}

// The exit code of the program is that of the hook, whether a hook was set aside
// or not; and of one set aside it comes first.
func TestHookExitCodes(t *testing.T) {
	w := newHookWorld(t)
	plain, chained := w.newRepo("plain"), w.newRepo("chained")
	for _, hook := range []string{"pre-commit", "pre-merge-commit", "pre-push"} {
		w.script(filepath.Join(chained, ".git/hooks", hook),
			"#!/bin/sh\necho \"theirs: $(basename \"$0\") $* $(cat | tr '\\n' '|')\" >> '"+w.record+"'\nexit ${THEIRS:-0}\n")
	}
	w.hooks(0, plain, "install")
	w.hooks(6, chained, "install")
	w.hooks(0, chained, "install", "--chain")
	out, _ := w.hooks(0, chained, "status")
	w.has(out, "after the hook that was there")
	w.recorder("7")
	w.env = append(w.env, "OWN=kept")
	for _, dir := range []string{plain, chained} {
		for _, hook := range []string{"pre-commit", "pre-merge-commit", "pre-push"} {
			stdin, args := "", []string{}
			if hook == "pre-push" {
				stdin, args = "refs/heads/a 1 refs/heads/a 0\nrefs/heads/b 2 refs/heads/b 0\n", []string{"origin", "a b"}
			}
			call := func(code int) string {
				c := exec.Command(filepath.Join(dir, ".git/hooks", hook), args...)
				c.Stdin = strings.NewReader(stdin)
				w.runs(code, c, dir)
				return w.recorded()
			}
			want := []string{"[hook] [" + hook + "]", "own: kept", "stdin: " + strings.ReplaceAll(stdin, "\n", "|") + "\n"}
			if hook == "pre-push" {
				want = append(want, "[origin] [a b]")
			}
			if dir == chained {
				want = append(want, "theirs: "+hook+" "+strings.Join(args, " ")+" "+strings.ReplaceAll(stdin, "\n", "|")+"\n")
			}
			w.has(call(7), want...)
			if dir == chained {
				w.env = append(w.env, "THEIRS=9")
				if got := call(9); strings.Contains(got, "args:") {
					t.Errorf("%s: called after the other hook had failed:\n%s", hook, got)
				}
				w.env = w.env[:len(w.env)-1]
			}
		}
	}
}

// A hook whose program is gone, cannot be run, or has come to be in the work tree
// stops what git does, and says how to go on.
func TestHooksFailClosed(t *testing.T) {
	w := newHookWorld(t)
	dir := w.newRepo("r")
	w.hooks(0, dir, "install")
	commit := func(want string) {
		t.Helper()
		_, err := w.tryGit(dir, nil, "commit", "-q", "--allow-empty", "-m", "more")
		if err == nil {
			t.Fatalf("committed, though the program %s", want)
		}
		w.has(err.Error(), "pinseal: the pre-commit hook stops here: "+w.program+" "+want, "pinseal hooks install", "git commit --no-verify", "rm '.git/hooks/pre-commit'")
	}
	if err := os.Remove(w.program); err != nil {
		t.Fatal(err)
	}
	commit("is not there or cannot be run")
	w.write(w.program, []byte("#!/bin/sh\n"))
	commit("is not there or cannot be run")
	if err := os.Remove(w.program); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(w.program, 0o777); err != nil {
		t.Fatal(err)
	}
	commit("is not there or cannot be run")
	w.git(dir, "commit", "-q", "--allow-empty", "--no-verify", "-m", "more")
	if err := os.Remove(w.program); err != nil {
		t.Fatal(err)
	}
	w.recorder("0")
	w.git(w.path("opt"), "init", "-q")
	hook := w.read(filepath.Join(dir, ".git/hooks/pre-commit"))
	w.script(filepath.Join(w.path("opt"), ".git/hooks/pre-commit"), string(hook))
	_, err := w.tryGit(w.path("opt"), nil, "commit", "-q", "--allow-empty", "-m", "more")
	if err == nil || w.recorded() != "" {
		t.Fatal("a program in the work tree was called")
	}
	w.has(err.Error(), "in the work tree")
}
