package versions

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"pinseal/repo"
	"pinseal/seal"
	"pinseal/seal/spelling"
)

// claim is what an app note says of one member and one environment: that it is
// given all generations of the read key up to this one. An environment of "",
// with generation 1, says that there is such a member.
type claim struct {
	name, recipient, environment string
	generation                   int
}

// claims gathers what app notes say of their members. Verifying a note of many
// members takes milliseconds, and each says little that the next does not: only
// those that claim more than what is known already are verified.
type claims struct {
	note  *seal.Note // the newest
	notes []claiming
	held  []claim
	known map[claim]int // highest generation, by claim of generation 0
}

// claiming is a note that was not verified: its blob, or itself.
type claiming struct {
	version int
	claims  []claim
	blob    repo.Hash
	signed  []byte
}

func newClaims(newest *seal.Note) *claims {
	c := &claims{note: newest, known: map[claim]int{}}
	c.hold(newest)
	return c
}

// add takes in a note, which it keeps when it has no blob, and returns the app id
// that it claims to be of.
func (c *claims) add(signed []byte, blob repo.Hash) (id string) {
	id, version, list := claimsIn(signed)
	if id != c.note.ID.String() {
		return id
	}
	n := claiming{version: version, claims: list, blob: blob}
	if blob == "" {
		n.signed = signed
	}
	c.notes = append(c.notes, n)
	return id
}

// claimsIn reads the claims of a note by its lines alone. There is one spelling,
// so for a note that verifies they are what it says.
func claimsIn(signed []byte) (id string, version int, list []claim) {
	newest := map[string]int{} // by slot
	var slot string
	var member claim
	for line := range strings.Lines(string(signed)) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch key {
		case "id":
			id = value
		case "version":
			version, _ = spelling.ParseNumber(value)
		case "  - slot":
			slot = value
		case "    generation":
			newest[slot], _ = spelling.ParseNumber(value)
		case "  - name":
			member = claim{name: value}
		case "    recipient":
			member.recipient = value
		case "    slots":
			list = append(list, claim{member.name, member.recipient, "", 1})
			for held := range strings.SplitSeq(strings.Trim(value, "[]"), ", ") {
				if s := seal.Slot(held); s.Power() == seal.Read && newest[held] > 0 {
					list = append(list, claim{member.name, member.recipient, s.Environment(), newest[held]})
				}
			}
		}
	}
	return id, version, list
}

// hold takes what a verified note says.
func (c *claims) hold(n *seal.Note) {
	for _, m := range n.Members {
		c.held = append(c.held, claim{m.Name, m.Recipient, "", 1})
		for _, slot := range m.Slots {
			if newest, _ := n.Newest(slot); slot.Power() == seal.Read {
				c.held = append(c.held, claim{m.Name, m.Recipient, slot.Environment(), newest.Generation})
			}
		}
	}
	for _, one := range c.held {
		at := one
		at.generation = 0
		c.known[at] = max(c.known[at], one.generation)
	}
}

// verify verifies what claims more than is known, the newest first, and counts
// the notes that do not count.
func (c *claims) verify(ctx context.Context, r *repo.Repo) (passed int, err error) {
	slices.SortStableFunc(c.notes, func(a, b claiming) int { return cmp.Compare(b.version, a.version) })
	for _, n := range c.notes {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if !slices.ContainsFunc(n.claims, c.isNews) {
			continue
		}
		signed := n.signed
		if n.blob != "" {
			if _, signed, err = r.Object(ctx, n.blob, MaxNote); err != nil {
				return 0, err
			}
		}
		note, err := seal.ParseNote(signed)
		if err != nil || !c.accepts(note) {
			passed++
			continue
		}
		c.hold(note)
	}
	return passed, nil
}

func (c *claims) isNews(one claim) bool {
	at := one
	at.generation = 0
	return one.generation > c.known[at]
}

// accepts reports whether a note of this app that verifies is one of its past, or of
// a branch of that. A note that resolving two branches dropped is foreign to the
// newest, yet its members had their wraps: it counts while the admin key that
// signed it is the newest. After that it could be a removed admin's.
func (c *claims) accepts(n *seal.Note) bool {
	newest, _ := c.note.Newest(seal.Admin)
	admin, _ := n.Newest(seal.Admin)
	return seal.Compare(c.note, n) != seal.Foreign || bytes.Equal(newest.Key, admin.Key)
}

// passOver reports whether an object that could not be read is one to pass
// over: it is too large to be ours, or not here. Other errors come back.
func passOver(err error) (bool, error) {
	if errors.As(err, new(*repo.TooLargeError)) || errors.Is(err, repo.ErrMissing) {
		return true, nil
	}
	return false, err
}
