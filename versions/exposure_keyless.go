package versions

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"slices"

	"pinseal/repo"
)

// Without a key two sealed values cannot be compared. What can be told is how a
// value came in: only set, generate, edit and import put a new one in the place of
// another of the same generation. A rekey raises the generation, a rename takes
// one name away and brings another. What may have come in so is linked to what it
// may be, and sealing keeps the size.

// transition is what one commit did to the values of one secret.
type transition struct {
	new  []*pastValue
	olds [][]*pastValue // one per parent
}

// linkCommits links the values of an environment by how its commits brought them
// in. Where a shallow clone ends everything looks new, so nothing is explained by
// being new.
func (p *past) linkCommits(h *History) {
	for _, c := range h.commits {
		var all []transition
		for _, f := range c.files {
			if f.environment != p.environment || !h.apps[f.app] {
				continue
			}
			t := transition{new: p.valuesOf(f.name, f.new)}
			for _, blob := range f.olds {
				t.olds = append(t.olds, p.valuesOf(f.name, blob))
			}
			all = append(all, t)
		}
		link(all, h.repo.Shallow())
	}
}

// linkWorkTree links values that no commit has, by name, as a commit on top of
// HEAD would.
func (p *past) linkWorkTree(ctx context.Context, h *History, current map[string][]*pastValue) error {
	head, _, err := h.repo.Head(ctx)
	if errors.Is(err, repo.ErrNoCommits) {
		link(transitions(current, nil), false)
		return nil
	}
	if err != nil {
		return err
	}
	before := map[string][]*pastValue{}
	tree, err := h.repo.FS(ctx, head, h.dir)
	if err == nil {
		var names []string
		names, err = tree.Names(p.environment)
		for _, file := range names {
			_, name, ok := secretPath(p.environment + "/" + file)
			if entry, err := tree.Entry(p.environment + "/" + file); ok && err == nil {
				before[name] = p.valuesOf(name, entry.Hash)
			}
		}
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	link(transitions(current, before), false)
	return nil
}

func transitions(now, before map[string][]*pastValue) []transition {
	var all []transition
	for _, name := range unionKeys(now, before) {
		all = append(all, transition{now[name], [][]*pastValue{before[name]}})
	}
	return all
}

// link links the values that one commit brought in. Cut says that history may end
// above it.
func link(commit []transition, cut bool) {
	gone := map[int]*pastValue{} // by size: stands for all values of it that this commit took away
	for _, t := range commit {
		if len(t.new) > 0 {
			continue
		}
		for _, v := range slices.Concat(t.olds...) {
			if gone[v.size] == nil {
				gone[v.size] = &pastValue{size: v.size}
			}
			v.to = append(v.to, gone[v.size])
			gone[v.size].from = append(gone[v.size].from, v)
		}
	}
	for _, t := range commit {
		olds := slices.Concat(t.olds...)
		for _, v := range t.new {
			if slices.Contains(olds, v) {
				continue
			}
			if g := gone[v.size]; g != nil {
				g.to = append(g.to, v)
				v.from = append(v.from, g)
			}
			v.replace(olds, len(t.olds) > 1, cut)
		}
	}
}

// replace links a value to those in whose place it came. In a merge it is unlike
// all of them: resolving seals a value anew to the generation that it has when two
// branches had made that apart, and a version of a named key under a number that none had.
func (v *pastValue) replace(olds []*pastValue, merge, cut bool) {
	found := slices.ContainsFunc(olds, func(old *pastValue) bool { return old.version == v.version })
	for _, old := range olds {
		if old.version != v.version && (found || !merge) {
			continue
		}
		// One of a higher generation does not say where this came from: it was put
		// back, or made on a branch that is not here.
		v.explained = v.explained || old.generation <= v.generation
		if old.size == v.size && (old.generation < v.generation || merge && old.generation == v.generation) {
			old.to = append(old.to, v)
			v.from = append(v.from, old)
		}
	}
	if !found {
		v.added = true
		v.explained = v.explained || !cut
	}
}

// Reasons for listing a value that nobody here can open.
const (
	onlyResealed = "it may only have been sealed anew"
	maybeRenamed = "it may be another secret's value, renamed"
	maybeBack    = "it was removed and came back"
	unexplained  = "the history here does not show where it came from"
)

// mayBeSame finds the values out of reach that may be the same as one in reach,
// as far as can be told without a key, each with the reason. more are values that
// history does not have.
func (h *History) mayBeSame(in reach, more []*pastValue) map[*pastValue]string {
	type place struct {
		of      *past
		name    string
		version uint32
		size    int
	}
	at := func(v *pastValue) place { return place{v.of, v.name, v.version, v.size} }
	had := map[place]bool{}
	var next, others []*pastValue
	for _, env := range slices.Sorted(maps.Keys(in)) {
		for _, v := range h.past[env].values {
			if !in.has(v) {
				others = append(others, v)
				continue
			}
			next = append(next, v)
			had[at(v)] = true
		}
	}
	why := map[*pastValue]string{}
	for _, v := range slices.Concat(others, more) {
		switch {
		case in.has(v) || in[v.of.environment] == 0:
		case !v.explained:
			why[v] = unexplained
		case v.added && had[at(v)]:
			why[v] = maybeBack
		}
		if why[v] != "" {
			next = append(next, v)
		}
	}
	for len(next) > 0 {
		from := next[len(next)-1]
		next = next[:len(next)-1]
		for _, v := range from.to {
			if why[v] != "" || in.has(v) {
				continue
			}
			why[v] = onlyResealed
			if from.of == nil {
				why[v] = maybeRenamed
			}
			next = append(next, v)
		}
	}
	return why
}
