package repo

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

const ledger = "refs/pinseal/app/dev"

// remoteRef asks a remote where a ref is; "" when it has none.
func remoteRef(r *Repo, remote, ref string) (Hash, error) {
	out, err := r.git(context.Background(), nil, "ls-remote", "-q", "--", remote, ref)
	id, _, _ := strings.Cut(string(out), "\t")
	return Hash(id), err
}

// remotePair is a bare remote and two clones of it.
func remotePair(t *testing.T) (bare, a, b string) {
	t.Helper()
	p := tempDir(t)
	bare, a, b = filepath.Join(p, "bare.git"), filepath.Join(p, "a"), filepath.Join(p, "b")
	tgit(t, p, "clone", "-q", "--bare", newDir(t), bare)
	tgit(t, p, "clone", "-q", "file://"+bare, a)
	tgit(t, p, "clone", "-q", "file://"+bare, b)
	return bare, a, b
}

// next writes a commit on top of old.
func next(t testing.TB, r *Repo, old Hash, msg string) Hash {
	ctx := context.Background()
	d := r.NewDraft()
	tree, err := d.Tree(map[string]Hash{"pin.note": d.Blob([]byte(msg))})
	if err != nil {
		t.Error(err)
	}
	var parents []Hash
	if old != "" {
		parents = []Hash{old}
	}
	c, err := d.Commit(tree, parents, ident, msg+"\n")
	if err == nil {
		err = d.Write(ctx)
	}
	if err != nil {
		t.Error(err)
	}
	return c
}

func TestPushFetch(t *testing.T) {
	ctx := context.Background()
	bare, a, b := remotePair(t)
	ra, rb := openAt(t, a), openAt(t, b)
	one := next(t, ra, "", "one")
	if h, err := remoteRef(ra, "origin", ledger); h != "" || err != nil {
		t.Fatalf("absent remote ref: %q %v", h, err)
	}
	if err := ra.Push(ctx, "origin", ledger, one, ""); err != nil {
		t.Fatal(err)
	}
	if h, err := remoteRef(rb, "origin", ledger); h != one || err != nil {
		t.Fatalf("remote ref: %q %v", h, err)
	}
	// The other one did not see it: first for them too.
	rival := next(t, rb, "", "rival")
	if err := rb.Push(ctx, "origin", ledger, rival, ""); !errors.Is(err, ErrMoved) || !is[*GitError](err) {
		t.Fatalf("second first push: %v", err)
	}
	tgit(t, b, "update-ref", "refs/keep", "HEAD")
	before := tgit(t, b, "for-each-ref")
	if err := rb.Fetch(ctx, "origin", 0, "refs/pinseal/app/*:refs/pinseal-remotes/origin/app/*"); err != nil {
		t.Fatal(err)
	}
	after := strings.ReplaceAll(tgit(t, b, "for-each-ref"), fmt.Sprintf("%s commit\trefs/pinseal-remotes/origin/app/dev", one), "")
	if strings.Join(strings.Fields(after), " ") != strings.Join(strings.Fields(before), " ") {
		t.Errorf("fetch changed other refs:\n%s\n%s", before, after)
	}
	if _, err := os.Lstat(filepath.Join(b, ".git", "FETCH_HEAD")); err == nil {
		t.Error("fetch wrote FETCH_HEAD")
	}
	mustRead(t, rb, one, "pin.note", "one")
	two := next(t, rb, one, "two")
	if err := rb.Push(ctx, "origin", ledger, two, rival); !errors.Is(err, ErrMoved) {
		t.Fatalf("wrong lease: %v", err)
	}
	if err := rb.Push(ctx, "origin", ledger, two, one); err != nil {
		t.Fatal(err)
	}
	// At new already, by somebody who made the same commit: not this push's doing.
	if err := rb.Push(ctx, "origin", ledger, two, one); !errors.Is(err, ErrMoved) {
		t.Fatalf("push of what is there: %v", err)
	}
	late := next(t, ra, one, "late")
	if err := ra.Push(ctx, "origin", ledger, late, one); !errors.Is(err, ErrMoved) {
		t.Fatalf("late push: %v", err)
	}
	// Depth 1 into a repository that follows.
	f := tempDir(t)
	tgit(t, f, "init", "-q", ".")
	rf := openAt(t, f)
	if err := rf.Fetch(ctx, "file://"+bare, 1, "+"+ledger+":"+ledger); err != nil {
		t.Fatal(err)
	}
	if h, err := rf.Ref(ctx, ledger); h != two || err != nil || !rf.Shallow() {
		t.Fatalf("depth 1: %q %v shallow %v", h, err, rf.Shallow())
	}
	mustRead(t, rf, two, "pin.note", "two")
	if ok, err := rf.Has(ctx, one); ok || err != nil {
		t.Fatalf("depth 1 has the parent: %v %v", ok, err)
	}
	// Rewritten on the server: refused without "+".
	tgit(t, bare, "update-ref", ledger, string(one))
	tgit(t, b, "update-ref", "refs/pinseal-remotes/origin/app/dev", string(two))
	if err := rb.Fetch(ctx, "origin", 0, ledger+":refs/pinseal-remotes/origin/app/dev"); !is[*GitError](err) {
		t.Fatalf("rewritten ledger: %v", err)
	}
	if err := rb.Push(ctx, "origin", ledger, "", one); err != nil {
		t.Fatalf("delete: %v", err)
	}
	if h, _ := remoteRef(rb, "origin", ledger); h != "" {
		t.Fatalf("deleted ref is at %s", h)
	}
}

