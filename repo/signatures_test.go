package repo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// signing is a repository in which a test signs commits, with a home of its own.
type signing struct {
	*testing.T
	dir, home string
	reading   int // processes that it takes to read commits
}

func newSigning(t *testing.T, args ...string) *signing {
	s := &signing{T: t, dir: newDir(t, args...), home: t.TempDir()}
	tgit(t, s.dir, "config", "gpg.format", "ssh")
	return s
}

// key makes an ssh key and returns its public half.
func (s *signing) key(name string) string {
	s.Helper()
	file := filepath.Join(s.home, name)
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", file).CombinedOutput(); err != nil {
		s.Skipf("no ssh-keygen: %v %s", err, out)
	}
	return strings.TrimSpace(readFile(s, file+".pub"))
}

// allow writes the allowed signers file.
func (s *signing) allow(lines ...string) {
	s.Helper()
	put(s, s.home, "allowed", strings.Join(lines, "\n")+"\n")
	tgit(s, s.dir, "config", "gpg.ssh.allowedSignersFile", filepath.Join(s.home, "allowed"))
}

// commit commits with flags, and with a key in the home if one is given.
func (s *signing) commit(key string, flags ...string) Hash {
	s.Helper()
	args := []string{"-c", "user.signingKey=" + filepath.Join(s.home, key), "commit", "-q", "--allow-empty", "-m", "by " + key}
	if key != "" {
		args = append(args, "-S")
	}
	tgit(s, s.dir, append(args, flags...)...)
	return Hash(tgit(s, s.dir, "rev-parse", "HEAD"))
}

// tampered is a commit with another message under the signature of h.
func (s *signing) tampered(h Hash) Hash {
	s.Helper()
	text := strings.Replace(tgit(s, s.dir, "cat-file", "commit", string(h)), "by ", "forged by ", 1) + "\n"
	out, err := pipegit(s.dir, nil, []byte(text), "hash-object", "-t", "commit", "-w", "--stdin")
	if err != nil {
		s.Fatal(err)
	}
	return Hash(out)
}

// want compares all states with what is wanted and with what git verify-commit
// says itself, in one or, where a trust level is set, two processes; less than none is
// any number.
func (s *signing) want(processes int, want map[Hash]string, env ...string) {
	s.Helper()
	r := openWith(s, s.dir, Options{Env: append(testEnv(s.home), env...)})
	if _, err := r.Config(context.Background()); err != nil {
		s.Fatal(err)
	}
	before := r.Spawns()
	var commits []Hash
	for h := range want {
		commits = append(commits, h, h)
	}
	got, err := r.Signatures(context.Background(), commits)
	if err != nil {
		s.Fatal(err)
	}
	if n := r.Spawns() - before - s.reading; processes >= 0 && n != processes {
		s.Errorf("%d processes, want %d", n, processes)
	}
	for h, text := range want {
		sig := got[h]
		if said := strings.TrimSpace(fmt.Sprintf("%s %s", sig.State, sig.Signer)); said != text {
			s.Errorf("%s: %q (key %q), want %q", tgit(s, s.dir, "log", "-1", "--format=%s", string(h)), said, sig.Key, text)
		}
		if sig.State == SignatureGood && sig.Key == "" {
			s.Errorf("%s: good, and no key", h)
		}
		cmd := exec.Command("git", "verify-commit", string(h))
		cmd.Dir, cmd.Env = s.dir, append(testEnv(s.home), env...)
		if judged := cmd.Run() == nil; judged != (sig.State == SignatureGood) {
			s.Errorf("%s: verify-commit says %v, and we %s", tgit(s, s.dir, "log", "-1", "--format=%s", string(h)), judged, sig.State)
		}
	}
}

