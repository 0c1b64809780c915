package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pinseal/cmd/serve"
	"pinseal/repo"
	"pinseal/seal"
	"pinseal/versions"
)

// panel is a shop whose dev is served with --write.
type panel struct {
	*shop
	serve.Writer
	talk bytes.Buffer
}

// newPanel commits what the shop has and opens its work tree.
func newPanel(t *testing.T, prepare ...func(*shop)) *panel {
	t.Helper()
	p := &panel{shop: newShop(t)}
	p.commit()
	for _, f := range prepare {
		f(p.shop)
	}
	p.open()
	return p
}

func (p *panel) open() {
	p.t.Helper()
	store, closer, err := p.tryOpen(reading{env: "dev"})
	p.check(err)
	p.t.Cleanup(func() { closer.Close() })
	p.Writer = store
}

func (p *panel) tryOpen(o reading) (serve.Writer, io.Closer, error) {
	env := &Env{Environ: p.environ, Dir: p.dir, Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: &p.talk, Now: time.Now}
	return (&cli{Env: env}).workTreeStore(context.Background(), o, true)
}

// out is git's trimmed stdout in the shop's work tree.
func (s *shop) out(args ...string) string {
	s.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Env = s.dir, s.environ
	out, err := cmd.Output()
	if err != nil {
		s.t.Fatalf("git %v: %v", args, err)
	}
	return strings.TrimRight(string(out), "\n")
}

// last wants HEAD to be a commit of this message and these files.
func (s *shop) last(message string, files ...string) {
	s.t.Helper()
	want := "Ada: " + message + "\n"
	for _, f := range files {
		want += "\n" + f
	}
	got := s.out("show", "--no-renames", "--name-status", "--relative="+storeDir+"/shop", "--format=%an: %B", "HEAD")
	if got = strings.ReplaceAll(strings.ReplaceAll(got, "\n\n\n", "\n\n"), "\t", " "); got != want {
		s.t.Errorf("HEAD is %q, want %q", got, want)
	}
	if all := s.out("show", "--no-renames", "--name-only", "--format=", "HEAD"); strings.Count(all, "\n")+1 != len(files) {
		s.t.Errorf("the commit holds\n%s", all)
	}
}

// stageOthers has a file staged, changed and new that no change may touch.
func (s *shop) stageOthers() {
	s.t.Helper()
	write := func(name, text string) { s.check(os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o644)) }
	write("tracked", "1")
	s.git("add", "tracked")
	s.git("commit", "-q", "-m", "tracked")
	write("tracked", "2")
	write("staged", "1")
	s.git("add", "tracked", "staged")
	write("tracked", "3")
	write("new", "1")
}

const stagedStatus = "MM tracked\nA  staged\n?? new"

func (s *shop) wantStatus(want string) {
	s.t.Helper()
	if got := s.out("status", "--porcelain", "--untracked-files=all"); !sameLines(got, want) {
		s.t.Errorf("git status says\n%s\nwant\n%s", got, want)
	}
}

func sameLines(a, b string) bool {
	count := map[string]int{}
	for line := range strings.SplitSeq(a, "\n") {
		count[line]++
	}
	for line := range strings.SplitSeq(b, "\n") {
		count[line]--
	}
	for line, n := range count {
		if line != "" && n != 0 {
			return false
		}
	}
	return true
}

func text(s string) *string { return &s }

func valueOf(s string) *seal.Secret {
	v := seal.NewSecret([]byte(s))
	return &v
}

// wantValue reads a secret by name or id.
func (p *panel) wantValue(ref, want string) versions.Info {
	p.t.Helper()
	info, value, err := p.Get(context.Background(), ref)
	if err != nil || string(value.Reveal()) != want {
		p.t.Errorf("%s is %q, %v, want %q", ref, value.Reveal(), err, want)
	}
	return info
}

