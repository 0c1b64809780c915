package cmd_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

type scriptCommand = func(ts *testscript.TestScript, neg bool, args []string)

func scriptCommands() map[string]scriptCommand {
	return map[string]scriptCommand{
		"rc": scriptRC, "reveal": scriptReveal, "capture": scriptCapture, "bytes": scriptBytes,
		"fill": scriptFill, "sub": scriptSub, "setbits": scriptSetBits, "nofile": scriptNoFile,
		"keypair": scriptKeypair,
	}
}

// scriptCondition knows [casesensitive]: names that differ only in case are two
// files here.
func scriptCondition(name string) (bool, error) {
	if name != "casesensitive" {
		return false, fmt.Errorf("there is no condition %q", name)
	}
	dir, err := os.MkdirTemp("", "case")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "a"), nil, 0o600); err != nil {
		return false, err
	}
	_, err = os.Stat(filepath.Join(dir, "A"))
	return errors.Is(err, fs.ErrNotExist), nil
}

func wantArgs(ts *testscript.TestScript, neg bool, ok bool, usage string) {
	if neg || !ok {
		ts.Fatalf("usage: %s", usage)
	}
}

func scriptRC(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, len(args) >= 2, "rc N CMD…")
	want, err := strconv.Atoi(args[0])
	if err != nil {
		ts.Fatalf("rc wants a number, not %q", args[0])
	}
	err = ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	switch {
	case err == nil && want != 0:
		ts.Fatalf("exit code 0, want %d", want)
	case err == nil:
	case !errors.As(err, &exit):
		ts.Fatalf("%s did not run: %v", args[1], err)
	case exit.ExitCode() != want:
		ts.Fatalf("exit code %d (%v), want %d", exit.ExitCode(), exit, want)
	}
}

func scriptReveal(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, len(args) > 2 && args[0] == "rc", "reveal rc N CMD…")
	scriptRC(ts, false, args[1:])
}

func scriptCapture(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, len(args) == 3, "capture VAR stdout|stderr|FILE REGEXP")
	re, err := regexp.Compile("(?m)" + args[2])
	ts.Check(err)
	m := re.FindStringSubmatch(ts.ReadFile(args[1]))
	if len(m) < 2 {
		ts.Fatalf("%s has no match with a group for %s", args[1], args[2])
	}
	ts.Setenv(args[0], m[1])
}

func scriptBytes(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, len(args) == 2, "bytes FILE TEXT")
	text, err := strconv.Unquote(`"` + strings.ReplaceAll(args[1], `"`, `\"`) + `"`)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o666))
}

func scriptFill(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, len(args) == 2, "fill FILE N")
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), bytes.Repeat([]byte("x"), n), 0o666))
}

func scriptSub(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, len(args) == 3, "sub FILE OLD NEW")
	text := ts.ReadFile(args[0])
	unescape := func(s string) string {
		out, err := strconv.Unquote(`"` + strings.ReplaceAll(s, `"`, `\"`) + `"`)
		ts.Check(err)
		return out
	}
	old := unescape(args[1])
	if !strings.Contains(text, old) {
		ts.Fatalf("%s does not hold %q", args[0], old)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.ReplaceAll(text, old, unescape(args[2]))), 0o666))
}

func scriptSetBits(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, len(args) == 2, "setbits FILE N")
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	data := []byte(ts.ReadFile(args[0]))
	if n < 0 {
		n += len(data) * 8
	}
	if n < 0 || n >= len(data)*8 {
		ts.Fatalf("%s has %d bits", args[0], len(data)*8)
	}
	data[n/8] ^= 1 << (n % 8)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), data, 0o666))
}

func scriptNoFile(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, len(args) > 0, "nofile GLOB…")
	for _, glob := range args {
		found, err := filepath.Glob(ts.MkAbs(glob))
		ts.Check(err)
		if len(found) > 0 {
			ts.Fatalf("there is %s", strings.Join(found, ", "))
		}
	}
}
