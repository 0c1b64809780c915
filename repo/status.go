package repo

import (
	"context"
	"errors"
	"io/fs"
	"strconv"
	"strings"
)

// Ignore is a rule that keeps `git add` from seeing a path.
type Ignore struct {
	Path    string // as asked
	Source  string // file that holds the rule
	Line    int    // in Source, from 1
	Pattern string
}

// Ignored asks which of the paths, slash paths from the top, are hidden by an
// ignore rule, whether they are tracked or not. Rules that un-hide are obeyed
// and not returned. One process; none for no paths or without a work tree.
func (r *Repo) Ignored(ctx context.Context, paths []string) ([]Ignore, error) {
	if r.Bare() || len(paths) == 0 {
		return nil, nil
	}
	for _, p := range paths {
		if !fs.ValidPath(p) || strings.IndexByte(p, 0) >= 0 {
			return nil, &fs.PathError{Op: "check-ignore", Path: p, Err: fs.ErrInvalid}
		}
	}
	in := strings.NewReader(strings.Join(paths, "\x00") + "\x00")
	out, err := r.git(ctx, in, "check-ignore", "-z", "-v", "--no-index", "--stdin")
	if gitCode(err) == 1 {
		return nil, nil // none
	}
	if err != nil {
		return nil, err
	}
	f := strings.Split(string(out), "\x00")
	var found []Ignore
	for ; len(f) >= 4; f = f[4:] {
		line, err := strconv.Atoi(f[1])
		if err != nil {
			return nil, errors.New("git check-ignore printed something odd")
		}
		if !strings.HasPrefix(f[2], "!") {
			found = append(found, Ignore{Path: f[3], Source: f[0], Line: line, Pattern: f[2]})
		}
	}
	return found, nil
}

// Unmerged lists the paths at or below dir, a slash path from the top ("" is
// all), that a merge left in conflict, each once, sorted. Bare repositories have
// none.
func (r *Repo) Unmerged(ctx context.Context, dir string) ([]string, error) {
	stages, err := r.Stages(ctx, dir)
	var paths []string
	for _, s := range stages {
		if len(paths) == 0 || paths[len(paths)-1] != s.Path {
			paths = append(paths, s.Path)
		}
	}
	return paths, err
}
