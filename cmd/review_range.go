package cmd

import (
	"context"
	"errors"
	"slices"
	"strings"

	"pinseal/repo"
	"pinseal/versions"
)

// splitRange reads A..B, A...B, or A, which means A..HEAD.
func splitRange(text string) (a, b string, err error) {
	try := []string{"pinseal review main..HEAD", "pinseal review main"}
	a, b, ranged := strings.Cut(text, "..")
	if !ranged {
		return text, "HEAD", nil
	}
	b = strings.TrimPrefix(b, ".")
	switch {
	case a == "" || b == "":
		return "", "", usage(try, "one side of the range is empty: a variable that was not set?")
	case strings.HasPrefix(b, "."), strings.Contains(b, ".."):
		return "", "", usage(try, "that is not a range of two revisions")
	}
	return a, b, nil
}

// rangeEnds are the commits of a review.
type rangeEnds struct {
	bases       []repo.Hash // the newest that both reach, at least one
	target, tip repo.Hash
}

// base is the commit that the branch is compared with.
func (e rangeEnds) base() repo.Hash {
	if len(e.bases) > 1 {
		return e.target
	}
	return e.bases[0]
}

// rangeEnds resolves a range and finds where the branch left its target.
func (c *cli) rangeEnds(ctx context.Context, r *repo.Repo, o reviewOptions) (e rangeEnds, err error) {
	for _, side := range []struct {
		rev string
		to  *repo.Hash
	}{{o.a, &e.target}, {o.b, &e.tip}} {
		if *side.to, err = r.Resolve(ctx, side.rev); err != nil {
			return e, revHint(r, o, side.rev, err)
		}
	}
	e.bases, err = r.MergeBases(ctx, e.target, e.tip)
	if errors.Is(err, repo.ErrNoMergeBase) || errors.Is(err, repo.ErrUnprovenMergeBase) {
		missing := &versions.NotFoundError{What: "common commit", In: "the histories of the two: they are not of one branch"}
		switch {
		case errors.Is(err, repo.ErrUnprovenMergeBase):
			missing.What, missing.In = "common commit that is certain to be the newest", "what this shallow clone has of the two histories"
		case r.Shallow():
			missing.In = "what this shallow clone has of the two histories"
		}
		return e, deepenHint(r, missing)
	}
	if err == nil && r.Shallow() {
		c.say("This clone is shallow: authors are those of the commits that are here")
	}
	return e, err
}

// revHint offers the way to a revision that is not here, or is not one alone.
func revHint(r *repo.Repo, o reviewOptions, rev string, err error) error {
	var many *repo.AmbiguousRevError
	if errors.As(err, &many) {
		var try []string
		for _, ref := range slices.Backward(many.Refs) { // what git would take is the last to offer
			a, b := o.a, o.b
			if rev == o.a {
				a = ref
			} else {
				b = ref
			}
			try = append(try, "pinseal review "+quoteShell(a+".."+b))
		}
		return hint(err, try...)
	}
	if !errors.As(err, new(*repo.UnknownRevError)) {
		return err
	}
	if r.Shallow() {
		return deepenHint(r, err)
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(rev, "refs/remotes/"), "origin/"), "~")
	if name == "" || name[0] == '-' || name == "HEAD" || quoteShell(name) != name || strings.ContainsAny(name, ":@^") {
		return hint(err, "git log --oneline --all")
	}
	return hint(err, "git fetch origin "+name, "git branch --all")
}

// deepenHint offers the rest of history where it is cut off.
func deepenHint(r *repo.Repo, err error) error {
	if !r.Shallow() {
		return err
	}
	return hint(err, "git fetch --unshallow", "fetch-depth: 0      in a workflow of GitHub")
}
