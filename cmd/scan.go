package cmd

import (
	"context"
	"errors"
	"fmt"
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

Looked into, names of files included, is:
  (nothing)    the files of the work tree that git tracks, or would
  PATH         that file, directory or pipe, whatever git ignores; - is stdin
  --staged     what the next commit changes
  A..B         the commits that a push of B to A would send, and their messages
  --history    every commit of HEAD
  --all        every commit, tag and file of every ref and reflog, and the work tree

A link that is named is followed; below a directory, links are read as git keeps
them, and pipes, devices and what is in a .git are passed over. A name that holds a
value is shown as d-[NAME]/f.txt.

What may stand where it is goes into a baseline beside the app note: --allow adds
what is on a line, and with line 0 in the name of the file, --allow-all all that is
found; of commits, no more than what those hold. It holds digests that only readers
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
	if (len(o.allow) > 0 || o.allowAll) && o.gitleaks {
		return usage(nil, "--allow and --allow-all are about our own findings: gitleaks has its own .gitleaksignore")
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

	asked  func(versions.Finding) bool // what to heed; nil is all
	found  []versions.Finding          // the first maxFindings
	beyond int                         // more of them
	passed int                         // by the baseline
	unread []string                    // the first maxUnread
	missed int                         // more of them
	stats  versions.ScanStats
}

// How many findings and texts that could not be read are kept; more are counted.
const (
	maxFindings = 100_000
	maxUnread   = 1000
)

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
	if o.allowAll && r.Bare() {
		return usage(nil, "a baseline is written in a work tree, and a bare repository has none")
	}
	if o.allowAll && where.outside {
		return usage([]string{"pinseal scan --allow-all"}, "--allow-all is about the repository: no baseline is kept of what is outside of it")
	}
	sc, err := c.newScanning(ctx, r, scanSources{index: o.staged, everyVersion: o.everyVersion || where.commits})
	if err != nil {
		return err
	}
	defer sc.values.Close()
	if len(sc.values.apps) == 0 && len(sc.values.without) == 0 {
		return noApp()
	}
	if len(sc.values.List) == 0 && len(sc.values.without) > 0 {
		return hint(&noIdentityError{"no value can be opened here, so none can be looked for: " + strings.Join(sc.values.without, "; ")}, "pinseal help identities")
	}
	if err := sc.run(where); err != nil {
		return err
	}
	if o.allowAll {
		return sc.allow()
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
	scan := sc.scan()
	scan.Each = progress.step
	scan.Unread = func(item versions.ScanItem, err error) {
		if len(sc.unread) == maxUnread {
			sc.missed++
			return
		}
		sc.unread = append(sc.unread, fmt.Sprintf("%s: %s", itemName(item), reasonOf(err)))
	}
	var err error
	sc.stats, err = scan.Run(sc.ctx, where.items, func(f versions.Finding) error {
		switch {
		case sc.asked != nil && !sc.asked(f):
		case f.Listed:
			sc.passed++
		case len(sc.found) == maxFindings:
			sc.beyond++
		default:
			sc.found = append(sc.found, f)
		}
		return nil
	})
	return err
}

// scan looks for the values and tells nobody.
func (sc *scanning) scan() *versions.Scan {
	return &versions.Scan{Repo: sc.repo, Values: sc.values.List, Patterns: sc.patterns, Passes: sc.passes, Unread: func(versions.ScanItem, error) {}}
}

// passes reports whether the baseline of an app lets a finding pass.
func (sc *scanning) passes(f versions.Finding) (bool, error) {
	return sc.passesIn(f, func(a *scannedApp) (*versions.Baseline, error) { return a.baseline, nil })
}

// passesIn is passes by the baselines that are given. Files that are not the
// repository's have none.
func (sc *scanning) passesIn(f versions.Finding, baseline func(*scannedApp) (*versions.Baseline, error)) (bool, error) {
	if f.Outside {
		return false, nil
	}
	for _, in := range f.Known.In {
		for _, a := range sc.values.apps {
			if a.dir != in.App {
				continue
			}
			b, err := baseline(a)
			if err != nil {
				return false, err
			}
			for _, place := range f.Places() {
				if has, err := b.Has(a.keys, in.Environment, in.Name, place, f.Known.Secret); has || err != nil {
					return has, err
				}
			}
		}
	}
	return false, nil
}

// isNoKey reports whether err says that a key is not at hand.
func isNoKey(err error) bool {
	return errors.Is(err, seal.ErrNoKey) || errors.Is(err, seal.ErrPassphrase) || errors.Is(err, seal.ErrPlugin)
}
