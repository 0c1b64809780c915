package versions

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"

	"pinseal/repo"
	"pinseal/seal"
)

// reviewLines is all that a review says, one line each; from and to are commits, and
// target the one that is merged into.
func (a *testApp) reviewLines(base, target, tip repo.Hash) (lines []string, err error) {
	a.t.Helper()
	review, err := Review(context.Background(), a.r, []repo.Hash{base}, target, tip)
	if err != nil {
		return nil, err
	}
	say := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	if review.DefaultOld != review.DefaultNew {
		say("default %q -> %q", review.DefaultOld, review.DefaultNew)
	}
	for _, app := range review.Apps {
		if app.Kind() != "same" {
			say("%s %s", app.Kind(), app.Dir+app.OldDir)
		}
		for _, m := range app.Members {
			say("member %s given %v taken %v other key %t", m.Name, m.Given, m.Taken, m.NewRecipient)
		}
		for _, k := range app.Keys {
			say("key %s %d -> %d", k.Slot, k.Old, k.New)
		}
		for _, e := range app.Environments {
			for _, s := range e.Secrets {
				line := fmt.Sprintf("%s %s %s", e.Name, s.Action, s.Name)
				if s.From != "" {
					line += " from " + s.From
				}
				if len(s.Fields) > 0 {
					line += fmt.Sprint(" ", s.Fields)
				}
				lines = append(lines, line)
			}
		}
		review.Problems = append(review.Problems, app.Problems...)
		for _, f := range app.Files {
			say("%s %s: %s", f.Action, f.Path, f.Text)
		}
	}
	for _, p := range review.Problems {
		refused := ""
		if p.Err != nil {
			refused = "refused "
		}
		say("%s%s: %s", refused, p.Kind, p)
	}
	return lines, nil
}

