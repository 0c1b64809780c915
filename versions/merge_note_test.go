package versions

import (
	"slices"
	"strings"
	"testing"

	"pinseal/seal"
)

const (
	aliceCan = "alice=admin,dev.publish,dev.read,production.publish,production.read"
	bobCan   = "bob=production.read"
	ciCan    = "ci=production.publish"
	webCan   = "web=production.read"
	pubProd  = seal.Slot("production.publish")
	readProd = seal.Slot("production.read")
)

type mergeCase struct {
	name         string
	base         []noteEdit
	ours, theirs []noteEdit
	choice       NoteChoice // zero is both, ours kept

	members string // "" is the base's
	keys    string // kept, above generation 1
	dropped string
	rekey   string
	follows string // which sides the result follows; "" is both
	err     string
}

var everybody = aliceCan + " " + bobCan + " " + ciCan + " " + webCan

var mergeCases = []mergeCase{
	{name: "nothing"},
	{name: "add and add", ours: []noteEdit{add("dan", readProd)}, theirs: []noteEdit{add("eve", "dev.read")},
		members: aliceCan + " " + bobCan + " " + ciCan + " dan=production.read eve=dev.read " + webCan},
	{name: "the same added twice", ours: []noteEdit{add("dan", readProd)}, theirs: []noteEdit{add("dan", "dev.read")},
		members: aliceCan + " " + bobCan + " " + ciCan + " dan=dev.read,production.read " + webCan},
	{name: "one name, two keys", ours: []noteEdit{add("dan", readProd)}, theirs: []noteEdit{addAs("dan", "eve", readProd)},
		err: `member "dan" has another key on each side`},
	{name: "one name, a person and a service", ours: []noteEdit{add("dan", readProd)}, theirs: []noteEdit{add("dan", readProd), asService("dan")},
		err: `member "dan" has another key on each side`},
	{name: "two names, one key", ours: []noteEdit{add("dan", readProd)}, theirs: []noteEdit{addAs("eve", "dan", readProd)},
		err: `"dan" and "eve" have the same key`},
	{name: "removed with a rekey, and added", ours: []noteEdit{add("dan", readProd)}, theirs: []noteEdit{rm("bob"), rekey(readProd)},
		members: aliceCan + " " + ciCan + " dan=production.read " + webCan, keys: "production.read.2 theirs"},
	{name: "removed without a rekey", ours: []noteEdit{rm("bob")}, theirs: []noteEdit{add("dan", "dev.read")},
		members: aliceCan + " " + ciCan + " dan=dev.read " + webCan, rekey: "production.read"},
	{name: "the same removed on both, without a rekey", ours: []noteEdit{rm("bob")}, theirs: []noteEdit{rm("bob")},
		members: aliceCan + " " + ciCan + " " + webCan, rekey: "production.read"},
	{name: "removed on both, each with a rekey", ours: []noteEdit{rm("bob"), rekey(readProd)}, theirs: []noteEdit{rm("web"), rekey(readProd)},
		members: aliceCan + " " + ciCan, keys: "production.read.2 ours", dropped: "production.read.2 theirs", rekey: "production.read", follows: "ours"},
	{name: "removed on both, theirs kept", choice: NoteChoice{Take: Both, Keep: Theirs}, ours: []noteEdit{rm("bob"), rekey(readProd)}, theirs: []noteEdit{rm("web"), rekey(readProd)},
		members: aliceCan + " " + ciCan, keys: "production.read.2 theirs", dropped: "production.read.2 ours", rekey: "production.read", follows: "theirs"},
	{name: "the same removed on both", ours: []noteEdit{rm("bob"), rekey(readProd)}, theirs: []noteEdit{rm("bob"), rekey(readProd)},
		members: aliceCan + " " + ciCan + " " + webCan, keys: "production.read.2 ours", dropped: "production.read.2 theirs", rekey: "production.read", follows: "ours"},
	{name: "removed, and rekeyed with him in", ours: []noteEdit{rm("bob")}, theirs: []noteEdit{rekey(readProd)},
		members: aliceCan + " " + ciCan + " " + webCan, keys: "production.read.2 theirs", rekey: "production.read"},
	{name: "removed, and given more", ours: []noteEdit{rm("bob"), rekey(readProd)}, theirs: []noteEdit{can("bob", readProd, "dev.read")},
		members: aliceCan + " " + ciCan + " " + webCan, keys: "production.read.2 ours", rekey: "dev.read"},
	{name: "removed, and given more, with a key that he got", ours: []noteEdit{rm("bob"), rekey(readProd)}, theirs: []noteEdit{can("bob", readProd, "dev.read"), rekey("dev.read")},
		members: aliceCan + " " + ciCan + " " + webCan, keys: "production.read.2 ours, dev.read.2 theirs", rekey: "dev.read"},
	{name: "rekeyed on both", ours: []noteEdit{rekey(readProd)}, theirs: []noteEdit{rekey(readProd)},
		keys: "production.read.2 ours", dropped: "production.read.2 theirs", rekey: "production.read", follows: "ours"},
	{name: "rekeyed twice by theirs", ours: []noteEdit{rekey(readProd)}, theirs: []noteEdit{rekey(readProd, readProd)},
		keys: "production.read.2 ours", dropped: "production.read.2 theirs, production.read.3 theirs", rekey: "production.read", follows: "ours"},
	{name: "rekeyed twice by ours", ours: []noteEdit{rekey(readProd, readProd)}, theirs: []noteEdit{rekey(readProd)},
		keys: "production.read.2 ours, production.read.3 ours", dropped: "production.read.2 theirs", rekey: "production.read", follows: "ours"},
	{name: "different slots rekeyed", ours: []noteEdit{rekey(readProd)}, theirs: []noteEdit{rekey("dev.read", "dev.publish")},
		keys: "production.read.2 ours, dev.read.2 theirs, dev.publish.2 theirs"},
	{name: "granted and revoked", ours: []noteEdit{can("bob", readProd, "dev.read")}, theirs: []noteEdit{can("bob", pubProd), rekey(readProd)},
		members: aliceCan + " bob=dev.read,production.publish " + ciCan + " " + webCan, keys: "production.read.2 theirs"},
	{name: "all taken, half by each", base: []noteEdit{can("bob", readProd, "dev.read")}, ours: []noteEdit{can("bob", readProd), rekey("dev.read")}, theirs: []noteEdit{can("bob", "dev.read"), rekey(readProd)},
		members: aliceCan + " " + ciCan + " " + webCan, keys: "dev.read.2 ours, production.read.2 theirs"},
	{name: "another key on one side", ours: []noteEdit{newRecipient("bob", "bob2"), rekey(readProd)}, theirs: []noteEdit{can("bob", readProd, "dev.read")},
		members: aliceCan + " bob=dev.read,production.read " + ciCan + " " + webCan, keys: "production.read.2 ours", rekey: "dev.read"},
	{name: "another key, and a rekey with the old one in", ours: []noteEdit{newRecipient("bob", "bob2")}, theirs: []noteEdit{rekey(readProd)},
		keys: "production.read.2 theirs", rekey: "production.read"},
	{name: "another key on each side", ours: []noteEdit{newRecipient("bob", "bob2")}, theirs: []noteEdit{newRecipient("bob", "bob3")},
		err: `member "bob" has another key on each side`},
	{name: "renamed", ours: []noteEdit{rm("bob"), addAs("robert", "bob", readProd)}, theirs: []noteEdit{add("dan", "dev.read")},
		members: aliceCan + " " + ciCan + " dan=dev.read robert=production.read " + webCan},
	{name: "publisher removed on both", base: []noteEdit{add("cd", pubProd)}, ours: []noteEdit{rm("ci"), rekey(pubProd), until(pubProd, 1, 3)}, theirs: []noteEdit{rm("cd"), rekey(pubProd), until(pubProd, 1, 4)},
		members: aliceCan + " " + bobCan + " " + webCan, keys: "production.publish.2 ours", dropped: "production.publish.2 theirs", rekey: "production.publish", follows: "ours"},
	{name: "publisher removed by theirs", ours: []noteEdit{add("dan", pubProd)}, theirs: []noteEdit{rm("ci"), rekey(pubProd), until(pubProd, 1, 4)},
		members: aliceCan + " " + bobCan + " dan=production.publish " + webCan, keys: "production.publish.2 theirs"},
	{name: "admin rekeyed by theirs", base: []noteEdit{add("amy", "admin", "dev.read")}, ours: []noteEdit{add("dan", "dev.read")}, theirs: []noteEdit{rm("amy"), rekey("admin", "dev.read")},
		members: aliceCan + " " + bobCan + " " + ciCan + " dan=dev.read " + webCan, keys: "admin.2 theirs, dev.read.2 theirs"},
	{name: "admin rekeyed on both", base: []noteEdit{add("amy", "admin"), add("ann", "admin")}, ours: []noteEdit{rm("amy"), rekey("admin")}, theirs: []noteEdit{rm("ann"), rekey("admin")},
		members: everybody, keys: "admin.2 ours", dropped: "admin.2 theirs", rekey: "admin", follows: "ours"},
	{name: "each removes the other admin", base: []noteEdit{add("amy", "admin")}, ours: []noteEdit{rm("amy"), rekey("admin")}, theirs: []noteEdit{can("alice", readProd), rekey("admin")},
		err: "nobody would be left who is an admin"},
	{name: "each removes the other reader", base: []noteEdit{add("amy", "admin", "dev.read")}, ours: []noteEdit{can("alice", "admin"), rekey("dev.read")}, theirs: []noteEdit{can("amy", "admin"), rekey("dev.read")},
		err: "nobody would be left who can read dev"},
	{name: "an environment on one side", ours: []noteEdit{newEnv("stage", "alice")}, theirs: []noteEdit{rm("bob"), rekey(readProd)},
		members: "alice=admin,dev.publish,dev.read,production.publish,production.read,stage.publish,stage.read " + ciCan + " " + webCan,
		keys:    "stage.publish.1 ours, stage.read.1 ours, production.read.2 theirs"},
	{name: "an environment on both", ours: []noteEdit{newEnv("stage", "alice")}, theirs: []noteEdit{newEnv("stage", "alice", "bob")},
		members: "alice=admin,dev.publish,dev.read,production.publish,production.read,stage.publish,stage.read bob=production.read,stage.publish,stage.read " + ciCan + " " + webCan,
		keys:    "stage.publish.1 ours, stage.read.1 ours", dropped: "stage.publish.1 theirs, stage.read.1 theirs", rekey: "stage.publish, stage.read", follows: "ours"},
	{name: "an environment removed, and somebody let in", base: []noteEdit{newEnv("stage", "alice")}, ours: []noteEdit{rmEnv("stage")}, theirs: []noteEdit{add("dan", "stage.read", "dev.read")},
		members: aliceCan + " " + bobCan + " " + ciCan + " dan=dev.read " + webCan, keys: "stage.publish.1 base, stage.read.1 base"},
	{name: "an environment removed, and its keys replaced", base: []noteEdit{newEnv("stage", "alice")}, ours: []noteEdit{rmEnv("stage")}, theirs: []noteEdit{rekey("stage.publish", "stage.read")},
		keys: "stage.publish.1 base, stage.read.1 base, stage.publish.2 theirs, stage.read.2 theirs", rekey: "stage.publish"},
	{name: "an environment removed, taken by neither", choice: NoteChoice{Take: Theirs, Keep: Theirs}, base: []noteEdit{newEnv("stage", "alice")}, ours: []noteEdit{rmEnv("stage")}, theirs: []noteEdit{add("dan", "dev.read")},
		members: "alice=admin,dev.publish,dev.read,production.publish,production.read,stage.publish,stage.read " + bobCan + " " + ciCan + " dan=dev.read " + webCan,
		keys:    "stage.publish.1 base, stage.read.1 base", rekey: "stage.publish"},
	{name: "ours alone", choice: NoteChoice{Take: Ours, Keep: Ours}, ours: []noteEdit{add("dan", "dev.read")}, theirs: []noteEdit{rm("bob"), rekey(readProd)},
		members: aliceCan + " " + bobCan + " " + ciCan + " dan=dev.read " + webCan, keys: "production.read.2 theirs"},
	{name: "ours, with a key that theirs gave away", choice: NoteChoice{Take: Ours, Keep: Ours}, ours: []noteEdit{add("dan", "dev.read")}, theirs: []noteEdit{add("eve", readProd), rekey(readProd)},
		members: aliceCan + " " + bobCan + " " + ciCan + " dan=dev.read " + webCan, keys: "production.read.2 theirs", rekey: "production.read"},
	{name: "ours, both rekeyed", choice: NoteChoice{Take: Ours, Keep: Ours}, ours: []noteEdit{rm("bob"), rekey(readProd)}, theirs: []noteEdit{rm("web"), rekey(readProd)},
		members: aliceCan + " " + ciCan + " " + webCan, keys: "production.read.2 ours", dropped: "production.read.2 theirs", follows: "ours"},
	{name: "theirs, both rekeyed", choice: NoteChoice{Take: Theirs, Keep: Theirs}, ours: []noteEdit{rm("bob"), rekey(readProd)}, theirs: []noteEdit{rm("web"), rekey(readProd)},
		members: aliceCan + " " + bobCan + " " + ciCan, keys: "production.read.2 theirs", dropped: "production.read.2 ours", follows: "theirs"},
	{name: "ours, with theirs' keys", choice: NoteChoice{Take: Ours, Keep: Theirs}, ours: []noteEdit{rm("bob"), rekey(readProd)}, theirs: []noteEdit{rm("web"), rekey(readProd)},
		members: aliceCan + " " + ciCan + " " + webCan, keys: "production.read.2 theirs", dropped: "production.read.2 ours", rekey: "production.read", follows: "theirs"},
	{name: "nothing of theirs", choice: NoteChoice{Take: Ours, Keep: Ours, Alone: true}, ours: []noteEdit{add("dan", "dev.read")}, theirs: []noteEdit{rm("bob"), rekey(readProd, pubProd, "admin")},
		members: aliceCan + " " + bobCan + " " + ciCan + " dan=dev.read " + webCan, dropped: "production.read.2 theirs, production.publish.2 theirs, admin.2 theirs", follows: "ours"},
}

