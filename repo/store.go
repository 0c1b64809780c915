package repo

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// What the store says to Object, which may then ask git.
var (
	errNotHere = errors.New("not in this store")
	errUnknown = errors.New("stored in a way that only git reads")
)

const maxPacks = 10_000 // more is git's business

// store reads objects from object directories: loose files, packs, alternates.
// Nothing is read ahead: a pack directory is listed after a loose miss only,
// and an index is searched on disk.
type store struct {
	roots  []string
	native bool // SHA-1
	files  fileCache
	bases  baseCache
	zlibs  sync.Pool // of *inflater

	mu     sync.Mutex
	listed bool
	dirs   []string // roots and all alternates
	packs  []*pack  // most recently useful first
	odd    bool     // something here is git's business
}

func newStore(roots []string, native bool) *store {
	return &store{roots: roots, native: native}
}

// read returns a verified object. Errors: errNotHere, errUnknown, *CorruptError, *TooLargeError.
func (s *store) read(h Hash, max int64) (ObjectType, []byte, error) {
	var bad error
	// The second round lists the directories again: a repack may have moved the
	// object while we looked, as git itself allows for.
	for round := range 2 {
		typ, data, err := s.readOnce(h, max, round > 0)
		if err == nil {
			return typ, data, nil
		}
		if big, ok := errors.AsType[*TooLargeError](err); ok {
			big.Name = string(h)
			return 0, nil, big
		}
		if bad == nil || !errors.Is(err, errNotHere) {
			bad = err
		}
		if !errors.Is(err, errNotHere) {
			s.files.closeAll() // a file of the same name may have other content by now
			s.bases.clear()
		}
	}
	return 0, nil, bad
}

// readOnce looks in every place once.
func (s *store) readOnce(h Hash, max int64, fresh bool) (ObjectType, []byte, error) {
	bad := errNotHere
	try := func(typ ObjectType, data []byte, err error) (done bool) {
		if err == nil {
			err = verify(h, typ, data)
		}
		// errUnknown beats corrupt beats not here: git may still read it.
		if err != nil && !errors.Is(err, fs.ErrNotExist) && (bad == errNotHere || errors.Is(err, errUnknown)) {
			bad = err
		}
		return err == nil || is[*TooLargeError](err)
	}
	id := h.raw()
	pack := func(p *pack) (typ ObjectType, data []byte, done bool, err error) {
		off, ok, err := p.find(s, id)
		if ok {
			typ, data, err = s.entry(p, off, max)
		}
		return typ, data, (ok || err != nil) && try(typ, data, err), err
	}
	// The pack that had the last object comes first: it saves opening a loose
	// file that is not there.
	recent := s.recent()
	if recent != nil && !fresh {
		if typ, data, done, err := pack(recent); done {
			return typ, data, err
		}
	}
	typ, data, err := s.loose(s.roots[0], h, max)
	if try(typ, data, err) {
		return typ, data, err
	}
	dirs, packs, odd := s.list(fresh)
	for i, p := range packs {
		if p == recent && !fresh {
			continue
		}
		if typ, data, done, err := pack(p); done {
			s.promote(p, i)
			return typ, data, err
		}
	}
	for _, d := range dirs[1:] {
		typ, data, err := s.loose(d, h, max)
		if try(typ, data, err) {
			return typ, data, err
		}
	}
	if bad == errNotHere && odd {
		bad = errUnknown
	}
	return 0, nil, bad
}

// has looks for the object without reading it. Without thorough a recent pack
// may be overlooked.
func (s *store) has(h Hash, thorough bool) (bool, error) {
	if _, err := os.Lstat(loosePath(s.roots[0], h)); err == nil {
		return true, nil
	}
	id := h.raw()
	var bad error
	rounds := 1
	if thorough {
		rounds = 2
	}
	for round := range rounds {
		dirs, packs, odd := s.list(round > 0)
		if odd {
			bad = errUnknown
		}
		for i, p := range packs {
			_, ok, err := p.find(s, id)
			if ok {
				s.promote(p, i)
				return true, nil
			}
			if err != nil && !errors.Is(err, fs.ErrNotExist) && bad == nil {
				bad = err
			}
		}
		for i, d := range dirs {
			if i == 0 && round == 0 {
				continue
			}
			if _, err := os.Lstat(loosePath(d, h)); err == nil {
				return true, nil
			}
		}
	}
	return false, bad
}

// list returns the object directories and packs, reading the file system the
// first time and when fresh.
func (s *store) list(fresh bool) (dirs []string, packs []*pack, odd bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listed && !fresh {
		return s.dirs, s.packs, s.odd
	}
	known := make(map[string]*pack, len(s.packs))
	for _, p := range s.packs {
		known[p.name] = p
	}
	s.dirs, s.odd = allDirs(s.roots)
	s.packs = nil
	for _, d := range s.dirs {
		f, err := os.Open(filepath.Join(d, "pack"))
		if err != nil {
			continue // a store without packs
		}
		names, err := f.Readdirnames(-1)
		f.Close()
		if err != nil || len(s.packs)+len(names) > 5*maxPacks {
			s.odd = true
			continue
		}
		for _, n := range names {
			base, ok := strings.CutSuffix(n, ".idx")
			if !ok || len(s.packs) >= maxPacks {
				continue
			}
			name := filepath.Join(d, "pack", base)
			p := known[name]
			if p == nil || p.broken() {
				p = &pack{name: name}
			}
			s.packs = append(s.packs, p)
		}
	}
	if len(s.packs) >= maxPacks {
		s.odd = true
	}
	s.listed = true
	return s.dirs, s.packs, s.odd
}

// recent is the pack that had the last packed object, nil before the first listing.
func (s *store) recent() *pack {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.packs) == 0 {
		return nil
	}
	return s.packs[0]
}

// promote moves the pack that had the object to the front: the next object of
// a commit is most likely there too. The slice is replaced, never changed,
// because readers hold it.
func (s *store) promote(p *pack, i int) {
	if i == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if i >= len(s.packs) || s.packs[i] != p {
		return
	}
	next := make([]*pack, 0, len(s.packs))
	next = append(next, p)
	next = append(next, s.packs[:i]...)
	s.packs = append(next, s.packs[i+1:]...)
}
