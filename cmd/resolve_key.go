package cmd

import (
	"fmt"
	"strings"

	"pinseal/versions"
)

// settledSays is what became of a secret in a merge.
func settledSays(one versions.Settled) string {
	switch {
	case one.File == nil:
		return one.Took.String() + ", removed"
	case one.File.Kind != versions.KindKey || one.Took != versions.Both && len(one.Moved) == 0:
		return one.Took.String()
	}
	parts := []string{"the versions of " + one.Took.String()}
	for _, v := range one.Moved {
		parts = append(parts, fmt.Sprintf("version %d of theirs is version %d now", v.Was, v.Is))
	}
	return strings.Join(parts, "; ")
}

// undecidedLine is a line that decides a secret. Of a named key no value is set, and a
// side leaves out what the other has encrypted with.
func undecidedLine(u versions.UnmergedSecret) string {
	if u.Kind == versions.KindKey {
		return resolveLines(u.Name, u.Environment)[0] + "      or --theirs: the versions of the other side are lost"
	}
	return resolveLine(u.Name, u.Environment)
}

// warnLeftOut says which versions of a named key are not in the side that is taken, as
// far as the keys at hand tell.
func (m *merging) warnLeftOut(o resolveOptions, env string) error {
	var keys []*versions.Keyring
	if m.known == nil {
		k, err := m.keyring(m.sides.Ours, m.sides.Theirs)
		if err != nil {
			return err
		}
		keys = append(keys, k)
	} else {
		both, err := m.bothKeyrings()
		if err != nil {
			return err
		}
		keys = both
	}
	if left := m.sides.LeftOut(env, o.name, o.side(), keys...); len(left) > 0 {
		m.warn("%s of %s is left out: what was encrypted with that will not decrypt. Both sides' versions are kept by\n  %s", versionNumbers(left), o.side().Other(), m.here("pinseal resolve"))
	}
	return nil
}
