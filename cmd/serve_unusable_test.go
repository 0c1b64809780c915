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

// TestServeNamedKey holds that a named encryption key is listed, and told by nobody.
func TestServeNamedKey(t *testing.T) {
	s := full(t)
	slot, _ := s.note.Newest(seal.ReadSlot("production"))
	sealer, err := seal.NewSealer(slot.Key, slot.Generation)
	s.check(err)
	value, err := sealer.Seal(seal.Place{App: s.note.ID, Environment: "production", Kind: versions.KindKey, Name: "KEY", Version: 1}, seal.NewSecret([]byte("AAAAAAAAAAAAAAAAAAAAAA==")))
	s.check(err)
	data, err := (&versions.SecretFile{Kind: versions.KindKey, Bits: 128, Versions: []versions.KeyVersion{{Number: 1, Value: value}}}).Bytes()
	s.check(err)
	s.write("shop/production/KEY.yaml", string(data))
	s.commit()
	s.run(0, "", "publish", "production")
	c := s.feedCLI()
	source, err := c.servePin(t.Context(), serveOptions{reading: reading{env: "production", at: "pin"}})
	s.check(err)
	defer source.Close()
	_, secret, err := source.store.Get(t.Context(), "KEY")
	if invalid := new(serve.InvalidError); !errors.As(err, &invalid) || len(secret.Reveal()) > 0 {
		t.Errorf("%q, %v", secret.Reveal(), err)
	}
	infos, err := source.store.List(t.Context())
	s.check(err)
	if len(infos) != 2 || infos[1].Kind != versions.KindKey || infos[1].Blank {
		t.Errorf("%+v", infos)
	}
}
