package cmd

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"pinseal/seal"
)

// crypt runs a command with a stdin and stdout of its own.
func (s *shop) crypt(ctx context.Context, in io.Reader, out io.Writer, args ...string) (code int, talk string) {
	s.t.Helper()
	var stderr bytes.Buffer
	env := &Env{Environ: s.environ, Dir: s.dir, Stdin: in, Stdout: out, Stderr: &stderr, Now: func() time.Time { return s.now }}
	code = Run(ctx, env, args)
	return code, stderr.String()
}

func TestCryptLimits(t *testing.T) {
	s := newKeyShop(t)
	big := filepath.Join(t.TempDir(), "big")
	for command, max := range map[string]int64{"encrypt": seal.MaxPlaintext, "decrypt": int64(maxPayload)} {
		f, err := os.Create(big)
		s.check(err)
		defer f.Close()
		s.check(f.Truncate(max + 1)) // refused by its size: reading it would take gigabytes
		var out bytes.Buffer
		code, talk := s.crypt(t.Context(), f, &out, command, "-k", "K")
		if code != 2 || out.Len() > 0 || !strings.Contains(talk, " is larger than "+strconv.FormatInt(max, 10)+" bytes, which is the limit") {
			t.Errorf("%s: exit code %d, printed %d bytes, said %q", command, code, out.Len(), talk)
		}
		if at, err := f.Seek(0, io.SeekCurrent); err != nil || at != 0 {
			t.Errorf("%s: read up to byte %d of what is too large, %v", command, at, err)
		}
	}
	if got := base64.StdEncoding.EncodedLen(12+seal.MaxPlaintext+16) + 2; got != maxPayload {
		t.Errorf("the longest payload is %d bytes, and not %d", maxPayload, got)
	}
	// What has no size before it is read, and what is read from its middle.
	f, err := os.Open(big)
	s.check(err)
	defer f.Close()
	s.check(os.WriteFile(big, []byte("123456789"), 0o600))
	for _, in := range []func() io.Reader{
		func() io.Reader { return strings.NewReader("6789") },
		func() io.Reader { _, err := f.Seek(5, io.SeekStart); s.check(err); return f },
	} {
		c := &cli{Env: &Env{Stdin: in()}}
		if data, err := c.readWhole("", "it", 4, ""); string(data) != "6789" || err != nil {
			t.Errorf("%q, %v", data, err)
		}
		c = &cli{Env: &Env{Stdin: in()}}
		if _, err := c.readWhole("", "it", 3, ""); exitCode(err) != exitUsage || !strings.Contains(err.Error(), "it is larger than 3 bytes") {
			t.Errorf("over the limit: %v", err)
		}
	}
	for in, want := range map[string]string{"123\n123": "", "123\n1234\n": "line 2", "1234": "line 1", "1234\n": "line 1", strings.Repeat("1", linesAtOnce*2): "line 1"} {
		c := &cli{Env: &Env{Stdin: strings.NewReader(in), Stdout: io.Discard}}
		_, err := c.eachLine("it", 3, func(out, line []byte) ([]byte, error) { return append(out, line...), nil })
		if want == "" && err != nil || want != "" && (exitCode(err) != exitUsage || !strings.HasPrefix(err.Error(), want+": it is larger than 3 bytes")) {
			t.Errorf("%.20q: %v", in, err)
		}
	}
}

// At a terminal one value is asked for, hidden, and lines are not typed.
func TestCryptTyped(t *testing.T) {
	s := newKeyShop(t)
	var out, talk bytes.Buffer
	typed := ""
	run := func(code int, args ...string) string {
		t.Helper()
		out.Reset()
		talk.Reset()
		env := &Env{Environ: s.environ, Dir: s.dir, Stdin: strings.NewReader("never read\n"), Stdout: &out, Stderr: &talk, StdinTTY: true, StdoutTTY: true,
			Now: func() time.Time { return s.now }, ReadHidden: func(prompt string) ([]byte, error) { return []byte(typed), nil }}
		if got := Run(t.Context(), env, args); got != code {
			t.Fatalf("%v: exit code %d\n%s", args, got, &talk)
		}
		return out.String()
	}
	typed = "CANARYtyped"
	typed = strings.TrimSuffix(run(0, "encrypt", "-k", "K"), "\n")
	if got := run(0, "decrypt", "-k", "K"); got != "CANARYtyped\n" {
		t.Errorf("decrypted to %q", got)
	}
	for _, args := range [][]string{{"encrypt", "--lines"}, {"decrypt", "--lines"}, {"rewrap"}} {
		run(2, append(args, "-k", "K")...)
		s.has(talk.String(), "try:  pinseal "+strings.Join(args, " ")+" -k K < FILE")
	}
	for _, command := range []string{"encrypt", "decrypt"} {
		run(2, command, "-k", "K", "--no-input")
		s.has(talk.String(), "--no-input forbids to ask")
	}
}
