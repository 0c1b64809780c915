package cmd_test

import (
	"os"
	"path/filepath"
	"testing"

	"pinseal/seal"
)

// twoApps is a machine whose user holds the keys of two apps, shop and blog, each
// in a repository of its own.
type twoApps struct {
	shop, blog     *person
	shopID, blogID string
}

func newTwoApps(t *testing.T) *twoApps {
	t.Helper()
	w := newWorld(t)
	a := &twoApps{}
	make := func(name string) (*person, string) {
		p := &person{world: w, name: "ada"}
		var id string
		p.dir, id = w.newApp(name)
		p.sets(devValue, "KEY", "-e", "dev")
		p.sets("CANARYother", "OTHER", "-e", "dev")
		p.sets(prodValue, "KEY", "-e", "production")
		p.commit(p.dir, "one")
		p.ok("publish", "dev", "--first")
		return p, id
	}
	a.shop, a.shopID = make("shop")
	a.blog, a.blogID = make("blog")
	return a
}

// opensNothing tries all that opens KEY of dev, in the work tree and committed,
// and all that would carry it into a new key or a pin; then it puts the work
// tree back.
func (p *person) opensNothing(name string) {
	p.Helper()
	p.commit(p.dir, "attack")
	for _, at := range []string{"worktree", "HEAD"} {
		for _, args := range [][]string{{"get", name}, {"export"}, {"run", "--", "echo", "started"}, {"exec", "--", "echo", "started"}} {
			p.refused(5, append([]string{args[0], "-e", "dev", "--at", at}, args[1:]...)...)
		}
	}
	for _, args := range [][]string{
		{"mv", name, "MOVED", "-e", "dev"}, {"copy", name, "--from", "dev", "--to", "production", "--force"},
		{"rekey", "dev"}, {"rekey", "--all"}, {"publish", "dev"},
	} {
		p.refused(5, args...)
	}
	p.git(p.dir, "reset", "-q", "--hard", "HEAD^")
}

// A sealed value opens nowhere but at its own name, environment and app.
func TestCopiedValue(t *testing.T) {
	t.Parallel()
	a := newTwoApps(t)
	for _, from := range []string{
		a.shop.file("dev", "OTHER.yaml"), a.shop.file("production", "KEY.yaml"),
		a.blog.file("dev", "KEY.yaml"), a.blog.file("dev", "OTHER.yaml"), a.blog.file("production", "KEY.yaml"),
	} {
		a.shop.copies(from, a.shop.file("dev", "KEY.yaml"))
		a.shop.opensNothing("KEY")
	}
	// A name that this app has not.
	a.shop.copies(a.blog.file("dev", "KEY.yaml"), a.shop.file("dev", "NEW.yaml"))
	a.shop.opensNothing("NEW")
	a.shop.opens(devValue, "get", "KEY")
	// The way that is meant opens it here and seals it there.
	a.shop.ok("copy", "KEY", "--from", "dev", "--to", "production", "--force")
	a.shop.opens(devValue, "get", "KEY", "-e", "production")
}

// A wrap is good for its member, app, slot and generation alone.
func TestTransplantedWrap(t *testing.T) {
	t.Parallel()
	a := newTwoApps(t)
	p := a.shop
	_, bob, err := seal.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	p.ok("rekey", "production")
	p.ok("member", "add", "bob", bob, "--can", "dev.read,production.read")
	p.commit(p.dir, "bob")
	dev, production := seal.ReadSlot("dev"), seal.ReadSlot("production")
	tests := []struct {
		name     string
		from, to string
		env      string
		code     int
	}{
		{"another member's", p.wrap(dev, 1, "bob"), p.wrap(dev, 1, "ada"), "dev", 5},
		{"another app's", a.blog.wrap(dev, 1, "ada"), p.wrap(dev, 1, "ada"), "dev", 5},
		{"another slot's", p.wrap(production, 1, "ada"), p.wrap(dev, 1, "ada"), "dev", 5},
		{"another power's", p.wrap(seal.PublishSlot("dev"), 1, "ada"), p.wrap(dev, 1, "ada"), "dev", 5},
		{"an older generation's", p.wrap(production, 1, "ada"), p.wrap(production, 2, "ada"), "production", 5},
		{"a newer generation's", p.wrap(dev, 1, "ada"), p.wrap(dev, 2, "ada"), "dev", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := p.in(t)
			p.copies(test.from, test.to)
			p.commit(p.dir, "attack")
			defer p.git(p.dir, "reset", "-q", "--hard", "HEAD^")
			if test.code == 0 { // of a key that the note does not know: nobody asks for it
				p.opens(devValue, "get", "KEY", "-e", test.env)
				return
			}
			for _, at := range []string{"worktree", "HEAD"} {
				for _, args := range [][]string{{"get", "KEY"}, {"export"}, {"run", "--", "echo", "started"}} {
					p.says(p.refused(test.code, append([]string{args[0], "-e", test.env, "--at", at}, args[1:]...)...), "is not a wrap of that key")
				}
			}
			// Nor is it given to others.
			p.refused(5, "member", "add", "carol", quantum(t), "--can", test.env+".read")
			p.refused(5, "member", "add", "web", "--service", "--can", test.env+".read")
			p.refused(5, "rekey", test.env)
			p.refused(5, "member", "rm", "bob")
		})
	}
	// The admin's own.
	p.copies(a.blog.wrap(seal.Admin, 1, "ada"), p.wrap(seal.Admin, 1, "ada"))
	for _, args := range [][]string{{"member", "rm", "bob"}, {"rekey", "dev"}, {"env", "add", "staging"}, {"env", "rm", "dev", "--yes"}, {"member", "add", "bob", "--can", "admin"}} {
		p.says(p.refused(5, args...), "keys/admin.1/ada.age", "is not a wrap of that key")
	}
}

