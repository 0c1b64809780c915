package cmd

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"pinseal/seal"
)

// completeMembers offers the members' names for the first argument.
func (c *cli) completeMembers(cmd *cobra.Command, args []string, to string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return c.completeMoreMembers(cmd, args, to)
}

// completeMoreMembers offers the members' names that are no argument yet.
func (c *cli) completeMoreMembers(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	return c.completing(func(s *session) []string {
		var names []string
		for _, m := range s.note.Members {
			if !slices.Contains(args, m.Name) {
				names = append(names, m.Name)
			}
		}
		return names
	})
}

// completeOtherApps offers the apps beside the one that the command works on.
func (c *cli) completeOtherApps(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return c.completing(func(s *session) []string {
		store, tree, err := s.openDir(storeDir)
		if err != nil {
			return nil
		}
		if tree != nil {
			defer tree.Close()
		}
		in, err := listApps(store)
		if err != nil {
			return nil
		}
		var names []string
		for _, a := range in.apps {
			if a.name != s.dir {
				names = append(names, a.name)
			}
		}
		return names
	})
}

// completeHeld is completeSlots with what the member has that is to lose it.
func (c *cli) completeHeld(_ *cobra.Command, args []string, to string) ([]string, cobra.ShellCompDirective) {
	return c.completing(func(s *session) []string {
		if len(args) == 0 {
			return nil
		}
		m, _ := s.note.Member(args[0])
		return listing(to, m.Slots)
	})
}

// listing offers slots behind what a list holds, but for those that it holds.
func listing(to string, slots []seal.Slot) []string {
	before := to[:strings.LastIndexByte(to, ',')+1]
	held := strings.Split(before, ",")
	var offers []string
	for _, slot := range slots {
		if !slices.Contains(held, string(slot)) {
			offers = append(offers, before+string(slot))
		}
	}
	return offers
}

// completeSlots offers what --can takes, after what the list holds already.
func (c *cli) completeSlots(_ *cobra.Command, _ []string, to string) ([]string, cobra.ShellCompDirective) {
	return c.completing(func(s *session) []string {
		slots := []seal.Slot{seal.Admin}
		for _, env := range s.note.Environments() {
			slots = append(slots, seal.ReadSlot(env), seal.PublishSlot(env))
		}
		return listing(to, slots)
	})
}
