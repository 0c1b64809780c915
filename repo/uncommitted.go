package repo

import (
	"context"
	"errors"
	"strings"
)

// Uncommitted is a path that is not in index and work tree as HEAD has it.
type Uncommitted struct {
	Path     string // from the top; ends in "/" for a directory that is ignored
	Unmerged bool
}

// Uncommitted lists what is changed, staged, new, ignored or unmerged at or below
// the paths, slash paths from the top, in git's order. What is as HEAD has it, or is
// nowhere, is not listed. One process, which changes nothing, not even the index's
// notes of what is unchanged; none for a bare repository or no paths.
func (r *Repo) Uncommitted(ctx context.Context, paths []string) ([]Uncommitted, error) {
	if r.Bare() || len(paths) == 0 {
		return nil, nil
	}
	out, err := r.git(ctx, nil, append([]string{"--no-optional-locks", "status", "--porcelain=v1", "-z", "--no-renames",
		"--untracked-files=all", "--ignored=traditional", "--"}, literal(paths)...)...)
	if err != nil {
		return nil, err
	}
	var found []Uncommitted
	for item := range strings.SplitSeq(string(out), "\x00") {
		if item == "" {
			continue
		}
		if len(item) < 4 || item[2] != ' ' {
			return nil, errors.New("git status printed something odd")
		}
		state := item[:2]
		found = append(found, Uncommitted{Path: item[3:], Unmerged: strings.Contains(state, "U") || state == "AA" || state == "DD"})
	}
	return found, nil
}
