package repo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestRef(t *testing.T) {
	ctx := context.Background()
	dir := newDir(t)
	first := Hash(tgit(t, dir, "rev-parse", "HEAD"))
	second := commitAll(t, dir, "second")
	tgit(t, dir, "update-ref", "refs/pinseal/x/loose", string(second))
	tgit(t, dir, "update-ref", "refs/pinseal/x/packed", string(first))
	tgit(t, dir, "tag", "-a", "-m", "t", "v1")
	tgit(t, dir, "pack-refs", "--all")
	tgit(t, dir, "update-ref", "refs/pinseal/x/loose", string(first))
	tgit(t, dir, "symbolic-ref", "refs/pinseal/x/sym", "refs/pinseal/x/packed")
	tgit(t, dir, "symbolic-ref", "refs/pinseal/x/dangling", "refs/pinseal/x/none")
	tag := Hash(tgit(t, dir, "rev-parse", "refs/tags/v1"))
	plain, viaGit := openAt(t, dir), openAt(t, dir)
	viaGit.loc.plain = false
	for _, r := range []*Repo{plain, viaGit} {
		for name, want := range map[string]Hash{
			"refs/heads/main": second, "refs/pinseal/x/loose": first, "refs/pinseal/x/packed": first,
			"refs/tags/v1": tag, "refs/pinseal/x/sym": first, "refs/pinseal/x/dangling": "",
			"refs/pinseal/x/none": "", "refs/pinseal/x": "", "refs/pinseal/x/packed/below": "", "refs/zzz": "", "refs/aaa": "",
		} {
			if got, err := r.Ref(ctx, name); got != want || err != nil {
				t.Errorf("plain %v %s: %q %v, want %q", r.loc.plain, name, got, err, want)
			}
		}
		for _, bad := range []string{"main", "HEAD", "refs/", "refs/a..b", "refs/a b", "refs/x.lock", "refs/.x", "refs//x",
			"refs/x/", "refs/../x", "refs/x\n", "refs/x~1", "refs/x*", "refs/x@{1}", "refs/" + strings.Repeat("x", 2000)} {
			if _, err := r.Ref(ctx, bad); err == nil {
				t.Errorf("ref name %q is accepted", bad)
			}
		}
		refs, err := r.Refs(ctx, "refs/pinseal/x/")
		var names []string
		for _, ref := range refs {
			names = append(names, strings.TrimPrefix(ref.Name, "refs/pinseal/x/")+"="+string(ref.Hash[:4]))
		}
		want := []string{"loose=" + string(first[:4]), "packed=" + string(first[:4]), "sym=" + string(first[:4])}
		if err != nil || !slices.Equal(names, want) {
			t.Errorf("refs %v %v, want %v", names, err, want)
		}
		if _, err := r.Refs(ctx, "refs/pinseal/x"); err == nil {
			t.Error("a prefix without its slash is accepted")
		}
	}
	if plain.Spawns() != 1 {
		t.Errorf("%d processes for exact names, want none beside for-each-ref", plain.Spawns()-1)
	}
}

// TestBrokenRef: an empty or odd loose ref never falls back to the packed value.
func TestBrokenRef(t *testing.T) {
	ctx := context.Background()
	for name, content := range map[string]string{
		"empty": "", "short": "abc\n", "text": strings.Repeat("z", 40) + "\n", "odd symref": "ref: ../../x\n", "junk after": strings.Repeat("a", 40) + " x\n",
	} {
		dir := newDir(t)
		tgit(t, dir, "update-ref", "refs/pinseal/x/e", "HEAD")
		tgit(t, dir, "pack-refs", "--all")
		put(t, dir, ".git/refs/pinseal/x/e", content)
		for _, plain := range []bool{true, false} {
			r := openAt(t, dir)
			r.loc.plain = plain
			if !plain && (name == "odd symref" || name == "junk after") {
				continue // git accepts these
			}
			h, err := r.Ref(ctx, "refs/pinseal/x/e")
			if h != "" || err == nil {
				t.Errorf("%s (plain %v): %q %v", name, plain, h, err)
			}
		}
	}
	dir := newDir(t)
	put(t, dir, ".git/refs/heads/a", "ref: refs/heads/b\n")
	put(t, dir, ".git/refs/heads/b", "ref: refs/heads/a\n")
	if _, err := openAt(t, dir).Ref(ctx, "refs/heads/a"); !is[*CorruptError](err) {
		t.Errorf("loop of symbolic refs: %v", err)
	}
}

