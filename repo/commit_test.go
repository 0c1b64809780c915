package repo

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// beside stages and changes files that no commit of others may take along.
func beside(t *testing.T, dir string) {
	t.Helper()
	put(t, dir, "staged", "staged\n")
	put(t, dir, "README", "staged change\n")
	tgit(t, dir, "add", "staged", "README")
	put(t, dir, "README", "and one that is not\n")
	put(t, dir, "untracked", "untracked\n")
}

// besideStays wants what beside did to be as it was.
func besideStays(t *testing.T, dir string) {
	t.Helper()
	if got := tgit(t, dir, "status", "--porcelain", "--", "staged", "README", "untracked"); got != "MM README\nA  staged\n?? untracked" && got != "AM README\nA  staged\n?? untracked" {
		t.Errorf("others' changes are now:\n%s", got)
	}
}

func committed(t *testing.T, dir string) string {
	t.Helper()
	return tgit(t, dir, "show", "--no-renames", "--name-status", "--format=%an %s", "HEAD")
}

// asIs is what the work tree has at some paths, as CommitPaths is given it.
func asIs(t *testing.T, dir string, paths ...string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for _, p := range paths {
		data, err := os.ReadFile(filepath.Join(dir, p))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		files[p] = data
	}
	return files
}

// hook installs a hook.
func hook(t *testing.T, dir, name, script string) {
	t.Helper()
	put(t, dir, ".git/hooks/"+name, "#!/bin/sh\n"+script+"\n")
	if err := os.Chmod(filepath.Join(dir, ".git/hooks", name), 0o755); err != nil {
		t.Fatal(err)
	}
}

func TestCommitPaths(t *testing.T) {
	layouts := map[string]func(t *testing.T) string{
		"plain":  func(t *testing.T) string { return newDir(t) },
		"sha256": func(t *testing.T) string { return newDir(t, "--object-format=sha256") },
		"linked": func(t *testing.T) string {
			dir := filepath.Join(tempDir(t), "linked")
			tgit(t, newDir(t), "worktree", "add", "-q", "-b", "side", dir)
			return dir
		},
		"detached": func(t *testing.T) string {
			dir := newDir(t)
			tgit(t, dir, "checkout", "-q", "--detach")
			return dir
		},
		"sparse": func(t *testing.T) string {
			dir := newDir(t)
			tgit(t, dir, "sparse-checkout", "set", "--cone", "app")
			return dir
		},
	}
	for name, layout := range layouts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := layout(t)
			beside(t, dir)
			r := openAt(t, dir)
			ctx := context.Background()
			put(t, dir, "app/dev/A.yaml", "changed\n")
			put(t, dir, "app/dev/[new]*.yaml", "new\n")
			put(t, dir, "app/dev/n.yaml", "not asked for\n")
			if err := os.Remove(filepath.Join(dir, "app/dev/B.yaml")); err != nil {
				t.Fatal(err)
			}
			h, err := r.CommitPaths(ctx, asIs(t, dir, "app/dev/A.yaml", "app/dev/B.yaml", "app/dev/[new]*.yaml"), "# three")
			if err != nil {
				t.Fatal(err)
			}
			if head := tgit(t, dir, "rev-parse", "HEAD"); head != string(h) {
				t.Errorf("got %s, HEAD is %s", h, head)
			}
			if got, want := committed(t, dir), "Ann # three\n\nM\tapp/dev/A.yaml\nD\tapp/dev/B.yaml\nA\tapp/dev/[new]*.yaml"; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			besideStays(t, dir)
			if got := tgit(t, dir, "status", "--porcelain", "--", "app"); got != "?? app/dev/n.yaml" {
				t.Errorf("status: %q", got)
			}
			before := r.Spawns()
			put(t, dir, "app/dev/A.yaml", "again\n")
			if _, err := r.CommitPaths(ctx, asIs(t, dir, "app/dev/A.yaml"), "two"); err != nil {
				t.Fatal(err)
			}
			if n := r.Spawns() - before; name == "plain" && n != 1 {
				t.Errorf("%d processes for a changed file", n)
			}
		})
	}
}

func TestCommitPathsUnborn(t *testing.T) {
	dir := tempDir(t)
	tgit(t, dir, "init", "-q", "-b", "main", ".")
	beside(t, dir)
	put(t, dir, "app/A.yaml", "a\n")
	if _, err := openAt(t, dir).CommitPaths(context.Background(), asIs(t, dir, "app/A.yaml"), "first"); err != nil {
		t.Fatal(err)
	}
	if got := committed(t, dir); got != "Ann first\n\nA\tapp/A.yaml" {
		t.Errorf("got %q", got)
	}
	besideStays(t, dir)
}

