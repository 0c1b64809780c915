package cmd

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pinseal/seal"
	"pinseal/versions"
)

// server is a shop with a bare repository that has the shop's objects, so that a
// push is the lines that git gives its hook.
type server struct {
	*shop
	bare string
}

func newServer(t *testing.T) *server {
	t.Helper()
	s := &server{shop: full(t)}
	s.bare = filepath.Join(filepath.Dir(s.dir), "bare")
	s.git("clone", "-q", "--bare", "--shared", ".", s.bare)
	s.accept("main")
	s.git("push", "-q", s.bare, "refs/pinseal/*:refs/pinseal/*")
	return s
}

// accept makes refs of the server what the shop has.
func (s *server) accept(refs ...string) {
	s.t.Helper()
	for _, ref := range refs {
		s.git("push", "-q", "--force", s.bare, ref)
	}
}

// push runs the hook for moves "REF" or "REF=COMMIT", "" to delete it, from what
// the server has, and wants its exit code.
func (s *server) push(code int, moves ...string) string {
	s.t.Helper()
	zero := strings.Repeat("0", 40)
	in := ""
	for _, move := range moves {
		ref, commit, given := strings.Cut(move, "=")
		old, now := s.gitOut("--git-dir="+s.bare, "for-each-ref", "--format=%(objectname)", ref), zero
		if !given {
			commit = ref
		}
		if commit != "" {
			now = s.gitOut("rev-parse", commit)
		}
		if old == "" {
			old = zero
		}
		in += fmt.Sprintf("%s %s %s\n", old, now, ref)
	}
	work := s.dir
	s.dir = s.bare
	defer func() { s.dir = work }()
	out, talk := s.run(code, in, "verify", "--pre-receive")
	if out != "" || code == 0 && talk != "" || code != 0 && !strings.HasPrefix(talk, "error: push refused: ") {
		s.t.Errorf("push %q printed %q and %q", moves, out, talk)
	}
	return talk
}

// commits writes a file below .pinseal and commits it.
func (s *server) commits(name, data string) string {
	s.t.Helper()
	s.putStore(name, data)
	s.shop.commit()
	return s.gitOut("rev-parse", "HEAD")
}

func (s *server) reset(to string) {
	s.t.Helper()
	s.git("checkout", "-qf", "main")
	s.git("reset", "-q", "--hard", to)
	s.git("clean", "-qfdx")
}

const typed = "kind: secret\nvalue: hunter2\n"

func TestPreReceiveCommits(t *testing.T) {
	s := newServer(t)
	s.git("tag", "good")
	s.run(0, "w", "set", "A")
	s.commit()
	s.push(0, "refs/heads/main")
	s.push(0, "refs/heads/new=main", "refs/tags/v1=main", "refs/heads/main=")
	s.push(0, "refs/tags/file=HEAD:.pinseal/default", "refs/tags/dir=HEAD:.pinseal")

	// What one commit brings and the next takes away stays in the history.
	bad := s.commits("shop/dev/A.yaml", typed)
	short := bad[:12]
	s.git("revert", "--no-edit", "HEAD")
	talk := s.push(5, "refs/heads/main")
	s.has(talk, "push refused: 1 problem\n", "commit "+short, "-- .pinseal/shop/dev/A.yaml:2 | what stands there as the value is not sealed", "try:  git rebase -i "+short+"~1  ", "pinseal rm A -e dev")
	if strings.Contains(talk, "hunter2") {
		t.Errorf("the value is shown:\n%s", talk)
	}
	s.has(s.push(5, "refs/heads/x=main", "refs/tags/y=main"), "1 problem", short)
	s.git("tag", "-a", "-m", "x", "annotated")
	s.has(s.push(5, "refs/tags/annotated"), short)
	s.push(0, "refs/changes/1=main", "refs/notes/x=main", "refs/pinseal-remotes/x=main")
	// Other refs do not make it known.
	s.git("--git-dir="+s.bare, "update-ref", "refs/changes/1", s.gitOut("rev-parse", "main"))
	s.has(s.push(5, "refs/heads/main"), short)
	s.git("--git-dir="+s.bare, "update-ref", "refs/heads/known", bad)
	s.push(0, "refs/heads/main")
	s.git("--git-dir="+s.bare, "update-ref", "-d", "refs/heads/known")

	// A merge may bring what neither side has.
	s.reset("good")
	s.git("checkout", "-q", "-b", "side")
	s.check(os.WriteFile(filepath.Join(s.dir, "readme"), nil, 0o644))
	s.commit()
	s.git("checkout", "-q", "main")
	s.run(0, "x", "set", "A")
	s.commit()
	s.git("merge", "-q", "--no-commit", "side")
	s.putStore("shop/dev/A.yaml", typed)
	s.git("add", "-A")
	s.git("commit", "-q", "-m", "evil")
	s.git("revert", "--no-edit", "-m", "1", "HEAD")
	s.run(0, "y", "set", "A")
	s.commit()
	s.has(s.push(5, "refs/heads/main"), "A.yaml:2 | ", "1 problem")
}

