package versions

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
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
	entries []baselineEntry
}

type baselineEntry struct {
	environment string
	generation  int
	digest      [32]byte
	name        string
	path        string // for people; "" for one that has no spelling
}

// ParseBaseline reads a baseline. Lines may be in any order and double: that is
// what a merge that takes both sides' lines makes. Errors: *StructureError, whose
// path is BaselineName.
func ParseBaseline(data []byte) (*Baseline, error) {
	b := &Baseline{}
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
		b.add(e)
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
// has none.
func (b *Baseline) Bytes() []byte {
	var out bytes.Buffer
	for _, e := range b.entries {
		out.WriteString(e.line())
	}
	return out.Bytes()
}

// Len returns the number of entries.
func (b *Baseline) Len() int { return len(b.entries) }

func (b *Baseline) add(e baselineEntry) bool {
	i, found := slices.BinarySearchFunc(b.entries, e, func(a, b baselineEntry) int {
		return cmp.Or(cmp.Compare(a.path, b.path), cmp.Compare(a.name, b.name), cmp.Compare(a.environment, b.environment),
			cmp.Compare(a.generation, b.generation), bytes.Compare(a.digest[:], b.digest[:]))
	})
	if !found {
		b.entries = slices.Insert(b.entries, i, e)
	}
	return !found
}

// Add lets the value of a secret pass in the file at path, a slash path from the
// top of the repository. It reports whether that is new. Errors: those of
// [Keyring.Newest].
func (b *Baseline) Add(keys *Keyring, environment, name, path string, value seal.Secret) (bool, error) {
	key, err := keys.Newest(seal.ReadSlot(environment))
	if err != nil {
		return false, err
	}
	if has, err := b.Has(keys, environment, name, path, value); has || err != nil {
		return false, err
	}
	e := baselineEntry{environment: environment, generation: key.Generation(), name: name, path: path,
		digest: baselineDigest(key, keys.Note().ID, name, path, value)}
	if spelling.CheckText(path, MaxBaselinePath) != nil {
		e.path = ""
	}
	return b.add(e), nil
}

// MaxBaselinePath is the longest path in bytes that a baseline shows.
const MaxBaselinePath = 4 << 10

// Has reports whether the value of a secret may stand in the file at path. An
// entry of a key that is not at hand lets nothing pass.
func (b *Baseline) Has(keys *Keyring, environment, name, path string, value seal.Secret) (bool, error) {
	if b == nil {
		return false, nil
	}
	for _, e := range b.entries {
		if e.environment != environment || e.name != name || e.path != path && e.path != "" {
			continue
		}
		key, err := keyFor(keys, environment, e.generation)
		if err != nil {
			return false, err
		}
		if key != nil && baselineDigest(key, keys.Note().ID, name, path, value) == e.digest {
			return true, nil
		}
	}
	return false, nil
}

func baselineDigest(key *seal.Key, id seal.AppID, name, path string, value seal.Secret) [32]byte {
	return key.Digest(id, digestBaseline, []byte(name), []byte(path), value.Reveal())
}

// Baseline reads the baseline of an app; it is empty when there is none.
func (s *Source) Baseline() (*Baseline, error) {
	data, err := s.read(BaselineName, maxBaseline)
	if isNotExist(err) {
		return &Baseline{}, nil
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