func TestWorkTreeStore(t *testing.T) {
	p, ctx, yes := newPanel(t, (*shop).stageOthers), context.Background(), true
	p.wantStatus(stagedStatus)
	steps := []struct {
		do      func() (versions.Info, error)
		message string
		files   []string
		name    string
		value   string
	}{
		{func() (versions.Info, error) {
			return p.Create(ctx, serve.Change{Name: text("DATABASE_URL"), Description: text("Primary Postgres"), Expires: text("2030-01-31"), Value: valueOf("CANARYone")})
		}, "secrets: add DATABASE_URL to dev", []string{"A dev/DATABASE_URL.yaml"}, "DATABASE_URL", "CANARYone"},
		{func() (versions.Info, error) {
			return p.Update(ctx, "DATABASE_URL", "", serve.Change{Value: valueOf("CANARYtwo")})
		}, "secrets: set DATABASE_URL in dev", []string{"M dev/DATABASE_URL.yaml"}, "DATABASE_URL", "CANARYtwo"},
		{func() (versions.Info, error) {
			return p.Update(ctx, "DATABASE_URL", "", serve.Change{Description: text(""), Optional: &yes})
		}, "secrets: describe DATABASE_URL in dev", []string{"M dev/DATABASE_URL.yaml"}, "DATABASE_URL", "CANARYtwo"},
		{func() (versions.Info, error) {
			return p.Update(ctx, versions.SecretID(p.note.ID, "dev", "DATABASE_URL"), "", serve.Change{Name: text("DB_URL")})
		}, "secrets: rename DATABASE_URL to DB_URL in dev", []string{"D dev/DATABASE_URL.yaml", "A dev/DB_URL.yaml"}, "DB_URL", "CANARYtwo"},
		{func() (versions.Info, error) {
			return p.Update(ctx, "DB_URL", "", serve.Change{Name: text("URL"), Value: valueOf("CANARYthree"), Expires: text("")})
		}, "secrets: rename DB_URL to URL in dev", []string{"D dev/DB_URL.yaml", "A dev/URL.yaml"}, "URL", "CANARYthree"},
	}
	for _, step := range steps {
		info, err := step.do()
		if err != nil {
			t.Fatal(err)
		}
		p.last(step.message, step.files...)
		p.wantStatus(stagedStatus)
		if info.ID != versions.SecretID(p.note.ID, "dev", step.name) || info.Created.IsZero() || info.Updated.IsZero() {
			t.Errorf("got %+v", info)
		}
		if got := p.wantValue(step.name, step.value); !reflect.DeepEqual(got, info) {
			t.Errorf("read %+v, the change said %+v", got, info)
		}
	}
	if info := p.wantValue("URL", "CANARYthree"); info.Description != "" || !info.Optional || info.Expires != "" {
		t.Errorf("got %+v", info)
	}
	info, err := p.Update(ctx, "URL", "", serve.Change{Generate: "hex:32"})
	p.check(err)
	p.last("secrets: generate URL in dev", "M dev/URL.yaml")
	_, value, err := p.Get(ctx, info.ID)
	if err != nil || value.Len() != 64 {
		t.Errorf("%d bytes, %v", value.Len(), err)
	}
	// Nothing to change is no commit.
	before := p.out("rev-parse", "HEAD")
	again, err := p.Update(ctx, "URL", info.Version, serve.Change{Description: text("")})
	if err != nil || !reflect.DeepEqual(again, info) || p.out("rev-parse", "HEAD") != before {
		t.Errorf("got %+v, %v, want %+v", again, err, info)
	}
	p.check(p.Delete(ctx, "URL", info.Version))
	p.last("secrets: remove URL from dev", "D dev/URL.yaml")
	p.wantStatus(stagedStatus)
	if list, err := p.List(ctx); err != nil || len(list) != 0 {
		t.Errorf("left: %v, %v", list, err)
	}
	if out, _ := p.shop.run(0, "", "verify"); strings.Contains(out, "fault") {
		t.Error(out)
	}
}