func TestRemoteRefusals(t *testing.T) {
	ctx := context.Background()
	bare, a, _ := remotePair(t)
	hook := filepath.Join(bare, "hooks", "pre-receive")
	if err := os.MkdirAll(filepath.Dir(hook), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(hook, []byte("#!/bin/sh\necho 'policy: \033[31mask ops' >&2\nexit 1\n"), 0o777); err != nil {
		t.Fatal(err)
	}
	put(t, a, ".git/hooks/pre-push", "#!/bin/sh\necho ran > ran\n")
	if err := os.Chmod(filepath.Join(a, ".git/hooks/pre-push"), 0o777); err != nil {
		t.Fatal(err)
	}
	r := openAt(t, a)
	c := next(t, r, "", "one")
	err := r.Push(ctx, "origin", ledger, c, "")
	e, ok := errors.AsType[*GitError](err)
	if !ok || errors.Is(err, ErrMoved) || !strings.Contains(e.Stderr, "policy: [31mask ops") {
		t.Fatalf("declined push: %v", err)
	}
	if _, err := os.Lstat(filepath.Join(a, "ran")); err == nil {
		t.Error("pre-push ran")
	}
	err = r.Fetch(ctx, "https://user:tok3n@localhost:1/x", 0, "refs/x:refs/y")
	if err == nil || strings.Contains(fmt.Sprintf("%v %+v", err, err), "tok3n") {
		t.Errorf("unreachable: %v", err)
	}
	if e, ok := errors.AsType[*GitError](err); !ok || strings.Contains(fmt.Sprint(e.Args), "tok3n") {
		t.Errorf("args keep the token: %v", e)
	}
	for _, bad := range []string{"", "-x", "--upload-pack=touch x", "a\nb"} {
		if r.Push(ctx, bad, ledger, c, "") == nil || r.Fetch(ctx, bad, 0, "a:b") == nil {
			t.Errorf("remote %q is accepted", bad)
		}
	}
	for _, bad := range []string{"", "-x", "a b"} {
		if err := r.Fetch(ctx, "origin", 0, bad); err == nil {
			t.Errorf("refspec %q is accepted", bad)
		}
	}
	off := openWith(t, a, Options{Env: testEnv(a), Offline: true})
	if err := off.Push(ctx, "origin", ledger, c, ""); !errors.Is(err, ErrOffline) {
		t.Errorf("offline: %v", err)
	}
	if err := off.Fetch(ctx, "origin", 0, "a:b"); !errors.Is(err, ErrOffline) {
		t.Errorf("offline: %v", err)
	}
}

// TestPushRaces: two clones append to one ledger; nothing is lost.
func TestPushRaces(t *testing.T) {
	ctx := context.Background()
	bare, a, b := remotePair(t)
	var group sync.WaitGroup
	for _, dir := range []string{a, b} {
		r := openAt(t, dir)
		group.Go(func() {
			for i := 0; i < 8; {
				old, err := remoteRef(r, "origin", ledger)
				if err == nil && old != "" {
					err = r.Fetch(ctx, "origin", 0, "+"+ledger+":refs/pinseal-remotes/origin/app/dev")
				}
				if err != nil {
					t.Error(err)
					return
				}
				if old != "" { // what was fetched may be newer
					if old, err = r.Ref(ctx, "refs/pinseal-remotes/origin/app/dev"); err != nil {
						t.Error(err)
						return
					}
				}
				switch err := r.Push(ctx, "origin", ledger, next(t, r, old, fmt.Sprint(filepath.Base(dir), i)), old); {
				case err == nil:
					i++
				case !errors.Is(err, ErrMoved):
					t.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	if got := tgit(t, bare, "rev-list", "--count", ledger); got != "16" {
		t.Errorf("%s of 16 pins", got)
	}
}

// TestSmartHTTP: git's own credentials are used: a helper, and http.extraHeader.
func TestSmartHTTP(t *testing.T) {
	ctx := context.Background()
	path := tgit(t, tempDir(t), "--exec-path")
	backend := filepath.Join(path, "git-http-backend")
	if _, err := exec.LookPath(backend); err != nil {
		t.Skip("no git http-backend here")
	}
	bare, a, _ := remotePair(t)
	tgit(t, bare, "config", "http.receivepack", "true")
	h := &cgi.Handler{Path: backend, Env: []string{"GIT_PROJECT_ROOT=" + filepath.Dir(bare), "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_GLOBAL=/dev/null", "REMOTE_USER=u"}}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if u, p, ok := req.BasicAuth(); !ok || u != "u" || p != "tok3n" {
			w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		h.ServeHTTP(w, req)
	}))
	defer srv.Close()
	url := srv.URL + "/bare.git"
	env := []string{"GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=true", "NO_PROXY=*", "no_proxy=*"}
	r := openAt(t, a, env...)
	first := next(t, r, "", "one")
	if err := r.Push(ctx, url, ledger, first, ""); !is[*GitError](err) || errors.Is(err, ErrMoved) {
		t.Fatalf("without credentials: %v", err)
	}
	header := "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("u:tok3n"))
	tgit(t, a, "config", "http.extraHeader", header)
	if err := r.Push(ctx, url, ledger, first, ""); err != nil {
		t.Fatal(err)
	}
	tgit(t, a, "config", "--unset", "http.extraHeader")
	tgit(t, a, "config", "credential.helper", "!f() { echo username=u; echo password=tok3n; }; f")
	second := next(t, r, first, "two")
	if err := r.Push(ctx, url, ledger, second, first); err != nil {
		t.Fatal(err)
	}
	if err := r.Fetch(ctx, url, 0, ledger+":refs/pinseal-remotes/x/dev"); err != nil {
		t.Fatal(err)
	}
	if h, err := r.Ref(ctx, "refs/pinseal-remotes/x/dev"); h != second || err != nil {
		t.Fatalf("%q %v", h, err)
	}
}
