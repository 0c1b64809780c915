package cmd

import (
	"encoding/base64"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pinseal/repo"
	"pinseal/seal"
	"pinseal/versions"
)

// TestKeyChangedMeanwhile holds that of two who change a key at once one is refused: else
// the other's version would be lost, and what was encrypted with it.
func TestKeyChangedMeanwhile(t *testing.T) {
	s := newShop(t)
	c := &cli{Env: &Env{Environ: s.environ, Dir: s.dir, Stdout: os.Stdout, Stderr: os.Stderr, Now: time.Now}}
	w, err := c.openKeys(t.Context(), "dev")
	s.check(err)
	defer w.Close()
	key := func(name string) *changedFile {
		t.Helper()
		k, err := w.key(name)
		s.check(err)
		return k
	}
	add := func(k *changedFile) *changedFile {
		t.Helper()
		text, err := seal.NewKeyText(k.Bits)
		s.check(err)
		s.check(w.addVersions(k, text))
		return k
	}
	// Each has read what is there, and returns what it does then.
	for command, begin := range map[string]func(name string) func() error{
		"rotate": func(name string) func() error {
			k := add(key(name))
			return func() error { return w.put(k) }
		},
		"rotate-with-a-new-one": func(name string) func() error {
			k, fresh := add(key(name)), &changedFile{SecretFile: &versions.SecretFile{Kind: versions.KindKey, Bits: 128}, name: "A.fresh"}
			return func() error { return w.put(k, add(fresh)) }
		},
		"mv": func(name string) func() error {
			k := key(name)
			return func() error { return w.rename(k, "Z.moved", k.SecretFile) }
		},
		"rm": func(name string) func() error {
			r, err := w.keyRemovals([]string{name})
			s.check(err)
			return func() error { return w.meanwhile(w.edit(w.ctx, r.edits)) }
		},
		"set-keep": func(name string) func() error {
			set, f, err := c.openDescribed(t.Context(), &setOptions{name: name, keep: true, about: "x", aboutGiven: true}, "")
			s.check(err)
			return func() error { defer set.Close(); return set.put(f) }
		},
	} {
		name := "K." + command
		s.run(0, "", "key", "create", name)
		end := begin(name)
		s.run(0, "", "key", "rotate", name)
		theirs := string(s.read(versions.FilePath("dev", name)))
		if err := end(); !errors.Is(err, repo.ErrChanged) || exitCode(err) != exitConflict {
			t.Errorf("%s over a version that was added meanwhile: %v", command, err)
		}
		if now := string(s.read(versions.FilePath("dev", name))); now != theirs {
			t.Errorf("%s has written:\n%s", command, now)
		}
	}
	names, err := w.taken()
	s.check(err)
	if slices.Contains(names, "A.fresh") || slices.Contains(names, "Z.moved") {
		t.Errorf("half done: %q", names)
	}
}

// TestKeyCreatedMeanwhile holds the same for what was not there before.
func TestKeyCreatedMeanwhile(t *testing.T) {
	s := newShop(t)
	s.run(0, "", "key", "create", "KEY")
	s.run(0, "v", "set", "SECRET")
	c := &cli{Env: &Env{Environ: s.environ, Dir: s.dir, Stdout: os.Stdout, Stderr: os.Stderr, Now: time.Now}}
	w, err := c.openKeys(t.Context(), "production")
	s.check(err)
	defer w.Close()
	dev, err := w.view(reading{env: "dev", at: workTreeAt})
	s.check(err)
	copies := func(name, as string) func() error {
		o := copyOptions{names: []string{name}, as: as, force: true}
		plan, err := o.copies(dev.Set, w)
		s.check(err)
		return func() error { return w.put(plan.files...) }
	}
	for command, begin := range map[string]func(name string) func() error{
		"create": func(name string) func() error {
			k, err := w.keyOrNew(name)
			s.check(err)
			return func() error { return w.put(k) }
		},
		"copy":        func(name string) func() error { return copies("KEY", name) },
		"copy-secret": func(name string) func() error { return copies("SECRET", name) },
		"import": func(name string) func() error {
			plan, err := w.planImport([]plainPair{{name: name, value: seal.NewSecret([]byte("v"))}}, false)
			s.check(err)
			return func() error { return w.apply(plan) }
		},
		"set": func(name string) func() error {
			set, f, err := c.openDescribed(t.Context(), &setOptions{name: name, env: "production"}, "")
			s.check(err)
			return func() error { defer set.Close(); return set.put(f) }
		},
		"mv": func(name string) func() error {
			s.run(0, "v", "set", "MOVES", "-e", "production")
			f, err := w.current("MOVES")
			s.check(err)
			return func() error { return w.rename(f, name, f.SecretFile) }
		},
		"copy-over-a-secret": func(name string) func() error {
			s.run(0, "v", "set", name, "-e", "production")
			end := copies("SECRET", name)
			s.run(0, "", "rm", name, "-e", "production")
			return end
		},
	} {
		name := "K." + command
		end := begin(name)
		s.run(0, "", "key", "create", name, "-e", "production")
		theirs := string(s.read(versions.FilePath("production", name)))
		if err := end(); exitCode(err) != exitConflict || !strings.Contains(err.Error(), "nothing was changed") {
			t.Errorf("%s over a key that was created meanwhile: %v", command, err)
		}
		if now := string(s.read(versions.FilePath("production", name))); now != theirs {
			t.Errorf("%s has written:\n%s", command, now)
		}
	}
	s.read(versions.FilePath("production", "MOVES"))
}

