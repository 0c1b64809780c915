package versions

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"pinseal/repo"
	"pinseal/seal"
)

// wrapOf is what the path of a wrap says.
func wrapOf(p string) (slot seal.Slot, generation int, member string) {
	parts := strings.Split(p, "/")
	slot, generation, _ = keyDir(parts[1])
	return slot, generation, strings.TrimSuffix(parts[2], wrapSuffix)
}

// listWraps lists wraps by path without reading them. What is not named like one is
// left out: reviewShape tells. A nil side has none.
func (a *appSide) listWraps(ctx context.Context, r *repo.Repo) (blobs, error) {
	if a == nil {
		return nil, nil
	}
	keys, err := a.tree.Entry(KeysDir)
	if isNotExist(err) || err == nil && keys.Mode != repo.ModeTree {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	dirs, err := r.Tree(ctx, keys.Hash)
	if err != nil {
		return nil, err
	}
	wraps := blobs{}
	for _, d := range dirs {
		if _, _, ok := keyDir(d.Name); !ok || d.Mode != repo.ModeTree {
			continue
		}
		files, err := r.Tree(ctx, d.Hash)
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			if isWrapName(f.Name) && len(wraps) < maxWraps {
				wraps[path.Join(KeysDir, d.Name, f.Name)] = blob{f.Hash, f.Mode}
			}
		}
	}
	return wraps, nil
}

// foreignWrap is what is wrong with a wrap that a note does not ask for, or "".
func foreignWrap(n *seal.Note, p string) string {
	slot, generation, name := wrapOf(p)
	member, in := n.Member(name)
	_, known := n.Entry(slot, generation)
	switch {
	case !known:
		return "is a wrap of a key that the app note does not know"
	case !in:
		return fmt.Sprintf("is a wrap for %q, who is no member", name)
	case !slices.Contains(member.Slots, slot):
		return fmt.Sprintf("is a wrap for %q, who has not been given %s", name, slot)
	}
	return ""
}

// reviewWraps looks at each wrap that the branch brings, replaces or removes. It is a
// problem, or a file that changes, unless what the note says of members and keys
// explains it.
func (a *AppReview) reviewWraps(ctx context.Context, r *repo.Repo) error {
	base, tip := a.sides.base, a.sides.tip
	was, err := base.listWraps(ctx, r)
	if err != nil {
		return err
	}
	is, err := tip.listWraps(ctx, r)
	if err != nil {
		return err
	}
	origins := []blobs{was}
	if a.sides.crossed() {
		origins = nil
		for _, o := range a.sides.origins {
			had, err := o.listWraps(ctx, r)
			if err != nil {
				return err
			}
			origins = append(origins, had)
		}
	}
	sets := reviewedSets{was, is, origins}
	for _, p := range unionKeys(was, is) {
		full := tip.source.where(p)
		if base != nil && base.note.ID == a.ID && was[p].hash != "" && foreignWrap(base.note, p) != "" && foreignWrap(a.New, p) != "" {
			a.told[full] = is[p].hash == "" // that one goes which had no place is good
			continue
		}
		if was[p] != is[p] {
			if sets.touched(p) {
				a.reviewWrap(p, full, was[p].hash, is[p].hash)
			}
		} else if why := foreignWrap(a.New, p); why != "" && (a.Old == nil || foreignWrap(a.Old, p) == "") {
			a.Problems = append(a.Problems, ReviewProblem{Kind: ProblemWrap, Path: full, Text: why})
		}
	}
	return nil
}

// reviewWrap tells of one wrap that differs.
func (a *AppReview) reviewWrap(p, full string, was, is repo.Hash) {
	slot, generation, name := wrapOf(p)
	problem := func(format string, args ...any) {
		a.Problems = append(a.Problems, ReviewProblem{Kind: ProblemWrap, Path: full, Text: fmt.Sprintf(format, args...)})
	}
	why := foreignWrap(a.New, p)
	other := a.Old == nil || slices.ContainsFunc(a.Members, func(m MemberChange) bool {
		return m.Name == name && (m.NewRecipient || slices.Contains(m.Given, slot))
	})
	newKey := false // the key is of the branch
	if a.Old != nil {
		_, known := a.Old.Entry(slot, generation)
		newKey = !known
	}
	switch {
	case is == "" && why != "", is != "" && why == "" && (other || newKey):
		a.told[full] = true
	case is == "":
		problem("is gone, and %q still holds %s: whoever has the key of it runs pinseal member sync", name, slot)
	case why != "":
		problem("%s", why)
	case was != "":
		problem("is another, and %q stands for the same key: nobody else can tell what is in it", name)
	default:
		a.Files = append(a.Files, ReviewedFile{Path: full, Action: Added, Environment: slot.Environment(),
			Text: fmt.Sprintf("lets %q, who holds %s, open key %d of it", name, slot, generation)})
	}
}
