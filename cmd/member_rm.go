package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"pinseal/seal"
	"pinseal/versions"
)

type memberRmOptions struct {
	name string
	can  []string
	json bool
}

func newMemberRm(c *cli) *cobra.Command {
	var o memberRmOptions
	cmd := &cobra.Command{
		Use:     "rm NAME",
		Aliases: []string{"remove"},
		Short:   "Remove a member, and replace the keys it had",
		Long: `Remove a member: every key that it had gets a successor, which is wrapped for those
who stay, and the current values are sealed to it anew. With --can it is taken those
slots alone. All of it is one change of the work tree.

What the member could open before, it can still: it may have a clone. So the report
that follows lists each secret whose value is still one that it could open: rotate
those where they came from (pinseal member report prints it at any time).

Where a publish key is replaced, the remote is asked for the last pin first: what the
old key signs above that is void. It needs an admin.`,
		Example: `  pinseal member rm bob
  pinseal member rm bob --can production.publish
  pinseal member rm bob --json > rotate.json`,
		Args: exactArgs("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.name = args[0]
			return c.runMemberRm(cmd.Context(), o)
		},
		ValidArgsFunction: c.completeMembers,
	}
	f := cmd.Flags()
	f.StringSliceVar(&o.can, "can", nil, "take these `SLOTS` alone")
	f.BoolVar(&o.json, "json", false, "print the report as JSON")
	completeFlag(cmd, "can", c.completeHeld)
	return cmd
}

func (c *cli) runMemberRm(ctx context.Context, o memberRmOptions) error {
	if err := seal.CheckMember(o.name); err != nil {
		return err
	}
	p, err := c.openPeople(ctx)
	if err != nil {
		return err
	}
	defer p.Close()
	m, ok := p.note.Member(o.name)
	if !ok {
		return p.noMember(o.name)
	}
	slots := m.Slots
	p.again = "pinseal member rm " + o.name
	if len(o.can) > 0 {
		if slots, err = p.slots(p.again, o.can); err != nil {
			return err
		}
		p.again += " --can " + joinSlots(slots)
	}
	a, err := p.amend()
	if err != nil {
		return err
	}
	if err := a.Revoke(o.name, slots...); err != nil {
		return p.revokeHint(err, o.name)
	}
	if err := p.rekey(a, slots); err != nil {
		return err
	}
	if p.interactive() && !p.yes && !p.ask(fmt.Sprintf("Remove %s and replace %s?", memberLine(seal.Member{Name: m.Name, Service: m.Service, Slots: slots}), count(len(slots), "key"))) {
		return p.declined("nothing was changed")
	}
	e, err := p.finish(a)
	if err != nil {
		return err
	}
	old := p.note
	if err := p.apply(e); err != nil {
		return err
	}
	if _, still := e.Note.Member(o.name); still {
		p.say("Took from %s: %s", o.name, joinSlots(slots))
	} else {
		p.say("Removed %s", o.name)
	}
	p.sayKeys(old, e)
	p.sayPending(e.Pending)
	p.sayNext()
	p.sayPublishers(slots)
	if !slices.ContainsFunc(slots, func(s seal.Slot) bool { return s.Power() == seal.Read }) && !o.json {
		return nil
	}
	report, err := p.exposure(o.name)
	if err != nil {
		return fmt.Errorf("%s was removed; the report of what to rotate cannot be made: %w", o.name, err)
	}
	return p.printExposure(report, o.json)
}

// sayPublishers tells what replacing publish keys means.
func (p *people) sayPublishers(slots []seal.Slot) {
	replaced := false
	for _, slot := range slots {
		switch {
		case slot.Power() != seal.Publish:
		case len(p.note.Holders(slot)) > 0:
			replaced = true
		default:
			p.warn("nobody can publish %s now\n  try:  %s", slot.Environment(), p.here("pinseal member add NAME --can "+string(slot)))
		}
	}
	if replaced {
		p.say("Then publish: a pin that is signed with an old key from now on is void.")
	}
}

// noMember says that nobody has a name, and who is near it.
func (s *session) noMember(name string) error {
	names := make([]string, len(s.note.Members))
	for i, m := range s.note.Members {
		names[i] = m.Name
	}
	return hint(&versions.NotFoundError{What: "member", Name: name, In: "app " + s.dir}, "pinseal member list      one of: "+someOf(names))
}

func (p *people) revokeHint(err error, name string) error {
	if !errors.Is(err, versions.ErrRefused) {
		if errors.Is(err, versions.ErrNotFound) {
			return hint(err, "pinseal member list")
		}
		return err
	}
	try := []string{"pinseal member add OTHER RECIPIENT --can …      first"}
	if len(p.note.Members) > 1 {
		try = append(try, "pinseal member add OTHER --can …      gives it to somebody who is in")
	}
	return hint(err, try...)
}
