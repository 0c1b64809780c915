package cmd

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// A pipe that nobody reads does not outlast a signal.
func TestWriteOutputEnds(t *testing.T) {
	file := filepath.Join(t.TempDir(), "fifo")
	if out, err := exec.Command("mkfifo", file).CombinedOutput(); err != nil {
		t.Skipf("no mkfifo: %v %s", err, out)
	}
	done := make(chan struct{})
	close(done)
	c := &cli{Env: &Env{Dir: filepath.Dir(file)}, done: done}
	if err := c.writeOutput("fifo", []byte("x"), 0o600); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// Values are never written among what is git's or ours.
func TestOutputAmongOurs(t *testing.T) {
	s := newShop(t)
	s.run(0, canary, "set", "A")
	s.commit()
	tree, bare := filepath.Join(s.dir, "..", "tree"), filepath.Join(s.dir, "..", "bare")
	s.git("worktree", "add", "-q", tree)
	s.git("init", "-q", "--bare", bare)
	s.check(os.MkdirAll(filepath.Join(s.dir, "sub", ".pinseal"), 0o755))
	loose := filepath.Join(s.dir, "..", "loose", storeDir) // its git directory is elsewhere
	s.check(errors.Join(os.MkdirAll(loose, 0o755), os.WriteFile(filepath.Join(loose, "default"), []byte("shop\n"), 0o644)))
	link := filepath.Join(s.dir, "..", "link")
	for _, place := range []string{".pinseal", ".pinseal/x", ".pinseal/shop/dev/x", "../r/.pinseal/shop/x", ".git", ".git/x", ".git/hooks/pre-push", filepath.Join(s.dir, ".git", "x"),
		"../tree/.git", "../tree/.pinseal/x", "../loose/.pinseal/x", "../bare/x", "../bare/refs/x", "../link/x"} {
		if place == "../link/x" && os.Symlink(filepath.Join(s.dir, ".git"), link) != nil {
			continue
		}
		for _, args := range [][]string{{"export", "-o", place}, {"export", "--dir", place}, {"export", "--dir", place, "--replace"}, {"inject", "-o", place}} {
			_, talk := s.run(exitUsage, `{{ secret "A" }}`, args...)
			if !strings.Contains(talk, "of a repository: output") && !strings.Contains(talk, "in a git directory") {
				t.Errorf("%v: %s", args, talk)
			}
		}
	}
	if names, err := filepath.Glob(filepath.Join(s.dir, ".git", "[x.]*")); err != nil || len(names) > 0 {
		t.Errorf("%q, %v", names, err)
	}
	for _, place := range []string{"x", ".gitx", "sub/.pinseal/x", "../x"} {
		s.run(exitOK, "", "export", "-q", "-o", place)
	}
}

// A directory that was there, and that others can list, is said, and stays as it is.
func TestExportOpenDir(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes do not say who may do what")
	}
	s := newShop(t)
	s.run(0, canary, "set", "A")
	dir := filepath.Join(s.dir, "..", "d")
	for _, test := range []struct {
		dir  os.FileMode
		mode string
		want string
	}{
		{0o700, "0400", ""}, {0o755, "0444", ""}, {0o750, "0440", ""}, {0o711, "0400", `list the files in "../d"`},
		{0o755, "0400", `others can list the files in "../d"` + "\n  try:  chmod 700 ../d\n"},
		{0o755, "0440", "chmod 750 ../d"}, {0o777, "0444", "others can list and replace the files"}, {0o777 | os.ModeSticky, "0400", "others can list the files"},
	} {
		s.check(os.Mkdir(dir, 0o700))
		s.check(os.Chmod(dir, test.dir))
		_, talk := s.run(0, "", "export", "--dir", "../d", "--mode", test.mode, "-q")
		if (test.want == "") != (talk == "") || !strings.Contains(talk, test.want) {
			t.Errorf("%v, files of %s: %q, want %q", test.dir, test.mode, talk, test.want)
		}
		if info, err := os.Stat(dir); err != nil || info.Mode()&^os.ModeDir != test.dir {
			t.Errorf("%v becomes %v, %v", test.dir, info.Mode(), err)
		}
		s.check(os.RemoveAll(dir))
	}
}

// What is no mode is told with those that are, and not shown.
func TestModeFlag(t *testing.T) {
	s := newShop(t)
	for _, mode := range []string{"9", "s3cr3t", "-1", "0600", "0040", "1400", "0o400", "37777777777"} {
		_, talk := s.run(exitUsage, "", "export", "--dir", "../d", "--mode", mode)
		s.has(talk, "--mode of --dir wants files that you can read and nobody can write", "try:  --mode 0400")
		if mode == "0600" {
			continue
		}
		_, inject := s.run(exitUsage, "", "inject", "-o", "../d", "--mode", mode)
		s.has(inject, "--mode wants a file that you can read", "try:  --mode 0600")
		if strings.Contains(talk+inject, "s3cr3t") {
			t.Error(talk, inject)
		}
	}
}

// The lines after try: have the flags that were given.
func TestExportHintsPaste(t *testing.T) {
	s := newShop(t)
	s.run(0, "x", "set", "A")
	file := filepath.Join(s.dir, "..", "value")
	s.check(os.WriteFile(file, []byte("x\x00"), 0o600))
	s.run(0, "", "set", "NULL", "--file", file)
	s.commit()
	s.run(0, "", "export", "-q", "--dir", "../a d")
	for _, test := range []struct{ args, want []string }{
		{[]string{"export", "-e", "dev", "--at", "HEAD", "-q", "--only", "A", "--dir", "../a d", "--app", "shop"},
			[]string{"try:  pinseal --app shop export --env dev --at HEAD --quiet --only A --dir '../a d' --replace\n"}},
		{[]string{"export", "-e", "dev", "--format", "shell", "-o", "../f"},
			[]string{"pinseal get --env dev NAME > FILE", "pinseal export --env dev --format shell --output ../f --only A,B ", "pinseal export --env dev --dir DIR"}},
	} {
		code := exitUsage
		if test.args[3] != "--at" {
			code = exitFailed
		}
		_, talk := s.run(code, "", test.args...)
		s.has(talk, test.want...)
	}
}
