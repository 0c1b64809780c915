package cmd

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pinseal/versions"
)

func (s *shop) feedCLI() *cli {
	env := &Env{Environ: s.environ, Dir: s.dir, Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: io.Discard, Now: func() time.Time { return s.now }}
	return &cli{Env: env}
}

// feedShop is the releases of a shop's first pins of production.
func feedShop(t *testing.T, pins int) (s *shop, releases []*versions.Release) {
	t.Helper()
	s = full(t)
	for n := 1; n <= pins; n++ {
		if n > 1 {
			s.run(0, "", "publish", "production")
		}
		f, err := s.feedCLI().openFeed(t.Context(), reading{env: "production"}, feedOptions{watch: true})
		if err != nil {
			t.Fatal(err)
		}
		releases = append(releases, f.Release())
		f.Close()
	}
	return s, releases
}

// A release that could not be used, and one that does not follow, are told at each look:
// what is read is not the newest.
func TestFeedTells(t *testing.T) {
	_, pin := feedShop(t, 3)
	gone := errors.New("gone")
	type look struct {
		r   *versions.Release
		err error
	}
	looks := make(chan look, 1)
	f := &feed{now: pin[0], look: func(context.Context) (*versions.Release, error) { l := <-looks; return l.r, l.err }}
	for i, c := range []struct {
		look   look
		unused bool // before the look
		want   *versions.Release
		err    error
	}{
		{look{pin[0], nil}, false, nil, nil},
		{look{pin[1], nil}, false, pin[1], nil},
		{look{nil, nil}, true, pin[1], nil}, // again
		{look{nil, nil}, false, nil, nil},   // it was used
		{look{nil, gone}, true, nil, gone},
		{look{nil, nil}, false, pin[1], nil},
		{look{pin[0], nil}, false, nil, versions.ErrNotAuthentic},
		{look{nil, nil}, false, nil, versions.ErrNotAuthentic}, // it is there still
		{look{pin[1], nil}, false, nil, nil},
		{look{pin[2], nil}, true, pin[2], nil}, // in its place
		{look{nil, nil}, false, nil, nil},
	} {
		if c.unused {
			f.Unused()
		}
		looks <- c.look
		r, err := f.next(t.Context(), time.Hour)
		if r != c.want || !errors.Is(err, c.err) {
			t.Errorf("look %d: %v, %v", i, r, err)
		}
	}
}

// A pin that comes while a feed begins is found by its first look, without any remote;
// a bundle and a ledger that went back are refused as long as they are there.
func TestFeedLocal(t *testing.T) {
	s := full(t)
	f, err := s.feedCLI().openFeed(t.Context(), reading{env: "production"}, feedOptions{watch: true})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s.git("remote", "add", "origin", "http://127.0.0.1:1/never")
	s.git("config", "pinseal.remote", "origin")
	s.run(0, "", "bundle", "production", "-o", "old.bundle")
	s.run(0, "", "bundle", "production", "-o", "b")
	b, err := s.feedCLI().openFeed(t.Context(), reading{bundle: "b"}, feedOptions{watch: true})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	s.git("remote", "remove", "origin")
	s.git("config", "--unset", "pinseal.remote")
	s.run(0, "", "publish", "production")
	s.run(0, "", "bundle", "production", "-o", "new.bundle")
	s.check(os.Rename(filepath.Join(s.dir, "new.bundle"), filepath.Join(s.dir, "b")))
	for name, f := range map[string]*feed{"ledger": f, "bundle": b} {
		if r, err := f.next(t.Context(), time.Hour); err != nil || r == nil || r.Pin.Number != 2 {
			t.Fatalf("%s: %v, %v", name, r, err)
		}
	}
	ref := versions.LedgerRef(s.note.ID, "production")
	s.git("update-ref", ref, ref+"~1")
	s.check(os.Rename(filepath.Join(s.dir, "old.bundle"), filepath.Join(s.dir, "b")))
	for range 3 {
		for name, f := range map[string]*feed{"ledger": f, "bundle": b} {
			if r, err := f.next(t.Context(), time.Hour); !errors.Is(err, versions.ErrNotAuthentic) || r != nil || f.Release().Pin.Number != 2 {
				t.Errorf("%s: %v, %v", name, r, err)
			}
		}
	}
}
