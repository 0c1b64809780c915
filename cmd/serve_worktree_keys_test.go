package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"

	"pinseal/seal"
	"pinseal/versions"
)

// A key stays open as long as its file and the note are what they were, and no longer.
func TestWorkTreeStoreKeepsKeysOpen(t *testing.T) {
	p, ctx := newPanel(t), context.Background()
	st := p.Writer.(*workTreeStore)
	get := func(name string) *seal.NamedKey {
		t.Helper()
		info, key, err := p.Key(ctx, name)
		if err != nil || info.Name != name {
			t.Fatalf("%s: %+v, %v", name, info, err)
		}
		return key
	}
	p.run(0, "", "key", "create", "K", "-e", "dev")
	one := get("K")
	if get("K") != one || one.Newest() != 1 {
		t.Error("it is opened again, or is another")
	}
	was := p.read("dev/K.yaml")
	p.run(0, "", "key", "rotate", "K", "-e", "dev")
	if two := get("K"); two == one || two.Newest() != 2 || get("K") != two {
		t.Error("the key is not that of the file")
	}
	p.check(os.WriteFile(p.path("dev/K.yaml"), was, 0o644))
	if back := get("K"); back.Newest() != 1 {
		t.Errorf("version %d", back.Newest())
	}
	p.check(os.WriteFile(p.path("dev/OTHER.yaml"), was, 0o644)) // not sealed for that name
	if _, _, err := p.Key(ctx, "OTHER"); !errors.Is(err, versions.ErrNotAuthentic) {
		t.Errorf("in another place: %v", err)
	}
	p.check(os.Remove(p.path("dev/OTHER.yaml")))

	before := get("K")
	p.add("bob", quantumRecipient(t), seal.ReadSlot("dev"))
	if get("K") == before {
		t.Error("it is open under another note than it was opened under")
	}
	p.check(os.Remove(p.path("dev/K.yaml")))
	if _, _, err := p.Key(ctx, "K"); !errors.Is(err, versions.ErrNotFound) {
		t.Errorf("of no file: %v", err)
	}
	for i := range maxOpenKeys {
		st.seen.keys[fmt.Sprint(i)] = openKey{}
	}
	p.run(0, "", "key", "create", "L", "-e", "dev")
	if get("L"); len(st.seen.keys) != 1 {
		t.Errorf("%d keys are open", len(st.seen.keys))
	}
}
