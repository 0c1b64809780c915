package cmd

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pinseal/versions"
)

// makes has git read data, and returns the id that it prints.
func (s *server) makes(data []byte, args ...string) string {
	s.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Env, cmd.Stdin, cmd.Stderr = s.dir, s.environ, bytes.NewReader(data), os.Stderr
	out, err := cmd.Output()
	s.check(err)
	return strings.TrimSpace(string(out))
}

// raw stores an object as it is.
func (s *server) raw(kind string, data []byte) string {
	s.t.Helper()
	return s.makes(data, "hash-object", "-w", "-t", kind, "--literally", "--stdin")
}

// No size lets an object by, or keeps the server from what comes next.
func TestPreReceiveLarge(t *testing.T) {
	s := newServer(t)
	bad := s.commits("shop/dev/A.yaml", typed)
	same := strings.Replace(s.gitOut("cat-file", "commit", "main~1"), "\nauthor ", "\nparent "+s.gitOut("rev-parse", "main~1")+"\nauthor ", 1)
	large := s.raw("commit", []byte(same+strings.Repeat("x", 65<<20)))
	s.has(s.push(5, "refs/heads/new="+large), "is larger than 4194304 bytes: it cannot be checked")
	tag := "object " + bad + "\ntype commit\ntag x\ntagger A <a@b> 1 +0000\n\n" + strings.Repeat("x", 5<<20)
	s.has(s.push(5, "refs/tags/x="+s.raw("tag", []byte(tag))), "refs/tags/x", "is larger than")
	s.push(0, "refs/tags/blob="+s.raw("blob", make([]byte, 5<<20)))
}

// Of very many faults some are shown.
func TestPreReceiveMany(t *testing.T) {
	if testing.Short() {
		t.Skip("left out of a short run")
	}
	s := newServer(t)
	for i := range 150 {
		s.putStore(fmt.Sprintf("shop/dev/A%d.yaml", i), typed)
	}
	s.shop.commit()
	talk := s.push(5, "refs/heads/main", "refs/heads/other=main")
	s.has(talk, "push refused: 150 problems\n", "and 50 more")
	if n := strings.Count(talk, "-- "); n > 101 {
		t.Errorf("%d lines of faults", n)
	}
	zero, now := strings.Repeat("0", 40), s.gitOut("rev-parse", "HEAD~1")
	lines := strings.Repeat(zero+" "+now+" refs/tags/x\n", maxPushedRefs)
	s.dir = s.bare
	s.run(0, lines, "verify", "--pre-receive")
	_, talk = s.run(1, lines+zero+" "+now+" refs/tags/x\n", "verify", "--pre-receive")
	s.has(talk, "more than 100000 refs at once")
}

// What git's log passes over, or a file system takes for ours.
func TestPreReceiveHidden(t *testing.T) {
	s := newServer(t)
	blob := s.gitOut("rev-parse", "HEAD:.pinseal/default")
	store := s.gitOut("rev-parse", "HEAD:.pinseal")
	commit := func(tree string) string { return s.gitOut("commit-tree", "-p", "main", "-m", "x", tree) }
	list := s.gitOut("ls-tree", store) + "\n"
	long := s.makes([]byte(list+"100644 blob "+blob+"\t"+strings.Repeat("x", 2<<20)+"\n"), "mktree")
	bad := commit(s.makes([]byte("040000 tree "+long+"\t.pinseal\n"), "mktree"))
	good := s.gitOut("commit-tree", "-p", bad, "-m", "y", "main^{tree}")
	talk := s.push(5, "refs/heads/main="+good)
	s.has(talk, "commit "+bad[:12], "a path of over 4096 bytes")
	if len(talk) > 4<<10 {
		t.Errorf("%d bytes are printed", len(talk))
	}

	for _, name := range []string{".PINSEAL", ".Pinseal", ".pinseal.", ".pinseal ", ".pin\u200cseal", ".pinſeal", ".pinseal::$INDEX_ALLOCATION"} {
		tree := s.makes([]byte("040000 tree "+store+"\t"+name+"\n"), "mktree")
		s.has(s.push(5, "refs/heads/new="+commit(tree)), "is .pinseal to some file systems")
	}
	for _, name := range []string{".pinseals", "pinseal", "x.pinseal"} {
		s.push(0, "refs/heads/new="+commit(s.makes([]byte("040000 tree "+store+"\t"+name+"\n"), "mktree")))
	}

	entry := func(mode, name, id string) string {
		var raw []byte
		_, err := fmt.Sscanf(id, "%x", &raw)
		s.check(err)
		return mode + " " + name + "\x00" + string(raw)
	}
	unsorted := s.raw("tree", []byte(entry("100644", "z", blob)+entry("40000", ".pinseal", store)))
	s.has(s.push(5, "refs/heads/main="+commit(unsorted)), "out of order")
}

// A root commit is taken out otherwise than one that has a parent.
func TestPreReceiveRoot(t *testing.T) {
	s := newServer(t)
	s.git("checkout", "-q", "--orphan", "fresh")
	s.commits("shop/dev/A.yaml", typed)
	s.has(s.push(5, "refs/heads/fresh"), "git rebase -i --root  ")
}

// A file of a pin is in nobody's work tree.
func TestPreReceivePinFile(t *testing.T) {
	s := newServer(t)
	ref := versions.LedgerRef(s.note.ID, "production")
	list := strings.Replace(s.gitOut("ls-tree", ref), "100644", "100755", -1)
	bad := s.gitOut("commit-tree", "-p", ref, "-m", "x", s.makes([]byte(list+"\n"), "mktree"))
	talk := s.push(5, ref+"="+bad)
	s.has(talk, ref, "executable")
	if strings.Contains(talk, "git add") || strings.Contains(talk, "try:") {
		t.Errorf("a line to paste for a file that is in no work tree:\n%s", talk)
	}
}

// A note that cannot be read is no note that is not there.
func TestPreReceiveUnreadable(t *testing.T) {
	for _, ledger := range []bool{false, true} {
		s := newServer(t)
		old := s.gitOut("rev-parse", "HEAD")
		s.add("bob", quantumRecipient(t), "dev.read")
		s.commit()
		at := "HEAD:.pinseal/shop/app.note"
		if ledger {
			ref := versions.LedgerRef(s.note.ID, "production")
			s.run(0, "", "publish", "production")
			s.accept(ref)
			at = ref + ":app.note"
		} else {
			s.accept("main")
		}
		id := s.gitOut("rev-parse", at)
		s.check(os.Remove(filepath.Join(s.dir, ".git", "objects", id[:2], id[2:])))
		work := s.dir
		s.dir = s.bare
		_, talk := s.run(1, strings.Repeat("0", 40)+" "+old+" refs/heads/old\n", "verify", "--pre-receive")
		s.dir = work
		s.has(talk, "object is missing")
	}
}
