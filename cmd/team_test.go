package cmd_test

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pinseal/seal"
	"pinseal/versions"
)

// team is people who share app shop through a remote, each on a machine of
// their own: a home directory and a clone.
type team struct {
	*testing.T
	hub string
	id  string
	ada *person // made the app: admin, reads and publishes both environments
}

// person is one of a team. What it runs is the real command.
type person struct {
	*world
	team *team
	name string
	dir  string // of the clone
}

// Values of a team's secrets, by environment.
const (
	devValue  = "CANARYdev"
	prodValue = "CANARYproduction"
)

// newTeam makes the app with secret KEY in dev and production, committed, pushed
// and pinned once each. What a team does takes long, one command after another.
func newTeam(t *testing.T) *team {
	t.Helper()
	slow(t)
	w := newWorld(t)
	tm := &team{T: t, hub: w.path("hub")}
	w.git(w.root, "init", "-q", "--bare", tm.hub)
	tm.ada = &person{world: w, team: tm, name: "ada"}
	tm.ada.dir, tm.id = w.newApp("ada")
	tm.ada.git(tm.ada.dir, "remote", "add", "origin", tm.hub)
	tm.ada.sets(devValue, "KEY", "-e", "dev")
	tm.ada.sets(prodValue, "KEY", "-e", "production")
	tm.ada.shares("the app")
	tm.ada.ok("publish", "dev", "--first")
	tm.ada.ok("publish", "production", "--first")
	return tm
}

// machine makes a machine with a clone, whose user has an identity, trusts the
// app, and is no member of it.
func (tm *team) machine(name string) *person {
	tm.Helper()
	p := &person{world: newWorld(tm.T), team: tm, name: name}
	p.dir = p.path(name)
	p.git(p.root, "clone", "-q", tm.hub, p.dir)
	p.ok("identity", "new")
	p.ok("trust", "--app", tm.id)
	return p
}

// joins makes a machine whose user asks to be added, is added by ada, and pulls.
func (tm *team) joins(name, can string) *person {
	tm.Helper()
	p := tm.machine(name)
	tm.ada.runs(p.ok("member", "request", name, "--can", can).stdout)
	tm.ada.shares("add " + name)
	p.pulls()
	return p
}

// service makes a machine that has the identity of a new service and nothing
// else: no home that remembers, no trust.
func (tm *team) service(name, can string) *person {
	tm.Helper()
	line := tm.ada.ok("member", "add", name, "--service", "--can", can).stdout
	tm.ada.shares("add " + name)
	p := &person{world: newWorld(tm.T), team: tm, name: name}
	p.env = append(p.env, "PINSEAL_IDENTITY="+strings.TrimSpace(line))
	p.dir = p.path(name)
	p.git(p.root, "clone", "-q", tm.hub, p.dir)
	return p
}

