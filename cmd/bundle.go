package cmd

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"pinseal/seal"
	"pinseal/versions"
)

type bundleOptions struct {
	env, at, out, member string
}

func newBundle(c *cli) *cobra.Command {
	var o bundleOptions
	cmd := &cobra.Command{
		Use:   "bundle ENV -o FILE",
		Short: "Write a pin and its sealed values to one file",
		Long: `Write one file that holds a pin and all that is needed to open it, for images and
hosts without git. It holds sealed values only: an identity opens it, and whoever
has none learns names, descriptions and members from it. It is verified before it
is written, and needs no key.`,
		Example: `  pinseal bundle production -o production.bundle
  pinseal bundle production -o production.bundle --at pin:12 --for web
  pinseal run --bundle production.bundle --app APPID -- ./server`,
		Args: exactArgs("ENV"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.env = args[0]
			return c.runBundle(cmd.Context(), o)
		},
		ValidArgsFunction: c.completeEnvironmentArg,
	}
	f := cmd.Flags()
	f.StringVarP(&o.out, "output", "o", "", "write to `FILE` (- is stdout)")
	f.StringVar(&o.at, "at", "pin", "the `PIN`: pin or pin:N")
	f.StringVar(&o.member, "for", "", "leave out what opens it for anyone but `MEMBER`")
	return cmd
}

func (c *cli) runBundle(ctx context.Context, o bundleOptions) error {
	at, err := versions.ParseSelector(o.at)
	if err != nil || !at.Pinned() {
		return usage([]string{"pinseal bundle ENV -o FILE --at pin:12"}, "--at wants pin or pin:N: a bundle is one pin")
	}
	if o.out == "" {
		return usage([]string{"pinseal bundle ENV -o FILE", "pinseal bundle ENV -o -        to stdout"}, "a bundle wants -o FILE")
	}
	s, err := c.open(ctx, look)
	if err != nil {
		return err
	}
	defer s.Close()
	if o.env, err = s.namedEnvironment(o.env); err != nil {
		return err
	}
	l, err := s.ledgerForReading(o.env)
	if err != nil {
		return err
	}
	source, pin, err := s.pinned(l, o.env, at, 0)
	if err != nil {
		return err
	}
	readers, err := s.bundleReaders(source, o)
	if err != nil {
		return err
	}
	data, err := s.formatBundle(source, o.member)
	if err != nil {
		return err
	}
	if o.out == "-" {
		return c.writeStdout(data)
	}
	if err := c.writeOutput(o.out, data, 0o644); err != nil {
		return fmt.Errorf("output %q: %w", o.out, err)
	}
	file := quoteShell(o.out)
	c.say("Wrote %s: pin %d of %s, %s, %s; opens for %s", o.out, pin.Number, pin.Environment,
		count(len(source.Sum.Names()), "secret"), bytesOf(len(data)), strings.Join(readers, ", "))
	c.say("Next, where only this file and an identity are:\n  pinseal list --bundle %s\n  pinseal run --bundle %s --app %s -- ./server", file, file, s.id)
	return nil
}

// formatBundle makes the bundle and opens it as its reader will.
func (s *session) formatBundle(source *versions.Source, member string) ([]byte, error) {
	data, err := versions.FormatBundle(source, member)
	if err != nil {
		return nil, err
	}
	bundle, err := versions.ParseBundle(data)
	if err != nil {
		return nil, err
	}
	_, _, err = bundle.Open(s.note)
	return data, err
}

// bundleReaders names who can open the bundle: who reads the environment today
// and has a wrap in the pin. It warns of who has left: the bundle's own note does
// not know it.
func (s *session) bundleReaders(source *versions.Source, o bundleOptions) ([]string, error) {
	var can []string
	slot := seal.ReadSlot(o.env)
	for _, m := range s.note.Readers(o.env) {
		wraps, err := fs.Glob(source.FS, versions.KeysDir+"/"+string(slot)+".*/"+m.Name+".age")
		if err != nil {
			return nil, err
		}
		if len(wraps) > 0 {
			can = append(can, m.Name)
		}
	}
	if o.member == "" {
		left, err := s.leftSince(source, o.env)
		if len(left) > 0 {
			s.warn("%s also holds what opens it for who has left since: %s\n  try:  %s", source.What, strings.Join(left, ", "), s.here("pinseal bundle "+o.env+" … --for MEMBER"))
		}
		return can, err
	}
	member, ok := s.note.Member(o.member)
	switch {
	case !ok:
		return nil, hint(&versions.NotFoundError{What: "member", In: "the app note with the name that was asked for"}, "one of: "+strings.Join(can, ", "))
	case slices.Contains(can, member.Name):
		return []string{member.Name}, nil
	case slices.Contains(member.Slots, slot):
		return nil, hint(&versions.NoKeyError{Slot: slot, Reason: fmt.Sprintf("%s has no wrap for member %q, who came later", source.What, member.Name)},
			"pinseal publish "+o.env+"        and bundle the new pin")
	}
	return nil, &versions.NoKeyError{Slot: slot, Reason: fmt.Sprintf("member %q has not been given %s", member.Name, slot), Holders: can}
}
