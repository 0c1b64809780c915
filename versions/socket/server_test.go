package socket_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"iter"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"pinseal/cmd/serve"
	"pinseal/seal"
	"pinseal/versions"
	"pinseal/versions/socket"
)

// shelf is a set to serve: names and values, of which an empty one is a blank.
type shelf struct {
	version versions.VersionInfo
	values  map[string]string
}

func (s *shelf) Version() versions.VersionInfo { return s.version }

func (s *shelf) List(context.Context) (infos []versions.Info, err error) {
	for name, value := range s.values {
		infos = append(infos, versions.Info{ID: versions.SecretID(seal.AppID{}, "production", name), Name: name, Kind: versions.KindSecret, Blank: value == ""})
	}
	slices.SortFunc(infos, func(a, b versions.Info) int { return strings.Compare(a.Name, b.Name) })
	return infos, nil
}

func (s *shelf) Get(ctx context.Context, ref string) (versions.Info, seal.Secret, error) {
	infos, _ := s.List(ctx)
	i := slices.IndexFunc(infos, func(info versions.Info) bool { return info.Name == ref || info.ID == ref })
	switch {
	case i < 0:
		return versions.Info{}, seal.Secret{}, &versions.NotFoundError{What: "secret"}
	case infos[i].Blank:
		return infos[i], seal.Secret{}, &versions.BlankError{Name: infos[i].Name, Environment: "production"}
	case infos[i].Name == "NOKEY":
		return infos[i], seal.Secret{}, &versions.NoKeyError{Reason: "no key"}
	case infos[i].Name == "FORGED":
		return infos[i], seal.Secret{}, &versions.AuthError{What: "value", Reason: "is forged"}
	}
	return infos[i], seal.NewSecret([]byte(s.values[infos[i].Name])), nil
}

// Key opens customer_data, which has as many versions as the shelf has pins.
func (s *shelf) Key(ctx context.Context, ref string) (versions.Info, *seal.NamedKey, error) {
	if ref != "customer_data" {
		info, _, err := s.Get(ctx, ref)
		if err == nil {
			err = &versions.NotFoundError{What: "encryption key"}
		}
		return info, nil, err
	}
	key, err := seal.NewNamedKey(keyVersions(s.version.Number)...)
	return versions.Info{Name: ref, Kind: versions.KindKey}, key, err
}

// keyVersions are the versions 1 to n of a key.
func keyVersions(n int) (all []seal.NamedKeyVersion) {
	for i := range n {
		raw := bytes.Repeat([]byte{byte(i)}, 16)
		all = append(all, seal.NamedKeyVersion{Number: uint32(i + 1), Text: seal.NewSecret([]byte(base64.StdEncoding.EncodeToString(raw)))})
	}
	return all
}

func pinned(n int, value string) *shelf {
	v := versions.VersionInfo{ID: "pin:" + strings.Repeat("x", n), App: seal.AppID{}.String(), Environment: "production", Kind: "pin", Number: n}
	return &shelf{v, map[string]string{"A": value, "BIN": "\xff\x00", "J": `{"user":"ada"}`, "LATER": "", "NOKEY": "x", "FORGED": "x"}}
}

// serveOn serves a shelf with the real server until the test ends.
func serveOn(t testing.TB, store serve.Store, network, address string, token []byte) *serve.Server {
	t.Helper()
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	var audit bytes.Buffer // written by one at a time
	s := serve.New(store, serve.Options{Audit: &audit, Token: token, Now: time.Now, Log: func(error) {}})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return s
}

func socketPath(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "s") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "s")
}

// The client and the server that it is for.
func TestRealServer(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the server does not know there who asks over a socket")
	}
	path := socketPath(t)
	s := serveOn(t, pinned(1, "one"), "unix", path, nil)
	c, err := socket.Open(path, socket.Options{MinPin: 1, Environment: "production", App: seal.AppID{}.String()})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	readAll(t, c)
	useKeys(t, c)
	next, stop := iter.Pull2(c.Watch(t.Context()))
	defer stop()
	if v, err, _ := next(); err != nil || v.Number != 1 {
		t.Fatal(v, err)
	}
	go s.Swap(pinned(2, "two"))
	if v, err, _ := next(); err != nil || v.Number != 2 {
		t.Fatal(v, err)
	}
	if got, err := c.Get(t.Context(), "A"); err != nil || string(got.Reveal()) != "two" {
		t.Fatal(err)
	}
}

