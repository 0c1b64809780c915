//go:build unix

package cmd_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// fed is a publisher with a hub, and a host that has a service identity and no clone.
type fed struct {
	*world
	t             *testing.T
	dir, hub, ref string
	id            string
	host          *world
	tmp           string // where the host's temporary files are
}

func newFed(t *testing.T) *fed {
	t.Helper()
	slow(t)
	f := &fed{world: newWorld(t), t: t}
	f.dir, f.id = f.servedApp()
	f.hub, f.ref = f.path("hub.git"), "refs/pinseal/"+f.id+"/production"
	f.git(f.root, "init", "-q", "--bare", f.hub)
	f.git(f.dir, "remote", "add", "origin", f.hub)
	f.pinseal(f.dir, "", "member", "add", "web", "--service", "--can", "production.read", "-o", f.path("web.identity"))
	f.publish("CANARY-two")
	f.host = newWorld(t)
	f.tmp = f.host.path("tmp")
	f.must(os.Mkdir(f.tmp, 0o700))
	f.host.env = append(f.host.env, "PINSEAL_IDENTITY_FILE="+f.path("web.identity"), "TMPDIR="+f.tmp)
	return f
}

func (f *fed) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// publish makes a pin, on the hub too.
func (f *fed) publish(value string) {
	f.t.Helper()
	f.pinseal(f.dir, value, "set", "DATABASE_URL", "-e", "production")
	f.commit(f.dir, value)
	f.pinseal(f.dir, "", "publish", "production")
	f.git(f.dir, "push", "-q", "origin", "HEAD")
}

// remote is the command line of a server without a clone.
func (f *fed) remote(more ...string) []string {
	return append([]string{"--remote", f.hub, "-e", "production", "--follow", "1s", "--socket", filepath.Join(f.host.socketDir(), "s")}, more...)
}

func (s *serving) serves(value string) {
	s.t.Helper()
	if got := s.get("/v1/secrets/DATABASE_URL/value", 200); got != value {
		s.t.Errorf("serves %q, want %q\n%s", got, value, s.said)
	}
}

func (s *serving) isAt(status, pin string) {
	s.t.Helper()
	if got := s.get("/v1/health", 200); !strings.Contains(got, `"status":"`+status+`","version":"`+pin+`:`) {
		s.t.Errorf("want %s at %s: %s\n%s", status, pin, got, s.said)
	}
}

// after waits until something else than a pin is served.
func (s *serving) after(pin string) {
	s.t.Helper()
	version := s.get("/v1/version", 200)
	_, id, _ := strings.Cut(version, `"id":"`)
	id, _, _ = strings.Cut(id, `"`)
	if strings.HasPrefix(id, pin+":") {
		s.get("/v1/version?not="+id+"&wait=60", 200)
	}
}

func (f *fed) left(want int) {
	f.t.Helper()
	if names := dirNames(f.t, f.tmp); len(names) != want {
		f.t.Errorf("%d are left, want %d: %q", len(names), want, names)
	}
}

func TestFeedRemote(t *testing.T) {
	t.Parallel()
	f := newFed(t)
	cache := f.host.path("cache.bundle")
	args := f.remote("--cache", cache)
	s := f.host.serve(f.host.root, args...)
	s.serves("CANARY-two")
	f.publish("CANARY-three")
	s.after("pin:2")
	s.serves("CANARY-three")
	s.isAt("ok", "pin:3")

	f.git(f.hub, "update-ref", f.ref, f.ref+"~1")
	s.said.await(t, `^warning: pin 3 of production is served on, .*went back from pin 3 to pin 2`)
	s.isAt("refused", "pin:3")
	f.must(os.Rename(f.hub, f.hub+".away"))
	s.said.await(t, `^warning: pin 3 of production is served on, .*git fetch`)
	s.isAt("stale", "pin:3")
	s.serves("CANARY-three")

	// Whoever starts anew begins with the cache, and says so before anybody can ask.
	again := f.host.serve(f.host.root, f.remote("--cache", cache)...)
	again.isAt("stale", "pin:3")
	again.serves("CANARY-three")
	again.end(syscall.SIGINT)
	f.must(os.Rename(f.hub+".away", f.hub))
	again = f.host.serve(f.host.root, f.remote("--cache", cache)...)
	again.isAt("refused", "pin:3")
	again.serves("CANARY-three")
	f.git(f.hub, "update-ref", f.ref, f.git(f.dir, "rev-parse", f.ref))
	s.said.await(t, `^The newest pin can be had again`)
	s.isAt("ok", "pin:3")
	f.publish("CANARY-four")
	s.after("pin:3")
	again.after("pin:3")
	again.serves("CANARY-four")

	s.end(syscall.SIGTERM)
	f.must(again.cmd.Process.Kill())
	for range again.said.lines {
	}
	f.left(1) // of the one that was killed
	f.must(filepath.WalkDir(f.tmp, func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		if strings.Contains(string(f.read(p)), "CANARY") {
			t.Errorf("%s holds a value", p)
		}
		return nil
	}))
	if info, err := os.Stat(filepath.Join(f.tmp, dirNames(t, f.tmp)[0])); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if info, err := os.Stat(cache); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// tryRemote runs a program with the remote's pin, and shows what it got.
