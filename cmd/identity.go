package cmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"pinseal/repo"
	"pinseal/seal"
	"pinseal/versions"
)

func newIdentity(c *cli) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "identity",
		Short: "Show, make or copy your identity",
		Long: `An identity is the private half of a member: it opens what the member was given.
Where it is looked for: pinseal help identities`,
		Example: `  pinseal identity show
  pinseal identity new
  pinseal identity export -o /media/usb/pinseal-recovery --passphrase`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newIdentityShow(c), newIdentityNew(c), newIdentityExport(c))
	return cmd
}

func newIdentityShow(c *cli) *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Print your public recipient, and who you are here",
		Long: `Print the public half of your identity, where the identity was found, and which
member of the app here it is, if any. The recipient is what an admin needs to add
you. It works outside a repository too, and shows nothing private.`,
		Example: `  pinseal identity show
  pinseal identity show --json`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.runIdentityShow(cmd.Context(), asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// identityFacts is what identity show prints.
type identityFacts struct {
	Schema     int           `json:"schema"`
	From       string        `json:"from"`
	Service    *serviceFacts `json:"service,omitempty"`
	Identities []idFacts     `json:"identities"`
	Member     *memberFacts  `json:"member,omitempty"`
}

type serviceFacts struct {
	App         string `json:"app"`
	NoteVersion int    `json:"note_version"`
}

type idFacts struct {
	Recipient   string `json:"recipient,omitempty"` // "" for a plugin, which does not tell
	Fingerprint string `json:"fingerprint,omitempty"`
	Kind        string `json:"kind"`
	PostQuantum bool   `json:"post_quantum"`
}

type memberFacts struct {
	App       string      `json:"app"`
	Directory string      `json:"directory"`
	Name      string      `json:"name"`
	Service   bool        `json:"service,omitempty"`
	Slots     []seal.Slot `json:"slots"`
}

func (c *cli) runIdentityShow(ctx context.Context, asJSON bool) error {
	source, err := c.needIdentity()
	if err != nil {
		return err
	}
	ids, err := c.parse(source)
	if err != nil {
		return err
	}
	f := identityFacts{Schema: 1, From: source.where}
	if ids.Service != nil {
		f.Service = &serviceFacts{ids.Service.App.String(), ids.Service.NoteVersion}
	}
	for _, id := range ids.List {
		facts := idFacts{Recipient: id.Recipient, Kind: identityKind(id), PostQuantum: id.PostQuantum}
		if id.Recipient != "" {
			facts.Fingerprint = fingerprint(id.Recipient)
		}
		f.Identities = append(f.Identities, facts)
	}
	app, err := c.memberHere(ctx, ids, &f)
	if err != nil {
		c.warn("cannot tell who you are in the app here: %s", err)
	}
	if asJSON {
		return c.printJSON(f)
	}
	_, err = fmt.Fprint(c.Stdout, f.text(app, ids))
	return err
}

// needIdentity is findIdentity where there must be one.
func (c *cli) needIdentity() (*identitySource, error) {
	source, err := c.findIdentity()
	if err == nil && source == nil {
		err = hint(&noIdentityError{"there is no identity here"}, "pinseal identity new", "pinseal --identity FILE …     if you have one elsewhere", "pinseal help identities")
	}
	return source, err
}

// identityKind names what an identity is, for people.
func identityKind(id seal.Identity) string {
	switch {
	case id.Plugin != "":
		return "age plugin " + id.Plugin
	case id.PostQuantum:
		return "age, post-quantum"
	case strings.HasPrefix(id.Recipient, "ssh-"):
		kind, _, _ := strings.Cut(id.Recipient, " ")
		return kind + ", not post-quantum"
	}
	return "age X25519, not post-quantum"
}

// memberHere finds the member that the identities are in the app here, and
// returns the app's directory. No repository and no app are no error.
func (c *cli) memberHere(ctx context.Context, ids *seal.Identities, f *identityFacts) (app string, err error) {
	s, err := c.open(ctx, look)
	switch {
	case errors.As(err, new(*repo.NotRepoError)), errors.Is(err, versions.ErrNotFound), errors.Is(err, repo.ErrNoCommits):
		return "", nil
	case err != nil:
		return "", err
	}
	defer s.Close()
	if ids.Service != nil && ids.Service.App != s.id {
		return s.dir, nil
	}
	keys, err := versions.NewKeyring(s.note, ids, s.head)
	if err != nil {
		return s.dir, err
	}
	if m, ok := keys.Member(); ok {
		f.Member = &memberFacts{s.id.String(), s.dir, m.Name, m.Service, m.Slots}
	}
	return s.dir, nil
}

func (f *identityFacts) text(app string, ids *seal.Identities) string {
	var b strings.Builder
	add := func(label, value string) { fmt.Fprintf(&b, "%-11s %s\n", label, clean(value)) }
	add("found in", f.From)
	if f.Service != nil {
		add("service", fmt.Sprintf("of app %s alone, from app note version %d on", f.Service.App, f.Service.NoteVersion))
	}
	for _, id := range f.Identities {
		add("kind", id.Kind)
	}
	switch {
	case app == "":
		add("member", "there is no app here to be a member of")
	case f.Member != nil:
		m := seal.Member{Name: f.Member.Name, Service: f.Member.Service, Slots: f.Member.Slots}
		add("member", memberLine(m)+" (app "+app+")")
	case f.Service != nil && len(ids.List) == 1:
		add("member", "no: this service is of another app, or was removed from app "+app)
	case slices.ContainsFunc(ids.List, func(id seal.Identity) bool { return id.Recipient == "" }):
		add("member", "of app "+app+": the plugin does not tell; pinseal get tries it on every member's keys")
	default:
		add("member", "no member of app "+app+": pinseal member request prints the line for an admin")
	}
	for _, id := range f.Identities {
		if id.Recipient != "" {
			add("recipient", id.Recipient)
			add("fingerprint", id.Fingerprint)
		} else {
			add("recipient", "the plugin does not tell it")
		}
	}
	return b.String()
}

// createPrivate writes an identity to a file that must not be there yet; command
// is what does so with -o.
func (c *cli) createPrivate(ctx context.Context, command, file string, data []byte) error {
	err := writePrivate(file, data)
	if errors.Is(err, fs.ErrExist) {
		return thereAlready(command, file)
	}
	if err == nil {
		c.warnInRepo(ctx, file)
	}
	return err
}

// checkNewFile refuses a file that is there, and one in a directory that is not:
// where a drive is to be mounted nothing may be made in its place.
func checkNewFile(command, file string) error {
	if _, err := os.Lstat(file); err == nil {
		return thereAlready(command, file)
	}
	dir := filepath.Dir(file)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return usage([]string{"mkdir " + quoteShell(dir) + "      unless a drive is to be mounted there"}, "output %q: there is no directory %q", file, dir)
	}
	return nil
}

func thereAlready(command, file string) error {
	return hint(fmt.Errorf("%q is there already, and an identity is never overwritten: %w", file, versions.ErrConflict), "pinseal identity show --identity "+quoteShell(file), command+" -o OTHERFILE")
}

// askNewPassphrase asks twice, for what command makes.
func (c *cli) askNewPassphrase(command string) ([]byte, error) {
	if !c.interactive() {
		return nil, usage([]string{command + " -o FILE      without --passphrase: the file is readable by you alone either way"}, "--passphrase asks for it on a terminal, and there is none to ask on")
	}
	first, err := c.ReadHidden("New passphrase (hidden): ")
	if err != nil {
		return nil, err
	}
	if len(first) == 0 {
		return nil, usage(nil, "the passphrase is empty")
	}
	again, err := c.ReadHidden("The same again: ")
	if err != nil {
		return nil, err
	}
	if string(first) != string(again) {
		return nil, usage(nil, "the two passphrases differ; nothing was written")
	}
	return first, nil
}
