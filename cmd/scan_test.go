package cmd_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"pinseal/cmd"
)

// TestScanProgress: a scan that takes long says how far it is, in lines or on one.
func TestScanProgress(t *testing.T) {
	h := newHooked(t)
	for i := range 30 {
		h.git(h.dir, "commit", "-q", "--no-verify", "--allow-empty", "-m", fmt.Sprint("commit ", i))
	}
	for _, test := range []struct {
		tty   bool
		step  time.Duration
		flags []string
		want  string
	}{
		{false, 3 * time.Second, nil, "scanning: 15 of 31 commits"},
		{true, time.Second, nil, "\r\x1b[Kscanning: 15 of 31 commits"},
		{false, 3 * time.Second, []string{"-q"}, ""},
		{false, time.Millisecond, nil, ""},
	} {
		var out, talk bytes.Buffer
		now := time.Unix(1_700_000_000, 0)
		env := &cmd.Env{Environ: h.env, Dir: h.dir, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &talk, StderrTTY: test.tty,
			Now: func() time.Time { now = now.Add(test.step); return now }}
		code := cmd.Run(context.Background(), env, append([]string{"scan", "--history"}, test.flags...))
		shown := strings.Contains(talk.String(), "scanning")
		if code != 0 || shown != (test.want != "") || shown && !strings.Contains(talk.String(), " of 31 commits, ") {
			t.Errorf("%+v: exit code %d, %q", test, code, talk.String())
		}
		if test.tty && (!strings.Contains(talk.String(), "\r\x1b[Kscanning") || !strings.Contains(talk.String(), "\r\x1b[KNothing found")) {
			t.Errorf("on a terminal: %q", talk.String())
		}
	}
}

// TestScanInterrupted: a scan that waits for input ends when it is told to.
func TestScanInterrupted(t *testing.T) {
	h := newHooked(t)
	ctx, stop := context.WithCancel(context.Background())
	var out, talk bytes.Buffer
	in := &waiting{asked: make(chan struct{}), never: make(chan struct{})}
	go func() { <-in.asked; stop() }()
	env := &cmd.Env{Environ: h.env, Dir: h.dir, Stdin: in, Stdout: &out, Stderr: &talk, Now: time.Now}
	if code := cmd.Run(ctx, env, []string{"scan", "-"}); code != 130 || out.Len() > 0 {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, &out, &talk)
	}
	close(in.never)
}

// waiting is a stdin that says when it is read and gives nothing.
type waiting struct{ asked, never chan struct{} }

func (w *waiting) Read([]byte) (int, error) {
	select {
	case <-w.asked:
	default:
		close(w.asked)
	}
	<-w.never
	return 0, context.Canceled
}

// TestScanApps: every app that the identity is a member of, and none else.
func TestScanApps(t *testing.T) {
	h := newHooked(t)
	h.pinseal(h.dir, "", "fork", "mine")
	h.pinseal(h.dir, "CANARYmine", "set", "KEY", "-e", "dev", "--app", "mine")
	h.put("a.txt", leakValue+"\nCANARYmine\n")
	r := h.run(h.dir, "", "scan")
	h.says(r.stdout, "a.txt:1  KEY (dev of shop)\n", "a.txt:2  KEY (dev of mine)\n")
	r = h.run(h.dir, "", "scan", "--app", "mine")
	if r.code != 1 || strings.Contains(r.stdout, "a.txt:1") {
		t.Errorf("one app: %+v", r)
	}
	// Somebody who has the one app only is not asked to trust the other.
	other := newWorld(t)
	other.git(other.root, "clone", "-q", h.dir, other.path("clone"))
	other.pinseal(other.path("clone"), "", "fork", "theirs")
	other.pinseal(other.path("clone"), "CANARYtheirs", "set", "KEY", "-e", "dev")
	other.write(filepath.Join(other.path("clone"), "a.txt"), []byte("CANARYtheirs "+leakValue))
	r = other.run(other.path("clone"), "", "scan")
	if r.code != 1 || r.stdout != "a.txt:1  KEY (dev of theirs)\n" || !strings.Contains(r.stderr, "Not looked for: shop: the identity here is no member") {
		t.Errorf("%+v", r)
	}
}

// TestScanTrust: what a copied .pinseal holds is not opened, in a hook either.
func TestScanTrust(t *testing.T) {
	h := newHooked(t)
	copied := h.path("copied")
	h.git(h.root, "init", "-q", copied)
	h.git(h.root, "-C", h.dir, "worktree", "prune")
	for _, f := range strings.Fields(h.git(h.dir, "ls-files")) {
		h.write(filepath.Join(copied, f), h.read(filepath.Join(h.dir, f)))
	}
	r := h.run(copied, "", "scan")
	if r.code != 5 || r.stdout != "" || !strings.Contains(r.stderr, "is known, but not from here") {
		t.Errorf("%+v", r)
	}
	h.git(copied, "add", "-A")
	if r := h.run(copied, "", "hook", "pre-commit"); r.code != 5 {
		t.Errorf("%+v", r)
	}
}

