package repo

import "context"

// changed lists paths of files in which two commits differ, from being "" for none, in
// no order, and not many more than max.
func (r *Repo) changed(ctx context.Context, from, to Hash, max int) ([]string, error) {
	var trees [2]Hash
	for i, commit := range []Hash{from, to} {
		if commit == "" {
			continue
		}
		c, err := r.Commit(ctx, commit)
		if err != nil {
			return nil, err
		}
		trees[i] = c.Tree
	}
	d := &treeDiff{ctx: ctx, repo: r, max: max}
	err := d.below("", trees[0], trees[1])
	return d.paths, err
}

// treeDiff collects the files in which two trees differ.
type treeDiff struct {
	ctx   context.Context
	repo  *Repo
	max   int
	paths []string
}

// below compares two trees at dir, "" or ending in "/"; a tree that is "" is empty.
func (d *treeDiff) below(dir string, from, to Hash) error {
	was, err := d.entries(from)
	if err != nil {
		return err
	}
	is, err := d.entries(to)
	if err != nil {
		return err
	}
	for name, e := range was {
		if is[name] != e {
			if err := d.entry(dir+name, e, is[name]); err != nil {
				return err
			}
		}
	}
	for name, e := range is {
		if _, there := was[name]; !there {
			if err := d.entry(dir+name, TreeEntry{}, e); err != nil {
				return err
			}
		}
	}
	return nil
}

// entry compares what two trees have at a path; what a tree lacks has no mode.
func (d *treeDiff) entry(path string, was, is TreeEntry) error {
	if len(d.paths) >= d.max {
		return nil
	}
	if was.Mode != 0 && !isTree(was) || is.Mode != 0 && !isTree(is) {
		d.paths = append(d.paths, path)
	}
	var from, to Hash
	if isTree(was) {
		from = was.Hash
	}
	if isTree(is) {
		to = is.Hash
	}
	if from == to {
		return nil
	}
	return d.below(path+"/", from, to)
}

func (d *treeDiff) entries(tree Hash) (map[string]TreeEntry, error) {
	if tree == "" {
		return nil, nil
	}
	list, err := d.repo.Tree(d.ctx, tree)
	entries := make(map[string]TreeEntry, len(list))
	for _, e := range list {
		entries[e.Name] = e
	}
	return entries, err
}