func (f *fed) tryRemote(env []string, args ...string) (code int, out string) {
	f.t.Helper()
	c := f.host.command(f.host.root, append(append([]string{"run", "-e", "production"}, args...), "--", "sh", "-c", `echo "got ${DATABASE_URL#CANARY-}"`)...)
	c.Env = append(c.Env[:len(c.Env):len(c.Env)], env...)
	data, _ := c.CombinedOutput()
	return c.ProcessState.ExitCode(), string(data)
}

func (f *fed) wants(name string, code int, part string, env []string, args ...string) {
	f.t.Helper()
	got, out := f.tryRemote(env, args...)
	if got != code || !strings.Contains(out, part) || code != 0 && strings.Contains(out, "got ") || strings.Contains(out, "tok3n") {
		f.t.Errorf("%s: exit code %d, want %d with %q:\n%s", name, got, code, part, out)
	}
	f.left(0)
}

func TestFeedCache(t *testing.T) {
	t.Parallel()
	f := newFed(t)
	cache := f.host.path("cache")
	with := []string{"--remote", f.hub, "--cache", cache}
	f.wants("none yet", 0, "got two", nil, with...)
	kept := f.read(cache)
	away := f.hub + ".away"
	gone := func() { f.t.Helper(); f.must(os.Rename(f.hub, away)) }
	back := func() { f.t.Helper(); f.must(os.Rename(away, f.hub)) }
	put := func(data []byte) func() {
		return func() { f.t.Helper(); f.must(os.RemoveAll(cache)); f.must(os.WriteFile(cache, data, 0o600)) }
	}
	gone()
	f.wants("remote gone", 0, "got two", nil, with...)
	f.wants("remote gone, too low", 1, "git fetch", nil, append(with, "--min-pin", "3")...)
	back()
	other := newWorld(t)
	dir, _ := other.servedApp()
	other.pinseal(dir, "", "bundle", "production", "-o", other.path("b"))
	f.pinseal(f.dir, "", "publish", "dev", "--first")
	f.pinseal(f.dir, "", "bundle", "dev", "-o", f.path("dev.bundle"))
	bad := append([]byte(nil), kept...)
	bad[len(bad)/2] ^= 1
	for _, c := range []struct {
		name string
		do   func()
		code int
		part string
	}{
		{"tampered", put(bad), 5, "its digest does not match"},
		{"cut", put(kept[:len(kept)/2]), 5, "rm "},
		{"empty", put(nil), 5, "rm "},
		{"of another app", put(other.read(other.path("b"))), 5, "is of app"},
		{"of another environment", put(f.read(f.path("dev.bundle"))), 5, "environment dev"},
		{"a directory", func() { f.must(os.Remove(cache)); f.must(os.Mkdir(cache, 0o700)) }, 1, "not a plain file"},
		{"a pipe", func() { f.must(os.RemoveAll(cache)); f.must(syscall.Mkfifo(cache, 0o600)) }, 1, "not a plain file"},
		{"a link", func() {
			f.must(os.Remove(cache))
			f.must(os.WriteFile(cache+".to", kept, 0o600))
			f.must(os.Symlink(cache+".to", cache))
		}, 0, "got two"},
	} {
		c.do()
		f.wants(c.name, c.code, c.part, nil, with...)
	}
	f.wants("nowhere to write", 0, "cannot be written", nil, "--remote", f.hub, "--cache", f.host.path("no", "such"))
	// Behind the cache.
	f.publish("CANARY-three")
	f.wants("newer", 0, "got three", nil, with...)
	f.git(f.hub, "update-ref", f.ref, f.ref+"~1")
	f.wants("behind", 0, "got three", nil, with...)
	if _, out := f.tryRemote(nil, with...); !strings.Contains(out, "went back from pin 3 to pin 2") {
		t.Error(out)
	}
	// One process keeps what another has that is newer.
	f.must(os.WriteFile(cache, kept, 0o600))
	f.wants("older", 0, "got two", nil, with...)
	// Who has a memory does not begin below it, whatever the cache says.
	f.host.env = append(f.env[:len(f.env):len(f.env)], "TMPDIR="+f.tmp)
	f.must(os.WriteFile(cache, kept, 0o600))
	f.wants("behind the memory", 5, "went back from pin 3 to pin 2", nil, append(with, "--app", f.id)...)
	gone()
	f.wants("a cache behind the memory", 1, "git fetch", nil, append(with, "--app", f.id)...)
}

