package versions

import (
	"strings"
	"testing"

	"pinseal/seal"
)

func TestExposure(t *testing.T) {
	same := func(lines ...string) []string { return lines }
	tests := []struct {
		name            string
		do              func(*testApp)
		reader, keyless []string
	}{
		{"nothing sealed", func(a *testApp) { a.commit(); a.leave("bob", prod) }, same(), same()},
		{"still in, not committed", func(a *testApp) { a.set(prod, "A", "one"); a.set("dev", "B", "one") },
			same("reads production/A 0/0"), same("reads production/A 0/0")},
		{"still in, committed", func(a *testApp) { a.set(prod, "A", "one"); a.commit(); a.set(prod, "A", "two"); a.commit() },
			same("reads production/A 2/2"), same("reads production/A 2/2")},
		{"never committed", func(a *testApp) { a.commit(); a.set(prod, "A", "one"); a.leave("bob", prod) },
			same(), same()},
		{"sealed anew", func(a *testApp) { a.set(prod, "A", "one"); a.commit(); a.leave("bob", prod) },
			same("rotate production/A 1/1"), same("unsure production/A 1/1: " + onlyResealed)},
		{"sealed anew, committed", func(a *testApp) { a.set(prod, "A", "one"); a.commit(); a.leave("bob", prod); a.commit() },
			same("rotate production/A 1/1"), same("unsure production/A 1/1: " + onlyResealed)},
		{"sealed anew twice", func(a *testApp) {
			a.set(prod, "A", "one")
			a.commit()
			for range 2 {
				a.commit()
				a.rotate("production.read", nil)
				a.reseal(prod)
			}
			a.remove("bob")
			a.commit()
			a.rotate("production.read", nil)
			a.reseal(prod)
			a.commit()
			a.rotate("production.read", nil)
			a.reseal(prod)
		}, same("rotate production/A 2/2"), same("unsure production/A 2/2: " + onlyResealed)},
		{"set after it was sealed anew", func(a *testApp) {
			a.set(prod, "A", "one")
			a.commit()
			a.leave("bob", prod)
			a.commit()
			a.set(prod, "A", "two")
		}, same(), same()},
		{"set, then sealed anew once more", func(a *testApp) {
			a.set(prod, "A", "one")
			a.commit()
			a.leave("bob", prod)
			a.commit()
			a.set(prod, "A", "two")
			a.commit()
			a.rotate("production.read", nil)
			a.reseal(prod)
		}, same(), same()},
		{"set to the same", func(a *testApp) {
			a.set(prod, "A", "one")
			a.commit()
			a.leave("bob", prod)
			a.commit()
			a.set(prod, "A", "one")
		}, same("rotate production/A 1/1"), same()}, // without a key a new text is a new value
		{"set and sealed anew in one commit", func(a *testApp) {
			a.set(prod, "A", "one")
			a.commit()
			a.leave("bob", prod)
			a.set(prod, "A", "two")
			a.commit()
		}, same(), same("unsure production/A 1/1: " + onlyResealed)},
		{"of another size", func(a *testApp) {
			a.set(prod, "A", "one")
			a.commit()
			a.leave("bob", prod)
			a.set(prod, "A", strings.Repeat("long", 100))
			a.commit()
		}, same(), same()},
		{"put back", func(a *testApp) {
			a.set(prod, "A", "one")
			a.commit()
			a.leave("bob", prod)
			a.commit()
			a.set(prod, "A", "two")
			a.commit()
			tgit(a.t, a.dir, "revert", "--no-edit", "HEAD")
		}, same("rotate production/A 1/1"), same("unsure production/A 1/1: " + onlyResealed)},
		{"of a generation before", func(a *testApp) {
			a.set(prod, "A", "one")
			a.commit()
			a.leave("bob", prod)
			second, _ := a.note.Newest("production.read")
			a.set(prod, "A", "two")
			a.commit()
			a.rotate("production.read", nil)
			a.set(prod, "A", "three")
			a.commit()
			value := a.sealedAt(seal.Place{App: a.id, Environment: prod, Kind: KindSecret, Name: "A"}, second, "four")
			a.putFile(prod, "A", SecretFile{Kind: KindSecret, Value: value})
		}, same(), same("unsure production/A 1/1: " + unexplained)},
		{"new since", func(a *testApp) {
			a.set(prod, "A", "one")
			a.commit()
			a.leave("bob", prod)
			a.commit()
			a.set(prod, "NEW", "two")
			a.set(prod, "A", "two")
			a.commit()
			a.set(prod, "NEWER", "three")
		}, same(), same()},
		{"renamed since", func(a *testApp) {
			a.set(prod, "OLD", "one that is long")
			a.commit()
			a.leave("bob", prod)
			a.commit()
			a.move(prod, "OLD", "NEW", false)
			a.set(prod, "FRESH", strings.Repeat("another size", 20))
		}, same("rotate production/NEW 0/1 = production/OLD", "removed production/OLD 1/1"),
			same("unsure production/NEW 0/0: "+maybeRenamed, "removed production/OLD 1/1")},
		{"short and renamed since", func(a *testApp) {
			a.set(prod, "OLD", "yes")
			a.set(prod, "B", "no")
			a.commit()
			a.leave("bob", prod)
			a.commit()
			a.move(prod, "OLD", "MID", false)
			a.commit()
			a.set(prod, "B", "yes")
			a.set(prod, "C", "yes")
			a.commit()
			a.rotate("production.read", nil)
			a.reseal(prod)
			a.commit()
			a.move(prod, "MID", "NEW", false)
		}, same("rotate production/NEW 0/1 = production/OLD", "removed production/OLD 1/1"),
			same("unsure production/NEW 0/0: "+maybeRenamed, "removed production/OLD 1/1")},
		{"copied since", func(a *testApp) {
			a.set(prod, "OLD", "one that is long")
			a.commit()
			a.leave("bob", prod)
			a.commit()
			a.move(prod, "OLD", "NEW", true)
			a.set(prod, "OLD", "two")
		}, same("rotate production/NEW 0/1 = production/OLD"), same()},
		{"equal and short", func(a *testApp) {
			a.set(prod, "OLD", "yes")
			a.commit()
			a.leave("bob", prod)
			a.set(prod, "NEW", "yes")
		}, same("rotate production/OLD 1/1"), same("unsure production/OLD 1/1: " + onlyResealed)},
		{"removed", func(a *testApp) {
			a.set(prod, "A", "one")
			a.set(prod, "B", "one")
			a.commit()
			a.leave("bob", prod)
			a.drop(FilePath(prod, "A"))
			a.putFile(prod, "B", SecretFile{Kind: KindSecret})
			a.putFile(prod, "C", SecretFile{Kind: KindSecret})
		}, same("removed production/A 1/1", "removed production/B 1/1"), same("removed production/A 1/1", "removed production/B 1/1")},
		{"removed and back", func(a *testApp) {
			a.set(prod, "A", "one")
			a.commit()
			a.leave("bob", prod)
			a.commit()
			a.drop(FilePath(prod, "A"))
			a.commit()
			a.set(prod, "A", "two")
		}, same(), same("unsure production/A 1/1: " + maybeBack)},
		{"edited beside the value", func(a *testApp) {
			a.set(prod, "A", "one")
			a.commit()
			f, err := a.workTree().File(prod, "A")
			a.must(err)
			f.About = "about it"
			a.putFile(prod, "A", *f)
			a.commit()
			a.remove("bob")
		}, same("rotate production/A 1/1"), same("rotate production/A 1/1")},
		{"no rekey", func(a *testApp) {
			a.commit()
			a.set(prod, "A", "one")
			a.remove("bob")
			a.commit()
			a.set(prod, "A", "two")
		}, same("rotate production/A 1/1"), same("rotate production/A 1/1")},
		{"copied over another since", func(a *testApp) {
			a.set(prod, "A", "one that is long")
			a.set(prod, "B", "two that is long")
			a.commit()
			a.leave("bob", prod)
			a.commit()
			a.set(prod, "B", "three")
			a.commit()
			a.move(prod, "A", "B", true)
			a.set(prod, "A", "four")
		}, same("rotate production/B 1/1 = production/A"), same()},
		{"renamed over another since", func(a *testApp) {
			a.set(prod, "A", "one that is long")
			a.set(prod, "B", "two that is long")
			a.commit()
			a.leave("bob", prod)
			a.commit()
			a.set(prod, "B", "three")
			a.commit()
			a.move(prod, "A", "B", false)
		}, same("rotate production/B 1/1 = production/A", "removed production/A 1/1"),
			same("unsure production/B 1/1: "+maybeRenamed, "removed production/A 1/1")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a := newApp(t)
			test.do(a)
			a.wantBoth("bob", test.reader, test.keyless)
		})
	}
}
