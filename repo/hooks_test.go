package repo

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestHooksDir(t *testing.T) {
	for _, test := range []struct {
		name string
		make func(t *testing.T, dir string) (open string, env []string)
		want string // from the top
		in   string // scope
	}{
		{"plain", nil, ".git/hooks", ""},
		{"below the top", func(_ *testing.T, dir string) (string, []string) { return filepath.Join(dir, "app"), nil }, ".git/hooks", ""},
		{"absolute", func(t *testing.T, dir string) (string, []string) {
			tgit(t, dir, "config", "core.hooksPath", filepath.Join(dir, "a b"))
			return dir, nil
		}, "a b", "local"},
		{"relative, below the top", func(t *testing.T, dir string) (string, []string) {
			tgit(t, dir, "config", "core.hooksPath", "my/hooks")
			return filepath.Join(dir, "app"), nil
		}, "my/hooks", "local"},
		{"of the user", func(t *testing.T, dir string) (string, []string) {
			config := filepath.Join(t.TempDir(), "gitconfig")
			put(t, filepath.Dir(config), "gitconfig", "[core]\n\thooksPath = theirs\n")
			return dir, []string{"GIT_CONFIG_GLOBAL=" + config}
		}, "theirs", "global"},
		{"of one command", func(_ *testing.T, dir string) (string, []string) {
			return dir, []string{"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=core.hooksPath", "GIT_CONFIG_VALUE_0=once"}
		}, "once", "command"},
		{"of one work tree", func(t *testing.T, dir string) (string, []string) {
			tgit(t, dir, "config", "extensions.worktreeConfig", "true")
			tgit(t, dir, "config", "--worktree", "core.hooksPath", "here")
			return dir, nil
		}, "here", "worktree"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := newDir(t)
			open, env := dir, []string(nil)
			if test.make != nil {
				open, env = test.make(t, dir)
			}
			got, err := openAt(t, open, env...).HooksDir(t.Context())
			if want := (HooksDir{filepath.Join(dir, test.want), test.in}); err != nil || got != want {
				t.Errorf("got %+v, %v, want %+v", got, err, want)
			}
		})
	}
}

func TestHooksDirOfLinkedWorkTree(t *testing.T) {
	dir := newDir(t)
	linked := filepath.Join(tempDir(t), "linked")
	tgit(t, dir, "worktree", "add", "-q", linked)
	r := openAt(t, linked)
	if got, err := r.HooksDir(t.Context()); err != nil || got.Path != filepath.Join(dir, ".git/hooks") {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, at := range []string{dir, linked} {
		got, err := openAt(t, at).WorkTrees(t.Context())
		slices.Sort(got)
		want := []string{dir, linked}
		slices.Sort(want)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
	bare := filepath.Join(tempDir(t), "bare.git")
	tgit(t, dir, "clone", "-q", "--bare", ".", bare)
	tgit(t, bare, "worktree", "add", "-q", linked+"2")
	if got, err := openAt(t, linked+"2").WorkTrees(t.Context()); err != nil || !slices.Equal(got, []string{linked + "2"}) {
		t.Errorf("of a bare repository: %q, %v", got, err)
	}
}

func TestGitVersion(t *testing.T) {
	dir := newDir(t)
	for said, want := range map[string]GitVersion{
		"git version 2.39.5":               {"2.39.5", 2, 39},
		"git version 2.54.0.windows.1":     {"2.54.0.windows.1", 2, 54},
		"git version 2.50.1 (Apple Git-1)": {"2.50.1 (Apple Git-1)", 2, 50},
		"git version 3.0.rc1":              {"3.0.rc1", 3, 0},
		"git version 2.55.GIT":             {"2.55.GIT", 2, 55},
		"something else":                   {},
	} {
		bin := t.TempDir()
		if err := os.WriteFile(filepath.Join(bin, "git"), []byte("#!/bin/sh\necho '"+said+"'\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		got, err := openAt(t, dir, "PATH="+bin+":"+envPath()).GitVersion(t.Context())
		if (err != nil) != (want.Text == "") || err == nil && got != want {
			t.Errorf("%s: got %+v, %v", said, got, err)
		}
		if got.ConfigHooks() != (want.Major == 3 || want.Minor >= 54) {
			t.Errorf("%s: configured hooks are run: %t", said, got.ConfigHooks())
		}
	}
}

func TestHookCommands(t *testing.T) {
	dir := newDir(t)
	put(t, dir, ".git/config", `[hook "a"]
	event = pre-commit
	event = pre-push
	command = one
[hook "B.x"]
	command = two
	event = pre-commit
	command = three
[hook "off"]
	event = pre-commit
	command = four
	enabled = no
[hook "reset"]
	event = pre-commit
	event =
	event = pre-push
	command = five
[hook "none"]
	event = pre-commit
`)
	c, err := openAt(t, dir).Config(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for hook, want := range map[string]string{"pre-commit": "one three", "pre-push": "one five", "post-commit": ""} {
		if got := strings.Join(c.HookCommands(hook), " "); got != want {
			t.Errorf("%s: %q, want %q", hook, got, want)
		}
	}
}
