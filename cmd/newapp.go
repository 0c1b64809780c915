package cmd

import (
	"context"
	"maps"
	"slices"
	"strings"

	"pinseal/repo"
	"pinseal/seal"
	"pinseal/versions"
)

// makeApp makes the keys and the first note, and returns the app's files by path
// below .pinseal.
func makeApp(name string, envs []string, me member0) (map[string][]byte, *seal.Note, error) {
	admin, err := seal.GenerateKey(seal.Admin, 1)
	if err != nil {
		return nil, nil, err
	}
	keys := []*seal.Key{admin}
	note := seal.NewNote(admin)
	slots := []seal.Slot{seal.Admin}
	for _, env := range envs {
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
		files[name+"/"+versions.WrapPath(k.Slot(), k.Generation(), me.name)] = wrap
	}
	files[name+"/"+versions.NoteName] = note.Signed()
	return files, note, nil
}

// writeApp writes all files or none, those of last at the end and in their order.
// The note is one of them: without it the directory is not an app, and what was
// cut short can be run again. The files beside the apps are shared; the first app
// makes them, later ones leave them.
func writeApp(ctx context.Context, tree *repo.WorkTree, files map[string][]byte, last ...string) error {
	var edits []repo.Edit
	for _, p := range slices.Sorted(maps.Keys(files)) {
		if slices.Contains(last, p) {
			continue
		}
		if !strings.Contains(p, "/") {
			if _, err := tree.Stat(p); err == nil {
				continue
			}
		}
		edits = append(edits, repo.Edit{Path: p, Data: files[p]})
	}
	for _, p := range last {
		edits = append(edits, repo.Edit{Path: p, Data: files[p]})
	}
	return tree.Apply(ctx, edits)
}

// sayMade tells about an app that was made here, and an identity if one was.
func (c *cli) sayMade(name string, note *seal.Note, me member0, made string) {
	if made != "" {
		c.say("Made your identity: %s\n  It alone opens what you seal. Copy it, or make a second key, before this machine dies:\n    pinseal identity export -o FILE\n    %s", made,
			c.here("pinseal identity new -o FILE | pinseal "+c.appFlag(name)+"member add recovery --file - --like "+me.name))
	}
	c.say("Made app %s in .pinseal/%s (id %s)\n  environments: %s; first member: %s", name, name, note.ID, strings.Join(note.Environments(), ", "), me.name)
}
