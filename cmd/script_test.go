package cmd_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"pinseal/cmd"
)

const scriptDir = "../testdata/script"

// TestMain lets scripts and tests run the real command, in a process of its own,
// as "pinseal" found on PATH, and an age plugin beside it. "leaky" is for the
// harness's own tests.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"pinseal":                  func() { os.Exit(cmd.Main()) },
		"age-plugin-" + pluginName: runPlugin,
		"leaky":                    leaky,
	})
}

// TestScripts runs every script of testdata/script. Beside what testscript has,
// scripts use:
//
//	rc N CMD…               run CMD; its exit code must be N
//	reveal rc N CMD…        the same, where a value may come out
//	capture VAR stdout RE   set VAR to the first group of RE in the last stdout (or stderr)
//	bytes FILE TEXT         write TEXT, with Go's escapes and no newline of its own
//	fill FILE N             write N bytes
//	sub FILE OLD NEW        replace OLD, which must be there, by NEW in FILE
//	setbits FILE N          flip bit N of FILE, counted from the end when negative
//	nofile GLOB…            no file may match
//	keypair KIND ID PUB     make a key pair: pq, x25519, ssh-ed25519, ssh-rsa, pinlock
//	[casesensitive]         where names that differ only in case are two files
//
// A script's values are its canaries: every word of the script and its files that
// matches CANARY[A-Za-z0-9]+, and every line of a file CANARIES. A canary must not
// come out of any command that reveal does not stand before, nor stand in any
// file, file name or git object below $WORK: the work tree, HOME and TMPDIR are
// there. The script's own files, unchanged, and what lies below $WORK/in and
// $WORK/out are excepted. A script that pipes a value in must have a canary.
func TestScripts(t *testing.T) {
	slow(t)
	testscript.RunT(&scriptT{t: t}, scriptParams(scriptDir))
}

// slow leaves a test out of a -short run, as the one that looks for races is: what
// takes long, or has commands in processes of their own, where nothing races.
func slow(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("left out of a short run")
	}
}

func scriptParams(dir string) testscript.Params {
	return testscript.Params{
		Dir:                dir,
		RequireUniqueNames: true,
		Cmds:               scriptCommands(),
		Condition:          scriptCondition,
		Setup: func(env *testscript.Env) error {
			t, ok := env.T().(*scriptT)
			if !ok {
				return fmt.Errorf("scripts run under %T, not *scriptT: nothing would look for leaks", env.T())
			}
			name := strings.TrimPrefix(filepath.Base(env.WorkDir), "script-") + ".txtar"
			watched, err := watch(filepath.Join(dir, name), env.WorkDir)
			if err != nil {
				return err
			}
			t.watched = watched
			home := filepath.Join(env.WorkDir, "home")
			vars, err := makeHome(home)
			env.Vars = append(env.Vars, vars...)
			return err
		},
	}
}

// makeHome makes a home directory and returns the environment that goes with it:
// nobody's settings, one git identity, fixed dates, no CI and nothing of ours.
func makeHome(home string) ([]string, error) {
	config := filepath.Join(home, "gitconfig")
	vars := []string{
		"HOME=" + home, "USERPROFILE=" + home,
		"XDG_CONFIG_HOME=" + filepath.Join(home, ".config"),
		"XDG_STATE_HOME=" + filepath.Join(home, ".local", "state"),
		"XDG_CACHE_HOME=" + filepath.Join(home, ".cache"),
		"GIT_CONFIG_GLOBAL=" + config, "GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0",
		"GIT_AUTHOR_DATE=1700000000 +0000", "GIT_COMMITTER_DATE=1700000000 +0000",
		"GIT_TEST_FSYNC=0", // no power is lost here
		"TZ=UTC", "LC_ALL=C",
		"GORACE=atexit_sleep_ms=0", // under -race every process would wait a second at its end
	}
	template := filepath.Join(home, "template")
	for _, dir := range []string{"hooks", "info"} {
		if err := os.MkdirAll(filepath.Join(template, dir), 0o700); err != nil {
			return nil, err
		}
	}
	return vars, os.WriteFile(config, fmt.Appendf(nil, gitConfig, filepath.ToSlash(template)), 0o600)
}

// gitConfig saves time too: no samples of hooks in every repository, and nothing that
// looks after it behind every fetch and commit.
const gitConfig = `[user]
	name = Ada
	email = ada@example.com
[init]
	defaultBranch = main
	templateDir = %q
[gc]
	auto = 0
[maintenance]
	auto = false
[advice]
	detachedHead = false
`

// tester is the part of testing.T that running scripts needs; the harness's own
// tests put a recorder in its place.
type tester interface {
	Skip(...any)
	Fatal(...any)
	Parallel()
	Log(...any)
	FailNow()
	Errorf(string, ...any)
}

// scriptT stands between testscript and testing.T. testscript hands over its
// whole log at the end of a script; scriptT looks for leaks in it.
type scriptT struct {
	t       tester
	watched *watched
}

func (s *scriptT) Skip(args ...any)  { s.t.Skip(args...) }
func (s *scriptT) Fatal(args ...any) { s.t.Fatal(args...) }
func (s *scriptT) Parallel()         { s.t.Parallel() }
func (s *scriptT) FailNow()          { s.t.FailNow() }

// Verbose makes testscript keep the output of every command.
func (s *scriptT) Verbose() bool { return true }

func (s *scriptT) Run(name string, f func(testscript.T)) {
	switch t := s.t.(type) {
	case *testing.T:
		t.Run(name, func(t *testing.T) { f(&scriptT{t: t}) })
	case *recorder:
		t.run(func(t *recorder) { f(&scriptT{t: t}) })
	}
}

var crashed = regexp.MustCompile(`(?m)^(panic|fatal error|WARNING: DATA RACE).*`)

func (s *scriptT) Log(args ...any) {
	s.t.Log(args...)
	log := fmt.Sprint(args...)
	if crash := crashed.FindString(log); crash != "" {
		s.t.Errorf("CRASH: %s", crash) // its exit code is 2, which a script may expect
	}
	if s.watched == nil {
		return
	}
	leaks, err := s.watched.leaks(log)
	if err != nil {
		s.t.Errorf("cannot look for leaks: %v", err)
	}
	for _, leak := range leaks {
		s.t.Errorf("LEAK: %s", leak)
	}
}
