package cmd_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// everything is all that is below a directory: kinds, modes and contents of files,
// links, and, of files that are not ours, when they were last changed.
func (w *hookWorld) everything(root string) map[string]string {
	w.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		said := info.Mode().String()
		switch {
		case info.Mode()&fs.ModeSymlink != 0:
			to, err := os.Readlink(path)
			if err != nil {
				return err
			}
			said += " to " + to
		case info.Mode().IsRegular():
			data := w.read(path)
			said += fmt.Sprintf(" %q", data)
			if strings.Contains(path, "/hooks/") && !strings.Contains(string(data), "pinseal") {
				said += info.ModTime().String()
			}
		}
		all[path] = said
		return nil
	})
	if err != nil {
		w.Fatal(err)
	}
	return all
}

// same compares two states, and shows what differs.
func (w *hookWorld) same(before, after map[string]string) {
	w.Helper()
	for path, said := range before {
		if after[path] != said {
			w.Errorf("%s was\n%.600s\nand is\n%.600s", path, said, after[path])
		}
	}
	for path, said := range after {
		if _, ok := before[path]; !ok {
			w.Errorf("%s is left: %.200s", path, said)
		}
	}
}

// config appends to the configuration of a repository.
func (w *hookWorld) config(dir, text string) {
	w.Helper()
	file := filepath.Join(dir, ".git", "config")
	w.write(file, append(w.read(file), text...))
}

const strangersHook = "#!/bin/sh\necho theirs\n"

var identicalCases = []struct {
	name    string
	prepare func(w *hookWorld, dir string)
	install string // arguments; "" for none
	version string
}{
	{"plain", nil, "", oldGit},
	{"plain", nil, "", newGit},
	{"no hooks directory", func(w *hookWorld, dir string) {
		if err := os.RemoveAll(filepath.Join(dir, ".git/hooks")); err != nil {
			w.Fatal(err)
		}
	}, "", oldGit},
	{"an empty hooks directory", func(w *hookWorld, dir string) {
		if err := os.RemoveAll(filepath.Join(dir, ".git/hooks")); err != nil {
			w.Fatal(err)
		}
		if err := os.Mkdir(filepath.Join(dir, ".git/hooks"), 0o750); err != nil {
			w.Fatal(err)
		}
	}, "", oldGit},
	{"no newline at the end of config", func(w *hookWorld, dir string) { w.config(dir, "[user]\n\tname = Ada # her") }, "", oldGit},
	{"no newline at the end of config", func(w *hookWorld, dir string) { w.config(dir, "[user]\n\tname = Ada # her") }, "", newGit},
	{"comments and carriage returns", func(w *hookWorld, dir string) {
		w.config(dir, "# ours\r\n[diff]\r\n\r\n[diff \"pinseal\"]\r\n  ; nothing yet\r\n[hook \"mine\"]\r\n\tevent = pre-commit\r\n\tcommand = true\r\n")
	}, "", newGit},
	{"a textconv of the user", func(w *hookWorld, dir string) { w.config(dir, "[diff \"pinseal\"]\n\ttextconv = cat\n") }, "", oldGit},
	{"config is a link and private", func(w *hookWorld, dir string) {
		file := filepath.Join(dir, ".git/config")
		if err := os.Rename(file, file+".real"); err != nil {
			w.Fatal(err)
		}
		if err := os.Symlink("config.real", file); err != nil {
			w.Fatal(err)
		}
		if err := os.Chmod(file, 0o640); err != nil {
			w.Fatal(err)
		}
	}, "", oldGit},
	{"hooks of somebody else", func(w *hookWorld, dir string) {
		hooks := filepath.Join(dir, ".git/hooks")
		w.script(filepath.Join(hooks, "pre-commit"), strangersHook)
		w.write(filepath.Join(hooks, "pre-push"), []byte("not executable"))
		if err := os.Chmod(filepath.Join(hooks, "pre-commit"), 0o710); err != nil {
			w.Fatal(err)
		}
		if err := os.Symlink("pre-commit", filepath.Join(hooks, "pre-merge-commit")); err != nil {
			w.Fatal(err)
		}
		past := time.Unix(1_500_000_000, 0)
		if err := os.Chtimes(filepath.Join(hooks, "pre-commit"), past, past); err != nil {
			w.Fatal(err)
		}
	}, "--chain", oldGit},
	{"links to hooks", func(w *hookWorld, dir string) {
		w.script(filepath.Join(dir, "scripts/push"), strangersHook)
		for link, target := range map[string]string{"pre-push": "../../scripts/push", "pre-commit": filepath.Join(dir, "scripts/push"), "pre-merge-commit": "nothing"} {
			if err := os.Symlink(target, filepath.Join(dir, ".git/hooks", link)); err != nil {
				w.Fatal(err)
			}
		}
	}, "--chain", oldGit},
	{"core.hooksPath", func(w *hookWorld, dir string) { w.config(dir, "[core]\n\thooksPath = .git/more") }, "", oldGit},
	{"pre-commit", func(w *hookWorld, dir string) {
		w.write(filepath.Join(dir, ".pre-commit-config.yaml"), []byte("repos:\n- repo: local\n  hooks: [] # none"))
	}, "--write", oldGit},
	{"lefthook", func(w *hookWorld, dir string) {
		w.write(filepath.Join(dir, "lefthook.yml"), []byte("# ours\ncommit-msg:\n  parallel: true\n\n"))
	}, "--write", oldGit},
	{"husky", func(w *hookWorld, dir string) {
		w.script(filepath.Join(dir, ".husky/pre-push"), "#!/usr/bin/env sh\n. \"$(dirname -- \"$0\")/_/husky.sh\"\n\nnpm test")
		w.write(filepath.Join(dir, ".husky/pre-commit"), []byte("npm test\n"))
	}, "--write", oldGit},
}

