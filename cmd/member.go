package cmd

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"pinseal/seal"
	"pinseal/versions"
)

func newMember(c *cli) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "member",
		Aliases: []string{"members"},
		Short:   "Who is in, and what they can: list, add, rm, sync, report, request",
		Long: `A member is a person or a service: a public recipient, and what it can.

  admin         says who is in, and makes keys
  ENV.read      opens the values of an environment
  ENV.publish   signs its pins, and opens nothing

Adding and removing changes the work tree; commit it as any other change.`,
		Example: `  pinseal member request
  pinseal member add bob age1pq1… --can dev.read,dev.publish
  pinseal member rm bob`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newMemberList(c), newMemberAdd(c), newMemberRm(c), newMemberSync(c), newMemberReport(c), newMemberRequest(c))
	return cmd
}

func newMemberList(c *cli) *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List the members and what they can",
		Long: `List who is in: name, what they can, the kind of their key, and which keys have not
been wrapped for them yet. It needs no key.`,
		Example: `  pinseal member list
  pinseal member list --json | jq -r '.members[] | select(.service) | .name'`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.runMemberList(cmd.Context(), asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// listedMember is a member for people and programs.
type listedMember struct {
	Name        string        `json:"name"`
	Service     bool          `json:"service,omitempty"`
	Slots       []seal.Slot   `json:"slots"`
	Kind        string        `json:"kind"`
	PostQuantum bool          `json:"post_quantum"`
	Recipient   string        `json:"recipient"`
	Fingerprint string        `json:"fingerprint"`
	Pending     []pendingSlot `json:"pending"` // keys that are not wrapped for it yet
}

type pendingSlot struct {
	Slot       seal.Slot `json:"slot"`
	Generation int       `json:"generation"`
	Can        []string  `json:"can"` // who can finish it
}

func (c *cli) runMemberList(ctx context.Context, asJSON bool) error {
	s, err := c.open(ctx, look)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.recall(); err != nil { // a note that went back is said here too
		return err
	}
	missing, err := versions.MissingWraps(s.note, s.head)
	if err != nil {
		return err
	}
	members := make([]listedMember, len(s.note.Members))
	for i, m := range s.note.Members {
		kind, quantum := recipientKind(m.Recipient)
		members[i] = listedMember{m.Name, m.Service, m.Slots, kind, quantum, m.Recipient, fingerprint(m.Recipient), []pendingSlot{}}
		for _, p := range missing {
			if p.Member == m.Name {
				members[i].Pending = append(members[i].Pending, pendingSlot{p.Slot, p.Generation, append([]string{}, p.Can...)})
			}
		}
	}
	if asJSON {
		return c.printJSON(struct {
			Schema      int            `json:"schema"`
			App         string         `json:"app"`
			NoteVersion int            `json:"note_version"`
			Members     []listedMember `json:"members"`
		}{1, s.id.String(), s.note.Version, members})
	}
	table := [][]string{{"MEMBER", "CAN", "KEY"}}
	if len(missing) > 0 {
		table[0] = append(table[0], "PENDING")
	}
	for _, m := range members {
		table = append(table, m.row())
	}
	return printTable(c.Stdout, table)
}

func (m *listedMember) row() []string {
	line := memberLine(seal.Member{Name: m.Name, Service: m.Service, Slots: m.Slots})
	name, can, _ := strings.Cut(line, ": ")
	row := []string{name, can, m.Kind}
	var pending []string
	for _, p := range m.Pending {
		pending = append(pending, fmt.Sprintf("%s %d", p.Slot, p.Generation))
	}
	if len(pending) > 0 {
		row = append(row, strings.Join(pending, ", "))
	}
	return row
}

// recipientKind names what a recipient is, for people.
func recipientKind(recipient string) (kind string, postQuantum bool) {
	_, _, quantum, err := seal.ParseRecipient(recipient, nil)
	switch {
	case strings.HasPrefix(recipient, "ssh-"):
		kind, _, _ = strings.Cut(recipient, " ")
	case err != nil:
		return "age plugin " + strings.TrimPrefix(recipient[:strings.LastIndexByte(recipient, '1')], "age1"), false
	case strings.HasPrefix(recipient, "age1tag"):
		kind = "age, hardware"
	case quantum:
		kind = "age"
	default:
		kind = "age X25519"
	}
	if quantum {
		return kind + ", post-quantum", true
	}
	return kind + ", not post-quantum", false
}
