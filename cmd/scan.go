package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"pinseal/repo"
	"pinseal/seal"
	"pinseal/versions"
	"pinseal/versions/leak"
)

type scanOptions struct {
	targets      []string // a range or paths
	staged       bool
	history, all bool
	everyVersion bool
	allow        []string // FILE:LINE
	allowAll     bool
	gitleaks     bool
	json         bool
}

func newScan(c *cli) *cobra.Command {
	var o scanOptions
	cmd := &cobra.Command{
		Use:   "scan [PATH…|RANGE]",
		Short: "Find values of your secrets in plain text",
		Long: `Look for the values of your secrets where they do not belong, and print file and
line, name and environment of each; never the text. Exit code 1 says that there are
some.

Looked for is every value that your identity opens, in every app and environment
here: of the work tree, of what is staged, of HEAD and of the newest pins; for
commits every version that ever was. It is found as it is, line by line, and as
base64, hex, URL-, JSON-, shell- and XML-escaped text and UTF-16, also in binary
files. Values under 8 bytes and common words are not looked for; they are named.

Looked into is:
  (nothing)    the files of the work tree that git tracks, or would
  PATH         that file or directory, whatever git ignores; - is stdin
  --staged     what the next commit changes
  A..B         the commits that a push of B to A would send, and their messages
  --history    every commit of HEAD
  --all        every commit of every ref and reflog, and the work tree

What may stand where it is goes into a baseline beside the app note: --allow adds
what is on a line, --allow-all all that is found. It holds digests that only readers
of the environment can make, and no line numbers. A comment on the line itself,
pinseal:allow NAME, does it too.

--gitleaks has gitleaks look, too, for what looks like anybody's secret; what it
says is kept apart.`,
		Example: `  pinseal scan
  pinseal scan dist/
  pinseal scan origin/main..HEAD
  pinseal scan --history --json
  pinseal scan --allow docs/example.md:12
  ./server 2>&1 | pinseal scan -`,
		Args: func(_ *cobra.Command, args []string) error { o.targets = args; return o.check() },
		RunE: func(cmd *cobra.Command, _ []string) error { return c.runScan(cmd.Context(), o) },
	}
	f := cmd.Flags()
	f.BoolVar(&o.staged, "staged", false, "look into what is staged")
	f.BoolVar(&o.history, "history", false, "look into every commit of HEAD")
	f.BoolVar(&o.all, "all", false, "look into every commit of every ref and reflog, and the work tree")
	f.BoolVar(&o.everyVersion, "every-version", false, "look for old values, too")
	f.StringArrayVar(&o.allow, "allow", nil, "let what is found at `FILE:LINE` of the work tree pass from now on")
	f.BoolVar(&o.allowAll, "allow-all", false, "let all that is found pass from now on")
	f.BoolVar(&o.gitleaks, "gitleaks", false, "have gitleaks look, too")
	f.BoolVar(&o.json, "json", false, "print JSON")
	return cmd
}

// check refuses what does not go together.
func (o *scanOptions) check() error {
	ways := 0
	for _, way := range []bool{o.staged, o.history, o.all, len(o.targets) > 0, len(o.allow) > 0} {
		if way {
			ways++
		}
	}
	if ways > 1 {
		return usage([]string{"pinseal scan --help"}, "--staged, --history, --all, --allow and what to look into exclude each other")
	}
	if len(o.allow) > 0 && o.gitleaks {
		return usage(nil, "--allow is about our own findings: gitleaks has its own .gitleaksignore")
	}
	return nil
}

// scanning is one scan: what is looked for and where, and what came of it.
type scanning struct {
	*cli
	ctx      context.Context
	repo     *repo.Repo
	values   *lookedFor
	patterns *leak.Patterns
	skipped  []leak.Skipped
	where    scanWhere

	found  []versions.Finding
	passed []versions.Finding // by the baseline
	unread []string
	stats  versions.ScanStats
}

func (c *cli) runScan(ctx context.Context, o scanOptions) error {
	r, err := c.openRepo(ctx)
	if err != nil {
		return err
	}
	defer r.Close()
	if len(o.allow) > 0 {
		return c.runScanAllow(ctx, r, o.allow)
	}
	where, err := c.scanWhere(ctx, r, o)
	if err != nil {
		return err
	}
	sc, err := c.newScanning(ctx, r, scanSources{index: o.staged, everyVersion: o.everyVersion || where.commits})
	if err != nil {
		return err
	}
	defer sc.values.Close()
	if len(sc.values.apps) == 0 {
		return noApp()
	}
	if len(sc.values.List) == 0 && len(sc.values.without) > 0 {
		return hint(&noIdentityError{"no value can be opened here, so none can be looked for: " + strings.Join(sc.values.without, "; ")}, "pinseal help identities")
	}
	if err := sc.run(where); err != nil {
		return err
	}
	if o.allowAll {
		return sc.allow(sc.found)
	}
	if err := sc.print(o.json); err != nil {
		return err
	}
	verdict := sc.verdict()
	if o.gitleaks {
		return c.besideGitleaks(verdict, c.runGitleaks(ctx, r, where))
	}
	return verdict
}

