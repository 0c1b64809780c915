package cmd

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"pinseal/repo"
	"pinseal/seal"
	"pinseal/seal/spelling"
	"pinseal/versions"
)

// knownApps is what this machine remembers of apps: which id stood in which
// directory of which place, the last app note accepted of each, and the newest
// pin seen of each environment. It is known_apps.yaml, in the one spelling:
//
//	pinseal: known_apps/v1
//	places:                       a git common directory, or a remote's URL
//	  - place: "TEXT"
//	    default: APP              optional
//	apps:
//	  - place: "TEXT"
//	    directory: APP
//	    id: APPID
//	notes:
//	  - id: APPID
//	    version: N
//	    hash: HEX                 SHA-256 of the note's text
//	pins:
//	  - id: APPID
//	    environment: ENV
//	    number: N
//	    hash: HEX                 of the pin's text
//	    generation: N
//	    commit: sha1:HEX          of the ledger; optional
//
// The bytes of a remembered note are in notes/APPID.note.
type knownApps struct {
	places []knownPlace
	apps   []knownApp
	notes  []knownNote
	pins   []knownPin
}

type knownPlace struct{ place, def string }

type knownApp struct {
	place, directory string
	id               seal.AppID
}

type knownNote struct {
	id      seal.AppID
	version int
	hash    [32]byte
}

type knownPin struct {
	id          seal.AppID
	environment string
	seen        versions.Seen
}

const (
	knownFormat   = "known_apps/v1"
	maxKnownBytes = 4 << 20
)

func parseKnownApps(data []byte) (*knownApps, error) {
	m, err := spelling.Parse(data, maxKnownBytes)
	if err != nil {
		return nil, err
	}
	if m.Required("pinseal") != knownFormat {
		return nil, m.Wrong("pinseal", "is not "+knownFormat)
	}
	k := &knownApps{}
	for _, p := range m.Maps("places") {
		def, _ := p.Text("default")
		k.places = append(k.places, knownPlace{p.Required("place"), def})
	}
	for _, a := range m.Maps("apps") {
		k.apps = append(k.apps, knownApp{a.Required("place"), a.Required("directory"), idField(a)})
	}
	for _, n := range m.Maps("notes") {
		k.notes = append(k.notes, knownNote{idField(n), n.RequiredNumber("version"), hexField(n, "hash")})
	}
	for _, p := range m.Maps("pins") {
		pin := knownPin{id: idField(p), environment: p.Required("environment")}
		pin.seen = versions.Seen{Number: p.RequiredNumber("number"), Hash: hexField(p, "hash"), Generation: p.RequiredNumber("generation")}
		if s, ok := p.Text("commit"); ok {
			_, digits, _ := strings.Cut(s, ":")
			if pin.seen.Commit, err = repo.ParseHash(digits); err != nil {
				p.Wrong("commit", "is not a commit id")
			}
		}
		k.pins = append(k.pins, pin)
	}
	if err := m.Close(); err != nil {
		return nil, err
	}
	printed, err := k.bytes()
	if err != nil {
		return nil, err
	}
	return k, spelling.Same(data, printed)
}

func idField(m *spelling.Map) seal.AppID {
	id, err := seal.ParseAppID(m.Required("id"))
	if err != nil {
		m.Wrong("id", "is not an app id")
	}
	return id
}

func hexField(m *spelling.Map, key string) (d [32]byte) {
	b, err := hex.DecodeString(m.Required(key))
	if err != nil || len(b) != len(d) {
		m.Wrong(key, "is not a SHA-256")
	}
	copy(d[:], b)
	return d
}

func (k *knownApps) bytes() ([]byte, error) {
	var p spelling.Printer
	p.Plain(0, "pinseal", knownFormat)
	list := func(key string, n int, item func(i int)) {
		if n > 0 {
			p.List(key)
		}
		for i := range n {
			p.Item()
			item(i)
		}
	}
	list("places", len(k.places), func(i int) {
		p.Quoted(4, "place", k.places[i].place)
		if k.places[i].def != "" {
			p.Plain(4, "default", k.places[i].def)
		}
	})
	list("apps", len(k.apps), func(i int) {
		p.Quoted(4, "place", k.apps[i].place)
		p.Plain(4, "directory", k.apps[i].directory)
		p.Plain(4, "id", k.apps[i].id.String())
	})
	list("notes", len(k.notes), func(i int) {
		p.Plain(4, "id", k.notes[i].id.String())
		p.Number(4, "version", k.notes[i].version)
		p.Plain(4, "hash", hex.EncodeToString(k.notes[i].hash[:]))
	})
	list("pins", len(k.pins), func(i int) {
		s := k.pins[i].seen
		p.Plain(4, "id", k.pins[i].id.String())
		p.Plain(4, "environment", k.pins[i].environment)
		p.Number(4, "number", s.Number)
		p.Plain(4, "hash", hex.EncodeToString(s.Hash[:]))
		p.Number(4, "generation", s.Generation)
		if s.Commit != "" {
			p.Plain(4, "commit", s.Commit.Algorithm()+":"+string(s.Commit))
		}
	})
	return p.Bytes()
}