// quantum is a recipient that nobody has the key of.
func quantum(t *testing.T) string {
	t.Helper()
	_, recipient, err := seal.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	return recipient
}

// Who makes an app of his own with another's public keys, and copies its wraps
// and values, gets neither opened by who holds both.
func TestForeignPublicKeys(t *testing.T) {
	t.Parallel()
	a := newTwoApps(t)
	shop, evil := a.shop, a.blog
	dev := seal.ReadSlot("dev")
	admin := evil.key(seal.Admin, 1)
	note, theirs := evil.note().Clone(), shop.note()
	note.Version++
	for i := range note.Slots {
		if e := &note.Slots[i]; e.Slot == dev {
			real, _ := theirs.Entry(dev, 1)
			e.Key = real.Key
		}
	}
	evil.forges(note, admin)
	for _, name := range []string{"KEY", "OTHER"} {
		evil.copies(shop.file("dev", name+".yaml"), evil.file("dev", name+".yaml"))
	}
	for _, wrap := range []string{"", shop.wrap(dev, 1, "ada")} {
		if wrap != "" {
			evil.copies(wrap, evil.wrap(dev, 1, "ada"))
		}
		evil.forgets() // what is remembered must not be what saves us
		for _, args := range [][]string{
			{"get", "KEY"}, {"export"}, {"run", "--", "echo", "started"}, {"get", "KEY", "--at", "HEAD"},
			{"rekey", "dev"}, {"rekey", "--all"}, {"member", "add", "mallory", quantum(t), "--can", "dev.read"},
			{"copy", "KEY", "--from", "dev", "--to", "production", "--force"}, {"publish", "dev", "HEAD"},
		} {
			if args[len(args)-1] == "HEAD" {
				evil.commit(evil.dir, "attack")
			}
			evil.refused(5, append([]string{"--app", a.blogID}, args...)...)
		}
	}
	// What is written with the stolen key in the note does not open here, so
	// that it is of no use in the other app either.
	evil.sets("CANARYcaught", "CAUGHT", "-e", "dev", "--app", a.blogID)
	shop.copies(evil.file("dev", "CAUGHT.yaml"), shop.file("dev", "CAUGHT.yaml"))
	shop.refused(5, "get", "CAUGHT", "--app", a.shopID)
	if err := os.Remove(shop.file("dev", "CAUGHT.yaml")); err != nil {
		t.Fatal(err)
	}
	shop.opens(devValue, "get", "KEY", "--app", a.shopID)
}

// A whole .pinseal that was copied into another repository is refused by all
// that opens, seals or changes who is in, with both places named.
func TestCopiedDirectory(t *testing.T) {
	t.Parallel()
	a := newTwoApps(t)
	w := a.shop.world
	stranger := &person{world: w, name: "ada", dir: w.path("stranger")}
	w.git(w.root, "init", "-q", stranger.dir)
	if err := os.CopyFS(filepath.Join(stranger.dir, ".pinseal"), os.DirFS(filepath.Join(a.shop.dir, ".pinseal"))); err != nil {
		t.Fatal(err)
	}
	stranger.commit(stranger.dir, "mine now")
	all := [][]string{
		{"get", "KEY"}, {"get", "KEY", "--at", "HEAD"}, {"export"}, {"run", "--", "echo", "started"}, {"exec", "--", "echo", "started"},
		{"set", "NEW"}, {"generate", "NEW"}, {"mv", "KEY", "NEW"}, {"copy", "KEY", "--from", "dev", "--to", "production", "--force"},
		{"publish", "dev", "--first"}, {"rekey", "dev"}, {"rekey", "--all"},
		{"member", "add", "mallory", quantum(t), "--can", "dev.read"}, {"member", "add", "web", "--service", "--can", "dev.read"},
		{"member", "rm", "ada"}, {"member", "sync"}, {"env", "add", "staging"}, {"env", "rm", "dev", "--yes"},
	}
	for _, args := range all {
		stranger.says(stranger.refused(5, args...), "is known, but not from here", "here:   "+stranger.dir, "known:  "+a.shop.dir)
		stranger.refused(5, append(args[:len(args):len(args)], "-y")...)
	}
	// The other way: another app where this one stood.
	if err := os.RemoveAll(filepath.Join(a.shop.dir, ".pinseal")); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(a.shop.dir, ".pinseal"), os.DirFS(filepath.Join(a.blog.dir, ".pinseal"))); err != nil {
		t.Fatal(err)
	}
	a.shop.commit(a.shop.dir, "attack")
	for _, args := range all {
		a.shop.says(a.shop.refused(5, args...), "ANOTHER APP", "known:  "+a.shopID, "found:  "+a.blogID)
	}
}
