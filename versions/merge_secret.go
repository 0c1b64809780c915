package versions

import (
	"errors"
	"strings"

	"pinseal/seal"
)

// secretSide is one version of a secret in a merge.
type secretSide struct {
	file   *SecretFile   // nil where it is absent
	values []seal.Secret // of file.sealed(); nil when they do not all open
	closed error         // why values is nil though the file holds some
	lost   error         // why nothing is known of this version
}

// openSecretSide reads one version of a secret and opens it with whichever of the
// keyrings can.
func openSecretSide(s *Source, env, name string, keys []*Keyring) (side secretSide) {
	f, err := s.File(env, name)
	switch {
	case errors.Is(err, ErrNotFound):
		return side
	case err != nil:
		return secretSide{lost: err}
	}
	side.file = f
	values := make([]seal.Secret, 0, 1)
	for _, v := range f.places(keys[0].Note().ID, env, name) {
		value, _, err := openAny(keys, f, v)
		if err != nil {
			side.closed = err
			return side
		}
		values = append(values, value)
	}
	side.values = values
	return side
}

// placed is a sealed value and what it is bound to.
type placed struct {
	place  seal.Place
	sealed string
}

// places lists the sealed values of a file, in the order of [SecretFile.sealed].
func (f *SecretFile) places(id seal.AppID, env, name string) []placed {
	at := seal.Place{App: id, Environment: env, Kind: f.Kind, Name: name}
	var all []placed
	if f.Value != "" {
		all = append(all, placed{at, f.Value})
	}
	for _, v := range f.Versions {
		at.Version = v.Number
		all = append(all, placed{at, v.Value})
	}
	return all
}

// openAny opens a value of a file with the first keyring that can, and says which.
// When none can, that a key is not at hand counts more than that one does not open it.
func openAny(keys []*Keyring, f *SecretFile, p placed) (value seal.Secret, by int, err error) {
	for i, k := range keys {
		set := &Set{Environment: p.place.Environment, Keys: k}
		v, e := set.openPlaced(f, p)
		if e == nil {
			return v, i, nil
		}
		if err == nil || errors.Is(e, seal.ErrNoKey) {
			err = e
		}
	}
	return value, 0, err
}

// sameValue reports whether two versions hold the same plaintexts; known is false
// where that cannot be told.
func (a secretSide) sameValue(b secretSide) (same, known bool) {
	x, y := a.file.sealed(), b.file.sealed()
	if len(x) != len(y) || len(a.file.Versions) != len(b.file.Versions) {
		return false, true
	}
	equal := true
	for i := range x {
		equal = equal && x[i] == y[i]
	}
	for i := range a.file.Versions {
		if a.file.Versions[i].Number != b.file.Versions[i].Number {
			return false, true
		}
	}
	if equal || a.values == nil || b.values == nil {
		return equal, equal
	}
	for i := range x {
		if !a.values[i].Equal(b.values[i]) {
			return false, true
		}
	}
	return true, true
}

// same reports whether two versions say the same, whatever they are sealed to.
func (a secretSide) same(b secretSide) (same, known bool) {
	switch {
	case a.lost != nil, b.lost != nil:
		return false, false
	case a.file == nil, b.file == nil:
		return a.file == nil && b.file == nil, true
	}
	x, y := a.file.metadata(), b.file.metadata()
	if x != y {
		return false, true
	}
	return a.sameValue(b)
}

// metadata is what stands beside the values.
type metadata struct {
	kind, about, expires, generate string
	optional                       bool
	bits                           int
}

func (f *SecretFile) metadata() metadata {
	return metadata{f.Kind, f.About, f.Expires, f.Generate, f.Optional, f.Bits}
}

// merged is what two versions of a secret become.
type merged struct {
	file  *SecretFile // nil when it is removed
	took  Side        // whose values it has
	moved []MovedVersion
}

