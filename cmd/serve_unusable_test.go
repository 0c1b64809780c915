//go:build unix

package cmd

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pinseal/cmd/serve"
	"pinseal/seal"
	"pinseal/versions"
)

// servedShop is a shop with a reader of production that is no person, and a publisher
// who cannot read.
type servedShop struct {
	*shop
	hub, bundle string
	web, ci     string // identities
}

func newServedShop(t *testing.T) *servedShop {
	t.Helper()
	s := &servedShop{shop: full(t)}
	dir := t.TempDir()
	s.hub, s.bundle, s.web, s.ci = filepath.Join(dir, "hub.git"), filepath.Join(dir, "bundle"), filepath.Join(dir, "web"), filepath.Join(dir, "ci")
	s.run(0, "", "member", "add", "web", "--service", "--can", "production.read", "-o", s.web)
	s.run(0, "", "member", "add", "ci", "--service", "--can", "production.publish", "-o", s.ci)
	s.git("init", "-q", "--bare", s.hub)
	s.commit()
	s.publishTo("")
	return s
}

// publishTo makes a pin of HEAD, on the hub and in the bundle too.
func (s *servedShop) publishTo(identity string) {
	s.t.Helper()
	before := s.environ
	if identity != "" {
		s.environ = append(before[:len(before):len(before)], "PINSEAL_IDENTITY_FILE="+identity)
	}
	s.run(0, "", "publish", "production")
	s.environ = before
	s.git("push", "-q", s.hub, "+refs/pinseal/*:refs/pinseal/*")
	next := s.bundle + ".next"
	s.run(0, "", "bundle", "production", "-o", next)
	s.check(os.Rename(next, s.bundle))
}

// looking is a server in this process whose feed looks when it is told to.
type looking struct {
	t          *testing.T
	look, idle chan struct{}
	client     *http.Client
}

