package versions

import (
	"fmt"
	"slices"
	"testing"
)

// What a leaver could open in one environment stays live in another that he never
// read, when it was copied there.
func TestExposureOfCopies(t *testing.T) {
	a := newApp(t)
	a.add("carol", false, "dev.read")
	a.set("dev", "STRIPE", "sk_live_one")
	a.set("dev", "PORT", "5432")
	a.set(prod, "STRIPE", "sk_live_one")
	a.set(prod, "PORT", "5432")
	a.set(prod, "OWN", "not in dev at all")
	copied := a.commit()
	// Who is in and reads the one alone is no leaver of the other.
	if got := a.prepareRotated("alice", copied); got != nil {
		t.Errorf("nobody has left: %q", got)
	}
	wantShown(t, a.exposure("carol", "alice"), "rotate production/STRIPE 0/1 = dev/STRIPE", "reads dev/PORT 1/1", "reads dev/STRIPE 1/1")

	a.leave("carol", "dev")
	a.set("dev", "STRIPE", "sk_live_two")
	a.set("dev", "PORT", "1521")
	fresh := a.commit()
	e := a.exposure("carol", "alice")
	wantShown(t, e, "rotate production/STRIPE 0/1 = dev/STRIPE")
	if e.Closed != nil || e.Short != 2 {
		t.Errorf("%v were not compared, %d are short", e.Closed, e.Short)
	}
	want := []string{"STRIPE: its value is known to who left: carol [pinseal set STRIPE -e production]"}
	if got := a.prepareRotated("alice", fresh); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	// Without both keys it cannot be told, and the report says where.
	for by, closed := range map[string]string{"": "[production dev]", "bob": "[dev]", "alice": "[]"} {
		if e := a.exposure("carol", by); fmt.Sprint(e.Closed) != closed || by != "alice" && len(e.Secrets) > 0 && e.Secrets[0].Environment == prod {
			t.Errorf("as %q: %v were not compared, %q", by, e.Closed, shown(e))
		}
	}

	a.publishCommit("alice", fresh)
	a.set(prod, "STRIPE", "sk_live_three")
	wantShown(t, a.exposure("carol", "alice"), "pinned production/STRIPE 0/1 now 1 = dev/STRIPE")
	a.publish("alice")
	wantShown(t, a.exposure("carol", "alice"))
}

// What somebody still reads is not to be rotated, unless another recipient of the
// name could open it and does not read it now.
func TestExposureStillRead(t *testing.T) {
	a := newApp(t)
	a.add("carol", false, "dev.read", "production.read")
	a.set("dev", "D", "one of dev")
	a.set(prod, "A", "one")
	a.set(prod, "D", "one of dev")
	a.set(prod, "GONE", "one")
	a.publish("alice")
	a.drop(FilePath(prod, "GONE"))
	wantShown(t, a.exposure("carol", "alice"), "reads production/A 1/1 [1]", "reads production/D 1/1 [1]", "reads production/GONE 1/1 [1]", "reads dev/D 1/1")
	a.leave("carol", prod)
	delete(a.people, "carol")
	a.add("carol", false, "dev.read")
	a.publish("alice")
	a.set(prod, "A", "two")
	wantShown(t, a.exposure("carol", "alice"), "rotate production/D 1/1 [1] now 2", "rotate dev/D 1/1",
		"pinned production/A 1/1 [1] now 2", "removed production/GONE 1/1 [1]")

	// With the same slots under another identity, what the old one knew counts.
	b := newApp(t)
	b.set(prod, "A", "one")
	b.set(prod, "B", "one")
	b.commit()
	b.leave("bob", prod)
	delete(b.people, "bob")
	b.add("bob", false, "production.read")
	b.set(prod, "B", "two")
	b.commit()
	wantShown(t, b.exposure("bob", "alice"), "rotate production/A 2/2", "reads production/B 2/2")
	wantShown(t, b.exposure("bob", ""), "unsure production/A 2/2: "+onlyResealed, "unsure production/B 2/2: "+onlyResealed)
}
