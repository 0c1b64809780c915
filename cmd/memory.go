package cmd

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"pinseal/repo"
	"pinseal/seal"
	"pinseal/versions"
)

// memory is the state directory. Reading it must work, or the command stops;
// writing it may fail with a warning.
type memory struct {
	dir   string
	known *knownApps
	warn  func(format string, args ...any)
	// frozen memory is asked and not changed.
	frozen bool
}

// memory returns what this machine remembers. Where there is no home directory to
// remember in, as in a bare container or unit, it is empty and stays so: nothing
// is known, and only a word of consent counts.
func (c *cli) memory() (*memory, error) {
	dir, err := c.stateDir()
	if err != nil {
		return &memory{known: &knownApps{}, warn: c.warn, frozen: true}, nil
	}
	return loadMemory(dir, c.warn)
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

// locked changes what is on disk now, under the lock, and is what m knows then.
// Where change names another note for an app, note is that one. A change that
// is refused writes nothing.
func (m *memory) locked(change func(*knownApps) (changed bool, err error), note *seal.Note) (refused, unwritable error) {
	if err := os.MkdirAll(m.dir, 0o700); err != nil {
		return nil, err
	}
	unlock, err := repo.LockFile(filepath.Join(m.dir, "known_apps.lock"))
	if err != nil {
		return nil, err
	}
	defer unlock()
	fresh, err := loadMemory(m.dir, m.warn)
	if err != nil {
		return err, nil
	}
	before := slices.Clone(fresh.known.notes)
	changed, err := change(fresh.known)
	if err != nil {
		return err, nil
	}
	m.known = fresh.known
	if !changed {
		return nil, nil
	}
	return nil, m.write(before, note)
}

// write puts the bytes of a note, if there is one, before the hash that names
// them, and removes what was named before after it.
func (m *memory) write(before []knownNote, note *seal.Note) error {
	if note != nil {
		if err := os.MkdirAll(filepath.Join(m.dir, "notes"), 0o700); err != nil {
			return err
		}
		if err := replaceFile(m.notePath(knownNote{id: note.ID, hash: note.Hash()}), note.Signed()); err != nil {
			return err
		}
	}
	data, err := m.known.bytes()
	if err != nil {
		return err
	}
	if err := replaceFile(filepath.Join(m.dir, "known_apps.yaml"), data); err != nil {
		return err
	}
	for _, n := range before {
		if now := m.known.note(n.id); now == nil || now.hash != n.hash {
			m.dropNotes(n.id)
		}
	}
	return nil
}

// dropNotes removes the notes of an id but for the one that is remembered. What
// stays counts for nothing, so that it may fail.
func (m *memory) dropNotes(id seal.AppID) {
	keep := ""
	if n := m.known.note(id); n != nil {
		keep = m.notePath(*n)
	}
	entries, _ := os.ReadDir(filepath.Join(m.dir, "notes"))
	for _, e := range entries {
		path := filepath.Join(m.dir, "notes", e.Name())
		if strings.HasPrefix(e.Name(), id.String()+".") && path != keep {
			_ = os.Remove(path)
		}
	}
}

// update is locked for a change that cannot be refused. It locks and writes only
// what changes something.
func (m *memory) update(change func(*knownApps) bool) error {
	if m.frozen || !change(m.known) {
		return nil
	}
	return cmp.Or(m.locked(func(k *knownApps) (bool, error) { return change(k), nil }, nil))
}

// remember is update for what a command can do without.
func (m *memory) remember(change func(*knownApps) bool) {
	m.failed(m.update(change))
}

// failed warns of what cannot be remembered, once.
func (m *memory) failed(err error) {
	if err != nil && !m.frozen {
		m.warn("cannot remember in %q: %s", m.dir, err)
		m.frozen = true
	}
}

// note returns the remembered app note of an id, nil when there is none.
func (m *memory) note(id seal.AppID) (*seal.Note, error) {
	for {
		n := m.known.note(id)
		if n == nil {
			return nil, nil
		}
		note, err := m.readNote(*n)
		if !errors.Is(err, fs.ErrNotExist) {
			return note, err
		}
		fresh, loadErr := loadMemory(m.dir, m.warn)
		if loadErr != nil {
			return nil, loadErr
		}
		if now := fresh.known.note(id); now != nil && now.hash == n.hash {
			return nil, err
		}
		m.known = fresh.known
	}
}

func (m *memory) readNote(n knownNote) (*seal.Note, error) {
	signed, err := os.ReadFile(m.notePath(n))
	if err != nil {
		return nil, hint(fmt.Errorf("remembered app note cannot be read: %w", err), "pinseal trust")
	}
	note, err := seal.ParseNote(signed, n.hash)
	if err == nil && note.Hash() != n.hash {
		err = errors.New("is not the one whose hash is remembered")
	}
	if err != nil {
		return nil, hint(fmt.Errorf("remembered app note %q: %s", m.notePath(n), err), "pinseal trust")
	}
	return note, nil
}

func (m *memory) notePath(n knownNote) string {
	return filepath.Join(m.dir, "notes", n.id.String()+"."+hex.EncodeToString(n.hash[:])+".note")
}

// rememberNote keeps a note that follows the remembered one. That may be another
// by now than the one that this process compared it with: the comparison is made
// again, with its errors.
func (m *memory) rememberNote(note *seal.Note) error {
	if known := m.known.note(note.ID); m.frozen || known != nil && known.hash == note.Hash() {
		return nil
	}
	refused, unwritable := m.locked(func(k *knownApps) (bool, error) {
		known := k.note(note.ID)
		if known == nil {
			return k.setNote(note), nil
		}
		remembered, err := m.readNote(*known)
		if err != nil {
			return false, err
		}
		newest, err := versions.NewestNote(note.ID, remembered, versions.NoteCandidate{Signed: note.Signed(), From: "what was read here"})
		return err == nil && k.setNote(newest), err
	}, note)
	m.failed(unwritable)
	return refused
}

// rememberSeen keeps the newest pin of a ledger that was verified down to from.
// When another process has remembered a pin meanwhile, verify says whether the
// ledger goes on from that one.
func (m *memory) rememberSeen(id seal.AppID, environment string, from, seen versions.Seen, verify func(versions.Seen) error) error {
	if m.frozen || !newer(m.known.seen(id, environment), seen) {
		return nil
	}
	refused, unwritable := m.locked(func(k *knownApps) (bool, error) {
		now := k.seen(id, environment)
		if !k.setSeen(id, environment, seen, false) {
			return false, nil
		}
		if now == from {
			return true, nil
		}
		return true, verify(now)
	}, nil)
	m.failed(unwritable)
	return refused
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
