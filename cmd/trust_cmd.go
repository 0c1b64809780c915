package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"pinseal/seal"
	"pinseal/versions"
)

type trustOptions struct{ forget bool }

func newTrust(c *cli) *cobra.Command {
	var o trustOptions
	cmd := &cobra.Command{
		Use:   "trust",
		Short: "Look at an app, and trust it in this place",
		Long: `Show which app stands here, what this machine remembers of it and of this place,
and who its members are; then ask whether to trust it. That replaces what is
remembered where it differs: the app of this directory, the default, the app note,
and the newest pins.

A copied .pinseal would open in another repository for someone who holds both apps'
keys, and a swapped public key would catch what is sealed. That is why an app that
is new or changed wants a look. Compare the id with what a colleague's status or
trust prints. Without a terminal the id itself is the consent; a name, or -y, is not.

A branch or a pull request in your clone is the same place as your own work: do not
run strangers' code with secrets.`,
		Example: `  pinseal trust
  pinseal trust --app APPID
  pinseal trust --forget`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.runTrust(cmd.Context(), o)
		},
	}
	cmd.Flags().BoolVar(&o.forget, "forget", false, "forget what is remembered of the app in this place")
	return cmd
}

func (c *cli) runTrust(ctx context.Context, o trustOptions) error {
	// Only to look: what is remembered must not be in the way of replacing it.
	// The note has to verify all the same.
	s, err := c.open(ctx, look)
	if err != nil {
		return c.notTheApp(err)
	}
	defer s.Close()
	f, err := s.trustFacts()
	if err != nil {
		return err
	}
	for _, line := range f.report() {
		if _, err := fmt.Fprintln(c.Stdout, clean(line)); err != nil {
			return err
		}
	}
	if o.forget {
		return f.forget()
	}
	if !f.differs() {
		s.say("Trusted already: nothing differs from what is remembered.")
		return nil
	}
	if err := s.consent("Trust this app here?", "pinseal trust"); err != nil {
		return err
	}
	if err := f.accept(); err != nil {
		return fmt.Errorf("cannot remember in %q: %w", f.mem.dir, err)
	}
	s.say("Trusted: app %s (%s) in %s", s.dir, s.id, f.place.dir)
	return nil
}

// notTheApp makes the absence of an app that was asked for by id a refusal:
// who pastes an id wants to know whether that app stands here.
func (c *cli) notTheApp(err error) error {
	want := c.app
	if want == "" {
		want = c.Getenv("PINSEAL_APP")
	}
	var missing *versions.NotFoundError
	if _, idErr := seal.ParseAppID(want); idErr != nil || !errors.As(err, &missing) || missing.What != "app" {
		return err
	}
	return hint(&versions.AuthError{What: "app " + want, Reason: "does not stand in this repository", Err: err},
		"pinseal trust --app NAME      to look at what does")
}

// consent asks on a terminal. Without one the id must have been given, which is
// said with the command.
func (s *session) consent(question, command string) error {
	switch {
	case s.interactive():
		if s.ask(question) {
			return nil
		}
		s.say("Nothing was changed.")
		return &exitError{exitNotAuthentic}
	case s.vouched():
		return nil
	}
	return hint(&versions.AuthError{What: fmt.Sprintf("app %s (%s)", s.dir, s.id), Reason: "needs your word, and there is no terminal to ask: only its id counts"},
		command+" --app "+s.id.String()+"      if you know that this is its id")
}

// trustFacts is what stands here, beside what is remembered.
type trustFacts struct {
	*session
	mem   *memory
	place place
	name  string // under which the place is known
	row   verdict

	remembered *seal.Note // nil when none is, or when it cannot be read
	damaged    error      // why the remembered one cannot be read
	pins       []pinFact
}

func (s *session) trustFacts() (*trustFacts, error) {
	dir, err := s.stateDir()
	if err != nil {
		return nil, err
	}
	f := &trustFacts{session: s}
	if f.mem, err = loadMemory(dir, s.warn); err != nil {
		return nil, err
	}
	f.place = place{dir: s.repo.CommonDir()}
	if f.place.urls, err = s.remoteURLs(); err != nil {
		return nil, err
	}
	f.name = f.mem.known.nameOf(f.place)
	known := f.mem.known.place(f.name)
	switch {
	case s.claim.def == s.dir:
		s.claim.byDefault = true // also when its id was given: that it is the default is looked at
	case known != nil:
		s.claim.def = known.def // another app's business
	}
	f.row = f.mem.known.judge(f.name, s.claim)
	f.remembered, f.damaged = f.mem.note(s.id)
	for _, env := range s.note.Environments() {
		f.pins = append(f.pins, s.pinFact(f.mem, env))
	}
	return f, nil
}

