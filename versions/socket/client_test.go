package socket

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pinseal/seal"
	"pinseal/versions"
)

const appID = "o36fxmkexpjfpukywkliomujbe"

func pin(n int) versions.VersionInfo {
	return versions.VersionInfo{ID: fmt.Sprintf("pin:%d:%064x", n, n), App: appID, Environment: "production", Kind: "pin", Number: n}
}

func body(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(data)
}

// stub answers as the specification has it, from what is put into it.
type stub struct {
	mu      sync.Mutex
	version versions.VersionInfo
	changed chan struct{}
	answers map[string]string // by path; "404 …" is a status and a body
	asked   []*http.Request
}

func newStub(n int) *stub {
	return &stub{version: pin(n), changed: make(chan struct{}), answers: map[string]string{
		"/v1/secrets/A":     `{"id":"x","name":"A","kind":"secret","version":"x","value":"one"}`,
		"/v1/secrets/EMPTY": `{"name":"EMPTY","value":""}`,
		"/v1/secrets/BIN":   `{"name":"BIN","value_base64":"/wA="}`,
		"/v1/secrets/J":     `{"name":"J","value":"{\"port\":5432}","later":"a member that is not known"}`,
		"/v1/secrets/LATER": `404 {"error":{"code":"blank","message":"it is declared"}}`,
		"/v1/secrets/NOKEY": `403 {"error":{"code":"no_key","message":"the identity here does not open it"}}`,
		"/v1/secrets/BAD":   `500 {"error":{"code":"not_authentic","message":"it does not prove itself"}}`,
		"/v1/secrets":       body(map[string]any{"schema": 1, "version": pin(n), "secrets": []versions.Info{{Name: "A"}, {Name: "B", Blank: true}}}),
	}}
}

func (s *stub) set(v versions.VersionInfo) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version = v
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *stub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.asked = append(s.asked, r.Clone(context.Background()))
	answer, ok := s.answers[r.URL.Path]
	version, changed := s.version, s.changed
	s.mu.Unlock()
	if r.URL.Path == "/v1/version" && !ok {
		if not := r.URL.Query().Get("not"); not == version.ID {
			wait, _ := time.ParseDuration(r.URL.Query().Get("wait") + "s")
			select {
			case <-changed:
			case <-time.After(wait):
			case <-r.Context().Done():
			}
			s.mu.Lock()
			version = s.version
			s.mu.Unlock()
			if version.ID == not {
				w.WriteHeader(http.StatusNoContent)
				return
			}
		}
		answer, ok = body(version), true
	}
	if !ok {
		answer = `404 {"error":{"code":"not_found","message":"no"}}`
	}
	status := http.StatusOK
	if len(answer) > 4 && answer[3] == ' ' {
		fmt.Sscan(answer, &status)
		answer = answer[4:]
	}
	w.WriteHeader(status)
	io.WriteString(w, answer)
}

// onSocket serves on a unix socket, and returns its path.
func onSocket(t testing.TB, h http.Handler) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "s") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	s := &httptest.Server{Listener: l, Config: &http.Server{Handler: h}}
	s.Start()
	t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	return path
}

