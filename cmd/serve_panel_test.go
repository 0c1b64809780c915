//go:build unix

package cmd_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"pinseal/versions"
)

// send makes a request with a body, wants a status, and returns the reply.
func (s *serving) send(method, path, body, ifMatch string, status int) string {
	s.t.Helper()
	req, err := http.NewRequest(method, s.base+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if ifMatch != "" {
		req.Header.Set("If-Match", `"`+ifMatch+`"`)
	}
	res, err := s.client.Do(req)
	if err != nil {
		s.t.Fatalf("%v\n%s", err, s.said)
	}
	defer res.Body.Close()
	reply, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != status {
		s.t.Fatalf("%s %s: status %d, want %d: %s %v\n%s", method, path, res.StatusCode, status, reply, err, s.said)
	}
	if strings.Contains(string(reply), "CANARY") {
		s.t.Errorf("%s %s tells a value: %s", method, path, reply)
	}
	return string(reply)
}

func (s *serving) info(reply string) (info versions.Info) {
	s.t.Helper()
	if err := json.Unmarshal([]byte(reply), &info); err != nil {
		s.t.Fatal(err)
	}
	return info
}

// TestServeWrite is what a panel does, from the socket to the commits, with the hooks
// of ours in place.
func TestServeWrite(t *testing.T) {
	slow(t)
	w := newWorld(t)
	dir, _ := w.servedApp()
	hook := filepath.Join(dir, ".git", "hooks", "pre-commit")
	install := func(script string) {
		w.write(hook, []byte("#!/bin/sh\n"+script+"\n"))
		if err := os.Chmod(hook, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	install(`exec pinseal hook pre-commit "$@"`)
	before := w.git(dir, "rev-parse", "HEAD")
	w.write(filepath.Join(dir, "staged"), []byte("mine\n"))
	w.git(dir, "add", "staged")
	s := w.serve(dir, "-e", "dev", "--write", "--socket", filepath.Join(w.socketDir(), "s"))

	made := s.info(s.send("POST", "/v1/secrets", `{"name":"API_KEY","description":"Billing","value":"CANARY-api"}`, "", 201))
	if list := s.get("/v1/secrets", 200); !strings.Contains(list, `"name":"API_KEY","kind":"secret","description":"Billing"`) || strings.Contains(list, "CANARY") {
		t.Error(list)
	}
	if got := s.get("/v1/secrets/"+made.ID+"/value", 200); got != "CANARY-api" {
		t.Error(got)
	}
	s.send("POST", "/v1/secrets", `{"name":"API_KEY"}`, "", 409)
	s.send("PATCH", "/v1/secrets/API_KEY", `{"name":"CONFIG"}`, "", 409)
	s.send("PATCH", "/v1/secrets/API_KEY", `{"description":""}`, strings.Repeat("0", 64), 412)
	renamed := s.info(s.send("PATCH", "/v1/secrets/"+made.ID, `{"name":"BILLING_KEY"}`, made.Version, 200))
	if renamed.ID == made.ID || renamed.Name != "BILLING_KEY" || renamed.Created.IsZero() {
		t.Errorf("%+v", renamed)
	}
	s.get("/v1/secrets/"+made.ID, 404)
	if got := s.get("/v1/secrets/BILLING_KEY/value", 200); got != "CANARY-api" {
		t.Error(got)
	}
	changed := s.info(s.send("PATCH", "/v1/secrets/BILLING_KEY", `{"value":"CANARY-second","expires":"2030-01-31"}`, renamed.Version, 200))
	s.send("PATCH", "/v1/secrets/BILLING_KEY", `{"generate":"hex:32"}`, changed.Version, 200)
	s.send("DELETE", "/v1/secrets/BILLING_KEY", "", "", 204)
	s.get("/v1/secrets/BILLING_KEY", 404)

	if got, want := w.git(dir, "log", "--reverse", "--format=%an %s", before+".."), strings.Join([]string{
		"Ada secrets: add API_KEY to dev", "Ada secrets: rename API_KEY to BILLING_KEY in dev", "Ada secrets: set BILLING_KEY in dev",
		"Ada secrets: generate BILLING_KEY in dev", "Ada secrets: remove BILLING_KEY from dev"}, "\n"); got != want {
		t.Errorf("git log:\n%s\nwant\n%s", got, want)
	}
	if got := w.git(dir, "status", "--porcelain"); got != "A  staged" {
		t.Errorf("git status: %s", got)
	}
	// The hook finds a value in what is staged beside it, which is not in this commit.
	w.write(filepath.Join(dir, "staged"), []byte("CANARY-dev\n"))
	w.git(dir, "add", "staged")
	s.send("POST", "/v1/secrets", `{"name":"N","value":"CANARY-n"}`, "", 201)
	// And it stops a value that stands in the clear in a description.
	s.send("PATCH", "/v1/secrets/N", `{"description":"as in CANARY-dev"}`, "", 409)
	s.said.await(t, "commit stopped: ")
	// What would help is told to whoever runs the server.
	w.pinseal(dir, "CANARY-hand", "set", "N", "-e", "dev")
	s.send("PATCH", "/v1/secrets/N", `{"description":"x"}`, "", 409)
	s.said.await(t, `^  try:  git .*add .*N\.yaml`)
	w.git(dir, "checkout", "-q", "HEAD", "--", ".pinseal")
	// One that says no is told to whoever runs the server.
	install("echo this hook says no >&2; exit 1")
	s.send("DELETE", "/v1/secrets/N", "", "", 409)
	s.said.await(t, "this hook says no")
	if got := s.get("/v1/secrets/N/value", 200); got != "CANARY-n" {
		t.Error(got)
	}
	if got := w.git(dir, "status", "--porcelain"); got != "A  staged" {
		t.Errorf("git status: %s", got)
	}
	s.end(syscall.SIGTERM)
}
