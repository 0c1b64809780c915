package cmd

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"pinseal/repo"
	"pinseal/seal"
	"pinseal/versions"
)

// TestKeyChangedMeanwhile holds that of two who add a version at once one is refused:
// else the other's version would be lost, and what was encrypted with it.
func TestKeyChangedMeanwhile(t *testing.T) {
	s := newShop(t)
	s.run(0, "", "key", "create", "K")
	path := versions.FilePath("dev", "K")
	c := &cli{Env: &Env{Environ: s.environ, Dir: s.dir, Stdout: os.Stdout, Stderr: os.Stderr, Now: time.Now}}
	w, err := c.openKeys(context.Background(), "dev")
	s.check(err)
	defer w.Close()
	add := func(k *keyFile) {
		t.Helper()
		text, err := seal.NewKeyText(k.Bits)
		s.check(err)
		s.check(w.addVersions(k, text))
	}
	k, err := w.key("K")
	s.check(err)
	fresh, err := w.keyOrNew("NEW")
	s.check(err)
	add(k)
	add(fresh)

	s.run(0, "", "key", "rotate", "K")
	s.run(0, "", "key", "create", "NEW")
	theirs := string(s.read(path))
	if err := w.putKeys(k); !errors.Is(err, repo.ErrChanged) || exitCode(err) != exitConflict {
		t.Errorf("over a version that was added meanwhile: %v", err)
	}
	if now := string(s.read(path)); now != theirs {
		t.Errorf("it was written:\n%s", now)
	}
	theirs = string(s.read(versions.FilePath("dev", "NEW")))
	if err := w.putKeys(fresh); !errors.Is(err, versions.ErrConflict) {
		t.Errorf("over a key that was created meanwhile: %v", err)
	}
	if now := string(s.read(versions.FilePath("dev", "NEW"))); now != theirs {
		t.Errorf("it was written:\n%s", now)
	}
}

// TestReadKeyLines holds what is a key, and that no error says what came in.
func TestReadKeyLines(t *testing.T) {
	const k1, k2, large = "AAECAwQFBgcICQoLDA0ODw==", "EBESExQVFhcYGRobHB0eHw==", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
	for in, want := range map[string]string{
		k1: k1, k1 + "\n": k1, k1 + "\r\n": k1, k1 + "\n" + k2: k1 + " " + k2, k1 + "\r\n" + k2 + "\r\n": k1 + " " + k2, large: large,
		strings.Repeat(k1+"\n", 32): strings.TrimSpace(strings.Repeat(k1+" ", 32)),
		"":                          "", "\n": "", k1 + "\n\n": "", "\n" + k1: "", k1 + "\r": "", k1 + "\r\r\n": "", k1 + " ": "", k1 + k2: "", k1 + "\x00": "",
		k1 + "\n" + large: "", strings.Repeat(k1+"\n", 33): "", k1[:22]: "", k1[:21] + "x==": "", "\xef\xbb\xbf" + k1: "", k1[:8] + "\r" + k1[8:]: "",
		"AAECAwQFBgcICQoLDA0=": "", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX": "", "_-ECAwQFBgcICQoLDA0ODw==": "", strings.Repeat("A", 1<<16): "",
	} {
		texts, bits, err := readKeyLines([]byte(in))
		var got []string
		for _, text := range texts {
			got = append(got, string(text.Reveal()))
		}
		switch {
		case want == "" && (err == nil || exitCode(err) != exitUsage):
			t.Errorf("%q: %q, %v", in, got, err)
		case want == "" && (strings.Contains(err.Error(), "AAEC") || strings.Contains(err.Error(), "_-EC")):
			t.Errorf("%q: the error holds it: %v", in, err)
		case want != "" && (err != nil || strings.Join(got, " ") != want || bits != map[int]int{24: 128, 44: 256}[len(got[0])]):
			t.Errorf("%q: %q of %d bits, %v; want %q", in, got, bits, err, want)
		}
	}
}
