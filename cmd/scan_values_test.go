package cmd_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const blogValue = "CANARYblogvalue"

// newShopAndBlog is newHooked with a second app, blog, and a place to push to.
func newShopAndBlog(t *testing.T) *hooked {
	t.Helper()
	h := newHooked(t)
	h.pinseal(h.dir, "", "init", "blog")
	h.pinseal(h.dir, blogValue, "set", "KEY", "-e", "dev", "--app", "blog")
	h.commit(h.dir, "blog")
	h.git(h.root, "init", "-q", "--bare", h.path("hub"))
	h.git(h.dir, "remote", "add", "origin", h.path("hub"))
	return h
}

// passes runs git, which no hook may stop, and returns what was said.
func (h *hooked) passes(args ...string) string {
	h.Helper()
	c := exec.Command("git", args...)
	c.Dir, c.Env = h.dir, h.env
	out, err := c.CombinedOutput()
	if err != nil {
		h.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// leak commits a value past the hooks, and takes it out again.
func (h *hooked) leak(text string) {
	h.Helper()
	h.put("leak.txt", text+"\n")
	h.git(h.dir, "add", "leak.txt")
	h.git(h.dir, "commit", "-q", "--no-verify", "-m", "leak")
	h.git(h.dir, "rm", "-qf", "leak.txt")
	h.git(h.dir, "commit", "-q", "--no-verify", "-m", "taken out")
}

// TestHookElsewhere: the apps that count are not only those of the work tree.
func TestHookElsewhere(t *testing.T) {
	blog := ".pinseal/blog"
	leaks := func(h *hooked) string {
		h.put("l.txt", blogValue+"\n")
		h.git(h.dir, "add", "l.txt")
		return h.stops(h.dir, "commit", "-qm", "x")
	}
	for name, hide := range map[string]func(h *hooked){
		"moved away": func(h *hooked) {
			if err := os.Rename(filepath.Join(h.dir, blog), h.path("away")); err != nil {
				h.Fatal(err)
			}
		},
		"sparse": func(h *hooked) {
			h.git(h.dir, "sparse-checkout", "set", "--no-cone", "/*", "!/"+blog+"/")
			if _, err := os.Stat(filepath.Join(h.dir, blog)); err == nil {
				h.Fatal("it is still there")
			}
		},
		"removal staged": func(h *hooked) { h.git(h.dir, "rm", "-rq", blog) },
		"only its pins": func(h *hooked) {
			h.pinseal(h.dir, "", "publish", "dev", "--first", "--app", "blog")
			h.git(h.dir, "rm", "-rq", blog)
			h.git(h.dir, "commit", "-qm", "without blog")
		},
		"only packed pins": func(h *hooked) {
			h.pinseal(h.dir, "", "publish", "dev", "--first", "--app", "blog")
			h.git(h.dir, "pack-refs", "--all")
			h.git(h.dir, "rm", "-rq", blog)
			h.git(h.dir, "commit", "-qm", "without blog")
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newShopAndBlog(t)
			h.world.TB = t
			hide(h)
			h.says(leaks(h), "l.txt:1  KEY (dev")
		})
	}
}

// TestHookGone: an app that is not in the work tree's branch at all.
func TestHookGone(t *testing.T) {
	h := newShopAndBlog(t)
	h.leak(blogValue)
	h.git(h.dir, "checkout", "-q", "--orphan", "pub")
	h.git(h.dir, "rm", "-rfq", ".")
	h.put("conf", "t="+leakValue+"\n")
	h.git(h.dir, "add", "conf")
	h.says(h.passes("commit", "-m", "nothing of it is at hand"), "values not looked for: shop: its files are neither checked out, staged nor pinned here", "values not looked for: blog: its files are neither checked out, staged nor pinned here")
	h.says(h.stops(h.dir, "push", "origin", "pub"), "conf:1  KEY (dev of shop)")
	h.says(h.stops(h.dir, "push", "origin", "main:other"), "leak.txt:1  KEY (dev of blog)")
}

// TestHookGoneBefore: an app that was removed, without a pin, and then leaks.
func TestHookGoneBefore(t *testing.T) {
	h := newShopAndBlog(t)
	h.git(h.dir, "rm", "-rq", ".pinseal/blog")
	h.git(h.dir, "commit", "-qm", "without blog")
	h.put("k.txt", blogValue+"\n")
	h.git(h.dir, "add", "k.txt")
	h.says(h.passes("commit", "-m", "nothing of it is at hand"), "values not looked for: blog: its files are neither checked out, staged nor pinned here")
	h.says(h.stops(h.dir, "push", "origin", "main"), "k.txt:1  KEY (dev")
	if r := h.run(h.dir, "", "scan", "--all"); r.code != 1 || !strings.Contains(r.stdout, "k.txt:1  KEY (dev") {
		t.Errorf("%+v", r)
	}
	if r := h.run(h.dir, "", "scan"); !strings.Contains(r.stderr, "Not looked for: blog: its files are neither checked out, staged nor pinned here") {
		t.Errorf("%+v", r)
	}
}

// TestHookAside: what is wrong with an app that only history has stops nobody, and
// it is not opened where it is not trusted.
func TestHookAside(t *testing.T) {
	h := newShopAndBlog(t)
	h.git(h.dir, "rm", "-rq", ".pinseal/blog")
	h.git(h.dir, "commit", "-qm", "without blog")
	h.git(h.dir, "update-ref", "refs/pinseal/"+strings.Repeat("a", 26)+"/dev", "HEAD")
	h.put("fine.txt", "x\n")
	h.git(h.dir, "add", "fine.txt")
	h.says(h.passes("commit", "-m", "goes on"), "of the ledger of dev")

	other, _ := h.newApp("elsewhere")
	h.pinseal(other, "CANARYelsewhere", "set", "KEY", "-e", "dev")
	if err := os.CopyFS(filepath.Join(h.dir, ".pinseal/other"), os.DirFS(filepath.Join(other, ".pinseal/shop"))); err != nil {
		t.Fatal(err)
	}
	h.put("o.txt", "CANARYelsewhere\n")
	h.git(h.dir, "add", "-A")
	h.git(h.dir, "commit", "-q", "--no-verify", "-m", "a copied app")
	h.git(h.dir, "rm", "-rqf", ".pinseal/other")
	h.git(h.dir, "commit", "-q", "--no-verify", "-m", "taken out")
	h.says(h.passes("push", "origin", "main"), "other: it is not known in this place")
}

// TestHookPushTip: a commit that no ref has is read, too.
func TestHookPushTip(t *testing.T) {
	h := newShopAndBlog(t)
	h.put("t.txt", "CANARYtipvalue\n")
	h.pinseal(h.dir, "CANARYtipvalue", "set", "TIP", "-e", "dev", "--app", "blog")
	h.git(h.dir, "add", "-A")
	tip := h.git(h.dir, "commit-tree", "-p", "HEAD", "-m", "beside", h.git(h.dir, "write-tree"))
	h.git(h.dir, "reset", "-q", "--hard")
	h.says(h.stops(h.dir, "push", "origin", tip+":refs/heads/tip"), "t.txt:1  TIP (dev of blog)")
}

// TestHookRemovedEnvironment: what an environment held that is no more.
func TestHookRemovedEnvironment(t *testing.T) {
	for name, pinned := range map[string]bool{"pinned": true, "never pinned": false} {
		t.Run(name, func(t *testing.T) {
			h := newHooked(t)
			h.world.TB = t
			if pinned {
				h.pinseal(h.dir, "", "publish", "production", "--first")
			}
			h.pinseal(h.dir, "", "rekey", "production", "--yes")
			h.commit(h.dir, "rekey")
			h.pinseal(h.dir, "", "env", "rm", "production", "--yes")
			h.git(h.dir, "add", "-A")
			h.put("l.txt", "CANARYproduction\n")
			h.git(h.dir, "add", "l.txt")
			h.says(h.stops(h.dir, "commit", "-qm", "HEAD has it"), "l.txt:1  KEY (production)")
			h.git(h.dir, "rm", "-qf", "l.txt")
			h.git(h.dir, "commit", "-qm", "without production")

			h.put("l.txt", "CANARYproduction\n")
			h.git(h.dir, "add", "l.txt")
			if pinned {
				h.says(h.stops(h.dir, "commit", "-qm", "a pin has it"), "l.txt:1  KEY (production)")
			}
			h.git(h.dir, "commit", "-q", "--no-verify", "-m", "leak")
			h.git(h.root, "init", "-q", "--bare", h.path("hub"))
			h.git(h.dir, "remote", "add", "origin", h.path("hub"))
			h.says(h.stops(h.dir, "push", "origin", "main"), "l.txt:1  KEY (production)")
			if r := h.run(h.dir, "", "scan", "--all"); r.code != 1 || !strings.Contains(r.stdout, "l.txt:1  KEY (production)") {
				t.Errorf("%+v", r)
			}
		})
	}
}