// Nothing may have happened when a commit is refused, in the index either.
func TestCommitPathsRefused(t *testing.T) {
	tests := []struct {
		name    string
		prepare func(t *testing.T, dir string)
		env     []string
		want    string
	}{
		{name: "hook", want: "hook says no", prepare: func(t *testing.T, dir string) {
			hook(t, dir, "pre-commit", "echo hook says no >&2\nexit 1")
		}},
		{name: "ignored", want: "are ignored by", prepare: func(t *testing.T, dir string) { put(t, dir, ".git/info/exclude", "C.yaml\n") }},
		{name: "no identity", want: "ident name", env: []string{"GIT_AUTHOR_NAME=", "GIT_AUTHOR_EMAIL=", "GIT_COMMITTER_NAME=", "GIT_COMMITTER_EMAIL=", "EMAIL="},
			prepare: func(t *testing.T, dir string) { tgit(t, dir, "config", "user.useConfigOnly", "true") }},
		{name: "locked", want: "index is locked", prepare: func(t *testing.T, dir string) { put(t, dir, ".git/index.lock", "") }},
		{name: "branch locked", want: "cannot lock ref", prepare: func(t *testing.T, dir string) { put(t, dir, ".git/refs/heads/main.lock", "") }},
		{name: "signing", want: "gpg", prepare: func(t *testing.T, dir string) {
			tgit(t, dir, "config", "commit.gpgSign", "true")
			tgit(t, dir, "config", "gpg.program", "false")
		}},
		{name: "filter", want: "something else than the bytes", prepare: func(t *testing.T, dir string) {
			tgit(t, dir, "config", "filter.up.clean", "tr a-z A-Z")
			put(t, dir, ".git/info/attributes", "*.yaml filter=up\n")
		}},
		{name: "revert", want: "a revert is under way", prepare: func(t *testing.T, dir string) { tgit(t, dir, "revert", "-n", "HEAD") }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := newDir(t)
			put(t, dir, "more", "more\n")
			commitAll(t, dir, "second")
			beside(t, dir)
			if test.name == "revert" {
				tgit(t, dir, "rm", "-q", "--cached", "staged")
				tgit(t, dir, "checkout", "-q", "HEAD", "--", "README")
			}
			test.prepare(t, dir)
			put(t, dir, "app/dev/A.yaml", "changed\n")
			put(t, dir, "app/dev/C.yaml", "new\n")
			os.Remove(filepath.Join(dir, "app/dev/B.yaml"))
			head, staged, status := tgit(t, dir, "rev-parse", "HEAD"), tgit(t, dir, "ls-files", "-s"), tgit(t, dir, "status", "--porcelain")
			h, err := openAt(t, dir, test.env...).CommitPaths(context.Background(), asIs(t, dir, "app/dev/A.yaml", "app/dev/B.yaml", "app/dev/C.yaml"), "no")
			if err == nil || h != "" || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %q, %v", h, err)
			}
			os.Remove(filepath.Join(dir, ".git/index.lock"))
			if got := tgit(t, dir, "ls-files", "-s"); got != staged {
				t.Errorf("the index was\n%s\nand is\n%s", staged, got)
			}
			if got := tgit(t, dir, "status", "--porcelain"); got != status {
				t.Errorf("status was\n%s\nand is\n%s", status, got)
			}
			if got := tgit(t, dir, "rev-parse", "HEAD"); got != head {
				t.Errorf("HEAD has moved")
			}
		})
	}
}

func TestCommitPathsMerging(t *testing.T) {
	dir := newDir(t)
	tgit(t, dir, "checkout", "-q", "-b", "side")
	put(t, dir, "README", "side\n")
	commitAll(t, dir, "side")
	tgit(t, dir, "checkout", "-q", "main")
	put(t, dir, "README", "main\n")
	commitAll(t, dir, "main")
	if _, err := trygit(dir, nil, "merge", "side"); err == nil {
		t.Fatal("no conflict")
	}
	put(t, dir, "app/dev/A.yaml", "changed\n")
	var unfinished *UnfinishedError
	_, err := openAt(t, dir).CommitPaths(context.Background(), asIs(t, dir, "app/dev/A.yaml"), "no")
	if !errors.As(err, &unfinished) || unfinished.Operation != "merge" {
		t.Errorf("got %v", err)
	}
}

// A commit that is there is told, whatever became of git after it.
func TestCommitPathsThereNevertheless(t *testing.T) {
	dir := newDir(t)
	// The branch has moved when this hook runs; the request ends in it.
	hook(t, dir, "post-commit", "exec >/dev/null 2>&1\ntouch ran\nwhile [ -e ran ] && [ ! -e stop ]; do sleep 0.01; done")
	put(t, dir, "app/dev/A.yaml", "changed\n")
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	defer put(t, dir, "stop", "")
	go func() {
		for ctx.Err() == nil {
			if _, err := os.Stat(filepath.Join(dir, "ran")); err == nil {
				stop()
			}
			time.Sleep(time.Millisecond)
		}
	}()
	h, err := openAt(t, dir).CommitPaths(ctx, asIs(t, dir, "app/dev/A.yaml"), "made")
	if head := tgit(t, dir, "rev-parse", "HEAD"); string(h) != head || !errors.Is(err, context.Canceled) {
		t.Errorf("got %q, %v; HEAD is %s", h, err, head)
	}
	if _, err := os.Stat(filepath.Join(dir, ".git/index.lock")); err == nil {
		t.Error("a lock was left")
	}
}