// What uninstall leaves is what was there before install, to the byte.
func TestUninstallLeavesNothing(t *testing.T) {
	for _, test := range identicalCases {
		t.Run(test.name+" "+test.version, func(t *testing.T) {
			t.Parallel()
			w := newHookWorld(t)
			w.version = test.version
			dir := w.newRepo("r")
			if test.prepare != nil {
				test.prepare(w, dir)
			}
			before := w.everything(dir)
			args := append([]string{"install"}, strings.Fields(test.install)...)
			w.hooks(0, dir, args...)
			installed := w.everything(dir)
			w.git(dir, "config", "--list")
			w.hooks(0, dir, args...)
			w.same(installed, w.everything(dir))
			w.hooks(0, dir, "uninstall")
			w.same(before, w.everything(dir))
			if _, talk := w.hooks(0, dir, "uninstall"); !strings.Contains(talk, "nothing of pinseal") {
				t.Errorf("uninstalled again: %s", talk)
			}
			w.same(before, w.everything(dir))
		})
	}
}

// Git may become newer or older between two installs, and what the user sets in
// between stays.
func TestInstallFollowsGit(t *testing.T) {
	w := newHookWorld(t)
	dir := w.newRepo("r")
	w.script(filepath.Join(dir, ".git/hooks/pre-commit"), strangersHook)
	before := w.everything(dir)
	w.hooks(0, dir, "install", "--chain")
	files := w.everything(dir)
	w.version = newGit
	w.hooks(0, dir, "install")
	if _, err := os.Stat(filepath.Join(dir, ".git/hooks/pre-push")); err == nil {
		t.Error("the hook would run twice: by its file and by the configuration")
	}
	if out, _ := w.hooks(0, dir, "status"); strings.Count(out, "config") != 4 {
		t.Errorf("status:\n%s", out)
	}
	w.version = oldGit
	out, _ := w.hooks(1, dir, "status")
	w.has(out, "pre-push          not live  config  git 2.53.0 is older than 2.54 and does not run it")
	w.hooks(6, dir, "install")
	w.hooks(0, dir, "install", "--chain")
	w.same(files, w.everything(dir))

	w.version = newGit
	w.hooks(0, dir, "install")
	w.git(dir, "config", "diff.pinseal.xfuncname", "^kind")
	w.git(dir, "config", "hook.pinseal-pre-push.enabled", "false")
	w.git(dir, "config", "user.name", "Bob")
	out, _ = w.hooks(1, dir, "status")
	w.has(out, "pre-push          not live  config  the configuration has it for another event, or switched off")
	w.hooks(0, dir, "uninstall")
	for key, want := range map[string]string{"diff.pinseal.xfuncname": "^kind", "hook.pinseal-pre-push.enabled": "false", "user.name": "Bob"} {
		if got := w.git(dir, "config", key); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	config := string(w.read(filepath.Join(dir, ".git/config")))
	if strings.Contains(config, "command") || strings.Contains(config, "textconv") || strings.Contains(config, "pinseal hooks") {
		t.Errorf("something is left:\n%s", config)
	}
	after := w.everything(dir)
	delete(before, filepath.Join(dir, ".git/config"))
	delete(after, filepath.Join(dir, ".git/config"))
	w.same(before, after)
}

// What fails half way leaves everything as it was.
func TestFailedInstallLeavesNothing(t *testing.T) {
	for _, test := range identicalCases {
		if test.install == "" && test.name != "plain" && test.name != "no hooks directory" {
			continue // one of these, as far as failing goes
		}
		t.Run(test.name+" "+test.version, func(t *testing.T) {
			t.Parallel()
			w := newHookWorld(t)
			w.version = test.version
			dir := w.newRepo("r")
			if test.prepare != nil {
				test.prepare(w, dir)
			}
			args := append([]string{"install"}, strings.Fields(test.install)...)
			config, err := filepath.EvalSymlinks(filepath.Join(dir, ".git/config"))
			if err != nil {
				t.Fatal(err)
			}
			w.write(config+".lock", nil) // git sets something
			before := w.everything(dir)
			w.hooks(6, dir, args...)
			w.same(before, w.everything(dir))
			if err := os.Remove(config + ".lock"); err != nil {
				t.Fatal(err)
			}
			w.hooks(0, dir, args...)
			w.write(config+".lock", nil)
			before = w.everything(dir)
			w.hooks(6, dir, "uninstall")
			w.same(before, w.everything(dir))
		})
	}
}
