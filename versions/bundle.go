package versions

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"golang.org/x/tools/txtar"

	"pinseal/seal"
)

// MaxBundle is the largest bundle, in bytes.
const MaxBundle = 64 << 20

const bundleFormat = "pinseal bundle/v1 "

var errBundleSize = fmt.Errorf("bundle is larger than %d bytes", MaxBundle)

// Bundle is the tree of one pin in one file. Only its digest and shape are
// verified until [Bundle.Open].
type Bundle struct {
	fsys fs.FS
	// Environment is what the bundle says it is of; [Bundle.Open] proves it.
	Environment string
}

// FormatBundle packs a pin's tree. With a member's name, wraps of all others are
// left out. s is the source of a pin, which must hold nothing else, see
// [Source.CheckAll]: that is found before anything is read, since the ledger's
// commit, unlike the pin, is anybody's.
func FormatBundle(s *Source, member string) ([]byte, error) {
	if s.Sum == nil {
		return nil, errors.New("only a pin can be a bundle")
	}
	if err := s.CheckAll(); err != nil {
		return nil, err
	}
	paths, err := s.wraps()
	if err != nil {
		return nil, err
	}
	if member != "" {
		paths = slices.DeleteFunc(paths, func(p string) bool { return path.Base(p) != member+wrapSuffix })
	}
	for _, name := range s.Sum.Names() {
		paths = append(paths, FilePath(s.SumOf, name))
	}
	paths = append(paths, PinName, SumName, NoteName)
	slices.Sort(paths)
	var a txtar.Archive
	total := 0
	for _, p := range paths {
		data, err := s.read(p, maxSize(p))
		if err != nil {
			return nil, err
		}
		if total += len(data); total > MaxBundle {
			return nil, errBundleSize
		}
		a.Files = append(a.Files, txtar.File{Name: p, Data: data})
	}
	body := txtar.Format(&a)
	sum := sha256.Sum256(body)
	data := append([]byte(bundleFormat+hex.EncodeToString(sum[:])+"\n"), body...)
	if len(data) > MaxBundle {
		return nil, errBundleSize
	}
	_, err = ParseBundle(data)
	return data, err
}

// ParseBundle checks the digest and the shape of a bundle. Errors are
// *AuthError.
func ParseBundle(data []byte) (*Bundle, error) {
	bad := func(reason string) (*Bundle, error) { return nil, &AuthError{What: "bundle", Reason: reason} }
	if len(data) > MaxBundle {
		return bad(fmt.Sprintf("is larger than %d bytes", MaxBundle))
	}
	line, body, ok := bytes.Cut(data, []byte{'\n'})
	digest, known := strings.CutPrefix(string(line), bundleFormat)
	if !ok || !known {
		return bad("does not begin like a bundle of this version")
	}
	sum := sha256.Sum256(body)
	if digest != hex.EncodeToString(sum[:]) {
		return bad("is damaged: its digest does not match")
	}
	a := txtar.Parse(body)
	if len(a.Comment) > 0 || !bytes.Equal(txtar.Format(a), body) {
		return bad("is not in the one spelling")
	}
	b := &Bundle{}
	last := ""
	for _, f := range a.Files {
		if f.Name <= last {
			return bad("is not sorted")
		}
		environment, ok := bundlePath(f.Name)
		if !ok || environment != "" && b.Environment != "" && environment != b.Environment {
			return bad("holds a file that has no place in it")
		}
		b.Environment = max(b.Environment, environment)
		last = f.Name
	}
	for _, f := range a.Files {
		if f.Name == PinName && b.Environment == "" {
			b.Environment = pinnedEnvironment(f.Data)
		}
	}
	fsys, err := txtar.FS(a)
	if err != nil {
		return bad("holds paths that collide")
	}
	b.fsys = fsys
	return b, nil
}

// bundlePath checks a path against the shape, and returns the environment of a
// secret's or a read key's.
func bundlePath(p string) (environment string, ok bool) {
	switch p {
	case PinName, SumName, NoteName:
		return "", true
	}
	dir, file := path.Split(p)
	dir = strings.TrimSuffix(dir, "/")
	if under, ok := strings.CutPrefix(dir, KeysDir+"/"); ok {
		slot, _, ok := keyDir(under)
		return slot.Environment(), ok && isWrapName(file) && slot == seal.ReadSlot(slot.Environment())
	}
	name, isFile := strings.CutSuffix(file, fileSuffix)
	return dir, isFile && seal.CheckEnvironment(dir) == nil && seal.CheckSecretName(name) == nil
}

// pinnedEnvironment is for a bundle of an empty set, which names its
// environment nowhere else. It proves nothing.
func pinnedEnvironment(signed []byte) string {
	text, _, err := seal.SplitText(signed)
	if err != nil {
		return ""
	}
	p, err := parsePinText(text)
	if err != nil {
		return ""
	}
	return p.Environment
}

// Note returns the bundle's app note, unverified.
func (b *Bundle) Note() (NoteCandidate, error) {
	signed, err := (&Source{FS: b.fsys, What: "bundle"}).Note()
	if err != nil {
		return NoteCandidate{}, &AuthError{What: "bundle", Reason: "has no app note", Err: err}
	}
	return NoteCandidate{Signed: signed, From: "the bundle"}, nil
}

// Open verifies the pin with the newest note, and every file's digest, and
// returns the pin and its set.
func (b *Bundle) Open(note *seal.Note) (*Pin, *Source, error) {
	raw := &Source{FS: b.fsys, What: "bundle"}
	signed, err := raw.read(PinName, MaxPinNote)
	if err != nil {
		return nil, nil, &AuthError{What: "bundle", Reason: "has no pin", Err: err}
	}
	pin, err := ParsePin(signed, note, b.Environment)
	if err != nil {
		return nil, nil, err
	}
	if err := checkLonePin(pin, note); err != nil {
		return nil, nil, err
	}
	source, err := pinSource(b.fsys, pin, fmt.Sprintf("bundle of pin %d of %s", pin.Number, pin.Environment))
	if err != nil {
		return nil, nil, err
	}
	names, err := source.Names(b.Environment)
	if err == nil {
		err = InParallel(len(names), func(i int) error {
			_, err := source.FileBytes(b.Environment, names[i])
			return err
		})
	}
	if err != nil {
		return nil, nil, err
	}
	return pin, source, nil
}

// checkLonePin holds a pin without its chain to what the newest note says of the
// chain: a retired key signs nothing above until, and pin until is head. A pin
// below until cannot be told from a forgery by the retired key; only who
// remembers a number, or was told one, can refuse it.
func checkLonePin(p *Pin, note *seal.Note) error {
	refuse := func(format string, args ...any) error {
		return &AuthError{What: "bundle", Reason: fmt.Sprintf(format, args...)}
	}
	if p.NoteVersion > note.Version {
		return refuse("pin %d names app note version %d, newer than any here", p.Number, p.NoteVersion)
	}
	for _, e := range note.Slots {
		if e.Slot != seal.PublishSlot(p.Environment) || !e.Retired {
			continue
		}
		switch {
		case e.Generation == p.Generation && p.Number > e.Until:
			return refuse("pin %d was signed by a key retired at pin %d", p.Number, e.Until)
		case e.Until > 0 && p.contradicts(e.Until, e.Head):
			return refuse("pin %d is not the one that the app note knows", e.Until)
		}
	}
	return nil
}
