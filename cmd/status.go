package cmd

import (
	"context"
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"pinseal/seal"
	"pinseal/versions"
)

type statusOptions struct{ all, json bool }

func newStatus(c *cli) *cobra.Command {
	var o statusOptions
	cmd := &cobra.Command{
		Use:   "status",
		Short: "What is pinned where, what is missing",
		Long: `Show every environment with its newest pin and how HEAD and the work tree differ
from it, the secrets that are not simply sealed in all of them, and what is not
committed. It reads what is here: pinseal fetch brings news. It needs no key.`,
		Example: `  pinseal status
  pinseal status --all
  pinseal status --json | jq '.environments[].pin.number'`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.runStatus(cmd.Context(), o)
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	f := cmd.Flags()
	f.BoolVar(&o.all, "all", false, "list every secret")
	f.BoolVar(&o.json, "json", false, "print JSON")
	return cmd
}

// statusReport is all that status says, for people and programs.
type statusReport struct {
	Schema       int            `json:"schema"`
	ID           string         `json:"app"`
	App          string         `json:"name"`
	Branch       string         `json:"branch,omitempty"`
	Commit       string         `json:"commit,omitempty"`
	Environments []envStatus    `json:"environments"`
	Secrets      []secretStatus `json:"secrets"`
	Uncommitted  []string       `json:"uncommitted"`
	Members      []memberStatus `json:"members"`
	Pending      []pending      `json:"pending"`              // for somebody who can: pinseal member sync
	OlderNote    int            `json:"older_note,omitempty"` // version of the note here, when a newer one is known
	NoteVersion  int            `json:"note_version"`
	Unfinished   []string       `json:"unfinished,omitempty"` // directories that have no app note
	bare, inHead bool
	unpublished  []string // environments that nobody can publish
	waiting      []versions.Pending
	here         func(string) string // see cli.here
	commit       string              // the git line that commits what is not
}

type envStatus struct {
	Name     string   `json:"name"`
	Secrets  int      `json:"secrets"`
	Blank    []string `json:"blank"`    // and not optional
	Expired  []string `json:"expired"`  // before today, UTC
	Expiring []string `json:"expiring"` // within 30 days
	Retired  []string `json:"retired"`  // sealed to a read key that was retired
	Unmerged []string `json:"unmerged,omitempty"`
	Pin      *pinJSON `json:"pin,omitempty"`
	PinError string   `json:"pin_error,omitempty"`
	PinSeen  int      `json:"pin_seen,omitempty"` // number of a pin that was seen, where there is none here
	Drift    *drift   `json:"drift,omitempty"`    // against the pin
	unmerged *versions.UnmergedError
	retired  []versions.Pending
	behind   *versions.BehindError
	unknown  bool // there are no pins here, and there is a remote that may have some
}

// drift counts the secrets that differ from the newest pin; nil where there is
// nothing to compare.
type drift struct {
	Head     *int `json:"head,omitempty"`
	WorkTree *int `json:"worktree,omitempty"`
}

// pending is a wrap that a member has not, or secrets that are sealed to a key
// which has a successor.
type pending struct {
	Slot       seal.Slot `json:"slot"`
	Generation int       `json:"generation"`
	Member     string    `json:"member,omitempty"`
	Secrets    []string  `json:"secrets,omitempty"`
	Can        []string  `json:"can"` // members who hold the key and can finish
}

func toPending(all []versions.Pending) []pending {
	list := []pending{}
	for _, p := range all {
		list = append(list, pending{p.Slot, p.Generation, p.Member, p.Names, append([]string{}, p.Can...)})
	}
	return list
}

type secretStatus struct {
	Name  string            `json:"name"`
	State map[string]string `json:"state"` // by environment; absent where it is not declared
	plain bool              // sealed in every environment, and not about to expire
}

type memberStatus struct {
	Name        string   `json:"name"`
	Service     bool     `json:"service,omitempty"`
	Slots       []string `json:"slots"`
	PostQuantum bool     `json:"post_quantum"`
}

func (c *cli) runStatus(ctx context.Context, o statusOptions) error {
	s, err := c.open(ctx, look)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.recall(); err != nil { // a note that went back is said even where there is no ledger
		return err
	}
	r, bad, err := s.status()
	if err != nil {
		return err
	}
	if o.json {
		err = c.printJSON(r)
	} else {
		err = c.printStatus(r, o.all)
	}
	if err == nil {
		err = bad
	}
	return err
}

// status gathers the report. bad is the first ledger that does not verify, else
// the first unmerged files; the report shows them too.
func (s *session) status() (r *statusReport, bad, err error) {
	r = &statusReport{Schema: 1, App: s.dir, ID: s.id.String(), Secrets: []secretStatus{}, Uncommitted: []string{}, bare: s.repo.Bare(), commit: s.gitCommit()}
	head, commit, branch, err := s.committed()
	if err != nil {
		return nil, nil, err
	}
	if err := s.head.CheckAll(); err != nil {
		return nil, nil, err
	}
	if head != nil {
		if err := s.checkCommit(commit, head); err != nil {
			return nil, nil, err
		}
	}
	r.Commit, r.Branch, r.inHead, r.Unfinished = string(commit), branch, head != nil, s.unfinished
	ledgers, bad := s.localLedgers()
	waiting, err := versions.MissingWraps(s.note, s.head)
	if err != nil {
		return nil, nil, err
	}
	rows := map[string]*secretStatus{}
	for _, env := range s.note.Environments() {
		e, err := s.envStatus(env, head, ledgers[env], rows)
		if err != nil {
			return nil, nil, err
		}
		if bad == nil && e.unmerged != nil {
			bad = e.unmerged
		}
		r.Environments = append(r.Environments, e)
		waiting = append(waiting, e.retired...)
		if len(s.note.Holders(seal.PublishSlot(env))) == 0 {
			r.unpublished = append(r.unpublished, env)
		}
	}
	r.Pending, r.waiting, r.here = toPending(waiting), waiting, s.cli.here
	r.addSecrets(rows)
	if head != nil && !r.bare {
		paths := append(slices.Clone(s.note.Environments()), versions.NoteName, versions.KeysDir)
		differ, err := versions.Differing(s.head, head, paths...)
		if err != nil {
			return nil, nil, err
		}
		for _, file := range differ {
			r.Uncommitted = append(r.Uncommitted, storeDir+"/"+s.dir+"/"+file)
		}
	}
	return r, bad, s.noteStatus(r)
}

// localLedgers opens all ledgers first: each may bring a newer app note. bad is
// the first error; e.PinError has each environment's own.
func (s *session) localLedgers() (ledgers map[string]localLedger, bad error) {
	ledgers = map[string]localLedger{}
	for _, env := range s.note.Environments() {
		l, missed, err := s.localLedger(env)
		behind := (*versions.BehindError)(nil)
		if errors.As(err, &behind) && len(s.fetchHints()) > 0 {
			// As after a pull that brought a note which knows more: not fetched yet.
			ledgers[env] = localLedger{behind: behind}
			continue
		}
		ledgers[env] = localLedger{Ledger: l, missed: missed, err: err}
		if bad == nil {
			bad = err
		}
	}
	return ledgers, bad
}

type localLedger struct {
	*versions.Ledger
	missed int
	behind *versions.BehindError
	err    error
}

func (r *statusReport) addSecrets(rows map[string]*secretStatus) {
	for _, row := range rows {
		row.plain = row.plain && len(row.State) == len(r.Environments)
		r.Secrets = append(r.Secrets, *row)
	}
	slices.SortFunc(r.Secrets, func(a, b secretStatus) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
}

// noteStatus adds what there is to say of the app note itself.
func (s *session) noteStatus(r *statusReport) error {
	r.NoteVersion = s.note.Version
	signed, err := s.head.Note()
	if err != nil {
		return err
	}
	own, err := versions.ParseAppNote(versions.NoteCandidate{Signed: signed, From: s.where()}, s.note.Hash())
	if err != nil {
		return err
	}
	if own.Hash() != s.note.Hash() {
		r.OlderNote = own.Version
	}
	for _, m := range s.note.Members {
		slots := make([]string, len(m.Slots))
		for i, slot := range m.Slots {
			slots[i] = string(slot)
		}
		// A plugin's recipient is an error here, and not known to be post-quantum.
		_, _, quantum, err := seal.ParseRecipient(m.Recipient, nil)
		r.Members = append(r.Members, memberStatus{m.Name, m.Service, slots, quantum && err == nil})
	}
	return nil
}