// pinFact is the ledger of one environment, here and remembered.
type pinFact struct {
	env   string
	seen  versions.Seen // remembered
	found versions.Seen // here, verified as if nothing were remembered
	bad   error         // why the ledger here does not verify
	back  error         // why it does not go on from what is remembered
}

func (s *session) pinFact(m *memory, env string) (p pinFact) {
	p = pinFact{env: env, seen: m.known.seen(s.id, env)}
	tips, err := versions.ReadTips(s.ctx, s.repo, "", s.id, env)
	if err != nil || tips.Local == "" {
		p.bad = err
		return p
	}
	before := s.note
	notes, err := tips.Notes(s.ctx, s.repo, env)
	if err == nil {
		err = s.fold(notes...)
	}
	var l *versions.Ledger
	if err == nil {
		l, err = versions.OpenTips(s.ctx, s.repo, s.note, env, tips, versions.Seen{})
	}
	if err == nil && s.note != before && !namesNote(l, s.note) {
		s.note = before // no pin vouches for that note
		l, err = versions.OpenTips(s.ctx, s.repo, s.note, env, tips, versions.Seen{})
	}
	if err != nil {
		s.note = before // a note counts only with pins that verify under it
		p.bad = err
		return p
	}
	p.found = l.Seen()
	if p.seen.Number > 0 {
		_, p.back = versions.OpenTips(s.ctx, s.repo, s.note, env, tips, p.seen)
	}
	return p
}

// absent reports whether pins are remembered and the ledger is not here, as in
// a fresh clone.
func (p *pinFact) absent() bool {
	return p.seen.Number > 0 && p.found.Number == 0 && p.bad == nil
}

// sameNote reports whether the note here is accepted as it is.
func (f *trustFacts) sameNote() bool {
	if f.remembered == nil {
		return f.damaged == nil
	}
	r := seal.Compare(f.remembered, f.note)
	return r == seal.Same || r == seal.Follows || r == seal.Precedes
}

// settled reports whether the place and the note need no word. A ledger that is
// missing then is what the word is about; otherwise it may just not have been
// fetched, and what is remembered of it stays.
func (f *trustFacts) settled() bool { return f.row == goOn && f.sameNote() }

// differs reports whether there is anything to replace.
func (f *trustFacts) differs() bool {
	if f.row != goOn || f.damaged != nil {
		return true
	}
	if f.remembered != nil {
		if r := seal.Compare(f.remembered, f.note); r != seal.Same && r != seal.Follows {
			return true
		}
	}
	return slices.ContainsFunc(f.pins, func(p pinFact) bool { return p.back != nil || p.absent() })
}

// accept makes what stands here what is remembered, if that is still what was
// looked at.
func (f *trustFacts) accept() error {
	shown := f.mem.known
	return cmp.Or(f.mem.locked(func(k *knownApps) (bool, error) {
		moved := k.noteHash(f.id) != shown.noteHash(f.id)
		changed := recordPlace(k, f.place, f.claim)
		changed = k.setNote(f.note) || changed || f.damaged != nil
		for _, p := range f.pins {
			moved = moved || k.seen(f.id, p.env) != p.seen
			switch {
			case p.back != nil:
				changed = k.setSeen(f.id, p.env, p.found, true) || changed
			case p.absent() && f.settled():
				changed = k.forgetPin(f.id, p.env) || changed
			}
		}
		if moved {
			return false, fmt.Errorf("another command has changed it meanwhile, look again: %w", versions.ErrConflict)
		}
		return changed, nil
	}, f.note))
}

// forget drops the app from this place; the app note and the pins too, once no
// other place knows the app.
func (f *trustFacts) forget() error {
	id, known := f.mem.known.app(f.name, f.dir)
	if !known {
		f.say("Nothing is remembered of app %s in this place.", f.dir)
		return nil
	}
	if err := f.consent("Forget what is remembered of this app here?", "pinseal trust --forget"); err != nil {
		return err
	}
	err := f.mem.update(func(k *knownApps) bool {
		changed := k.forgetApp(f.place.dir, f.dir)
		for _, u := range f.place.urls {
			changed = k.forgetApp(u, f.dir) || changed
		}
		if len(k.placesOf(id)) == 0 {
			changed = k.forgetNote(id) || changed
			changed = k.forgetPins(id) || changed
		}
		return changed
	})
	if err != nil {
		return fmt.Errorf("cannot forget in %q: %w", f.mem.dir, err)
	}
	f.say("Forgot app %s (%s) in %s", f.dir, id, f.place.dir)
	return nil
}
