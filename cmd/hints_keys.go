package cmd

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"filippo.io/age/plugin"

	"pinseal/repo"
	"pinseal/seal"
	"pinseal/versions"
)

// pluginError makes the failure of an age plugin a key that is not to be had. Of
// one that is not installed it is not told which wrap it was tried on.
func pluginError(err error) error {
	var missing *plugin.NotFoundError
	if !errors.As(err, &missing) {
		return &noIdentityError{err.Error()}
	}
	program := "age-plugin-" + missing.Name
	return hint(&noIdentityError{fmt.Sprintf("the identity here is of the age plugin %q, and %s is not on PATH", missing.Name, program)},
		"command -v "+program+"      finds it once it is installed")
}

// keyHints tells someone who lacks a key how to come by it; v may be nil.
func (c *cli) keyHints(v *view, err error) []string {
	const elsewhere = "pinseal --identity FILE …     if you have one elsewhere"
	ids, idErr := c.findIdentity()
	none := idErr == nil && ids == nil
	switch bundled := v != nil && v.asked.bundle != ""; {
	case bundled && none:
		return []string{elsewhere, "pinseal identity new          then ask an admin to add you"}
	case bundled:
		return []string{"pinseal identity show         and ask an admin to add you"}
	}
	if ids != nil && bytes.Contains(ids.data, []byte("PINSEAL-SERVICE-1.")) {
		return serviceHints(v, err)
	}
	try := []string{"pinseal member request        prints the line for an admin to run"}
	if none {
		try = []string{elsewhere, "pinseal member request        makes one, and prints the line for an admin to run"}
	}
	if v == nil {
		return try
	}
	var noKey *versions.NoKeyError
	switch m, isMember := v.Keys.Member(); {
	case !isMember:
		return append(try, "pinseal fork                  keeps the names, for a project of your own")
	case errors.As(err, &noKey) && slices.Contains(m.Slots, noKey.Slot):
		return waitHints()
	case noKey != nil:
		return []string{"pinseal member request --can " + string(noKey.Slot) + "      prints the line for an admin to run"}
	}
	return try
}

// waitHints are for who holds a key that is not wrapped for it yet.
func waitHints() []string {
	return []string{"git pull", "pinseal member sync           for one of those who can to run"}
}

// serviceHints are keyHints for a service, which does not ask for itself.
func serviceHints(v *view, err error) []string {
	name, slot := "NAME", seal.Slot("SLOTS")
	if noKey := (*versions.NoKeyError)(nil); errors.As(err, &noKey) {
		slot = noKey.Slot
	}
	if v != nil {
		m, _ := v.Keys.Member()
		if slices.Contains(m.Slots, slot) {
			return waitHints()
		}
		name = m.Name
	}
	return []string{giveHint(name, slot)}
}

// giveHint is the line by which an admin gives a service more; one without a name
// is no member, and needs another identity.
func giveHint(name string, slot seal.Slot) string {
	if name == "" {
		return "pinseal member add NAME --service --can " + string(slot) + "      an admin makes a new one"
	}
	return "pinseal member add " + name + " --can " + string(slot) + "      an admin gives it"
}

// rekeyValues is what the gate suggests for values sealed to a retired key. It
// changes the work tree.
func rekeyValues(env string) string { return "pinseal rekey " + env + " --values" }

// laterHint is for a commit that was refused and is not HEAD: what changes the
// work tree helps a later one alone.
func (s *session) laterHint(err error, env string, commit repo.Hash) error {
	if head, _, headErr := s.repo.Head(s.ctx); headErr == nil && head == commit {
		return err
	}
	try := hints(err)
	for i, line := range try {
		if line == rekeyValues(env) {
			try[i] = "pinseal publish " + env + "      HEAD, after: " + line
		}
	}
	return hint(err, try...)
}

// publisherHint is for who has no key to sign with.
func (s *session) publisherHint(env string) string {
	slot := seal.PublishSlot(env)
	if s.isService() && s.ids != nil {
		m, _ := memberWith(s.note, s.ids.List[0].Recipient)
		return giveHint(m.Name, slot)
	}
	return "pinseal member request --can " + string(slot) + "      prints the line for an admin to run"
}