func TestReview(t *testing.T) {
	app := newApp(t)
	app.set(prod, "A", "one")
	app.set(prod, "B", "two")
	app.putFile(prod, "C", SecretFile{Kind: KindSecret, About: "c", Value: app.sealed(prod, "C", "three")})
	app.put("../default", []byte("shop\n"))
	base := app.commit()
	begin := *app

	for _, tt := range []struct {
		name string
		do   func(a *testApp)
		want []string
	}{
		{"nothing", func(*testApp) {}, nil},
		{"secrets", func(a *testApp) {
			a.set(prod, "A", "other")
			a.drop(FilePath(prod, "B"))
			a.putFile(prod, "N", SecretFile{Kind: KindSecret, About: "n"})
			a.set("dev", "D", "x")
		}, []string{"production changed A", "production removed B", "production added N", "dev added D"}},
		{"only text", func(a *testApp) {
			f, err := a.workTree().File(prod, "C")
			a.must(err)
			f.Expires, f.About = "2030-01-01", ""
			a.putFile(prod, "C", *f)
		}, []string{"production edited C [about expires]"}},
		{"moved", func(a *testApp) {
			a.drop(FilePath(prod, "C"))
			a.putFile(prod, "C2", SecretFile{Kind: KindSecret, About: "c", Value: a.sealed(prod, "C2", "three")})
		}, []string{"production moved C2 from C"}},
		{"two may have moved", func(a *testApp) {
			a.drop(FilePath(prod, "A"))
			a.drop(FilePath(prod, "B"))
			a.set(prod, "X", "one")
		}, []string{"production removed A", "production removed B", "production added X"}},
		{"a reader", func(a *testApp) {
			a.add("carol", false, seal.ReadSlot("dev"), seal.Admin)
			a.change(func(n *seal.Note) {
				for i := range n.Members {
					if n.Members[i].Name == "ci" {
						n.Members[i].Slots = []seal.Slot{"dev.publish"}
					}
				}
			})
			a.wrapAll("ci")
			a.drop(WrapPath(seal.PublishSlot(prod), 1, "ci"))
		}, []string{"member carol given [admin dev.read] taken [] other key false", "member ci given [dev.publish] taken [production.publish] other key false"}},
		{"another key of the same name", func(a *testApp) {
			a.remove("bob")
			delete(a.people, "bob")
			a.add("bob", false, seal.ReadSlot(prod))
		}, []string{"member bob given [production.read] taken [] other key true"}},
		{"a removal and its rekey", func(a *testApp) {
			a.remove("bob")
			a.rotate(seal.ReadSlot(prod), nil)
			for _, name := range []string{"A", "B", "C"} {
				f, err := a.workTree().File(prod, name)
				a.must(err)
				f.Value = a.sealed(prod, name, "three")
				a.putFile(prod, name, *f)
			}
		}, []string{"member bob given [] taken [production.read] other key false", "key production.read 1 -> 2",
			"production resealed A", "production resealed B", "production resealed C"}},
		{"a rekey that leaves values", func(a *testApp) {
			a.rotate(seal.ReadSlot(prod), nil)
			a.set(prod, "A", "one")
		}, []string{"key production.read 1 -> 2", "production resealed A",
			"retired: production: B, C: sealed to a retired read key, which those who have left still have; key 2 is the newest: pinseal rekey production --values"}},
		{"an admin key", func(a *testApp) { a.rotate(seal.Admin, nil) }, []string{"key admin 1 -> 2",
			`admin-key: ".pinseal/shop/app.note" has a new admin key, 2 after 1: who holds it says who is in from then on`}},
		{"wraps for others", func(a *testApp) {
			a.person("eve")
			a.put(WrapPath(seal.ReadSlot(prod), 1, "eve"), a.wrapped(a.key(seal.ReadSlot(prod), 1), a.id, "eve"))
			a.wrap("ci", seal.ReadSlot(prod), 1)
			a.put(WrapPath(seal.ReadSlot(prod), 2, "bob"), a.wrapped(a.key(seal.ReadSlot(prod), 1), a.id, "bob"))
		}, []string{`wrap: ".pinseal/shop/keys/production.read.1/ci.age" is a wrap for "ci", who has not been given production.read`,
			`wrap: ".pinseal/shop/keys/production.read.1/eve.age" is a wrap for "eve", who is no member`,
			`wrap: ".pinseal/shop/keys/production.read.2/bob.age" is a wrap of a key that the app note does not know`}},
		{"a key that nobody knows", func(a *testApp) {
			k, err := seal.GenerateKey(seal.ReadSlot(prod), 2)
			a.must(err)
			v := a.sealedAt(seal.Place{App: a.id, Environment: prod, Kind: KindSecret, Name: "A"}, seal.Entry{Key: k.Public(), Generation: 2}, "x")
			a.putFile(prod, "A", SecretFile{Kind: KindSecret, Value: v})
		}, []string{"production resealed A", "refused structure: production: A: sealed to read key 2, which the app note does not know"}},
		{"plain, misspelled and odd files", func(a *testApp) {
			a.put(FilePath(prod, "PLAIN"), []byte("kind: secret\nvalue: hunter2\n"))
			a.put(FilePath(prod, "LOOSE"), []byte("value: 'hunter2'\nkind: secret\n"))
			a.put(FilePath(prod, "ENV"), []byte("ENV=hunter2\n"))
			a.put(FilePath(prod, "A"), append([]byte("# why\n"), a.bytes(SecretFile{Kind: KindSecret})...))
			a.put(FilePath(prod, "B"), []byte("<<<<<<< HEAD\n=======\n>>>>>>> x\n"))
			a.put(prod+"/notes.txt", []byte("x"))
		}, []string{"production changed A", "production changed B", "production added ENV", "production added LOOSE", "production added PLAIN",
			`refused structure: ".pinseal/shop/production/notes.txt" is not named like a secret`,
			`refused structure: ".pinseal/shop/production/A.yaml" is a secret file in another spelling: pinseal fmt`,
			`refused unmerged: ".pinseal/shop/production/B.yaml" holds conflict markers`,
			`refused structure: ".pinseal/shop/production/ENV.yaml" is not a secret file of ours: if a plain value stands in it, whoever can read the repository has it`,
			`refused unsealed: ".pinseal/shop/production/LOOSE.yaml" has a value that is not sealed: if it is the plain one, whoever can read the repository has it, so rotate it`,
			`refused unsealed: ".pinseal/shop/production/PLAIN.yaml" has a value that is not sealed: if it is the plain one, whoever can read the repository has it, so rotate it`}},
		{"the store", func(a *testApp) {
			a.put("../default", []byte("../shop\n"))
			a.put("../junk", []byte("x"))
			a.put("../empty/dev/x", []byte("x"))
		}, []string{`default "shop" -> ""`, `refused structure: ".pinseal/junk" is not an app, nor a file of ours`,
			`refused structure: ".pinseal/default" does not hold the name of an app`,
			`structure: ".pinseal/empty" is a directory without an app note: it is no app`}},
		{"the directory", func(a *testApp) {
			a.must(os.Rename(filepath.Join(a.dir, appDir), filepath.Join(a.dir, ".pinseal", "store")))
			a.put("../default", []byte("store\n"))
		}, []string{`default "shop" -> "store"`, "moved storeshop"}},
		{"gone", func(a *testApp) { a.must(os.RemoveAll(filepath.Join(a.dir, ".pinseal"))) },
			[]string{`default "shop" -> ""`, "removed shop", "production removed A", "production removed B", "production removed C"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := begin
			a.t, a.people = t, map[string]*age.HybridIdentity{}
			for name, id := range begin.people {
				a.people[name] = id
			}
			tgit(t, a.dir, "checkout", "-q", "-B", "side", string(base))
			tgit(t, a.dir, "clean", "-fdq")
			tt.do(&a)
			got, err := a.reviewLines(base, base, a.commit())
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(tt.want, "\n  "))
			}
		})
	}
}
