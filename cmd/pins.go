package cmd

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"pinseal/versions"
)

type pinsOptions struct {
	env   string
	named bool
	limit int
	json  bool
}

func newPins(c *cli) *cobra.Command {
	var o pinsOptions
	cmd := &cobra.Command{
		Use:   "pins [ENV]",
		Short: "Published sets, newest first",
		Long: `List the pins of an environment, newest first, each verified: number, when (UTC),
who published it, the commit, how many secrets, and the message. * marks the newest,
which --at pin reads. Without ENV it is the newest pin of every environment.`,
		Example: `  pinseal pins
  pinseal pins production
  pinseal pins production --json | jq '.pins[0].commit'`,
		Args: rangeArgs(0, "ENV"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.named = len(args) == 1; o.named {
				o.env = args[0]
			}
			return c.runPins(cmd.Context(), o)
		},
		ValidArgsFunction: c.completeEnvironmentArg,
	}
	f := cmd.Flags()
	f.IntVar(&o.limit, "limit", 20, "print at most `N` pins (0: all)")
	f.BoolVar(&o.json, "json", false, "print JSON")
	return cmd
}

// listedPin is one pin, for people and programs.
type listedPin struct {
	pinJSON
	Secrets int  `json:"secrets"`
	Current bool `json:"current"`
}

func (c *cli) runPins(ctx context.Context, o pinsOptions) error {
	if o.limit < 0 {
		return usage(nil, "--limit wants a number from 0")
	}
	s, err := c.open(ctx, look)
	if err != nil {
		return err
	}
	defer s.Close()
	var pins []listedPin
	more := 0
	if o.named {
		pins, more, err = s.pinsOf(o)
	} else {
		pins, err = s.newestPins()
	}
	if err != nil {
		return err
	}
	if o.json {
		return c.printJSON(struct {
			Schema int         `json:"schema"`
			App    string      `json:"app"`
			Pins   []listedPin `json:"pins"`
			More   int         `json:"more,omitempty"`
		}{1, s.id.String(), pins, more})
	}
	if len(pins) == 0 {
		c.say("Nothing is pinned here yet%s", lines(s.firstPinHints()))
		return nil
	}
	if err := printTable(c.Stdout, pinsTable(pins, o.named)); err != nil {
		return err
	}
	if more > 0 {
		c.say("%s below; --limit 0 lists all", count(more, "older pin"))
	}
	return nil
}

// firstPinHints are for an app without a pin here.
func (s *session) firstPinHints() []string {
	var try []string
	for _, line := range s.fetchHints() {
		try = append(try, line+"          if it was published elsewhere")
	}
	for _, env := range s.note.Environments() {
		try = append(try, firstPublish(env))
	}
	const most = 4
	return labelled(s.hereAll(try[:min(most, len(try))]))
}

// labelled puts "try:" before the first of some hints, and room before the rest.
func labelled(try []string) []string {
	out := make([]string, len(try))
	for i, line := range try {
		out[i] = "      " + line
		if i == 0 {
			out[i] = "try:  " + line
		}
	}
	return out
}

// pinsOf lists the pins of one environment.
func (s *session) pinsOf(o pinsOptions) (pins []listedPin, more int, err error) {
	env, err := s.namedEnvironment(o.env)
	if err != nil {
		return nil, 0, err
	}
	l, err := s.ledgerForReading(env)
	if err != nil {
		return nil, 0, err
	}
	if l.Tip() == nil {
		return nil, 0, hint(&versions.NotFoundError{What: "pin", In: "the ledger of " + env}, append(s.fetchHints(), firstPublish(env))...)
	}
	var failed error
	last := 0
	err = l.Walk(s.ctx, func(e *versions.Entry) bool {
		if o.limit > 0 && len(pins) == o.limit {
			more = last - 1
			return false
		}
		last = e.Number
		pin, err := s.listPin(l, e)
		pins = append(pins, pin)
		failed = err
		return err == nil
	})
	if failed != nil {
		err = failed
	}
	return pins, more, err
}

// newestPins lists the newest pin of every environment that has one here.
func (s *session) newestPins() ([]listedPin, error) {
	pins := []listedPin{}
	for _, env := range s.note.Environments() {
		l, missed, err := s.localLedger(env)
		if err != nil {
			return nil, err
		}
		if missed > 0 {
			s.warn("%s: this clone has no pins; #%d has been seen elsewhere%s", env, missed, lines(labelled(s.hereAll(s.fetchHints()))))
		}
		if l == nil || l.Tip() == nil {
			continue
		}
		pin, err := s.listPin(l, l.Tip())
		if err != nil {
			return nil, err
		}
		pins = append(pins, pin)
	}
	return pins, nil
}

func (s *session) listPin(l *versions.Ledger, e *versions.Entry) (listedPin, error) {
	source, err := l.Source(s.ctx, e)
	if err != nil {
		return listedPin{}, err
	}
	return listedPin{toPinJSON(e.Pin), len(source.Sum.Names()), e.Number == l.Tip().Number}, nil
}

func pinsTable(pins []listedPin, one bool) [][]string {
	table := [][]string{{"PIN", "WHEN", "BY", "COMMIT", "SECRETS", "MESSAGE"}}
	if !one {
		table[0] = append([]string{"ENVIRONMENT"}, table[0]...)
	}
	for _, p := range pins {
		message := p.Message
		if p.RollbackOf > 0 {
			message = trimJoin(fmt.Sprintf("rollback to #%d", p.RollbackOf), message)
		}
		number := fmt.Sprintf("#%d", p.Number)
		if one && p.Current {
			number += " *"
		}
		row := []string{number, minutes(p.Time), p.Publisher, shortHash(p.Commit), fmt.Sprint(p.Secrets), message}
		if !one {
			row = append([]string{p.Environment}, row...)
		}
		table = append(table, row)
	}
	return table
}

// trimJoin puts a note before a message that may be empty.
func trimJoin(note, message string) string {
	if message == "" {
		return note
	}
	return note + ": " + message
}

// minutes shortens an RFC 3339 time in UTC for people.
func minutes(t string) string {
	const wanted = len("2006-01-02T15:04")
	if len(t) < wanted {
		return t
	}
	return t[:len("2006-01-02")] + " " + t[len("2006-01-02T"):wanted]
}
