package cmd

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pinseal/repo"
)

func TestChangeConfig(t *testing.T) {
	want := hookConfig{program: "/opt/it's \\ \"bin\"/pinseal", hooks: true, textconv: true}
	config, err := changeConfig([]byte("[core]\n\tbare = false\n"), want)
	if err != nil {
		t.Fatal(err)
	}
	if got := readHookConfig(config); got.ours != want || string(got.rest) != "[core]\n\tbare = false\n" {
		t.Errorf("got %+v, want %+v", got, want)
	}
	file := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(file, config, 0o666); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{
		textconvKey: textconvCommand(want.program), hookKey("pre-push", "command"): hookCommand("pre-push", want.program), hookKey("pre-push", "event"): "pre-push",
	} {
		out, err := exec.Command("git", "config", "--file", file, "--get", key).Output()
		if err != nil || string(out) != want+"\n" {
			t.Errorf("%s is %q, %v, want %q", key, out, err, want)
		}
	}
	for _, config := range []string{"[a]\n\tb = c \\", "[a]\n\tb = c \\\n"} {
		if got, err := changeConfig([]byte(config), want); err == nil {
			t.Errorf("%q became %q", config, got)
		}
	}
}

// Git takes sections away, and comments with them; what is left of ours is still
// known as that.
func TestChangeConfigAfterGit(t *testing.T) {
	want := hookConfig{program: "/opt/pinseal", hooks: true, textconv: true}
	for _, before := range []string{"[remote \"origin\"]\n\turl = a\n", "[remote \"origin\"]\n\turl = a", "[user]\n\tname = Ada # her\n\n[remote \"origin\"]\n"} {
		for _, section := range []string{"remote.origin", "hook.pinseal-pre-commit", "hook.pinseal-pre-push", "diff.pinseal"} {
			config, err := changeConfig([]byte(before), want)
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(t.TempDir(), "config")
			if err := os.WriteFile(file, config, 0o666); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.Command("git", "config", "--file", file, "--remove-section", section).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			less, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			rest, left := before, want
			switch section {
			case "remote.origin":
				rest, _, _ = strings.Cut(before, "[remote")
			case "diff.pinseal":
				left.textconv = false
			}
			if got := readHookConfig(less); got.ours != left || strings.TrimSpace(string(got.rest)) != strings.TrimSpace(rest) {
				t.Errorf("%q without %s: %+v and %q", before, section, got.ours, got.rest)
			}
			again, err := changeConfig(less, want)
			if err != nil {
				t.Fatal(err)
			}
			if got := readHookConfig(again); got.text != want.text(got.newline) {
				t.Errorf("%q without %s, and again:\n%s", before, section, again)
			}
			none, err := changeConfig(again, hookConfig{})
			if err != nil || strings.Contains(string(none), "pinseal") {
				t.Errorf("%q without %s, taken out: %v\n%s", before, section, err, none)
			}
		}
	}
}

// A repository with hooks is still opened without a process.
func TestHooksKeepThePlainLayout(t *testing.T) {
	dir := t.TempDir()
	if out, err := exec.Command("git", "init", "-q", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	file := filepath.Join(dir, ".git", "config")
	config, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	config, err = changeConfig(config, hookConfig{program: "/opt/it's/pinseal", hooks: true, textconv: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, config, 0o666); err != nil {
		t.Fatal(err)
	}
	r, err := repo.Open(t.Context(), dir, repo.Options{Env: []string{"PATH=" + os.Getenv("PATH")}})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if r.Spawns() != 0 {
		t.Errorf("opened with %d processes", r.Spawns())
	}
}

// A configured hook is run as git runs it: the shell gets the command, and "$@"
// behind it when there are arguments.
func TestHookCommand(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "it's bin")
	run := func(top, hook, stdin string, args ...string) (string, int) {
		t.Helper()
		command := hookCommand(hook, program)
		argv := []string{"-c", command, command}
		if len(args) > 0 {
			argv = append([]string{"-c", command + ` "$@"`, command}, args...)
		}
		c := exec.Command("sh", argv...)
		c.Dir, c.Stdin = top, strings.NewReader(stdin)
		out, err := c.CombinedOutput()
		if c.ProcessState == nil {
			t.Fatal(err)
		}
		return string(out), c.ProcessState.ExitCode()
	}
	top := t.TempDir()
	out, code := run(top, "pre-merge-commit", "")
	if code != 1 || !strings.Contains(out, program) || !strings.Contains(out, "git merge --no-verify") || !strings.Contains(out, "git config hook.pinseal-pre-merge-commit.enabled false\n") {
		t.Errorf("exit code %d\n%s", code, out)
	}
	script := "#!/bin/sh\nprintf '[%s]' \"$@\"\ncat\nexit 7\n"
	if err := os.WriteFile(program, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, code := run(top, "pre-commit", ""); code != 1 {
		t.Errorf("not executable: exit code %d", code)
	}
	if err := os.Chmod(program, 0o700); err != nil {
		t.Fatal(err)
	}
	if out, code := run(top, "pre-commit", ""); code != 7 || out != "[hook][pre-commit]" {
		t.Errorf("exit code %d, %q", code, out)
	}
	if out, code := run(top, "pre-push", "refs\n", "origin", "a 'b' $c"); code != 7 || out != "[hook][pre-push][origin][a 'b' $c]refs\n" {
		t.Errorf("exit code %d, %q", code, out)
	}
	if out, code := run(dir, "pre-commit", ""); code != 1 || strings.Contains(out, "[hook]") {
		t.Errorf("in the work tree: exit code %d, %q", code, out)
	}
}
