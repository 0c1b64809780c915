package versions

import (
	"context"
	"slices"
	"strings"
	"time"

	"pinseal/repo"
)

// Touch is a commit that made the app's directory another than one of its parents
// has it.
type Touch struct {
	Commit repo.Hash
	When   time.Time
	Author string
	Files  []string // paths below the directory; of a merge, those that no parent has so
	Cut    bool     // the clone is shallow: what was before is not here
}

// Touching lists the commits that touch the app's directory, whatever environment,
// and that tip reaches and none of known does, newest first as far as dates tell. No
// branch is passed over because it came to nothing, and a merge counts where it
// differs from any parent: what it takes from which side is its own doing. Where the
// directory was renamed, what was before counts under its name.
func (l *SecretLog) Touching(ctx context.Context, known []repo.Hash, tip repo.Hash) ([]Touch, error) {
	cut, err := l.Repo.Cut()
	if err != nil {
		return nil, err
	}
	dir, err := l.dirAt(ctx, tip)
	if err != nil {
		return nil, err
	}
	var found []Touch
	seen := map[repo.Hash]int{} // index in found
	lines := []logLine{{[]repo.Hash{tip}, dir, ""}}
	walked := map[seenEntry]bool{}
	for len(lines) > 0 {
		line := lines[0]
		lines = lines[1:]
		for c, err := range l.Repo.ChangesBetween(ctx, known, line.tips, line.dir) {
			if err != nil {
				return nil, err
			}
			i, twice := seen[c.Commit]
			if !twice {
				i = len(found)
				seen[c.Commit] = i
				found = append(found, Touch{Commit: c.Commit, When: c.When, Author: c.Author, Cut: cut[c.Commit]})
			}
			found[i].touch(line.dir, c.Files)
			if cut[c.Commit] {
				continue
			}
			more, err := l.renamed(ctx, c.Commit, line.dir)
			if err != nil {
				return nil, err
			}
			for _, next := range more {
				if at := (seenEntry{next.tips[0], next.dir, ""}); !walked[at] {
					walked[at] = true
					lines = append(lines, next)
				}
			}
		}
	}
	if len(walked) > 0 {
		slices.SortStableFunc(found, func(a, b Touch) int { return b.When.Compare(a.When) })
	}
	return found, nil
}

func (t *Touch) touch(dir string, files []repo.FileChange) {
	for _, f := range files {
		if below, ok := strings.CutPrefix(f.Path, dir+"/"); ok && !slices.Contains(t.Files, below) {
			t.Files = append(t.Files, below)
		}
	}
}

// renamed lists the parents of a commit that have the app in another directory which
// may be what stands in dir now: where the app is not in dir, that is each; where it
// is too, those that are gone. Two that are the app's are nobody's honest work, and
// what was done in either counts.
func (l *SecretLog) renamed(ctx context.Context, commit repo.Hash, dir string) (lines []logLine, err error) {
	c, err := l.Repo.Commit(ctx, commit)
	if err != nil {
		return nil, err
	}
	top := l.Repo.TreeFS(ctx, c.Tree)
	for _, h := range c.Parents {
		p, err := l.Repo.Commit(ctx, h)
		if err != nil {
			return nil, err
		}
		before := l.Repo.TreeFS(ctx, p.Tree)
		if alone, err := l.alone(before, dir); err != nil {
			return nil, err
		} else if alone {
			continue // which is nearly always so
		}
		homes, err := l.homes(ctx, before)
		if err != nil {
			return nil, err
		}
		stays, err := l.stays(ctx, before, top, dir)
		if err != nil {
			return nil, err
		}
		for _, old := range homes {
			still := false
			if stays {
				if still, err = l.owns(ctx, top, old); err != nil {
					return nil, err
				}
			}
			if old != dir && !still {
				lines = append(lines, logLine{[]repo.Hash{h}, old, ""})
			}
		}
	}
	return lines, nil
}
