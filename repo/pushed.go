package repo

import (
	"context"
	"iter"
)

// PushedChanges is [Repo.EveryChange] of what a push to this repository brings:
// what tips, which may be tags, reach and no branch or tag here does yet. What
// other refs reach counts as new: nobody may have looked at it.
func (r *Repo) PushedChanges(ctx context.Context, tips []Hash, dir string) iter.Seq2[Change, error] {
	return func(yield func(Change, error) bool) {
		if len(tips) == 0 {
			return // git would take HEAD
		}
		revs := []string{"--full-history"}
		for _, h := range tips {
			if err := r.wants(h); err != nil {
				yield(Change{}, err)
				return
			}
			revs = append(revs, string(h))
		}
		r.log(ctx, dir, append(revs, "--not", "--branches", "--tags")...)(yield)
	}
}
