package seal

import (
	"bytes"
	"crypto/fips140"
	"fmt"
	"strings"

	"filippo.io/age"
	"filippo.io/age/armor"
	"filippo.io/age/plugin"

	"pinseal/seal/spelling"
)

// MaxIdentity is the largest identity file in bytes.
const MaxIdentity = 64 << 10

// servicePrefix begins a service identity.
const servicePrefix = "PINSEAL-SERVICE-1."

// Identity is the private half of a member. It shows no private key however it
// is printed.
type Identity struct {
	Identity    age.Identity
	Recipient   string // canonical, as in the app note; "" when unknown (plugins)
	PostQuantum bool   // false for plugins, about which nothing is known
	Plugin      string // name of the age plugin, "" for the others
}

// hidden is an identity behind a function, as [Secret] is: age's own print their
// private key, and so does every struct that holds one.
type hidden struct {
	unwrap func([]*age.Stanza) ([]byte, error)
}

func hide(k age.Identity) age.Identity { return hidden{k.Unwrap} }

// Unwrap implements [age.Identity].
func (h hidden) Unwrap(stanzas []*age.Stanza) ([]byte, error) { return h.unwrap(stanzas) }

// Service says what a service identity is for: one app, under a note of at
// least the version that added it.
type Service struct {
	App         AppID
	NoteVersion int
}

// Check returns [ErrAuth] when n is the note of another app, or older than the
// note that added the service.
func (s *Service) Check(n *Note) error {
	if n.ID != s.App {
		return fmt.Errorf("service identity is for another app: %w", ErrAuth)
	}
	if n.Version < s.NoteVersion {
		return fmt.Errorf("app note is version %d, the service identity needs %d: %w", n.Version, s.NoteVersion, ErrAuth)
	}
	return nil
}

// Identities is what one source of identities holds: either one service
// identity, then Service is set and List has that one, or others.
type Identities struct {
	Service *Service
	List    []Identity
}

// Prompts is how reading identities asks for more. A function that is nil means
// that nobody can be asked.
type Prompts struct {
	// Passphrase asks for the passphrase of the identity file or ssh key. For
	// an OpenSSH key it is called when the key is used first, and then once.
	Passphrase func() ([]byte, error)
	// Plugin makes the identity of an age plugin from its line.
	Plugin func(s string) (age.Identity, error)
}

// ParseIdentities reads, of at most [MaxIdentity] bytes, one of:
//
//   - an age identity file: lines AGE-SECRET-KEY-PQ-1…, AGE-SECRET-KEY-1… and
//     AGE-PLUGIN-NAME-1…, empty lines, and lines that begin with #
//   - one ssh private key in PEM, Ed25519 or RSA from 2,048 bits, which may be
//     protected by a passphrase
//   - an age file protected by a passphrase, armored or binary, that holds one
//     of the above
//   - one line PINSEAL-SERVICE-1.APPID.N.AGE-SECRET-KEY-PQ-1…, alone but for
//     empty and # lines
//
// Spaces and CR at the ends of lines do not matter. Errors never hold text of
// data; they wrap [ErrIdentity], [ErrPassphrase] or [ErrPlugin].
func ParseIdentities(data []byte, p Prompts) (*Identities, error) {
	if len(data) > MaxIdentity {
		return nil, fmt.Errorf("identity file is larger than 64 KiB: %w", ErrIdentity)
	}
	text := bytes.TrimSpace(data)
	switch {
	case bytes.HasPrefix(text, []byte(armor.Header)):
		data = text
	case bytes.HasPrefix(data, []byte("age-encryption.org/")):
	default:
		return parsePlain(data, p)
	}
	plain, err := decryptIdentity(data, p.Passphrase)
	if err != nil {
		return nil, err
	}
	return parsePlain(plain, p)
}

// parsePlain reads what is not encrypted as a whole.
func parsePlain(data []byte, p Prompts) (*Identities, error) {
	text := bytes.TrimSpace(data)
	if bytes.HasPrefix(text, []byte("-----BEGIN ")) {
		id, err := sshIdentity(text, p.Passphrase)
		if err != nil {
			return nil, err
		}
		return &Identities{List: []Identity{id}}, nil
	}
	ids := new(Identities)
	n := 0
	for raw := range bytes.Lines(data) {
		n++
		line := string(bytes.TrimSpace(raw))
		if line == "" || line[0] == '#' {
			continue
		}
		if ids.Service != nil {
			return nil, fmt.Errorf("identity file, line %d: a service identity stands alone: %w", n, ErrIdentity)
		}
		service, id, err := parseLine(line, p)
		if err != nil {
			return nil, fmt.Errorf("identity file, line %d: %w", n, err)
		}
		if service != nil && len(ids.List) > 0 {
			return nil, fmt.Errorf("identity file, line %d: a service identity stands alone: %w", n, ErrIdentity)
		}
		ids.Service = service
		ids.List = append(ids.List, id)
	}
	if len(ids.List) == 0 {
		return nil, fmt.Errorf("identity file holds none: %w", ErrIdentity)
	}
	return ids, nil
}

