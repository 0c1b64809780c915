package cmd

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pinseal/seal"
	"pinseal/versions"
)

func TestForkName(t *testing.T) {
	for _, test := range []struct{ upstream, want string }{
		{"shop", "shop-fork"},
		{"a", "a-fork"},
		{"twenty-characters-it", "twenty-characters-it-fork"},
		{"twenty-five-characters-it", "twenty-five-characte-fork"},
		{"nineteen-characters-and-on", "nineteen-characters-fork"},
		{"a------------------------", "a-fork"},
	} {
		got := forkName(test.upstream)
		if got != test.want || seal.CheckAppName(got) != nil {
			t.Errorf("forkName(%q) = %q, want %q", test.upstream, got, test.want)
		}
	}
}

// files lists every file below .pinseal with its content.
func (s *shop) files() map[string]string {
	s.t.Helper()
	files := map[string]string{}
	root := filepath.Join(s.dir, storeDir)
	s.check(filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(p)
		name, _ := filepath.Rel(root, p)
		files[filepath.ToSlash(name)] = string(data)
		return err
	}))
	return files
}

// write puts a file below .pinseal.
func (s *shop) write(name, data string) {
	s.t.Helper()
	p := filepath.Join(s.dir, storeDir, filepath.FromSlash(name))
	s.check(os.MkdirAll(filepath.Dir(p), 0o777))
	s.check(os.WriteFile(p, []byte(data), 0o666))
}

// A named key is declared without its versions, and what upstream holds besides
// stays as it is, byte for byte.
func TestForkOfKeys(t *testing.T) {
	s := newShop(t)
	s.run(0, "v", "set", "A", "--expires", "2026-12-31")
	slot, _ := s.note.Newest(seal.ReadSlot("dev"))
	sealer, err := seal.NewSealer(slot.Key, slot.Generation)
	s.check(err)
	key := &versions.SecretFile{Kind: versions.KindKey, About: "Tokens", Expires: "2026-12-31", Bits: 128}
	for n := uint32(1); n <= 2; n++ {
		value, err := sealer.Seal(seal.Place{App: s.note.ID, Environment: "dev", Kind: versions.KindKey, Name: "K", Version: n}, seal.NewSecret([]byte("AAAAAAAAAAAAAAAAAAAAAA==")))
		s.check(err)
		key.Versions = append(key.Versions, versions.KeyVersion{Number: n, Value: value})
	}
	data, err := key.Bytes()
	s.check(err)
	s.write("shop/dev/K.yaml", string(data))
	s.commit()
	before := s.files()
	_, talk := s.run(0, "", "fork", "mine")
	s.has(talk, "Kept 2 names", "missing in dev: A, K (encryption key)", "pinseal set A -e dev")
	after := s.files()
	if got, want := after["mine/dev/K.yaml"], "kind: key\nabout: \"Tokens\"\nbits: 128\nvalue: blank\n"; got != want {
		t.Errorf("the key is %q, want %q", got, want)
	}
	for name, data := range before {
		if name != "default" && after[name] != data {
			t.Errorf("%s has changed", name)
		}
	}
	for name := range after {
		if before[name] == "" && !strings.HasPrefix(name, "mine/") {
			t.Errorf("%s is new", name)
		}
	}
}

// A fork that was cut short, after any of the files that it writes, is in
// nobody's way and can be run again.
func TestForkCutShort(t *testing.T) {
	s := newShop(t)
	s.run(0, "v", "set", "A")
	s.run(0, "v", "set", "B", "-e", "production")
	s.commit()
	before := s.files()
	s.run(0, "", "fork", "mine")
	done := s.files()
	var order []string // in which fork writes, but for the note and the default
	for name := range done {
		if strings.HasPrefix(name, "mine/") && name != "mine/app.note" {
			order = append(order, name)
		}
	}
	slices.Sort(order)
	if len(order) < 7 {
		t.Fatalf("fork wrote %q", order)
	}
	for n := 0; n <= len(order); n++ {
		s.check(os.RemoveAll(filepath.Join(s.dir, storeDir)))
		for name, data := range before {
			s.write(name, data)
		}
		for _, name := range order[:n] {
			s.write(name, done[name])
		}
		s.run(0, "", "list")
		if out, _ := s.run(0, "", "--app", "shop", "get", "A"); out != "v" {
			t.Fatalf("after %d files: get printed %q", n, out)
		}
		s.run(0, "", "fork", "mine")
		s.run(3, "", "get", "A")
		s.run(0, "w", "set", "A")
		if out, _ := s.run(0, "", "get", "A"); out != "w" {
			t.Fatalf("after %d files: get printed %q", n, out)
		}
	}
	// With the note there is an app, and the default is the old one still.
	s.write("default", before["default"])
	s.run(0, "", "--app", "shop", "get", "A")
	_, talk := s.run(6, "", "--app", "shop", "fork", "mine")
	s.has(talk, "pinseal --app mine fork --sync --from shop")
}

// The apps that this machine knew in a place by its remote's URL are known there
// after a fork too.
func TestForkKeepsTrust(t *testing.T) {
	s := newShop(t)
	s.run(0, "v", "set", "A")
	s.commit()
	hub := filepath.Join(s.dir, "..", "hub.git")
	s.git("clone", "-q", "--bare", ".", hub)
	s.git("remote", "add", "origin", hub)
	s.run(0, "", "trust", "--forget", "--app", s.note.ID.String())
	s.run(0, "", "--app", s.note.ID.String(), "get", "A") // by its directory and its URL
	clone := filepath.Join(s.dir, "..", "clone")
	s.git("clone", "-q", hub, clone)
	s.dir = clone
	s.run(0, "", "fork")
	s.run(0, "w", "set", "A")
	if out, _ := s.run(0, "", "--app", "shop", "get", "A"); out != "v" {
		t.Errorf("get printed %q", out)
	}
}
