package versions

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pinseal/repo"
	"pinseal/seal"
)

// past is a repository whose history a test makes step by step.
type pastRepo struct {
	*testApp
	clock int
	in    string // the app's directory
}

func newPast(t *testing.T) *pastRepo {
	p := &pastRepo{testApp: newApp(t), in: appDir}
	p.done("note")
	return p
}

// git runs git a minute after what it ran before.
func (p *pastRepo) git(args ...string) {
	p.t.Helper()
	p.clock += 60
	c := exec.Command("git", args...)
	c.Dir, c.Env = p.dir, append(testEnv(p.dir), fmt.Sprintf("GIT_COMMITTER_DATE=%d +0000", 1_700_000_000+p.clock))
	if out, err := c.CombinedOutput(); err != nil {
		p.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

// done commits all there is.
func (p *pastRepo) done(subject string) repo.Hash {
	p.t.Helper()
	p.git("add", "-A")
	p.git("commit", "-q", "--allow-empty", "-m", subject)
	return repo.Hash(tgit(p.t, p.dir, "rev-parse", "HEAD"))
}

func (p *pastRepo) file(name string) string { return filepath.Join(p.dir, p.in, prod, name+".yaml") }

// seal writes a value of so many units beyond one; about tells secrets apart.
func (p *pastRepo) seal(name, about string, generation, size int) {
	p.t.Helper()
	p.clock++ // another value each time
	f := SecretFile{Kind: KindSecret, About: about, Value: sealedFake(generation, 1+size, byte(p.clock))}
	data, err := f.print()
	p.must(err)
	p.must(os.MkdirAll(filepath.Dir(p.file(name)), 0o777))
	p.must(os.WriteFile(p.file(name), data, 0o666))
}

func (p *pastRepo) add(names ...string) {
	p.t.Helper()
	for _, name := range names {
		p.seal(name, "of "+name, 1, 0)
	}
}

// mv renames a secret as pinseal does: it is sealed anew.
func (p *pastRepo) mv(old, name string) {
	p.t.Helper()
	data, err := os.ReadFile(p.file(old))
	p.must(err)
	f, err := ParseSecretFile(data)
	p.must(err)
	p.must(os.Remove(p.file(old)))
	generation, err := seal.ParseSealed(f.Value)
	p.must(err)
	p.seal(name, f.About, generation, (sealedSize(f.Value)-sealedSize(sealedFake(1, 1, 0))+85)/170)
}

func (p *pastRepo) rm(name string) { p.must(os.Remove(p.file(name))) }

// renameApp moves the app's directory, as git mv does.
func (p *pastRepo) renameApp(dir string) {
	p.must(os.Rename(filepath.Join(p.dir, p.in), filepath.Join(p.dir, dir)))
	p.in = dir
}

func (p *pastRepo) log() *SecretLog {
	return &SecretLog{Repo: p.r, App: p.id, Dir: p.in, Environment: prod}
}

// told is "SUBJECT: ACTION NAME…" for each entry of the history of HEAD.
func (p *pastRepo) told(name string) []string {
	p.t.Helper()
	return p.toldBy(p.log(), name)
}

func (p *pastRepo) toldBy(l *SecretLog, name string) (lines []string) {
	p.t.Helper()
	ctx := context.Background()
	for e, err := range l.Walk(ctx, repo.Hash(tgit(p.t, p.dir, "rev-parse", "HEAD")), name) {
		p.must(err)
		p.must(l.Explain(ctx, &e))
		line := e.Subject + ":"
		if e.OldDir != "" {
			line += " from " + filepath.Base(e.OldDir)
		}
		if e.Cut {
			line += " cut"
		}
		for _, c := range e.Changes {
			line += fmt.Sprintf(" %s %s", c.Action, c.Name)
			if len(c.Fields) > 0 {
				line += fmt.Sprint(c.Fields)
			}
			switch {
			case c.From != "":
				line += "<" + c.From
			case c.To != "":
				line += ">" + c.To
			case c.Maybe != nil:
				line += "?" + strings.Join(c.Maybe, ",")
			}
		}
		lines = append(lines, line)
	}
	return lines
}

func (p *pastRepo) want(name string, want ...string) {
	p.t.Helper()
	if got := p.told(name); !slices.Equal(got, want) {
		p.t.Errorf("log %s: got\n  %s\nwant\n  %s", name, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func TestLogActions(t *testing.T) {
	p := newPast(t)
	p.add("A", "B")
	p.done("add")
	p.add("A")
	p.done("change")
	p.seal("A", "of A", 2, 0)
	p.done("reseal")
	data, err := os.ReadFile(p.file("A"))
	p.must(err)
	p.must(os.WriteFile(p.file("A"), []byte(strings.Replace(string(data), "of A", "other", 1)), 0o666))
	p.done("edit")
	p.rm("A")
	p.done("remove")
	p.want("A", "remove: removed A", "edit: edited A[about]", "reseal: resealed A", "change: changed A", "add: added A")
	p.want("", "remove: removed A", "edit: edited A[about]", "reseal: resealed A", "change: changed A", "add: added A added B")
	p.want("B", "add: added B")
	p.want("C")
}

func TestLogMoves(t *testing.T) {
	for _, test := range []struct {
		name string
		do   func(p *pastRepo)
		of   string
		want []string
	}{
		{"a new name", func(p *pastRepo) {
			p.mv("A", "B")
			p.done("mv")
			p.seal("B", "of A", 1, 0)
			p.done("set B")
		}, "B", []string{"set B: changed B", "mv: moved B<A", "set A: changed A", "add: added A"}},
		{"the old name", func(p *pastRepo) {
			p.mv("A", "B")
			p.done("mv")
		}, "A", []string{"mv: moved A>B", "set A: changed A", "add: added A"}},
		{"the set", func(p *pastRepo) {
			p.mv("A", "B")
			p.rm("Z")
			p.done("mv")
		}, "", []string{"mv: moved B<A removed Z", "set A: changed A", "add: added A added Z"}},
		{"a chain", func(p *pastRepo) {
			for i := range 5 {
				p.mv(fmt.Sprintf("A%d", i)[:min(2, 1+i)], fmt.Sprintf("A%d", i+1))
				p.done(fmt.Sprint(i))
			}
		}, "A5", []string{"4: moved A5<A4", "3: moved A4<A3", "2: moved A3<A2", "1: moved A2<A1", "0: moved A1<A", "set A: changed A", "add: added A"}},
		{"there and back", func(p *pastRepo) {
			p.mv("A", "B")
			p.done("there")
			p.mv("B", "A")
			p.done("back")
		}, "A", []string{"back: moved A<B", "there: moved B<A", "set A: changed A", "add: added A"}},
		{"a name used again", func(p *pastRepo) {
			p.mv("A", "B")
			p.done("mv")
			p.seal("A", "another", 1, 0)
			p.done("again")
		}, "A", []string{"again: added A", "mv: moved A>B", "set A: changed A", "add: added A"}},
		{"its other secret", func(p *pastRepo) {
			p.mv("A", "B")
			p.done("mv")
			p.seal("A", "another", 1, 0)
			p.done("again")
		}, "B", []string{"mv: moved B<A", "set A: changed A", "add: added A"}},
		{"onto a name that was", func(p *pastRepo) {
			p.rm("Z")
			p.done("rm Z")
			p.mv("A", "Z")
			p.done("mv")
		}, "Z", []string{"mv: moved Z<A", "set A: changed A", "add: added A"}},
		{"a swap in one commit", func(p *pastRepo) {
			p.mv("A", "T")
			p.mv("Z", "A")
			p.mv("T", "Z")
			p.done("swap")
		}, "A", []string{"swap: changed A[about]", "set A: changed A", "add: added A"}},
		{"a copy", func(p *pastRepo) {
			p.seal("B", "of A", 1, 0)
			p.done("copy")
			p.rm("A")
			p.done("rm")
		}, "B", []string{"copy: added B"}},
		{"several that fit", func(p *pastRepo) {
			p.seal("C", "of A", 1, 0)
			p.done("another")
			p.mv("A", "B")
			p.mv("C", "D")
			p.done("mv")
		}, "B", []string{"mv: added B?A,C"}},
		{"moved by hand and left as it was", func(p *pastRepo) {
			p.git("mv", p.file("A"), p.file("B"))
			p.done("git mv")
		}, "B", []string{"git mv: moved B<A", "set A: changed A", "add: added A"}},
		{"changed as it was moved", func(p *pastRepo) {
			p.rm("A")
			p.seal("B", "of A", 1, 5)
			p.done("mv and set")
		}, "B", []string{"mv and set: added B"}},
		{"into another environment", func(p *pastRepo) {
			p.must(os.MkdirAll(filepath.Join(p.dir, p.in, "dev"), 0o777))
			p.must(os.Rename(p.file("A"), filepath.Join(p.dir, p.in, "dev", "B.yaml")))
			p.done("other")
		}, "A", []string{"other: removed A", "set A: changed A", "add: added A"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newPast(t)
			p.add("A", "Z")
			p.done("add")
			p.add("A")
			p.done("set A")
			test.do(p)
			p.want(test.of, test.want...)
		})
	}
}

func TestLogDirectories(t *testing.T) {
	p := newPast(t)
	p.add("A", "B")
	p.done("add")
	p.add("A")
	p.done("set A")
	p.renameApp(".pinseal/store")
	p.done("git mv")
	p.add("B")
	p.done("set B")
	p.want("A", "git mv: from shop moved A", "set A: changed A", "add: added A")
	p.want("", "set B: changed B", "git mv: from shop", "set A: changed A", "add: added A added B")

	// Again, with a change and a rename in the same commit, and back to the first name.
	p.renameApp(".pinseal/third")
	p.add("B")
	p.mv("A", "C")
	p.done("more")
	p.renameApp(".pinseal/shop")
	p.done("back")
	p.want("", "back: from third", "more: from store changed B moved C<A", "set B: changed B", "git mv: from shop", "set A: changed A", "add: added A added B")
	p.want("C", "back: from third moved C", "more: from store moved C<A", "git mv: from shop moved A", "set A: changed A", "add: added A")
	p.want("B", "back: from third moved B", "more: from store changed B", "set B: changed B", "git mv: from shop moved B", "add: added B")

	// From a commit where it was called something else.
	tgit(t, p.dir, "checkout", "-q", "HEAD~2")
	p.want("B", "set B: changed B", "git mv: from shop moved B", "add: added B")
	for rev, want := range map[string]string{"HEAD": ".pinseal/store", "HEAD~2": ".pinseal/shop", "main": ".pinseal/shop", "main~1": ".pinseal/third"} {
		got, err := p.log().FindDir(context.Background(), repo.Hash(tgit(t, p.dir, "rev-parse", rev)))
		if err != nil || got != want {
			t.Errorf("%s: %q, %v", rev, got, err)
		}
	}
}

// Another app's directory is no earlier one of this app, whatever is in it.
func TestLogOtherApp(t *testing.T) {
	p := newPast(t)
	p.add("A")
	p.done("add")
	p.renameApp(".pinseal/store")
	other := newApp(t)
	p.must(os.WriteFile(filepath.Join(p.dir, p.in, NoteName), other.note.Signed(), 0o666))
	p.done("taken")
	l := p.log()
	l.App = other.id
	if got := p.toldBy(l, "A"); !slices.Equal(got, []string{"taken: added A"}) {
		t.Errorf("%q", got)
	}
}

func TestLogMerges(t *testing.T) {
	t.Run("moved on a branch", func(t *testing.T) {
		p := newPast(t)
		p.add("A", "Z")
		p.done("add")
		p.git("checkout", "-q", "-b", "side")
		p.mv("A", "B")
		p.done("mv")
		p.git("checkout", "-q", "main")
		p.add("Z")
		p.done("set Z")
		p.git("merge", "-q", "-m", "merge", "side")
		p.want("B", "mv: moved B<A", "add: added A")
		p.want("", "merge:", "set Z: changed Z", "mv: moved B<A", "add: added A added Z")
	})
	t.Run("moved on one, changed on the other", func(t *testing.T) {
		p := newPast(t)
		p.add("A")
		p.done("add")
		p.git("checkout", "-q", "-b", "side")
		p.mv("A", "B")
		p.done("mv")
		p.git("checkout", "-q", "main")
		p.seal("A", "of A", 1, 3)
		p.done("set A")
		p.must(exec.Command("git", "-C", p.dir, "-c", "user.name=x", "-c", "user.email=x", "merge", "-q", "--no-commit", "-s", "ours", "side").Run())
		p.rm("A")
		p.seal("B", "of A", 1, 3)
		p.done("merge")
		p.want("B", "merge: changed B", "set A: changed A", "mv: moved B<A", "add: added A")
	})
	t.Run("moved in the merge", func(t *testing.T) {
		p := newPast(t)
		p.add("A", "Z")
		p.done("add")
		p.git("checkout", "-q", "-b", "side")
		p.add("Z")
		p.done("set Z")
		p.git("checkout", "-q", "main")
		p.add("A")
		p.done("set A")
		p.git("merge", "-q", "--no-commit", "side")
		p.mv("A", "B")
		p.done("merge")
		p.want("B", "merge: moved B<A", "set A: changed A", "add: added A")
		p.want("A", "merge: moved A>B", "set A: changed A", "add: added A")
		p.want("", "merge: moved B<A", "set A: changed A", "set Z: changed Z", "add: added A added Z")
	})
	t.Run("removed on a side, and something like it added in the merge", func(t *testing.T) {
		p := newPast(t)
		p.add("A")
		p.done("add")
		p.git("checkout", "-q", "-b", "side")
		p.rm("A")
		p.done("rm A")
		p.git("checkout", "-q", "main")
		p.done("empty")
		p.git("merge", "-q", "--no-commit", "side")
		p.seal("B", "of A", 1, 0)
		p.done("merge")
		p.want("B", "merge: added B")
	})
	t.Run("moved to one name on both sides", func(t *testing.T) {
		p := newPast(t)
		p.add("A")
		p.seal("C", "of C", 1, 2)
		p.done("add")
		p.git("checkout", "-q", "-b", "side")
		p.rm("A")
		p.mv("C", "B")
		p.done("mv C")
		p.git("checkout", "-q", "main")
		p.mv("A", "B")
		p.rm("C")
		p.done("mv A")
		p.must(exec.Command("git", "-C", p.dir, "-c", "user.name=x", "-c", "user.email=x", "merge", "-q", "--no-commit", "-s", "ours", "side").Run())
		p.seal("B", "both", 1, 0)
		p.done("merge")
		p.want("B", "merge: changed B[about]", "mv A: moved B<A", "mv C: moved B<C", "add: added A", "add: added C")
	})
	t.Run("a branch from before the directory was renamed", func(t *testing.T) {
		p := newPast(t)
		p.add("A", "Z")
		p.done("add")
		p.git("checkout", "-q", "-b", "side")
		p.add("A")
		p.done("set A")
		p.git("checkout", "-q", "main")
		p.renameApp(".pinseal/store")
		p.done("git mv")
		p.git("merge", "-q", "-m", "merge", "side") // git finds the directory's new name
		p.want("A", "merge: changed A", "git mv: from shop moved A", "set A: changed A", "add: added A")
		p.want("", "merge: changed A", "git mv: from shop", "set A: changed A", "add: added A added Z")
	})
}

func TestLogShallow(t *testing.T) {
	p := newPast(t)
	p.add("A", "Z")
	p.done("add")
	p.mv("A", "B")
	p.done("mv")
	p.add("Z")
	p.done("set Z")
	for depth, want := range map[string][]string{
		"1": {"set Z: cut present B"},
		"2": {"mv: cut present B"},
		"3": {"mv: moved B<A", "add: cut present A"},
		"9": {"mv: moved B<A", "add: added A"},
	} {
		clone := *p
		clone.testApp = &testApp{t: t, dir: t.TempDir(), id: p.id}
		tgit(t, clone.dir, "clone", "-q", "--depth", depth, "file://"+p.dir, ".")
		clone.r = openRepo(t, clone.dir)
		clone.want("B", want...)
	}
}

// Renames on both sides of every merge are no reason to walk anything twice.
func TestLogLadder(t *testing.T) {
	p := newPast(t)
	p.add("N0")
	p.done("add")
	const rungs = 7
	for i := range rungs {
		old, name := fmt.Sprintf("N%d", i), fmt.Sprintf("N%d", i+1)
		p.git("checkout", "-q", "-b", "side"+name)
		p.mv(old, name)
		p.done("side " + name)
		p.git("checkout", "-q", "main")
		p.mv(old, name)
		p.done("main " + name)
		p.git("merge", "-q", "--no-commit", "-s", "ours", "side"+name)
		p.seal(name, "of N0", 1, 0)
		p.done("merge " + name)
	}
	before := p.r.Spawns()
	got := p.told(fmt.Sprintf("N%d", rungs))
	if spawned := p.r.Spawns() - before; spawned > 2*rungs+1 {
		t.Errorf("%d processes", spawned)
	}
	if len(got) != 3*rungs+1 || got[len(got)-1] != "add: added N0" {
		t.Errorf("%d entries: %q", len(got), got)
	}
}

// What is no plain file has not come from anywhere.
func TestLogOddFile(t *testing.T) {
	p := newPast(t)
	p.add("A")
	p.done("add")
	p.mv("A", "B")
	p.must(os.Chmod(p.file("B"), 0o755))
	p.git("add", "-A")
	p.git("update-index", "--chmod=+x", filepath.Join(p.in, prod, "B.yaml"))
	p.git("commit", "-q", "-m", "odd")
	p.want("B", "odd: added B")
}

// A history without end in sight is left when the caller has enough, by one
// process for a line and none for what is read.
func TestLogProcesses(t *testing.T) {
	p := newPast(t)
	p.add("A")
	p.done("add")
	for i := range 20 {
		p.seal("A", "of A", 1, i)
		p.done("set")
	}
	p.seal("A", "of A", 1, 0)
	p.done("last")
	p.mv("A", "B")
	tip := p.done("mv")
	before := p.r.Spawns()
	n := 0
	for _, err := range p.log().Walk(context.Background(), tip, "B") {
		p.must(err)
		if n++; n == 5 {
			break
		}
	}
	if spawned := p.r.Spawns() - before; n != 5 || spawned != 2 {
		t.Errorf("%d entries by %d processes", n, spawned)
	}
	n = 0
	for _, err := range p.log().Walk(context.Background(), "nope", "B") {
		if n++; err == nil {
			t.Error("an entry of no commit")
		}
	}
	if n != 1 {
		t.Errorf("%d items of no commit", n)
	}
}

// touched is "SUBJECT: FILES" of what Touching lists between two revisions.
func (p *pastRepo) touched(known, tip string) (lines []string) {
	p.t.Helper()
	var not []repo.Hash
	if known != "" {
		not = append(not, repo.Hash(tgit(p.t, p.dir, "rev-parse", known)))
	}
	touches, err := p.log().Touching(context.Background(), not, repo.Hash(tgit(p.t, p.dir, "rev-parse", tip)))
	p.must(err)
	for _, touch := range touches {
		lines = append(lines, strings.TrimSpace(tgit(p.t, p.dir, "log", "-1", "--format=%s", string(touch.Commit))+": "+strings.Join(touch.Files, " ")))
	}
	return lines
}

func TestTouching(t *testing.T) {
	p := newPast(t)
	p.add("A", "B")
	p.done("add")
	p.must(os.WriteFile(filepath.Join(p.dir, "README"), []byte("x"), 0o666))
	p.done("elsewhere")
	p.must(os.MkdirAll(filepath.Join(p.dir, ".pinseal", "other", "dev"), 0o777))
	p.must(os.WriteFile(filepath.Join(p.dir, ".pinseal", "other", "dev", "A.yaml"), []byte("x"), 0o666))
	p.done("another app")
	check := func(known, tip string, want ...string) {
		t.Helper()
		if got := p.touched(known, tip); !slices.Equal(got, want) {
			t.Errorf("%s..%s: got\n  %s\nwant\n  %s", known, tip, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
		}
	}
	check("HEAD~2", "HEAD")
	check("HEAD~3", "HEAD", "add: production/A.yaml production/B.yaml")
	if got := p.touched("", "HEAD"); len(got) != 2 || !strings.Contains(got[1], "app.note") {
		t.Errorf("all: %q", got)
	}

	// Neither a branch that came to nothing nor a merge that takes a side hides.
	tgit(t, p.dir, "tag", "base")
	p.git("checkout", "-q", "-b", "side")
	p.add("A")
	p.done("side")
	p.git("checkout", "-q", "main")
	p.git("merge", "-q", "-s", "ours", "-m", "dropped", "side")
	check("base", "HEAD", "dropped:", "side: production/A.yaml")
	check("side", "HEAD", "dropped:")
	p.git("reset", "-q", "--hard", "base")
	p.git("merge", "-q", "--no-ff", "-m", "taken", "side")
	check("base", "HEAD", "taken:", "side: production/A.yaml")

	// What was done under the directory's old name, on both sides.
	p.git("reset", "-q", "--hard", "base")
	p.add("B")
	p.done("before")
	p.renameApp(".pinseal/store")
	p.done("renamed")
	p.git("merge", "-q", "-m", "merged", "side")
	got := p.touched("base", "HEAD")
	for i := range got {
		got[i], _, _ = strings.Cut(got[i], ":")
	}
	slices.Sort(got)
	if want := []string{"before", "merged", "renamed", "side"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