func parseLine(line string, p Prompts) (*Service, Identity, error) {
	switch {
	case strings.HasPrefix(line, servicePrefix):
		return parseService(line)
	case strings.HasPrefix(line, "AGE-SECRET-KEY-PQ-1"):
		k, err := parseHybrid(line)
		if err != nil {
			return nil, Identity{}, err
		}
		return nil, Identity{Identity: hide(k), Recipient: k.Recipient().String(), PostQuantum: true}, nil
	case strings.HasPrefix(line, "AGE-SECRET-KEY-1"):
		k, err := age.ParseX25519Identity(line)
		if err != nil {
			break
		}
		return nil, Identity{Identity: hide(k), Recipient: k.Recipient().String()}, nil
	case strings.HasPrefix(line, "AGE-PLUGIN-"):
		id, err := pluginLine(line, p.Plugin)
		return nil, id, err
	}
	return nil, Identity{}, ErrIdentity
}

func pluginLine(line string, build func(string) (age.Identity, error)) (Identity, error) {
	name, _, err := plugin.ParseIdentity(line)
	if err != nil {
		return Identity{}, ErrIdentity
	}
	if build == nil {
		return Identity{}, fmt.Errorf("identity needs the plugin %q: %w", name, ErrPlugin)
	}
	k, err := build(line)
	if err != nil {
		return Identity{}, fmt.Errorf("identity of the plugin %q: %w: %w", name, ErrPlugin, err)
	}
	return Identity{Identity: hide(pluginIdentity{k}), Plugin: name}, nil
}

// pluginIdentity marks the failures of a plugin, a missing program for example,
// so that they are not taken for a wrap that was tampered with.
type pluginIdentity struct{ age.Identity }

// Unwrap implements [age.Identity].
func (i pluginIdentity) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	key, err := i.Identity.Unwrap(stanzas)
	return key, mark(err, ErrPlugin)
}

// parseService reads a service line. Its key is post-quantum always.
func parseService(line string) (*Service, Identity, error) {
	part := strings.Split(strings.TrimPrefix(line, servicePrefix), ".")
	if len(part) != 3 {
		return nil, Identity{}, ErrIdentity
	}
	app, err := ParseAppID(part[0])
	if err != nil {
		return nil, Identity{}, ErrIdentity
	}
	version, ok := spelling.ParseNumber(part[1])
	if !ok || version < 1 {
		return nil, Identity{}, ErrIdentity
	}
	k, err := parseHybrid(part[2])
	if err != nil {
		return nil, Identity{}, err
	}
	id := Identity{Identity: hide(k), Recipient: k.Recipient().String(), PostQuantum: true}
	return &Service{App: app, NoteVersion: version}, id, nil
}

// parseHybrid parses a post-quantum identity. Under GODEBUG=fips140=only the
// X25519 half is forbidden, and the library that age uses then tries seeds
// without end instead of failing; so it must not be reached.
func parseHybrid(s string) (*age.HybridIdentity, error) {
	if fips140.Enforced() {
		return nil, fmt.Errorf("age is not to be had under fips140=only: %w", ErrIdentity)
	}
	k, err := age.ParseHybridIdentity(s)
	if err != nil {
		return nil, ErrIdentity
	}
	return k, nil
}

// NewIdentity makes a post-quantum identity. file is an age identity file: a
// comment with the public key and the key; recipient is its public half.
func NewIdentity() (file []byte, recipient string, err error) {
	if fips140.Enforced() { // see parseHybrid
		return nil, "", fmt.Errorf("make identity: age is not to be had under fips140=only: %w", ErrIdentity)
	}
	k, err := age.GenerateHybridIdentity()
	if err != nil {
		return nil, "", fmt.Errorf("make identity: %w", err)
	}
	recipient = k.Recipient().String()
	return []byte("# public key: " + recipient + "\n" + k.String() + "\n"), recipient, nil
}

// FormatService returns the service line, without a newline, for an identity
// that was added by version noteVersion of the app's note. identity is the line
// AGE-SECRET-KEY-PQ-1…, or the file that [NewIdentity] returns.
func FormatService(id AppID, noteVersion int, identity string) string {
	key := strings.TrimSpace(identity)
	for line := range strings.Lines(identity) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			key = line
		}
	}
	return fmt.Sprintf("%s%s.%d.%s", servicePrefix, id, noteVersion, key)
}
