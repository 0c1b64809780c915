package versions

import (
	"context"
	"fmt"
	"testing"

	"pinseal/repo"
	"pinseal/seal"
)

// exposed builds a history of 5 environments of 500 secrets in one pack: every
// commit sets some of the secrets anew, and after the one before last bob leaves
// and all are sealed anew. The last commit is HEAD.
func (a *testApp) exposed(commits, changed int) {
	a.t.Helper()
	envs := []string{prod, "dev", "e1", "e2", "e3"}
	const secrets = 500
	a.change(func(n *seal.Note) {
		slots := []seal.Slot{}
		for i, env := range envs {
			if i > 1 {
				n.Slots = append(n.Slots, seal.NewEntry(a.newKey(seal.PublishSlot(env), 1)), seal.NewEntry(a.newKey(seal.ReadSlot(env), 1)))
			}
			slots = append(slots, seal.ReadSlot(env))
		}
		n.Members = []seal.Member{a.member("alice", false, append([]seal.Slot{"admin", "production.publish"}, slots...)...), a.member("bob", false, slots...)}
		for i := range 48 {
			n.Members = append(n.Members, a.member(fmt.Sprintf("m%02d", i), false, slots...))
		}
	})
	w := &importer{marks: map[string]int{}}
	files := map[string][]byte{}
	texts := map[string]int{}
	commit := func(change func(env string, i int) bool) {
		type at struct{ env, name string }
		var todo []at
		for _, env := range envs {
			for i := range secrets {
				if name := fmt.Sprintf("SECRET_%03d", i); change(env, i) {
					todo = append(todo, at{env, name})
				}
			}
		}
		data := make([][]byte, len(todo))
		a.must(InParallel(len(todo), func(i int) error {
			p := FilePath(todo[i].env, todo[i].name)
			data[i] = a.bytes(SecretFile{Kind: KindSecret, Value: a.sealed(todo[i].env, todo[i].name, fmt.Sprintf("value %d of %s", texts[p], p))})
			return nil
		}))
		for i, t := range todo {
			files[appDir+"/"+FilePath(t.env, t.name)] = data[i]
		}
		files[appDir+"/"+NoteName] = a.note.Signed()
		from := ""
		if w.Len() > 0 {
			from = "refs/heads/main"
		}
		w.next("refs/heads/main", from, files)
	}
	commit(func(string, int) bool { return true })
	at := 0
	for range commits - 2 {
		start := at
		commit(func(env string, i int) bool {
			ok := (i-start%secrets+secrets)%secrets < changed
			if ok {
				texts[FilePath(env, fmt.Sprintf("SECRET_%03d", i))]++
			}
			return ok
		})
		at += changed
	}
	a.change(func(n *seal.Note) {
		n.Members = append(n.Members[:1], n.Members[2:]...)
		for _, env := range envs {
			n.Slots = append(n.Slots, seal.NewEntry(a.newKey(seal.ReadSlot(env), 2)))
		}
	})
	commit(func(string, int) bool { return true })
	a.importAll(w)
	tgit(a.t, a.dir, "reset", "-q", "--hard", "main")
	for _, env := range envs {
		for g := 1; g <= 2; g++ {
			a.wrap("alice", seal.ReadSlot(env), g)
		}
	}
}

// next writes a commit on top of another, "" for none.
func (w *importer) next(ref, from string, files map[string][]byte) {
	paths := map[string]int{}
	for p, data := range files {
		paths[p] = w.blob(data)
	}
	fmt.Fprintf(w, "commit %s\ncommitter %s\ndata 3\nset\ndeleteall\n", ref, testIdent)
	for p, m := range paths {
		fmt.Fprintf(w, "M 100644 :%d %s\n", m, p)
	}
}

// BenchmarkExposure reports on who left 5 environments of 500 secrets after 20
// commits, of which each changed a tenth or all of the secrets, in a repository
// just opened. Goal: 2 s, but where a reader has to open all 50,000 values to say of
// one that it is none of them.
func BenchmarkExposure(b *testing.B) {
	for _, changed := range []int{50, 500} {
		a := newApp(b)
		a.exposed(20, changed)
		for _, who := range []string{"alice", ""} {
			for _, since := range []string{"nothing", "one"} {
				b.Run(fmt.Sprintf("%d/reader=%q/changed since=%s", changed, who, since), func(b *testing.B) {
					a.t = b
					tgit(b, a.dir, "checkout", "-q", "--", ".")
					if since == "one" {
						a.set(prod, "SECRET_000", "value of somebody else")
					}
					for b.Loop() {
						r, err := repo.Open(context.Background(), a.dir, repo.Options{Env: testEnv(a.dir)})
						a.must(err)
						h, err := ReadHistory(context.Background(), r, appDir, a.note, nil)
						a.must(err)
						src := a.workTree()
						var keys *Keyring
						if who != "" {
							keys = a.keyring(who, src)
						}
						e, err := h.Exposure(context.Background(), "bob", src, keys)
						a.must(err)
						if n := len(e.Secrets); n < 2499 {
							b.Fatalf("%d secrets", n)
						}
						r.Close()
					}
				})
			}
		}
	}
}
