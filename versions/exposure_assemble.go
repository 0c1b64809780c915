package versions

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"pinseal/repo"
)

// assembly puts together what an exposure says, of one environment after the
// other.
type assembly struct {
	h     *History
	in    reach
	pasts []*past
	files map[*past]map[string]*SecretFile // current ones, by name
	now   map[string][]*pastValue          // their values, by ENV/NAME
	pin   map[string][]*pastValue          // those of the newest pins
	used  []*pastValue                     // all of these
	reads []string                         // environments that one of the recipients reads today
}

func newAssembly(h *History, in reach) *assembly {
	return &assembly{h: h, in: in, files: map[*past]map[string]*SecretFile{}, now: map[string][]*pastValue{}, pin: map[string][]*pastValue{}}
}

// read reads what an environment holds now and ever held.
func (a *assembly) read(ctx context.Context, env string, current *Source) error {
	p, err := a.h.read(ctx, env)
	if err != nil {
		return err
	}
	a.pasts = append(a.pasts, p)
	names, files, err := current.Files(env)
	if err != nil {
		return err
	}
	a.files[p] = make(map[string]*SecretFile, len(names))
	now := make(map[string][]*pastValue, len(names))
	for i, name := range names {
		now[name] = p.find(name, files[i])
		a.files[p][name], a.now[p.path(name)] = files[i], now[name]
		a.used = append(a.used, now[name]...)
	}
	if set := a.h.newestSet(p); set != nil {
		for _, f := range set.files {
			a.pin[p.path(f.name)] = f.values
			a.used = append(a.used, f.values...)
		}
	}
	return p.linkWorkTree(ctx, a.h, now)
}

// newestSet is the set of an environment's newest pin, nil when there is none, or
// the environment was given up.
func (h *History) newestSet(p *past) *pastSet {
	pins := h.pins[p.environment]
	if len(pins) == 0 || !slices.Contains(h.note.Environments(), p.environment) {
		return nil
	}
	return p.sets[pins[0].Set]
}

// path is a secret of the environment for people: ENV/NAME.
func (p *past) path(name string) string { return p.environment + "/" + name }

// assemble lists the secrets of an environment about which there is something to
// say, by name.
func (a *assembly) assemble(p *past, verdicts map[*pastValue]verdict) []ExposedSecret {
	known := map[string]int{} // how many values, by name
	for _, v := range p.values {
		if a.in.has(v) {
			known[v.name]++
		}
	}
	all := maps.Clone(known)
	for name := range a.files[p] {
		all[name] += 0
	}
	pins := a.pinsOf(p)
	var list []ExposedSecret
	for _, name := range slices.Sorted(maps.Keys(all)) {
		at := p.path(name)
		s := ExposedSecret{Environment: p.environment, Name: name, Versions: known[name], Pins: pins[name]}
		if f := a.files[p][name]; f != nil {
			s.Kind = f.Kind
		}
		now, pinned := worst(verdicts, newestOnly(a.now[at])), worst(verdicts, newestOnly(a.pin[at]))
		older := worst(verdicts, a.now[at])
		switch {
		case now.known:
			s.State, s.As = MustRotate, now.as
		case now.maybe != "":
			s.State, s.Reason = MayRotate, now.maybe
		case pinned.clean() && !older.clean():
			s.State, s.As, s.Reason = MustRewrap, older.as, older.maybe
		case !pinned.clean():
			s.State, s.As, s.Reason = StillPinned, pinned.as, pinned.maybe
		case slices.Contains(a.reads, p.environment) && slices.ContainsFunc(slices.Concat(a.now[at], a.pin[at]), a.in.has):
			s.State = StillReads
		case len(a.now[at]) == 0 && known[name] > 0:
			s.State = RemovedSince
		default:
			continue
		}
		if !pinned.clean() {
			s.Pinned = a.h.pins[p.environment][0].Number
		}
		if s.Kind == KindKey {
			s.KeyVersions = unclean(verdicts, a.now[at])
			s.Before = a.files[p][name].firstAbove(s.KeyVersions)
		}
		if s.Reason != "" {
			s.Can = memberNames(a.h.note.Readers(p.environment))
		}
		list = append(list, s)
	}
	return list
}

