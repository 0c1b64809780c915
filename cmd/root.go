// Package cmd is the pinseal command: it reads the environment, prompts,
// prints and chooses the exit code; nothing below it does. One file per
// command: an options struct, a constructor that binds flags, and a function
// that runs.
package cmd

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// Env is the world outside, as one command sees it.
type Env struct {
	Environ []string // KEY=VALUE
	Dir     string   // absolute working directory
	Stdin   io.Reader
	Stdout  io.Writer
	Stderr  io.Writer

	StdinTTY, StdoutTTY, StderrTTY bool
	// ReadHidden prompts on the terminal and reads a line without echo.
	ReadHidden func(prompt string) ([]byte, error)
	Now        func() time.Time
	// ReleaseSignals, where set, ends that SIGINT and SIGTERM end the context of
	// Run, which lives on unless they have already. Called at most once, by a
	// command that leaves them to the program it starts.
	ReleaseSignals func()
}

// Getenv returns the value of an environment variable, "" when it is not set.
func (e *Env) Getenv(key string) string {
	for i := len(e.Environ) - 1; i >= 0; i-- {
		if v, ok := strings.CutPrefix(e.Environ[i], key+"="); ok {
			return v
		}
	}
	return ""
}

// Main runs the command of this process and returns its exit code.
func Main() int {
	signals := newInterrupts(context.Background())
	if len(os.Args) < 2 || os.Args[1] != "get" {
		// get has nothing to put back when it is interrupted but the echo of a
		// prompt, and starting to catch takes a tenth of its time.
		signals.catch()
	}
	dir, err := os.Getwd()
	if err != nil {
		dir = "."
	}
	env := &Env{
		Environ: os.Environ(), Dir: dir, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Now: time.Now,
		StdinTTY: term.IsTerminal(int(os.Stdin.Fd())), StdoutTTY: term.IsTerminal(int(os.Stdout.Fd())),
		StderrTTY:      term.IsTerminal(int(os.Stderr.Fd())),
		ReleaseSignals: signals.release,
	}
	// Plugins of age are started with the environment of this process.
	for _, name := range identityVariables {
		os.Unsetenv(name)
	}
	env.ReadHidden = func(prompt string) ([]byte, error) {
		signals.catch()
		return readHidden(signals.ctx, prompt)
	}
	return Run(signals.ctx, env, os.Args[1:])
}

// readHidden is Env.ReadHidden on the terminal of this process. When ctx ends
// it puts the echo back and gives up.
func readHidden(ctx context.Context, prompt string) ([]byte, error) {
	if _, err := io.WriteString(os.Stderr, prompt); err != nil {
		return nil, err
	}
	defer io.WriteString(os.Stderr, "\n")
	fd := int(os.Stdin.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return nil, err
	}
	line, err := orDone(ctx.Done(), func() ([]byte, error) { return term.ReadPassword(fd) })
	if ctx.Err() != nil {
		return nil, errors.Join(ctx.Err(), term.Restore(fd, before))
	}
	return line, err
}

// Run runs one command line and returns the exit code.
func Run(ctx context.Context, env *Env, args []string) int {
	c := &cli{Env: env, done: ctx.Done()}
	root := newRoot(c, args)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err != nil && ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.As(err, new(*interrupted))) {
		if by := new(*interrupted); errors.As(context.Cause(ctx), by) {
			return (*by).code()
		}
		return 130
	}
	return c.report(c.explain(ctx, err))
}

// cli is an Env with the flags every command has.
type cli struct {
	*Env
	done     <-chan struct{} // closed when the command is to end
	app      string          // --app
	identity string          // --identity
	chdir    string          // -C
	quiet    bool
	noInput  bool
	yes      bool
	offline  bool
	top      string // of the work tree that was opened, "" before, or when bare
}

// interactive reports whether the command may ask.
func (c *cli) interactive() bool {
	return c.StdinTTY && !c.noInput && (c.Getenv("CI") == "" || c.Getenv("CI") == "false")
}

func newRoot(c *cli, args []string) *cobra.Command {
	showVersion := false
	root := &cobra.Command{
		Use:   "pinseal",
		Short: "Sealed secrets in git, pinned to the commit you release",
		Long: `Sealed secrets live as YAML in your app's own repository. publish pins the exact
set of a commit, so a release always reads its own secrets.

Everyday commands:
  pinseal init                      start in this repository
  pinseal set DATABASE_URL          seal a value (prompt, stdin or --file)
  pinseal run -- ./server           run a program with the secrets
  pinseal publish production        pin this commit's set
  pinseal status                    what is pinned where, what is missing

All commands: pinseal help commands`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if showVersion {
				_, err := io.WriteString(c.Stdout, versionHere().line())
				return err
			}
			return cmd.Help()
		},
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	root.SetIn(c.Stdin)
	root.SetOut(c.Stdout)
	root.SetErr(c.Stderr)
	f := root.PersistentFlags()
	f.StringVar(&c.app, "app", "", "the app, by name or id (an id also says that you trust it)")
	f.StringVar(&c.identity, "identity", "", "read your identity from `FILE`")
	f.StringVarP(&c.chdir, "directory", "C", "", "work in `DIR`")
	f.BoolVarP(&c.quiet, "quiet", "q", false, "print no hints")
	f.BoolVar(&c.noInput, "no-input", false, "never ask")
	f.BoolVarP(&c.yes, "yes", "y", false, "yes to what is asked; never to trusting an app")
	f.BoolVar(&c.offline, "offline", false, "never talk to a remote")
	root.Flags().BoolVar(&showVersion, "version", false, "print the version")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return flagError(cmd, args, err) })
	root.SetHelpCommand(newHelp(c))
	root.AddCommand(commands(c, args)...)
	harden(root)
	return root
}
