package cmd

import (
	"testing"

	"pinseal/seal"
	"pinseal/versions"
)

// What is remembered of a ledger only goes forward, but for pins that a retired
// key signed above its end: the live ones after them may have lower numbers.
func TestSetSeen(t *testing.T) {
	id := seal.AppID{1}
	at := func(number, generation int, hash byte) versions.Seen {
		return versions.Seen{Number: number, Generation: generation, Hash: [32]byte{hash}}
	}
	for _, test := range []struct {
		name     string
		was, now versions.Seen
		force    bool
		want     versions.Seen
	}{
		{"first", versions.Seen{}, at(3, 1, 1), false, at(3, 1, 1)},
		{"forward", at(3, 1, 1), at(4, 1, 2), false, at(4, 1, 2)},
		{"back", at(3, 1, 1), at(2, 1, 2), false, at(3, 1, 1)},
		{"back by an older key", at(3, 2, 1), at(2, 1, 2), false, at(3, 2, 1)},
		{"back, by force", at(3, 1, 1), at(2, 1, 2), true, at(2, 1, 2)},
		{"a newer key, below void pins", at(14, 1, 1), at(13, 2, 2), false, at(13, 2, 2)},
		{"nothing", at(3, 1, 1), versions.Seen{}, false, at(3, 1, 1)},
	} {
		k := &knownApps{}
		k.setSeen(id, "production", test.was, false)
		changed := k.setSeen(id, "production", test.now, test.force)
		if got := k.seen(id, "production"); got != test.want || changed != (test.was != test.want) {
			t.Errorf("%s: %+v, changed %v; want %+v", test.name, got, changed, test.want)
		}
	}
}