// newScanning opens what is looked for.
func (c *cli) newScanning(ctx context.Context, r *repo.Repo, from scanSources) (*scanning, error) {
	values, err := c.lookFor(ctx, r, from)
	if err != nil {
		return nil, err
	}
	plain := make([][]byte, len(values.List))
	for i, v := range values.List {
		plain[i] = v.Secret.Reveal()
	}
	sc := &scanning{cli: c, ctx: ctx, repo: r, values: values}
	sc.patterns, sc.skipped = leak.New(plain)
	return sc, nil
}

// run looks into what where says.
func (sc *scanning) run(where scanWhere) error {
	sc.where = where
	progress := sc.newProgress(where)
	defer progress.end()
	scan := &versions.Scan{Repo: sc.repo, Values: sc.values.List, Patterns: sc.patterns, Passes: sc.passes, Each: progress.step,
		Unread: func(item versions.ScanItem, err error) {
			sc.unread = append(sc.unread, fmt.Sprintf("%s: %s", itemName(item), err))
		}}
	var err error
	sc.stats, err = scan.Run(sc.ctx, where.items, func(f versions.Finding) error {
		if f.Listed {
			sc.passed = append(sc.passed, f)
			return nil
		}
		sc.found = append(sc.found, f)
		return nil
	})
	return err
}

// passes reports whether the baseline of an app lets a value pass in a file. Files
// that are not the repository's have none.
func (sc *scanning) passes(path string, v *versions.Known) (bool, error) {
	if sc.where.outside {
		return false, nil
	}
	for _, in := range v.In {
		for _, a := range sc.values.apps {
			if a.dir != in.App {
				continue
			}
			if has, err := a.baseline.Has(a.keys, in.Environment, in.Name, path, v.Secret); has || err != nil {
				return has, err
			}
		}
	}
	return false, nil
}

// leakError says that values were found; what was found has been printed.
type leakError struct{ reason string }

func (e *leakError) Error() string { return e.reason }

// verdict is the error that a scan ends with, nil when nothing is wrong.
func (sc *scanning) verdict() error {
	if len(sc.unread) > 0 {
		more := ""
		if len(sc.unread) > 1 {
			more = fmt.Sprintf(", and %d more", len(sc.unread)-1)
		}
		return fmt.Errorf("not everything could be looked into: %s%s", sc.unread[0], more)
	}
	if len(sc.found) == 0 {
		return nil
	}
	reason := "the value of a secret stands in plain text"
	if len(sc.found) > 1 {
		reason = fmt.Sprintf("values of secrets stand in plain text: %d", len(sc.found))
	}
	return hint(&leakError{reason}, sc.leakHints()...)
}

// leakHints say what can be done about findings.
func (sc *scanning) leakHints() []string {
	f := sc.found[0]
	in := f.Known.In[0]
	var try []string
	if f.Commit != "" {
		try = append(try, fmt.Sprintf("pinseal set %s -e %s      with a new value: who has these commits knows the old one", in.Name, in.Environment))
	} else {
		try = append(try, fmt.Sprintf("pinseal run -e %s -- CMD      gives a program its secrets", in.Environment))
	}
	if allowable := slices.IndexFunc(sc.found, func(f versions.Finding) bool { return f.Commit == "" && f.Path != "" && f.Line > 0 }); allowable >= 0 && !sc.where.outside {
		f := sc.found[allowable]
		if file := sc.fromHere(sc.repo.Top(), f.Path); oneLine(file) == file {
			try = append(try, fmt.Sprintf("pinseal scan --allow %s      if it may stand there", quoteShell(fmt.Sprintf("%s:%d", file, f.Line))))
		}
	}
	return try
}

// isNoKey reports whether err says that a key is not at hand.
func isNoKey(err error) bool {
	return errors.Is(err, seal.ErrNoKey) || errors.Is(err, seal.ErrPassphrase) || errors.Is(err, seal.ErrPlugin)
}
