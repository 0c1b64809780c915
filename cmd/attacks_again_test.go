package cmd_test

import (
	"os"
	"strings"
	"testing"

	"pinseal/seal"
)

// What is taken is taken alone; and who comes back, with the same key or with
// another, opens again all there is, old versions and what was sealed meanwhile.
func TestComeBack(t *testing.T) {
	t.Parallel()
	tm := newTeam(t)
	ada := tm.ada
	const all = "dev.read,production.read,production.publish"
	bob := tm.joins("bob", all)
	h := history{ada.head(): prodValue, "pin:1": prodValue}

	ada.says(ada.ok("member", "rm", "bob", "--can", "production.read").stderr, "Took from bob: production.read", "new keys: production.read 2\n", "sealed anew: 1 value")
	ada.shares("no production for bob")
	bob.pulls()
	bob.ok("fetch")
	bob.opensNone(4, h)
	bob.opens(devValue, "get", "KEY")
	bob.opens(devValue, "get", "KEY", "--at", "HEAD~1")
	ada.opens(prodValue, "get", "KEY", "-e", "production")
	bob.ok("publish", "production") // that he kept
	ada.refused(3, "member", "rm", "bob", "--can", "production.read")

	ada.ok("member", "rm", "bob")
	ada.shares("bob leaves")
	bob.pulls()
	bob.refused(4, "get", "KEY")
	bob.refused(4, "publish", "production")
	for _, key := range []string{"the same key", "another key"} {
		if key == "another key" {
			ada.ok("member", "rm", "bob")
			ada.shares("bob leaves again")
			if err := os.Remove(bob.path("home", ".config", "pinseal", "identity")); err != nil {
				t.Fatal(err)
			}
			bob.pulls()
		}
		ada.sets("CANARYaway"+key[:4], "KEY", "-e", "production")
		ada.shares("while he is away")
		ada.ok("publish", "production")
		h[ada.head()] = "CANARYaway" + key[:4]
		ada.runs(bob.ok("member", "request", "bob", "--can", all).stdout)
		ada.shares("bob is back")
		bob.pulls()
		bob.ok("fetch")
		bob.opensAll(h)
		bob.opens("CANARYaway"+key[:4], "get", "KEY", "-e", "production")
		bob.opens("CANARYaway"+key[:4], "get", "KEY", "-e", "production", "--at", "pin")
		bob.ok("publish", "production")
		ada.ok("fetch")
		ada.opensAll(h)
		bob.refused(4, "rekey", "production")
	}
}

// An admin who removes herself can do nothing afterwards, and the app goes on.
func TestRemoveYourself(t *testing.T) {
	t.Parallel()
	tm := newTeam(t)
	ada := tm.ada
	ada.says(ada.refused(1, "member", "rm", "ada"), "only admin")
	ada.says(ada.refused(1, "member", "rm", "ada", "--can", "dev.read"), "only reader of dev")
	bob := tm.joins("bob", "admin,dev.read,production.read,production.publish")
	old := history{ada.head(): prodValue, "pin:1": prodValue}
	bob.ok("fetch")
	ada.says(ada.ok("member", "rm", "ada").stderr, "Removed ada", "admin 2", "dev.publish 2")
	ada.shares("ada leaves")
	ada.opensNone(4, old)
	ada.refused(4, "get", "KEY")
	ada.refused(4, "publish", "production")
	ada.refused(4, "member", "add", "ada", ada.recipient(), "--can", "admin")
	ada.refused(4, "rekey", "--all")
	bob.pulls()
	bob.opensAll(old)
	bob.opens(devValue, "get", "KEY")
	bob.ok("publish", "production")

	// Nobody publishes dev any more: an admin says who does.
	if can := bob.ok("env", "list", "--json").stdout; !strings.Contains(can, `"publishers": []`) {
		t.Errorf("env list: %s", can)
	}
	bob.refused(4, "publish", "dev")
	bob.ok("rekey", "dev")
	bob.ok("member", "add", "bob", "--can", "dev.publish")
	bob.shares("bob publishes dev")
	bob.says(bob.ok("publish", "dev").stderr, "#1 -> #2")
	bob.ok("rekey", "--all")
	bob.shares("rekey")
	bob.ok("publish", "dev")
	bob.opens(devValue, "get", "KEY", "--at", "pin:1")
	bob.opensAll(old)
}

// recipient is the public half of a person's identity.
func (p *person) recipient() string {
	p.Helper()
	ids, err := seal.ParseIdentities(p.read(p.path("home", ".config", "pinseal", "identity")), seal.Prompts{})
	if err != nil {
		p.Fatal(err)
	}
	return ids.List[0].Recipient
}

