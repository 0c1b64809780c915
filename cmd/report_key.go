package cmd

import (
	"slices"

	"pinseal/versions"
)

// sayKeysKnown says what is to be done about encryption keys that a member could open,
// and how many of what is to be rotated are none. A key has no source: a further version
// takes its place, and what the known ones encrypted is rewrapped before they go.
func (s *session) sayKeysKnown(e *versions.Exposure) (secrets, keys int) {
	rewrap := 0
	for _, one := range e.Secrets {
		switch {
		case one.State == versions.MustRewrap:
			rewrap++
		case !slices.Contains([]versions.ExposureState{versions.MustRotate, versions.MayRotate}, one.State):
		case one.Kind == versions.KindKey:
			keys++
		default:
			secrets++
		}
	}
	if keys > 0 {
		s.say("%s to rotate, and then to rewrap:  %s, commit and publish.", count(keys, "encryption key"), s.here("pinseal key rotate NAME -e ENV"))
	}
	if keys+rewrap > 0 {
		verb := "Then rewrap"
		if keys == 0 {
			verb = "To rewrap is"
		}
		s.say("%s what is stored with the versions named here, with  %s; then  %s", verb,
			s.here("pinseal rewrap -k NAME -e ENV"), s.here("pinseal key rm NAME -e ENV --before N"))
	}
	return secrets, keys + rewrap
}
