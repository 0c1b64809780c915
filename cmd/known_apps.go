package cmd

import (
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

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
//	places:                       a git common directory, or a remote's URL as
//	                              normalURL has it
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
// In a place "%" and every byte that is not of a printable character (of UTF-8,
// as unicode.IsPrint has it) is %XX, in upper case: a directory may have any
// name.
//
// The bytes of a remembered note are in notes/APPID.HASH.note. A change writes
// them first, then known_apps.yaml, then removes the other notes of that id, all
// under the lock of known_apps.lock. So a kill leaves the old state or the new
// one, and perhaps a note that nothing names, which goes with the next change.
// Reading takes no lock: a note that is not there was replaced after
// known_apps.yaml was read, which then names another.
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
		k.places = append(k.places, knownPlace{placeField(p), def})
	}
	for _, a := range m.Maps("apps") {
		k.apps = append(k.apps, knownApp{placeField(a), a.Required("directory"), idField(a)})
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

// spellPlace writes a place as printable text; placeField reads it.
func spellPlace(place string) string {
	var b strings.Builder
	for len(place) > 0 {
		r, n := utf8.DecodeRuneInString(place)
		if r == '%' || r == utf8.RuneError && n == 1 || !unicode.IsPrint(r) {
			for _, c := range []byte(place[:n]) {
				fmt.Fprintf(&b, "%%%02X", c)
			}
		} else {
			b.WriteString(place[:n])
		}
		place = place[n:]
	}
	return b.String()
}

func placeField(m *spelling.Map) string {
	place, err := url.PathUnescape(m.Required("place"))
	if err != nil {
		m.Wrong("place", "has a % that is not followed by two digits")
	}
	return place
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
		p.Quoted(4, "place", spellPlace(k.places[i].place))
		if k.places[i].def != "" {
			p.Plain(4, "default", k.places[i].def)
		}
	})
	list("apps", len(k.apps), func(i int) {
		p.Quoted(4, "place", spellPlace(k.apps[i].place))
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
