//go:build unix

package cmd_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestServeNothing holds that there is nothing to connect to, and nobody's file is
// gone, when something is not as it should be.
func TestServeNothing(t *testing.T) {
	slow(t)
	w := newWorld(t)
	dir, id := w.servedApp()
	w.pinseal(dir, "", "bundle", "production", "-o", w.path("prod.bundle"))
	bad := bytes.Replace(w.read(w.path("prod.bundle")), []byte("\nvalue: s1.1."), []byte("\nvalue: s1.1.A"), 1)
	w.write(w.path("bad.bundle"), bad)
	w.write(w.path("file"), []byte("mine"))
	w.write(w.path("token"), []byte("short\n"))
	w.write(w.path("lines"), []byte("0123456789abcdef\nCANARY-0123456789\n"))
	open, sticky := w.socketDir(), w.socketDir()
	for file, mode := range map[string]os.FileMode{w.path("token"): 0o600, w.path("lines"): 0o600, open: 0o777, sticky: 0o777 | os.ModeSticky} {
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
	}
	place := w.socketDir()
	if err := syscall.Mkfifo(w.path("pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(open, "in"), 0o700); err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(place, "s")
	pin := []string{"-e", "production", "--at", "pin"}
	with := func(args ...string) []string { return append(pin[:len(pin):len(pin)], args...) }
	for name, c := range map[string]struct {
		code int
		says string
		args []string
	}{
		"bundle that was changed":  {5, "", []string{"--bundle", w.path("bad.bundle"), "--app", id, "--socket", socket}},
		"no such pin":              {3, "pin", []string{"-e", "production", "--at", "pin:7", "--socket", socket}},
		"environment without pins": {3, "", []string{"-e", "dev", "--at", "pin", "--socket", socket}},
		"below --min-pin":          {5, "min-pin", with("--min-pin", "2", "--socket", socket)},
		"--min-pin of a work tree": {2, "min-pin", []string{"-e", "dev", "--min-pin", "2", "--socket", socket}},
		"writing to a pin":         {2, "--write", with("--write", "--socket", socket)},
		"writing to what follows":  {2, "--write", []string{"-e", "production", "--write", "--watch", "--socket", socket}},
		"no place":                 {2, "where is the socket", pin},
		"both":                     {2, "exclude", with("--socket", socket, "--listen", "127.0.0.1:0", "--token-file", w.path("token"))},
		"no token":                 {2, "--token-file", with("--listen", "127.0.0.1:0")},
		"short token":              {2, "wants one line of 16 ", with("--listen", "127.0.0.1:0", "--token-file", w.path("token"))},
		"two lines":                {2, "wants one line of 16 ", with("--listen", "127.0.0.1:0", "--token-file", w.path("lines"))},
		"every address":            {2, "loopback", with("--listen", "0.0.0.0:7465", "--token-file", w.path("lines"))},
		"no address":               {2, "loopback", with("--listen", ":7465", "--token-file", w.path("lines"))},
		"name":                     {2, "loopback", with("--listen", "evil.example:7465", "--token-file", w.path("lines"))},
		"name of a port":           {2, "loopback", with("--listen", "127.0.0.1:http", "--token-file", w.path("lines"))},
		"socket and a token":       {2, "--token-file", with("--socket", socket, "--token-file", w.path("lines"))},
		"file":                     {6, "no socket", with("--socket", w.path("file"))},
		"no directory":             {3, "no directory", with("--socket", w.path("none", "s"))},
		"directory of all":         {1, "others can write", with("--socket", filepath.Join(open, "s"))},
		"sticky directory of all":  {1, "put a socket there before us", with("--socket", filepath.Join(sticky, "s"))},
		"below one of all":         {1, "others can write", with("--socket", filepath.Join(open, "in", "s"))},
		"audit to nobody":          {1, "is neither a file nor", with("--socket", socket, "--audit", w.path("pipe"))},
		"long path":                {2, "bytes", with("--socket", filepath.Join(place, strings.Repeat("x", 120)))},
		"user by name":             {2, "--allow-uid", with("--socket", socket, "--allow-uid", "CANARY")},
		"audit in no directory":    {1, "audit", with("--socket", socket, "--audit", w.path("none", "a"))},
		"argument":                 {2, "takes no argument", with("CANARY")},
	} {
		r := w.run(dir, "", append([]string{"serve"}, c.args...)...)
		if name == "two lines" || strings.HasPrefix(c.says, "loopback") {
			// The token's file is asked first or last: either way it is not shown.
			c.says = ""
		}
		if r.code != c.code || !strings.Contains(r.stderr, c.says) || strings.Contains(r.stderr, "CANARY") || strings.Contains(r.stderr, "Serving") {
			t.Errorf("%s: exit code %d, want %d\n%s", name, r.code, c.code, r.stderr)
		}
		if _, err := os.Lstat(socket); err == nil {
			t.Fatalf("%s: there is a socket", name)
		}
	}
	if got := string(w.read(w.path("file"))); got != "mine" {
		t.Error(got)
	}
}
