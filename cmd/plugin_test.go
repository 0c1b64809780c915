package cmd_test

import (
	"errors"
	"flag"
	"os"
	"slices"

	"filippo.io/age"
	"filippo.io/age/plugin"
)

// pluginName is that of the age plugin that tests have on PATH, as
// age-plugin-NAME. Its keys are X25519 keys of age; its recipients and identities
// hold them as text, and its stanzas are of its own type, which nothing else
// opens.
const pluginName = "pinlock"

// runPlugin is the plugin's program.
func runPlugin() {
	p, err := plugin.New(pluginName)
	if err != nil {
		panic(err)
	}
	p.HandleRecipient(func(data []byte) (age.Recipient, error) {
		r, err := age.ParseX25519Recipient(string(data))
		return lockRecipient{r}, err
	})
	p.HandleIdentity(func(data []byte) (age.Identity, error) {
		k, err := age.ParseX25519Identity(string(data))
		return lockIdentity{k}, err
	})
	flags := flag.NewFlagSet(os.Args[0], flag.ExitOnError)
	p.RegisterFlags(flags)
	if err := flags.Parse(os.Args[1:]); err != nil {
		panic(err)
	}
	os.Exit(p.Main())
}

// newPluginKey makes a key of the plugin: the line of an identity file, and the
// recipient.
func newPluginKey() (identity, recipient string, err error) {
	k, err := age.GenerateX25519Identity()
	if err != nil {
		return "", "", err
	}
	identity = plugin.EncodeIdentity(pluginName, []byte(k.String()))
	recipient = plugin.EncodeRecipient(pluginName, []byte(k.Recipient().String()))
	if identity == "" || recipient == "" {
		return "", "", errors.New("a key of the plugin has no spelling")
	}
	return identity, recipient, nil
}

type lockRecipient struct{ r *age.X25519Recipient }

func (l lockRecipient) Wrap(fileKey []byte) ([]*age.Stanza, error) {
	stanzas, err := l.r.Wrap(fileKey)
	for _, s := range stanzas {
		s.Type = pluginName
	}
	return stanzas, err
}

type lockIdentity struct{ k *age.X25519Identity }

func (l lockIdentity) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	mine := slices.DeleteFunc(slices.Clone(stanzas), func(s *age.Stanza) bool { return s.Type != pluginName })
	if len(mine) == 0 {
		return nil, age.ErrIncorrectIdentity
	}
	for i, s := range mine {
		mine[i] = &age.Stanza{Type: "X25519", Args: s.Args, Body: s.Body}
	}
	return l.k.Unwrap(mine)
}
