package versions

import (
	"slices"
	"testing"

	"pinseal/seal"
)

func TestPendingLines(t *testing.T) {
	wrap := func(member string, slot seal.Slot, generation int, can ...string) Pending {
		return Pending{Slot: slot, Generation: generation, Member: member, Can: can}
	}
	got := PendingLines([]Pending{
		wrap("kim", "dev.read", 1, "ada"), wrap("kim", "dev.read", 2, "ada"), wrap("kim", "prod.read", 1, "ada"),
		wrap("bob", "dev.read", 1, "ada"), wrap("kim", "dev.read", 3, "ada"), wrap("kim", "dev.read", 5, "ada"),
		wrap("kim", "dev.read", 6),
		{Slot: "dev.read", Generation: 1, Names: []string{"A"}}, {Slot: "dev.read", Generation: 2, Names: []string{"A"}},
	})
	want := []string{
		"kim has no wrap of dev.read, keys 1-3, 5; who can finish: ada",
		"kim has no wrap of prod.read, key 1; who can finish: ada",
		"bob has no wrap of dev.read, key 1; who can finish: ada",
		"kim has no wrap of dev.read, key 6; nobody else has that key",
		"dev: sealed to retired key 1: A; nobody else has that key",
		"dev: sealed to retired key 2: A; nobody else has that key",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}