func TestPreReceiveStructure(t *testing.T) {
	s := newServer(t)
	tests := []struct {
		name, do, says string
		code           int
	}{
		{"link", "ln -s x .pinseal/shop/evil", "-- .pinseal/shop/evil | is not a directory", 5},
		{"executable", "git update-index --chmod=+x .pinseal/shop/dev/A.yaml", "-- .pinseal/shop/dev/A.yaml | is not a plain file", 5},
		{"stray file", "echo x >.pinseal/junk", "-- .pinseal/junk | is not an app", 5},
		{"stray directory", "mkdir .pinseal/shop/Dev; echo x >.pinseal/shop/Dev/A.yaml", "-- .pinseal/shop/Dev | has no place here", 5},
		{"temporary file", "cp .pinseal/default .pinseal/shop/dev/.tmp-x", "-- .pinseal/shop/dev/.tmp-x | is not named", 5},
		{"store that is a link", "rm -r .pinseal; ln -s x .pinseal", "-- .pinseal | ", 5},
		{"store that is a file", "rm -r .pinseal; echo x >.pinseal", "-- .pinseal | ", 5},
		{"another spelling", `printf 'kind: secret\r\nvalue: blank\r\n' >.pinseal/shop/dev/A.yaml`, "-- .pinseal/shop/dev/A.yaml | is not a secret file of ours", 5},
		{"conflict markers", `printf '<<<<<<< HEAD\nx\n=======\ny\n>>>>>>> b\n' >.pinseal/shop/dev/A.yaml`, "holds conflict markers", 6},
		{"a note that does not verify", "sed -i.x s/ada/eve/ .pinseal/shop/app.note; rm .pinseal/shop/*.x", "-- .pinseal/shop/app.note | ", 5},
		{"a wrap that is none", "echo x >.pinseal/shop/keys/dev.read.1/ada.age", "-- .pinseal/shop/keys/dev.read.1/ada.age | is not a wrap", 5},
		{"twin", "git update-index --add --cacheinfo 100644,$(git rev-parse HEAD:.pinseal/shop/dev/A.yaml),.pinseal/shop/dev/a.yaml", "differ only in case", 6},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := &server{shop: s.in(t), bare: s.bare}
			s.reset("main")
			start := s.gitOut("rev-parse", "HEAD")
			s.git("-c", "alias.do=!"+test.do+" #", "do")
			if !strings.Contains(test.do, "update-index") {
				s.git("add", "-A", "-f")
			}
			s.git("commit", "-q", "-m", "bad")
			s.has(s.push(test.code, "refs/heads/main"), test.says)
			s.git("reset", "-q", "--hard")
			s.git("revert", "--no-edit", "HEAD")
			if test.name == "twin" { // which the work tree of any machine shows
				s.push(0, "refs/heads/main")
			} else {
				s.has(s.push(test.code, "refs/heads/main"), test.says, "1 problem")
			}
			s.reset(start)
		})
	}
	// All of it is listed.
	s.commits("junk", "x")
	s.commits("shop/dev/A.yaml", typed)
	s.commits("shop/dev/B.yaml", "x")
	s.has(s.push(5, "refs/heads/main", "refs/pinseal/x=main"), "push refused: 4 problems", ".pinseal/junk | ", "A.yaml:2 | ", "B.yaml | ", "refs/pinseal/x")
}

// in is the shop in a subtest.
func (s *shop) in(t *testing.T) *shop {
	one := *s
	one.t = t
	return &one
}

