package cmd_test

import (
	"encoding/binary"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"
)

// pushing makes a repository with hooks, whose remote origin has main already, and
// with it a value that nobody stopped.
func pushing(t *testing.T) (h *hooked, hub string) {
	t.Helper()
	h = newHooked(t)
	hub = h.bare("hub")
	h.git(h.dir, "remote", "add", "origin", hub)
	h.put("old.txt", "CANARYproduction\n")
	h.git(h.dir, "add", "-A")
	h.git(h.dir, "commit", "-q", "--no-verify", "-m", "before there were hooks")
	h.git(h.dir, "push", "-q", "--no-verify", "origin", "main")
	return h, hub
}

func (h *hooked) bare(name string) string {
	h.Helper()
	h.git(h.root, "init", "-q", "--bare", h.path(name))
	return h.path(name)
}

// object makes an object of bytes, however odd.
func (h *hooked) object(kind, text string) string {
	h.Helper()
	file := h.path("in", "object")
	h.write(file, []byte(text))
	return h.git(h.dir, "hash-object", "-t", kind, "-w", "--literally", file)
}

// TestHookPushElsewhere: what a remote is known to have is not what another place
// has.
func TestHookPushElsewhere(t *testing.T) {
	h, hub := pushing(t)
	public := h.bare("public")
	h.git(h.dir, "remote", "set-url", "origin", public)
	h.says(h.stops(h.dir, "push", "-q", "origin", "main"), "old.txt:1  KEY (production)")
	h.git(h.dir, "remote", "set-url", "origin", hub)

	h.git(h.dir, "config", "remote.origin.pushurl", public)
	h.says(h.stops(h.dir, "push", "-q", "origin", "main:refs/heads/new"), "old.txt:1  KEY (production)")
	h.git(h.dir, "config", "--unset", "remote.origin.pushurl")

	h.git(h.dir, "config", "url."+public+".pushInsteadOf", hub)
	h.says(h.stops(h.dir, "push", "-q", "origin", "main:refs/heads/new"), "old.txt:1  KEY (production)")
	h.git(h.dir, "config", "--unset", "url."+public+".pushInsteadOf")

	h.git(h.dir, "remote", "add", "team", public)
	h.git(h.dir, "remote", "add", "team/x", hub)
	h.git(h.dir, "fetch", "-q", "team/x")
	h.says(h.stops(h.dir, "push", "-q", "team", "main"), "old.txt:1  KEY (production)")
	h.git(h.dir, "remote", "rm", "team/x")
	h.git(h.dir, "update-ref", "-d", "refs/remotes/team/x/main")

	h.git(h.dir, "remote", "add", "beside", hub)
	h.git(h.dir, "config", "remote.beside.fetch", "+refs/heads/*:refs/remotes/team/y/*")
	h.git(h.dir, "fetch", "-q", "beside")
	h.says(h.stops(h.dir, "push", "-q", "team", "main"), "old.txt:1  KEY (production)")
	h.says(h.stops(h.dir, "push", "-q", public, "main"), "old.txt:1  KEY (production)")
}

// TestHookPushKnown: what the remote has is not looked into again, whatever branch
// it comes in with.
func TestHookPushKnown(t *testing.T) {
	h, hub := pushing(t)
	h.git(h.dir, "branch", "feature", "main~1")
	h.git(h.dir, "push", "-q", "origin", "feature")
	h.git(h.dir, "checkout", "-q", "feature")
	h.git(h.dir, "merge", "-q", "--no-verify", "--no-ff", "-m", "up to date", "main")
	h.git(h.dir, "push", "-q", "origin", "feature")
	h.git(h.dir, "push", "-q", "origin", "feature:again", "feature:main")
	h.git(h.dir, "config", "url."+filepath.Dir(hub)+"/.insteadOf", "hosted:")
	h.git(h.dir, "remote", "set-url", "origin", "hosted:hub")
	h.git(h.dir, "push", "-q", "origin", "feature:as-well")
	h.git(h.dir, "push", "-q", "origin", ":again", "feature:third")
	if r := h.run(h.dir, "", "hook", "pre-push", "origin", hub); r.code != 0 || r.stderr != "" {
		t.Errorf("nothing is pushed: %+v", r)
	}
}