func TestMergeNotes(t *testing.T) {
	for _, c := range mergeCases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBranches(t)
			base := b.note
			if c.base != nil {
				base = b.from(base, "base", c.base...)
			}
			ours, theirs := b.from(base, "ours", c.ours...), b.from(base, "theirs", c.theirs...)
			if c.choice == (NoteChoice{}) {
				c.choice = NoteChoice{Take: Both, Keep: Ours}
			}
			m, err := MergeNotes(base, ours, theirs, c.choice)
			if c.err != "" {
				wantErr(t, err, ErrConflict, c.err)
				return
			}
			b.must(err)
			c.check(t, b, m, ours, theirs)
		})
	}
}

func (c *mergeCase) check(t *testing.T, b *branches, m *NoteMerge, ours, theirs *seal.Note) {
	t.Helper()
	members, keys := b.short(m.Note, m.Note.Slots)
	_, dropped := b.short(m.Note, m.Dropped)
	keys, c.keys = sortedList(keys), sortedList(c.keys) // which side's come first is not in the sides
	if c.members == "" {
		c.members = everybody
	}
	var slots []string
	for _, s := range m.Rekey {
		slots = append(slots, string(s))
	}
	for _, x := range []struct{ what, got, want string }{
		{"members", members, c.members}, {"keys", keys, c.keys}, {"dropped", dropped, c.dropped}, {"rekey", strings.Join(slots, ", "), c.rekey},
	} {
		if x.got != x.want {
			t.Errorf("%s:\n got %s\nwant %s", x.what, x.got, x.want)
		}
	}
	signed := b.signed(m.Note)
	for side, note := range map[string]*seal.Note{"ours": ours, "theirs": theirs} {
		if want := c.follows == "" || c.follows == side; note.Precedes(signed) != want {
			t.Errorf("follows %s: %v, want %v", side, !want, want)
		}
	}
}

