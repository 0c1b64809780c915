package cmd

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"pinseal/seal"
	"pinseal/versions"
)

func newMemberSync(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:   "sync [NAME…]",
		Short: "Finish what is pending: wraps and values that you can open",
		Long: `Make what the app note asks for and the work tree has not: keys that are not wrapped
for a member who holds them, values that are sealed to a key which has been replaced.
It does what your own keys open and leaves the rest to others; status names them.
Wraps of those who hold their key no more are removed. It changes nobody's rights.

With NAME all of that member's wraps are made anew, as when one is damaged.`,
		Example: `  pinseal member sync
  pinseal member sync bob`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.runMemberSync(cmd.Context(), args)
		},
		ValidArgsFunction: c.completeMoreMembers,
	}
}

func (c *cli) runMemberSync(ctx context.Context, names []string) error {
	for _, name := range names {
		if err := seal.CheckMember(name); err != nil {
			return err
		}
	}
	p, err := c.openPeople(ctx)
	if err != nil {
		return err
	}
	defer p.Close()
	for _, name := range names {
		if _, ok := p.note.Member(name); !ok {
			return p.noMember(name)
		}
	}
	return p.sync(versions.SyncOptions{Anew: names, Plugin: p.pluginRecipient}, false)
}

// sync makes what is missing and says so. That nothing of what was asked for could
// be made for want of a key is an error; to a member who just asks, all that is
// others' is none.
func (p *people) sync(o versions.SyncOptions, dryRun bool) error {
	e, err := versions.Sync(p.ctx, p.keys, p.head, o)
	if err != nil {
		return p.valueHint(err)
	}
	if e.Empty() {
		if len(e.Pending) == 0 {
			p.say("Nothing is pending.")
			return nil
		}
		p.sayPending(e.Pending)
		_, err := p.keys.Key(e.Pending[0].Slot, e.Pending[0].Generation)
		_, isMember := p.keys.Member()
		if isMember && errors.Is(err, seal.ErrNoKey) && !o.ValuesOnly && len(o.Anew) == 0 {
			p.say("Nothing here is yours to finish%s", askWhom(e.Pending))
			return nil
		}
		return p.readHint(nil, err)
	}
	if dryRun {
		p.say("Nothing was written; without --dry-run:")
	} else if err := p.apply(e); err != nil {
		return err
	}
	if len(e.Wraps) > 0 {
		p.say("Wrapped %s for %s", count(len(e.Wraps), "key"), strings.Join(membersOf(e.Wraps), ", "))
	}
	if len(e.Values) > 0 {
		p.say("Sealed anew: %s", count(len(e.Values), "value"))
	}
	if len(e.Removed) > 0 {
		p.say("Removed %s of who holds the key no more", count(len(e.Removed), "wrap"))
	}
	p.sayPending(e.Pending)
	if !dryRun {
		p.sayNext()
	}
	return nil
}

// askWhom names who can finish what is pending.
func askWhom(pending []versions.Pending) string {
	var can []string
	for _, p := range pending {
		can = append(can, p.Can...)
	}
	if len(can) == 0 {
		return ""
	}
	slices.Sort(can)
	return "; ask: " + someOf(slices.Compact(can))
}

// membersOf names whom wraps are for.
func membersOf(wraps map[string][]byte) []string {
	names := map[string]bool{}
	for p := range wraps {
		name := strings.TrimSuffix(p[strings.LastIndexByte(p, '/')+1:], ".age")
		names[name] = true
	}
	return slices.Sorted(maps.Keys(names))
}
