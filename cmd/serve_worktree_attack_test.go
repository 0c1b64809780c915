//go:build unix

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
	"strings"
	"sync"
	"syscall"
	"testing"

	"pinseal/cmd/serve"
	"pinseal/repo"
	"pinseal/versions"
)

// hook installs a hook in the shop.
func (s *shop) hook(name, script string) {
	s.t.Helper()
	s.check(os.WriteFile(filepath.Join(s.dir, ".git", "hooks", name), []byte("#!/bin/sh\n"+script+"\n"), 0o755))
}

// A hook that changes what is committed, and nothing has changed.
func TestWorkTreeStoreHooks(t *testing.T) {
	const mine = ".pinseal/shop/dev/"
	for name, script := range map[string]string{
		"formatter":           `for f in $(git diff --cached --name-only --diff-filter=d); do echo "kind: secret" > $f; echo "value: blank" >> $f; git add $f; done`,
		"formatter, index":    `for f in $(git diff --cached --name-only --diff-filter=d); do git update-index --cacheinfo 100644,$(echo x | git hash-object -w --stdin),$f; done; echo more > hooked; git add hooked`,
		"adds all":            "git add -A",
		"adds a file of ours": "echo x > " + mine + "X.yaml; git add " + mine + "X.yaml; rm " + mine + "X.yaml",
		"takes it out":        "git read-tree HEAD; git rm -q --cached " + mine + "B.yaml",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPanel(t, func(s *shop) {
				s.run(0, "CANARYa", "set", "A", "-e", "dev")
				s.run(0, "CANARYb", "set", "B", "-e", "dev")
				s.commit()
				s.stageOthers()
			})
			p.hook("pre-commit", script)
			ctx := context.Background()
			a, b, head, index := p.read("dev/A.yaml"), p.read("dev/B.yaml"), p.out("rev-parse", "HEAD"), p.out("ls-files", "-s")
			for call, do := range map[string]func() error{
				"create": func() error {
					_, err := p.Create(ctx, serve.Change{Name: text("N"), Value: valueOf("CANARYn")})
					return err
				},
				"set": func() error {
					_, err := p.Update(ctx, "A", "", serve.Change{Value: valueOf("CANARYn")})
					return err
				},
				"rename": func() error { _, err := p.Update(ctx, "A", "", serve.Change{Name: text("N")}); return err },
				"delete": func() error { return p.Delete(ctx, "A", "") },
			} {
				if call == "delete" && name == "formatter" {
					continue // there is nothing to format
				}
				if err := do(); !errors.Is(err, versions.ErrConflict) || !strings.Contains(err.Error(), "a hook changed what is committed") {
					t.Errorf("%s: %v", call, err)
				}
				if !bytes.Equal(p.read("dev/A.yaml"), a) || !bytes.Equal(p.read("dev/B.yaml"), b) {
					t.Errorf("%s: the files are not what they were", call)
				}
				if _, err := os.Stat(p.path("dev/N.yaml")); err == nil {
					t.Errorf("%s: N is there", call)
				}
				if p.out("rev-parse", "HEAD") != head || p.out("ls-files", "-s") != index {
					t.Errorf("%s: HEAD or the index is another:\n%s\n%s", call, index, p.out("ls-files", "-s"))
				}
			}
			os.Remove(filepath.Join(p.dir, "hooked"))
			p.wantStatus(stagedStatus)
			if list, err := p.List(ctx); err != nil || len(list) != 2 {
				t.Errorf("there are %v, %v", list, err)
			}
			os.Remove(filepath.Join(p.dir, ".git", "hooks", "pre-commit"))
			if _, err := p.Update(ctx, "A", "", serve.Change{Value: valueOf("CANARYn")}); err != nil {
				t.Error(err)
			}
		})
	}
}

// What others have built on stands, and nobody says that it does not.
func TestWorkTreeStoreStands(t *testing.T) {
	p, ctx := newPanel(t, (*shop).stageOthers), context.Background()
	p.hook("pre-commit", "git add -A")
	p.hook("post-commit", "rm .git/hooks/p*-commit; git commit -q --allow-empty -m more")
	info, err := p.Create(ctx, serve.Change{Name: text("A"), Value: valueOf("CANARYa")})
	var stands *repo.StandsError
	if !errors.As(err, &stands) || errors.Is(err, versions.ErrConflict) || strings.Contains(err.Error(), "not committed") || info.Name != "" {
		t.Fatalf("got %+v, %v", info, err)
	}
	if got := p.out("rev-parse", "HEAD^"); got != string(stands.Commit) || !strings.Contains(err.Error(), got) {
		t.Errorf("it names %s, not %s", stands.Commit, got)
	}
	p.wantValue("A", "CANARYa")
}

