package cmd

import (
	"pinseal/seal"
	"pinseal/versions"
)

// reviewReport is all that a review says, for people and programs.
type reviewReport struct {
	Schema   int             `json:"schema"`
	Range    string          `json:"range"`           // as it was asked for
	Base     string          `json:"base"`            // the commit that it is compared with
	Bases    []string        `json:"bases,omitempty"` // the newest common commits where there are several: base is target then
	Target   string          `json:"target"`
	Tip      string          `json:"tip"`
	Default  *reviewDefault  `json:"default,omitempty"` // when it changes
	Apps     []reviewApp     `json:"apps"`              // that change
	Files    []reviewFile    `json:"files"`             // others that change
	Problems []reviewProblem `json:"problems"`
	Kinds    []string        `json:"kinds"`            // of change that there are, as --fail-on has them
	Failed   []string        `json:"failed,omitempty"` // those that --fail-on asked for
}

type reviewDefault struct {
	Old string `json:"old,omitempty"`
	New string `json:"new,omitempty"`
}

type reviewApp struct {
	ID              string              `json:"app"`
	Name            string              `json:"name"`
	Change          string              `json:"change"` // same, added, removed, moved or replaced
	OldID           string              `json:"old_app,omitempty"`
	OldName         string              `json:"old_name,omitempty"`
	OldNote         int                 `json:"old_note,omitempty"` // version
	Note            int                 `json:"note,omitempty"`
	NoteCommits     []reviewCommit      `json:"note_commits"` // of the branch, newest first, at most 20
	MoreNoteCommits int                 `json:"more_note_commits,omitempty"`
	Members         []reviewMember      `json:"members"` // who gains comes first
	Keys            []reviewKey         `json:"keys"`
	Environments    []reviewEnvironment `json:"environments"` // that change
}

type reviewCommit struct {
	Commit  string `json:"commit"`
	When    string `json:"when"`
	Author  string `json:"author"`
	Subject string `json:"subject"`
}

type reviewMember struct {
	Name         string      `json:"name"`
	Action       string      `json:"action"` // added, removed or changed
	Service      bool        `json:"service,omitempty"`
	Given        []seal.Slot `json:"given"`
	Taken        []seal.Slot `json:"taken"`
	NewRecipient bool        `json:"new_recipient,omitempty"` // the name stands for another key
	Recipient    string      `json:"recipient,omitempty"`     // where the name is new or stands for another key
	PostQuantum  bool        `json:"post_quantum"`
	change       versions.MemberChange
}

type reviewKey struct {
	Slot       seal.Slot `json:"slot"`
	Old        int       `json:"old"` // 0 for a new slot
	Generation int       `json:"generation"`
}

type reviewEnvironment struct {
	Name    string         `json:"name"`
	Known   bool           `json:"known"` // somebody holds a slot of it
	Secrets []reviewSecret `json:"secrets"`
	Pin     *reviewPin     `json:"pin,omitempty"`         // the newest that is here
	NoPins  bool           `json:"pins_absent,omitempty"` // and there may be some elsewhere
	rekeyed bool           // the branch makes a read key
}

type reviewSecret struct {
	Name     string                   `json:"name"`
	Action   string                   `json:"action"`
	From     string                   `json:"from,omitempty"` // moved
	Fields   []string                 `json:"fields,omitempty"`
	Versions *versions.VersionsChange `json:"versions,omitempty"` // of a named encryption key
	Blank    bool                     `json:"blank,omitempty"`
	Optional bool                     `json:"optional,omitempty"`
	WasBlank bool                     `json:"was_blank,omitempty"`
	Expired  string                   `json:"expired,omitempty"` // its date
	Unread   bool                     `json:"unread,omitempty"`  // it is no secret file: see problems
	Commits  []reviewCommit           `json:"commits"`           // of the branch, newest first, at most 20
	More     int                      `json:"more_commits,omitempty"`
	change   versions.Change
}

// reviewFile is a file that is no secret and no app note.
type reviewFile struct {
	Path    string         `json:"path"`
	Action  string         `json:"action"` // added, removed or changed
	Text    string         `json:"text"`
	Commits []reviewCommit `json:"commits"`
	More    int            `json:"more_commits,omitempty"`
}

// reviewPin is how a pin would change when the environment is published after the
// merge.
type reviewPin struct {
	Number  int          `json:"number"`
	Commit  string       `json:"commit"`
	Changes []changeJSON `json:"changes"`
	Readers []readerJSON `json:"readers"`
}

type reviewProblem struct {
	Kind        string   `json:"kind"`
	App         string   `json:"app,omitempty"`
	Environment string   `json:"environment,omitempty"`
	Names       []string `json:"names,omitempty"`
	Path        string   `json:"path,omitempty"`
	Text        string   `json:"text"`
}
