package versions

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"pinseal/seal"
	"pinseal/seal/spelling"
)

// BaselineName is the file, beside the app note, of what the leak scan lets pass.
const BaselineName = "scan.baseline"

// maxBaseline is the largest baseline in bytes.
const maxBaseline = 4 << 20

const digestBaseline = "baseline"

// Baseline is what the leak scan lets pass: secrets whose value may stand in a
// file, wherever in it. It holds digests that only readers of the environment can
// make, and no line numbers. See the package documentation for its format.
type Baseline struct {
	entries     map[baselineEntry]struct{}
	generations map[string][]int          // that there are entries of, by environment
	keys        map[baselineKey]*seal.Key // that were looked for, nil where they are not at hand
}

type baselineEntry struct {
	environment string
	generation  int
	digest      [32]byte
	name        string
	path        string // for people; "" for one that has no spelling, or is not to be shown
}

// baselineKey is a key that entries are made with, and where it was looked for.
type baselineKey struct {
	ring        *Keyring
	environment string
	generation  int
}

// NewBaseline returns one that lets nothing pass.
func NewBaseline() *Baseline {
	return &Baseline{entries: map[baselineEntry]struct{}{}, generations: map[string][]int{}, keys: map[baselineKey]*seal.Key{}}
}

// ParseBaseline reads a baseline. Lines may be in any order and double: that is
// what a merge that takes both sides' lines makes. Errors: *StructureError, whose
// path is BaselineName.
func ParseBaseline(data []byte) (*Baseline, error) {
	b := NewBaseline()
	odd := func(format string, args ...any) error {
		return &StructureError{Path: BaselineName, Reason: fmt.Sprintf(format, args...)}
	}
	if len(data) > maxBaseline {
		return nil, odd("is larger than %d bytes", maxBaseline)
	}
	if hasConflictMarkers(data) {
		return nil, &UnmergedError{Paths: []string{BaselineName}, Markers: true}
	}
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		e, err := parseBaselineLine(line)
		if err != nil {
			return nil, odd("line %d: %s", n, err)
		}
		b.insert(e)
	}
	return b, nil
}

func parseBaselineLine(line string) (e baselineEntry, err error) {
	f := strings.SplitN(strings.TrimSuffix(line, "\n"), " ", 4)
	if len(f) != 4 {
		return e, errors.New("is not ENV.GENERATION DIGEST NAME PATH")
	}
	slot, generation, _ := strings.Cut(f[0], ".")
	var ok bool
	if e.generation, ok = spelling.ParseNumber(generation); !ok || e.generation < 1 || e.generation > seal.MaxGenerations || seal.CheckEnvironment(slot) != nil {
		return e, errors.New("does not begin with ENV.GENERATION")
	}
	e.environment, e.name = slot, f[2]
	digest, err := hex.DecodeString(f[1])
	if err != nil || len(digest) != len(e.digest) {
		return e, errors.New("has no digest")
	}
	copy(e.digest[:], digest)
	if seal.CheckSecretName(e.name) != nil {
		return e, errors.New("does not name a secret")
	}
	quotedPath, ok := strings.CutPrefix(f[3], `"`)
	quotedPath, closed := strings.CutSuffix(quotedPath, `"`)
	if !ok || !closed {
		return e, errors.New("has a path without its quotes")
	}
	e.path = pathUnquoter.Replace(quotedPath)
	if err := spelling.CheckText(e.path, MaxBaselinePath); err != nil {
		return e, err
	}
	if e.line() != line {
		return e, errors.New("is not in the one spelling")
	}
	return e, nil
}

