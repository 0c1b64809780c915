package cmd

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// Directories of the work tree may be on PATH with pre-commit and lefthook, too.
func TestToolsCallNoProgramOfTheWorkTree(t *testing.T) {
	top, bin := t.TempDir(), aside(t)
	in := filepath.Join(top, "node_modules", ".bin")
	if err := os.MkdirAll(in, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(in, "pinseal"), []byte("#!/bin/sh\necho called\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	var scripts []string
	for _, text := range []string{lefthookText(), preCommitText("  ")} {
		var doc yaml.Node
		if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
			t.Fatal(err)
		}
		scripts = append(scripts, commandsIn(&doc)...)
	}
	if len(scripts) != 5 {
		t.Fatalf("%d commands: %q", len(scripts), scripts)
	}
	for _, script := range scripts {
		for path, want := range map[string]string{bin: "[hook][pre-", in: "outside of the work tree", "node_modules/.bin": "outside of the work tree", t.TempDir(): "outside of the work tree"} {
			out, code := sh(t, top, script, "", []string{"PATH=" + path + ":/usr/bin:/bin", "HOME=" + top}, nil)
			if (code == 0) != (path == bin) || !strings.Contains(out, want) || strings.Contains(out, "called") {
				t.Errorf("%s\nwith %s: exit code %d\n%s", script, path, code, out)
			}
		}
	}
}

// commandsIn are what a tool's file runs.
func commandsIn(n *yaml.Node) (scripts []string) {
	for i, child := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 1 && (n.Content[i-1].Value == "run" || n.Content[i-1].Value == "entry") {
			scripts = append(scripts, child.Value)
		}
		scripts = append(scripts, commandsIn(child)...)
	}
	return scripts
}

// pre-commit splits the entry like a shell, gives it an empty stdin, and says in
// variables what is pushed; for a first push it does not say which commit.
func TestPreCommitPush(t *testing.T) {
	top, bin := t.TempDir(), aside(t)
	git := func(args ...string) string {
		t.Helper()
		c := exec.Command("git", append([]string{"-c", "user.name=Ada", "-c", "user.email=ada@example.com"}, args...)...)
		c.Dir = top
		out, err := c.Output()
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(out))
	}
	git("init", "-q")
	git("commit", "-q", "--allow-empty", "-m", "one")
	first := git("rev-parse", "HEAD")
	git("branch", "topic")
	git("commit", "-q", "--allow-empty", "-m", "two")
	head := git("rev-parse", "HEAD")
	guarded := preCommitGuarded(preCommitRefs)
	script, begins := strings.CutPrefix(guarded, "sh -c '")
	script, ends := strings.CutSuffix(script, "'")
	if !begins || !ends || strings.Contains(script, "'") {
		t.Fatalf("the entry is not sh -c and one word:\n%s", guarded)
	}
	none := strings.Repeat("0", 40)
	remote := []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "HOME=" + top, "PRE_COMMIT_REMOTE_NAME=origin", "PRE_COMMIT_REMOTE_URL=a b"}
	for _, test := range []struct {
		env  []string
		want string
	}{
		{[]string{"PRE_COMMIT_TO_REF=" + first, "PRE_COMMIT_FROM_REF=x", "PRE_COMMIT_LOCAL_BRANCH=refs/heads/topic", "PRE_COMMIT_REMOTE_BRANCH=refs/heads/t"}, "refs/heads/topic " + first + " refs/heads/t " + none},
		{[]string{"PRE_COMMIT_LOCAL_BRANCH=refs/heads/topic", "PRE_COMMIT_REMOTE_BRANCH=refs/heads/t"}, "refs/heads/topic " + first + " refs/heads/t " + none},
		{nil, "HEAD " + head + " HEAD " + none},
	} {
		want := "[hook][pre-push][origin][a b]" + test.want + "\n"
		if out, code := sh(t, top, script, "", append(test.env, remote...), nil); code != 0 || out != want {
			t.Errorf("%q: exit code %d\n%s\nwant\n%s", test.env, code, out, want)
		}
	}
	if _, code := sh(t, top, script, "", append(remote, "CODE=7"), nil); code != 7 {
		t.Errorf("exit code %d, want 7", code)
	}
}
