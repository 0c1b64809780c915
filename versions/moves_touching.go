package versions

import (
	"context"
	"slices"
	"strings"

	"pinseal/repo"
)

// Touch is a commit that made the app's directory another than one of its parents
// has it.
type Touch struct {
	Commit repo.Hash
	Author string
	Files  []string // paths below the directory; of a merge, those that no parent has so
	Cut    bool     // the clone is shallow: what was before is not here
}

// Touching lists the commits that touch the app's directory, whatever environment,
// and that tip reaches and none of known does, newest first where they are in one
// line. No branch is passed over because it came to nothing, and a merge counts
// where it differs from any parent: what it takes from which side is its own
// doing. Where the directory was renamed, what was before counts under its name.
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
				found = append(found, Touch{Commit: c.Commit, Author: c.Author, Cut: cut[c.Commit]})
			}
			found[i].touch(line.dir, c.Files)
			if cut[c.Commit] {
				continue
			}
			more, err := l.renamed(ctx, c, line.dir)
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
	return found, nil
}

func (t *Touch) touch(dir string, files []repo.FileChange) {
	for _, f := range files {
		if below, ok := strings.CutPrefix(f.Path, dir+"/"); ok && !slices.Contains(t.Files, below) {
			t.Files = append(t.Files, below)
		}
	}
}

// renamed lists the parents of a commit that have the app in another directory.
func (l *SecretLog) renamed(ctx context.Context, c repo.Change, dir string) (lines []logLine, err error) {
	note := slices.IndexFunc(c.Files, func(f repo.FileChange) bool { return f.Path == dir+"/"+NoteName && f.Old == "" })
	merge := len(c.Files) == 0 || len(c.Files[0].More) > 0
	if note < 0 && !merge {
		return nil, nil
	}
	commit, err := l.Repo.Commit(ctx, c.Commit)
	if err != nil {
		return nil, err
	}
	top := l.Repo.TreeFS(ctx, commit.Tree)
	for _, h := range commit.Parents {
		p, err := l.Repo.Commit(ctx, h)
		if err != nil {
			return nil, err
		}
		before := l.Repo.TreeFS(ctx, p.Tree)
		if isDir(before, dir) {
			continue
		}
		old, err := l.find(ctx, before, top)
		if err != nil {
			return nil, err
		}
		if old != "" {
			lines = append(lines, logLine{[]repo.Hash{h}, old, ""})
		}
	}
	return lines, nil
}