// Where two names are one to the file system, the old file goes first, and comes back.
func TestKeyRenamedCase(t *testing.T) {
	s := newShop(t)
	s.run(0, "", "key", "create", "KEY")
	path, other := s.path("dev/KEY.yaml"), s.path("dev/key.yaml")
	if _, err := os.Stat(other); err == nil {
		t.Skip("two names are one here")
	}
	c := &cli{Env: &Env{Environ: s.environ, Dir: s.dir, Stdout: os.Stdout, Stderr: os.Stderr, Now: time.Now}}
	w, err := c.openKeys(t.Context(), "dev")
	s.check(err)
	defer w.Close()
	k, err := w.key("KEY")
	s.check(err)
	was := string(s.read("dev/KEY.yaml"))
	s.check(os.WriteFile(other, []byte("theirs"), 0o644)) // as if it were the same file
	if err := w.rename(k, "key", k.SecretFile); exitCode(err) != exitConflict {
		t.Errorf("over another file: %v", err)
	}
	if now := string(s.read("dev/KEY.yaml")); now != was {
		t.Errorf("it did not come back:\n%s", now)
	}
	s.check(os.WriteFile(path, []byte("changed"), 0o644))
	if err := w.rename(k, "key", k.SecretFile); !errors.Is(err, repo.ErrChanged) || exitCode(err) != exitConflict {
		t.Errorf("changed meanwhile: %v", err)
	}
	if now := string(s.read("dev/KEY.yaml")) + string(s.read("dev/key.yaml")); now != "changedtheirs" {
		t.Errorf("it was written:\n%s", now)
	}
}

// TestReadKeyLines holds what is a key, and that no error says what came in.
func TestReadKeyLines(t *testing.T) {
	const k1, k2, large = "AAECAwQFBgcICQoLDA0ODw==", "EBESExQVFhcYGRobHB0eHw==", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
	lines := func(n int) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(base64.StdEncoding.EncodeToString(append(make([]byte, 15), byte(i))) + "\n")
		}
		return b.String()
	}
	for in, want := range map[string]string{
		k1: k1, k1 + "\n": k1, k1 + "\r\n": k1, k1 + "\n" + k2: k1 + " " + k2, k1 + "\r\n" + k2 + "\r\n": k1 + " " + k2, large: large,
		lines(32): strings.TrimSpace(strings.ReplaceAll(lines(32), "\n", " ")),
		"":        "", "\n": "", k1 + "\n\n": "", "\n" + k1: "", k1 + "\r": "", k1 + "\r\r\n": "", k1 + " ": "", k1 + k2: "", k1 + "\x00": "",
		k1 + "\n" + large: "", lines(33): "", k1 + "\n" + k2 + "\n" + k1: "", k1[:22]: "", k1[:21] + "x==": "", "\xef\xbb\xbf" + k1: "", k1[:8] + "\r" + k1[8:]: "",
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

// TestKeyChangedAtOnce holds that looking at a file and replacing it are one step: of
// many who have read the same, one changes it.
func TestKeyChangedAtOnce(t *testing.T) {
	s := newShop(t)
	s.run(0, "", "key", "create", "K")
	c := &cli{Env: &Env{Environ: s.environ, Dir: s.dir, Stdout: io.Discard, Stderr: io.Discard, Now: time.Now}}
	for round := range 20 {
		const many = 4
		var ready, done sync.WaitGroup
		var errs [many]error
		ready.Add(many)
		for i := range many {
			w, err := c.openKeys(t.Context(), "dev")
			s.check(err)
			k, err := w.key("K")
			s.check(err)
			text, err := seal.NewKeyText(128)
			s.check(err)
			s.check(w.addVersions(k, text))
			done.Go(func() {
				defer w.Close()
				ready.Done()
				ready.Wait()
				errs[i] = w.put(k)
			})
		}
		done.Wait()
		worked := 0
		for _, err := range errs {
			switch {
			case err == nil:
				worked++
			case !errors.Is(err, repo.ErrChanged):
				t.Error(err)
			}
		}
		if worked != 1 {
			t.Fatalf("round %d: %d of %d changed it", round, worked, many)
		}
		s.run(0, "", "key", "reset", "K", "--yes", "--confirm", "K")
	}
}
