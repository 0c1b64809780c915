package versions

import (
	"context"
	"slices"

	"pinseal/seal"
)

// judgeStillRead finds the environments that one of the recipients reads today, and
// judges what is in use there again, by the keys of the others alone: a name may
// have been given to several, and an identity replaced.
func (a *assembly) judgeStillRead(ctx context.Context, o *opener, recipients []string, verdicts map[*pastValue]verdict) error {
	for _, p := range a.pasts {
		readers := a.h.note.Readers(p.environment)
		others := slices.DeleteFunc(slices.Clone(recipients), func(r string) bool {
			return slices.ContainsFunc(readers, func(m seal.Member) bool { return m.Recipient == r })
		})
		if len(others) == len(recipients) {
			continue
		}
		a.reads = append(a.reads, p.environment)
		var used []*pastValue
		for _, v := range a.used {
			if v.of == p {
				used = append(used, v)
				verdicts[v] = verdict{}
			}
		}
		in := a.h.reachOf(others)
		if len(in) == 0 {
			continue
		}
		again, err := a.h.judge(ctx, o, in, used)
		if err != nil {
			return err
		}
		for v, one := range again {
			verdicts[v] = one
		}
	}
	return nil
}

// notCompared lists the environments with values that could not be opened to be
// compared, and counts the values that are too short to be looked for under the
// names of others.
func (a *assembly) notCompared(o *opener, verdicts map[*pastValue]verdict) (closed []string, short int, err error) {
	out := map[*pastValue]bool{} // in use and out of reach
	for _, v := range a.used {
		if !a.in.has(v) {
			out[v] = true
		}
	}
	if len(out) == 0 {
		return nil, 0, nil
	}
	for _, p := range a.pasts {
		all := true
		see := func(v *pastValue) {
			if all && err == nil {
				all, err = o.can(v)
			}
		}
		for _, v := range p.values {
			if a.in.has(v) {
				see(v)
			}
		}
		for v := range out {
			if v.of == p {
				see(v)
			}
		}
		if !all {
			closed = append(closed, p.environment)
		}
	}
	for v := range out {
		if d := o.digests[v]; d.opens && !d.long && verdicts[v].clean() {
			short++
		}
	}
	return closed, short, err
}
