package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"pinseal/seal"
	"pinseal/versions"
)

type memberAddOptions struct {
	name      string
	recipient string
	file      string
	can       []string
	like      string
	service   bool
	out       string
	show      bool
}

func newMemberAdd(c *cli) *cobra.Command {
	var o memberAddOptions
	cmd := &cobra.Command{
		Use:   "add NAME [RECIPIENT] --can SLOTS",
		Short: "Add a person or a service, or give a member more",
		Long: `Add a member by its public key, and give it what --can says, or what another member
can. Of an environment that it may read it gets every key there was, so that it opens
old commits and pins too. A name that is in already is given more, without a
recipient.

The recipient is what "pinseal member request" prints for an admin: age1pq1… (post-
quantum), age1…, ssh-ed25519 …, ssh-rsa …, or that of an age plugin. Compare the
fingerprint with its owner by another way than the one it came by.

--service makes an identity for a machine: one line that opens this app alone. It is
printed once and not kept: to a pipe, or to a file with -o.

It needs an admin. What the admin cannot open stays pending, and is finished by
somebody who can, with "pinseal member sync".`,
		Example: `  pinseal member add bob age1pq1… --can dev.read,dev.publish
  pinseal member add eve --file eve.pub --can dev.read
  pinseal member add bob --can production.read
  pinseal identity new -o ../recovery.identity | pinseal member add recovery --file - --like ada
  pinseal member add web --service --can production.read -o ../web.identity`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.runMemberAdd(cmd.Context(), o)
		},
		ValidArgsFunction: c.completeMembers,
	}
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) > 2 && strings.HasPrefix(args[1], "ssh-") {
			args = []string{args[0], strings.Join(args[1:], " ")} // an ssh key that was not quoted
		}
		if err := rangeArgs(1, "NAME", "RECIPIENT")(cmd, args); err != nil {
			return err
		}
		o.name = args[0]
		if len(args) == 2 {
			o.recipient = args[1]
		}
		return o.check()
	}
	f := cmd.Flags()
	f.StringSliceVar(&o.can, "can", nil, "what it can, as `SLOTS`: admin, ENV.read, ENV.publish")
	f.StringVar(&o.like, "like", "", "what `MEMBER` can")
	f.StringVar(&o.file, "file", "", "read the recipient from `FILE` (- is stdin)")
	f.BoolVar(&o.service, "service", false, "make an identity for a machine, and print it once")
	f.StringVarP(&o.out, "output", "o", "", "write the service's identity to `FILE`, which must not exist")
	f.BoolVar(&o.show, "show", false, "show the service's identity on the terminal")
	completeFlag(cmd, "can", c.completeSlots)
	completeFlag(cmd, "like", c.completeMoreMembers)
	return cmd
}

func (o *memberAddOptions) check() error {
	if err := seal.CheckMember(o.name); err != nil {
		return err
	}
	switch {
	case o.service && (o.recipient != "" || o.file != ""):
		return usage(nil, "--service makes the key itself: it takes no recipient")
	case o.like != "" && len(o.can) > 0:
		return usage(nil, "--can and --like exclude each other")
	case o.recipient != "" && o.file != "":
		return usage(nil, "RECIPIENT and --file exclude each other")
	case !o.service && (o.out != "" || o.show):
		return usage(nil, "-o and --show go with --service")
	}
	return nil
}

// line is the command, without where the service's identity goes.
func (o *memberAddOptions) line() string {
	switch {
	case o.like == "" && slices.ContainsFunc(o.can, func(slot string) bool { _, err := seal.ParseSlot(slot); return err != nil }):
		return o.start() + " --can SLOTS"
	case o.like == "":
		return o.start() + " --can " + strings.Join(o.can, ",")
	case seal.CheckMember(o.like) != nil:
		return o.start() + " --like MEMBER"
	}
	return o.start() + " --like " + o.like
}

// start is line up to what the member can.
func (o *memberAddOptions) start() string {
	line := "pinseal member add " + o.name
	switch {
	case o.service:
		return line + " --service"
	case o.file != "" && !looksPrivate(o.file):
		return line + " --file " + quoteShell(o.file)
	case o.recipient != "":
		return line + " RECIPIENT"
	}
	return line
}

func (c *cli) runMemberAdd(ctx context.Context, o memberAddOptions) error {
	toFile := o.out != "" && o.out != "-"
	if o.service && !toFile && c.StdoutTTY && !o.show {
		return usage([]string{o.line() + " -o FILE", o.line() + " | some-secret-store set PINSEAL_IDENTITY"},
			"the service's private identity would be on the screen; --show shows it")
	}
	if toFile {
		if err := checkNewFile(o.line(), c.path(o.out)); err != nil {
			return err
		}
	}
	recipient, err := c.recipient(&o)
	if err != nil {
		return err
	}
	p, err := c.openPeople(ctx)
	if err != nil {
		return err
	}
	defer p.Close()
	slots, err := p.slotsFor(o)
	if err != nil {
		return err
	}
	a, err := p.amend()
	if err != nil {
		return err
	}
	if o.service {
		return p.addService(a, o, slots)
	}
	before, known := p.note.Member(o.name)
	switch {
	case recipient == "" && !known:
		return usage([]string{"pinseal member add " + o.name + " RECIPIENT --can …", "pinseal member request      is what " + o.name + " runs: it prints this line"},
			"there is no member of that name yet: a new one needs a recipient")
	case known && recipient != "" && recipient != before.Recipient:
		return hint(fmt.Errorf("member %q is in already, with another key: %w", o.name, versions.ErrConflict), "pinseal member rm "+o.name+"      first: that also replaces the keys it had", "pinseal member add OTHERNAME …")
	case known:
		err = a.Grant(o.name, slots...)
	default:
		err = a.Add(seal.Member{Name: o.name, Recipient: recipient, Slots: slots})
	}
	if errors.Is(err, versions.ErrConflict) {
		err = hint(err, "pinseal member list", "pinseal member add NAME --can …      gives a member more")
	}
	if err != nil {
		return err
	}
	e, err := p.finish(a)
	if err != nil {
		return err
	}
	if now, _ := e.Note.Member(o.name); known && len(now.Slots) == len(before.Slots) {
		p.say("%s can that already: %s", o.name, memberLine(before))
		return nil
	}
	old := p.note
	if err := p.apply(e); err != nil {
		return err
	}
	p.sayAdded(old, e, o.name)
	return nil
}

// slotsFor is what --can or --like says.
func (p *people) slotsFor(o memberAddOptions) ([]seal.Slot, error) {
	if o.like == "" {
		return p.slots(o.start(), o.can)
	}
	if err := seal.CheckMember(o.like); err != nil {
		return nil, err
	}
	m, ok := p.note.Member(o.like)
	if !ok {
		return nil, p.noMember(o.like)
	}
	return slices.Clone(m.Slots), nil
}

// sayAdded tells who is in now, and what they can.
func (p *people) sayAdded(old *seal.Note, e *versions.Edits, name string) {
	m, _ := e.Note.Member(name)
	if _, known := old.Member(name); known {
		p.say("Changed %s", memberLine(m))
	} else {
		p.say("Added %s\n  fingerprint %s", memberLine(m), fingerprint(m.Recipient))
	}
	p.sayKeys(old, e)
	if kind, quantum := recipientKind(m.Recipient); !quantum {
		p.say("  key: %s. What it reads can be recorded now and opened by a quantum computer later", kind)
	}
	p.sayPending(e.Pending)
	p.sayNext()
}