func TestSignaturesSSH(t *testing.T) {
	for _, format := range []string{"sha1", "sha256"} {
		t.Run(format, func(t *testing.T) {
			s := newSigning(t, "--object-format="+format)
			if format == "sha256" {
				s.reading = 1
			}
			ada, bob := s.key("ada"), s.key("bob")
			none, good, stranger := s.commit(""), s.commit("ada"), s.commit("bob")
			bad, badStranger := s.tampered(good), s.tampered(stranger)
			s.want(0, map[Hash]string{none: "none"})
			// Git's letter for a signature is N without an allowed signers file.
			s.want(1, map[Hash]string{none: "none", good: "unknown", stranger: "unknown"})
			s.allow("ada@example.com " + ada)
			s.want(1, map[Hash]string{none: "none", good: "good ada@example.com", stranger: "unknown", bad: "bad", badStranger: "bad"})
			s.allow("ada@example.com "+ada, "bob@example.com valid-before=\"20200101\" "+bob)
			s.want(1, map[Hash]string{good: "good ada@example.com", stranger: "unknown", badStranger: "bad"})
			s.allow("ada@example.com namespaces=\"file\" "+ada, "*@example.com "+bob)
			s.want(1, map[Hash]string{good: "bad", stranger: "good *@example.com"})
			s.allow("ada@example.com " + ada)
			tgit(t, s.dir, "config", "gpg.minTrustLevel", "ultimate")
			s.want(2, map[Hash]string{none: "none", good: "untrusted ada@example.com", bad: "bad"})
			tgit(t, s.dir, "config", "gpg.minTrustLevel", "Fully")
			s.want(2, map[Hash]string{good: "good ada@example.com"})
			tgit(t, s.dir, "config", "log.showSignature", "true")
			s.want(2, map[Hash]string{good: "good ada@example.com"})

			ctx := context.Background()
			tgit(t, s.dir, "config", "gpg.ssh.program", "/nonexistent/ssh-keygen")
			if got, err := openAt(t, s.dir).Signatures(ctx, []Hash{good, stranger, bad}); err == nil || strings.Count(err.Error(), "cannot run") != 1 {
				t.Errorf("without the program: %v, %v", got, err)
			}
			if got, err := openAt(t, s.dir).Signatures(ctx, nil); err != nil || len(got) != 0 {
				t.Errorf("of nothing: %v, %v", got, err)
			}
			if _, err := openAt(t, s.dir).Signatures(ctx, []Hash{Hash(strings.Repeat("1", len(good)))}); !errors.Is(err, ErrMissing) {
				t.Errorf("of what is not there: %v", err)
			}
		})
	}
}

