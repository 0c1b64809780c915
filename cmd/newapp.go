package cmd

import (
	"errors"
	"io/fs"
	"slices"
	"strings"

	"pinseal/repo"
	"pinseal/seal"
	"pinseal/versions"
)

// makeApp makes the keys and the first note, and returns the app's files by path
// below .pinseal.
func makeApp(o initOptions, me member0) (map[string][]byte, *seal.Note, error) {
	admin, err := seal.GenerateKey(seal.Admin, 1)
	if err != nil {
		return nil, nil, err
	}
	keys := []*seal.Key{admin}
	note := seal.NewNote(admin)
	slots := []seal.Slot{seal.Admin}
	for _, env := range o.envs {
		for _, slot := range []seal.Slot{seal.PublishSlot(env), seal.ReadSlot(env)} {
			k, err := seal.GenerateKey(slot, 1)
			if err != nil {
				return nil, nil, err
			}
			keys, slots = append(keys, k), append(slots, slot)
			note.Slots = append(note.Slots, seal.Entry{Slot: slot, Generation: 1, Key: k.Public()})
		}
	}
	slices.Sort(slots)
	note.Members = []seal.Member{{Name: me.name, Recipient: me.Recipient, Slots: slots}}
	note.Version = 1
	if note, err = note.Sign(admin); err != nil {
		return nil, nil, err
	}
	to, _, _, err := seal.ParseRecipient(me.Recipient, nil)
	if err != nil {
		return nil, nil, err
	}
	files := map[string][]byte{".gitattributes": []byte(attributesFile), ".gitignore": []byte(ignoreFile)}
	for _, k := range keys {
		wrap, err := seal.WrapKey(k, note.ID, to)
		if err != nil {
			return nil, nil, err
		}
		files[o.name+"/"+versions.WrapPath(k.Slot(), k.Generation(), me.name)] = wrap
	}
	files[o.name+"/"+versions.NoteName] = note.Signed()
	return files, note, nil
}

// writeApp writes the note last: without it the directory is not an app, and
// init can be run again. The files beside the apps are shared; a first init
// makes them, later ones leave them.
func writeApp(tree *repo.WorkTree, files map[string][]byte, app string) error {
	last := app + "/" + versions.NoteName
	for p, data := range files {
		if p == last {
			continue
		}
		if strings.Contains(p, "/") {
			if err := tree.WriteFile(p, data); err != nil {
				return err
			}
		} else if err := tree.WriteNew(p, data); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return tree.WriteFile(last, files[last])
}
