package versions

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"pinseal/repo"
	"pinseal/seal"
)

// Names and limits of the shape of an app's directory.
const (
	NoteName   = "app.note"
	KeysDir    = "keys"
	PinName    = "pin.note"
	SumName    = "set.sum"
	fileSuffix = ".yaml"
	wrapSuffix = ".age"

	MaxSecrets = 10_000   // per environment
	MaxSum     = 4 << 20  // bytes of set.sum
	MaxWrap    = 8 << 10  // bytes of a wrap
	MaxNote    = 4 << 20  // bytes of app.note
	MaxPinNote = 16 << 10 // bytes of pin.note with its signature
)

// Source is one version of an app's directory: the work tree, a commit, a pin or
// a bundle. It holds no key. It is safe for concurrent use if its FS is.
type Source struct {
	FS   fs.FS  // rooted at the app's directory
	What string // for people: "work tree", "commit 1a2b3c4", "pin 3 of production"
	Dir  string // for people: where FS is in the repository; "" in a pin or bundle

	// Sum, when set, is the verified set.sum of environment SumOf: files of
	// that environment must have its digests, and no other environment is
	// readable. Pins and bundles have it.
	Sum   Sum
	SumOf string
}

// FilePath is the slash path of a secret's file from the app's directory.
func FilePath(environment, name string) string {
	return environment + "/" + name + fileSuffix
}

// WrapPath is the slash path of a member's wrap of a slot's key.
func WrapPath(slot seal.Slot, generation int, member string) string {
	return fmt.Sprintf("%s/%s.%d/%s%s", KeysDir, slot, generation, member, wrapSuffix)
}

// where is a path as people see it.
func (s *Source) where(name string) string { return path.Join(s.Dir, name) }

// read returns a whole file of at most max bytes. The file systems of package
// repo refuse links and other odd entries themselves and bound what they read.
func (s *Source) read(name string, max int) ([]byte, error) {
	data, err := fs.ReadFile(s.FS, name)
	if err == nil && len(data) > max || errors.As(err, new(*repo.TooLargeError)) {
		return nil, &StructureError{Path: s.where(name), Reason: fmt.Sprintf("is larger than %d bytes", max)}
	}
	return data, err
}

// Note returns the bytes of app.note, unverified. *NotFoundError when absent.
func (s *Source) Note() ([]byte, error) {
	data, err := s.read(NoteName, MaxNote)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &NotFoundError{What: "app note", In: s.What}
	}
	if err == nil && hasConflictMarkers(data) {
		return nil, &UnmergedError{Paths: []string{s.where(NoteName)}, Markers: true, In: s.What}
	}
	return data, err
}

// in is an environment of this source, for people. A pin's names it already.
func (s *Source) in(environment string) string {
	if s.Sum != nil && environment == s.SumOf {
		return s.What
	}
	return environment + " of the " + s.What
}

// noteUnder returns the app note of this source, verified; newest, which is
// already, where it is the same.
func (s *Source) noteUnder(newest *seal.Note) (*seal.Note, error) {
	signed, err := s.Note()
	if err != nil || bytes.Equal(signed, newest.Signed()) {
		return newest, err
	}
	return ParseAppNote(NoteCandidate{Signed: signed, From: s.What}, newest.Hash())
}

// sameRecipient reports whether what was wrapped for a member under one note is
// for the one that the newest means: a name can be given to another recipient.
func sameRecipient(under, newest *seal.Note, member string) bool {
	then, ok := under.Member(member)
	now, _ := newest.Member(member)
	return ok && then.Recipient == now.Recipient
}

// Wrap returns the bytes of a member's wrap. An error that is fs.ErrNotExist
// says that this source has none.
func (s *Source) Wrap(slot seal.Slot, generation int, member string) ([]byte, error) {
	p := WrapPath(slot, generation, member)
	data, err := s.read(p, MaxWrap)
	if hasConflictMarkers(data) {
		return nil, &UnmergedError{Paths: []string{s.where(p)}, Markers: true, In: s.What}
	}
	return data, err
}

