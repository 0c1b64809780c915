package versions_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"pinseal/cmd/serve"
	"pinseal/seal"
	"pinseal/versions"
)

// builder builds the app in testdata with a bundle put beside it.
type builder struct {
	t   *testing.T
	dir string
	n   int
}

func (b *builder) build(bundle []byte) (app string) {
	b.t.Helper()
	b.n++
	at := func(name string) string { return filepath.Join(b.dir, fmt.Sprint(b.n, name)) }
	source, err := filepath.Abs("../testdata/app")
	if err != nil {
		b.t.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(source, "production.bundle"): at(".bundle")}})
	if err != nil {
		b.t.Fatal(err)
	}
	for name, data := range map[string][]byte{".bundle": bundle, ".json": overlay} {
		if err := os.WriteFile(at(name), data, 0o600); err != nil {
			b.t.Fatal(err)
		}
	}
	build := exec.Command("go", "build", "-buildvcs=false", "-overlay", at(".json"), "-o", at(".exe"), ".")
	build.Dir = source
	if out, err := build.CombinedOutput(); err != nil {
		b.t.Fatalf("go build: %v\n%s", err, out)
	}
	return at(".exe")
}

// run starts the app with nothing in its environment but what is given.
func (b *builder) run(app string, env ...string) (stdout, stderr string, err error) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, app)
	if runtime.GOOS == "windows" {
		env = append(env, "SYSTEMROOT="+os.Getenv("SYSTEMROOT"))
	}
	c.Env = append(env, "LC_ALL=C")
	var out, said bytes.Buffer
	c.Stdout, c.Stderr = &out, &said
	err = c.Run()
	return out.String(), said.String(), err
}

func (b *builder) refuses(why, app string, env ...string) {
	b.t.Helper()
	out, said, err := b.run(app, env...)
	if err == nil || out != "" || !strings.Contains(said, why) {
		b.t.Errorf("%q, %q, %v; want a refusal: %s", out, said, err, why)
	}
}

// sessionOf is what the app makes of the keys.
func sessionOf(key string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte("ada"))
	return fmt.Sprintf("session of ada: ada.%x\nemail of ada: [secret], stored in 60 characters\n", mac.Sum(nil)[:8])
}

// The example app: built with a bundle of a repository, run as a unit and against a
// server.
func TestExampleApp(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs")
	}
	shop, done := versions.NewShop(map[string]string{"SESSION_KEY": "first key"})
	defer done()
	shop.Rotate("customer_data")
	old := shop.Bundle()
	shop.Publish(map[string]string{"SESSION_KEY": "second key"})
	b := &builder{t: t, dir: t.TempDir()}
	credentials := t.TempDir()
	if err := os.WriteFile(filepath.Join(credentials, "pinseal.identity"), shop.Identity.Reveal(), 0o600); err != nil {
		t.Fatal(err)
	}
	unit := "CREDENTIALS_DIRECTORY=" + credentials
	app := b.build(shop.Bundle())
	out, said, err := b.run(app, unit)
	if want := "pin 3 of production\n" + sessionOf("second key"); out != want || said != "" || err != nil {
		t.Errorf("%q, %q, %v; want %q", out, said, err, want)
	}
	b.refuses("there is no identity", app)
	b.refuses("cannot be read", app, unit, "PINSEAL_IDENTITY_FILE="+filepath.Join(credentials, "absent"))
	b.refuses("the answer", app, unit, "PINSEAL_SOCKET="+notAServer(t))
	b.refuses("connect", app, unit, "PINSEAL_SOCKET="+filepath.Join(credentials, "absent"))

	damaged := shop.Bundle()
	damaged[len(damaged)/2] ^= 1
	b.refuses("is damaged", b.build(damaged), unit)

	if runtime.GOOS == "windows" {
		return // the server does not know who asks
	}
	path := serveRelease(t, shop.Identity.Reveal(), old)
	out, said, err = b.run(app, "PINSEAL_SOCKET="+path)
	if want := "pin 2 of production\n" + sessionOf("first key"); out != want || said != "" || err != nil {
		t.Errorf("%q, %q, %v; want %q", out, said, err, want)
	}
}

// notAServer answers everything with something else.
func notAServer(t *testing.T) string {
	l, path := listenShort(t)
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "{}") })}
	go s.Serve(l)
	t.Cleanup(func() { s.Close() })
	return path
}

func listenShort(t *testing.T) (net.Listener, string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "s") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	return l, filepath.Join(dir, "s")
}

// serveRelease serves a bundle with the real server.
func serveRelease(t *testing.T, identity, bundle []byte) (path string) {
	t.Helper()
	ids, err := seal.ParseIdentities(identity, seal.Prompts{})
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := versions.ParseBundle(bundle)
	if err != nil {
		t.Fatal(err)
	}
	candidate, err := parsed.Note()
	if err != nil {
		t.Fatal(err)
	}
	note, err := versions.NewestNote(ids.Service.App, nil, candidate)
	if err != nil {
		t.Fatal(err)
	}
	release, err := versions.OpenRelease(bundle, note, ids)
	if err != nil {
		t.Fatal(err)
	}
	pinned, err := serve.NewPinned(t.Context(), release, serve.FixedOptions{})
	if err != nil {
		t.Fatal(err)
	}
	l, path := listenShort(t)
	s := serve.New(pinned, serve.Options{Audit: new(bytes.Buffer), Now: time.Now, Log: func(error) {}})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return path
}
