package cmd_test

import (
	"pinseal/seal"
	"pinseal/versions"
)

// note is the app note in the work tree.
func (p *person) note() *seal.Note {
	p.Helper()
	n, err := seal.ParseNote(p.read(p.file(versions.NoteName)))
	if err != nil {
		p.Fatal(err)
	}
	return n
}

// key opens a slot's key as somebody would who has stolen, kept or written a
// tool of their own: from the wrap in the work tree, with the identity's file.
func (p *person) key(slot seal.Slot, generation int) *seal.Key {
	p.Helper()
	ids, err := seal.ParseIdentities(p.read(p.path("home", ".config", "pinseal", "identity")), seal.Prompts{})
	if err != nil {
		p.Fatal(err)
	}
	k, err := seal.UnwrapKey(p.read(p.wrap(slot, generation, p.name)), p.note(), slot, generation, ids.List[0].Identity)
	if err != nil {
		p.Fatal(err)
	}
	return k
}

// forges signs a changed note with a key and puts it in the work tree.
func (p *person) forges(note *seal.Note, key *seal.Key) {
	p.Helper()
	signed, err := note.Sign(key)
	if err != nil {
		p.Fatal(err)
	}
	p.write(p.file(versions.NoteName), signed.Signed())
}