// checkCurrent refuses a current value that does not open: what it was before it was
// broken cannot be told. One in a pin is nobody's any more.
func (a *assembly) checkCurrent(verdicts map[*pastValue]verdict) error {
	for _, at := range slices.Sorted(maps.Keys(a.now)) {
		for _, v := range a.now[at] {
			if verdicts[v].broken {
				return &AuthError{What: fmt.Sprintf("value of %q in %s", v.name, v.of.environment), Reason: "was not sealed for this place"}
			}
		}
	}
	return nil
}

// worst is what there is to say of a secret, of all versions of a named key.
func worst(verdicts map[*pastValue]verdict, values []*pastValue) verdict {
	var w verdict
	for _, v := range values {
		switch one := verdicts[v]; {
		case w.clean(), one.known && !w.known:
			w = one
		}
	}
	return w
}

// newestOnly are the values that count for what is encrypted or given out from now on:
// of a named key, the newest version. A release needs the older ones until all that they
// encrypted is rewrapped.
func newestOnly(values []*pastValue) []*pastValue {
	if n := len(values); n > 0 && values[n-1].version > 0 {
		return values[n-1:]
	}
	return values
}

// unclean lists the versions of a named key that are not clean.
func unclean(verdicts map[*pastValue]verdict, values []*pastValue) []uint32 {
	var numbers []uint32
	for _, v := range values {
		if !verdicts[v].clean() {
			numbers = append(numbers, v.version)
		}
	}
	return numbers
}

// firstAbove is the first version above some, or the number of the one that rotating adds;
// 0 for none.
func (f *SecretFile) firstAbove(numbers []uint32) uint32 {
	if len(numbers) == 0 {
		return 0
	}
	for _, v := range f.Versions {
		if v.Number > slices.Max(numbers) {
			return v.Number
		}
	}
	return f.NextVersion()
}

// pinsOf finds the pins that carry a value in reach, by name, ascending.
func (a *assembly) pinsOf(p *past) map[string][]int {
	pins := map[string][]int{}
	for _, set := range p.sets {
		for _, f := range set.files {
			if slices.ContainsFunc(f.values, a.in.has) {
				pins[f.name] = append(pins[f.name], set.pins...)
			}
		}
	}
	for _, list := range pins {
		slices.Sort(list)
	}
	return pins
}

// addCommits gives each secret the commits that brought in a value in reach: its
// own, or those of the secret whose value it has.
func (a *assembly) addCommits(secrets []ExposedSecret) {
	brought := map[string][]ExposedCommit{} // by ENV/NAME
	for _, c := range a.h.commits {
		for _, f := range c.files {
			p := a.h.past[f.environment]
			if p == nil || !a.h.apps[f.app] || !p.brings(f, a.in) {
				continue
			}
			at := p.path(f.name)
			brought[at] = append(brought[at], ExposedCommit{c.hash, c.when})
		}
	}
	for i := range secrets {
		s := &secrets[i]
		if s.Commits = brought[s.Environment+"/"+s.Name]; len(s.Commits) == 0 && len(s.As) > 0 {
			s.Commits = brought[s.As[0]]
		}
	}
}

// brings reports whether a change brought in a value in reach.
func (p *past) brings(f pastChange, in reach) bool {
	for _, v := range p.valuesOf(f.name, f.new) {
		was := slices.ContainsFunc(f.olds, func(old repo.Hash) bool { return slices.Contains(p.valuesOf(f.name, old), v) })
		if in.has(v) && !was {
			return true
		}
	}
	return false
}

// valuesOf returns the values of a content of a secret's file.
func (p *past) valuesOf(name string, blob repo.Hash) []*pastValue {
	if f := p.files[pastBlob{name, blob}]; f != nil {
		return f.values
	}
	return nil
}
