package cmd

import (
	"fmt"
	"slices"

	"pinseal/versions"
)

// sayKeysKnown says what is to be done about encryption keys that a member could open,
// and how many of what is to be rotated are none. A key has no source: a further version
// takes its place, and what the known ones encrypted is rewrapped before they go.
func (s *session) sayKeysKnown(e *versions.Exposure) (secrets, keys int) {
	rewrap := 0
	var lines []string
	for _, one := range e.Secrets {
		known := slices.Contains([]versions.ExposureState{versions.MustRotate, versions.MayRotate}, one.State)
		switch {
		case one.State == versions.MustRewrap:
			rewrap++
		case !known:
			continue
		case one.Kind == versions.KindKey:
			keys++
		default:
			secrets++
		}
		if one.Before > 0 {
			lines = append(lines, s.here(fmt.Sprintf("pinseal key rm %s -e %s --before %d", one.Name, one.Environment, one.Before)))
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
		s.say("%s all that is stored, with  %s; then  %s", verb, s.here("pinseal rewrap -k NAME -e ENV"), someOf(lines))
	}
	return secrets, keys + rewrap
}
