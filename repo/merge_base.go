package repo

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// ErrNoMergeBase says that two commits have no common ancestor that is here: in a
// shallow clone it may lie where history is cut off.
var ErrNoMergeBase = errors.New("no common commit")

// MergeBase returns the best common ancestor of two commits, and how many git knew
// to be as good: after criss-cross merges there are several, and it is the first,
// as for `git diff A...B`. One process; none when a and b are one commit.
func (r *Repo) MergeBase(ctx context.Context, a, b Hash) (base Hash, of int, err error) {
	for _, h := range []Hash{a, b} {
		if err := r.wants(h); err != nil {
			return "", 0, err
		}
	}
	if a == b {
		return a, 1, nil
	}
	out, err := r.git(ctx, nil, "merge-base", "--all", string(a), string(b))
	if gitCode(err) == 1 {
		return "", 0, ErrNoMergeBase
	}
	if err != nil {
		return "", 0, err
	}
	bases := strings.Fields(string(out))
	if len(bases) == 0 {
		return "", 0, ErrNoMergeBase
	}
	base, err = ParseHash(bases[0])
	if err == nil {
		err = r.wants(base)
	}
	if err != nil {
		return "", 0, fmt.Errorf("git merge-base: %w", err)
	}
	return base, len(bases), nil
}
