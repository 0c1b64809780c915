package seal

// Relation is how another note relates to the one that was last accepted.
type Relation int

const (
	// Same is the same text.
	Same Relation = iota + 1
	// Follows is a newer note that the last accepted one precedes: to be
	// accepted and remembered.
	Follows
	// Precedes is an older one: fine for reading old versions, and nothing may
	// be written under it.
	Precedes
	// Diverged is another text of the same version that kept the common past
	// and every admin generation: two admins on two branches. Never remembered.
	Diverged
	// Foreign is everything else: another app, a past rewritten, a removed
	// admin's own note. Refused.
	Foreign
)

// String returns the relation in lower case.
func (r Relation) String() string {
	switch r {
	case Same:
		return "same"
	case Follows:
		return "follows"
	case Precedes:
		return "precedes"
	case Diverged:
		return "diverged"
	}
	return "foreign"
}

// Precedes reports whether b may follow a: it is a note of the same app with a
// higher version that holds all entries of a in a's order, with until and head
// as they are once set.
func (a *Note) Precedes(b *Note) bool {
	if a.ID != b.ID || a.Version >= b.Version {
		return false
	}
	next := 0
	for i := range a.Slots {
		// A slot and generation occur once, so the first match is the only one.
		for next < len(b.Slots) && !a.Slots[i].grows(&b.Slots[next]) {
			next++
		}
		if next == len(b.Slots) {
			return false
		}
		next++
	}
	return true
}

// Compare tells how other, a note that was parsed and so is validly signed,
// relates to last, the note that was last accepted.
func Compare(last, other *Note) Relation {
	switch {
	case last.ID != other.ID:
		return Foreign
	case last.Hash() == other.Hash():
		return Same
	case last.Precedes(other):
		return Follows
	case other.Precedes(last):
		return Precedes
	case last.Version == other.Version && last.sharesPast(other):
		return Diverged
	}
	return Foreign
}

// sharesPast reports whether two notes of one version can be two branches from
// one past, with nothing of that past dropped or changed.
//
// The past itself is not at hand, but it shows: entries are appended, and keys
// are random, so an entry that both notes have was made before they parted,
// and so was everything that stands above it. The notes must therefore begin
// with the same entries, and have no entry in common after the first that
// differs. After that point last must have no admin generation, because other
// would be signed by a key that last's admin knows to be replaced.
//
// A retired publish key must have the same until and head in both when both
// have its successor from the common past, because they were set when that was
// made. If not, the two branches each retired it, and may differ.
func (a *Note) sharesPast(b *Note) bool {
	p := 0
	for p < len(a.Slots) && p < len(b.Slots) && a.Slots[p].sameKey(&b.Slots[p]) {
		p++
	}
	common := make(map[Slot]int, p) // newest generation in the common past
	for i := range p {
		common[a.Slots[i].Slot] = a.Slots[i].Generation
	}
	for i := range p {
		x, y := &a.Slots[i], &b.Slots[i]
		settled := common[x.Slot] > x.Generation
		if settled && (!x.grows(y) || !y.grows(x)) {
			return false
		}
	}
	later := make(map[string]bool, len(b.Slots)-p)
	for i := p; i < len(b.Slots); i++ {
		later[string(b.Slots[i].Key)] = true
	}
	for i := p; i < len(a.Slots); i++ {
		e := &a.Slots[i]
		if e.Slot == Admin || later[string(e.Key)] {
			return false
		}
	}
	return true
}