// An edit by hand while git reads the file is not committed as ours, and is not lost.
func TestWorkTreeStoreEditedMeanwhile(t *testing.T) {
	git, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	p := newPanel(t, func(s *shop) {
		s.run(0, "CANARYa", "set", "A", "-e", "dev")
		s.commit()
		s.stageOthers()
		hand := fmt.Sprintf("#!/bin/sh\ncase \" $* \" in *' commit --only '*) cat %s/hand > %s ;; esac\nexec %s \"$@\"\n", bin, s.path("dev/A.yaml"), git)
		s.check(os.WriteFile(filepath.Join(bin, "git"), []byte(hand), 0o755))
		s.environ = append(s.environ, "PATH="+bin+":"+os.Getenv("PATH"))
	})
	ctx, head := context.Background(), p.out("rev-parse", "HEAD")
	hand := []byte("kind: secret\nabout: \"by hand\"\nvalue: blank\n")
	p.check(os.WriteFile(filepath.Join(bin, "hand"), hand, 0o644))
	_, err = p.Update(ctx, "A", "", serve.Change{Value: valueOf("CANARYb")})
	if !errors.Is(err, versions.ErrConflict) || !strings.Contains(err.Error(), `as somebody else has made it since: [".pinseal/shop/dev/A.yaml"]`) {
		t.Errorf("got %v", err)
	}
	if p.out("rev-parse", "HEAD") != head || !bytes.Equal(p.read("dev/A.yaml"), hand) {
		t.Error("it was committed, or lost")
	}
	p.wantStatus(stagedStatus + "\n M .pinseal/shop/dev/A.yaml")
}

// Of two servers that write under one version, one wins.
func TestWorkTreeStoreServersAtOnce(t *testing.T) {
	p, ctx := newPanel(t), context.Background()
	other := &panel{shop: p.shop}
	other.open()
	for round := range 5 {
		name := fmt.Sprintf("A%d", round)
		var created, updated [2]error
		both := func(errs *[2]error, do func(st serve.Writer, i int) error) {
			var group sync.WaitGroup
			for i, st := range []serve.Writer{p.Writer, other.Writer} {
				group.Go(func() { errs[i] = do(st, i) })
			}
			group.Wait()
		}
		both(&created, func(st serve.Writer, i int) error {
			_, err := st.Create(ctx, serve.Change{Name: &name, Value: valueOf("v")})
			return err
		})
		info := p.wantValue(name, "v")
		both(&updated, func(st serve.Writer, i int) error {
			_, err := st.Update(ctx, name, info.Version, serve.Change{Value: valueOf(fmt.Sprint(i))})
			return err
		})
		for what, errs := range map[error][2]error{serve.ErrTaken: created, serve.ErrChanged: updated} {
			if !(errs[0] == nil && errors.Is(errs[1], what) || errs[1] == nil && errors.Is(errs[0], what)) {
				t.Errorf("%s: %v and %v", name, errs[0], errs[1])
			}
		}
	}
	p.wantStatus("")
}