func sortedList(s string) string {
	list := strings.Split(s, ", ")
	slices.Sort(list)
	return strings.Join(list, ", ")
}

// Two admins who settle one merge, each on his own branch, make the same note.
func TestMergeNotesEitherWay(t *testing.T) {
	for range 4 { // whose keys come first is chance
		b := newBranches(t)
		one := b.from(b.note, "one", rm("bob"), rekey(readProd), newEnv("stage", "alice"))
		two := b.from(b.note, "two", add("dan", "dev.read"), rekey(pubProd, "dev.read"))
		x, err := MergeNotes(b.note, one, two, NoteChoice{Take: Both, Keep: Ours})
		b.must(err)
		y, err := MergeNotes(b.note, two, one, NoteChoice{Take: Both, Keep: Ours})
		b.must(err)
		if x.Note.Hash() != y.Note.Hash() || len(x.Rekey)+len(y.Rekey) > 0 {
			t.Errorf("two notes, rekey %v and %v", x.Rekey, y.Rekey)
		}
	}
}

func TestMergeNotesWithoutBase(t *testing.T) {
	b := newBranches(t)
	ours, theirs := b.from(b.note, "ours", rm("bob"), rekey(readProd)), b.from(b.note, "theirs", add("dan", readProd))
	_, err := MergeNotes(nil, ours, theirs, NoteChoice{Take: Both, Keep: Ours})
	wantErr(t, err, ErrConflict, "no version that both began with")
	for _, side := range []Side{Ours, Theirs} {
		m, err := MergeNotes(nil, ours, theirs, NoteChoice{Take: side, Keep: side})
		b.must(err)
		if got := len(m.Rekey); got != 0 {
			t.Errorf("%s: %d slots to rekey", side, got)
		}
		b.signed(m.Note)
	}
}