func open(t testing.TB, at string, o Options) *Client {
	t.Helper()
	c, err := Open(at, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestClient(t *testing.T) {
	s := newStub(3)
	c := open(t, onSocket(t, s), Options{App: appID, Environment: "production", MinPin: 3})
	ctx := t.Context()
	for name, want := range map[string]string{"A": "one", "EMPTY": "", "BIN": "\xff\x00", "J": `{"port":5432}`} {
		got, err := c.Get(ctx, name)
		if err != nil || string(got.Reveal()) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	var j struct{ Port int }
	if err := c.JSON(ctx, "J", &j); err != nil || j.Port != 5432 {
		t.Error(err)
	}
	if err := c.JSON(ctx, "A", &j); !errors.As(err, new(*versions.JSONError)) {
		t.Error(err)
	}
	infos, err := c.List(ctx)
	if err != nil || len(infos) != 2 || !infos[1].Blank {
		t.Error(infos, err)
	}
	if v, err := c.Version(ctx); err != nil || v.Number != 3 {
		t.Error(v, err)
	}
	for name, is := range map[string]func(error) bool{
		"LATER": func(err error) bool {
			blank, ok := errors.AsType[*versions.BlankError](err)
			return ok && blank.Name == "LATER" && blank.Environment == "production"
		},
		"ABSENT": func(err error) bool { return errors.Is(err, versions.ErrNotFound) },
		"NOKEY":  func(err error) bool { return errors.Is(err, seal.ErrNoKey) },
		"BAD":    func(err error) bool { return errors.Is(err, versions.ErrNotAuthentic) },
	} {
		if _, err := c.Get(ctx, name); !is(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	asked := len(s.asked)
	_, err = c.Get(ctx, "p@ssw0rd/../version")
	if !errors.Is(err, versions.ErrNotFound) || strings.Contains(err.Error(), "p@ss") || len(s.asked) != asked {
		t.Error("sent, or repeated:", err)
	}
	over, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := c.Get(over, "A"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// Each connection is asked what is served over it before a value that came over it is
// handed out: a server may have been started anew in between.
func TestClientHolds(t *testing.T) {
	for name, c := range map[string]struct {
		o  Options
		is error
	}{
		"that":               {Options{App: appID, Environment: "production", MinPin: 3}, nil},
		"another app":        {Options{App: strings.Replace(appID, "o", "p", 1)}, versions.ErrNotAuthentic},
		"another env":        {Options{Environment: "dev"}, versions.ErrNotFound},
		"older":              {Options{MinPin: 4}, versions.ErrNotAuthentic},
		"whatever it may be": {Options{}, nil},
	} {
		client := open(t, onSocket(t, newStub(3)), c.o)
		_, err := client.Get(t.Context(), "A")
		if c.is == nil && err != nil || !errors.Is(err, c.is) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := client.List(t.Context()); !errors.Is(err, c.is) {
			t.Errorf("%s: list: %v", name, err)
		}
	}
	s := newStub(3)
	client := open(t, onSocket(t, s), Options{MinPin: 1})
	for range 3 {
		if _, err := client.Get(t.Context(), "A"); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(s.asked); n != 4 {
		t.Errorf("%d requests for one version and three values", n)
	}
	client.Close()
	s.set(versions.VersionInfo{ID: "worktree", App: appID, Environment: "production", Kind: "worktree"})
	_, err := client.Get(t.Context(), "A")
	if !errors.Is(err, versions.ErrNotAuthentic) {
		t.Errorf("over another connection, no pin: %v", err)
	}
	client.Close()
	s.set(versions.VersionInfo{ID: "commit:1", App: appID, Environment: "production", Kind: "commit", Number: 9})
	_, err = client.Get(t.Context(), "A")
	if !errors.Is(err, versions.ErrNotAuthentic) {
		t.Errorf("a commit with a number: %v", err)
	}
	// With the id of a pin that was checked a value needs no other request; with any other
	// the connection is asked.
	s = newStub(3)
	says := s.version.ID
	client = open(t, onSocket(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Pinseal-Version", says)
		w.Header().Set("Connection", "close")
		s.ServeHTTP(w, r)
	})), Options{MinPin: 1})
	for range 3 {
		if got, err := client.Get(t.Context(), "A"); err != nil || string(got.Reveal()) != "one" {
			t.Fatal(err)
		}
	}
	if n := len(s.asked); n != 4 {
		t.Errorf("%d requests for one version and three values that say it", n)
	}
	for _, says = range []string{"worktree", "", pin(4).ID} {
		s.set(versions.VersionInfo{ID: "worktree", App: appID, Environment: "production", Kind: "worktree"})
		if _, err := client.Get(t.Context(), "A"); !errors.Is(err, versions.ErrNotAuthentic) {
			t.Errorf("%q: %v", says, err)
		}
	}
	// The id of a work tree says nothing: another has the same.
	s = newStub(3)
	s.version = versions.VersionInfo{ID: "worktree", App: appID, Environment: "production", Kind: "worktree"}
	client = open(t, onSocket(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Pinseal-Version", "worktree")
		s.ServeHTTP(w, r)
	})), Options{App: appID})
	if _, err := client.Get(t.Context(), "A"); err != nil {
		t.Error(err)
	}
	client.Close()
	s.set(versions.VersionInfo{ID: "worktree", App: strings.Replace(appID, "o", "p", 1), Environment: "production", Kind: "worktree"})
	if _, err := client.Get(t.Context(), "A"); !errors.Is(err, versions.ErrNotAuthentic) {
		t.Errorf("another app's work tree: %v", err)
	}
	// A server that closes each connection is asked in vain, and a few times only.
	s = newStub(3)
	client = open(t, onSocket(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		s.ServeHTTP(w, r)
	})), Options{MinPin: 1})
	if _, err := client.Get(t.Context(), "A"); err == nil || len(s.asked) > 20 {
		t.Errorf("%v after %d requests", err, len(s.asked))
	}
}

// Whatever a server makes up: an error, soon, in bounded memory, that repeats none of it.
func TestClientLiars(t *testing.T) {
	var sent atomic.Int64
	endless := func(w http.ResponseWriter, start string) {
		io.WriteString(w, start)
		chunk := strings.Repeat("x", 1<<16)
		for range 1 << 14 { // 1 GiB
			if _, err := io.WriteString(w, chunk); err != nil {
				return
			}
			sent.Add(int64(len(chunk)))
		}
	}
	text := func(s string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, s) }
	}
	hang := func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/secrets/A" {
			io.WriteString(w, `{"name":"A",`)
			w.(http.Flusher).Flush()
		}
		<-r.Context().Done()
	}
	var away atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { away.Add(1) }))
	defer elsewhere.Close()
	for name, h := range map[string]http.HandlerFunc{
		"1 GiB":             func(w http.ResponseWriter, _ *http.Request) { endless(w, `{"name":"A","value":"`) },
		"1 GiB as an error": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500); endless(w, `{"error":"`) },
		"hangs":             hang,
		"breaks off": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "99")
			io.WriteString(w, `{"name":"A"`)
		},
		"another name":         text(`{"name":"hunter2","value":"hunter2"}`),
		"no name":              text(`{"value":"hunter2"}`),
		"no value":             text(`{"name":"A"}`),
		"null":                 text(`{"name":"A","value":null}`),
		"two values":           text(`{"name":"A","value":"hunter2","value_base64":"AA=="}`),
		"odd base64":           text(`{"name":"A","value_base64":"hunter2"}`),
		"base64 in lines":      text(`{"name":"A","value_base64":"aHVudGVy\n"}`),
		"too long":             text(`{"name":"A","value_base64":"` + base64.StdEncoding.EncodeToString(make([]byte, seal.MaxValue+1)) + `"}`),
		"not UTF-8":            text("{\"name\":\"A\",\"value\":\"hunter2\xff\"}"),
		"number":               text(`{"name":"A","value":31337}`),
		"two answers":          text(`{"name":"A","value":"x"}{"name":"A","value":"hunter2"}`),
		"HTML":                 text(`<html>hunter2`),
		"nothing":              text(``),
		"204":                  func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) },
		"redirect":             func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere.URL, http.StatusFound) },
		"an error that is not": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(418); io.WriteString(w, "hunter2") },
		"long headers": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X", strings.Repeat("x", 1<<20))
			w.WriteHeader(200)
		},
		"not HTTP": func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				io.WriteString(conn, "hunter2\r\n\r\n")
				conn.Close()
			}
		},
	} {
		timeout := time.Minute
		if name == "hangs" {
			timeout = time.Millisecond
		}
		c := open(t, onSocket(t, h), Options{Timeout: timeout})
		got, err := c.Get(t.Context(), "A")
		_, err2 := c.Version(t.Context())
		if err == nil || err2 == nil || got.Len() != 0 {
			t.Errorf("%s: %v, %v", name, err, err2)
			continue
		}
		said := err.Error() + err2.Error()
		if strings.HasPrefix(name, "1 GiB") && !strings.Contains(said, "larger than 1048576 bytes") {
			t.Errorf("%s: %s", name, said)
		}
		if strings.Contains(said, "hunter2") && name != "not HTTP" || strings.Contains(said, "31337") || len(said) > 1000 {
			t.Errorf("%s: %.1000s", name, said)
		}
		for _, is := range []error{versions.ErrNotFound, versions.ErrNotAuthentic, seal.ErrNoKey} {
			if errors.Is(err, is) || errors.Is(err2, is) {
				t.Errorf("%s is %v", name, is)
			}
		}
	}
	if n := sent.Load(); n > 64<<20 { // each connection has buffers of its own
		t.Errorf("%d bytes were taken", n)
	}
	if away.Load() > 0 {
		t.Error("followed a redirect")
	}
	for _, list := range []string{`{}`, `{"schema":2,"secrets":[]}`, `{"schema":1}`, `{"schema":1,"secrets":[{"name":"../x"}]}`, `{"schema":1,"secrets":[{"name":"B"},{"name":"A"}]}`} {
		s := newStub(1)
		s.answers["/v1/secrets"] = list
		if infos, err := open(t, onSocket(t, s), Options{}).List(t.Context()); err == nil || infos != nil {
			t.Errorf("%s: %v, %v", list, infos, err)
		}
	}
}

