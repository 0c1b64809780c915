package versions

import (
	"errors"
	"maps"
	"path"
	"slices"
	"strings"

	"pinseal/seal"
)

// need is a wrap that a note asks for.
type need struct {
	slotGeneration
	member string
}

func (n need) path() string { return WrapPath(n.slot, n.generation, n.member) }

// needsOf lists every wrap that a note asks for: of all generations of a read
// slot, and of the newest of one that signs.
func needsOf(note *seal.Note) []need {
	var needs []need
	for i := range note.Slots {
		entry := &note.Slots[i]
		newest, _ := note.Newest(entry.Slot)
		if entry.Slot.Power() != seal.Read && entry.Generation < newest.Generation {
			continue
		}
		for _, holder := range note.Holders(entry.Slot) {
			needs = append(needs, need{slotGeneration{entry.Slot, entry.Generation}, holder.Name})
		}
	}
	return needs
}

// mayHave reports whether the member of a wrap at a path holds its slot.
func mayHave(note *seal.Note, p string) bool {
	slot, generation, name := wrapAt(p)
	member, _ := note.Member(name)
	_, known := note.Entry(slot, generation)
	return known && slices.Contains(member.Slots, slot)
}

// wrapSet is the paths of all wraps of a source, after checking that its keys
// directory holds nothing else.
func (s *Source) wrapSet() (map[string]bool, error) {
	paths, err := s.wraps()
	set := make(map[string]bool, len(paths))
	for _, p := range paths {
		set[p] = true
	}
	return set, err
}

// soundWraps leaves out of a set of wraps those that can be nobody's: what is in
// its place is too large, or not armored.
func (s *Source) soundWraps(set map[string]bool) (map[string]bool, error) {
	paths := slices.Sorted(maps.Keys(set))
	sound := make([]bool, len(paths))
	err := InParallel(len(paths), func(i int) error {
		data, err := s.read(paths[i], MaxWrap)
		if errors.As(err, new(*StructureError)) {
			return nil
		}
		sound[i] = err == nil && checkArmor(data) == nil
		return err
	})
	left := make(map[string]bool, len(paths))
	for i, p := range paths {
		if sound[i] {
			left[p] = true
		}
	}
	return left, err
}

// wrapAt is the inverse of [WrapPath] for a path that [Source.wraps] has checked.
func wrapAt(p string) (slot seal.Slot, generation int, member string) {
	slot, generation, _ = keyDir(path.Base(path.Dir(p)))
	return slot, generation, strings.TrimSuffix(path.Base(p), wrapSuffix)
}
