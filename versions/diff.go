package versions

import (
	"bytes"
	"slices"

	"pinseal/seal"
)

// Action is what happened to a secret between two versions.
type Action string

// The actions of a Change. Whether the plaintext of a value that is sealed anew is
// another one, only who can read can tell.
const (
	Added   Action = "added"
	Removed Action = "removed"
	Changed Action = "changed" // the sealed value
	// Resealed is Changed where the value is sealed to a newer key, is as long as
	// before, and nothing beside it differs: it is most likely the same.
	Resealed Action = "resealed"
	Edited   Action = "edited" // only what stands beside the value
)

// Change is one secret that differs between two versions of a set.
type Change struct {
	Name   string
	Action Action
	// Fields names what differs beside the value: kind, about, expires,
	// optional, generate, bits. Blank and valued are told by Old and New.
	Fields   []string
	Old, New *SecretFile // nil when absent on that side
	// Versions is what became of those of a named encryption key.
	Versions VersionsChange
}

// Diff compares an environment between two versions, by name, sorted. It needs
// no key and holds no plaintext. A nil source is an empty set.
func Diff(old, new *Source, environment string) ([]Change, error) {
	b, err := rawFiles(new, environment)
	if err != nil {
		return nil, err
	}
	return diffFiles(old, new, environment, b)
}

// diffFiles is Diff with the files of new at hand. Of a pinned old set only the
// files whose digests differ are read.
func diffFiles(old, new *Source, environment string, b map[string][]byte) ([]Change, error) {
	a, err := filesUnlike(old, environment, b)
	if err != nil {
		return nil, err
	}
	var changes []Change
	for _, name := range unionKeys(a, b) {
		if data, ok := a[name]; ok && bytes.Equal(data, b[name]) {
			continue
		}
		c := Change{Name: name}
		if data, ok := a[name]; ok {
			if c.Old, err = old.parse(environment, name, data); err != nil {
				return nil, err
			}
		}
		if data, ok := b[name]; ok {
			if c.New, err = new.parse(environment, name, data); err != nil {
				return nil, err
			}
		}
		c.classify()
		changes = append(changes, c)
	}
	return changes, nil
}

// rawFiles reads the bytes of a set without parsing: most are equal on both
// sides.
func rawFiles(s *Source, environment string) (map[string][]byte, error) {
	if s == nil {
		return nil, nil
	}
	return filesUnlike(s, environment, nil)
}

// filesUnlike is rawFiles, but takes those files from like that set.sum says are
// the same.
func filesUnlike(s *Source, environment string, like map[string][]byte) (map[string][]byte, error) {
	if s == nil {
		return nil, nil
	}
	names, err := s.Names(environment)
	if err != nil {
		return nil, err
	}
	data := make([][]byte, len(names))
	err = InParallel(len(names), func(i int) (err error) {
		if same, ok := like[names[i]]; ok && s.Sum != nil {
			if digest, ok := s.Sum.Digest(environment, names[i]); ok && digest == digestOf(same) {
				data[i] = same
				return nil
			}
		}
		data[i], err = s.listed(environment, names[i])
		return err
	})
	if err != nil {
		return nil, err
	}
	files := make(map[string][]byte, len(names))
	for i, name := range names {
		files[name] = data[i]
	}
	return files, nil
}

func unionKeys[V any](a, b map[string]V) []string {
	var names []string
	for name := range a {
		names = append(names, name)
	}
	for name := range b {
		if _, both := a[name]; !both {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (c *Change) classify() {
	c.Versions = changeOfVersions(c.Old, c.New)
	switch {
	case c.Old == nil:
		c.Action = Added
		return
	case c.New == nil:
		c.Action = Removed
		return
	}
	c.Action = Edited
	if !slices.Equal(c.Old.values(), c.New.values()) {
		c.Action = Changed
	}
	for _, f := range []struct {
		name   string
		differ bool
	}{
		{"kind", c.Old.Kind != c.New.Kind},
		{"about", c.Old.About != c.New.About},
		{"expires", c.Old.Expires != c.New.Expires},
		{"optional", c.Old.Optional != c.New.Optional},
		{"generate", c.Old.Generate != c.New.Generate},
		{"bits", c.Old.Bits != c.New.Bits},
	} {
		if f.differ {
			c.Fields = append(c.Fields, f.name)
		}
	}
	if c.Action == Changed && len(c.Fields) == 0 && c.resealed() {
		c.Action = Resealed
	}
}

// ReaderChange is a member who gained or lost an environment.
type ReaderChange struct {
	Name   string
	Gained bool
}

// DiffReaders compares who reads an environment between two notes. A nil note
// has no readers. A member whose recipient changed has lost and gained.
func DiffReaders(old, new *seal.Note, environment string) []ReaderChange {
	a, b := recipients(old, environment), recipients(new, environment)
	var changes []ReaderChange
	for _, name := range unionKeys(a, b) {
		if a[name] == b[name] {
			continue
		}
		if a[name] != "" {
			changes = append(changes, ReaderChange{Name: name})
		}
		if b[name] != "" {
			changes = append(changes, ReaderChange{Name: name, Gained: true})
		}
	}
	return changes
}

func recipients(n *seal.Note, environment string) map[string]string {
	if n == nil {
		return nil
	}
	m := map[string]string{}
	for _, member := range n.Readers(environment) {
		m[member.Name] = member.Recipient
	}
	return m
}
