package cmd

import (
	"context"
	"slices"
	"sync"

	"github.com/spf13/cobra"

	"pinseal/cmd/child"
	"pinseal/versions"
)

type runOptions struct {
	childOptions
	mask     string
	files    bool
	filesDir string
	feed     feedOptions
}

func newRun(c *cli) *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use:   "run [flags] -- CMD [ARG…]",
		Short: "Run a program with the secrets in its environment",
		Long: `Run a program, pass signals on to it, and end with its exit code.
` + childLong + `

What the program prints is masked: "[secret]" stands in place of a value, also in
base64, as JSON or in a URL. With --mask auto (the default) that is so where stdout
or stderr is not a terminal, so that a program at a terminal keeps its colours.
Values that are too short or too common to mask are named, and parts of a value, as
the fields of a JSON document, are not masked by themselves. It guards against slips,
not against a program that means to give a value away. With a mask before its output,
run waits for everyone who holds that output, as a pipe in the shell does.

With --files the program gets no values but files: NAME_FILE is the path of a file
with the exact bytes, that only you can read, in a directory that is in memory alone
and is removed when the program has ended. NAME itself is not set. Where nothing can
be in memory, --files-dir says where you want them. What a run that was killed left
behind, the next one removes.

With --watch (the ledger here, or the file of --bundle) or --follow (the remote) the
program is started again when a newer pin arrives: its secrets are opened first, then
the program gets SIGTERM, and when it has ended, however long that takes, it starts
with the new ones. A pin that cannot be used, or that changes nothing of what the
program has, leaves it alone; if the program does not start with a pin, it starts
with the one before. When the program ends by itself, so does run. At a terminal the
signal is for the program alone: a shell that wraps it says exec, as in
sh -c 'prepare; exec ./server'.`,
		Example: `  pinseal run -- ./server --port 8080
  pinseal run -e production --at pin -- ./server
  pinseal run --only DATABASE_URL -- sh -c 'psql "$DATABASE_URL"'
  pinseal run --prefix APP_ --pristine -- /srv/bin/server
  pinseal run --files --only TLS_KEY -- sh -c 'exec ./server --key "$TLS_KEY_FILE"'
  pinseal run -e production --follow 15s -- ./server
  pinseal run --override .env.local -- npm test
  pinseal run --bundle prod.bundle --app APPID -- ./server`,
		Args: func(cmd *cobra.Command, args []string) error {
			if err := o.command(cmd, args); err != nil {
				return err
			}
			return o.check(c)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.runRun(cmd.Context(), o)
		},
	}
	o.bind(c, cmd)
	f := cmd.Flags()
	f.StringVar(&o.mask, "mask", "", "mask values in the output: `WHEN` is auto (not on a terminal), always or never (default: PINSEAL_MASK, then auto)")
	f.BoolVar(&o.files, "files", false, "give the secrets as files in memory, by NAME_FILE, and not as variables")
	f.StringVar(&o.filesDir, "files-dir", "", "--files, in a directory that is made in `DIR`, which need not be in memory")
	o.feed.bind(cmd)
	completeFlag(cmd, "mask", cobra.FixedCompletions([]string{maskAuto, maskAlways, maskNever}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// check settles what flags and the environment say together.
func (o *runOptions) check(c *cli) error {
	try := []string{"pinseal run --mask auto -- CMD       or always, or never"}
	if o.mask == "" {
		var err error
		if o.mask, err = c.variable("PINSEAL_MASK"); err != nil {
			return err
		}
		try = []string{"PINSEAL_MASK=auto       or always, or never"}
	}
	switch o.mask {
	case "":
		o.mask = maskAuto
	case maskAuto, maskAlways, maskNever:
	default:
		return usage(try, "there is no such way to mask")
	}
	o.files = o.files || o.filesDir != ""
	if o.files && o.preserve {
		return usage(nil, "--preserve-env and --files exclude each other: the program gets files, and no variable to keep")
	}
	return nil
}

func (c *cli) runRun(ctx context.Context, o runOptions) error {
	c.keepOut() // before anything is started
	r := &supervisor{cli: c, o: o}
	defer func() {
		if r.stops != nil {
			r.stops.end()
		}
	}()
	var err error
	if r.argv, err = c.commandLine(o.childOptions); err != nil {
		return err
	}
	if o.feed.asked() {
		return r.follow(ctx)
	}
	env, values, err := r.openValues(ctx)
	if err != nil {
		return err
	}
	p, err := r.first(ctx, env, values)
	if err != nil {
		return err
	}
	code, err := p.wait(ctx)
	return r.ended(code, err, p.remove())
}

// supervisor runs a program with secrets, several times when they change.
type supervisor struct {
	*cli
	o     runOptions
	argv  []string
	stops *stops // from the first program on
	// unmasked are the secrets that have been said to come out as they are.
	unmasked map[string]bool
	printing [2]sync.Mutex // of stdout and stderr, held while a mask writes
	heirs    []*program    // that have ended, and whose output may go on
}

// openValues opens what the program is to have. The session is over when it returns.
func (r *supervisor) openValues(ctx context.Context) (env string, values []versions.Value, err error) {
	v, err := r.view(ctx, r.o.reading, use)
	if err != nil {
		return "", nil, err
	}
	defer v.Close()
	values, err = r.forChild(ctx, v, r.o.childOptions)
	return v.Environment, values, err
}

// first starts the first program, and leaves the signals to it. One that comes
// before ends the command.
func (r *supervisor) first(ctx context.Context, env string, values []versions.Value) (*program, error) {
	r.stops = catchStops()
	g, err := r.give(env, values)
	if err != nil {
		return nil, err
	}
	p, err := r.start(g, values, func() error {
		if err := r.releaseSignals(ctx); err != nil {
			return err
		}
		return r.stops.came()
	})
	if err != nil {
		return nil, r.ended(0, err, g.remove())
	}
	return p, nil
}

// ended is how the command ends. Files that stay are a warning: the program has run.
// Who outlives an earlier program is not waited for.
func (r *supervisor) ended(code int, err, left error) error {
	for _, p := range r.heirs {
		p.Abandon()
		<-p.printed
	}
	if left != nil {
		r.sayLeft(left)
	}
	if err == nil && code != 0 {
		err = &exitError{code}
	}
	return err
}

func (r *supervisor) sayLeft(err error) { r.warn("files of secrets could not be removed: %s", err) }

// program is one that runs, with what it was given.
type program struct {
	*child.Process
	*given
	out     *outputs
	printed chan struct{} // closed when all that was printed is; nil if wait saw to it
}

// start starts the program, unless still, asked last, has an error. Values that are
// known are masked. The streams are the program's until it ends.
func (r *supervisor) start(g *given, known []versions.Value, still func() error) (*program, error) {
	r.sayBoth(r.o.childOptions, g.both)
	out, err := r.outputs(r.o.mask, slices.Concat(known, g.kept))
	if err != nil {
		return nil, err
	}
	p, err := child.StartIf(still, r.argv, g.env, r.Stdin, out.stdout, out.stderr)
	if err != nil {
		return nil, r.o.startHint(err)
	}
	return &program{Process: p, given: g, out: out}, nil
}

// wait waits until the program has ended and what it printed is printed. What those
// print who outlive one that was told to stop goes on, until printed is closed.
func (p *program) wait(ctx context.Context) (code int, err error) {
	code, err = p.Wait(ctx)
	select {
	case <-p.Copied():
		return p.out.close(code, err)
	default:
	}
	p.printed = make(chan struct{})
	go func() {
		defer close(p.printed)
		<-p.Copied()
		_, _ = p.out.close(0, nil) // nobody is left to tell
	}()
	return code, err
}
