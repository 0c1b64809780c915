package cmd

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestAppendPreCommit(t *testing.T) {
	for _, test := range []struct{ before, indent string }{
		{"repos:\n- repo: local\n  hooks: []\n", ""},
		{"# ours\nfail_fast: true\nrepos:\n  - repo: a\n    rev: v1\n    hooks:\n      - id: x\n        args: [--a]  # why\n", "  "},
		{"repos:\n    -   repo: a\n        hooks:\n        -   id: x", "    "},
		{"repos:\n- repo: a\n  hooks: []\n\n# the end\n", ""},
		{"repos:\n- a: |+\n    text\n\n\n", ""},
	} {
		got, err := appendPreCommit([]byte(test.before))
		if err != nil {
			t.Errorf("%q: %v", test.before, err)
			continue
		}
		if !strings.HasPrefix(string(got), test.before) || !strings.Contains(string(got), "\n"+test.indent+"- repo: local\n"+test.indent+"  hooks:\n"+test.indent+"    - id: pinseal\n") {
			t.Errorf("%q became\n%s", test.before, got)
		}
		for _, hook := range hookNames {
			if !callsOf(t, string(got))[hook] {
				t.Errorf("%q: no %s is found in\n%s", test.before, hook, got)
			}
		}
	}
	for _, before := range []string{
		"", "repos: []\n", "repos: [{repo: a}]\n", "repos:\n- repo: a\nfail_fast: true\n", "- a\n", "{repos: [a]}\n", "repos:\n- a\n---\nrepos:\n- b\n",
		"repos:\n- a\n...\n", "repos:\r\n- a\r\n", "repos:\n- a: |\n    text", "repos: &x\n", "repos:\n\t- a\n", "repos:\n- a: \"open\n", "repos:\n- repo: a\n  hooks: []\n" + markPlain + markEnd,
		strings.Repeat("[", 20000),
	} {
		if got, err := appendPreCommit([]byte(before)); err == nil {
			t.Errorf("%.50q became\n%.500s", before, got)
		}
	}
}