// An environment that is removed and made again is another one, whose readers
// are those of today; what was pinned before is still theirs.
func TestEnvironmentAgain(t *testing.T) {
	t.Parallel()
	tm := newTeam(t)
	ada := tm.ada
	bob := tm.joins("bob", "dev.read,production.read,production.publish")
	old := history{ada.head(): prodValue, "pin:1": prodValue}
	bob.ok("fetch")
	ada.ok("env", "rm", "production", "--yes")
	ada.shares("no production")
	for _, p := range []*person{ada, bob} {
		p.pulls()
		p.opensNone(3, old)
		p.refused(3, "set", "NEW", "-e", "production")
		p.refused(3, "publish", "production")
		p.opens(devValue, "get", "KEY")
	}
	ada.says(ada.ok("env", "add", "production").stderr, "production.publish 2, production.read 2", "readers: ada; publishers: ada")
	ada.sets("CANARYagain", "KEY", "-e", "production")
	ada.shares("production again")
	ada.says(ada.ok("publish", "production").stderr, "#1 -> #2")
	bob.pulls()
	bob.ok("fetch")
	bob.opensNone(4, history{"worktree": "", "HEAD": "", "pin": "", "pin:1": "", "HEAD~2": ""})
	bob.refused(4, "publish", "production")
	ada.opensAll(old)
	ada.opensAll(history{"worktree": "CANARYagain", "HEAD": "CANARYagain", "pin": "CANARYagain"})
	ada.ok("rollback", "production", "1")
	ada.opens(prodValue, "get", "KEY", "-e", "production", "--at", "pin")
}

// Rekeying twice, without a commit between, is no different from doing it once.
func TestRekeyTwice(t *testing.T) {
	t.Parallel()
	tm := newTeam(t)
	ada := tm.ada
	bob := tm.joins("bob", "production.read")
	old := history{ada.head(): prodValue, "pin:1": prodValue}
	bob.ok("fetch")
	for range 2 {
		ada.says(ada.ok("rekey", "--all").stderr, "Replaced 5 keys, of dev, production", "sealed anew: 2 values")
	}
	ada.shares("twice")
	bob.pulls()
	for _, p := range []*person{ada, bob} {
		p.opensAll(old)
		p.opensAll(history{"worktree": prodValue, "HEAD": prodValue})
	}
	ada.ok("publish", "production")
	bob.ok("fetch")
	bob.opens(prodValue, "get", "KEY", "-e", "production", "--at", "pin")
	bob.refused(4, "get", "KEY")
	ada.says(ada.ok("member", "sync").stderr, "Nothing is pending")
}

// A slot has so many generations and no more. What would make another is refused
// with nothing written, all else goes on, and the way out is another environment.
func TestLastGeneration(t *testing.T) {
	slow(t)
	t.Parallel()
	ada := &person{world: newWorld(t), name: "ada"}
	ada.dir, _ = ada.newApp("ada")
	ada.sets(devValue, "KEY")
	ada.sets(prodValue, "KEY", "-e", "production")
	ada.ok("member", "add", "bob", quantum(t), "--can", "dev.read,production.read")
	ada.commit(ada.dir, "one")
	ada.generations(seal.ReadSlot("dev"), seal.MaxGenerations)
	ada.says(ada.ok("member", "sync").stderr, "Wrapped 63 keys for bob", "Sealed anew: 1 value")
	ada.commit(ada.dir, "the last key of dev")
	for _, args := range [][]string{{"rekey", "dev"}, {"rekey", "--all"}, {"member", "rm", "bob"}, {"member", "rm", "bob", "--can", "dev.read"}} {
		ada.says(ada.refused(1, args...), "has had 64 keys, which is the limit")
	}
	ada.ok("member", "add", "carol", quantum(t), "--can", "dev.read")
	if wraps := strings.Count(ada.git(ada.dir, "ls-files", "-o", "--exclude-standard"), "carol.age"); wraps != seal.MaxGenerations {
		t.Errorf("carol has %d wraps, want %d", wraps, seal.MaxGenerations)
	}
	ada.opens(devValue, "get", "KEY")
	ada.opens(devValue, "get", "KEY", "--at", "HEAD~1")
	ada.commit(ada.dir, "carol")
	ada.ok("publish", "dev", "--first")
	ada.ok("rekey", "production")
	ada.ok("member", "rm", "bob", "--can", "production.read")
	ada.ok("env", "add", "development")
	ada.ok("copy", "--all", "--from", "dev", "--to", "development")
	ada.ok("env", "rm", "dev", "--yes")
	ada.opens(devValue, "get", "KEY", "-e", "development")
	ada.refused(1, "env", "add", "dev")
}

// generations makes keys of a read slot up to a generation, as so many rekeys
// would, wrapped for this person alone.
func (p *person) generations(slot seal.Slot, last int) {
	p.Helper()
	note, admin := p.note().Clone(), p.key(seal.Admin, 1)
	note.Version++
	to, _, _, err := seal.ParseRecipient(p.recipient(), nil)
	if err != nil {
		p.Fatal(err)
	}
	for g := 2; g <= last; g++ {
		key, err := seal.GenerateKey(slot, g)
		if err != nil {
			p.Fatal(err)
		}
		wrap, err := seal.WrapKey(key, note.ID, to)
		if err != nil {
			p.Fatal(err)
		}
		note.Slots = append(note.Slots, seal.NewEntry(key))
		p.write(p.wrap(slot, g, p.name), wrap)
	}
	p.forges(note, admin)
}
