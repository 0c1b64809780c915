package versions

import (
	"cmp"
	"context"
	"slices"
	"time"

	"pinseal/repo"
	"pinseal/seal"
)

// ExposureState is what is to be done about a secret that a member could open.
type ExposureState string

// The states of an [ExposedSecret].
const (
	// MustRotate: its value is one that the member could open.
	MustRotate ExposureState = "rotate"
	// MayRotate: it may be, as far as can be told with the keys at hand.
	MayRotate ExposureState = "unsure"
	// MustRewrap: a named key whose newest version is not one that the member could open,
	// as far as can be told, and an older one is: what that encrypted, it decrypts.
	MustRewrap ExposureState = "rewrap"
	// StillPinned: it is changed, blank or gone here, and the newest pin has a value
	// that the member could open.
	StillPinned ExposureState = "pinned"
	// StillReads: the member reads its environment today, so there is nothing to do.
	StillReads ExposureState = "reads"
	// RemovedSince: it is blank or gone; its value may still count at its source.
	RemovedSince ExposureState = "removed"
)

// Exposure is what a member could ever open and what became of it.
type Exposure struct {
	Member     string
	Recipients []string        // every one that had the name, sorted
	Reads      []string        // environments that one of them reads today
	Closed     []string        // environments with values that the keys at hand do not open: a copy there, or of one from there, is not found
	Short      int             // values in use that were compared with those of their own secret only, see minShared
	Reach      map[string]int  // by environment, the newest generation of its read key that one of them was given
	Secrets    []ExposedSecret // by state, environment in the note's order, and name
	Damaged    []string        // pins whose files are not what they name
	Complete   bool            // false when commits or objects are not here, as in a shallow clone
	Passed     int             // app notes passed over: they claimed more and are not of this app's past
	Skipped    int             // files too large to be a secret's, or not here
}

// ExposedSecret is one secret that a member could open.
type ExposedSecret struct {
	Environment, Name string
	Kind              string   // of the current file; "" when it is gone
	KeyVersions       []uint32 // of a named key that is in use: those that the member could open, or may be
	Before            uint32   // of such a key: below it are all of these, and what is there may go after rewrapping
	State             ExposureState
	As                []string // other secrets, ENV/NAME, whose value it is, when it never was its own
	Reason            string   // MayRotate, and MustRewrap and StillPinned when that is not sure: why it may be
	Can               []string // with a Reason: members who can tell

	Versions int             // how many values of it the member could open
	Commits  []ExposedCommit // that brought one of them in, newest first
	Pins     []int           // that carry one of them, ascending
	Pinned   int             // the newest pin, when what it has is one that the member could open, or may be; else 0
}

// ExposedCommit is a commit and its date.
type ExposedCommit struct {
	Commit repo.Hash
	When   time.Time
}

// reach is how far somebody's read keys go: the newest generation by environment.
type reach map[string]int

func (r reach) has(v *pastValue) bool {
	return v.of != nil && v.generation <= r[v.of.environment]
}

// reachOf is how far the keys of some recipients go, whatever they were called.
func (h *History) reachOf(recipients []string) reach {
	in := reach{}
	for _, c := range h.held {
		if c.environment != "" && slices.Contains(recipients, c.recipient) {
			in[c.environment] = max(in[c.environment], c.generation)
		}
	}
	return in
}

// Members lists every name that a member had, sorted.
func (h *History) Members() []string {
	var names []string
	for _, c := range h.held {
		names = append(names, c.name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Exposure reports on every recipient that had a name, by all the read keys that
// they were given, under whatever name: each has all generations up to the newest
// that a note gave it, and keeps them. What is in use is current, the work tree or
// a commit, and the newest pins, in every environment; of values that no commit
// has, HEAD is taken for what was before. In an environment that one of them reads
// today, what counts is what the others could open.
// Values are compared with keys, where those at hand open them. keys may be nil.
// Errors: *NotFoundError for a name that nobody had; *AuthError for a current value
// that does not open; what reading a set can give.
func (h *History) Exposure(ctx context.Context, member string, current *Source, keys *Keyring) (*Exposure, error) {
	e := &Exposure{Member: member, Passed: h.passed}
	for _, c := range h.held {
		if c.name == member && !slices.Contains(e.Recipients, c.recipient) {
			e.Recipients = append(e.Recipients, c.recipient)
		}
	}
	if e.Recipients == nil {
		return nil, &NotFoundError{What: "member", Name: member, In: "any app note"}
	}
	slices.Sort(e.Recipients)
	in := h.reachOf(e.Recipients)
	e.Reach = in
	a := newAssembly(h, in)
	for _, env := range h.environments() {
		if len(in) == 0 {
			break // there is nothing that a copy could be of
		}
		if err := a.read(ctx, env, current); err != nil {
			return nil, err
		}
	}
	o := newOpener(h, keys)
	verdicts, err := h.judge(ctx, o, in, a.used)
	if err != nil {
		return nil, err
	}
	if e.Closed, e.Short, err = a.notCompared(o, verdicts); err != nil {
		return nil, err
	}
	if err := a.judgeStillRead(ctx, o, e.Recipients, verdicts); err != nil {
		return nil, err
	}
	e.Reads = a.reads
	for _, p := range a.pasts {
		e.Secrets = append(e.Secrets, a.assemble(p, verdicts)...)
		e.Skipped += p.skipped
	}
	if err := a.checkCurrent(verdicts); err != nil {
		return nil, err
	}
	a.addCommits(e.Secrets)
	order := map[ExposureState]int{MustRotate: 1, MayRotate: 2, MustRewrap: 3, StillPinned: 4, StillReads: 5, RemovedSince: 6}
	slices.SortStableFunc(e.Secrets, func(x, y ExposedSecret) int { return cmp.Compare(order[x.State], order[y.State]) })
	e.Complete, e.Damaged = h.complete(), h.damaged
	return e, nil
}

// environments lists all that ever were, in the order of their first slot.
func (h *History) environments() []string {
	var envs []string
	for _, entry := range h.note.Slots {
		if env := entry.Slot.Environment(); entry.Slot.Power() == seal.Read && !slices.Contains(envs, env) {
			envs = append(envs, env)
		}
	}
	for _, c := range h.held { // of a branch that is not merged
		if c.environment != "" && !slices.Contains(envs, c.environment) {
			envs = append(envs, c.environment)
		}
	}
	return envs
}

// complete reports whether nothing is known to be missing of what was read.
func (h *History) complete() bool {
	for _, p := range h.past {
		if p.missing {
			return false
		}
	}
	return !h.repo.Shallow() && len(h.damaged) == 0
}
