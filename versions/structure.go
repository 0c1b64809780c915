package versions

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"pinseal/repo"
	"pinseal/seal"
	"pinseal/seal/spelling"
)

// StoreDir is where a repository holds its apps, from the top of the work tree.
const StoreDir = ".pinseal"

// Limits of an app's keys. One directory holds a wrap for each member at most.
const (
	maxKeyDirs = 10_000  // keys/SLOT.GEN
	maxWraps   = 100_000 // keys/SLOT.GEN/MEMBER.age, in all
)

// CheckStore checks by modes and names that [StoreDir] holds directories named
// like apps and the files default, .gitattributes and .gitignore, nothing else,
// and returns the directories, sorted. It does not look into them. Errors:
// *StructureError, whose path begins with StoreDir.
func CheckStore(store fs.FS) (apps []string, err error) {
	entries, err := fs.ReadDir(store, ".")
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		p := path.Join(StoreDir, e.Name())
		switch e.Name() {
		case "default", ".gitattributes", ".gitignore":
			if err := checkPlain(p, e); err != nil {
				return nil, err
			}
			continue
		}
		if !e.IsDir() || seal.CheckAppName(e.Name()) != nil {
			return nil, &StructureError{Path: p, Reason: "is not an app, nor a file of ours"}
		}
		apps = append(apps, e.Name())
	}
	return apps, nil
}

// CheckAll checks by modes and names, without reading a file, that the whole
// directory has its shape and nothing else. An app's: app.note, scan.baseline,
// keys/SLOT.GEN/MEMBER.age, and secret files in directories named like
// environments, known to the note or not. A pin's or a bundle's: pin.note,
// set.sum, app.note, exactly the files that set.sum lists, and wraps of that
// environment's read keys. What is not of the shape is not looked into. Names
// that differ only in case are left to [Source.Names]. Errors: *StructureError,
// *AuthError.
func (s *Source) CheckAll() error {
	if err := s.checkShape(); err != nil {
		return fmt.Errorf("%s: %w", s.What, err)
	}
	if s.Sum == nil {
		return nil
	}
	_, err := s.Names(s.SumOf)
	return err
}

func (s *Source) checkShape() error {
	entries, err := fs.ReadDir(s.FS, ".")
	if err != nil {
		return err
	}
	pinned := s.Sum != nil
	for _, e := range entries {
		name := e.Name()
		switch {
		case name == NoteName, !pinned && name == BaselineName, pinned && (name == PinName || name == SumName):
			err = checkPlain(s.where(name), e)
		case name == KeysDir:
			if err = checkDir(s.where(name), e); err == nil {
				_, err = s.wraps()
			}
		case pinned && name == s.SumOf, !pinned && seal.CheckEnvironment(name) == nil:
			if err = checkDir(s.where(name), e); err == nil {
				_, err = s.secrets(name)
			}
		default:
			err = &StructureError{Path: s.where(name), Reason: "has no place here"}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// wraps lists the paths of all wraps, after checking that the keys directory
// holds nothing else. It is empty without that directory.
func (s *Source) wraps() ([]string, error) {
	dirs, err := fs.ReadDir(s.FS, KeysDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if len(dirs) > maxKeyDirs {
		return nil, &StructureError{Path: s.where(KeysDir), Reason: fmt.Sprintf("holds more than %d keys", maxKeyDirs)}
	}
	var all []string
	for _, d := range dirs {
		dir := path.Join(KeysDir, d.Name())
		slot, _, ok := keyDir(d.Name())
		if !ok || s.Sum != nil && slot != seal.ReadSlot(s.SumOf) {
			return nil, &StructureError{Path: s.where(dir), Reason: "is not named like a key that belongs here"}
		}
		if err := checkDir(s.where(dir), d); err != nil {
			return nil, err
		}
		found, err := s.wrapsOf(dir)
		if err != nil {
			return nil, err
		}
		if all = append(all, found...); len(all) > maxWraps {
			return nil, &StructureError{Path: s.where(KeysDir), Reason: fmt.Sprintf("holds more than %d wraps", maxWraps)}
		}
	}
	return all, nil
}

func (s *Source) wrapsOf(dir string) ([]string, error) {
	entries, err := fs.ReadDir(s.FS, dir)
	if err != nil {
		return nil, err
	}
	if len(entries) > seal.MaxMembers {
		return nil, &StructureError{Path: s.where(dir), Reason: fmt.Sprintf("holds more than %d wraps", seal.MaxMembers)}
	}
	paths := make([]string, len(entries))
	for i, e := range entries {
		p := path.Join(dir, e.Name())
		if err := checkPlain(s.where(p), e); err != nil {
			return nil, err
		}
		if !isWrapName(e.Name()) {
			return nil, &StructureError{Path: s.where(p), Reason: "is not named like a wrap"}
		}
		paths[i] = p
	}
	return paths, nil
}

// keyDir reads the name of a directory of wraps: SLOT.GEN.
func keyDir(name string) (slot seal.Slot, generation int, ok bool) {
	dot := strings.LastIndexByte(name, '.')
	if dot < 0 {
		return "", 0, false
	}
	slot, err := seal.ParseSlot(name[:dot])
	generation, ok = spelling.ParseNumber(name[dot+1:])
	return slot, generation, err == nil && ok && generation >= 1 && generation <= seal.MaxGenerations
}

func isWrapName(file string) bool {
	member, ok := strings.CutSuffix(file, wrapSuffix)
	return ok && seal.CheckMember(member) == nil
}

// secrets lists the names of an environment's secrets in no promised order,
// after checking that its directory holds nothing else.
func (s *Source) secrets(environment string) ([]string, error) {
	entries, err := fs.ReadDir(s.FS, environment)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		if names[i], err = s.secretEntry(environment, e); err != nil {
			return nil, err
		}
	}
	if len(names) > MaxSecrets {
		return nil, &StructureError{Path: s.where(environment), Reason: fmt.Sprintf("holds more than %d secrets", MaxSecrets)}
	}
	return names, nil
}

func (s *Source) secretEntry(environment string, e fs.DirEntry) (string, error) {
	p := s.where(path.Join(environment, e.Name()))
	if err := checkPlain(p, e); err != nil {
		return "", err
	}
	name, ok := strings.CutSuffix(e.Name(), fileSuffix)
	if !ok || seal.CheckSecretName(name) != nil {
		return "", &StructureError{Path: p, Reason: "is not named like a secret"}
	}
	return name, nil
}

func checkPlain(p string, e fs.DirEntry) error {
	info, err := e.Info()
	if err != nil {
		return err
	}
	switch {
	case !info.Mode().IsRegular():
		return &StructureError{Path: p, Reason: "is not a plain file"}
	case info.Mode().Perm()&0o111 != 0:
		return &StructureError{Path: p, Reason: "is not a plain file", Err: &repo.OddEntryError{Path: p, Kind: "executable"}}
	}
	return nil
}

func checkDir(p string, e fs.DirEntry) error {
	if !e.IsDir() {
		return &StructureError{Path: p, Reason: "is not a directory"}
	}
	return nil
}
