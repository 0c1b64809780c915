package cmd

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"pinseal/seal"
	"pinseal/versions"
)

type memberRequestOptions struct {
	name string
	can  []string
}

func newMemberRequest(c *cli) *cobra.Command {
	var o memberRequestOptions
	cmd := &cobra.Command{
		Use:   "request [NAME]",
		Short: "Print the line that an admin runs to add you",
		Long: `Print the command that adds you, with your public recipient, for you to send to an
admin. Nothing in it is secret; but who could change it on its way would be added in
your place, so let the admin compare it with you. The name is from git's user.email
unless you give one, and what you ask for is to read the default environment unless
--can says more. Without an identity it makes one.`,
		Example: `  pinseal member request
  pinseal member request bob --can dev.read,dev.publish`,
		Args: rangeArgs(0, "NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.name = args[0]
				if err := seal.CheckMember(o.name); err != nil {
					return err
				}
			}
			return c.runMemberRequest(cmd.Context(), o)
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	cmd.Flags().StringSliceVar(&o.can, "can", nil, "what to ask for, as `SLOTS`: admin, ENV.read, ENV.publish")
	completeFlag(cmd, "can", c.completeSlots)
	return cmd
}

func (c *cli) runMemberRequest(ctx context.Context, o memberRequestOptions) error {
	s, err := c.open(ctx, look)
	if err != nil {
		return err
	}
	defer s.Close()
	envs := s.note.Environments()
	if len(o.can) == 0 {
		o.can = []string{string(seal.ReadSlot(envs[0]))}
	}
	slots, err := s.slots(strings.TrimSpace("pinseal member request "+o.name), o.can)
	if err != nil {
		return err
	}
	nameless := o.name == "" && memberNameFrom(s.repo.UserEmail(ctx)) == ""
	if source, err := c.findIdentity(); nameless && err == nil && source == nil {
		return needsName() // before an identity is made
	}
	me, made, err := c.firstMember(ctx, s.repo)
	if err != nil {
		return err
	}
	if o.name != "" {
		me.name = o.name
	}
	line := "pinseal --app " + s.id.String() + " member add "
	known, isMember := memberWith(s.note, me.Recipient)
	switch other, taken := s.note.Member(me.name); {
	case isMember:
		slots = slices.DeleteFunc(slots, func(slot seal.Slot) bool { return slices.Contains(known.Slots, slot) })
		if len(slots) == 0 {
			s.say("You are in: %s", memberLine(known))
			return nil
		}
		line += known.Name
	case nameless:
		return needsName()
	case taken:
		return hint(fmt.Errorf("another member has that name: %s: %w", memberLine(other), versions.ErrConflict), "pinseal member request OTHERNAME")
	default:
		line += me.name + " " + quoteShell(me.Recipient)
	}
	if _, err := fmt.Fprintln(c.Stdout, line+" --can "+joinSlots(slots)); err != nil {
		return err
	}
	if made != "" {
		c.say("Made your identity: %s\n  It alone opens what you are given. Copy it to a safe place: pinseal identity export", made)
	}
	var admins []string
	for _, m := range s.note.Holders(seal.Admin) {
		admins = append(admins, m.Name)
	}
	c.say("Send that line to an admin (%s), and compare the fingerprint by another way:\n  %s\nOnce it is committed and you have pulled, you are in.", someOf(admins), fingerprint(me.Recipient))
	return nil
}

func needsName() error {
	return usage([]string{"pinseal member request NAME"}, "say what you are to be called: git's user.email gives no name")
}

// memberWith finds who has a recipient.
func memberWith(note *seal.Note, recipient string) (seal.Member, bool) {
	for _, m := range note.Members {
		if m.Recipient == recipient {
			return m, true
		}
	}
	return seal.Member{}, false
}
