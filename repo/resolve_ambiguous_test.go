package repo

import (
	"context"
	"errors"
	"slices"
	"testing"
)

// Whoever can push a tag could choose what the name of a remote's branch means.
func TestResolveAmbiguous(t *testing.T) {
	ctx := context.Background()
	dir := newDir(t)
	first := Hash(tgit(t, dir, "rev-parse", "HEAD"))
	put(t, dir, "x", "x")
	second := commitAll(t, dir, "second")
	tgit(t, dir, "update-ref", "refs/remotes/origin/main", string(first))
	tgit(t, dir, "update-ref", "refs/tags/origin/main", string(second))
	tgit(t, dir, "update-ref", "refs/tags/refs/remotes/origin/main", string(second))
	tgit(t, dir, "update-ref", "refs/tags/HEAD", string(first))
	tgit(t, dir, "update-ref", "refs/tags/"+string(second), string(first))
	tgit(t, dir, "update-ref", "refs/tags/"+string(second[:10]), string(first))
	tgit(t, dir, "config", "core.warnAmbiguousRefs", "false")
	t.Setenv("LC_ALL", "de_DE.UTF-8")
	t.Setenv("LANGUAGE", "de")
	r := openAt(t, dir)
	for rev, refs := range map[string][]string{
		"origin/main":          {"refs/tags/origin/main", "refs/remotes/origin/main"},
		"origin/main~0":        {"refs/tags/origin/main~0", "refs/remotes/origin/main~0"},
		"origin/main^{commit}": {"refs/tags/origin/main^{commit}", "refs/remotes/origin/main^{commit}"},
		string(second[:10]):    {"refs/tags/" + string(second[:10])},
	} {
		got, err := r.Resolve(ctx, rev)
		many, ok := errors.AsType[*AmbiguousRevError](err)
		if !ok || got != "" || many.Rev != rev || !slices.Equal(many.Refs, refs) || !is[*UnknownRevError](err) {
			t.Errorf("%s: %s, %v, want %q", rev, got, err, refs)
		}
	}
	for rev, want := range map[string]Hash{
		"HEAD": second, "HEAD~1": first, "@": second, "main": second, string(second): second,
		"refs/remotes/origin/main": first, "refs/tags/origin/main": second,
	} {
		if got, err := r.Resolve(ctx, rev); got != want || err != nil {
			t.Errorf("%s: %s, %v, want %s", rev, got, err, want)
		}
	}
}
