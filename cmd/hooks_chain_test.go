package cmd_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// A hook that goes by its name, or is a link to a script that does, refuses what it
// refused before it was set aside.
func TestHooksSetAsideKeepTheirNames(t *testing.T) {
	const dispatch = "#!/bin/sh\ncase $(basename \"$0\") in pre-commit) echo refused >&2; exit 1 ;; esac\n"
	for name, put := range map[string]func(w *hookWorld, dir string){
		"script": func(w *hookWorld, dir string) { w.script(filepath.Join(dir, ".git/hooks/pre-commit"), dispatch) },
		"link": func(w *hookWorld, dir string) {
			w.script(filepath.Join(dir, ".git/hooks/dispatch"), dispatch)
			w.link("dispatch", filepath.Join(dir, ".git/hooks/pre-commit"))
		},
		"link into the work tree": func(w *hookWorld, dir string) {
			w.script(filepath.Join(dir, "scripts/hook"), dispatch)
			w.link("../../scripts/hook", filepath.Join(dir, ".git/hooks/pre-commit"))
		},
		"links to each other": func(w *hookWorld, dir string) {
			w.script(filepath.Join(dir, ".git/hooks/pre-push"), dispatch)
			w.link("pre-push", filepath.Join(dir, ".git/hooks/pre-commit"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newHookWorld(t)
			dir := w.newRepo("r")
			put(w, dir)
			refused := func() {
				t.Helper()
				_, err := w.tryGit(dir, nil, "commit", "-q", "--allow-empty", "-m", "more")
				if err == nil {
					t.Fatal("committed")
				}
				w.has(err.Error(), "refused")
			}
			refused()
			before := w.everything(dir)
			w.hooks(0, dir, "install", "--chain")
			w.recorder("0")
			refused()
			if got := w.recorded(); got != "" {
				t.Errorf("called after the other hook had failed:\n%s", got)
			}
			w.program = w.path("opt", "real")
			real, err := exec.LookPath("pinseal")
			if err != nil {
				t.Fatal(err)
			}
			w.link(real, w.program)
			w.hooks(0, dir, "uninstall")
			after := w.everything(filepath.Join(dir, ".git/hooks"))
			for path, said := range after {
				if before[path] != said {
					t.Errorf("%s was\n%s\nand is\n%s", path, before[path], said)
				}
			}
			refused()
		})
	}
}

// link makes a link.
func (w *hookWorld) link(target, file string) {
	w.Helper()
	if err := os.Symlink(target, file); err != nil {
		w.Fatal(err)
	}
}