// FileBytes returns the bytes of a secret's file, which are those that set.sum
// lists where there is one. The name must be spelled exactly so.
func (s *Source) FileBytes(environment, name string) ([]byte, error) {
	notFound := &NotFoundError{What: "secret", Name: name, In: s.in(environment)}
	if err := seal.CheckSecretName(name); err != nil {
		return nil, err
	}
	if s.Sum != nil {
		if environment != s.SumOf {
			return nil, &NotFoundError{What: "environment", Name: environment, In: "the " + s.What}
		}
		digest, ok := s.Sum.Digest(environment, name)
		if !ok {
			return nil, notFound
		}
		data, err := s.read(FilePath(environment, name), MaxSecretFile)
		if err != nil {
			return nil, &AuthError{What: "the " + s.What, Reason: "a file that set.sum lists cannot be read", Err: err}
		}
		if digestOf(data) != digest {
			return nil, &AuthError{What: "the " + s.What, Reason: fmt.Sprintf("%q is not the file that was pinned", FilePath(environment, name))}
		}
		return data, nil
	}
	if err := s.checkTwins(environment, name); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, notFound
		}
		return nil, err
	}
	return s.read(FilePath(environment, name), MaxSecretFile)
}

// checkTwins finds a name exactly, whatever the file system folds, and refuses
// it when another differs only in case.
func (s *Source) checkTwins(environment, name string) error {
	entries, err := s.names(environment)
	if err != nil {
		return err
	}
	twins := []string{}
	found := false
	for _, e := range entries {
		if !strings.EqualFold(e, name+fileSuffix) {
			continue
		}
		twins = append(twins, strings.TrimSuffix(e, fileSuffix))
		found = found || e == name+fileSuffix
	}
	switch {
	case !found:
		return fs.ErrNotExist
	case len(twins) > 1:
		slices.Sort(twins)
		return &TwinsError{Environment: environment, Names: twins}
	}
	return nil
}

// namer is a file system that lists names without looking at each file.
type namer interface {
	Names(dir string) ([]string, error)
}

func (s *Source) names(dir string) ([]string, error) {
	if n, ok := s.FS.(namer); ok {
		return n.Names(dir)
	}
	entries, err := fs.ReadDir(s.FS, dir)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, nil
}

// File reads one secret's file. Errors: *NotFoundError, *StructureError (bad
// spelling too), *UnmergedError, *TwinsError, *AuthError.
func (s *Source) File(environment, name string) (*SecretFile, error) {
	data, err := s.FileBytes(environment, name)
	if err != nil {
		return nil, err
	}
	return s.parse(environment, name, data)
}

func (s *Source) parse(environment, name string, data []byte) (*SecretFile, error) {
	f, err := ParseSecretFile(data)
	p := s.where(FilePath(environment, name))
	if errors.As(err, new(*UnmergedError)) {
		return nil, &UnmergedError{Paths: []string{p}, Markers: true, In: s.What}
	}
	if err != nil {
		_, beyond := RepairSecretFile(data)
		return nil, &StructureError{Path: p, Reason: "is not a secret file of ours", Err: err, Repairable: beyond == nil}
	}
	return f, nil
}

// Names lists the secrets of an environment, sorted by bytes, after checking
// that its directory holds nothing else. An environment without a directory is
// empty.
func (s *Source) Names(environment string) ([]string, error) {
	names, err := s.secrets(environment)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, s.checkListed(environment, nil)
	}
	if err != nil {
		return nil, err
	}
	folded := make(map[string]string, len(names))
	for _, name := range names {
		if twin, ok := folded[strings.ToLower(name)]; ok {
			return nil, &TwinsError{Environment: environment, Names: []string{twin, name}}
		}
		folded[strings.ToLower(name)] = name
	}
	slices.Sort(names)
	return names, s.checkListed(environment, names)
}

// checkListed holds the names found to those that set.sum lists.
func (s *Source) checkListed(environment string, names []string) error {
	if s.Sum == nil {
		return nil
	}
	if environment != s.SumOf {
		return &NotFoundError{What: "environment", Name: environment, In: "the " + s.What}
	}
	listed := s.Sum.Names()
	if !slices.Equal(names, listed) {
		return &AuthError{What: "the " + s.What, Reason: "its files are not those that set.sum lists"}
	}
	return nil
}