func TestWorkTreeStoreRefuses(t *testing.T) {
	p, ctx := newPanel(t, func(s *shop) {
		s.uneven()
	}), context.Background()
	long, yes := strings.Repeat("x", seal.MaxValue+1), true
	var invalid *serve.InvalidError
	for name, test := range map[string]struct {
		change serve.Change
		ref    string // "" creates
		match  string
		want   error // nil is *serve.InvalidError
	}{
		"no name":             {},
		"bad name":            {change: serve.Change{Name: text("CANARY=x")}},
		"device":              {change: serve.Change{Name: text("nul.x")}},
		"taken":               {change: serve.Change{Name: text("A")}, want: serve.ErrTaken},
		"twin":                {change: serve.Change{Name: text("a")}, want: serve.ErrTaken},
		"bad description":     {change: serve.Change{Name: text("N"), Description: text("a\x1b")}},
		"bad date":            {change: serve.Change{Name: text("N"), Expires: text("2027-02-30")}},
		"empty value":         {change: serve.Change{Name: text("N"), Value: valueOf("")}},
		"large value":         {change: serve.Change{Name: text("N"), Value: valueOf(long)}, want: seal.ErrTooLarge},
		"weak recipe":         {change: serve.Change{Name: text("N"), Generate: "hex:8"}, want: seal.ErrRecipe},
		"value and recipe":    {change: serve.Change{Name: text("N"), Generate: "hex:16", Value: valueOf("v")}},
		"not there":           {ref: "N", want: versions.ErrNotFound},
		"no id":               {ref: "0f1e2d3c-0000-5000-8000-000000000000", want: versions.ErrNotFound},
		"odd ref":             {ref: "../A", want: versions.ErrNotFound},
		"other version":       {ref: "A", match: strings.Repeat("0", 64), change: serve.Change{Value: valueOf("v")}, want: serve.ErrChanged},
		"rename to taken":     {ref: "A", change: serve.Change{Name: text("B")}, want: serve.ErrTaken},
		"rename to twin":      {ref: "A", change: serve.Change{Name: text("b")}, want: serve.ErrTaken},
		"rename to bad":       {ref: "A", change: serve.Change{Name: text("")}},
		"named key":           {ref: "K", change: serve.Change{Optional: &yes}},
		"uncommitted edit":    {ref: "D", change: serve.Change{Description: text("d")}, want: versions.ErrConflict},
		"staged edit":         {ref: "S", change: serve.Change{Description: text("d")}, want: versions.ErrConflict},
		"uncommitted":         {ref: "U", change: serve.Change{Description: text("d")}, want: versions.ErrConflict},
		"unwatched edit":      {ref: "W", change: serve.Change{Description: text("d")}, want: versions.ErrConflict},
		"removed, uncommited": {change: serve.Change{Name: text("R")}, want: versions.ErrConflict},
		"rename onto removed": {ref: "A", change: serve.Change{Name: text("R")}, want: versions.ErrConflict},
	} {
		head, status := p.out("rev-parse", "HEAD"), p.out("status", "--porcelain", "--untracked-files=all")
		var err error
		if test.ref == "" {
			_, err = p.Create(ctx, test.change)
		} else {
			_, err = p.Update(ctx, test.ref, test.match, test.change)
		}
		if test.want == nil && !errors.As(err, &invalid) || test.want != nil && !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), "CANARY") {
			t.Errorf("%s is told: %v", name, err)
		}
		if p.out("rev-parse", "HEAD") != head || p.out("status", "--porcelain", "--untracked-files=all") != status {
			t.Errorf("%s has changed something", name)
		}
	}
	if err := p.Delete(ctx, "K", ""); !errors.As(err, &invalid) {
		t.Errorf("a key is deleted: %v", err)
	}
	if err := p.Delete(ctx, "A", strings.Repeat("0", 64)); !errors.Is(err, serve.ErrChanged) {
		t.Errorf("deleted at another version: %v", err)
	}
	for _, ref := range []string{"D", "U", "S"} {
		if err := p.Delete(ctx, ref, ""); !errors.Is(err, versions.ErrConflict) {
			t.Errorf("%s is deleted: %v", ref, err)
		}
	}
	p.has(p.talk.String(), "not committed, and so not to be changed over HTTP", ".pinseal/shop/dev/D.yaml", ".pinseal/shop/dev/R.yaml", ".pinseal/shop/dev/U.yaml")
	// Dates are those of commits.
	list, err := p.List(ctx)
	p.check(err)
	got := ""
	for _, info := range list {
		got += fmt.Sprintf("%s:%v,%v ", info.Name, !info.Created.IsZero(), !info.Updated.IsZero())
	}
	if want := "A:true,true B:true,true D:true,false K:true,true S:true,false U:false,false W:true,false "; got != want {
		t.Errorf("dates: %s\nwant   %s", got, want)
	}
}

