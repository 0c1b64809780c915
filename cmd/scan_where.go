package cmd

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"pinseal/repo"
	"pinseal/versions"
)

// scanWhere is what a scan looks into.
type scanWhere struct {
	items   iter.Seq2[versions.ScanItem, error]
	commits bool // they are of commits: old values count, too
	staged  bool // they are what the next commit changes
	tree    bool // they are the work tree
	total   int  // commits, 0 when it is not known
	outside bool // some are not the repository's

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
		if _, _, err := r.Head(ctx); err != nil {
			return scanWhere{}, err
		}
		return c.scanCommits(ctx, r, []string{"HEAD"})
	case o.all:
		where, err := c.scanCommits(ctx, r, allCommits)
		where.items = inTurn(c.scanTree(ctx, r), versions.RefObjects(ctx, r), where.items)
		return where, err
	case len(o.targets) > 0:
		return c.scanTargets(ctx, r, o.targets)
	case r.Bare():
		return scanWhere{}, usage([]string{"pinseal scan --all", "pinseal scan --history"}, "a bare repository has no work tree to look into")
	}
	return scanWhere{items: c.scanTree(ctx, r), tree: true, gitleaks: []string{"dir", "."}}, nil
}

// inTurn yields what one after the other has; nil has nothing.
func inTurn(all ...iter.Seq2[versions.ScanItem, error]) iter.Seq2[versions.ScanItem, error] {
	return func(yield func(versions.ScanItem, error) bool) {
		for _, items := range all {
			if items == nil {
				continue
			}
			for item, err := range items {
				if !yield(item, err) {
					return
				}
			}
		}
	}
}

func oneItem(item versions.ScanItem) iter.Seq2[versions.ScanItem, error] {
	return func(yield func(versions.ScanItem, error) bool) { yield(item, nil) }
}

// scanTargets are a range, or paths.
func (c *cli) scanTargets(ctx context.Context, r *repo.Repo, targets []string) (scanWhere, error) {
	if len(targets) == 1 && strings.Contains(targets[0], "..") {
		if _, err := os.Lstat(c.path(targets[0])); errors.Is(err, fs.ErrNotExist) {
			revs, err := scanEnds(ctx, r, targets[0])
			if err != nil {
				return scanWhere{}, err
			}
			return c.scanCommits(ctx, r, revs)
		}
	}
	var where scanWhere
	var all []iter.Seq2[versions.ScanItem, error]
	for _, target := range targets {
		if target == "-" {
			where.outside = true
			all = append(all, oneItem(versions.ScanItem{Path: "stdin", Outside: true, Open: func() (io.ReadCloser, error) {
				return io.NopCloser(doneReader{c.done, c.Stdin}), nil
			}}))
			continue
		}
		named, err := c.named(r, target)
		if err != nil {
			return scanWhere{}, err
		}
		where.outside = where.outside || named.outside
		all = append(all, named.items(c.done))
	}
	if len(targets) == 1 && targets[0] != "-" {
		where.gitleaks = []string{"dir", c.path(targets[0])}
	}
	where.items = inTurn(all...)
	return where, nil
}

// scanEnds takes A..B or A...B apart and resolves both, as git log does but for a
// name that may be two refs, which is refused.
func scanEnds(ctx context.Context, r *repo.Repo, text string) ([]string, error) {
	dots := ".."
	from, to, _ := strings.Cut(text, dots)
	if rest, three := strings.CutPrefix(to, "."); three {
		dots, to = "...", rest
	}
	ends := make([]repo.Hash, 2)
	for i, rev := range []string{from, to} {
		if rev == "" {
			rev = "HEAD"
		}
		var err error
		if ends[i], err = r.Resolve(ctx, rev); err != nil {
			return nil, err
		}
	}
	return []string{string(ends[0]) + dots + string(ends[1])}, nil
}

// scanCommits are the commits that words name to git rev-list.
func (c *cli) scanCommits(ctx context.Context, r *repo.Repo, revs []string) (scanWhere, error) {
	total, err := r.Count(ctx, revs)
	if err != nil {
		return scanWhere{}, err
	}
	return scanWhere{items: versions.CommitItems(ctx, r, revs), commits: true, total: total,
		gitleaks: []string{"git", "--log-opts=" + strings.Join(revs, " ")}}, nil
}

// scanStaged is what the next commit changes.
func scanStaged(staged []repo.FileChange) scanWhere {
	return scanWhere{staged: true, gitleaks: []string{"git", "--pre-commit", "--staged"}, items: func(yield func(versions.ScanItem, error) bool) {
		for _, f := range staged {
			if f.New != "" && !yield(versions.ScanItem{Path: f.Path, Blob: f.New}, nil) {
				return
			}
		}
	}}
}

// scanTree is what git tracks in the work tree, or would; of a bare repository
// nothing.
func (c *cli) scanTree(ctx context.Context, r *repo.Repo) iter.Seq2[versions.ScanItem, error] {
	return func(yield func(versions.ScanItem, error) bool) {
		paths, err := r.Files(ctx, "")
		closed := &repo.UnlistedError{}
		if err != nil && !errors.As(err, &closed) {
			yield(versions.ScanItem{}, err)
			return
		}
		for _, dir := range closed.Dirs {
			if !yield(unreadItem(dir, "the directory cannot be read"), nil) {
				return
			}
		}
		for _, p := range paths {
			file := filepath.Join(r.Top(), filepath.FromSlash(p))
			info, err := os.Lstat(file)
			gone := errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
			if gone || err == nil && info.IsDir() { // deleted, or a repository of its own
				continue
			}
			if !yield(fileItem(p, file), nil) {
				return
			}
		}
	}
}
