package versions

import (
	"errors"
	"fmt"
	"strings"

	"pinseal/seal"
)

// merged is what two versions of a secret become.
type merged struct {
	file *SecretFile // nil when it is removed
	took Side        // whose values it has
	keys *keyMerge   // of a named key whose versions were merged one by one
}

// mergeSecret merges two versions of a secret by what they say: plaintexts, those of a
// named key one by one, and each of the other fields. When a person has to decide, why
// says so.
func mergeSecret(base, ours, theirs secretSide) (m merged, why string) {
	return mergeTaking(0, base, ours, theirs)
}

// mergeTaking is mergeSecret where a person has decided for a side, if not 0: what stands
// beside the versions of a named key is that side's.
func mergeTaking(take Side, base, ours, theirs secretSide) (m merged, why string) {
	if ours.lost != nil || theirs.lost != nil {
		return m, "one side cannot be read: " + errors.Join(ours.lost, theirs.lost).Error()
	}
	if why := wrongVersion(ours, theirs); why != "" {
		return m, why
	}
	if take != 0 {
		if !ours.isKey() || !theirs.isKey() {
			return m, whatDiffers(base, ours, theirs)
		}
		return mergeFields(take, base.asKey(), ours, theirs)
	}
	if same, _ := ours.same(theirs); same {
		return newerSealed(ours, theirs), ""
	}
	oursIs, known := ours.same(base)
	if oursIs {
		return merged{file: theirs.file, took: Theirs}, ""
	}
	if ours.isKey() && theirs.isKey() {
		return mergeFields(0, base.asKey(), ours, theirs)
	}
	if theirs.file == nil || ours.file == nil || base.file == nil || ours.file.Kind != theirs.file.Kind {
		if same, alsoKnown := theirs.same(base); same {
			return merged{file: ours.file, took: Ours}, ""
		} else if !known || !alsoKnown {
			return m, notOpened(base, ours, theirs)
		}
		return m, whatDiffers(base, ours, theirs)
	}
	return mergeFields(0, base, ours, theirs)
}

// wrongVersion says which version of a named key does not open with the key that it is
// sealed to. Beside it no other would open: a key opens as a whole.
func wrongVersion(ours, theirs secretSide) string {
	for _, s := range []struct {
		is   Side
		side secretSide
	}{{Ours, ours}, {Theirs, theirs}} {
		if s.side.isKey() && s.side.wrong > 0 {
			return fmt.Sprintf("version %d of %s does not open where it stands: %s", s.side.wrong, s.is, s.side.closed)
		}
	}
	return ""
}

func (s secretSide) isKey() bool { return s.file != nil && s.file.Kind == KindKey }

// asKey is the version that both sides' keys began with: without versions, where it
// was none, or cannot be read. Then all that both have is kept.
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
func mergeFields(take Side, base, ours, theirs secretSide) (m merged, why string) {
	b, o, t := base.file.metadata(), ours.file.metadata(), theirs.file.metadata()
	switch take { // as if the other side had not changed it
	case Ours:
		b = t
	case Theirs:
		b = o
	}
	var clashes []string
	f := *ours.file
	f.About = pick(b.about, o.about, t.about, "description", &clashes)
	f.Expires = pick(b.expires, o.expires, t.expires, "expiry", &clashes)
	f.Generate = pick(b.generate, o.generate, t.generate, "recipe", &clashes)
	f.Optional = pick(b.optional, o.optional, t.optional, "whether it is optional", &clashes)
	f.Bits = pick(b.bits, o.bits, t.bits, "bits", &clashes)
	m = merged{file: &f, took: Ours}
	if f.Kind == KindKey && len(clashes) == 0 {
		if m.keys, why = mergeVersions(base, ours, theirs, f.Bits); why != "" {
			return merged{}, why
		}
		f.Versions, m.took = m.keys.kept, m.keys.took()
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
