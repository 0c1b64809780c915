//go:build unix

package cmd_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestServePin(t *testing.T) {
	slow(t)
	w := newWorld(t)
	dir, _ := w.servedApp()
	run := w.socketDir()
	w.env = append(w.env, "XDG_RUNTIME_DIR="+run)
	s := w.serve(dir, "-e", "production", "--at", "pin", "--watch")
	if want := filepath.Join(run, "pinseal.sock"); s.socket != want {
		t.Errorf("%s, want %s", s.socket, want)
	}
	if info, err := os.Lstat(s.socket); err != nil || info.Mode() != os.ModeSocket|0o600 {
		t.Errorf("%v %v", info, err)
	}
	if got := s.get("/v1/secrets/DATABASE_URL/value", 200); got != "CANARY-production" {
		t.Error(got)
	}
	s.get("/v1/secrets/LATER", 404)
	list := s.get("/v1/secrets", 200)
	for _, want := range []string{`"description":"Primary"`, `"created":"2023-11-14T22:13:20Z"`, `"blank":true`, `"number":1`} {
		if !strings.Contains(list, want) {
			t.Errorf("no %s in %s", want, list)
		}
	}
	var first struct{ ID string }
	if err := json.Unmarshal([]byte(s.get("/v1/version", 200)), &first); err != nil {
		t.Fatal(err)
	}
	// What is in the work tree is not served before it is published.
	w.pinseal(dir, "CANARY-newer", "set", "DATABASE_URL", "-e", "production")
	w.commit(dir, "newer")
	if got := s.get("/v1/secrets/DATABASE_URL/value", 200); got != "CANARY-production" {
		t.Error(got)
	}
	w.pinseal(dir, "", "publish", "production")
	if got := s.get("/v1/version?not="+first.ID+"&wait=60", 200); !strings.Contains(got, `"number":2`) {
		t.Error(got)
	}
	if got := s.get("/v1/secrets/DATABASE_URL/value", 200); got != "CANARY-newer" {
		t.Error(got)
	}
	if got := s.get("/v1/health?strict=1", 200); !strings.Contains(got, `"status":"ok","version":"pin:2:`) {
		t.Error(got)
	}
	// A second server does not take the place of the first.
	r := w.run(dir, "", "serve", "-e", "production", "--at", "pin")
	if r.code != 6 || !strings.Contains(r.stderr, "a server is there already") {
		t.Errorf("%+v", r)
	}
	s.end(syscall.SIGTERM)
	if said := s.said.String(); !strings.Contains(said, "Serving pin 2 of production from now on\n") || !strings.Contains(said, `"event":"read","name":"DATABASE_URL","version":"pin:2:`) {
		t.Error(said)
	}
}

// TestServeLedgerThatWentBack holds that a pin which was served is not followed by an
// older one, and that health says so.
func TestServeLedgerThatWentBack(t *testing.T) {
	slow(t)
	w := newWorld(t)
	dir, id := w.servedApp()
	w.pinseal(dir, "CANARY-newer", "set", "DATABASE_URL", "-e", "production")
	w.commit(dir, "newer")
	w.pinseal(dir, "", "publish", "production")
	s := w.serve(dir, "-e", "production", "--at", "pin", "--watch", "--socket", filepath.Join(w.socketDir(), "s"))
	ref := "refs/pinseal/" + id + "/production"
	w.git(dir, "update-ref", ref, ref+"~1")
	s.said.await(t, `^warning: pin 2 of production is served on, a newer one cannot be had: `)
	if got := s.get("/v1/secrets/DATABASE_URL/value", 200); got != "CANARY-newer" {
		t.Error(got)
	}
	if got := s.get("/v1/health?strict=1", 503); !strings.Contains(got, `"status":"refused","version":"pin:2:`) {
		t.Error(got)
	}
	if got := s.get("/metrics", 200); !strings.Contains(got, "pinseal_fresh 0\n") || !strings.Contains(got, "pinseal_pin_number 2\n") {
		t.Error(got)
	}
	s.end(syscall.SIGINT)
}