func TestPackedRefs(t *testing.T) {
	id := func(i int) Hash { return Hash(fmt.Sprintf("%040x", i+1)) }
	for _, n := range []int{0, 1, 2, 3, 10, 1000} {
		for _, sorted := range []bool{true, false} {
			var b bytes.Buffer
			if sorted {
				b.WriteString("# pack-refs with: peeled fully-peeled sorted \n")
			}
			for i := range n {
				fmt.Fprintf(&b, "%s refs/x/%05d%s\n", id(i), 2*i, strings.Repeat("y", i%200))
				if i%3 == 0 {
					fmt.Fprintf(&b, "^%s\n", id(999))
				}
			}
			f := bytes.NewReader(b.Bytes())
			for i := range n {
				h, err := findPacked(f, int64(b.Len()), fmt.Sprintf("refs/x/%05d%s", 2*i, strings.Repeat("y", i%200)))
				if err != nil || h != id(i) {
					t.Fatalf("%d of %d sorted %v: %q %v", i, n, sorted, h, err)
				}
				h, err = findPacked(f, int64(b.Len()), fmt.Sprintf("refs/x/%05d", 2*i+1))
				if err != nil || h != "" {
					t.Fatalf("absent %d of %d: %q %v", i, n, h, err)
				}
			}
			for _, absent := range []string{"refs/a", "refs/z"} {
				if h, err := findPacked(f, int64(b.Len()), absent); h != "" || err != nil {
					t.Fatalf("absent %s: %q %v", absent, h, err)
				}
			}
		}
	}
	for _, bad := range []string{"# sorted \nxyz\n", "# pack-refs with: sorted \nnothing", string(id(1)) + "\n", string(id(1)) + " \n",
		"# pack-refs with: sorted \n" + strings.Repeat("x", 3*maxPackedLine) + "\n"} {
		if h, err := findPacked(strings.NewReader(bad), int64(len(bad)), "refs/x"); err == nil {
			t.Errorf("%.30q: %q", bad, h)
		}
	}
}

func TestResolve(t *testing.T) {
	ctx := context.Background()
	dir := newDir(t)
	first := Hash(tgit(t, dir, "rev-parse", "HEAD"))
	put(t, dir, "x", "x")
	second := commitAll(t, dir, "fix: second")
	tgit(t, dir, "tag", "-a", "-m", "t", "v1", "HEAD~1")
	tgit(t, dir, "tag", "-a", "-m", "t", "v2", "v1")
	tgit(t, dir, "tag", "blob", "HEAD:README")
	tgit(t, dir, "branch", "odd/näme")
	r := openAt(t, dir)
	for rev, want := range map[string]Hash{
		"HEAD": second, string(first): first, "main": second, "HEAD^": first, "main~1": first, "v1": first, "v2": first,
		"v1^{}": first, string(first[:12]): first, ":/first": first, ":/fix": second, "HEAD^{/first}": first, "@": second,
		"main@{0}": second, "odd/näme": second, tgit(t, dir, "rev-parse", "v2"): first, strings.ToUpper(string(first)): first,
	} {
		if got, err := r.Resolve(ctx, rev); got != want || err != nil {
			t.Errorf("%q: %q %v, want %q", rev, got, err, want)
		}
	}
	for _, rev := range []string{"", "-h", "--all", "nope", "HEAD:README", "HEAD^{tree}", ":README", "blob", "main\nx", "main\x00", "^main", "main..HEAD",
		"HEAD HEAD", tgit(t, dir, "rev-parse", "HEAD:README"), tgit(t, dir, "rev-parse", "HEAD^{tree}"), strings.Repeat("a", 40), strings.Repeat("a", 64), "HEAD~99", strings.Repeat("x", 9000)} {
		if got, err := r.Resolve(ctx, rev); !is[*UnknownRevError](err) || got != "" {
			t.Errorf("%q: %q %v", rev, got, err)
		}
	}
	before := r.Spawns()
	for _, rev := range []string{"HEAD", string(first)} {
		if _, err := r.Resolve(ctx, rev); err != nil {
			t.Fatal(err)
		}
	}
	if r.Spawns() != before {
		t.Error("HEAD and full ids cost a process")
	}
}

func TestHead(t *testing.T) {
	ctx := context.Background()
	empty := tempDir(t)
	tgit(t, empty, "init", "-q", "-b", "trunk", ".")
	dir := newDir(t)
	head := Hash(tgit(t, dir, "rev-parse", "HEAD"))
	for _, plain := range []bool{true, false} {
		r := openAt(t, empty)
		r.loc.plain = plain
		if h, b, err := r.Head(ctx); h != "" || b != "trunk" || !errors.Is(err, ErrNoCommits) {
			t.Errorf("unborn, plain %v: %q %q %v", plain, h, b, err)
		}
		if _, err := r.Resolve(ctx, "HEAD"); !is[*UnknownRevError](err) {
			t.Errorf("resolve unborn: %v", err)
		}
		r = openAt(t, dir)
		r.loc.plain = plain
		if h, b, err := r.Head(ctx); h != head || b != "main" || err != nil {
			t.Errorf("plain %v: %q %q %v", plain, h, b, err)
		}
	}
	tgit(t, dir, "checkout", "-q", "--detach")
	for _, plain := range []bool{true, false} {
		r := openAt(t, dir)
		r.loc.plain = plain
		if h, b, err := r.Head(ctx); h != head || b != "" || err != nil {
			t.Errorf("detached, plain %v: %q %q %v", plain, h, b, err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, ".git", "HEAD"), []byte("ref: refs/heads/main\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	r := openAt(t, dir)
	put(t, dir, ".git/HEAD", "")
	if _, _, err := r.Head(ctx); err == nil {
		t.Error("an empty HEAD is read")
	}
}