// uneven has committed secrets, a named key, and each kind of what is not committed.
func (s *shop) uneven() {
	s.t.Helper()
	for _, name := range []string{"A", "B", "D", "R", "S", "W"} {
		s.run(0, "CANARY"+name, "set", name, "-e", "dev")
	}
	s.check(os.WriteFile(s.path("dev/K.yaml"), []byte("kind: key\nbits: 256\nvalue: blank\n"), 0o644))
	s.commit()
	s.git("update-index", "--assume-unchanged", storeDir+"/shop/dev/W.yaml")
	for _, name := range []string{"D", "S", "U", "W"} {
		s.run(0, "CANARYmore", "set", name, "-e", "dev")
	}
	s.git("add", storeDir+"/shop/dev/S.yaml")
	s.run(0, "", "rm", "R", "-e", "dev")
}

// When the commit fails the work tree and the index are what they were.
func TestWorkTreeStoreTakesBack(t *testing.T) {
	for name, test := range map[string]struct {
		prepare func(s *shop)
		want    string
		changes bool // fails for what is there too, not only for what is new
	}{
		"hook": {func(s *shop) {
			hook := filepath.Join(s.dir, ".git", "hooks", "pre-commit")
			s.check(os.WriteFile(hook, []byte("#!/bin/sh\necho it says no >&2\nexit 1\n"), 0o755))
		}, "it says no", true},
		"no identity": {func(*shop) {}, "empty ident name", true},
		"locked":      {func(s *shop) { s.check(os.WriteFile(filepath.Join(s.dir, ".git", "index.lock"), nil, 0o644)) }, "index is locked", false},
		"ignored": {func(s *shop) {
			s.check(os.WriteFile(filepath.Join(s.dir, ".git", "info", "exclude"), []byte(".*\n"), 0o644))
		}, `git ignores ".pinseal/shop/dev/N.yaml"`, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPanel(t, func(s *shop) {
				s.run(0, "CANARYa", "set", "A", "-e", "dev")
				s.commit()
				s.stageOthers()
				if name == "no identity" {
					s.environ = append(s.environ, "GIT_AUTHOR_NAME=", "GIT_COMMITTER_NAME=")
				}
			})
			ctx := context.Background()
			file, head, index := p.read("dev/A.yaml"), p.out("rev-parse", "HEAD"), p.out("ls-files", "-s")
			test.prepare(p.shop)
			calls := map[string]func() error{
				"create": func() error {
					_, err := p.Create(ctx, serve.Change{Name: text("N"), Value: valueOf("CANARYn")})
					return err
				},
			}
			if test.changes {
				calls["set"] = func() error {
					_, err := p.Update(ctx, "A", "", serve.Change{Value: valueOf("CANARYn")})
					return err
				}
				calls["rename"] = func() error { _, err := p.Update(ctx, "A", "", serve.Change{Name: text("N")}); return err }
				calls["delete"] = func() error { return p.Delete(ctx, "A", "") }
			}
			for call, do := range calls {
				err := do()
				if !errors.Is(err, versions.ErrConflict) || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "CANARY") {
					t.Errorf("%s: %v", call, err)
				}
				if !bytes.Equal(p.read("dev/A.yaml"), file) {
					t.Errorf("%s: A is not what it was", call)
				}
				if _, err := os.Stat(p.path("dev/N.yaml")); err == nil {
					t.Errorf("%s: N is there", call)
				}
				if p.out("rev-parse", "HEAD") != head || p.out("ls-files", "-s") != index {
					t.Errorf("%s: HEAD or the index is another", call)
				}
			}
			os.Remove(filepath.Join(p.dir, ".git", "index.lock"))
			p.wantStatus(stagedStatus)
			p.wantValue("A", "CANARYa")
		})
	}
}