var pathQuoter = strings.NewReplacer(`\`, `\\`, `"`, `\"`)
var pathUnquoter = strings.NewReplacer(`\\`, `\`, `\"`, `"`)

func (e baselineEntry) line() string {
	return fmt.Sprintf("%s.%d %x %s \"%s\"\n", e.environment, e.generation, e.digest, e.name, pathQuoter.Replace(e.path))
}

// Bytes returns the baseline in its spelling, sorted. A baseline without entries
// has none. Ask [Baseline.Check] before it is written.
func (b *Baseline) Bytes() []byte {
	var out bytes.Buffer
	for _, e := range slices.SortedFunc(maps.Keys(b.entries), func(a, b baselineEntry) int {
		return cmp.Or(cmp.Compare(a.path, b.path), cmp.Compare(a.name, b.name), cmp.Compare(a.environment, b.environment),
			cmp.Compare(a.generation, b.generation), bytes.Compare(a.digest[:], b.digest[:]))
	}) {
		out.WriteString(e.line())
	}
	return out.Bytes()
}

// Check is an error for a baseline that is larger than what is read.
func (b *Baseline) Check() error {
	if n := len(b.Bytes()); n > maxBaseline {
		return fmt.Errorf("%s would have %d bytes, and at most %d are read", BaselineName, n, maxBaseline)
	}
	return nil
}

// Join adds what another baseline lets pass.
func (b *Baseline) Join(other *Baseline) {
	for e := range other.entries {
		b.insert(e)
	}
}

// Len returns the number of entries.
func (b *Baseline) Len() int { return len(b.entries) }

// MaxBaselinePath is the longest path in bytes that a baseline shows.
const MaxBaselinePath = 4 << 10

// Add lets the value of a secret pass in a place: a slash path from the top of the
// repository, or what else [Finding.Place] is. The entry shows the place unless it
// is hidden. Add reports whether that is new. Errors: those of [Keyring.Newest].
func (b *Baseline) Add(keys *Keyring, environment, name, place string, hidden bool, value seal.Secret) (bool, error) {
	key, err := keys.Newest(seal.ReadSlot(environment))
	if err != nil {
		return false, err
	}
	if has, err := b.Has(keys, environment, name, place, value); has || err != nil {
		return false, err
	}
	e := baselineEntry{environment: environment, generation: key.Generation(), name: name, path: place,
		digest: baselineDigest(key, keys.Note().ID, name, place, value)}
	if hidden || spelling.CheckText(place, MaxBaselinePath) != nil {
		e.path = ""
	}
	b.insert(e)
	return true, nil
}

// Has reports whether the value of a secret may stand in a place. An entry of a
// key that is not at hand lets nothing pass. It costs a digest for each generation
// that there are entries of, however many they are.
func (b *Baseline) Has(keys *Keyring, environment, name, place string, value seal.Secret) (bool, error) {
	if b == nil || len(b.entries) == 0 {
		return false, nil
	}
	for _, generation := range b.generations[environment] {
		key, err := b.key(keys, environment, generation)
		if err != nil {
			return false, err
		}
		if key == nil {
			continue
		}
		e := baselineEntry{environment: environment, generation: generation, name: name, digest: baselineDigest(key, keys.Note().ID, name, place, value)}
		for _, e.path = range []string{place, ""} {
			if _, has := b.entries[e]; has {
				return true, nil
			}
		}
	}
	return false, nil
}

// key is a key that entries are made with, nil when it is not at hand. It is
// looked for once.
func (b *Baseline) key(keys *Keyring, environment string, generation int) (*seal.Key, error) {
	at := baselineKey{keys, environment, generation}
	key, known := b.keys[at]
	if known {
		return key, nil
	}
	key, err := keyFor(keys, environment, generation)
	if err == nil {
		b.keys[at] = key
	}
	return key, err
}

func (b *Baseline) insert(e baselineEntry) {
	b.entries[e] = struct{}{}
	if !slices.Contains(b.generations[e.environment], e.generation) {
		b.generations[e.environment] = append(b.generations[e.environment], e.generation)
	}
}

func baselineDigest(key *seal.Key, id seal.AppID, name, path string, value seal.Secret) [32]byte {
	return key.Digest(id, digestBaseline, []byte(name), []byte(path), value.Reveal())
}

// Baseline reads the baseline of an app; it is empty when there is none.
func (s *Source) Baseline() (*Baseline, error) {
	data, err := s.read(BaselineName, maxBaseline)
	if isNotExist(err) {
		return NewBaseline(), nil
	}
	if err != nil {
		return nil, err
	}
	b, err := ParseBaseline(data)
	if structure := (*StructureError)(nil); errors.As(err, &structure) {
		structure.Path = s.where(structure.Path)
	}
	if unmerged := (*UnmergedError)(nil); errors.As(err, &unmerged) {
		unmerged.Paths, unmerged.In = []string{s.where(BaselineName)}, s.What
	}
	return b, err
}