// runs runs a line that a command printed for somebody to paste.
func (p *person) runs(line string) {
	p.Helper()
	words := strings.Fields(line)
	if len(words) == 0 || words[0] != "pinseal" || strings.ContainsAny(line, `'"\`) {
		p.Fatalf("not a plain line to paste: %q", line)
	}
	p.ok(words[1:]...)
}

// run runs a command line in this process, but for exec, which would replace it
// and with it the test.
func (p *person) run(dir, stdin string, args ...string) result {
	if !slices.Contains(args, "exec") {
		return p.world.run(dir, stdin, args...)
	}
	var stdout, stderr bytes.Buffer
	c := p.command(dir, args...)
	c.Stdin, c.Stdout, c.Stderr = strings.NewReader(stdin), &stdout, &stderr
	if err := c.Run(); err != nil && c.ProcessState == nil {
		p.Fatal(err)
	}
	return result{c.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// ok runs a command that must succeed, and show neither a value nor a key to
// people.
func (p *person) ok(args ...string) result {
	p.Helper()
	r := p.run(p.dir, "", args...)
	line := p.name + ": pinseal " + strings.Join(args, " ")
	if r.code != 0 {
		p.Fatalf("%s: exit code %d\n%s", line, r.code, r.stderr)
	}
	if strings.Contains(r.stderr, "CANARY") || strings.Contains(r.stderr, "SECRET-KEY") {
		p.Errorf("%s: a secret on stderr: %q", line, r.stderr)
	}
	return r
}

// sets seals a value.
func (p *person) sets(value string, args ...string) {
	p.Helper()
	p.pinseal(p.dir, value, append([]string{"set"}, args...)...)
}

// opens runs a command that must print a value and nothing else.
func (p *person) opens(value string, args ...string) {
	p.Helper()
	if r := p.run(p.dir, "", args...); r.code != 0 || r.stdout != value {
		p.Errorf("%s: pinseal %s: exit code %d, stdout %q, want %q\n%s", p.name, strings.Join(args, " "), r.code, r.stdout, value, r.stderr)
	}
}

// refused runs a command that must end with code, print nothing on stdout, show
// no value, and leave work tree and refs as they were. It returns its stderr.
func (p *person) refused(code int, args ...string) string {
	p.Helper()
	before := p.state()
	r := p.run(p.dir, "", args...)
	line := p.name + ": pinseal " + strings.Join(args, " ")
	switch {
	case r.code != code:
		p.Errorf("%s: exit code %d, want %d\n%s%s", line, r.code, code, r.stdout, r.stderr)
	case r.stdout != "":
		p.Errorf("%s: stdout %q", line, r.stdout)
	case !strings.HasPrefix(r.stderr, "error: ") && !strings.Contains(r.stderr, "\nerror: "):
		p.Errorf("%s: no error on stderr: %q", line, r.stderr)
	case strings.Contains(r.stderr, "CANARY"):
		p.Errorf("%s: a value on stderr: %q", line, r.stderr)
	}
	if !maps.Equal(before, p.state()) {
		p.Errorf("%s: was refused, and changed the work tree or a ref", line)
	}
	return r.stderr
}

// in is the person in a subtest.
func (p *person) in(t *testing.T) *person {
	return &person{world: &world{t, p.root, p.env}, team: p.team, name: p.name, dir: p.dir}
}

// state is every file below the clone's .pinseal, the index, and the branches and
// ledgers, by path. What a fetch brings is no part of it.
func (p *person) state() map[string]string {
	p.Helper()
	state := map[string]string{}
	for _, part := range []string{".pinseal", ".git/index", ".git/packed-refs", ".git/refs/heads", ".git/refs/pinseal"} {
		err := filepath.WalkDir(filepath.Join(p.dir, filepath.FromSlash(part)), func(name string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				state[name] = string(p.read(name))
			}
			return err
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			p.Fatal(err)
		}
	}
	return state
}

// says fails for each part that text lacks.
func (p *person) says(text string, parts ...string) {
	p.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			p.Errorf("%s: no %q in\n%s", p.name, part, text)
		}
	}
}

// shares commits all and pushes it.
func (p *person) shares(message string) {
	p.Helper()
	p.commit(p.dir, message)
	p.git(p.dir, "push", "-q", "origin", "main")
}

func (p *person) pulls() {
	p.Helper()
	p.git(p.dir, "pull", "-q", "--ff-only", "origin", "main")
}

// file is a path below the app's directory.
func (p *person) file(parts ...string) string {
	return filepath.Join(append([]string{p.dir, ".pinseal", "shop"}, parts...)...)
}

// wrap is the path of a wrap.
func (p *person) wrap(slot seal.Slot, generation int, member string) string {
	return p.file(filepath.FromSlash(versions.WrapPath(slot, generation, member)))
}

// copies puts a copy of a file in another's place.
func (p *person) copies(from, to string) {
	p.Helper()
	p.write(to, p.read(from))
}

// forgets makes a machine one that has never seen the app, or any other.
func (p *person) forgets() {
	p.Helper()
	if err := os.RemoveAll(p.path("home", ".local", "state")); err != nil {
		p.Fatal(err)
	}
}
