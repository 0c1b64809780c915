package versions

import (
	"fmt"
	"slices"

	"pinseal/seal"
)

// MoveSide is the files of secrets that a commit added, or those that it removed,
// by name. What is no file of a secret takes part in no move.
type MoveSide map[string][]byte

// Moves tells which of the secrets that a commit added may be those that it
// removed, under another name. Renaming seals a value anew, so git sees two
// files, and without a key nobody sees more than: what stands beside the value is
// equal, the sealed text is equally long, and its key is not an older one.
type Moves struct {
	added, removed map[string]movable
	comers, goers  map[string][]string // names by shape, sorted
}

// movable is a file as far as a rename keeps it.
type movable struct {
	shape       string
	generations []int // of each value
}

// FindMoves compares what one commit added and removed in one environment.
func FindMoves(added, removed MoveSide) *Moves {
	m := &Moves{comers: map[string][]string{}, goers: map[string][]string{}}
	m.added, m.removed = movables(added, m.comers), movables(removed, m.goers)
	return m
}

func movables(files MoveSide, byShape map[string][]string) map[string]movable {
	side := make(map[string]movable, len(files))
	for _, name := range unionKeys(files, nil) {
		f, err := ParseSecretFile(files[name])
		if err != nil {
			continue
		}
		side[name] = movableOf(f)
		byShape[side[name].shape] = append(byShape[side[name].shape], name)
	}
	return side
}

func movableOf(f *SecretFile) movable {
	m := movable{shape: fmt.Sprintf("%s %q %s %t %s %d", f.Kind, f.About, f.Expires, f.Optional, f.Generate, f.Bits)}
	for _, v := range f.values() {
		m.shape += fmt.Sprintf(" %d:%d", v.Number, sealedSize(v.Value))
		generation, _ := seal.ParseSealed(v.Value) // a file that was read holds no other
		m.generations = append(m.generations, generation)
	}
	return m
}

// follows reports whether m can be old, sealed anew.
func (m movable) follows(old movable) bool {
	return m.shape == old.shape && slices.EqualFunc(m.generations, old.generations, func(is, was int) bool { return is >= was })
}

// from lists the names that an added secret may have had; to those that a removed
// one may have now.
func (m *Moves) from(name string) (names []string) {
	is, ok := m.added[name]
	for _, old := range m.goers[is.shape] {
		if ok && is.follows(m.removed[old]) {
			names = append(names, old)
		}
	}
	return names
}

func (m *Moves) to(name string) (names []string) {
	was, ok := m.removed[name]
	for _, is := range m.comers[was.shape] {
		if ok && m.added[is].follows(was) {
			names = append(names, is)
		}
	}
	return names
}

// maxMaybe is how many names are worth saying: a commit that renamed them all
// tells nothing of one.
const maxMaybe = 5

// From returns the name that a secret which the commit added had before: the only
// one that fits, where it fits nothing else that was added. Otherwise it is "",
// and maybe lists those that fit, at most five of them, else none.
func (m *Moves) From(name string) (only string, maybe []string) {
	return single(m.from(name), m.to)
}

// To is From for a secret which the commit removed: the name that it has now.
func (m *Moves) To(name string) (only string, maybe []string) {
	return single(m.to(name), m.from)
}

func single(fit []string, back func(string) []string) (only string, maybe []string) {
	switch {
	case len(fit) == 1 && len(back(fit[0])) == 1:
		return fit[0], nil
	case len(fit) > maxMaybe:
		return "", nil
	}
	return "", fit
}

// CompareFiles tells what became of one secret's file, as Diff does of a set. nil
// is no file. What differs and cannot be read is Changed.
func CompareFiles(name string, old, new []byte) Change {
	c := Change{Name: name}
	var wasErr, isErr error
	if old != nil {
		c.Old, wasErr = ParseSecretFile(old)
	}
	if new != nil {
		c.New, isErr = ParseSecretFile(new)
	}
	switch {
	case old == nil:
		c.Action = Added
	case new == nil:
		c.Action = Removed
	case wasErr != nil || isErr != nil:
		c.Action = Changed
	default:
		c.classify()
	}
	return c
}