// What is no remote is refused, and of one that has a user nothing is shown.
func TestFeedOddRemotes(t *testing.T) {
	t.Parallel()
	f := newFed(t)
	ran := f.host.path("ran")
	for _, remote := range []string{"ext::sh -c touch% " + ran, "ext::touch " + ran, "--upload-pack=touch " + ran, "-oProxyCommand=touch " + ran,
		"ssh://-oProxyCommand=touch " + ran + "/x", "", "\n", "https://ada:tok3n@127.0.0.1:1/x.git", "http://tok3n@127.0.0.1:1/x.git",
		"http://127.0.0.1:1/x.git?tok3n", "ada:tok3n@127.0.0.1/x", "https://ada:to/tok3n@127.0.0.1:1/x.git", "http://ada:tok3n", "origin", "../nothing",
	} {
		got, out := f.tryRemote([]string{"GIT_SSH_COMMAND=false"}, "--remote", remote, "--follow", "5s")
		if got == 0 || strings.Contains(out, "got ") || strings.Contains(out, "tok3n") {
			t.Errorf("%q: exit code %d:\n%s", remote, got, out)
		}
		if _, err := os.Lstat(ran); err == nil {
			t.Fatalf("%q was run", remote)
		}
		f.left(0)
	}
	f.wants("a URL", 0, "got two", nil, "--remote", "file://"+f.hub)
	rel, err := filepath.Rel(f.host.root, f.hub)
	f.must(err)
	f.wants("a path", 0, "got two", nil, "--remote", rel)
}

