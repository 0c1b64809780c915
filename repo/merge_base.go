package repo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

var (
	// ErrNoMergeBase says that two commits have no common ancestor that is here:
	// in a shallow clone it may lie where history is cut off.
	ErrNoMergeBase = errors.New("no common commit")
	// ErrUnprovenMergeBase says that history is cut off where a newer common
	// ancestor than those that are here may lie.
	ErrUnprovenMergeBase = errors.New("no common commit that is certain")
)

// MergeBases returns the best common ancestors of two commits, in git's order: there
// are several after criss-cross merges, and which one is first is up to dates that
// whoever commits may choose. One process, two in a shallow clone; none when a and b
// are one commit.
//
// In a shallow clone a commit that one side has, and the other reaches only beyond
// the cut, is common and not seen to be. Where history is cut off on a way that the
// two do not share, the error is ErrUnprovenMergeBase; not where one of the two is
// the ancestor of the other.
func (r *Repo) MergeBases(ctx context.Context, a, b Hash) ([]Hash, error) {
	if err := r.wantsAll([]Hash{a, b}); err != nil {
		return nil, err
	}
	if a == b {
		return []Hash{a}, nil
	}
	out, err := r.git(ctx, nil, "merge-base", "--all", string(a), string(b))
	if gitCode(err) == 1 {
		return nil, ErrNoMergeBase
	}
	if err != nil {
		return nil, err
	}
	bases, err := r.hashes(out)
	switch {
	case err != nil:
		return nil, fmt.Errorf("git merge-base: %w", err)
	case len(bases) == 0:
		return nil, ErrNoMergeBase
	case len(bases) == 1 && (bases[0] == a || bases[0] == b):
		return bases, nil
	}
	return bases, r.proveBases(ctx, a, b)
}

// proveBases looks for cut commits among those that only one of two commits reaches.
func (r *Repo) proveBases(ctx context.Context, a, b Hash) error {
	cut, err := r.Cut()
	if err != nil || len(cut) == 0 {
		return err
	}
	// git takes a commit at the cut for one without parents.
	out, err := r.git(ctx, nil, "rev-list", "--max-parents=0", string(a)+"..."+string(b))
	if err != nil {
		return err
	}
	roots, err := r.hashes(out)
	if err != nil {
		return fmt.Errorf("git rev-list: %w", err)
	}
	if slices.ContainsFunc(roots, func(h Hash) bool { return cut[h] }) {
		return ErrUnprovenMergeBase
	}
	return nil
}

// hashes reads ids that git has printed.
func (r *Repo) hashes(out []byte) ([]Hash, error) {
	var all []Hash
	for field := range strings.FieldsSeq(string(out)) {
		h, err := ParseHash(field)
		if err == nil {
			err = r.wants(h)
		}
		if err != nil {
			return nil, err
		}
		all = append(all, h)
	}
	return all, nil
}
