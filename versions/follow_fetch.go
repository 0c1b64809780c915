package versions

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"pinseal/repo"
)

// Limits of a follower's repository, in bytes of its files.
const (
	maxFetched = 4 * MaxBundle // a fetch that makes it larger is ended
	maxKept    = MaxBundle     // a larger one is not fetched into again
)

// Limits of a ledger commit's trees, in bytes: the top holds five entries, and below it
// stand 10,000 secrets or keys with names of at most 64 bytes.
const (
	maxTopTree = 4 << 10
	maxSubtree = 2 << 20
)

// sizeEvery is how often the repository is measured while git fetches.
const sizeEvery = 200 * time.Millisecond

// fetch brings the ledger's ref down to a depth, and returns what it holds.
func (f *Follower) fetch(ctx context.Context, depth int) (repo.Hash, error) {
	ref := LedgerRef(f.o.App, f.o.Environment)
	err := f.fetchInto(ctx, ref, depth)
	if saidByGit(err, "mismatched algorithms") || saidByGit(err, "support this repository's object format") { // as the protocol's version is
		if err := f.Close(); err != nil {
			return "", err
		}
		f.format = map[string]string{"sha1": "sha256", "sha256": "sha1"}[f.format]
		err = f.fetchInto(ctx, ref, depth)
	}
	if saidByGit(err, "couldn't find remote ref") {
		if f.seen.Number > 0 {
			return "", &BehindError{Environment: f.o.Environment, Known: f.seen.Number}
		}
		return "", &NotFoundError{What: "pin", In: "the ledger of " + f.o.Environment + " of app " + f.o.App.String() + " on the remote"}
	}
	if err != nil {
		return "", err
	}
	tip, err := f.repo.Ref(ctx, ref)
	if err == nil && tip == "" {
		err = errors.New("git fetched nothing")
	}
	return tip, err
}

func saidByGit(err error, text string) bool {
	failed, ok := errors.AsType[*repo.GitError](err)
	return ok && strings.Contains(failed.Stderr, text)
}

func (f *Follower) fetchInto(ctx context.Context, ref string, depth int) error {
	if f.repo == nil {
		// Another name each time: that of one which somebody took away could be
		// anybody's by now.
		dir, err := os.MkdirTemp(f.dir, "pinseal-follow-*")
		if err != nil {
			return fmt.Errorf("no directory to fetch into: %w", err)
		}
		r, err := repo.Init(ctx, dir, f.format, f.o.Git)
		if err != nil {
			return errors.Join(err, os.RemoveAll(dir))
		}
		f.repo = r
	}
	ctx, stop := f.bounded(ctx)
	defer stop()
	return f.repo.Fetch(ctx, f.o.URL, depth, "+"+ref+":"+ref)
}

// bounded ends a context when the repository grows above what any ledger's newest pin
// can need: git itself takes whatever it is sent.
func (f *Follower) bounded(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	over := make(chan struct{})
	go func() {
		defer close(over)
		tick := time.NewTicker(sizeEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				if sizeOf(f.repo.Top()) > f.most {
					cancel(&AuthError{What: "ledger of " + f.o.Environment, Reason: fmt.Sprintf("the remote sends more than %d bytes", f.most)})
				}
			}
		}
	}()
	return ctx, func() { cancel(nil); <-over }
}

// sizeOf is the size of the files below dir. What goes away meanwhile counts nothing.
func sizeOf(dir string) (size int64) {
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		if info, err := d.Info(); err == nil && info.Mode().IsRegular() {
			size += info.Size()
		}
		return nil
	})
	return size
}

// checkTrees refuses directories that no pin can have: a listing takes many times the
// memory of its tree, and is made before anything in it is verified.
func (f *Follower) checkTrees(ctx context.Context, commit repo.Hash) error {
	c, err := f.repo.Commit(ctx, commit)
	if err != nil {
		return ledgerError(f.o.Environment, "its tip cannot be read", err)
	}
	if _, _, err := f.repo.Object(ctx, c.Tree, maxTopTree); err != nil {
		return ledgerError(f.o.Environment, "its tree cannot be read", err)
	}
	top, err := f.repo.Tree(ctx, c.Tree)
	if err != nil {
		return ledgerError(f.o.Environment, "its tree cannot be read", err)
	}
	for _, e := range top {
		if e.Mode != repo.ModeTree {
			continue
		}
		if _, _, err := f.repo.Object(ctx, e.Hash, maxSubtree); err != nil {
			return ledgerError(f.o.Environment, fmt.Sprintf("directory %q cannot be read", e.Name), err)
		}
	}
	return nil
}