// The second change of a branch is rebased onto a merge in which the first one's
// key was dropped.
func TestMergeNotesAfterDroppedKey(t *testing.T) {
	b := newBranches(t)
	onto, first := b.from(b.note, "onto", rekey(readProd)), b.from(b.note, "first", rekey(readProd))
	m, err := MergeNotes(b.note, onto, first, NoteChoice{Take: Both, Keep: Ours})
	b.must(err)
	rekey(readProd)(b, m.Note, "merged")
	ours, theirs := b.signed(m.Note), b.from(first, "second", add("dan", readProd))
	m, err = MergeNotes(first, ours, theirs, NoteChoice{Take: Both, Keep: Ours})
	b.must(err)
	c := mergeCase{members: aliceCan + " " + bobCan + " " + ciCan + " dan=production.read " + webCan, keys: "production.read.2 onto, production.read.3 merged",
		dropped: "production.read.2 first", follows: "ours"}
	c.check(t, b, m, ours, theirs)
}

// What a side says of the last pin of a retired key stays as the kept side has it.
func TestMergeNotesUntil(t *testing.T) {
	b := newBranches(t)
	ours := b.from(b.note, "ours", rekey(pubProd), until(pubProd, 1, 3))
	theirs := b.from(b.note, "theirs", rekey(pubProd), until(pubProd, 1, 4))
	plain := b.from(b.note, "plain", add("dan", pubProd))
	for _, c := range []struct {
		name         string
		ours, theirs *seal.Note
		keep         Side
		until        int
	}{
		{"both, ours kept", ours, theirs, Ours, 3},
		{"both, theirs kept", ours, theirs, Theirs, 4},
		{"theirs alone has retired it", plain, theirs, Ours, 4},
		{"ours alone has retired it", ours, plain, Theirs, 3},
	} {
		m, err := MergeNotes(b.note, c.ours, c.theirs, NoteChoice{Take: Both, Keep: c.keep})
		b.must(err)
		e, _ := b.signed(m.Note).Entry(pubProd, 1)
		if !e.Retired || e.Until != c.until || e.Head != ([32]byte{byte(c.until)}) {
			t.Errorf("%s: until %d", c.name, e.Until)
		}
	}
}
