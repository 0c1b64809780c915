package repo

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestInit makes repositories that are nobody else's, whatever the environment says.
func TestInit(t *testing.T) {
	ctx := context.Background()
	source := t.TempDir()
	tgit(t, source, "init", "-q", ".")
	tgit(t, source, "commit", "-q", "--allow-empty", "-m", "one")
	want := Hash(tgit(t, source, "rev-parse", "HEAD"))
	tgit(t, source, "update-ref", "refs/x/y", "HEAD")
	hooks := t.TempDir()
	ran := filepath.Join(hooks, "ran")
	if err := os.WriteFile(filepath.Join(hooks, "reference-transaction"), []byte("#!/bin/sh\n: >"+ran+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"sha1", "sha256"} {
		dir := t.TempDir()
		env := append(testEnv(t.TempDir()), "GIT_DIR=/nowhere", "GIT_WORK_TREE=/nowhere", "GIT_INDEX_FILE=/nowhere", "GIT_OBJECT_DIRECTORY=/nowhere",
			"GIT_NAMESPACE=n", "GIT_CEILING_DIRECTORIES="+filepath.Dir(dir), "GIT_DEFAULT_HASH=sha256", "GIT_TEMPLATE_DIR="+source,
			"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=core.hooksPath", "GIT_CONFIG_VALUE_0="+hooks)
		r, err := Init(ctx, dir, format, Options{Env: env})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if r.Bare() || r.hashLen() != map[string]int{"sha1": 40, "sha256": 64}[format] {
			t.Errorf("%s: %+v", format, r.loc)
		}
		err = r.Fetch(ctx, source, 1, "+refs/x/y:refs/x/y")
		if format == "sha256" {
			if failed, ok := errors.AsType[*GitError](err); !ok || !strings.Contains(failed.Stderr, "mismatched algorithms") {
				t.Errorf("another format: %v", err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if got, err := r.Ref(ctx, "refs/x/y"); got != want || err != nil {
			t.Errorf("%s, %v; want %s", got, err, want)
		}
	}
	if _, err := os.Lstat(ran); err == nil {
		t.Error("a hook was run")
	}
}

// Damaged, it is an error, and never a repository in a directory above.
func TestInitDamaged(t *testing.T) {
	ctx := context.Background()
	above := t.TempDir()
	tgit(t, above, "init", "-q", ".")
	tgit(t, above, "config", "of.another", "yes")
	dir := filepath.Join(above, "own")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	r, err := Init(ctx, dir, "sha1", Options{Env: testEnv(t.TempDir())})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := os.Remove(filepath.Join(dir, ".git", "HEAD")); err != nil {
		t.Fatal(err)
	}
	if config, err := r.Config(ctx); err == nil && config.All("of.another") != nil {
		t.Error("the configuration of another repository was read")
	}
	if err := r.Fetch(ctx, above, 1, "+refs/heads/*:refs/x/*"); err == nil {
		t.Error("fetched into another repository")
	}
}

// One object that unpacks to much is refused by git itself.
func TestInitBounds(t *testing.T) {
	ctx := context.Background()
	source := t.TempDir()
	tgit(t, source, "init", "-q", ".")
	if err := os.WriteFile(filepath.Join(source, "zeros"), make([]byte, 17<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	tgit(t, source, "add", "zeros")
	tgit(t, source, "commit", "-q", "-m", "much")
	tgit(t, source, "repack", "-adq")
	r, err := Init(ctx, t.TempDir(), "sha1", Options{Env: testEnv(t.TempDir())})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	err = r.Fetch(ctx, "file://"+source, 1, "+HEAD:refs/x/y")
	if failed, ok := errors.AsType[*GitError](err); !ok || !strings.Contains(failed.Stderr, "over limit") {
		t.Errorf("%v", err)
	}
}

// TestTransportEnv holds that what a repository's own configuration says of reaching
// remotes is said elsewhere too, once, and before what its caller says.
func TestTransportEnv(t *testing.T) {
	ctx := context.Background()
	dir, home := t.TempDir(), t.TempDir()
	tgit(t, dir, "init", "-q", ".")
	global, more := filepath.Join(home, "global"), filepath.Join(home, "more")
	for file, text := range map[string]string{
		global: "[credential]\n\thelper = global\n",
		more:   "[http \"https://Git.example/\"]\n\textraHeader = \"A: b\\nC\"\n",
		filepath.Join(dir, ".git", "config"): "[core]\n\trepositoryformatversion = 0\n\tsshCommand = ssh -i key\n[credential]\n\thelper =\n\thelper = local\n\tuseHttpPath\n" +
			"[remote \"origin\"]\n\turl = x\n[include]\n\tpath = " + more + "\n",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	env := append(testEnv(home), "GIT_CONFIG_GLOBAL="+global, "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=core.sshCommand", "GIT_CONFIG_VALUE_0=mine")
	r, err := Open(ctx, dir, Options{Env: env})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	got, err := r.TransportEnv(ctx)
	if err != nil {
		t.Fatal(err)
	}
	apart, err := Init(ctx, t.TempDir(), "sha1", Options{Env: got})
	if err != nil {
		t.Fatal(err)
	}
	defer apart.Close()
	config, err := apart.Config(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{
		"credential.helper":                     "global||local",
		"credential.useHttpPath":                "true",
		"http.https://Git.example/.extraHeader": "A: b\nC",
		"core.sshCommand":                       "ssh -i key|mine",
		"remote.origin.url":                     "",
	} {
		if got := strings.Join(config.All(key), "|"); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	if bare, err := Init(ctx, t.TempDir(), "sha1", Options{Env: testEnv(home)}); err != nil {
		t.Error(err)
	} else if env, err := bare.TransportEnv(ctx); err != nil || len(env) != len(bare.opts.Env) {
		t.Errorf("%q, %v", env, err)
	}
}
