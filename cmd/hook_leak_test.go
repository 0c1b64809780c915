package cmd_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// leakValue has what every form has to escape.
const leakValue = `CANARY"p&ss/wörd$1 <x>'`

// hooked is a repository whose hooks run the real command.
type hooked struct {
	*world
	dir string
}

// newHooked makes a repository with app shop, secret KEY of both environments
// committed, and hooks.
func newHooked(t *testing.T) *hooked {
	t.Helper()
	w := newWorld(t)
	h := &hooked{world: w}
	h.dir, _ = w.newApp("repo")
	w.pinseal(h.dir, leakValue, "set", "KEY", "-e", "dev")
	w.pinseal(h.dir, "CANARYproduction", "set", "KEY", "-e", "production")
	w.commit(h.dir, "app")
	for _, name := range []string{"pre-commit", "pre-merge-commit", "pre-push"} {
		w.write(filepath.Join(h.dir, ".git", "hooks", name), fmt.Appendf(nil, "#!/bin/sh\nexec pinseal hook %s \"$@\"\n", name))
		if err := os.Chmod(filepath.Join(h.dir, ".git", "hooks", name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

// put writes a file of the work tree.
func (h *hooked) put(name, text string) {
	h.Helper()
	h.write(filepath.Join(h.dir, filepath.FromSlash(name)), []byte(text))
}

// stops runs git, which a hook must stop, and returns what it printed.
func (h *hooked) stops(dir string, args ...string) string {
	h.Helper()
	before := h.git(dir, "rev-parse", "HEAD")
	_, err := h.tryGit(dir, nil, args...)
	if err == nil {
		h.Fatalf("git %s was let pass", strings.Join(args, " "))
	}
	text := err.Error()
	if strings.Contains(text, "CANARY") || strings.Contains(text, base64.StdEncoding.EncodeToString([]byte("CANARY"))) {
		h.Errorf("git %s: a value came out: %q", strings.Join(args, " "), text)
	}
	if now := h.git(dir, "rev-parse", "HEAD"); now != before {
		h.Errorf("git %s was stopped, and HEAD moved", strings.Join(args, " "))
	}
	return text
}

func (h *hooked) says(text string, parts ...string) {
	h.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			h.Errorf("no %q in\n%s", part, text)
		}
	}
}

// TestHookForms commits the value in every form, each in a file of its own.
func TestHookForms(t *testing.T) {
	h := newHooked(t)
	quoted, err := json.Marshal(leakValue)
	if err != nil {
		t.Fatal(err)
	}
	b64 := base64.StdEncoding.EncodeToString
	padded := func(n int) string { return b64([]byte(strings.Repeat("x", n) + leakValue + "tail")) }
	forms := map[string]string{
		"raw":         leakValue,
		"base64-0":    padded(0),
		"base64-1":    padded(1),
		"base64-2":    padded(2),
		"base64-url":  base64.RawURLEncoding.EncodeToString([]byte("?>" + leakValue)),
		"hex":         hex.EncodeToString([]byte(leakValue)),
		"hex-upper":   strings.ToUpper(hex.EncodeToString([]byte(leakValue))),
		"url-query":   "https://example.com/?q=" + url.QueryEscape(leakValue),
		"url-path":    "https://example.com/" + url.PathEscape(leakValue),
		"json":        `{"password": ` + string(quoted) + `}`,
		"shell":       "export P='" + strings.ReplaceAll(leakValue, "'", `'\''`) + "'",
		"double":      `P="` + strings.NewReplacer(`"`, `\"`, `$`, `\$`).Replace(leakValue) + `"`,
		"html":        "<b>" + html.EscapeString(leakValue) + "</b>",
		"binary":      "\x00\xff\x00" + leakValue + "\x00",
		"binary-utf8": "\x7fELF\x01\x00" + strings.Repeat("\x00\x90", 5000) + leakValue,
	}
	for name, text := range forms {
		h.put("src/"+name, "first\nsecond\n"+text+"\n")
	}
	h.put("src/sound", "nothing here\n")
	h.git(h.dir, "add", "-A")
	said := h.stops(h.dir, "commit", "-qm", "all")
	for name := range forms {
		h.says(said, "src/"+name+":3  KEY (dev)")
	}
	h.says(said, fmt.Sprintf("commit stopped: values of secrets stand in plain text: %d", len(forms)), "pinseal scan --allow")
	if strings.Contains(said, "sound") || strings.Contains(said, ".pinseal/") {
		t.Errorf("what holds no value is reported:\n%s", said)
	}
}

// TestHookWays stages the value in every way that ends in a commit.
func TestHookWays(t *testing.T) {
	h := newHooked(t)
	h.put("a.txt", "one\n")
	h.put("b.txt", strings.Repeat("a line of text that goes on\n", 1000))
	h.commit(h.dir, "files")

	h.put("a.txt", "one\n"+leakValue+"\n")
	h.says(h.stops(h.dir, "commit", "-qam", "all"), "a.txt:2  KEY (dev)")
	h.says(h.stops(h.dir, "commit", "-qm", "path", "a.txt"), "a.txt:2  KEY (dev)")
	h.put("c.txt", "other\n")
	h.git(h.dir, "add", "c.txt")
	h.git(h.dir, "commit", "-qm", "c alone: what is not staged is not judged")
	h.git(h.dir, "checkout", "-q", "a.txt")

	h.git(h.dir, "mv", "b.txt", "moved.txt")
	h.put("moved.txt", strings.Repeat("a line of text that goes on\n", 1000)+leakValue+"\n")
	h.git(h.dir, "add", "-A")
	h.says(h.stops(h.dir, "commit", "-qm", "rename"), "moved.txt:1001  KEY (dev)")
	h.git(h.dir, "reset", "-q", "--hard")

	h.put("long.txt", strings.Repeat("x\n", 99_999)+"k = "+leakValue)
	h.git(h.dir, "add", "-A")
	h.says(h.stops(h.dir, "commit", "-qm", "long"), "long.txt:100000  KEY (dev)")
	h.git(h.dir, "rm", "-qf", "long.txt")

	h.git(h.dir, "worktree", "add", "-q", "-b", "side", h.path("linked"))
	h.write(h.path("linked", "d", "x.txt"), []byte(leakValue))
	h.git(h.path("linked"), "add", "-A")
	h.says(h.stops(h.path("linked"), "commit", "-qm", "linked"), "d/x.txt:1  KEY (dev)")
	h.says(h.stops(h.path("linked", "d"), "commit", "-qam", "below"), "d/x.txt:1  KEY (dev)")
	h.git(h.path("linked"), "rm", "-rqf", "d")

	h.put("link", "x") // a link's target is its text
	if err := os.Remove(filepath.Join(h.dir, "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/srv/"+strings.ReplaceAll(leakValue, "/", "_"), filepath.Join(h.dir, "link")); err != nil {
		t.Fatal(err)
	}
	h.git(h.dir, "add", "-A")
	h.git(h.dir, "commit", "-qm", "not the value")
}

// TestHookMerges: a value that comes in by a merge, with and without a conflict.
func TestHookMerges(t *testing.T) {
	h := newHooked(t)
	h.put("a.txt", "base\n")
	h.commit(h.dir, "base")
	h.git(h.dir, "switch", "-qc", "side")
	h.put("leak.txt", "x\n"+leakValue+"\n")
	h.put("a.txt", "side\n")
	h.git(h.dir, "add", "-A")
	h.git(h.dir, "commit", "-q", "--no-verify", "-m", "without the hook")
	h.git(h.dir, "switch", "-q", "main")
	h.put("other.txt", "x\n")
	h.commit(h.dir, "main goes on")
	h.says(h.stops(h.dir, "merge", "-q", "--no-edit", "side"), "leak.txt:2  KEY (dev)")
	h.git(h.dir, "merge", "--abort")

	h.put("a.txt", "main\n")
	h.commit(h.dir, "conflict")
	if _, err := h.tryGit(h.dir, nil, "merge", "-q", "side"); err == nil {
		t.Fatal("no conflict")
	}
	h.git(h.dir, "rm", "-qf", "leak.txt")
	h.put("a.txt", "both "+leakValue+"\n")
	h.git(h.dir, "add", "a.txt")
	h.says(h.stops(h.dir, "commit", "-qm", "merged"), "a.txt:1  KEY (dev)")
	h.put("a.txt", "both\n")
	h.git(h.dir, "add", "a.txt")
	h.git(h.dir, "commit", "-qm", "merged")
}

// TestHookKnows: what is not committed yet, what only a pin has, and who has no key.
func TestHookKnows(t *testing.T) {
	h := newHooked(t)
	h.pinseal(h.dir, "", "publish", "production", "--first")
	h.pinseal(h.dir, "CANARYrotated", "set", "KEY", "-e", "production")
	h.commit(h.dir, "rotate")
	h.pinseal(h.dir, "CANARYuntracked", "set", "NEW", "-e", "dev")
	h.put("a.txt", "CANARYproduction CANARYrotated CANARYuntracked\n")
	h.git(h.dir, "add", "a.txt")
	said := h.stops(h.dir, "commit", "-qm", "x")
	h.says(said, "a.txt:1  KEY (production)", "a.txt:1  NEW (dev)", "plain text: 3")

	// Nobody's machine can open nothing: the commit goes on, and it is said.
	out, err := h.tryGit(h.dir, []string{"PINSEAL_IDENTITY=", "XDG_CONFIG_HOME=" + h.path("none")}, "commit", "-m", "by somebody else")
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// TestHookPush: old values in any commit that is sent, its message too.
func TestHookPush(t *testing.T) {
	h := newHooked(t)
	hub := h.path("hub")
	h.git(h.root, "init", "-q", "--bare", hub)
	h.git(h.dir, "remote", "add", "origin", hub)
	h.git(h.dir, "push", "-q", "origin", "main")

	h.pinseal(h.dir, "CANARYnewer", "set", "KEY", "-e", "production")
	h.put("a.txt", "x\nCANARYproduction\n")
	h.git(h.dir, "add", "-A")
	h.git(h.dir, "commit", "-q", "--no-verify", "-m", "an old value")
	h.git(h.dir, "rm", "-q", "a.txt")
	h.git(h.dir, "commit", "-qm", "taken out again")
	said := h.stops(h.dir, "push", "-q", "origin", "main")
	h.says(said, h.git(h.dir, "rev-parse", "--short=12", "HEAD~1")+" a.txt:2  KEY (production)", "pinseal log KEY -e production")
	if h.git(hub, "rev-parse", "main") == h.git(h.dir, "rev-parse", "main") {
		t.Error("it was pushed")
	}
	h.git(h.dir, "reset", "-q", "--soft", "origin/main")
	h.git(h.dir, "commit", "-q", "--no-verify", "-m", "told\n\nthe key is CANARYnewer")
	h.says(h.stops(h.dir, "push", "-q", "origin", "main"), "(message):3  KEY (production)")
	h.git(h.dir, "commit", "-q", "--amend", "-m", "fine")
	h.git(h.dir, "tag", "-a", "-m", "CANARYnewer", "v1")
	h.says(h.stops(h.dir, "push", "-q", "origin", "v1"), "(message):", "KEY (production)")
	h.git(h.dir, "push", "-q", "origin", "main")
	h.git(h.dir, "push", "-q", "origin", "main") // nothing to send
	h.git(h.dir, "push", "-q", hub, "main:copy") // by URL

	// Pins of commits that are not sent.
	h.commit(h.dir, "release")
	h.pinseal(h.dir, "", "publish", "production", "--first")
	id := strings.Split(h.git(h.dir, "for-each-ref", "--format=%(refname)", "refs/pinseal"), "/")[2]
	ledger := "refs/pinseal/" + id + "/production"
	backup := h.path("backup")
	h.git(h.root, "init", "-q", "--bare", backup)
	h.git(h.dir, "config", "pinseal.remote", "origin")
	h.git(h.dir, "remote", "add", "backup", backup)
	h.git(h.dir, "push", "-q", "backup", "main~1:refs/heads/older")
	h.says(h.stops(h.dir, "push", "-q", "backup", ledger+":"+ledger), "pin 1 of production is of commit", "git push backup BRANCH")
	h.git(h.dir, "push", "-q", "backup", "main", ledger+":"+ledger)
	h.says(h.stops(h.dir, "push", "-q", "origin", ":"+ledger), "a ledger only ever grows")
}

// TestHookForeign: a sealed file that was copied by hand is found with the key.
func TestHookForeign(t *testing.T) {
	h := newHooked(t)
	sealed := h.read(filepath.Join(h.dir, ".pinseal/shop/dev/KEY.yaml"))
	h.put(".pinseal/shop/dev/COPY.yaml", string(sealed))
	h.git(h.dir, "add", "-A")
	h.says(h.stops(h.dir, "commit", "-qm", "x"), ".pinseal/shop/dev/COPY.yaml", "was not sealed for this place", "pinseal set COPY -e dev")
	// A push is about commits: what merely stands in the work tree stops none.
	h.git(h.dir, "reset", "-q")
	hub := h.path("hub")
	h.git(h.root, "init", "-q", "--bare", hub)
	h.git(h.dir, "push", "-q", hub, "main")
}

// TestHookStructure: what is staged below .pinseal is checked without a key.
func TestHookStructure(t *testing.T) {
	h := newHooked(t)
	h.put(".pinseal/shop/dev/PLAIN.yaml", "kind: secret\nvalue: CANARYtyped\n")
	h.git(h.dir, "add", "-A")
	h.says(h.stops(h.dir, "commit", "-qm", "x"), "PLAIN", "pinseal set PLAIN -e dev")
}

// TestHookSparse: a checkout that leaves .pinseal out still knows its values.
func TestHookSparse(t *testing.T) {
	h := newHooked(t)
	h.put("src/a.txt", "x\n")
	h.commit(h.dir, "src")
	h.git(h.dir, "sparse-checkout", "set", "--no-cone", "/src/")
	if _, err := os.Stat(filepath.Join(h.dir, ".pinseal")); err == nil {
		t.Fatal("it is still there")
	}
	h.put("src/a.txt", leakValue)
	h.says(h.stops(h.dir, "commit", "-qam", "x"), "src/a.txt:1  KEY (dev)")
}

// TestScanEmpty: where there is no app there is nothing to look for.
func TestScanEmpty(t *testing.T) {
	w := newWorld(t)
	w.git(w.root, "init", "-q", w.path("plain"))
	if r := w.run(w.path("plain"), "", "scan"); r.code != 3 || r.stdout != "" {
		t.Errorf("without an app: %+v", r)
	}
}
