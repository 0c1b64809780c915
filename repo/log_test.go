package repo

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestChanges(t *testing.T) {
	ctx := context.Background()
	dir := newDir(t)
	first := Hash(tgit(t, dir, "rev-parse", "HEAD"))
	put(t, dir, "other", "x")
	commitAll(t, dir, "elsewhere")
	tgit(t, dir, "checkout", "-q", "-b", "side")
	put(t, dir, "app/dev/B.yaml", "side\n")
	side := commitAll(t, dir, "side: ünïcode\n\nbody")
	tgit(t, dir, "checkout", "-q", "main")
	put(t, dir, "app/dev/A.yaml", "main\n")
	main := commitAll(t, dir, "main side")
	tgit(t, dir, "merge", "-q", "--no-commit", "side")
	put(t, dir, "app/dev/C *.yaml", "evil\n")
	merge := commitAll(t, dir, "merge")
	put(t, dir, "other", "y")
	tip := commitAll(t, dir, "elsewhere again")
	tgit(t, dir, "rm", "-q", "app/dev/A.yaml")
	rm := commitAll(t, dir, "rm")
	tgit(t, dir, "config", "log.showSignature", "true")
	tgit(t, dir, "config", "log.follow", "true")
	tgit(t, dir, "config", "log.showRoot", "false")
	r := openAt(t, dir)
	walk := func(tip Hash, dir string) (got []string) {
		t.Helper()
		for c, err := range r.Changes(ctx, tip, dir) {
			if err != nil {
				t.Fatal(err)
			}
			s := string(c.Commit[:6]) + " " + c.Subject
			for _, f := range c.Files {
				if (f.Old == "") != (f.Status == 'A') || (f.New == "") != (f.Status == 'D') {
					t.Errorf("%+v", f)
				}
				s += fmt.Sprintf(" %c:%s", f.Status, f.Path)
			}
			if c.Author != "Ann" || c.When.Unix() != 1700000060 {
				t.Errorf("%+v", c)
			}
			got = append(got, s)
		}
		return got
	}
	line := func(h Hash, s string) string { return string(h[:6]) + " " + s }
	got := walk(tip, "app")
	want := []string{
		line(merge, "merge A:app/dev/C *.yaml"),
		line(main, "main side M:app/dev/A.yaml"),
		line(side, "side: ünïcode M:app/dev/B.yaml"),
		line(first, "first A:app/dev/A.yaml A:app/dev/B.yaml"),
	}
	slices.Sort(got[1:3]) // equal dates: either order is right
	slices.Sort(want[1:3])
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if got := walk(rm, "app/dev/A.yaml"); !slices.Equal(got, []string{line(rm, "rm D:app/dev/A.yaml"), line(main, "main side M:app/dev/A.yaml"), line(first, "first A:app/dev/A.yaml")}) {
		t.Errorf("one file: %q", got)
	}
	if got := walk(rm, "app/dev/C *.yaml"); len(got) != 1 {
		t.Errorf("literal path: %q", got)
	}
	if got := walk(rm, "nope"); got != nil {
		t.Errorf("absent path: %q", got)
	}
	if got := walk(rm, ""); len(got) != 7 {
		t.Errorf("everything: %q", got)
	}
	for range r.Changes(ctx, rm, "") {
		break // ends git
	}
	for _, bad := range []struct {
		tip Hash
		dir string
	}{{"", "app"}, {Hash(strings.Repeat("1", 40)), "app"}, {rm, "../x"}} {
		n := 0
		for _, err := range r.Changes(ctx, bad.tip, bad.dir) {
			n++
			if err == nil {
				t.Errorf("%v: a change", bad)
			}
		}
		if n != 1 {
			t.Errorf("%v: %d items", bad, n)
		}
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	for _, err := range r.Changes(cancelled, rm, "") {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
	}
}

func TestParseLogBad(t *testing.T) {
	id := strings.Repeat("a", 40)
	for _, bad := range []string{"x", "x\x00", id + "\x00", id + "\x001\x00a\x00s\x00\n:1 2 3\x00p\x00",
		id + "\x001\x00a\x00s\x00\n:1 2 " + id + " " + id + " M\x00", ":1 2 3 4 M\x00p\x00"} {
		_, err := parseLog(bufio.NewReader(strings.NewReader(bad)), func(Change, error) bool { return true })
		if err == nil {
			t.Errorf("%q is read", bad)
		}
	}
}

// Whoever makes a commit writes its date. One that is none must not keep anyone
// from the others.
func TestParseLogDates(t *testing.T) {
	id := strings.Repeat("a", 40)
	for _, odd := range []string{"", "x", "-1", "99999999999999999999", "253402300800", strings.Repeat("1", maxLogItem+1)} {
		var got []Change
		_, err := parseLog(bufio.NewReader(strings.NewReader(id+"\x00"+odd+"\x00a\x00s\x00")), func(c Change, err error) bool {
			got = append(got, c)
			return err == nil
		})
		if err != nil || len(got) != 1 || !got[0].When.IsZero() || got[0].Subject != "s" {
			t.Errorf("%.20q: %v, %v", odd, got, err)
		}
	}
}

// TestChangesLong walks over what one commit may hold to stop every reader of
// the history: a subject, an author or a path without end.
func TestChangesLong(t *testing.T) {
	dir := newDir(t)
	put(t, dir, "app/dev/A.yaml", "long\n")
	put(t, dir, "message", strings.Repeat("é", 1<<20)+"\n")
	tgit(t, dir, "commit", "-q", "-a", "-F", "message")
	var subjects []string
	for c, err := range openAt(t, dir).Changes(context.Background(), Hash(tgit(t, dir, "rev-parse", "HEAD")), "app") {
		if err != nil {
			t.Fatal(err)
		}
		if len(c.Files) == 0 {
			t.Errorf("%s: no files", c.Commit)
		}
		subjects = append(subjects, c.Subject)
	}
	if cut := strings.Repeat("é", maxLogText/2) + "…"; len(subjects) != 2 || subjects[0] != cut || subjects[1] != "first" {
		t.Errorf("%d subjects, %.20q…", len(subjects), subjects)
	}

	id, long := strings.Repeat("a", 40), strings.Repeat("p", maxLogItem+1)
	raw := ":100644 100644 " + id + " " + id + " M\x00"
	head := id + "\x001\x00" + long + "\x00" + "ok" + "\x00"
	var got []Change
	_, err := parseLog(bufio.NewReader(strings.NewReader(head+"\n"+raw+long+"\x00"+raw+"p\x00"+":"+long+"\x00q\x00"+head)), func(c Change, err error) bool {
		got = append(got, c)
		return err == nil
	})
	if err != nil || len(got) != 2 {
		t.Fatalf("%d changes, %v", len(got), err)
	}
	if c := got[0]; len(c.Files) != 1 || c.Files[0].Path != "p" || c.Author != long[:maxLogText]+"…" || c.Subject != "ok" {
		t.Errorf("files %v", c.Files)
	}
	if _, err := parseLog(bufio.NewReader(strings.NewReader(long+"\x00")), func(Change, error) bool { return true }); err == nil {
		t.Error("an id without end is read")
	}
}

func TestConfig(t *testing.T) {
	ctx := context.Background()
	dir := newDir(t)
	tgit(t, dir, "config", "Remote.Origin.URL", "https://u:p@example.com/x")
	tgit(t, dir, "config", "--add", "remote.Origin.url", "two")
	tgit(t, dir, "config", "remote.a.b.url", "multi\nline")
	tgit(t, dir, "config", "pinseal.remote", "Origin")
	put(t, dir, ".git/config", readFile(t, dir+"/.git/config")+"[flag]\n\tset\n")
	r := openAt(t, dir, "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=user.email", "GIT_CONFIG_VALUE_0=me@example.com")
	c, err := r.Config(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{"pinseal.remote": "Origin", "PinSeal.Remote": "Origin", "remote.Origin.URL": "two", "flag.set": "true", "remote.a.b.url": "multi\nline"} {
		if got, ok := c.Get(key); got != want || !ok {
			t.Errorf("%s: %q %v", key, got, ok)
		}
	}
	if _, ok := c.Get("remote.origin.url"); ok {
		t.Error("subsections ignore case")
	}
	if got := c.All("remote.Origin.url"); !slices.Equal(got, []string{"https://u:p@example.com/x", "two"}) {
		t.Errorf("all: %q", got)
	}
	if got := fmt.Sprint(c.Remotes()); got != "[{Origin [https://u:p@example.com/x two]} {a.b [multi\nline]}]" {
		t.Errorf("remotes: %s", got)
	}
	if got := r.UserEmail(ctx); got != "me@example.com" {
		t.Errorf("email %q", got)
	}
	if r.Spawns() != 1 {
		t.Errorf("%d processes", r.Spawns())
	}
	if got, err := r.Committer(ctx); got != ident || err != nil {
		t.Errorf("committer %q %v", got, err)
	}
	nobody := openWith(t, dir, Options{Env: []string{"HOME=" + dir, "GIT_CONFIG_NOSYSTEM=1", "PATH=" + envPath(), "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=user.useConfigOnly", "GIT_CONFIG_VALUE_0=true"}})
	if got, err := nobody.Committer(ctx); err == nil {
		t.Errorf("committer %q", got)
	}
	if got := nobody.UserEmail(ctx); got != "" {
		t.Errorf("email %q", got)
	}
}

func TestIgnoredAndUnmerged(t *testing.T) {
	ctx := context.Background()
	dir := newDir(t)
	put(t, dir, ".gitignore", "# dot files\n.*\n!.gitignore\n*.age\n")
	put(t, dir, "app/.gitignore", "!*\n")
	r := openAt(t, dir)
	got, err := r.Ignored(ctx, []string{".pinseal/x.yaml", "app/key.age", "other/key.age", "README", ".gitignore", "app/dev/A.yaml"})
	if want := "[{.pinseal/x.yaml .gitignore 2 .*} {other/key.age .gitignore 4 *.age}]"; err != nil || fmt.Sprint(got) != want {
		t.Errorf("ignored %v %v", got, err)
	}
	if got, err := r.Ignored(ctx, []string{"README"}); got != nil || err != nil {
		t.Errorf("none: %v %v", got, err)
	}
	if _, err := r.Ignored(ctx, []string{"../x"}); err == nil {
		t.Error("a path outside is accepted")
	}
	tgit(t, dir, "checkout", "-q", "-b", "side")
	put(t, dir, "app/dev/A.yaml", "1")
	put(t, dir, "README", "1")
	commitAll(t, dir, "1")
	tgit(t, dir, "checkout", "-q", "main")
	put(t, dir, "app/dev/A.yaml", "2")
	put(t, dir, "README", "2")
	commitAll(t, dir, "2")
	if _, err := trygit(dir, nil, "merge", "side"); err == nil {
		t.Fatal("no conflict")
	}
	for sub, want := range map[string]string{"app": "[app/dev/A.yaml]", "": "[README app/dev/A.yaml]", "app/*": "[]", "app/dev/B.yaml": "[]"} {
		if got, err := r.Unmerged(ctx, sub); fmt.Sprint(got) != want || err != nil {
			t.Errorf("unmerged below %q: %v %v", sub, got, err)
		}
	}
}

func TestGitErrors(t *testing.T) {
	for in, want := range map[string]string{
		"x\x1b[31my\r\n\tz\u202e":                  "x[31my\n z",
		"fatal: https://u:p@host/x and ssh://me@h": "fatal: https://***@host/x and ssh://***@h",
		"https://h/a@b":                            "https://h/a@b",
		"'https://a:b@c@d/e'":                      "'https://***@d/e'",
		"\xff\xfebad":                              "bad",
		strings.Repeat("y", 9000) + "end":          strings.Repeat("y", maxStderr-3) + "end",
	} {
		var w tail
		for i := range len(in) {
			w.Write([]byte(in[i : i+1]))
		}
		if got := w.String(); got != want {
			t.Errorf("%.40q: %.80q", in, got)
		}
		if len(w.b) > 2*maxStderr+1 {
			t.Errorf("tail keeps %d bytes", len(w.b))
		}
	}
	r := openAt(t, newDir(t))
	_, err := r.git(context.Background(), nil, "cat-file", "-p", "nope")
	e, ok := errors.AsType[*GitError](err)
	if !ok || e.Code != 128 || !strings.HasPrefix(err.Error(), "git cat-file: fatal:") {
		t.Errorf("%v", err)
	}
	many := &GitError{Args: []string{"-c", "a=b", "push"}, Stderr: "one\n\n  two\nerror: three", Code: 1}
	if got := many.Error(); got != "git push: exit code 1\n  git: one\n  git:   two\n  git: error: three" {
		t.Errorf("several lines: %q", got)
	}
	many.Stderr = " \none"
	if got := many.Error(); got != "git push: one" {
		t.Errorf("one line: %q", got)
	}
	none := &Repo{opts: Options{Env: []string{"PATH=relative:/nonexistent"}}}
	if _, err := none.git(context.Background(), nil, "version"); err == nil {
		t.Error("git is found without a PATH to it")
	}
}
