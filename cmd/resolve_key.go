package cmd

import (
	"fmt"
	"strings"

	"pinseal/versions"
)

// settledSays is what became of a secret in a merge.
func settledSays(one versions.Settled) string {
	if one.File == nil {
		return one.Took.String() + ", removed"
	}
	parts := []string{one.Took.String()}
	if one.Took == versions.Both || len(one.Moved) > 0 {
		parts[0] = "the versions of " + parts[0]
	}
	for _, v := range one.Moved {
		parts = append(parts, fmt.Sprintf("version %d of theirs is version %d now", v.Was, v.Is))
	}
	for _, v := range one.Dropped {
		parts = append(parts, fmt.Sprintf("version %d is dropped, as %s has it: what it encrypted will not decrypt", v.Number, v.By))
	}
	switch e := one.Encrypts; {
	case e.Number == 0 || one.Took == versions.Ours && len(one.Dropped) == 0:
	case e.Number != e.Was && e.Of == versions.Ours:
		parts = append(parts, fmt.Sprintf("version %d encrypts, which is version %d of ours", e.Number, e.Was))
	default:
		parts = append(parts, fmt.Sprintf("version %d encrypts", e.Number))
	}
	return strings.Join(parts, "; ")
}

// warnRetiredVersion warns of a key that goes on encrypting with what somebody who has
// left may know.
func (m *merging) warnRetiredVersion(one versions.Settled) {
	if e := one.Encrypts; e.Retired {
		m.warn("%s in %s encrypts with version %d, which %s made under a read key that %s has replaced: who has left since may know it. Then\n  %s",
			one.Name, one.Environment, e.Number, e.Of, e.Of.Other(), m.here("pinseal key rotate "+one.Name+" -e "+one.Environment))
	}
}

// undecidedLine is a line that decides a secret. Of a named key no value is set.
func undecidedLine(u versions.UnmergedSecret) string {
	if u.Kind == versions.KindKey {
		return resolveLines(u.Name, u.Environment)[0] + "      or --theirs: says which versions of the other side would be lost"
	}
	return resolveLine(u.Name, u.Environment)
}

// sidesKeyrings open what either side has.
func (m *merging) sidesKeyrings() ([]*versions.Keyring, error) {
	if m.known != nil {
		return m.bothKeyrings()
	}
	keys, err := m.keyring(m.sides.Ours, m.sides.Theirs)
	return []*versions.Keyring{keys}, err
}

// decideKey is what a named encryption key becomes when a person has decided for a side
// where only what stands beside the versions is in the way: both sides' versions are in
// it. Else ok is false, and the file is that side's.
func (m *merging) decideKey(o resolveOptions, env string) (one versions.Settled, f *versions.SecretFile, ok bool, err error) {
	keys, err := m.sidesKeyrings()
	if err != nil {
		return one, nil, false, err
	}
	if _, why := m.sides.SettleKey(env, o.name, 0, keys...); why == "" {
		return one, nil, false, nil // the side alone is what is asked for
	}
	one, why := m.sides.SettleKey(env, o.name, o.side(), keys...)
	if why != "" {
		return one, nil, false, nil
	}
	sealer, err := m.sealer(env)
	if err != nil {
		return one, nil, false, err
	}
	f, err = one.Seal(sealer, m.id)
	return one, f, err == nil, err
}

// agreeLeftOut says which versions of a named key are not in the side that is taken, as
// far as the keys at hand tell, and wants a yes before they are lost.
func (m *merging) agreeLeftOut(o resolveOptions, env string) error {
	keys, err := m.sidesKeyrings()
	if err != nil {
		return err
	}
	left := m.sides.LeftOut(env, o.name, o.side(), keys...)
	if len(left) == 0 {
		return nil
	}
	lost := fmt.Sprintf("%s of %s %s left out", versionNumbers(left), o.side().Other(), areOrIs(left))
	both := ""
	if _, why := m.sides.SettleKey(env, o.name, 0, keys...); why == "" {
		both = ". Both sides' versions are kept by\n  " + m.here("pinseal resolve")
	}
	m.warn("%s: what was encrypted with that will not decrypt%s", lost, both)
	if o.dryRun {
		return nil
	}
	return m.agreed("pinseal resolve "+o.name+" -e "+env+" --"+o.side().String(), "Take "+o.side().String()+" of "+o.name+" in "+env+"?")
}