// mergeSecret merges two versions of a secret by what they say: plaintexts, those of a
// named key one by one, and each of the other fields. When a person has to decide, why
// says so.
func mergeSecret(base, ours, theirs secretSide) (m merged, why string) {
	if ours.lost != nil || theirs.lost != nil {
		return m, "one side cannot be read: " + errors.Join(ours.lost, theirs.lost).Error()
	}
	if same, _ := ours.same(theirs); same {
		return newerSealed(ours, theirs), ""
	}
	oursIs, known := ours.same(base)
	if oursIs {
		return merged{file: theirs.file, took: Theirs}, ""
	}
	if base.lost == nil && ours.isKey() && theirs.isKey() {
		return mergeFields(base.asKey(), ours, theirs)
	}
	if theirs.file == nil || ours.file == nil || base.file == nil || ours.file.Kind != theirs.file.Kind {
		if same, alsoKnown := theirs.same(base); same {
			return merged{file: ours.file, took: Ours}, ""
		} else if !known || !alsoKnown {
			return m, notOpened(base, ours, theirs)
		}
		return m, whatDiffers(base, ours, theirs)
	}
	return mergeFields(base, ours, theirs)
}

func (s secretSide) isKey() bool { return s.file != nil && s.file.Kind == KindKey }

// asKey is the version that both sides' keys began with: without versions, where it
// was none.
func (s secretSide) asKey() secretSide {
	if s.isKey() {
		return s
	}
	f := &SecretFile{Kind: KindKey}
	if s.file != nil {
		f.About, f.Expires = s.file.About, s.file.Expires
	}
	return secretSide{file: f, values: []seal.Secret{}}
}

// newerSealed is the one of two equal versions that is sealed to the newer key.
func newerSealed(ours, theirs secretSide) merged {
	if ours.file != nil {
		o, t := ours.file.Generations(), theirs.file.Generations()
		if len(o) > 0 && len(t) > 0 && o[0] < t[0] {
			return merged{file: theirs.file, took: Theirs}
		}
	}
	return merged{file: ours.file, took: Ours}
}

// mergeFields merges versions of one kind that all three are there.
func mergeFields(base, ours, theirs secretSide) (m merged, why string) {
	b, o, t := base.file.metadata(), ours.file.metadata(), theirs.file.metadata()
	var clashes []string
	f := *ours.file
	f.About = pick(b.about, o.about, t.about, "description", &clashes)
	f.Expires = pick(b.expires, o.expires, t.expires, "expiry", &clashes)
	f.Generate = pick(b.generate, o.generate, t.generate, "recipe", &clashes)
	f.Optional = pick(b.optional, o.optional, t.optional, "whether it is optional", &clashes)
	f.Bits = pick(b.bits, o.bits, t.bits, "bits", &clashes)
	m = merged{file: &f, took: Ours}
	if f.Kind == KindKey && len(clashes) == 0 {
		versions, took, why := mergeVersions(base, ours, theirs, f.Bits)
		if why != "" {
			return merged{}, why
		}
		f.Versions, m.took, m.moved = versions.kept, took, versions.moved
		return m, ""
	}
	oursIs, knowOurs := ours.sameValue(base)
	theirsIs, knowTheirs := theirs.sameValue(base)
	both, knowBoth := ours.sameValue(theirs)
	switch {
	case f.Kind == KindKey: // a description or the like keeps it from being merged
	case both, theirsIs:
	case oursIs:
		m.took, f.Value = Theirs, theirs.file.Value
	case !knowOurs || !knowTheirs || !knowBoth:
		return merged{}, notOpened(base, ours, theirs)
	default:
		clashes = append(clashes, "value")
	}
	if len(clashes) > 0 {
		return merged{}, "changed on both sides: " + strings.Join(clashes, ", ")
	}
	return m, ""
}

// pick is a field of three versions: what one side alone has changed.
func pick[T comparable](base, ours, theirs T, name string, clashes *[]string) T {
	switch {
	case ours == theirs, theirs == base:
		return ours
	case ours == base:
		return theirs
	}
	*clashes = append(*clashes, name)
	return ours
}

func notOpened(sides ...secretSide) string {
	for _, s := range sides {
		switch {
		case s.closed != nil:
			return "cannot be opened to compare: " + s.closed.Error()
		case s.lost != nil:
			return "the common version cannot be read"
		}
	}
	return "cannot be compared"
}

func whatDiffers(base, ours, theirs secretSide) string {
	switch {
	case ours.file == nil:
		return "removed by ours, changed by theirs"
	case theirs.file == nil:
		return "changed by ours, removed by theirs"
	case ours.file.Kind != theirs.file.Kind:
		what := map[string]string{KindKey: "a named encryption key", KindSecret: "a secret"}
		return "changed on both sides: kind: " + what[ours.file.Kind] + " in ours, " + what[theirs.file.Kind] + " in theirs"
	}
	return "added on both sides, and not the same"
}
