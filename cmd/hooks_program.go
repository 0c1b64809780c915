package cmd

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"unicode"

	"pinseal/repo"
	"pinseal/versions"
)

// program is the absolute path by which hooks are to call this program. It is
// refused where a commit could replace it, and where it will not stay.
func (c *cli) program(ctx context.Context, r *repo.Repo) (string, error) {
	real, err := os.Executable()
	if err != nil {
		return "", err
	}
	program := calledAs(os.Args[0], real, c.Dir)
	if isBuiltToRun(program) {
		return "", hint(fmt.Errorf("this program is at %q, where it was built for this run and will be gone: %w", program, versions.ErrConflict),
			"go install .      in its sources; then run what that installed")
	}
	if strings.ContainsFunc(program, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return "", fmt.Errorf("this program is at %q, a path with characters that do not print: no hook can name it", program)
	}
	tops, err := r.WorkTrees(ctx)
	if err != nil {
		return "", err
	}
	for _, top := range tops {
		if in, err := isInWorkTree(top, program); in || err != nil {
			return "", hint(fmt.Errorf("this program is at %q, which is in the work tree %q: any commit could replace what the hooks call: %w", program, top, versions.ErrConflict),
				"go install .      in its sources; then run what that installed")
		}
	}
	return filepath.ToSlash(program), nil
}

// calledAs is the path that the shell found a program by, which may be a link
// that a package manager keeps while what it points to comes and goes. real is
// the program itself, and the answer where arg0 does not lead to it.
func calledAs(arg0, real, dir string) string {
	called := arg0
	if filepath.Base(called) == called {
		found, err := exec.LookPath(called)
		if err != nil {
			return real
		}
		called = found
	}
	if !filepath.IsAbs(called) {
		called = filepath.Join(dir, called)
	}
	a, errA := os.Stat(called)
	b, errB := os.Stat(real)
	if errA != nil || errB != nil || !os.SameFile(a, b) {
		return real
	}
	return filepath.Clean(called)
}

// isBuiltToRun reports whether a path is where `go run` and `go test` build: in
// go-build123 of the temporary directory, or in the cache go-build.
func isBuiltToRun(file string) bool {
	for dir := filepath.Dir(file); dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if strings.HasPrefix(filepath.Base(dir), "go-build") {
			return true
		}
	}
	return false
}

// isInWorkTree reports whether a file, or what it is a link to, is below top. A
// work tree that is gone has nothing in it.
func isInWorkTree(top, file string) (bool, error) {
	if _, err := os.Stat(top); os.IsNotExist(err) {
		return false, nil
	}
	for _, file := range []string{file, filepath.Dir(file)} {
		if in, err := isBelow(top, file); in || err != nil {
			return in, err
		}
	}
	return false, nil
}

// programProblem says why a recorded path cannot be called, "" when it can.
func programProblem(program, top string) string {
	info, err := os.Stat(program)
	switch {
	case err != nil:
		return "the program it calls is gone: " + program
	case !info.Mode().IsRegular() || !isExecutable(info.Mode()):
		return "the program it calls cannot be run: " + program
	}
	if in, err := isInWorkTree(top, program); in || err != nil {
		return "the program it calls is in the work tree: " + program
	}
	return ""
}

// isThisProgram reports whether a recorded path is of this program.
func isThisProgram(program string) bool {
	real, err := os.Executable()
	if err != nil {
		return false
	}
	a, errA := os.Stat(program)
	b, errB := os.Stat(real)
	return errA == nil && errB == nil && os.SameFile(a, b)
}