// TestHookPushObjects: not all that is pushed is a commit.
func TestHookPushObjects(t *testing.T) {
	h, _ := pushing(t)
	blob := h.object("blob", "x\nCANARYproduction\n")
	tree := h.git(h.dir, "rev-parse", "HEAD^{tree}")
	outer := h.object("tree", "40000 dir\x00"+string(rawID(t, tree))+"40000 more\x00"+string(rawID(t, tree)))
	odd := h.object("tree", "160000 CANARYproduction\x00"+string(rawID(t, tree)))
	h.git(h.dir, "tag", "-a", "-m", "fine", "of-blob", blob)
	h.git(h.dir, "tag", "-a", "-m", "fine", "of-tree", outer)
	h.git(h.dir, "tag", "-a", "-m", "it is\n\nCANARYproduction", "inner", "main~1")
	h.git(h.dir, "tag", "-a", "-m", "fine", "outer", "inner")
	h.git(h.dir, "tag", "-a", "-m", "it is CANARYproduction", "said-of-blob", h.object("blob", "fine"))
	name := func(id string) string { return h.git(h.dir, "rev-parse", "--short=12", id) }
	for sent, want := range map[string]string{
		blob + ":refs/tags/b":        name(blob) + " refs/tags/b:2  KEY (production)",
		outer + ":refs/tags/t":       name(outer) + " dir/old.txt:1  KEY (production)",
		odd + ":refs/tags/o":         "KEY (production)",
		"of-blob":                    "refs/tags/of-blob:2  KEY (production)",
		"of-tree":                    "dir/old.txt:1  KEY (production)",
		"outer":                      name("inner") + " (message):3  KEY (production)",
		"said-of-blob":               name("said-of-blob") + " (message):1  KEY (production)",
		"main~1:refs/pinseal/x/y":    "",
		"CANARY:refs/pinseal/x/main": "old.txt:1  KEY (production)",
	} {
		if at, found := strings.CutPrefix(sent, "CANARY:"); found {
			// The remote has it, only not as far as this repository knows.
			sent = h.git(h.dir, "commit-tree", "-m", "all of it", tree) + ":" + at
		}
		if want == "" {
			h.git(h.dir, "push", "-q", "origin", sent)
			continue
		}
		h.says(h.stops(h.dir, "push", "-q", "origin", sent), want)
	}
	h.git(h.dir, "push", "-q", "origin", ":refs/pinseal/x/y") // no ledger
}

func rawID(t *testing.T, id string) []byte {
	t.Helper()
	var raw []byte
	if _, err := fmt.Sscanf(id, "%x", &raw); err != nil {
		t.Fatal(err)
	}
	return raw
}

// TestHookPushBytes: a commit is looked into as it is, not as git shows it.
func TestHookPushBytes(t *testing.T) {
	h, _ := pushing(t)
	plain := h.git(h.dir, "cat-file", "commit", h.git(h.dir, "commit-tree", "-p", "main", "-m", "fine", "main^{tree}")) + "\n"
	header, _, _ := strings.Cut(plain, "\n\n")
	in := func(old, new string) string { return h.object("commit", strings.Replace(plain, old, new, 1)) }
	wide := []byte(nil)
	for _, c := range utf16.Encode([]rune("CANARYproduction")) {
		wide = binary.LittleEndian.AppendUint16(wide, c)
	}
	for what, c := range map[string]struct{ commit, want string }{
		"author":      {in("author ", "author CANARYproduction "), "KEY (production)"},
		"mail":        {in("<", "<CANARYproduction"), "KEY (production)"},
		"committer":   {in("committer ", "committer CANARYproduction "), "KEY (production)"},
		"own header":  {h.object("commit", header+"\nx-note y\n CANARYproduction\n\nfine\n"), "KEY (production)"},
		"UTF-16":      {h.object("commit", header+"\nencoding UTF-16LE\n\nfine CANARYproduction\n"), "(message):1  KEY (production)"},
		"IBM037":      {h.object("commit", header+"\nencoding IBM037\n\nfine CANARYproduction\n"), "(message):1  KEY (production)"},
		"wide":        {h.object("commit", header+"\nencoding UTF-16LE\n\n"+string(wide)), "(message):1  KEY (production)  as utf-16"},
		"behind NUL":  {h.object("commit", plain+"\x00\nCANARYproduction\n"), "(message):3  KEY (production)"},
		"behind 1 MB": {h.object("commit", plain+strings.Repeat("all is fine\n", 200_000)+"CANARYproduction\n"), "(message):200002  KEY (production)"},
	} {
		said := h.stops(h.dir, "push", "-q", "origin", c.commit+":refs/heads/x")
		if !strings.Contains(said, c.want) || !strings.Contains(said, h.git(h.dir, "rev-parse", "--short=12", c.commit)) {
			t.Errorf("%s: %s", what, said)
		}
	}
	h.says(h.stops(h.dir, "push", "-q", "origin", "main:refs/heads/feature-CANARYproduction"), "KEY (production)")
	h.git(h.dir, "push", "-q", "origin", "main:refs/heads/feature")
}

// TestHookPushMany: more refs than a command line can hold.
func TestHookPushMany(t *testing.T) {
	slow(t)
	h, hub := pushing(t)
	var sent strings.Builder
	head := h.git(h.dir, "rev-parse", "main~1")
	none := strings.Repeat("0", len(head))
	for i := range 45_000 {
		fmt.Fprintf(&sent, "refs/heads/b%d %s refs/heads/b%d %s\n", i, head, i, none)
	}
	if r := h.run(h.dir, sent.String(), "hook", "pre-push", "elsewhere", hub); r.code != 0 {
		t.Errorf("%+v", r)
	}
}