// Two servers of one work tree, several writers each, and a reader: every change is a
// commit of its own, and nothing is lost.
func TestWorkTreeStoreWritersAtOnce(t *testing.T) {
	p := newPanel(t, (*shop).stageOthers)
	other := &panel{shop: p.shop}
	other.open()
	const each = 4
	var group sync.WaitGroup
	for i, st := range []serve.Writer{p.Writer, p.Writer, other.Writer} {
		group.Go(func() {
			ctx := context.Background()
			name := fmt.Sprintf("N%d", i)
			info, err := st.Create(ctx, serve.Change{Name: &name, Value: valueOf("v")})
			for n := 1; n < each && err == nil; n++ {
				info, err = st.Update(ctx, info.ID, info.Version, serve.Change{Value: valueOf(fmt.Sprintf("v%d", n))})
			}
			if err == nil {
				_, err = st.List(ctx)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if got := p.out("rev-list", "--count", "--grep=^secrets: ", "HEAD"); got != fmt.Sprint(3*each) {
		t.Errorf("%s commits", got)
	}
	for i := range 3 {
		p.wantValue(fmt.Sprintf("N%d", i), fmt.Sprintf("v%d", each-1))
	}
	p.wantStatus(stagedStatus)
}

// Of two who write under one version, one wins.
func TestWorkTreeStoreIfMatch(t *testing.T) {
	p, ctx := newPanel(t), context.Background()
	info, err := p.Create(ctx, serve.Change{Name: text("A"), Value: valueOf("first")})
	p.check(err)
	results := make([]error, 4)
	var group sync.WaitGroup
	for i := range results {
		group.Go(func() {
			_, results[i] = p.Update(ctx, "A", info.Version, serve.Change{Value: valueOf(fmt.Sprint(i))})
		})
	}
	group.Wait()
	won := 0
	for _, err := range results {
		if err == nil {
			won++
		} else if !errors.Is(err, serve.ErrChanged) {
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d won", won)
	}
}

// A kill between the file and its commit: the next start says so, and what is there is
// served and not swept into a commit.
func TestWorkTreeStoreAfterKill(t *testing.T) {
	p, ctx := newPanel(t), context.Background()
	w := p.Writer.(*workTreeStore)
	s := w.session(ctx)
	v, err := w.now(ctx)
	p.check(err)
	s.note = v.Note
	writer, err := s.write("dev")
	p.check(err)
	f := &versions.SecretFile{Kind: versions.KindSecret}
	_, err = writer.amend(f, "A", serve.Change{Value: valueOf("CANARYleft")})
	p.check(err)
	data, err := f.Bytes()
	p.check(err)
	p.check(s.files.Apply(ctx, []repo.Edit{{Path: "dev/A.yaml", Data: data}}))
	next := &panel{shop: p.shop}
	next.open()
	next.has(next.talk.String(), "warning: not committed, and so not to be changed over HTTP: .pinseal/shop/dev/A.yaml", "try:  git add .pinseal && git commit")
	next.wantValue("A", "CANARYleft")
	if _, err := next.Update(ctx, "A", "", serve.Change{Value: valueOf("v")}); !errors.Is(err, versions.ErrConflict) {
		t.Errorf("got %v", err)
	}
	p.commit()
	if _, err := next.Update(ctx, "A", "", serve.Change{Value: valueOf("v")}); err != nil {
		t.Error(err)
	}
}

// Whoever edits by hand is read at once; a note is verified when it is another.
func TestWorkTreeStoreIsLive(t *testing.T) {
	p, ctx := newPanel(t), context.Background()
	p.run(0, "CANARYone", "set", "A", "-e", "dev")
	if info := p.wantValue("A", "CANARYone"); !info.Created.IsZero() {
		t.Errorf("not committed, and has dates: %+v", info)
	}
	p.commit()
	if info := p.wantValue("A", "CANARYone"); info.Created.IsZero() || info.Updated.IsZero() {
		t.Errorf("committed, and has no dates: %+v", info)
	}
	good := p.read(versions.NoteName)
	p.add("bob", quantumRecipient(t), seal.ReadSlot("dev"))
	p.wantValue("A", "CANARYone")
	newer := p.read(versions.NoteName)
	if _, err := p.Update(ctx, "A", "", serve.Change{Value: valueOf("v")}); !errors.Is(err, versions.ErrConflict) {
		t.Errorf("changed under a note that is not committed: %v", err)
	}
	forged := bytes.Replace(newer, []byte("name: bob"), []byte("name: eve"), 1)
	p.check(os.WriteFile(p.path(versions.NoteName), forged, 0o644))
	for range 2 {
		if _, _, err := p.Get(ctx, "A"); !errors.Is(err, versions.ErrNotAuthentic) {
			t.Errorf("read under a forged note: %v", err)
		}
		if _, err := p.List(ctx); !errors.Is(err, versions.ErrNotAuthentic) {
			t.Errorf("listed under a forged note: %v", err)
		}
	}
	// One that went back is fine for reading, and nobody writes under it.
	p.check(os.WriteFile(p.path(versions.NoteName), good, 0o644))
	p.wantValue("A", "CANARYone")
	p.check(os.WriteFile(p.path(versions.NoteName), newer, 0o644))
	p.change(func(n *seal.Note) {
		for i := range n.Members {
			n.Members[i].Slots = slices.DeleteFunc(n.Members[i].Slots, func(slot seal.Slot) bool { return slot == seal.ReadSlot("dev") })
		}
		n.Members = slices.DeleteFunc(n.Members, func(m seal.Member) bool { return len(m.Slots) == 0 })
	})
	if _, _, err := p.Get(ctx, "A"); !errors.Is(err, seal.ErrNoKey) {
		t.Errorf("who may not read any more reads: %v", err)
	}
}

func TestWorkTreeStoreUnmerged(t *testing.T) {
	p, ctx := newPanel(t, func(s *shop) {
		s.run(0, "v", "set", "A", "-e", "dev")
		s.run(0, "v", "set", "B", "-e", "dev")
		s.commit()
		s.git("branch", "side")
		s.run(0, "main", "set", "A", "-e", "dev")
		s.commit()
		s.git("checkout", "-q", "side")
		s.run(0, "side", "set", "A", "-e", "dev")
		s.commit()
	}), context.Background()
	cmd := exec.Command("git", "merge", "-")
	cmd.Dir, cmd.Env = p.dir, p.environ
	if cmd.Run() == nil {
		t.Fatal("no conflict")
	}
	for _, name := range []string{"A", "B"} {
		if _, err := p.Update(ctx, name, "", serve.Change{Value: valueOf("v")}); !errors.Is(err, versions.ErrConflict) {
			t.Errorf("%s: %v", name, err)
		}
	}
	p.wantValue("B", "v")
}

// The layouts that git knows beside the plain one.
func TestWorkTreeStoreLayouts(t *testing.T) {
	if testing.Short() {
		t.Skip("left out of a short run")
	}
	layouts := map[string]func(s *shop){
		"linked": func(s *shop) {
			linked := filepath.Join(filepath.Dir(s.dir), "linked")
			s.git("worktree", "add", "-q", "-b", "side", linked)
			s.dir = linked
		},
		"detached": func(s *shop) { s.git("checkout", "-q", "--detach") },
		"sha256": func(s *shop) {
			s.check(os.RemoveAll(filepath.Join(s.dir, ".git")))
			s.git("init", "-q", "--object-format=sha256")
			s.commit()
			s.run(0, "", "trust", "--yes")
		},
	}
	for name, layout := range layouts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, ctx := newPanel(t, layout, (*shop).stageOthers), context.Background()
			info, err := p.Create(ctx, serve.Change{Name: text("A"), Value: valueOf("CANARYa")})
			p.check(err)
			p.last("secrets: add A to dev", "A dev/A.yaml")
			_, err = p.Update(ctx, info.ID, info.Version, serve.Change{Name: text("B")})
			p.check(err)
			p.last("secrets: rename A to B in dev", "D dev/A.yaml", "A dev/B.yaml")
			if got := p.wantValue("B", "CANARYa"); got.Created.IsZero() {
				t.Errorf("got %+v", got)
			}
			p.check(p.Delete(ctx, "B", ""))
			p.last("secrets: remove B from dev", "D dev/B.yaml")
			p.wantStatus(stagedStatus)
		})
	}
}

// Only a work tree is written to.
func TestWorkTreeStoreOfNothingElse(t *testing.T) {
	p := newPanel(t)
	for _, o := range []reading{{env: "dev", at: "HEAD"}, {env: "dev", at: "pin"}} {
		if _, _, err := p.tryOpen(o); exitCode(err) != exitUsage {
			t.Errorf("%+v: %v", o, err)
		}
	}
	if _, _, err := p.tryOpen(reading{env: "nowhere"}); exitCode(err) != exitNotFound {
		t.Errorf("got %v", err)
	}
}
