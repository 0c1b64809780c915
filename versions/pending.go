package versions

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"pinseal/seal"
)

// Pending is a part of a change of people or keys that somebody else has to
// finish: a wrap that is missing or, when Member is "", values that are sealed to
// a retired generation.
type Pending struct {
	Slot       seal.Slot
	Generation int
	Member     string   // whose wrap is missing
	Names      []string // the secrets, sorted
	Reason     string   // what was in the way, when it was not the key; may be ""
	Can        []string // members who have the key and can finish it, sorted
}

// maxNamed is how many of many secrets a line names.
const maxNamed = 5

// String says what is pending, and who can finish it.
func (p Pending) String() string { return p.of(fmt.Sprintf("key %d", p.Generation)) }

// PendingLines says what is pending, with all the keys of a slot in one line that
// a member lacks for one reason.
func PendingLines(pending []Pending) []string {
	var first []Pending
	var keys [][]int // of each
	for _, p := range pending {
		at := slices.IndexFunc(first, func(f Pending) bool {
			return p.Member != "" && f.Member == p.Member && f.Slot == p.Slot && f.Reason == p.Reason && slices.Equal(f.Can, p.Can)
		})
		if at < 0 {
			at, first, keys = len(first), append(first, p), append(keys, nil)
		}
		keys[at] = append(keys[at], p.Generation)
	}
	lines := make([]string, len(first))
	for i, p := range first {
		lines[i] = p.String()
		if len(keys[i]) > 1 {
			slices.Sort(keys[i])
			lines[i] = p.of("keys " + ranges(keys[i]))
		}
	}
	return lines
}

// ranges lists ascending numbers, as in "1-3, 5".
func ranges(numbers []int) string {
	var parts []string
	for i := 0; i < len(numbers); {
		end := i
		for end+1 < len(numbers) && numbers[end+1] == numbers[end]+1 {
			end++
		}
		part := fmt.Sprint(numbers[i])
		if end > i {
			part += fmt.Sprintf("-%d", numbers[end])
		}
		parts, i = append(parts, part), end+1
	}
	return strings.Join(parts, ", ")
}

// of is String with the keys of a wrap as they are given.
func (p Pending) of(keys string) string {
	names := p.Names
	more := ""
	if len(names) > maxNamed {
		names, more = names[:maxNamed], fmt.Sprintf(" and %d more", len(names)-maxNamed)
	}
	what := fmt.Sprintf("%s: sealed to retired key %d: %s%s", p.Slot.Environment(), p.Generation, strings.Join(names, ", "), more)
	if p.Member != "" {
		what = fmt.Sprintf("%s has no wrap of %s, %s", p.Member, p.Slot, keys)
	}
	if p.Reason != "" {
		what += ": " + p.Reason
	}
	switch {
	case len(p.Can) > 0:
		return what + "; who can finish: " + strings.Join(p.Can, ", ")
	case p.Slot.Power() == seal.Read:
		return what + "; nobody else has that key"
	}
	return what + "; nobody else has that key: an admin has to rekey"
}

// MissingWraps lists the wraps that a note asks for and a source has not, by
// member. One of an older key that nobody has any more is nothing to wait for. It
// needs no key.
func MissingWraps(note *seal.Note, in *Source) ([]Pending, error) {
	there, err := in.wrapSet()
	if err == nil {
		there, err = in.soundWraps(there)
	}
	if err != nil {
		return nil, err
	}
	var missing []Pending
	for _, n := range needsOf(note) {
		if there[n.path()] {
			continue
		}
		can := holdersOf(note, n, there)
		if newest, _ := note.Newest(n.slot); len(can) > 0 || n.generation == newest.Generation {
			missing = append(missing, Pending{Slot: n.slot, Generation: n.generation, Member: n.member, Can: can})
		}
	}
	slices.SortStableFunc(missing, func(a, b Pending) int { return strings.Compare(a.Member, b.Member) })
	return missing, nil
}

// RetiredValues lists the secrets of an environment that are sealed to a key which
// has a successor, by key. files are those of [Source.MergedFiles]; nil ones are
// passed over. It needs no key.
func RetiredValues(note *seal.Note, in *Source, env string, names []string, files []*SecretFile) ([]Pending, error) {
	slot := seal.ReadSlot(env)
	newest, _ := note.Newest(slot)
	byKey := map[int][]string{}
	for i, f := range files {
		if f != nil && f.olderThan(newest.Generation) {
			g := f.Generations()[0]
			byKey[g] = append(byKey[g], names[i])
		}
	}
	if len(byKey) == 0 {
		return nil, nil
	}
	there, err := in.wrapSet()
	if err != nil {
		return nil, err
	}
	var retired []Pending
	for _, g := range slices.Sorted(maps.Keys(byKey)) {
		can := holdersOf(note, need{slotGeneration{slot, g}, ""}, there)
		retired = append(retired, Pending{Slot: slot, Generation: g, Names: byKey[g], Can: can})
	}
	return retired, nil
}

// holdersOf names the members who hold a slot and have a wrap of its key, but for
// the one of the need.
func holdersOf(note *seal.Note, n need, there map[string]bool) []string {
	var names []string
	for _, h := range note.Holders(n.slot) {
		if h.Name != n.member && there[WrapPath(n.slot, n.generation, h.Name)] {
			names = append(names, h.Name)
		}
	}
	return names
}
