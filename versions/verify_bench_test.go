package versions

import (
	"context"
	"fmt"
	"io/fs"
	"testing"

	"pinseal/repo"
)

// BenchmarkVerify checks stores of 100 and 10,000 secrets, in the work tree and at
// a commit, each time from a repository just opened. Beside it stands what reading
// the same files costs.
func BenchmarkVerify(b *testing.B) {
	ctx := context.Background()
	for _, n := range []int{100, 10_000} {
		a := newBenchApp(b)
		secrets := a.secrets(n)
		for name, data := range secrets {
			a.put(FilePath(prod, name), data)
		}
		commit, _ := a.importSet(secrets)
		at := map[string]func(r *repo.Repo) (fs.FS, error){
			"work tree": func(r *repo.Repo) (fs.FS, error) { return repo.OpenWorkTree(r.Top(), StoreDir) },
			"commit":    func(r *repo.Repo) (fs.FS, error) { return r.FS(ctx, commit, StoreDir) },
		}
		for _, what := range []string{"work tree", "commit"} {
			open := func(do func(fs.FS) error) {
				r, err := repo.Open(ctx, a.dir, repo.Options{Env: testEnv(a.dir)})
				a.must(err)
				defer r.Close()
				store, err := at[what](r)
				a.must(err)
				a.must(do(store))
			}
			b.Run(fmt.Sprintf("%d/%s", n, what), func(b *testing.B) {
				for b.Loop() {
					open(func(store fs.FS) error {
						found, err := VerifyStore(ctx, store, VerifyOptions{What: what, Structure: true})
						if err == nil && (len(found.Apps) != 1 || found.Apps[0].Environments[0].Secrets != n || len(found.all()) > 0) {
							err = fmt.Errorf("found %v", found.all())
						}
						return err
					})
				}
			})
			b.Run(fmt.Sprintf("%d/%s, reading alone", n, what), func(b *testing.B) {
				for b.Loop() {
					open(func(store fs.FS) error {
						entries, err := fs.ReadDir(store, "shop/"+prod)
						for _, e := range entries {
							if _, err := fs.ReadFile(store, "shop/"+prod+"/"+e.Name()); err != nil {
								return err
							}
						}
						return err
					})
				}
			})
		}
	}
}
