package repo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
	"unicode"
)

const (
	maxOutput = 64 << 20 // bytes of a child's stdout that are kept in memory
	maxStderr = 4 << 10  // bytes of a child's stderr, the last ones
)

// command prepares a child. Everything that starts git goes through here.
func (r *Repo) command(ctx context.Context, args ...string) (*exec.Cmd, *tail, error) {
	r.binDo.Do(func() { r.gitBin, r.binErr = findGit(r.opts.Env) })
	if r.binErr != nil {
		return nil, nil, r.binErr
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	cmd := exec.CommandContext(ctx, r.gitBin, append(r.loc.args[:len(r.loc.args):len(r.loc.args)], args...)...)
	cmd.Dir = r.loc.top
	if cmd.Dir == "" {
		cmd.Dir = r.loc.gitDir
	}
	cmd.Env = r.env
	if r.opts.Apart {
		lead(cmd)
	}
	// Git told to end removes its locks; killed, it leaves them.
	cmd.Cancel = func() error {
		if r.opts.Apart {
			return endGroup(cmd)
		}
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			return cmd.Process.Kill()
		}
		return nil
	}
	// A grandchild (ssh, a credential helper) may hold the pipes after git is
	// gone; do not wait for it for ever.
	cmd.WaitDelay = 5 * time.Second
	stderr := &tail{}
	cmd.Stderr = stderr
	r.spawns.Add(1)
	return cmd, stderr, nil
}

// git runs git to its end and returns stdout, at most maxOutput bytes.
func (r *Repo) git(ctx context.Context, stdin io.Reader, args ...string) ([]byte, error) {
	out, _, err := r.gitBoth(ctx, stdin, args...)
	return out, err
}

// gitBoth is git with the cleaned stderr, also of a child that succeeded.
func (r *Repo) gitBoth(ctx context.Context, stdin io.Reader, args ...string) ([]byte, string, error) {
	cmd, stderr, err := r.command(ctx, args...)
	if err != nil {
		return nil, "", err
	}
	out := &capped{max: maxOutput}
	cmd.Stdin, cmd.Stdout = stdin, out
	err = cmd.Run()
	if err == nil && out.over {
		err = &TooLargeError{Name: "output of git " + verb(args), Max: maxOutput}
	}
	return out.buf.Bytes(), stderr.String(), wrapGit(ctx, args, stderr, err)
}

// wrapGit turns the error of a finished child into ours.
func wrapGit(ctx context.Context, args []string, stderr *tail, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("git %s: %w", verb(args), context.Cause(ctx))
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		shown := make([]string, len(args))
		for i, a := range args {
			shown[i] = redact(a)
		}
		return &GitError{Args: shown, Stderr: stderr.String(), Code: exit.ExitCode(), Signal: signalOf(exit)}
	}
	if _, ok := errors.AsType[*TooLargeError](err); ok {
		return err
	}
	return fmt.Errorf("git %s: %w", verb(args), err)
}

// brokenPipe is the Signal of a git that died of SIGPIPE.
const brokenPipe = "broken pipe"

// signalOf is the signal that ended a child, "" if it exited. Windows has none.
func signalOf(exit *exec.ExitError) string {
	_, after, _ := strings.Cut(exit.String(), "signal: ")
	name, _, _ := strings.Cut(after, " (") // (core dumped)
	return name
}

// verb is the git subcommand in args, for messages.
func verb(args []string) string {
	for _, a := range args {
		if !strings.HasPrefix(a, "-") && !strings.Contains(a, "=") {
			return a
		}
	}
	return ""
}

// gitCode is the exit code in err, or -1 if err is not a *GitError.
func gitCode(err error) int {
	if e, ok := errors.AsType[*GitError](err); ok {
		return e.Code
	}
	return -1
}

// findGit looks git up in the PATH of env. Relative entries are skipped: the
// current directory is often somebody else's repository.
func findGit(env []string) (string, error) {
	path, ok := lookupEnv(env, "PATH")
	if !ok || runtime.GOOS == "windows" {
		return exec.LookPath("git")
	}
	for _, dir := range filepath.SplitList(path) {
		if !filepath.IsAbs(dir) {
			continue
		}
		// LookPath of a name with a slash checks that one file.
		if p, err := exec.LookPath(filepath.Join(dir, "git")); err == nil {
			return p, nil
		}
	}
	return "", &exec.Error{Name: "git", Err: exec.ErrNotFound}
}

// lookupEnv finds a variable; as in a process, the last one counts.
func lookupEnv(env []string, key string) (string, bool) {
	for i := len(env) - 1; i >= 0; i-- {
		if k, v, ok := strings.Cut(env[i], "="); ok && k == key {
			return v, true
		}
	}
	return "", false
}

// tail keeps the last maxStderr bytes written to it.
type tail struct{ b []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.b = append(t.b, p...)
	if n := len(t.b) - maxStderr; n > maxStderr {
		t.b = append(t.b[:0], t.b[n:]...)
	}
	return len(p), nil
}

// String is the text fit for an error message.
func (t *tail) String() string {
	s := t.b[max(0, len(t.b)-maxStderr):]
	clean := strings.Map(func(c rune) rune {
		switch {
		case c == '\t':
			return ' '
		case c == '\n' || unicode.IsPrint(c):
			return c
		}
		return -1
	}, string(bytes.ToValidUTF8(s, nil)))
	return redact(strings.TrimSpace(clean))
}

// redact removes the user part of every URL in s: it often is a token.
func redact(s string) string {
	var b strings.Builder
	for {
		i := strings.Index(s, "://")
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		i += len("://")
		b.WriteString(s[:i])
		s = s[i:]
		end := strings.IndexAny(s, "/ \n'\"")
		if end < 0 {
			end = len(s)
		}
		if at := strings.LastIndexByte(s[:end], '@'); at >= 0 {
			b.WriteString("***")
			s = s[at:]
		}
	}
}

// capped keeps up to max bytes and remembers whether there were more.
type capped struct {
	buf  bytes.Buffer
	max  int
	over bool
}

func (c *capped) Write(p []byte) (int, error) {
	if room := c.max - c.buf.Len(); len(p) > room {
		c.over = true
		c.buf.Write(p[:room])
		return len(p), nil
	}
	return c.buf.Write(p)
}