// memory is the state directory. Reading it must work, or the command stops;
// writing it may fail with a warning.
type memory struct {
	dir   string
	known *knownApps
	warn  func(format string, args ...any)
	// frozen memory is asked and not changed.
	frozen bool
}

// loadMemory reads known_apps.yaml of a state directory, which need not exist.
func loadMemory(dir string, warn func(string, ...any)) (*memory, error) {
	m := &memory{dir: dir, known: &knownApps{}, warn: warn}
	data, err := os.ReadFile(filepath.Join(dir, "known_apps.yaml"))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return m, nil
	case err == nil:
		m.known, err = parseKnownApps(data)
	}
	if err != nil {
		// Not a doubt about an app's authenticity but about this machine.
		return nil, hint(fmt.Errorf("memory of apps %q cannot be read: %s", filepath.Join(dir, "known_apps.yaml"), err),
			"ls -l "+quoteShell(dir), "move it away, then look at every app again: pinseal trust")
	}
	return m, nil
}

// update changes what is remembered, under a lock, starting from what is on disk
// now. It writes only when change reports true; first, where given, is done
// under the lock before that.
func (m *memory) update(change func(*knownApps) bool, first ...func() error) error {
	if m.frozen || !change(m.known) {
		return nil
	}
	if err := os.MkdirAll(m.dir, 0o700); err != nil {
		return err
	}
	unlock, err := lockFile(filepath.Join(m.dir, "known_apps.lock"))
	if err != nil {
		return err
	}
	defer unlock()
	fresh, err := loadMemory(m.dir, m.warn)
	if err != nil {
		return err
	}
	changed := change(fresh.known)
	m.known = fresh.known
	if !changed {
		return nil
	}
	for _, do := range first {
		if err := do(); err != nil {
			return err
		}
	}
	data, err := fresh.known.bytes()
	if err != nil {
		return err
	}
	return replaceFile(filepath.Join(m.dir, "known_apps.yaml"), data)
}

// remember is update for what a command can do without.
func (m *memory) remember(change func(*knownApps) bool) {
	if err := m.update(change); err != nil {
		m.warn("cannot remember in %q: %s", m.dir, err)
	}
}

// note returns the remembered app note of an id, nil when there is none.
func (m *memory) note(id seal.AppID) (*seal.Note, error) {
	n := m.known.note(id)
	if n == nil {
		return nil, nil
	}
	signed, err := os.ReadFile(m.notePath(id))
	if err != nil {
		return nil, fmt.Errorf("remembered app note cannot be read: %w", err)
	}
	note, err := seal.ParseNote(signed, n.hash)
	if err == nil && note.Hash() != n.hash {
		err = errors.New("is not the one whose hash is remembered")
	}
	if err != nil {
		return nil, hint(fmt.Errorf("remembered app note %q: %s", m.notePath(id), err), "pinseal trust")
	}
	return note, nil
}

func (m *memory) notePath(id seal.AppID) string {
	return filepath.Join(m.dir, "notes", id.String()+".note")
}

// rememberNote keeps a newer note: its bytes first, so that the hash never names
// a note that is not there. With force it may be an older one.
func (m *memory) rememberNote(note *seal.Note, force bool) error {
	return m.update(func(k *knownApps) bool { return k.setNote(note, force) }, func() error { return m.writeNote(note) })
}

func (m *memory) writeNote(note *seal.Note) error {
	if err := os.MkdirAll(filepath.Dir(m.notePath(note.ID)), 0o700); err != nil {
		return err
	}
	return replaceFile(m.notePath(note.ID), note.Signed())
}

// replaceFile writes a private file whole or not at all.
func replaceFile(path string, data []byte) error { return replaceFileMode(path, data, 0o600) }

func replaceFileMode(path string, data []byte, mode fs.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".tmp-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if err == nil && mode != 0o600 {
		err = f.Chmod(mode)
	}
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