func TestServerError(t *testing.T) {
	s := newStub(1)
	s.answers["/v1/secrets/A"] = `409 {"error":{"code":"conflict","message":"two\u001b[31m admins\n` + strings.Repeat("é", 600) + `"}}`
	_, err := open(t, onSocket(t, s), Options{}).Get(t.Context(), "A")
	e, ok := errors.AsType[*ServerError](err)
	if !ok || !errors.Is(err, versions.ErrConflict) || e.Status != 409 || !strings.HasPrefix(e.Message, "two[31m adminsé") || len(e.Message) > 500 {
		t.Errorf("%v", err)
	}
}

func TestOpen(t *testing.T) {
	token := Options{Token: seal.NewSecret([]byte(" sixteen-letters!\n"))}
	for at, o := range map[string]Options{
		"": {}, "https://127.0.0.1:1": token, "http://127.0.0.1": token, "http://127.0.0.1:1/x": token, "http://me@127.0.0.1:1": token,
		"http://127.0.0.1:1?x": token, "http://192.0.2.1:1": token, "http://example.com:1": token, "http://127.0.0.1:1": {},
		"http://[::1]:1": {Token: seal.NewSecret([]byte("two words"))}, "ftp://127.0.0.1:1": token,
	} {
		if c, err := Open(at, o); err == nil || c != nil || strings.Contains(err.Error(), "two words") {
			t.Errorf("%q: %v", at, err)
		}
	}
	s := newStub(1)
	tcp := httptest.NewServer(s)
	defer tcp.Close()
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("sixteen-letters!\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	path := onSocket(t, newStub(2))
	for name, c := range map[string]struct {
		env  []string
		pin  int
		fail string
	}{
		"none":                  {[]string{"PINSEAL_TOKEN_FILE=" + file}, 0, ErrNotSet.Error()},
		"empty socket":          {[]string{"PINSEAL_SOCKET=", "PINSEAL_URL=" + tcp.URL, "PINSEAL_TOKEN_FILE=" + file}, 0, "PINSEAL_SOCKET is set, and empty"},
		"empty URL":             {[]string{"PINSEAL_TOKEN_FILE=" + file, "PINSEAL_URL="}, 0, "PINSEAL_URL is set, and empty"},
		"empty token file":      {[]string{"PINSEAL_TOKEN_FILE=", "PINSEAL_URL=" + tcp.URL}, 0, "PINSEAL_TOKEN_FILE is set, and empty"},
		"no equals sign":        {[]string{"PINSEAL_SOCKET"}, 0, "PINSEAL_SOCKET is set, and empty"},
		"the last one":          {[]string{"PINSEAL_SOCKET=", "PINSEAL_SOCKET=" + path, "PINSEAL_URL="}, 2, ""},
		"token file, device":    {[]string{"PINSEAL_URL=" + tcp.URL, "PINSEAL_TOKEN_FILE=" + os.DevNull}, 0, "not a plain file"},
		"socket first":          {[]string{"PINSEAL_SOCKET=" + path, "PINSEAL_URL=" + tcp.URL, "PINSEAL_TOKEN_FILE=" + file}, 2, ""},
		"socket that is not":    {[]string{"PINSEAL_SOCKET=" + path + "x", "PINSEAL_URL=" + tcp.URL, "PINSEAL_TOKEN_FILE=" + file}, 0, "server at " + path},
		"URL":                   {[]string{"PINSEAL_URL=" + tcp.URL, "PINSEAL_TOKEN_FILE=" + file}, 1, ""},
		"URL without a token":   {[]string{"PINSEAL_URL=" + tcp.URL}, 0, "PINSEAL_TOKEN_FILE"},
		"token file not there":  {[]string{"PINSEAL_URL=" + tcp.URL, "PINSEAL_TOKEN_FILE=/t0ken"}, 0, "no file that PINSEAL_TOKEN_FILE names"},
		"URL as a socket":       {[]string{"PINSEAL_SOCKET=" + tcp.URL}, 0, "PINSEAL_URL"},
		"path as a URL":         {[]string{"PINSEAL_URL=" + path, "PINSEAL_TOKEN_FILE=" + file}, 0, "http://HOST:PORT"},
		"token file, directory": {[]string{"PINSEAL_URL=" + tcp.URL, "PINSEAL_TOKEN_FILE=" + filepath.Dir(file)}, 0, "cannot be read"},
	} {
		client, err := FromEnviron(c.env, Options{})
		if errors.Is(err, ErrNotSet) != (name == "none") {
			t.Errorf("%s: %v", name, err)
		}
		var v versions.VersionInfo
		if err == nil {
			defer client.Close()
			v, err = client.Version(t.Context())
		}
		if v.Number != c.pin || (c.fail == "") != (err == nil) || err != nil && (!strings.Contains(err.Error(), c.fail) || strings.Contains(err.Error(), "t0ken")) {
			t.Errorf("%s: pin %d, %v", name, v.Number, err)
		}
	}
	for _, r := range s.asked {
		if r.Header.Get("Authorization") != "Bearer sixteen-letters!" || "http://"+r.Host != tcp.URL {
			t.Errorf("asked with %q at %q", r.Header.Get("Authorization"), r.Host)
		}
	}
}
