package versions

import (
	"encoding/hex"
	"fmt"
	"time"

	"github.com/google/uuid"

	"pinseal/seal"
)

// Info is what can be said of a secret without a key. It never has a value.
type Info struct {
	ID          string    `json:"id"` // see [SecretID]
	Name        string    `json:"name"`
	Kind        string    `json:"kind"` // KindSecret or KindKey
	Description string    `json:"description,omitempty"`
	Expires     string    `json:"expires,omitempty"` // 2027-01-31
	Optional    bool      `json:"optional,omitempty"`
	Blank       bool      `json:"blank,omitempty"`
	Bits        int       `json:"bits,omitempty"`         // KindKey: 128 or 256
	KeyVersions []uint32  `json:"key_versions,omitempty"` // KindKey: ascending; the last one encrypts
	Version     string    `json:"version"`                // hex SHA-256 of its file
	Created     time.Time `json:"created,omitzero"`       // where git's history is at hand
	Updated     time.Time `json:"updated,omitzero"`
}

// VersionInfo is which set it is. ID differs whenever the set of a pin does.
type VersionInfo struct {
	ID          string    `json:"id"` // "pin:N:HEX" with the pin's hash, "commit:HEX" or "worktree"
	App         string    `json:"app"`
	Environment string    `json:"environment"`
	Kind        string    `json:"kind"` // "pin", "commit" or "worktree"
	Number      int       `json:"number,omitempty"`
	Hash        string    `json:"hash,omitempty"`   // of the pin
	Commit      string    `json:"commit,omitempty"` // that the set was taken from
	Set         string    `json:"set,omitempty"`    // SHA-256 of set.sum
	Time        time.Time `json:"time,omitzero"`
	Publisher   string    `json:"publisher,omitempty"`
	Message     string    `json:"message,omitempty"`
	RollbackOf  int       `json:"rollback_of,omitempty"`
	NoteVersion int       `json:"note_version,omitempty"`
}

// SecretID is the id of a secret: the UUID of version 5 (RFC 9562, section 5.5) of
// ENV/NAME in the namespace that the app id's 16 bytes are. It lives as long as the
// name: a renamed secret has another.
func SecretID(app seal.AppID, environment, name string) string {
	return uuid.NewSHA1(uuid.UUID(app), []byte(environment+"/"+name)).String()
}

// Info says what a pin is.
func (p *Pin) Info() VersionInfo {
	hash := p.Hash()
	return VersionInfo{
		ID:  fmt.Sprintf("pin:%d:%x", p.Number, hash),
		App: p.App.String(), Environment: p.Environment, Kind: "pin", Number: p.Number, Hash: hex.EncodeToString(hash[:]),
		Commit: string(p.Commit), Set: hex.EncodeToString(p.Set[:]), Time: p.Time.UTC(), Publisher: p.Publisher,
		Message: p.Message, RollbackOf: p.RollbackOf, NoteVersion: p.NoteVersion,
	}
}

// Infos lists the secrets of the set, sorted by name, without dates. Errors are those
// of [Source.Names] and [Source.File].
func (s *Set) Infos() ([]Info, error) {
	names, err := s.Source.Names(s.Environment)
	if err != nil {
		return nil, err
	}
	infos := make([]Info, len(names))
	err = InParallel(len(names), func(i int) error {
		data, err := s.Source.listed(s.Environment, names[i])
		if err == nil {
			infos[i], err = s.info(names[i], data)
		}
		return err
	})
	return infos, err
}

// Info is what can be said of one secret, without dates.
func (s *Set) Info(name string) (Info, error) {
	data, err := s.Source.FileBytes(s.Environment, name)
	if err != nil {
		return Info{}, err
	}
	return s.info(name, data)
}

func (s *Set) info(name string, data []byte) (Info, error) {
	f, err := s.Source.parse(s.Environment, name, data)
	if err != nil {
		return Info{}, err
	}
	digest := digestOf(data)
	info := Info{
		ID: SecretID(s.Keys.Note().ID, s.Environment, name), Name: name, Kind: f.Kind, Description: f.About, Expires: f.Expires,
		Optional: f.Optional, Blank: f.Blank(), Bits: f.Bits, Version: hex.EncodeToString(digest[:]),
	}
	for _, v := range f.Versions {
		info.KeyVersions = append(info.KeyVersions, v.Number)
	}
	return info, nil
}
