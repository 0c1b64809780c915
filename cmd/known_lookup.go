package cmd

import (
	"slices"

	"pinseal/seal"
	"pinseal/versions"
)

// What is remembered, asked and changed in memory; known_apps.go reads and
// writes it.

func (k *knownApps) place(place string) *knownPlace {
	for i := range k.places {
		if k.places[i].place == place {
			return &k.places[i]
		}
	}
	return nil
}

// app returns the id remembered for a directory of a place.
func (k *knownApps) app(place, directory string) (seal.AppID, bool) {
	for _, a := range k.apps {
		if a.place == place && a.directory == directory {
			return a.id, true
		}
	}
	return seal.AppID{}, false
}

// placesOf returns where an id has been seen.
func (k *knownApps) placesOf(id seal.AppID) []string {
	var places []string
	for _, a := range k.apps {
		if a.id == id && !slices.Contains(places, a.place) {
			places = append(places, a.place)
		}
	}
	return places
}

func (k *knownApps) note(id seal.AppID) *knownNote {
	for i := range k.notes {
		if k.notes[i].id == id {
			return &k.notes[i]
		}
	}
	return nil
}

// noteHash is the hash of the note remembered of an id, zero for none.
func (k *knownApps) noteHash(id seal.AppID) (hash [32]byte) {
	if n := k.note(id); n != nil {
		hash = n.hash
	}
	return hash
}

func (k *knownApps) seen(id seal.AppID, environment string) versions.Seen {
	for _, p := range k.pins {
		if p.id == id && p.environment == environment {
			return p.seen
		}
	}
	return versions.Seen{}
}

// setApp records an app at a place, and the place's default.
func (k *knownApps) setApp(place, directory string, id seal.AppID, def string) bool {
	changed := false
	if p := k.place(place); p == nil {
		k.places = append(k.places, knownPlace{place, def})
		changed = true
	} else if p.def != def {
		p.def = def
		changed = true
	}
	for i := range k.apps {
		if a := &k.apps[i]; a.place == place && a.directory == directory {
			changed = changed || a.id != id
			a.id = id
			return changed
		}
	}
	k.apps = append(k.apps, knownApp{place, directory, id})
	return true
}

// copyPlace gives a place all that is known of another: two names of one clone.
func (k *knownApps) copyPlace(from, to string) bool {
	source := k.place(from)
	if source == nil || k.place(to) != nil {
		return false
	}
	k.places = append(k.places, knownPlace{to, source.def})
	for _, a := range slices.Clone(k.apps) {
		if a.place == from {
			k.apps = append(k.apps, knownApp{to, a.directory, a.id})
		}
	}
	return true
}

// setNote keeps a note in place of another.
func (k *knownApps) setNote(note *seal.Note) bool {
	n := k.note(note.ID)
	if n == nil {
		k.notes = append(k.notes, knownNote{note.ID, note.Version, note.Hash()})
		return true
	}
	if n.hash == note.Hash() {
		return false
	}
	n.version, n.hash = note.Version, note.Hash()
	return true
}

// setSeen keeps the newest pin of an environment; without force only forward.
func (k *knownApps) setSeen(id seal.AppID, environment string, seen versions.Seen, force bool) bool {
	for i := range k.pins {
		p := &k.pins[i]
		if p.id != id || p.environment != environment {
			continue
		}
		if p.seen == seen || !force && !newer(p.seen, seen) {
			return false
		}
		p.seen = seen
		return true
	}
	if seen.Number == 0 {
		return false
	}
	k.pins = append(k.pins, knownPin{id, environment, seen})
	return true
}

// newer reports whether a pin takes the place of the one that was seen. A later
// generation's pin may have a lower number: those that a retired key signed above
// it are void.
func newer(was, now versions.Seen) bool {
	return now != was && (now.Number >= was.Number || now.Generation > was.Generation)
}

// forgetPins drops what was seen of an app's ledgers.
func (k *knownApps) forgetPins(id seal.AppID) bool {
	n := len(k.pins)
	k.pins = slices.DeleteFunc(k.pins, func(p knownPin) bool { return p.id == id })
	return len(k.pins) != n
}

// forgetPin drops what was seen of one ledger.
func (k *knownApps) forgetPin(id seal.AppID, environment string) bool {
	n := len(k.pins)
	k.pins = slices.DeleteFunc(k.pins, func(p knownPin) bool { return p.id == id && p.environment == environment })
	return len(k.pins) != n
}

// forgetNote drops the app note of an id.
func (k *knownApps) forgetNote(id seal.AppID) bool {
	n := len(k.notes)
	k.notes = slices.DeleteFunc(k.notes, func(note knownNote) bool { return note.id == id })
	return len(k.notes) != n
}

// forgetApp drops a directory of a place, and the place with its last one.
func (k *knownApps) forgetApp(place, directory string) bool {
	n := len(k.apps)
	k.apps = slices.DeleteFunc(k.apps, func(a knownApp) bool { return a.place == place && a.directory == directory })
	if !slices.ContainsFunc(k.apps, func(a knownApp) bool { return a.place == place }) {
		k.places = slices.DeleteFunc(k.places, func(p knownPlace) bool { return p.place == place })
	}
	return len(k.apps) != n
}
