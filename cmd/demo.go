package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
)

func newDemo(c *cli) *cobra.Command {
	keep := false
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show the main job, end to end, in a throw-away repository",
		Long: `Seal, commit, publish, change, read at the pin, roll back, open a bundle without
git, and try to cheat: as real commands in a repository that is made for it and
removed at the end, with a home directory of its own. Nothing of yours is read or
changed, and no network is used. An outcome that is not the expected one is exit 1.`,
		Example: `  pinseal demo
  pinseal demo --keep`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.runDemo(cmd.Context(), keep)
		},
	}
	cmd.Flags().BoolVar(&keep, "keep", false, "keep the repository, and print where it is")
	return cmd
}

func (c *cli) runDemo(ctx context.Context, keep bool) (err error) {
	git, err := exec.LookPath("git")
	if err != nil {
		return hint(errors.New("the demo needs git, which is not in PATH"), "git --version")
	}
	top, err := os.MkdirTemp("", "pinseal-demo-")
	if err != nil {
		return err
	}
	if top, err = filepath.EvalSymlinks(top); err != nil {
		return err
	}
	d := &demo{ctx: ctx, c: c, git: git, top: top, dir: top, out: c.Stdout}
	defer func() {
		if keep {
			err = errors.Join(err, d.print("\nKept: "+top+"\n"))
			return
		}
		err = errors.Join(err, os.RemoveAll(top))
	}()
	for _, act := range d.acts() {
		if err := act(); err != nil {
			return err
		}
	}
	return d.print("\nAll of it went as it should.\n")
}

// demo is a shell session that checks itself. Its failures are all exit 1: what
// a step ended with is not what the demo ends with.
type demo struct {
	ctx  context.Context
	c    *cli
	git  string    // path of the program
	top  string    // the throw-away directory
	dir  string    // the session's working directory
	out  io.Writer // narration and output
	host bool      // on the host: another home, no git
}

// demoError is an outcome that was not the expected one.
type demoError struct{ line, reason string }

func (e *demoError) Error() string { return fmt.Sprintf("demo: %s: %s", e.line, e.reason) }

func (d *demo) print(s string) error {
	_, err := io.WriteString(d.out, s)
	return err
}

// say narrates.
func (d *demo) say(text string) error { return d.print("\n# " + text + "\n") }

// environ is the whole environment of a step: nothing of the user's but the way
// to programs and to temporary files.
func (d *demo) environ() []string {
	home := filepath.Join(d.top, "home")
	path := d.c.Getenv("PATH")
	if d.host {
		home, path = filepath.Join(d.top, "host", "home"), ""
	}
	env := []string{
		"PATH=" + path, "HOME=" + home, "USERPROFILE=" + home,
		"XDG_CONFIG_HOME=" + filepath.Join(home, ".config"), "XDG_STATE_HOME=" + filepath.Join(home, ".local", "state"),
		"LC_ALL=C", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_TERMINAL_PROMPT=0",
		"GIT_CONFIG_COUNT=2", "GIT_CONFIG_KEY_0=user.name", "GIT_CONFIG_VALUE_0=Ada",
		"GIT_CONFIG_KEY_1=user.email", "GIT_CONFIG_VALUE_1=ada@example.com",
	}
	for _, name := range []string{"TMPDIR", "TMP", "TEMP", "SystemRoot", "PATHEXT"} {
		if v := d.c.Getenv(name); v != "" {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// step is one command of pinseal and what it must come to.
type step struct {
	args  []string
	stdin string
	show  string // how stdin is shown; "" when there is none
	code  int
	want  string // stdout, "" for any
}

// pinseal runs a command in this process, exactly as Main would.
func (d *demo) pinseal(s step) error {
	words := []string{"pinseal"}
	for _, arg := range s.args {
		words = append(words, quoteShell(arg))
	}
	line := s.show + strings.Join(words, " ")
	if d.host {
		line = "PATH= " + line // git could not be found
	}
	if err := d.print("$ " + line + "\n"); err != nil {
		return err
	}
	var stdout bytes.Buffer
	env := &Env{
		Environ: d.environ(), Dir: d.dir, Stdin: strings.NewReader(s.stdin),
		Stdout: io.MultiWriter(d.out, &stdout), Stderr: d.out, StdoutTTY: true, Now: d.c.Now,
		ReadHidden: func(string) ([]byte, error) { return nil, errors.New("a demo has nobody to ask") },
	}
	code := Run(d.ctx, env, s.args)
	if err := d.ctx.Err(); err != nil {
		return err
	}
	if code != exitOK {
		if err := d.print(fmt.Sprintf("[exit %d]\n", code)); err != nil {
			return err
		}
	}
	switch got := strings.TrimSuffix(stdout.String(), "\n"); {
	case code != s.code:
		return &demoError{line, fmt.Sprintf("exit code %d, expected %d", code, s.code)}
	case s.want != "" && got != s.want:
		return &demoError{line, "it printed another value than expected"}
	case s.code != exitOK && got != "":
		return &demoError{line, "it failed and still printed something on stdout"}
	}
	return nil
}

// sh runs git, shown as a shell would have it.
func (d *demo) sh(args ...string) error {
	words := make([]string, len(args))
	for i, arg := range args {
		words[i] = quoteShell(arg)
	}
	line := "git " + strings.Join(words, " ")
	if err := d.print("$ " + line + "\n"); err != nil {
		return err
	}
	cmd := exec.CommandContext(d.ctx, d.git, args...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = d.dir, d.environ(), d.out, d.out
	if err := cmd.Run(); err != nil {
		if d.ctx.Err() != nil {
			return d.ctx.Err()
		}
		return &demoError{line, err.Error()}
	}
	return nil
}

// cd changes the session's directory.
func (d *demo) cd(name string) error {
	rel, err := filepath.Rel(d.dir, filepath.Join(d.top, name))
	if err != nil {
		return err
	}
	d.dir = filepath.Join(d.top, name)
	return d.print("$ cd " + filepath.ToSlash(rel) + "\n")
}

// mkdir makes a directory of the session.
func (d *demo) mkdir(name string) error {
	if err := d.print("$ mkdir -p " + filepath.ToSlash(name) + "\n"); err != nil {
		return err
	}
	return os.MkdirAll(filepath.Join(d.dir, name), 0o700)
}