func TestRealServerTCP(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := l.Addr().String()
	l.Close()
	token := []byte(strings.Repeat("t", serve.MinToken))
	serveOn(t, pinned(1, "one"), "tcp", at, token)
	c, err := socket.Open("http://"+at, socket.Options{Token: seal.NewSecret(token)})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	readAll(t, c)
	useKeys(t, c)
	wrong, err := socket.Open("http://"+at, socket.Options{Token: seal.NewSecret([]byte(strings.Repeat("u", serve.MinToken)))})
	if err != nil {
		t.Fatal(err)
	}
	defer wrong.Close()
	_, err = wrong.Get(t.Context(), "A")
	if e, ok := errors.AsType[*socket.ServerError](err); !ok || e.Code != "unauthorized" || e.Status != 401 {
		t.Error(err)
	}
}

func readAll(t *testing.T, c *socket.Client) {
	t.Helper()
	ctx := t.Context()
	for name, want := range map[string]string{"A": "one", "BIN": "\xff\x00"} {
		if got, err := c.Get(ctx, name); err != nil || string(got.Reveal()) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	var j struct{ User string }
	if err := c.JSON(ctx, "J", &j); err != nil || j.User != "ada" {
		t.Error(err)
	}
	if infos, err := c.List(ctx); err != nil || len(infos) != 6 {
		t.Error(infos, err)
	}
	_, absent := c.Get(ctx, "ABSENT")
	_, blank := c.Get(ctx, "LATER")
	_, noKey := c.Get(ctx, "NOKEY")
	_, forged := c.Get(ctx, "FORGED")
	if !errors.Is(absent, versions.ErrNotFound) || !errors.As(blank, new(*versions.BlankError)) || !errors.Is(noKey, seal.ErrNoKey) || !errors.Is(forged, versions.ErrNotAuthentic) {
		t.Errorf("%v; %v; %v; %v", absent, blank, noKey, forged)
	}
}

// useKeys encrypts and decrypts, for the key of pin 1.
func useKeys(t *testing.T, c *socket.Client) {
	t.Helper()
	ctx := t.Context()
	key, err := seal.NewNamedKey(keyVersions(1)...)
	if err != nil {
		t.Fatal(err)
	}
	for i, plain := range []string{"", "hunter2", "a line\n", "gr\u00fc\u00dfe \u2028\x00\"\\", "\xff\x00", strings.Repeat("\x01", 1<<16), strings.Repeat("\xff", 1<<20)} {
		payload, err := c.Encrypt(ctx, "customer_data", []byte(plain))
		if err != nil {
			t.Fatalf("%d: %v", i, err)
		}
		there, _, err := key.Decrypt(nil, []byte(payload))
		if err != nil || string(there) != plain {
			t.Errorf("%d: elsewhere: %v", i, err)
		}
		got, err := c.Decrypt(ctx, "customer_data", payload)
		if err != nil || string(got.Reveal()) != plain {
			t.Errorf("%d: %v", i, err)
		}
	}
	payload, err := c.Encrypt(ctx, "customer_data", []byte("hunter2"))
	if err != nil {
		t.Fatal(err)
	}
	newer, err := seal.NewNamedKey(keyVersions(2)...)
	if err != nil {
		t.Fatal(err)
	}
	later, err := newer.Encrypt(nil, []byte("hunter2"))
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{payload + "\n", payload[1:], "", "hunter2", string(later)} {
		_, err := c.Decrypt(ctx, "customer_data", bad)
		e, ok := errors.AsType[*versions.NotEncryptedError](err)
		if !ok || !errors.Is(err, seal.ErrNotEncrypted) || *e != (versions.NotEncryptedError{Key: "customer_data", Newest: 1, In: "pin 1 of production"}) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	for name, is := range map[string]func(error) bool{
		"A":      func(err error) bool { return errors.Is(err, versions.ErrNotFound) },
		"ABSENT": func(err error) bool { return errors.Is(err, versions.ErrNotFound) },
		"p@ss/..": func(err error) bool {
			return errors.Is(err, versions.ErrNotFound) && !strings.Contains(err.Error(), "p@ss")
		},
		"LATER":  func(err error) bool { return errors.As(err, new(*versions.BlankError)) },
		"NOKEY":  func(err error) bool { return errors.Is(err, seal.ErrNoKey) },
		"FORGED": func(err error) bool { return errors.Is(err, versions.ErrNotAuthentic) },
	} {
		_, err := c.Encrypt(ctx, name, []byte("x"))
		_, err2 := c.Decrypt(ctx, name, payload)
		if !is(err) || !is(err2) || errors.As(err2, new(*versions.NotEncryptedError)) {
			t.Errorf("%s: %v, %v", name, err, err2)
		}
	}
	_, err = c.Encrypt(ctx, "customer_data", make([]byte, serve.MaxPlaintext+1))
	if e, ok := errors.AsType[*socket.ServerError](err); !ok || e.Code != "too_large" {
		t.Error(err)
	}
}
