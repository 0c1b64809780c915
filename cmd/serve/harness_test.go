package serve

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"pinseal/seal"
	"pinseal/versions"
)

// canary is a word that every value of these tests holds. Whatever is not a value must
// not have it.
const canary = "CANARYmagpie"

const testToken = "0123456789abcdef0123"

// testPin is a pin of made-up secrets.
func testPin(t testing.TB, number int, values map[string]string) *Pinned {
	t.Helper()
	p := &Pinned{version: versions.VersionInfo{ID: fmt.Sprintf("pin:%d:abc", number), Environment: "production", Kind: "pin", Number: number}}
	p.byRef = map[string]*opened{}
	for name, value := range values {
		info := versions.Info{ID: versions.SecretID(seal.AppID{}, "production", name), Name: name, Kind: versions.KindSecret, Version: strings.Repeat("0a", 32)}
		secret := seal.NewSecret([]byte(value))
		info.Blank = value == ""
		e, err := newEntry(info, secret)
		if err != nil {
			t.Fatal(err)
		}
		if info.Blank {
			e.err = &versions.BlankError{Name: name, Environment: "production"}
		}
		p.infos = append(p.infos, info)
		p.byRef[info.ID], p.byRef[name] = e, e
	}
	var err error
	if p.list, err = listReply(p.version, p.infos); err != nil {
		t.Fatal(err)
	}
	return p
}

var testValues = map[string]string{
	"DATABASE_URL": canary + "-postgres://x?a=<&>\u2028",
	"BINARY":       canary + "\xff\x00",
	"JSON":         `{"` + canary + `": 1}`,
	"EMPTY":        "",
}

// plain hides that a store is a Pinned: the server knows a shorter way to that one.
type plain struct{ Store }

// lockedBuffer is a log that several write to.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
	err  error // of every Write
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err != nil {
		return 0, b.err
	}
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func (b *lockedBuffer) fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.err = err
}

// running is a server at a real socket or port.
type running struct {
	t       testing.TB
	server  *Server
	network string
	address string
	client  *http.Client
	token   string
	audit   *lockedBuffer
	log     *lockedBuffer
	stop    func() error
}

func start(t testing.TB, store Store, network string, o Options, hasten ...times) *running {
	t.Helper()
	r := &running{t: t, network: network, audit: &lockedBuffer{}, log: &lockedBuffer{}}
	o.Now = time.Now
	if o.Audit == nil {
		o.Audit = r.audit
	}
	o.Log = func(err error) { fmt.Fprintln(r.log, err) }
	if network == "tcp" {
		o.Token, r.token = []byte(testToken), testToken
	}
	r.server = New(store, o)
	for _, times := range hasten {
		r.server.times = times
	}
	l := listen(t, network)
	r.address = l.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.server.Serve(ctx, l) }()
	r.stop = sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, r.network, r.address)
	}, MaxIdleConnsPerHost: 64}
	r.client = &http.Client{Transport: transport}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		if err := r.stop(); err != nil {
			t.Error(err)
		}
		for what, text := range map[string]string{"audit": r.audit.String(), "log": r.log.String()} {
			if strings.Contains(text, "CANARY") {
				t.Errorf("a value is in the %s:\n%s", what, text)
			}
		}
	})
	return r
}

// listen makes a listener of the test's own; a socket's path is short.
func listen(t testing.TB, network string) net.Listener {
	t.Helper()
	address := "127.0.0.1:0"
	if network == "unix" {
		if !CanTellPeers {
			t.Skip("no peers here")
		}
		dir, err := os.MkdirTemp("", "ps")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.RemoveAll(dir) })
		address = filepath.Join(dir, "s")
	}
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func (r *running) request(method, path, body string, header ...string) *http.Request {
	r.t.Helper()
	req, err := http.NewRequest(method, "http://localhost"+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	if r.token != "" {
		req.Header.Set("Authorization", "Bearer "+r.token)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return req
}

// do sends a request, wants a status, and returns the body.
func (r *running) do(req *http.Request, status int) (string, http.Header) {
	r.t.Helper()
	res, err := r.client.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	if res.StatusCode != status {
		r.t.Fatalf("%s %s: status %d, want %d\n%s", req.Method, req.URL, res.StatusCode, status, body)
	}
	return string(body), res.Header
}

func (r *running) get(path string, status int) string {
	r.t.Helper()
	body, _ := r.do(r.request("GET", path, ""), status)
	return body
}

// code is the code of an error reply.
func code(t testing.TB, body string) string {
	t.Helper()
	var e struct {
		Error struct{ Code, Message string }
	}
	if err := json.Unmarshal([]byte(body), &e); err != nil || e.Error.Message == "" {
		t.Fatalf("no error in the shape of ours: %q", body)
	}
	return e.Error.Code
}