func TestPreReceiveNotes(t *testing.T) {
	s := newServer(t)
	s.git("tag", "one")
	one := s.note
	s.add("bob", quantumRecipient(t), seal.ReadSlot("dev"))
	s.commit()
	s.git("tag", "two")
	two := s.note
	s.push(0, "refs/heads/main")
	s.accept("main")

	// On a branch the note goes on; on a new one it may be older.
	s.has(s.push(5, "refs/heads/main=one"), "refs/heads/main", "-- .pinseal/shop/app.note | app note in refs/heads/main: went back to version 1 from version 2 of refs/heads/main there")
	s.push(0, "refs/heads/release=one", "refs/tags/v1=one")
	s.commits("shop/app.note", string(one.Signed()))
	s.has(s.push(5, "refs/heads/main"), "went back to version 1 from version 2")
	s.push(0, "refs/heads/main=") // nobody has to keep a branch
	s.reset("two")

	// Two admins on two branches, and a past that was rewritten.
	s.reset("one")
	s.note = one
	s.add("eve", quantumRecipient(t), seal.ReadSlot("dev"))
	s.change(func(n *seal.Note) { n.Version = 1 }) // signed as version 2 once more
	s.commit()
	s.has(s.push(6, "refs/heads/main"), "two admins changed it apart", "pinseal resolve")
	s.has(s.push(6, "refs/heads/new=main"), "two admins changed it apart")
	s.reset("one")
	s.note = two
	key, err := seal.GenerateKey("dev.read", 2)
	s.check(err)
	s.change(func(n *seal.Note) { n.Slots = append(n.Slots, seal.NewEntry(key)) })
	s.commit()
	s.push(0, "refs/heads/main")
	s.accept("main")
	s.note = two
	s.change(func(n *seal.Note) { n.Version = 7 })
	s.commit()
	s.has(s.push(5, "refs/heads/main"), "version 8 does not go on from version 3")

	// Another app in the place of this one.
	away := newShop(t)
	s.reset("main~1")
	s.commits("shop/app.note", string(away.note.Signed()))
	s.has(s.push(5, "refs/heads/main"), "is of app "+away.note.ID.String())
	s.has(s.push(5, "refs/heads/new=main"), "is of app "+away.note.ID.String())
	s.reset("main~1")
	s.git("rm", "-qr", "--", ".pinseal/shop")
	s.git("commit", "-q", "-m", "gone")
	s.push(0, "refs/heads/main")
	s.accept("main")
	s.commits("shop/app.note", string(away.note.Signed()))
	s.push(0, "refs/heads/main") // the name is free
}

// The ledgers of the app count for all notes, and all notes for the ledgers.
func TestPreReceiveLedgers(t *testing.T) {
	s := newServer(t)
	ref := versions.LedgerRef(s.note.ID, "production")
	one := s.note
	s.git("tag", "one")
	s.run(0, "", "publish", "production")
	s.git("tag", "second", ref)
	s.push(0, ref)
	s.has(s.push(5, ref+"="), ref, "pin 1 is there, and the push deletes it")
	s.has(s.push(5, ref+"=main"), "pin 1 is there, pin 0 is pushed")
	s.accept(ref)
	s.has(s.push(5, ref+"="+ref+"~1"), "pin 2 is there, pin 1 is pushed", "went back from pin 2 to pin 1")
	for _, odd := range []string{"refs/pinseal/x", "refs/pinseal/" + s.note.ID.String(), ref + "/more", "refs/pinseal/" + s.note.ID.String() + "/Dev", "refs/pinseal/x/dev"} {
		s.has(s.push(5, odd+"="+ref), "is not the ref of a ledger")
		s.push(0, odd+"=")
	}
	s.has(s.push(5, versions.LedgerRef(s.note.ID, "dev")+"="+ref), "is of environment production")

	// A branch says that a publisher's key ended: pins by it are void from then on.
	s.run(0, "", "publish", "production")
	s.git("tag", "third", ref)
	key, err := seal.GenerateKey(seal.PublishSlot("production"), 2)
	s.check(err)
	head := s.pinHash("second")
	s.change(func(n *seal.Note) {
		for i := range n.Slots {
			if e := &n.Slots[i]; e.Slot == seal.PublishSlot("production") {
				e.Retired, e.Until, e.Head = true, 2, head
			}
		}
		n.Slots = append(n.Slots, seal.NewEntry(key))
	})
	s.commit()
	s.has(s.push(5, "refs/heads/main", ref+"=third"), "by a retired key")
	s.push(0, ref+"=third")
	s.accept("main")
	s.has(s.push(5, ref+"=third"), "by a retired key")
	s.git("--git-dir="+s.bare, "update-ref", "refs/heads/side", s.gitOut("rev-parse", "main"))
	s.git("--git-dir="+s.bare, "update-ref", "refs/heads/main", s.gitOut("rev-parse", "one"))
	s.push(0, ref+"=third") // not merged yet
	s.git("--git-dir="+s.bare, "symbolic-ref", "HEAD", "refs/heads/none")
	s.has(s.push(5, ref+"=third"), "by a retired key")
	s.git("--git-dir="+s.bare, "symbolic-ref", "HEAD", "refs/heads/main")

	// A note of one line with HEAD's, and not with what is published, is refused.
	s.wrap(key, "ada")
	s.commit()
	s.run(0, "", "publish", "production")
	s.git("tag", "honest", ref)
	s.push(0, ref+"=honest")
	s.accept("+honest:" + ref)
	s.reset("one")
	s.note = one
	next, err := seal.GenerateKey("dev.read", 2)
	s.check(err)
	s.change(func(n *seal.Note) { n.Slots = append(n.Slots, seal.NewEntry(next)) })
	s.commit()
	s.has(s.push(6, "refs/heads/main"), "differs between a ledger there and refs/heads/main")
	s.accept("main")
	s.commits("shop/dev/NEW.yaml", "kind: secret\nvalue: blank\n")
	s.push(0, "refs/heads/main") // it is no other note than was there
}