// TestBaselineMerges: what two branches let pass, the merge lets pass.
func TestBaselineMerges(t *testing.T) {
	h := newHooked(t)
	h.put("a.txt", leakValue)
	h.put("b.txt", leakValue)
	h.put("c.txt", leakValue)
	h.git(h.dir, "add", "-A")
	h.git(h.dir, "commit", "-q", "--no-verify", "-m", "files")
	h.git(h.dir, "switch", "-qc", "side")
	h.pinseal(h.dir, "", "scan", "--allow", "a.txt:1")
	h.commit(h.dir, "a")
	h.git(h.dir, "switch", "-q", "main")
	h.pinseal(h.dir, "", "scan", "--allow", "b.txt:1")
	h.pinseal(h.dir, "", "scan", "--allow", "c.txt:1")
	h.commit(h.dir, "b and c")
	h.git(h.dir, "merge", "-q", "--no-edit", "side")
	h.pinseal(h.dir, "", "scan")
	h.pinseal(h.dir, "", "publish", "production", "--first")
	// The next one to write it puts it in order.
	h.put("d.txt", leakValue)
	h.pinseal(h.dir, "", "scan", "--allow", "d.txt:1")
	lines := strings.SplitAfter(string(h.read(filepath.Join(h.dir, ".pinseal/shop/scan.baseline"))), "\n")
	for i, name := range []string{"a", "b", "c", "d"} {
		if len(lines) != 5 || !strings.HasSuffix(lines[i], ` "`+name+".txt\"\n") {
			t.Errorf("%q", lines)
		}
	}
	h.put(".pinseal/shop/scan.baseline", "CANARY\n")
	if r := h.run(h.dir, "", "scan"); r.code != 5 || strings.Contains(r.stderr, "CANARY") {
		t.Errorf("%+v", r)
	}
}

// TestScanPassphrase: a hook asks for nothing; it says what it did not look for.
func TestScanPassphrase(t *testing.T) {
	h := newHooked(t)
	h.put("a.txt", leakValue)
	h.git(h.dir, "add", "-A")
	key := h.path("locked")
	h.write(key, []byte("-----BEGIN AGE ENCRYPTED FILE-----\nYWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IHNjcnlwdCBzQVUrVDR6\n-----END AGE ENCRYPTED FILE-----\n"))
	r := h.run(h.dir, "", "hook", "pre-commit", "--identity", key)
	if r.code != 0 || !strings.Contains(r.stderr, "values not looked for: shop: ") {
		t.Errorf("%+v", r)
	}
	if r = h.run(h.dir, "", "scan", "--identity", key); r.code != 4 {
		t.Errorf("%+v", r)
	}
	// One that was named and is none is a mistake.
	if r = h.run(h.dir, "", "hook", "pre-commit", "--identity", h.path("none")); r.code != 4 {
		t.Errorf("%+v", r)
	}
}

// TestScanAmbiguous: a tag with the name of a branch does not empty a range.
func TestScanAmbiguous(t *testing.T) {
	h := newHooked(t)
	h.git(h.dir, "branch", "base")
	h.put("a.txt", leakValue)
	h.git(h.dir, "add", "-A")
	h.git(h.dir, "commit", "-q", "--no-verify", "-m", "leak")
	for _, words := range []string{"base..HEAD", "base...", "base.."} {
		if r := h.run(h.dir, "", "scan", words); r.code != 1 || !strings.Contains(r.stdout, "a.txt:1  KEY (dev)") {
			t.Errorf("%s: %+v", words, r)
		}
	}
	h.git(h.dir, "tag", "base", "HEAD")
	if r := h.run(h.dir, "", "scan", "base..HEAD"); r.code != 3 || !strings.Contains(r.stderr, "ambiguous") || !strings.Contains(r.stderr, "refs/heads/base") {
		t.Errorf("%+v", r)
	}
}

// TestScanTerminated: a signal while git works ends both, with the signal's code
// and without an error.
func TestScanTerminated(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no signals")
	}
	h := newHooked(t)
	git, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	for _, during := range []string{"rev-list", "log"} {
		h.write(h.path("bin", "git"), fmt.Appendf(nil, "#!/bin/sh\ncase \" $* \" in *' %s '*) kill -TERM $PPID; exec tail -f /dev/null ;; esac\nexec %q \"$@\"\n", during, git))
		if err := os.Chmod(h.path("bin", "git"), 0o700); err != nil {
			t.Fatal(err)
		}
		c := h.command(h.dir, "scan", "--history")
		c.Env = append(c.Env, "PATH="+h.path("bin")+":"+os.Getenv("PATH"))
		out, _ := c.CombinedOutput()
		if c.ProcessState.ExitCode() != 143 || strings.Contains(string(out), "error") {
			t.Errorf("during %s: exit code %d, %s", during, c.ProcessState.ExitCode(), out)
		}
	}
}