// TestServeBundle starts from a bundle and a service identity alone, over TCP.
func TestServeBundle(t *testing.T) {
	slow(t)
	w := newWorld(t)
	dir, _ := w.servedApp()
	w.pinseal(dir, "", "member", "add", "web", "--service", "--can", "production.read", "-o", w.path("web.identity"))
	w.commit(dir, "web")
	w.pinseal(dir, "", "publish", "production")
	w.pinseal(dir, "", "bundle", "production", "-o", w.path("prod.bundle"))
	host := newWorld(t)
	host.env = append(host.env, "PINSEAL_IDENTITY_FILE="+w.path("web.identity"))
	token := host.path("token")
	host.write(token, []byte("0123456789abcdef-token\n"))
	args := []string{"--bundle", w.path("prod.bundle"), "--listen", "127.0.0.1:0", "--token-file", token}
	if r := host.run(host.root, "", append([]string{"serve"}, args...)...); r.code != 1 || !strings.Contains(r.stderr, "can be read by others") {
		t.Errorf("%+v", r)
	}
	if err := os.Chmod(token, 0o600); err != nil {
		t.Fatal(err)
	}
	audit := host.path("audit.log")
	s := host.serve(host.root, append(args, "--audit", audit)...)
	if got := s.get("/v1/secrets/CONFIG/json", 200); got != `{"CANARY":1}` {
		t.Error(got)
	}
	if err := os.Rename(audit, audit+".1"); err != nil {
		t.Fatal(err)
	}
	s.get("/v1/secrets/DATABASE_URL", 200)
	if got := host.read(audit + ".1"); bytes.Count(got, []byte("\n")) != 2 || bytes.Contains(got, []byte("CANARY")) {
		t.Errorf("%s", got)
	}
	if err := s.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	for err := error(os.ErrNotExist); err != nil; _, err = os.Lstat(audit) {
		s.get("/v1/version", 200)
	}
	s.get("/v1/secrets/CONFIG", 200)
	if got := host.read(audit); bytes.Count(got, []byte("\n")) != 1 || bytes.Contains(got, []byte("CANARY")) {
		t.Errorf("%s", got)
	}
	s.token = "x"
	s.get("/v1/secrets/CONFIG", 401)
	s.get("/v1/health", 200)
	s.end(syscall.SIGTERM)
	if _, err := os.Stat(filepath.Join(host.root, "home", ".local")); err == nil {
		t.Error("a service identity left a memory")
	}
}

func TestServeCommit(t *testing.T) {
	slow(t)
	w := newWorld(t)
	dir, _ := w.servedApp()
	w.env = append(w.env, "PINSEAL__SECRETS__DATABASE_URL=CANARY-mine")
	s := w.serve(dir, "-e", "dev", "--at", "HEAD", "--socket", filepath.Join(w.socketDir(), "s"))
	if got := s.get("/v1/secrets/DATABASE_URL/value", 200); got != "CANARY-mine" {
		t.Error(got)
	}
	if got := s.get("/v1/secrets/CONFIG/value", 200); got != `{"CANARY":1}` {
		t.Error(got)
	}
	if got := s.get("/v1/version", 200); !strings.Contains(got, `"kind":"commit"`) {
		t.Error(got)
	}
	if !strings.Contains(s.said.String(), "Overridden: DATABASE_URL\n") {
		t.Error(s.said)
	}
	s.end(syscall.SIGTERM)
	// A pin is what was published.
	s = w.serve(dir, "-e", "production", "--at", "pin:1", "--socket", s.socket)
	if got := s.get("/v1/secrets/DATABASE_URL/value", 200); got != "CANARY-production" {
		t.Error(got)
	}
	if !strings.Contains(s.said.String(), "Ignored: PINSEAL__SECRETS__DATABASE_URL\n") {
		t.Error(s.said)
	}
	s.end(syscall.SIGTERM)
}
