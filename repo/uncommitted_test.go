package repo

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestUncommitted(t *testing.T) {
	dir := newDir(t)
	for _, name := range []string{"S", "M", "D", "R"} {
		put(t, dir, "d/"+name, name)
	}
	commitAll(t, dir, "more")
	tgit(t, dir, "checkout", "-q", "-b", "side")
	put(t, dir, "d/S", "side")
	commitAll(t, dir, "side")
	tgit(t, dir, "checkout", "-q", "main")
	put(t, dir, "d/S", "main")
	commitAll(t, dir, "main")
	r, ctx := openAt(t, dir), context.Background()
	if got, err := r.Uncommitted(ctx, []string{"d", "nowhere"}); err != nil || len(got) > 0 {
		t.Fatalf("got %v, %v", got, err)
	}
	trygit(dir, nil, "merge", "side")
	put(t, dir, ".git/info/exclude", "ignored\n")
	put(t, dir, "d/M", "changed")
	put(t, dir, "d/ignored", "x")
	put(t, dir, "d/new", "x")
	os.Remove(filepath.Join(dir, "d/D"))
	tgit(t, dir, "rm", "-q", "--cached", "d/R")
	index, err := os.ReadFile(filepath.Join(dir, ".git/index"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := r.Uncommitted(ctx, []string{"d"})
	var list []string
	for _, u := range got {
		if u.Unmerged {
			u.Path += " unmerged"
		}
		list = append(list, strings.TrimPrefix(u.Path, "d/"))
	}
	if want := "D M R S unmerged R new ignored"; err != nil || strings.Join(list, " ") != want {
		t.Errorf("got %v, %v, want %s", list, err, want)
	}
	if readFile(t, filepath.Join(dir, ".git/index")) != string(index) {
		t.Error("the index was written")
	}
}