// pinHash is the hash of a ledger commit's pin.
func (s *shop) pinHash(at string) [32]byte {
	s.t.Helper()
	signed := []byte(s.gitOut("show", at+":pin.note") + "\n")
	pin, err := versions.ParsePin(signed, s.note, "production")
	s.check(err)
	return pin.Hash()
}

// A push that has nothing of ours costs two git processes.
func TestPreReceiveProcesses(t *testing.T) {
	s := newServer(t)
	s.check(os.WriteFile(filepath.Join(s.dir, "readme"), nil, 0o644))
	s.commit()
	now, was := s.gitOut("rev-parse", "HEAD"), s.gitOut("rev-parse", "HEAD~1")
	trace := t.TempDir()
	s.environ, s.dir = append(s.environ, "GIT_TRACE2_EVENT="+trace), s.bare
	s.run(0, was+" "+now+" refs/heads/main\n", "verify", "--pre-receive")
	started, err := os.ReadDir(trace)
	s.check(err)
	if len(started) > 2 {
		t.Errorf("%d git processes, want 2", len(started))
	}
}

func TestPreReceiveInput(t *testing.T) {
	s := newServer(t)
	s.dir = s.bare
	s.run(0, "", "verify", "--pre-receive")
	for _, in := range []string{"x\n", "a b c\n", strings.Repeat("0", 40) + " refs/heads/main\n"} {
		_, talk := s.run(2, in, "verify", "--pre-receive")
		s.has(talk, "OLD NEW REF")
	}
	absent := strings.Repeat("1", 40)
	s.run(1, strings.Repeat("0", 40)+" "+absent+" refs/heads/main\n", "verify", "--pre-receive")
}

// Where two branches made the same key, resolve drops that of one: the branch may
// be pushed all the same once its note goes on from HEAD's, and not before.
func TestPreReceiveResolved(t *testing.T) {
	s := newServer(t)
	one := s.note
	s.git("tag", "one")
	rotate := func() {
		key, err := seal.GenerateKey("dev.read", 2)
		s.check(err)
		s.change(func(n *seal.Note) { n.Slots = append(n.Slots, seal.NewEntry(key)) })
		s.commit()
	}
	rotate()
	s.push(0, "refs/heads/feature=main")
	s.accept("main:refs/heads/feature")
	s.reset("one")
	s.note = one
	rotate()
	s.push(0, "refs/heads/main")
	s.accept("main")
	s.has(s.push(6, "refs/heads/feature=main"), "two admins changed it apart")
	s.add("bob", quantumRecipient(t), seal.ReadSlot("dev"))
	s.commit()
	s.push(0, "refs/heads/feature=main", "refs/heads/main")
}
