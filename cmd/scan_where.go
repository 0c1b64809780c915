package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"pinseal/repo"
	"pinseal/versions"
)

// scanWhere is what a scan looks into.
type scanWhere struct {
	items   iter.Seq2[versions.ScanItem, error]
	commits bool // they are of commits: old values count, too
	total   int  // commits, 0 when it is not known
	outside bool // they are not files of the repository

	gitleaks []string // the same for gitleaks, as its arguments; nil when it cannot
}

// allCommits are the revisions of --all; stashes are in the reflog.
var allCommits = []string{"--all", "--reflog"}

// scanWhere takes the command line apart.
func (c *cli) scanWhere(ctx context.Context, r *repo.Repo, o scanOptions) (scanWhere, error) {
	switch {
	case o.staged:
		staged, err := r.Staged(ctx)
		return scanStaged(staged), err
	case o.history:
		return c.scanCommits(ctx, r, []string{"HEAD"})
	case o.all:
		where, err := c.scanCommits(ctx, r, allCommits)
		if err == nil && !r.Bare() {
			tree := c.scanTree(ctx, r)
			commits := where.items
			where.items = func(yield func(versions.ScanItem, error) bool) {
				for _, items := range []iter.Seq2[versions.ScanItem, error]{tree, commits} {
					for item, err := range items {
						if !yield(item, err) {
							return
						}
					}
				}
			}
		}
		return where, err
	case len(o.targets) == 1 && o.targets[0] == "-":
		stdin := versions.ScanItem{Path: "stdin", Open: func() (io.ReadCloser, error) { return io.NopCloser(doneReader{c.done, c.Stdin}), nil }}
		return scanWhere{outside: true, items: oneItem(stdin)}, nil
	case len(o.targets) > 0:
		return c.scanTargets(ctx, r, o.targets)
	case r.Bare():
		return scanWhere{}, usage([]string{"pinseal scan --all", "pinseal scan --history"}, "a bare repository has no work tree to look into")
	}
	return scanWhere{items: c.scanTree(ctx, r), gitleaks: []string{"dir", "."}}, nil
}

// scanTargets are a range, or paths.
func (c *cli) scanTargets(ctx context.Context, r *repo.Repo, targets []string) (scanWhere, error) {
	if len(targets) == 1 && strings.Contains(targets[0], "..") {
		if _, err := os.Lstat(c.path(targets[0])); errors.Is(err, fs.ErrNotExist) {
			return c.scanCommits(ctx, r, targets)
		}
	}
	where := scanWhere{gitleaks: []string{"dir", c.path(targets[0])}}
	var roots []string
	for _, target := range targets {
		if _, err := os.Lstat(c.path(target)); err != nil {
			return scanWhere{}, hint(&versions.NotFoundError{What: "file or directory that was asked for"}, "pinseal scan A..B      for commits")
		}
		root, inside := c.pathIn(r, target)
		where.outside = where.outside || !inside
		roots = append(roots, root)
	}
	if len(targets) > 1 {
		where.gitleaks = nil
	}
	where.items = func(yield func(versions.ScanItem, error) bool) {
		for _, root := range roots {
			if !walkItems(r.Top(), root, yield) {
				return
			}
		}
	}
	return where, nil
}

// pathIn is a path as the file system has it, and whether the repository has it.
func (c *cli) pathIn(r *repo.Repo, target string) (root string, inside bool) {
	root = c.path(target)
	dir := filepath.Join(resolved(filepath.Dir(root)), filepath.Base(root))
	if r.Top() == "" {
		return dir, false
	}
	rel, err := filepath.Rel(resolved(r.Top()), dir)
	if err != nil || !filepath.IsLocal(rel) {
		return dir, false
	}
	return filepath.Join(r.Top(), rel), true
}

// scanCommits are the commits that words name to git rev-list.
func (c *cli) scanCommits(ctx context.Context, r *repo.Repo, revs []string) (scanWhere, error) {
	total, err := r.Count(ctx, revs)
	if err != nil {
		return scanWhere{}, err
	}
	return scanWhere{items: versions.ChangedFiles(r.Range(ctx, revs)), commits: true, total: total,
		gitleaks: []string{"git", "--log-opts=" + strings.Join(revs, " ")}}, nil
}

// scanStaged is what the next commit changes.
func scanStaged(staged []repo.FileChange) scanWhere {
	return scanWhere{gitleaks: []string{"git", "--pre-commit", "--staged"}, items: func(yield func(versions.ScanItem, error) bool) {
		for _, f := range staged {
			if f.New != "" && !yield(versions.ScanItem{Path: f.Path, Blob: f.New}, nil) {
				return
			}
		}
	}}
}

// scanTree is what git tracks in the work tree, or would.
func (c *cli) scanTree(ctx context.Context, r *repo.Repo) iter.Seq2[versions.ScanItem, error] {
	return func(yield func(versions.ScanItem, error) bool) {
		paths, err := r.Files(ctx, "")
		if err != nil {
			yield(versions.ScanItem{}, err)
			return
		}
		for _, p := range paths {
			file := filepath.Join(r.Top(), filepath.FromSlash(p))
			if info, err := os.Lstat(file); err != nil || info.IsDir() {
				continue // deleted, or a repository of its own
			}
			if !yield(fileItem(p, file), nil) {
				return
			}
		}
	}
}

// walkItems yields the files below root, a path of the file system. Those of the
// repository have their path from its top.
func walkItems(top, root string, yield func(versions.ScanItem, error) bool) bool {
	more := true
	err := filepath.WalkDir(root, func(file string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && e.Name() == ".git" && file != root:
			return filepath.SkipDir
		case e.IsDir() || !e.Type().IsRegular() && e.Type()&fs.ModeSymlink == 0:
			return nil
		}
		name := filepath.ToSlash(file)
		if rel, err := filepath.Rel(top, file); top != "" && err == nil && filepath.IsLocal(rel) {
			name = filepath.ToSlash(rel)
		}
		if !yield(fileItem(name, file), nil) {
			more = false
			return filepath.SkipAll
		}
		return nil
	})
	if err != nil {
		return yield(versions.ScanItem{}, fmt.Errorf("what was asked for cannot be walked: %s", reasonOf(err))) && more
	}
	return more
}

// fileItem is a file of the file system. Of a link what it says is looked into, as
// git keeps it.
func fileItem(name, file string) versions.ScanItem {
	return versions.ScanItem{Path: name, Open: func() (io.ReadCloser, error) {
		info, err := os.Lstat(file)
		if err != nil {
			return nil, errors.New(reasonOf(err))
		}
		switch {
		case info.Mode()&fs.ModeSymlink != 0:
			target, err := os.Readlink(file)
			return io.NopCloser(strings.NewReader(target)), err
		case !info.Mode().IsRegular():
			return nil, errors.New("is no plain file")
		}
		f, err := os.Open(file)
		if err != nil {
			return nil, errors.New(reasonOf(err))
		}
		return f, nil
	}}
}

func oneItem(item versions.ScanItem) iter.Seq2[versions.ScanItem, error] {
	return func(yield func(versions.ScanItem, error) bool) { yield(item, nil) }
}

// doneReader gives up when done is closed, also in the middle of a read.
type doneReader struct {
	done <-chan struct{}
	in   io.Reader
}

func (d doneReader) Read(p []byte) (int, error) {
	data, err := orDone(d.done, func() ([]byte, error) {
		own := make([]byte, min(len(p), 64<<10)) // a read that was given up must not write into p
		n, err := d.in.Read(own)
		return own[:n], err
	})
	return copy(p, data), err
}