// TestHookPushURL: who logs in by a URL is not told of.
func TestHookPushURL(t *testing.T) {
	h, _ := pushing(t)
	h.pinseal(h.dir, "", "publish", "production", "--first")
	ledger := h.git(h.dir, "for-each-ref", "--format=%(refname)", "refs/pinseal")
	sent := fmt.Sprintf("%s %s %[1]s %s\n", ledger, h.git(h.dir, "rev-parse", ledger), strings.Repeat("0", 40))
	url := "https://ada:CANARYtoken@host/shop.git"
	r := h.run(h.dir, sent, "hook", "pre-push", url, url)
	if r.code != 0 || strings.Contains(r.stderr, "CANARY") || strings.Contains(r.stderr, "ada") {
		t.Errorf("%+v", r)
	}
	h.says(r.stderr, "warning: pin 1 of production", "which is not on the remote")
}

// TestHookPathspecs: what a user wants paths on a command line to mean is not for
// the hooks.
func TestHookPathspecs(t *testing.T) {
	h := newHooked(t)
	for i, name := range []string{"GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS", "GIT_ICASE_PATHSPECS", "GIT_LITERAL_PATHSPECS"} {
		h.put("a.txt", fmt.Sprint(i))
		h.git(h.dir, "add", "-A")
		if _, err := h.tryGit(h.dir, []string{name + "=1"}, "commit", "-qm", name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestHookPushLedgerToURL: of a place that only a URL names nothing is known, so that a pin
// whose commit may be there stops no ledger.
func TestHookPushLedgerToURL(t *testing.T) {
	h := newHooked(t)
	h.pinseal(h.dir, "", "publish", "production", "--first")
	hub := h.path("hub")
	h.git(h.root, "init", "-q", "--bare", hub)
	h.git(h.dir, "push", "-q", hub, "main")
	h.git(h.dir, "push", "-q", hub, "refs/pinseal/*:refs/pinseal/*")
}

// TestHookPushRemovedEnvironments: notes of the past are read once, however many
// environments are gone, and those that cannot be opened are one line.
func TestHookPushRemovedEnvironments(t *testing.T) {
	h := newHooked(t)
	for i := range 6 {
		env := fmt.Sprint("pr-", i)
		h.pinseal(h.dir, "", "env", "add", env)
		h.pinseal(h.dir, "CANARYgone"+env, "set", "KEY", "-e", env)
		h.commit(h.dir, "add "+env)
		h.pinseal(h.dir, "", "env", "rm", env, "--yes")
		h.commit(h.dir, "rm "+env)
	}
	hub := h.path("hub")
	h.git(h.root, "init", "-q", "--bare", hub)
	h.git(h.dir, "remote", "add", "origin", hub)
	h.put("a.txt", "CANARYgonepr-3")
	h.git(h.dir, "add", "-A")
	h.git(h.dir, "commit", "-q", "--no-verify", "-m", "leak")
	said := h.stops(h.dir, "push", "-q", "origin", "main")
	h.says(said, "a.txt:1  KEY (pr-3)", "the environment that it was of is no more")
	if strings.Contains(said, "-e pr-3") {
		t.Errorf("a line that cannot work:\n%s", said)
	}
	line := strings.TrimSpace(h.run(h.dir, "", "member", "add", "web", "--service", "--can", "dev.read").stdout)
	h.commit(h.dir, "a service")
	web := newWorld(t)
	web.env = append(web.env, "PINSEAL_IDENTITY="+line)
	web.git(web.root, "clone", "-q", h.dir, web.path("clone"))
	r := web.run(web.path("clone"), "", "scan", "--history")
	if r.code != 0 && r.code != 1 || strings.Count(r.stderr, "removed, their old values") != 1 || !strings.Contains(r.stderr, "this service was added after") {
		t.Errorf("%+v", r)
	}
}

// TestHookPushBaseline: a branch that is pushed brings its own baseline, whatever is
// checked out.
func TestHookPushBaseline(t *testing.T) {
	h := newHooked(t)
	hub := h.path("hub")
	h.git(h.root, "init", "-q", "--bare", hub)
	h.git(h.dir, "remote", "add", "origin", hub)
	h.git(h.dir, "push", "-q", "origin", "main")
	h.git(h.dir, "switch", "-qc", "side")
	h.put("a.txt", leakValue)
	h.git(h.dir, "add", "-A")
	h.git(h.dir, "commit", "-q", "--no-verify", "-m", "it may")
	h.git(h.dir, "switch", "-q", "main")
	h.says(h.stops(h.dir, "push", "-q", "origin", "side"), "a.txt:1  KEY (dev)")
	h.git(h.dir, "switch", "-q", "side")
	h.pinseal(h.dir, "", "scan", "--allow", "a.txt:1")
	h.commit(h.dir, "let it pass")
	h.git(h.dir, "switch", "-q", "main")
	h.git(h.dir, "push", "-q", "origin", "side")
}