func (s *servedShop) serveSteps(o serveOptions) *looking {
	t := s.t
	t.Helper()
	c := s.feedCLI()
	c.Environ = append(c.Environ[:len(c.Environ):len(c.Environ)], "PINSEAL_IDENTITY_FILE="+s.web)
	source, err := c.servePin(t.Context(), o)
	s.check(err)
	t.Cleanup(source.Close)
	st := &looking{t: t, look: make(chan struct{}), idle: make(chan struct{})}
	real := source.newer.look
	source.newer.every, source.newer.look = 0, func(ctx context.Context) (*versions.Release, error) {
		select {
		case st.idle <- struct{}{}: // what the last look brought is served
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		select {
		case <-st.look:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		return real(ctx)
	}
	server := serve.New(source.store, serve.Options{Audit: io.Discard, Now: time.Now, Log: func(error) {}, Watched: source.watched})
	dir, err := os.MkdirTemp("", "ps")
	s.check(err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	s.check(err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.serveUntil(ctx, server, l, source) }()
	st.client = &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", filepath.Join(dir, "s"))
	}}}
	t.Cleanup(func() {
		st.client.CloseIdleConnections()
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	<-st.idle
	return st
}

// wants looks once, and wants what health says then.
func (st *looking) wants(name, status, version string) {
	st.t.Helper()
	st.look <- struct{}{}
	<-st.idle
	res, err := st.client.Get("http://localhost/v1/health")
	if err != nil {
		st.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || !strings.HasPrefix(string(body), `{"status":"`+status+`","version":"`+version+`:`) {
		st.t.Errorf("%s: want %s at %s: %s %v", name, status, version, body, err)
	}
}

// TestServeUnusablePin holds that a newer pin whose values do not open is not served,
// and that health says so for as long as it is the newest.
func TestServeUnusablePin(t *testing.T) {
	if testing.Short() {
		t.Skip("several seconds")
	}
	s := newServedShop(t)
	servers := map[string]*looking{
		"bundle": s.serveSteps(serveOptions{reading: reading{bundle: s.bundle}, feed: feedOptions{watch: true}}),
		"remote": s.serveSteps(serveOptions{reading: reading{env: "production"}, feed: feedOptions{remote: s.hub, follow: time.Second}}),
	}
	for name, st := range servers {
		st.wants(name, "ok", "pin:2")
	}
	// The value of another secret in the place of B's.
	file := "production/B.yaml"
	good := s.read(file)
	s.run(0, "other", "set", "C", "-e", "production")
	_, sealed, _ := bytes.Cut(s.read("production/C.yaml"), []byte("value: "))
	head, _, _ := bytes.Cut(good, []byte("value: "))
	s.write("shop/"+file, string(head)+"value: "+string(sealed))
	s.commit()
	s.publishTo(s.ci)
	for range 4 {
		for name, st := range servers {
			st.wants(name, "refused", "pin:2")
		}
	}
	s.write("shop/"+file, string(good))
	s.commit()
	s.publishTo("")
	for range 2 {
		for name, st := range servers {
			st.wants(name, "ok", "pin:4")
		}
	}
}

// TestServeNamedKey holds that all versions of a named encryption key decrypt, that it is
// listed, and told by nobody; and that nothing is served where one version does not open.
func TestServeNamedKey(t *testing.T) {
	s := full(t)
	s.run(0, "QUFBQUFBQUFBQUFBQUFBQQ==", "key", "import", "KEY", "-e", "production")
	s.run(0, "QkJCQkJCQkJCQkJCQkJCQg==", "key", "import", "KEY", "-e", "production", "--add")
	s.commit()
	s.run(0, "", "publish", "production")
	c, o := s.feedCLI(), serveOptions{reading: reading{env: "production", at: "pin"}}
	source, err := c.servePin(t.Context(), o)
	s.check(err)
	defer source.Close()
	_, secret, err := source.store.Get(t.Context(), "KEY")
	if invalid := new(serve.InvalidError); !errors.As(err, &invalid) || len(secret.Reveal()) > 0 {
		t.Errorf("%q, %v", secret.Reveal(), err)
	}
	infos, err := source.store.List(t.Context())
	s.check(err)
	if len(infos) != 2 || infos[1].Kind != versions.KindKey || infos[1].Blank || infos[1].Bits != 128 || !slices.Equal(infos[1].KeyVersions, []uint32{1, 2}) {
		t.Errorf("%+v", infos)
	}
	s.wantKey(source.store, infos[1].ID, 2)

	tree, files, err := c.workTreeStore(t.Context(), reading{env: "production"}, false)
	s.check(err)
	defer files.Close()
	s.wantKey(tree, "KEY", 2)
	if listed, err := tree.List(t.Context()); err != nil || len(listed) != 2 || listed[1].Bits != 128 || !slices.Equal(listed[1].KeyVersions, []uint32{1, 2}) {
		t.Errorf("%+v, %v", listed, err)
	}
	s.run(0, "", "key", "rotate", "KEY", "-e", "production")
	s.wantKey(tree, infos[1].ID, 3)
	for _, name := range []string{infos[0].Name, "NONE"} {
		for _, store := range []serve.Store{tree, source.store} {
			if info, key, err := store.Key(t.Context(), name); key != nil || !errors.Is(err, versions.ErrNotFound) || (info.Name == "") != (name == "NONE") {
				t.Errorf("%+v, %v", info, err)
			}
		}
	}

	// The value of version 1 in the place of version 2.
	file := "production/KEY.yaml"
	head, values, _ := strings.Cut(string(s.read(file)), "value.1: ")
	first, _, _ := strings.Cut(values, "\n")
	s.write("shop/"+file, head+"value.1: "+first+"\nvalue.2: "+first+"\n")
	s.commit()
	if _, _, err := tree.Key(t.Context(), "KEY"); !errors.Is(err, versions.ErrNotAuthentic) {
		t.Error(err)
	}
	o.at = "HEAD"
	if _, err := c.serveCommit(t.Context(), o); !errors.Is(err, versions.ErrNotAuthentic) {
		t.Error(err)
	}
	s.write("shop/"+file, head+"value.1: "+first[:len(first)-9]+"AAAAAAAA"+first[len(first)-1:]+"\n"+strings.TrimPrefix(values, first+"\n"))
	s.commit()
	if _, err := c.serveCommit(t.Context(), o); !errors.Is(err, versions.ErrNotAuthentic) {
		t.Errorf("an old version: %v", err)
	}
}

// wantKey holds a key KEY to the version that encrypts, and to what version 1 encrypted.
func (s *shop) wantKey(store serve.Store, ref string, newest uint32) {
	s.t.Helper()
	info, key, err := store.Key(s.t.Context(), ref)
	s.check(err)
	first, err := seal.NewNamedKey(seal.NamedKeyVersion{Number: 1, Text: seal.NewSecret([]byte("QUFBQUFBQUFBQUFBQUFBQQ=="))})
	s.check(err)
	payload, err := first.Encrypt(nil, []byte("x"))
	s.check(err)
	plain, version, err := key.Decrypt(nil, payload)
	if err != nil || string(plain) != "x" || version != 1 || key.Newest() != newest || info.Name != "KEY" {
		s.t.Errorf("version %d of %d: %+v, %v", version, key.Newest(), info, err)
	}
}
