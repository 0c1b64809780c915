//go:build unix

package cmd_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// failing is a way in which something that is asked for cannot be had.
type failing struct {
	name  string
	args  string // flags, before --
	code  int
	says  string   // on stderr
	env   []string // more of it
	spoil func(w *world, dir string)
}

// Nothing starts unless everything that was asked for could be had: the program does
// not run, the exit code says why, stdout is empty. Never is a pin replaced by
// anything else.
func TestNothingStarts(t *testing.T) {
	slow(t)
	w := newWorld(t)
	dir, id := w.newApp("r")
	other, _ := w.newApp("other")
	for _, set := range [][2]string{{"API_KEY", "dev"}, {"A.B", "staging"}, {"A-B", "staging"}, {"API_KEY", "production"}} {
		if set[1] == "staging" {
			w.run(dir, "", "env", "add", "staging")
		}
		w.pinseal(dir, "CANARYnothing", "set", set[0], "-e", set[1])
	}
	w.pinseal(other, "CANARYnothing", "set", "API_KEY", "-e", "production")
	for _, at := range []string{dir, other} {
		w.commit(at, "one")
		w.pinseal(at, "", "publish", "production", "--first")
		w.pinseal(at, "", "bundle", "production", "-o", at+".bundle")
	}
	for _, at := range []string{dir, other} { // small to copy
		if err := os.RemoveAll(filepath.Join(at, ".git", "hooks")); err != nil {
			t.Fatal(err)
		}
	}
	w.pinseal(dir, "CANARYnewer", "set", "API_KEY", "-e", "production")
	w.commit(dir, "two")
	w.write(w.path("bad.env"), []byte("API_KEY=x\nhunter22"))
	w.write(w.path("unknown.env"), []byte("API_KEI=x"))
	w.write(w.path("flipped.bundle"), bytes.Replace(w.read(dir+".bundle"), []byte("API_KEY"), []byte("API_KEZ"), 1))
	away := func(w *world, dir string) { w.remove(w.path("home", ".config", "pinseal", "identity")) }
	stranger := func(w *world, dir string) {
		away(w, dir)
		w.pinseal(dir, "", "identity", "new")
	}
	tests := []failing{
		{name: "no identity", code: 4, spoil: away},
		{name: "no identity, pin", args: "-e production --at pin", code: 4, spoil: away},
		{name: "no identity, bundle", args: "--bundle ../r.bundle", code: 4, spoil: away},
		{name: "not a member", code: 4, spoil: stranger},
		{name: "not a member, pin", args: "-e production --at pin", code: 4, spoil: stranger},
		{name: "an identity that is none", args: "--identity nowhere", code: 4},
		{name: "unknown --only", args: "--only API_KEY,NOPE", code: 3, says: `no secret "NOPE"`},
		{name: "unknown --only, pin", args: "-e production --at pin --only NOPE", code: 3},
		{name: "--only with a value", args: "--only API_KEY=hunter22", code: 2},
		{name: "unknown environment", args: "-e nope", code: 3},
		{name: "unknown revision", args: "--at nope", code: 3},
		{name: "no pin", args: "-e dev --at pin", code: 3},
		{name: "no such pin", args: "-e production --at pin:2", code: 3},
		{name: "below --min-pin", args: "-e production --at pin --min-pin 2", code: 5},
		{name: "below --min-pin, bundle", args: "--bundle ../r.bundle --min-pin 2", code: 5},
		{name: "--min-pin without a pin", args: "--min-pin 1", code: 2},
		{name: "no bundle", args: "--bundle ../nope.bundle", code: 3},
		{name: "bundle of another app", args: "--bundle ../other.bundle --app " + id, code: 2},
		{name: "bundle of another environment", args: "--bundle ../r.bundle -e dev", code: 3},
		{name: "bundle that was changed", args: "--bundle ../flipped.bundle", code: 5},
		{name: "bundle and pin", args: "--bundle ../r.bundle --at pin", code: 2},
		{name: "collision", args: "-e staging", code: 2, says: `"A-B" and "A.B" are both variable "A_B`},
		{name: "collision with a prefix", args: "-e staging --prefix X_", code: 2, says: `"X_A_B`},
		{name: "override that is no file", args: "--override ../nope.env", code: 2},
		{name: "override that does not parse", args: "--override ../bad.env", code: 2},
		{name: "override of an unknown name", args: "--override ../unknown.env", code: 3, says: "API_KEY"},
		{name: "override twice", args: "--override ../bad.env", code: 2, env: []string{"PINSEAL__SECRETS__API_KEY=hunter22"}},
		{name: "override that is empty", code: 2, env: []string{"PINSEAL__SECRETS__API_KEY="}},
		{name: "override that is too large", code: 2, env: []string{"PINSEAL__SECRETS__API_KEY=" + strings.Repeat("x", 64<<10+1)}},
		{name: "override of two", args: "-e staging", code: 2, env: []string{"PINSEAL__SECRETS__A_B=hunter22"}},
		{name: "blank", code: 3, says: "pinseal set LATER -e dev", spoil: func(w *world, dir string) {
			w.pinseal(dir, "", "set", "LATER", "--blank")
		}},
		{name: "NUL", code: 125, spoil: func(w *world, dir string) {
			w.pinseal(dir, "CANARY\x00x", "set", "ZERO", "--raw")
		}},
		{name: "tampered", code: 5, spoil: func(w *world, dir string) {
			file := filepath.Join(dir, ".pinseal/shop/dev/API_KEY.yaml")
			w.write(file, append(w.read(file), '#', '\n'))
		}},
		{name: "moved", code: 5, spoil: func(w *world, dir string) {
			w.write(filepath.Join(dir, ".pinseal/shop/dev/OTHER.yaml"), w.read(filepath.Join(dir, ".pinseal/shop/dev/API_KEY.yaml")))
		}},
		{name: "ledger that is gone", args: "-e production --at pin", code: 5, spoil: func(w *world, dir string) {
			w.git(dir, "update-ref", "-d", "refs/pinseal/"+id+"/production")
		}},
		{name: "ledger of another app", args: "-e production --at pin", code: 5, spoil: func(w *world, dir string) {
			otherRef := strings.Fields(w.git(other, "for-each-ref", "refs/pinseal"))
			w.git(dir, "fetch", "-q", other, otherRef[2]+":refs/pinseal/x/y")
			w.git(dir, "update-ref", "refs/pinseal/"+id+"/production", "refs/pinseal/x/y")
		}},
		{name: "unmerged", code: 6, spoil: func(w *world, dir string) {
			file := filepath.Join(dir, ".pinseal/shop/dev/API_KEY.yaml")
			text := string(w.read(file))
			w.write(file, []byte("<<<<<<< ours\n"+text+"=======\n"+text+">>>>>>> theirs\n"))
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { test.check(t, w, dir) })
	}
}

// check runs every verb, and puts back what was spoilt.
func (f failing) check(t *testing.T, shared *world, dir string) {
	w := &world{t, shared.root, slices.Concat(shared.env, f.env)}
	root := w.root
	if f.spoil != nil {
		kept := filepath.Join(t.TempDir(), "kept")
		if out, err := exec.Command("cp", "-a", root, kept).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		defer func() {
			if err := errors.Join(os.RemoveAll(root), os.Rename(kept, root)); err != nil {
				t.Error(err)
			}
		}()
		f.spoil(w, dir)
	}
	verbs := [][]string{{"run"}, {"exec"}, {"run", "--files-dir", root}}
	pin, bundle := strings.Contains(f.args+" ", "--at pin "), strings.Contains(f.args, "--bundle")
	if pin != bundle {
		verbs = append(verbs, []string{"run", "--watch"})
	}
	if f.code == 125 { // files can hold what variables cannot
		verbs = verbs[:2]
	}
	for _, verb := range verbs {
		args := append(slices.Concat(verb, strings.Fields(f.args)), "--", "touch", "started")
		c := w.command(dir, args...)
		var stdout, stderr bytes.Buffer
		c.Stdout, c.Stderr = &stdout, &stderr
		err := c.Run()
		if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		if got := c.ProcessState.ExitCode(); got != f.code || !strings.Contains(stderr.String(), f.says) {
			t.Errorf("%q: exit code %d, want %d with %q\n%s", args, got, f.code, f.says, &stderr)
		}
		if stdout.Len() > 0 || strings.Contains(stderr.String(), "CANARY") || strings.Contains(stderr.String(), "hunter22") {
			t.Errorf("%q: stdout %q, stderr %q", args, &stdout, &stderr)
		}
		if _, err := os.Lstat(filepath.Join(c.Dir, "started")); err == nil {
			t.Errorf("%q: the program has run", args)
			w.remove(filepath.Join(dir, "started"))
		}
		if left, _ := filepath.Glob(filepath.Join(root, "pinseal-run-*")); len(left) > 0 {
			t.Errorf("%q: left %q", args, left)
		}
	}
}

func (w *world) remove(file string) {
	w.Helper()
	if err := os.Remove(file); err != nil {
		w.Fatal(err)
	}
}
