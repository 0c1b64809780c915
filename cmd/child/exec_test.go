//go:build unix

package child

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestExecBecomesTheProgram(t *testing.T) {
	argv := role("exec", role("show", "a b")...)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = []string{"A=1", "B=x\ny"}
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{strconv.Itoa(cmd.Process.Pid), "a b", "A=1", "B=x\ny"}
	if got := strings.Split(string(out), "\x00"); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	argv = role("exec", role("exit", "9")...)
	cmd = exec.Command(argv[0], argv[1:]...)
	if _ = cmd.Run(); cmd.ProcessState.ExitCode() != 9 {
		t.Errorf("%v, want exit code 9", cmd.ProcessState)
	}
}

// programs makes a directory of things that can and cannot be run.
func programs(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range []struct {
		name, text string
		mode       os.FileMode
	}{
		{"good/tool", "#!/bin/sh\nexit 11\n", 0o755},
		{"good/onlyhere", "#!/bin/sh\nexit 12\n", 0o755},
		{"denied/tool", "#!/bin/sh\nexit 13\n", 0o644},
		{"denied/plain", "text", 0o644},
		{"denied/dir/x", "", 0o644},
		{"odd/nointerpreter", "#!/no/such/interpreter\n", 0o755},
		{"odd/noformat", "exit 14\n", 0o755},
		{"file", "", 0o644},
	} {
		path := filepath.Join(dir, f.name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(f.text), f.mode); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// execFails returns the error of Exec. Where Run has not failed it does not
// try: a program that starts would end the tests, with a good exit code.
func execFails(t *testing.T, runErr error, argv, env []string) error {
	t.Helper()
	if runErr == nil {
		t.Fatal("Run did not fail")
	}
	return Exec(argv, env)
}

func TestFindProgram(t *testing.T) {
	t.Chdir(programs(t))
	t.Setenv("PATH", "/nowhere") // ours does not count
	tests := []struct {
		program string
		env     []string
		code    int
	}{
		{"tool", []string{"PATH=good"}, 11},
		{"tool", []string{"PATH=missing:file:denied:good/"}, 11},
		{"tool", []string{"PATH=odd", "PATH=good"}, 11},
		{"tool", []string{"PATH=denied:missing"}, 126},
		{"plain", []string{"PATH=denied"}, 126},
		{"dir", []string{"PATH=denied"}, 126},
		{"tool", []string{"PATH=missing:file"}, 127},
		{"tool", []string{"PATH="}, 127},
		{"tool", nil, 127},
		{"", []string{"PATH=good"}, 127},
		{"good/tool", nil, 11},
		{"./good/onlyhere", []string{"PATH=denied"}, 12},
		{"denied/tool", nil, 126},
		{"denied/dir", nil, 126},
		{"./missing", nil, 127},
		{"file/x", nil, 127},
		{"odd/nointerpreter", nil, 127},
		{"odd/noformat", nil, 126},
	}
	for _, tt := range tests {
		code, err := Run(context.Background(), []string{tt.program}, tt.env, nil, nil, nil)
		if code != tt.code || (err != nil) != (tt.code > 125) {
			t.Errorf("%q in %q: %d, %v, want %d", tt.program, tt.env, code, err, tt.code)
		}
		var notFound *NotFoundError
		var notExecutable *NotExecutableError
		if errors.As(err, &notFound) != (tt.code == 127) || errors.As(err, &notExecutable) != (tt.code == 126) {
			t.Errorf("%q: error of type %T", tt.program, err)
		}
		if err == nil {
			continue
		}
		if err := execFails(t, err, []string{tt.program}, tt.env); Code(err) != tt.code {
			t.Errorf("Exec %q in %q: %v, want code %d", tt.program, tt.env, err, tt.code)
		}
	}
	t.Chdir("good")
	for _, path := range []string{"PATH=", "PATH=missing::", "PATH=."} {
		if code, err := Run(context.Background(), []string{"tool"}, []string{path}, nil, nil, nil); code != 11 {
			t.Errorf("%s: %d, %v, want the working directory's", path, code, err)
		}
	}
	if code, err := Run(context.Background(), []string{"sh", "-c", "exit 15"}, nil, nil, nil, nil); code != 15 {
		t.Errorf("no PATH: %d, %v, want the system's sh", code, err)
	}
	for _, argv := range [][]string{nil, {}} {
		if _, err := Run(context.Background(), argv, nil, nil, nil, nil); Code(err) != CodeFailed {
			t.Errorf("no program: %v", err)
		}
		if err := execFails(t, errNoProgram, argv, nil); Code(err) != CodeFailed {
			t.Errorf("Exec of no program: %v", err)
		}
	}
}

func TestTooLarge(t *testing.T) {
	const canary = "hunter2"
	// Linux allows a quarter of the stack limit and never more than 6 MiB,
	// others less.
	many := []string{"BIG_ONE=" + strings.Repeat(canary, 10001)}
	for range 100 {
		many = append(many, "V="+strings.Repeat(canary, 10000))
	}
	envs := map[string][]string{"sum": many}
	if runtime.GOOS == "linux" && varLimit() <= 0 {
		t.Fatal("no limit for one variable")
	}
	if varLimit() > 0 {
		envs["one"] = []string{"SMALL=1", "BIG_ONE=" + strings.Repeat(canary, varLimit()/len(canary)+1), "LAST=2"}
	}
	for name, env := range envs {
		for i := range env {
			env[i] = strings.Replace(env[i], "V=", "V"+strconv.Itoa(i)+"=", 1)
		}
		_, runErr := Run(context.Background(), role("exit", "0"), env, nil, nil, nil)
		for _, err := range []error{runErr, execFails(t, runErr, role("exit", "0"), env)} {
			var large *TooLargeError
			if !errors.As(err, &large) || large.Name != "BIG_ONE" || Code(err) != CodeFailed {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if strings.Contains(err.Error(), canary) || !strings.Contains(err.Error(), "BIG_ONE") {
				t.Errorf("%s: error text %v", name, err)
			}
			if strings.Contains(err.Error(), "the system allows") != (name == "one") {
				t.Errorf("%s: error text %v", name, err)
			}
		}
	}
}

// An error never holds an argument or a value.
func TestErrorsHoldNoSecret(t *testing.T) {
	const canary = "hunter2"
	argv := []string{"no-such-program", canary}
	env := []string{"A=" + canary, "PATH=/" + canary}
	_, err := Run(context.Background(), argv, env, nil, nil, nil)
	for _, err := range []error{err, execFails(t, err, argv, env)} {
		if strings.Contains(err.Error(), canary) {
			t.Errorf("%v", err)
		}
	}
	argv = role("exit", "0")
	for _, bad := range [][]string{{"A=" + canary + "\x00"}, {"A=1", canary + "\x00=1"}} {
		_, err := Run(context.Background(), argv, bad, nil, nil, nil)
		for _, err := range []error{err, execFails(t, err, argv, bad)} {
			if Code(err) != CodeFailed || strings.Contains(err.Error(), canary) {
				t.Errorf("NUL: %v", err)
			}
		}
	}
}

func BenchmarkRun(b *testing.B) {
	for b.Loop() {
		if code, err := Run(context.Background(), []string{"true"}, nil, nil, nil, nil); code != 0 || err != nil {
			b.Fatal(code, err)
		}
	}
}