// What stands in the environment for another repository is none of this one's.
func TestFeedEnvironment(t *testing.T) {
	t.Parallel()
	f := newFed(t)
	hooks := f.host.path("hooks")
	f.write(filepath.Join(hooks, "reference-transaction"), []byte("#!/bin/sh\ntouch "+f.host.path("ran")+"\n"))
	f.must(os.Chmod(filepath.Join(hooks, "reference-transaction"), 0o700))
	for _, env := range [][]string{
		{"GIT_DIR=/nowhere", "GIT_WORK_TREE=/nowhere", "GIT_INDEX_FILE=/nowhere"},
		{"GIT_NAMESPACE=other"},
		{"GIT_OBJECT_DIRECTORY=/nowhere", "GIT_ALTERNATE_OBJECT_DIRECTORIES=/nowhere"},
		{"GIT_COMMON_DIR=/nowhere", "GIT_SHALLOW_FILE=/nowhere"},
		{"GIT_CEILING_DIRECTORIES=/", "GIT_DISCOVERY_ACROSS_FILESYSTEM=0"},
		{"GIT_TEMPLATE_DIR=" + hooks, "GIT_DEFAULT_HASH=sha256", "GIT_DEFAULT_REF_FORMAT=reftable"},
		{"GIT_CONFIG_COUNT=3", "GIT_CONFIG_KEY_0=core.hooksPath", "GIT_CONFIG_VALUE_0=" + hooks, "GIT_CONFIG_KEY_1=init.templateDir", "GIT_CONFIG_VALUE_1=" + hooks,
			"GIT_CONFIG_KEY_2=init.defaultRefFormat", "GIT_CONFIG_VALUE_2=reftable"},
		{"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=protocol.version", "GIT_CONFIG_VALUE_0=0"},
		{"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=transfer.fsckObjects", "GIT_CONFIG_VALUE_0=true"},
		{"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=fetch.unpackLimit", "GIT_CONFIG_VALUE_0=1"},
		{"GIT_TRACE=1", "GIT_ALLOC_LIMIT=1"},
	} {
		f.wants(strings.Join(env, " "), 0, "got two", env, "--remote", "file://"+f.hub)
	}
	if _, err := os.Lstat(f.host.path("ran")); err == nil {
		t.Error("a hook was run")
	}
	f.wants("no directory", 1, "no directory to fetch into", []string{"TMPDIR=" + f.host.path("nothing")}, "--remote", f.hub)
	f.wants("no git", 1, "git", []string{"PATH=" + f.gitless()}, "--remote", f.hub)
	f.wants("another app", 5, "service identity", nil, "--remote", f.hub, "--app", strings.Repeat("a", 26))
}

// gitless is a PATH with pinseal and a shell.
func (f *fed) gitless() string {
	f.t.Helper()
	dir := f.host.path("bin")
	f.must(os.MkdirAll(dir, 0o700))
	for _, name := range []string{"sh"} {
		f.must(os.Symlink("/bin/"+name, filepath.Join(dir, name)))
	}
	return dir
}

// A clone follows the remote that it shares its ledger through, and reaches it as its
// own configuration says.
func TestFeedClone(t *testing.T) {
	t.Parallel()
	f := newFed(t)
	url, env := serveHTTP(t, f.hub)
	helper := strings.TrimPrefix(env[2], "GIT_CONFIG_VALUE_0=")
	f.git(f.host.root, "clone", "-q", f.hub, "clone")
	clone := f.host.path("clone")
	f.host.pinseal(clone, "", "fetch")
	f.git(clone, "remote", "set-url", "origin", url)
	f.git(clone, "config", "credential.helper", helper)
	f.git(clone, "worktree", "add", "-q", f.host.path("linked"), "HEAD")
	f.git(f.host.root, "clone", "-q", "--bare", clone, "bare.git")
	bare := f.host.path("bare.git")
	f.git(bare, "fetch", "-q", f.hub, f.ref+":"+f.ref)
	f.git(bare, "remote", "set-url", "origin", "../link.git")
	f.must(os.Symlink(f.hub, f.host.path("link.git")))
	f.git(f.host.root, "clone", "-q", f.hub, "unnamed")
	unnamed := f.host.path("unnamed")
	f.host.pinseal(unnamed, "", "fetch")
	f.git(unnamed, "remote", "remove", "origin")
	f.git(unnamed, "config", "pinseal.remote", "file://"+f.hub)
	var all []*serving
	for _, dir := range []string{clone, f.host.path("linked"), bare, unnamed} {
		c := f.host.command(f.host.root, "-C", dir, "serve", "-e", "production", "--follow", "1s", "--socket", filepath.Join(f.host.socketDir(), "s"))
		s := f.host.serveBy(c)
		s.serves("CANARY-two")
		all = append(all, s)
	}
	f.publish("CANARY-three")
	for _, s := range all {
		s.after("pin:2")
		s.serves("CANARY-three")
		s.isAt("ok", "pin:3")
		s.end(syscall.SIGTERM)
	}
	f.left(0)
	if got := f.git(clone, "rev-parse", f.ref); got == f.git(f.hub, "rev-parse", f.ref) {
		t.Error("the clone's own ledger moved")
	}
	if _, err := os.Stat(filepath.Join(clone, ".git", "shallow")); err == nil {
		t.Error("the clone is shallow")
	}
}
