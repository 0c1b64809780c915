package cmd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"pinseal/versions"
)

// keepCache writes what was verified, unless there is a newer pin: another process may
// keep its own there. That it cannot be written is no reason not to go on.
func (s *session) keepCache(file string, r *versions.Release) {
	if data, err := s.readCache(file); err == nil {
		known := versions.FollowOptions{Note: r.Keys.Note()}
		if was, err := s.openCache(data, &known); err == nil && was.Environment == r.Environment && was.Pin.Number > r.Pin.Number {
			return
		}
	}
	if err := replaceFile(s.path(file), r.Bundle); err != nil {
		s.warn("cache %q cannot be written: %s", file, writeReason(err))
	}
}

// readCache reads a plain file: at anything else it could wait for ever.
func (s *session) readCache(file string) ([]byte, error) {
	info, err := os.Stat(s.path(file))
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("is not a plain file")
	}
	return s.readFile(s.path(file), versions.MaxBundle)
}

// cachedRelease opens the cache, nil when there is none, and has the remote held to it.
func (s *session) cachedRelease(file string, o reading, known *versions.FollowOptions) (*versions.Release, error) {
	if file == "" {
		return nil, nil
	}
	data, err := s.readCache(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cache %q cannot be read: %s", file, reasonOf(err))
	}
	r, err := s.openCache(data, known)
	if err == nil && r.Pin.Environment != known.Environment {
		err = &versions.AuthError{What: "cache", Reason: "is of environment " + r.Pin.Environment}
	}
	if err != nil {
		return nil, hint(err, "rm "+quoteShell(file)+"      to begin with what the remote has")
	}
	if err := s.checkBundlePin(r.Pin, 0); err != nil {
		return nil, err
	}
	known.Note = r.Keys.Note()
	if r.Pin.Number < known.Seen.Number {
		return nil, nil // a newer one has been seen: it is too old to begin with
	}
	known.Seen = versions.Seen{Number: r.Pin.Number, Hash: r.Pin.Hash(), Generation: r.Pin.Generation}
	if service := known.Identities; r.Pin.Number < o.minPin || service != nil && service.Service != nil && known.Note.Version < service.Service.NoteVersion {
		return nil, nil // the remote has to have a newer one
	}
	return r, nil
}

func (s *session) openCache(data []byte, known *versions.FollowOptions) (*versions.Release, error) {
	bundle, err := versions.ParseBundle(data)
	if err != nil {
		return nil, err
	}
	candidate, err := bundle.Note()
	if err != nil {
		return nil, err
	}
	note, err := versions.NewestNote(s.id, known.Note, candidate)
	if err != nil {
		return nil, err
	}
	ids := known.Identities
	if ids != nil && ids.Service != nil && note.Version < ids.Service.NoteVersion {
		ids = nil // made anew since: the cache still says what was seen
	}
	return versions.OpenRelease(data, note, ids)
}