// callsOf is what is found in a file of pre-commit.
func callsOf(t *testing.T, text string) map[string]bool {
	t.Helper()
	top := t.TempDir()
	if err := os.WriteFile(filepath.Join(top, ".pre-commit-config.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	calls, err := hookTools[0].calls(top)
	if err != nil {
		t.Fatal(err)
	}
	return calls
}

func TestPreCommitCalls(t *testing.T) {
	for text, want := range map[string][2]bool{
		"repos:\n- repo: https://example.com/pinseal\n  hooks:\n  - id: pinseal-system\n  - {id: other}\n": {true, false},
		"  - id: 'pinseal-push'  # both\n  - id: pinseal\n":                                                {true, true},
		"  - id: pinseal-push-system\n":                                                                    {false, true},
		"  - id: pinseals\n  # id: pinseal\n":                                                              {false, false},
	} {
		calls := callsOf(t, text)
		if calls["pre-commit"] != want[0] || calls["pre-merge-commit"] != want[0] || calls["pre-push"] != want[1] {
			t.Errorf("%q: %v", text, calls)
		}
	}
}

func TestAppendLefthook(t *testing.T) {
	for _, before := range []string{"# ours\ncommit-msg:\n  parallel: true\n", "min_version: 1.0.0", "a:\n  - b\n", "colors: false\n\n\n", "a: |+\n  text\n\n"} {
		got, err := appendLefthook([]byte(before))
		if err != nil || !strings.HasPrefix(string(got), before) || !strings.Contains(string(got), "\npre-merge-commit:\n  commands:\n") {
			t.Errorf("%q became %v\n%s", before, err, got)
		}
	}
	for _, before := range []string{
		"", "pre-commit:\n  commands: {}\n", "\"pre-push\": {}\n", "{a: b}\n", "a: b\n---\nc: d\n", "- a\n", "a: b\n...\n", "a: b\r\n", "a: \"open",
	} {
		if got, err := appendLefthook([]byte(before)); err == nil {
			t.Errorf("%q became\n%s", before, got)
		}
	}
}

func TestCallsHook(t *testing.T) {
	for text, want := range map[string]bool{
		"pinseal hook pre-commit":                                          true,
		"  run: pinseal hook pre-commit":                                   true,
		"- run: /usr/bin/pinseal hook pre-commit":                          true,
		`'/opt/my bin/pinseal' hook pre-commit "$@" || exit`:               true,
		`exec "/opt/bin/pinseal" hook pre-commit "$@"`:                     true,
		"test -n \"$CI\" || pinseal hook pre-commit":                       true,
		"if ! pinseal hook pre-commit; then":                               true,
		"npm test && exec pinseal hook pre-commit":                         true,
		"exec 1>&2\nif false; then\n  exit 0\nfi\npinseal hook pre-commit": true,
		huskyText("pre-commit"):                                            true,
		manualText("pre-commit", "/opt/it's/pinseal"):                      true,
		lefthookText():                true,
		"# pinseal hook pre-commit":   false,
		"pinseal hook pre-commit-msg": false,
		"pinseal hook pre-push":       false,
		"other hook pre-commit":       false,
		"":                            false,
		"echo run pinseal hook pre-commit yourself":                            false,
		`echo "first npm test && pinseal hook pre-commit"`:                     false,
		"exit 0\npinseal hook pre-commit":                                      false,
		"exec other\npinseal hook pre-commit":                                  false,
		"pinseal hook pre-commit || true":                                      false,
		"pinseal hook pre-commit &":                                            false,
		"exit 0\necho run pinseal hook pre-commit yourself\npinseal-hook && x": false,
	} {
		if got := callsHook([]byte("#!/bin/sh\n"+text+"\n"), "pre-commit"); got != want {
			t.Errorf("%q: %t", text, got)
		}
	}
	for _, text := range []string{huskyText("pre-push"), manualText("pre-push", "/opt/it's/pinseal"), lefthookText()} {
		if !callsHook([]byte(text), "pre-push") {
			t.Errorf("not seen in\n%s", text)
		}
	}
}

// aside makes a directory with a pinseal that shows how it is called, fails when
// CODE says so, and returns the directory.
func aside(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	script := "#!/bin/sh\nprintf '[%s]' \"$@\"\ncat\nexit ${CODE:-0}\n"
	if err := os.WriteFile(filepath.Join(dir, "pinseal"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

// sh runs a script as husky does, with what it says on both its outputs.
func sh(t *testing.T, top, script, stdin string, env, args []string) (string, int) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "hook")
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.Command("sh", append([]string{"-e", file}, args...)...)
	c.Dir, c.Env, c.Stdin = top, env, strings.NewReader(stdin)
	out, err := c.CombinedOutput()
	if c.ProcessState == nil {
		t.Fatal(err)
	}
	return string(out), c.ProcessState.ExitCode()
}

func TestHuskyText(t *testing.T) {
	top, bin := t.TempDir(), aside(t)
	path := "PATH=node_modules/.bin:" + bin + ":" + os.Getenv("PATH")
	commit, push := huskyText("pre-commit")+"echo next\n", huskyText("pre-push")+"echo next; cat\n"
	pushed := []string{"origin", "a b"}
	for _, test := range []struct {
		script, stdin string
		env, args     []string
		code          int
		want          string
	}{
		{commit, "", []string{path}, nil, 0, "[hook][pre-commit]next\n"},
		{commit, "", []string{path, "CODE=7"}, nil, 7, "[hook][pre-commit]"},
		{push, "a 1 b 2\nc 3 d 4\n", []string{path}, pushed, 0, "[hook][pre-push][origin][a b]a 1 b 2\nc 3 d 4\nnext\na 1 b 2\nc 3 d 4\n"},
		{push, "", []string{path}, pushed, 0, "[hook][pre-push][origin][a b]next\n"},
		{push, "a\n", []string{path, "CODE=7"}, pushed, 7, "[hook][pre-push][origin][a b]a\n"},
		{pushText("'"+bin+"/pinseal'") + "echo next; cat\n", "a $x `b`\n", nil, pushed, 0, "[hook][pre-push][origin][a b]a $x `b`\nnext\na $x `b`\n"},
	} {
		if out, code := sh(t, top, test.script, test.stdin, test.env, test.args); code != test.code || out != test.want {
			t.Errorf("exit code %d, want %d\n%s\nwant\n%s", code, test.code, out, test.want)
		}
	}
	// What a branch brings is not called.
	in := filepath.Join(top, "node_modules", ".bin")
	if err := os.MkdirAll(in, 0o777); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{in, "node_modules/.bin", t.TempDir()} {
		if path != in && path != "node_modules/.bin" {
			os.Remove(filepath.Join(in, "pinseal"))
		} else if err := os.WriteFile(filepath.Join(in, "pinseal"), []byte("#!/bin/sh\necho called\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		out, code := sh(t, top, commit, "", []string{"PATH=" + path + ":/usr/bin:/bin"}, nil)
		if code != 1 || !strings.Contains(out, "there is no pinseal on PATH outside of the work tree") || strings.Contains(out, "called") {
			t.Errorf("%s: exit code %d\n%s", path, code, out)
		}
	}
}

func TestHuskyStart(t *testing.T) {
	for text, want := range map[string]string{
		"npm test\n":            "npm test\n",
		"#!/bin/sh\nnpm test\n": "npm test\n",
		"#!/usr/bin/env sh\n. \"$(dirname -- \"$0\")/_/husky.sh\"\n\nnpm test": "npm test",
		"\n# first\n": "# first\n",
		"#!/bin/sh":   "#!/bin/sh",
		"":            "",
	} {
		if got := text[huskyStart([]byte(text)):]; got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
