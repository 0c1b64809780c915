package versions

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"pinseal/seal"
)

// branch is an app whose note went two ways from one past.
func candidate(n *seal.Note, from string) NoteCandidate {
	return NoteCandidate{Signed: n.Signed(), From: from}
}

// Each row of what a client does with a note it is shown.
func TestNewestNote(t *testing.T) {
	a := newApp(t)
	v1 := a.note
	a.add("dora", false, "production.read")
	v2 := a.note
	a.rotate("production.read", nil)
	v3 := a.note
	fork := func(from *seal.Note, edit func(*seal.Note)) *seal.Note {
		n := from.Clone()
		n.Version++
		edit(n)
		return a.sign(n)
	}
	drop := func(name string) func(*seal.Note) {
		return func(n *seal.Note) {
			for i := range n.Members {
				if n.Members[i].Name == name {
					n.Members = append(n.Members[:i:i], n.Members[i+1:]...)
					return
				}
			}
		}
	}
	otherKey := func(slot seal.Slot, g int) *seal.Key {
		k, err := seal.GenerateKey(slot, g)
		a.must(err)
		return k
	}
	v2b := fork(v1, drop("bob"))
	v3other := fork(v2, func(n *seal.Note) { n.Slots = append(n.Slots, seal.NewEntry(otherKey("production.read", 2))) })
	v4lost := fork(v3, func(n *seal.Note) { n.Slots = n.Slots[:len(n.Slots)-1] })
	// A removed admin's own newer note: made from v3, after v4 changed the admin key.
	a.rotate(seal.Admin, nil)
	v4 := a.note
	byOldAdmin := v3.Clone()
	byOldAdmin.Version = 9
	evil, err := byOldAdmin.Sign(a.key(seal.Admin, 1))
	a.must(err)
	sameVersionOldAdmin := v3.Clone()
	sameVersionOldAdmin.Version = 4
	evilSame, err := sameVersionOldAdmin.Sign(a.key(seal.Admin, 1))
	a.must(err)
	retired := fork(v4, func(n *seal.Note) { retire(n, "production.publish", 1, nil) })
	unretired := fork(retired, func(n *seal.Note) {
		for i := range n.Slots {
			n.Slots[i].Retired = false
		}
	})
	elsewhere := newApp(t).note

	for name, c := range map[string]struct {
		last    *seal.Note
		shown   []*seal.Note
		want    *seal.Note
		errIs   error
		errText string
	}{
		"first use":                {nil, []*seal.Note{v2}, v2, nil, ""},
		"same":                     {v2, []*seal.Note{v2}, v2, nil, ""},
		"follows":                  {v1, []*seal.Note{v2}, v2, nil, ""},
		"follows by far":           {v1, []*seal.Note{v4}, v4, nil, ""},
		"precedes":                 {v3, []*seal.Note{v1}, v3, nil, ""},
		"many, newest in between":  {v1, []*seal.Note{v2, v4, v3, v1}, v4, nil, ""},
		"no memory, newest first":  {nil, []*seal.Note{v4, v1}, v4, nil, ""},
		"memory alone":             {v2, nil, v2, nil, ""},
		"members apart":            {v2, []*seal.Note{v2b}, nil, ErrConflict, "version 2"},
		"members apart, no memory": {nil, []*seal.Note{v2, v2b}, nil, ErrConflict, "between a and b"},
		"keys apart":               {v3, []*seal.Note{v3other}, nil, ErrConflict, "version 3"},
		"older branch, same keys":  {v3, []*seal.Note{v2b}, v3, nil, ""},
		"newer without my key":     {v3, []*seal.Note{v4lost}, nil, ErrNotAuthentic, "version 4"},
		"other key, newer":         {v4, []*seal.Note{v3other}, nil, ErrNotAuthentic, "version 3"},
		"removed admin, newer":     {v4, []*seal.Note{evil}, nil, ErrNotAuthentic, "version 9"},
		"removed admin, same":      {v4, []*seal.Note{evilSame}, nil, ErrNotAuthentic, "version 4"},
		"until is set":             {v4, []*seal.Note{retired}, retired, nil, ""},
		"until is taken back":      {retired, []*seal.Note{unretired}, nil, ErrNotAuthentic, "version 6"},
		"another app":              {v2, []*seal.Note{elsewhere}, nil, ErrNotAuthentic, "is of app"},
		"another app, first use":   {nil, []*seal.Note{elsewhere}, nil, ErrNotAuthentic, "is of app"},
		"none":                     {nil, nil, nil, ErrNotFound, "no app note"},
	} {
		var shown []NoteCandidate
		for i, n := range c.shown {
			shown = append(shown, candidate(n, string(rune('a'+i))))
		}
		got, err := NewestNote(a.id, c.last, shown...)
		if c.errIs != nil {
			if !errors.Is(err, c.errIs) || !strings.Contains(err.Error(), c.errText) || got != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil || got.Hash() != c.want.Hash() {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNewestNoteUnreadable(t *testing.T) {
	a := newApp(t)
	good := a.note.Signed()
	edit := func(old, new string) NoteCandidate {
		if !bytes.Contains(good, []byte(old)) {
			t.Fatalf("%q is not there", old)
		}
		return NoteCandidate{Signed: bytes.Replace(good, []byte(old), []byte(new), 1), From: "the work tree"}
	}
	for _, remembered := range []*seal.Note{nil, a.note} {
		_, err := NewestNote(a.id, remembered, edit("needs: 1", "needs: 2"))
		if !isNeeds(err) || errors.Is(err, ErrNotAuthentic) {
			t.Errorf("needs newer: %v", err)
		}
		_, err = NewestNote(a.id, remembered, edit("members:", "<<<<<<< HEAD\nmembers:"))
		wantErr(t, err, ErrConflict, `"app.note" of the work tree holds conflict markers`)
		for name, c := range map[string]NoteCandidate{
			"version":   edit("version: 1", "version: 2"),
			"slot":      edit("bob\n    recipient", "bobby\n    recipient"),
			"power":     edit("slots: [production.read]", "slots: [admin, production.read]"),
			"empty":     {Signed: nil, From: "the work tree"},
			"signature": {Signed: flipSignature(good), From: "the work tree"},
			"unsigned":  {Signed: good[:bytes.LastIndex(good, []byte("\n\n"))+1], From: "the work tree"},
			"two lines": {Signed: append(bytes.Clone(good), good[bytes.LastIndex(good, []byte("\n\n"))+2:]...), From: "the work tree"},
		} {
			_, err := NewestNote(a.id, remembered, c)
			if !errors.Is(err, ErrNotAuthentic) || !strings.Contains(err.Error(), "the work tree") {
				t.Errorf("%s, memory %v: %v", name, remembered != nil, err)
			}
		}
	}
}

// flipSignature changes the signature and leaves text, key id and spelling.
func flipSignature(signed []byte) []byte {
	out := bytes.Clone(signed)
	i := len(out) - 20 // within the base64 of the last signature bytes
	if out[i] == 'A' {
		out[i] = 'B'
	} else {
		out[i] = 'A'
	}
	return out
}