// Who waits for others who write gives up with the request.
func TestWorkTreeStoreLocked(t *testing.T) {
	p := newPanel(t)
	unlock, err := repo.LockFile(filepath.Join(p.dir, ".git", "pinseal-write.lock"))
	p.check(err)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := p.Create(ctx, serve.Change{Name: text("A")}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	st := p.Writer.(*workTreeStore)
	if err := st.busy(context.Background()); !errors.Is(err, versions.ErrConflict) {
		t.Errorf("got %v", err)
	}
	unlock()
	if _, err := p.Create(context.Background(), serve.Change{Name: text("A")}); err != nil {
		t.Error(err)
	}
}

// A hook that is given up ends, with all that it has started.
func TestWorkTreeStoreEndsHooks(t *testing.T) {
	p := newPanel(t)
	fifo := filepath.Join(t.TempDir(), "fifo")
	p.check(syscall.Mkfifo(fifo, 0o600))
	p.hook("pre-commit", "exec >/dev/null 2>&1 3>"+fifo+"; echo begun >&3; (sleep 8; echo orphan >&3) & wait")
	said := make(chan string)
	go func() {
		f, err := os.Open(fifo)
		if err != nil {
			said <- err.Error()
			return
		}
		defer f.Close()
		begun := make([]byte, len("begun\n"))
		if _, err := io.ReadFull(f, begun); err == nil {
			p.Writer.GiveUp()
		}
		rest, _ := io.ReadAll(f)
		said <- string(rest)
	}()
	if _, err := p.Create(context.Background(), serve.Change{Name: text("A"), Value: valueOf("v")}); !errors.Is(err, versions.ErrConflict) {
		t.Errorf("got %v", err)
	}
	if got := <-said; got != "" {
		t.Errorf("the hook has gone on: %q", got)
	}
	p.wantStatus("")
}

// What HEAD has and the work tree does not is no reason to say that there is nothing.
func TestWorkTreeStoreAway(t *testing.T) {
	p, ctx := newPanel(t, func(s *shop) {
		s.run(0, "CANARYa", "set", "A", "-e", "dev")
		s.commit()
	}), context.Background()
	p.check(os.Rename(p.path("dev"), filepath.Join(p.dir, "away")))
	for _, ref := range []string{"A", versions.SecretID(p.note.ID, "dev", "A")} {
		if _, _, err := p.Get(ctx, ref); !errors.Is(err, versions.ErrConflict) {
			t.Errorf("%s: %v", ref, err)
		}
		if err := p.Delete(ctx, ref, ""); !errors.Is(err, versions.ErrConflict) {
			t.Errorf("%s: %v", ref, err)
		}
	}
	if _, _, err := p.Get(ctx, "B"); !errors.Is(err, versions.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	if _, err := p.List(ctx); !errors.Is(err, versions.ErrConflict) {
		t.Errorf("got %v", err)
	}
	if _, err := p.Create(ctx, serve.Change{Name: text("B")}); !errors.Is(err, versions.ErrConflict) {
		t.Errorf("got %v", err)
	}
	p.check(os.Rename(filepath.Join(p.dir, "away"), p.path("dev")))
	p.wantValue("A", "CANARYa")
}

// A name is not free when HEAD has its twin.
func TestWorkTreeStoreTwinOfHead(t *testing.T) {
	p, ctx := newPanel(t, func(s *shop) {
		s.run(0, "CANARYa", "set", "R", "-e", "dev")
		s.run(0, "CANARYb", "set", "B", "-e", "dev")
		s.commit()
		s.run(0, "", "rm", "R", "-e", "dev")
	}), context.Background()
	if _, err := p.Create(ctx, serve.Change{Name: text("r")}); !errors.Is(err, versions.ErrConflict) {
		t.Errorf("got %v", err)
	}
	if _, err := p.Update(ctx, "B", "", serve.Change{Name: text("r")}); !errors.Is(err, versions.ErrConflict) {
		t.Errorf("got %v", err)
	}
	if _, err := p.Update(ctx, "B", "", serve.Change{Name: text("b")}); err != nil {
		t.Errorf("another case of its own name: %v", err)
	}
}

// What a hook prints of a value is not told.
func TestWorkTreeStoreMasks(t *testing.T) {
	p, ctx := newPanel(t, func(s *shop) {
		s.run(0, "CANARY-old-value", "set", "A", "-e", "dev")
		s.commit()
	}), context.Background()
	p.hook("pre-commit", "echo it is CANARY-new-value, was CANARY-old-value >&2; exit 1")
	_, err := p.Update(ctx, "A", "", serve.Change{Value: valueOf("CANARY-new-value")})
	if err == nil || strings.Contains(err.Error(), "CANARY") || !strings.Contains(err.Error(), "it is [secret], was [secret]") || !errors.Is(err, versions.ErrConflict) {
		t.Errorf("got %v", err)
	}
	p.hook("pre-commit", "")
	p.hook("post-commit", "echo it is CANARY-new-value >&2; kill $PPID")
	if _, err := p.Update(ctx, "A", "", serve.Change{Value: valueOf("CANARY-new-value")}); err != nil {
		t.Error(err)
	}
	if got := p.talk.String(); !strings.Contains(got, "git had trouble afterwards") || strings.Contains(got, "CANARY") {
		t.Errorf("said: %s", got)
	}
}

// An error of a change names the secret that is there, for the audit.
func TestWorkTreeStoreNamesWhatIsThere(t *testing.T) {
	p, ctx := newPanel(t, func(s *shop) {
		s.run(0, "v", "set", "A", "-e", "dev")
		s.commit()
	}), context.Background()
	p.hook("pre-commit", "exit 1")
	if info, err := p.Update(ctx, "A", "", serve.Change{Name: text("N")}); err == nil || info.Name != "A" {
		t.Errorf("got %+v, %v", info, err)
	}
	if info, err := p.Create(ctx, serve.Change{Name: text("N")}); err == nil || info.Name != "" {
		t.Errorf("got %+v, %v", info, err)
	}
	if info, err := p.Find(ctx, versions.SecretID(p.note.ID, "dev", "A")); err != nil || info.Name != "A" {
		t.Errorf("got %+v, %v", info, err)
	}
}