func TestSignaturesGPG(t *testing.T) {
	if _, err := exec.LookPath("gpg"); err != nil || runtime.GOOS == "windows" {
		t.Skip("no gpg")
	}
	s := newSigning(t)
	tgit(t, s.dir, "config", "gpg.format", "openpgp")
	home, err := os.MkdirTemp("", "gpg") // its sockets want a short name
	if err != nil {
		t.Fatal(err)
	}
	env := "GNUPGHOME=" + home
	gpg := func(stdin string, args ...string) string {
		t.Helper()
		cmd := exec.Command("gpg", append([]string{"--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""}, args...)...)
		cmd.Env, cmd.Stdin = append(testEnv(s.home), env), strings.NewReader(stdin)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Skipf("gpg %v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	t.Cleanup(func() {
		cmd := exec.Command("gpgconf", "--kill", "all")
		cmd.Env = append(testEnv(s.home), env)
		cmd.Run()
		os.RemoveAll(home)
	})
	sign := func(who string, more ...string) Hash {
		t.Helper()
		if out, err := trygit(s.dir, append(more, env), "-c", "user.signingKey="+who, "commit", "-q", "--allow-empty", "-S", "-m", "by "+who); err != nil {
			t.Skipf("gpg does not sign: %v %s", err, out)
		}
		return Hash(tgit(t, s.dir, "rev-parse", "HEAD"))
	}
	for _, who := range []string{"ada", "bob", "cy"} {
		gpg("", "--quick-gen-key", who+" <"+who+"@example.com>", "ed25519", "sign", "1y")
	}
	ada, bob, cy := sign("ada@example.com"), sign("bob@example.com"), sign("cy@example.com")
	bad := s.tampered(ada)
	fingerprint := func(who string) string {
		for line := range strings.Lines(gpg("", "--with-colons", "--list-keys", who)) {
			if f := strings.Split(line, ":"); f[0] == "fpr" {
				return f[9]
			}
		}
		t.Fatal("no key")
		return ""
	}
	// Bob's key is not trusted, which git takes for good unless it is told otherwise.
	gpg(fingerprint("bob")+":2:\n", "--import-ownertrust")
	gpg("", "--yes", "--delete-secret-and-public-key", fingerprint("cy"))
	want := map[Hash]string{ada: "good ada <ada@example.com>", bob: "good bob <bob@example.com>", cy: "unknown", bad: "bad ada <ada@example.com>"}
	s.want(1, want, env)
	tgit(t, s.dir, "config", "gpg.minTrustLevel", "marginal")
	want[bob] = "untrusted bob <bob@example.com>"
	s.want(2, want, env)

	tgit(t, s.dir, "config", "--unset", "gpg.minTrustLevel")
	revocation := strings.Replace(readFile(t, filepath.Join(home, "openpgp-revocs.d", fingerprint("bob")+".rev")), ":-----BEGIN", "-----BEGIN", 1)
	gpg(revocation, "--import")
	s.want(1, map[Hash]string{ada: "good ada <ada@example.com>", bob: "revoked bob <bob@example.com>"}, env)
	later := filepath.Join(s.home, "later")
	put(t, s.home, "later", "#!/bin/sh\nexec gpg --faked-system-time 20990101T000000 \"$@\"\n")
	if err := os.Chmod(later, 0o755); err != nil {
		t.Fatal(err)
	}
	tgit(t, s.dir, "config", "gpg.program", later)
	s.want(1, map[Hash]string{ada: "expired ada <ada@example.com>"}, env)
}

// What stands in the place of a signature and is none makes git end, and hide what is
// to be said of the others; it is not asked.
func TestSignaturesOdd(t *testing.T) {
	s := newSigning(t)
	s.allow("ada@example.com " + s.key("ada"))
	good := s.commit("ada")
	want := map[Hash]string{good: "good ada@example.com"}
	text := tgit(t, s.dir, "cat-file", "commit", string(s.commit("")))
	head, message, _ := strings.Cut(text, "\n\n")
	for header, state := range map[string]string{
		"gpgsig hello": "bad",
		"gpgsig ":      "bad",
		"gpgsig":       "none", // git's reading
		"gpgsig \n -----BEGIN SSH SIGNATURE-----\n x":                                   "bad",
		"gpgsig x\ngpgsig -----BEGIN SSH SIGNATURE-----\n x":                            "bad",
		"gpgsig -----BEGIN SSH SIGNATURE-----":                                          "bad",
		"gpgsig -----BEGIN SSH SIGNATURE-----\n x\n -----END SSH SIGNATURE-----":        "bad",
		"gpgsig-sha256 -----BEGIN SSH SIGNATURE-----\n x\n -----END SSH SIGNATURE-----": "none",
	} {
		out, err := pipegit(s.dir, nil, []byte(head+"\n"+header+"\n\n"+message+"\n"), "hash-object", "-t", "commit", "-w", "--literally", "--stdin")
		if err != nil {
			t.Fatal(err)
		}
		want[Hash(out)] = state
	}
	s.want(-1, want)
}

// Git dies of SIGPIPE at a signature that ssh-keygen refuses before it reads the
// commit: surely where the commit is larger than a pipe holds.
func TestSignaturesBrokenPipe(t *testing.T) {
	s := newSigning(t)
	s.allow("ada@example.com " + s.key("ada"))
	want := map[Hash]string{s.commit("ada"): "good ada@example.com", s.commit(""): "none"}
	text := tgit(t, s.dir, "cat-file", "commit", "HEAD")
	head, _, _ := strings.Cut(text, "\n\n")
	for range 3 {
		in := fmt.Sprintf("%s\ngpgsig -----BEGIN SSH SIGNATURE-----\n x\n -----END SSH SIGNATURE-----\n\n%d%s\n", head, len(want), strings.Repeat("x", 1<<18))
		out, err := pipegit(s.dir, nil, []byte(in), "hash-object", "-t", "commit", "-w", "--literally", "--stdin")
		if err != nil {
			t.Fatal(err)
		}
		want[Hash(out)] = "bad"
		want[s.commit("ada")] = "good ada@example.com"
	}
	s.want(-1, want)
}

func TestOnceEach(t *testing.T) {
	for text, want := range map[string]string{
		"":                       "",
		"a\nb\na\nb":             "a\nb",
		"run x\ncannot run x\nb": "cannot run x\nb",
	} {
		if got := onceEach(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// A graft of one clone is no part of the history that others get.
func TestGraftsAreNotRead(t *testing.T) {
	ctx := context.Background()
	dir := newDir(t)
	first := tgit(t, dir, "rev-parse", "HEAD")
	put(t, dir, "app/dev/A.yaml", "hidden\n")
	hidden := commitAll(t, dir, "hidden")
	put(t, dir, "app/dev/B.yaml", "x\n")
	tip := commitAll(t, dir, "tip")
	put(t, dir, ".git/info/grafts", string(tip)+" "+first+"\n")
	for _, env := range []string{"GIT_OPTIONAL_LOCKS=0", "GIT_GRAFT_FILE=" + filepath.Join(dir, ".git", "info", "grafts")} {
		r := openWith(t, dir, Options{Env: append(testEnv(t.TempDir()), env)})
		var got []Hash
		for c, err := range r.ChangesBetween(ctx, []Hash{Hash(first)}, []Hash{tip}, "app") {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, c.Commit)
		}
		if !slices.Equal(got, []Hash{tip, hidden}) {
			t.Errorf("%s: %v", env, got)
		}
		_, said, err := r.gitBoth(ctx, nil, "log", "-1")
		if err != nil || said != "" {
			t.Errorf("%s: git said %q, %v", env, said, err)
		}
	}
}
