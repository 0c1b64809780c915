package versions

import (
	"context"
	"slices"
)

// verdict is what there is to say of a value that is in use.
type verdict struct {
	known  bool     // it is one that could be opened
	as     []string // known: the other secrets, as ENV/NAME, whose value it is
	maybe  string   // not known, but it may be: why
	broken bool     // it does not open with its key, and so for nobody
}

func (v verdict) clean() bool { return !v.known && v.maybe == "" }

// judge tells of each value whether who had these keys could open it, or one that
// is equal. It compares plaintexts where the keys at hand open both sides, and
// otherwise goes by how the values came in.
func (h *History) judge(ctx context.Context, o *opener, in reach, used []*pastValue) (map[*pastValue]verdict, error) {
	verdicts := make(map[*pastValue]verdict, len(used))
	byName := map[string][]*pastValue{} // ENV/NAME, of those in reach
	for env := range in {
		for _, v := range h.past[env].values {
			if in.has(v) {
				byName[v.path()] = append(byName[v.path()], v)
			}
		}
	}
	var closed, open []*pastValue
	for _, v := range used {
		if in.has(v) {
			verdicts[v] = verdict{known: true}
			continue
		}
		ok, err := o.can(v)
		switch {
		case err != nil:
			return nil, err
		case ok:
			open = append(open, v)
		default:
			closed = append(closed, v)
		}
	}
	rest, unsure, err := o.judgeOwn(ctx, in, byName, open, verdicts)
	if err != nil {
		return nil, err
	}
	closed = append(closed, unsure...)
	if err := h.judgeOthers(ctx, o, byName, rest, verdicts); err != nil {
		return nil, err
	}
	if len(closed) > 0 {
		why := h.mayBeSame(in, used)
		for _, v := range closed {
			if !verdicts[v].known {
				verdicts[v] = verdict{maybe: why[v]}
			}
		}
	}
	return verdicts, nil
}

// judgeOwn compares values with those in reach of the same secret, and returns the
// rest: those that are none of them, and again those of them where not all could be
// opened.
func (o *opener) judgeOwn(ctx context.Context, in reach, byName map[string][]*pastValue, values []*pastValue, verdicts map[*pastValue]verdict) (rest, unsure []*pastValue, err error) {
	rest = values
	// What a value was sealed anew from is most likely it: of a long history that
	// is one to open, not all.
	for _, candidates := range []func(*pastValue) []*pastValue{
		func(v *pastValue) []*pastValue { return v.origins(in) },
		func(v *pastValue) []*pastValue { return sameSize(byName[v.path()], v.size) },
	} {
		todo := slices.Clone(rest)
		for _, v := range rest {
			todo = append(todo, candidates(v)...)
		}
		if err := o.open(ctx, todo); err != nil {
			return nil, nil, err
		}
		left := rest
		rest, unsure = nil, nil
		for _, v := range left {
			d := o.digests[v]
			same, all := o.among(d, candidates(v))
			if same || !d.opens {
				verdicts[v] = verdict{known: same, broken: !d.opens}
				continue
			}
			rest = append(rest, v)
			if !all {
				unsure = append(unsure, v)
			}
		}
	}
	return rest, unsure, nil
}

// origins are the values in reach that a value may have been sealed anew from,
// directly or by way of others of its name.
func (v *pastValue) origins(in reach) []*pastValue {
	var found []*pastValue
	seen := map[*pastValue]bool{v: true}
	for next := []*pastValue{v}; len(next) > 0; {
		from := next[0].from
		next = next[1:]
		for _, old := range from {
			switch {
			case seen[old], old.of == nil:
			case in.has(old):
				found = append(found, old)
			default:
				next = append(next, old)
			}
			seen[old] = true
		}
	}
	return found
}

// among reports whether a value is one of some, and whether all could be opened.
func (o *opener) among(d digest, values []*pastValue) (same, all bool) {
	all = true
	for _, v := range values {
		other, opened := o.digests[v]
		all = all && opened
		same = same || d.opens && other.opens && other.sum == d.sum
	}
	return same, all
}

// judgeOthers looks for values that are none of their own secret's under the names
// of others.
func (h *History) judgeOthers(ctx context.Context, o *opener, byName map[string][]*pastValue, rest []*pastValue, verdicts map[*pastValue]verdict) error {
	sizes := map[int]bool{}
	former := map[*pastValue]map[string]bool{} // of short ones
	for _, v := range rest {
		if !o.digests[v].long {
			former[v] = v.formerly()
		}
		if former[v] == nil || len(former[v]) > 0 {
			sizes[v.size] = true
		}
	}
	if len(sizes) == 0 {
		return nil
	}
	var others []*pastValue
	for _, values := range byName {
		for _, v := range values {
			if sizes[v.size] {
				others = append(others, v)
			}
		}
	}
	if err := o.open(ctx, others); err != nil {
		return err
	}
	as := map[[32]byte][]string{}
	for _, v := range others {
		if d := o.digests[v]; d.opens {
			as[d.sum] = append(as[d.sum], v.path())
		}
	}
	for _, v := range rest {
		var names []string
		for _, name := range as[o.digests[v].sum] {
			if former[v] == nil || former[v][name] {
				names = append(names, name)
			}
		}
		if len(names) > 0 {
			slices.Sort(names)
			verdicts[v] = verdict{known: true, as: slices.Compact(names)}
		}
	}
	return nil
}

// formerly finds the other secrets, as ENV/NAME, whose value a value may have been
// before it was renamed.
func (v *pastValue) formerly() map[string]bool {
	names := map[string]bool{}
	seen := map[*pastValue]bool{v: true}
	for next := []*pastValue{v}; len(next) > 0; {
		from := next[0].from
		next = next[1:]
		for _, old := range from {
			if seen[old] {
				continue
			}
			seen[old] = true
			next = append(next, old)
			if old.of != nil && old.name != v.name {
				names[old.path()] = true
			}
		}
	}
	return names
}

// path is the place of a value for people: ENV/NAME.
func (v *pastValue) path() string { return v.of.environment + "/" + v.name }

func sameSize(values []*pastValue, size int) []*pastValue {
	var same []*pastValue
	for _, v := range values {
		if v.size == size {
			same = append(same, v)
		}
	}
	return same
}
