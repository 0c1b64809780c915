package cmd

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"pinseal/repo"
	"pinseal/versions"
)

// fetchHints offers a fetch where there is a remote to fetch from.
func (s *session) fetchHints() []string {
	if config, err := s.repo.Config(s.ctx); err == nil && len(config.Remotes()) == 0 {
		return nil
	}
	return []string{"pinseal fetch"}
}

// firstPublish is the line that makes an environment's first pin.
func firstPublish(env string) string { return "pinseal publish " + env + " --first" }

// publishLine is the line that publishes what is committed.
func (s *session) publishLine(env string) string {
	line := "pinseal publish " + env + " HEAD"
	if tips, err := versions.ReadTips(s.ctx, s.repo, "", s.id, env); err == nil && tips.Local == "" {
		line += " --first"
	}
	return line
}

// gateHints are what the gate suggests, with all that it wants of publish in one
// line beside what was given: each flag alone would be refused again.
func (o publishOptions) gateHints(gate *versions.GateError) []string {
	var flags []string
	if o.first {
		flags = append(flags, "--first")
	}
	for _, name := range o.allow.Expired {
		flags = append(flags, "--allow-expired "+quoteShell(name))
	}
	if o.allow.Retired {
		flags = append(flags, "--allow-retired")
	}
	if o.rotated {
		flags = append(flags, "--require-rotated")
	}
	given := len(flags)
	for _, p := range gate.Problems {
		if p.Flag != "" && !slices.Contains(flags, p.Flag) {
			flags = append(flags, p.Flag)
		}
	}
	try := gateTries(gate)
	if len(flags) == given {
		return try
	}
	line := "pinseal publish " + o.env
	if o.rev != "" {
		line += " " + quoteShell(o.rev)
	}
	if o.message != "" {
		flags = append(flags, "-m "+quoteShell(o.message))
	}
	return append(try, line+" "+strings.Join(flags, " "))
}

// gateTries are what would help against the gate's problems, the first few. What
// leavers could open is listed whole by the report.
func gateTries(gate *versions.GateError) []string {
	const most = 5
	var try, left []string
	for _, p := range gate.Problems {
		switch {
		case p.Try == "" || slices.Contains(try, p.Try):
		case len(try) < most:
			try = append(try, p.Try)
		default:
			left = append(left, p.Left...)
		}
	}
	slices.Sort(left)
	left = slices.Compact(left)
	for _, name := range left[:min(most, len(left))] {
		try = append(try, "pinseal member report "+name)
	}
	return try
}

// fetchError says why a remote gave no ledgers. What git adds to every failure is
// left out: the line before it says more.
func fetchError(remote string, err error) error {
	var failed *repo.GitError
	if errors.As(err, &failed) {
		short := *failed
		for _, line := range []string{"fatal: Could not read from remote repository.", "Please make sure you have the correct access rights", "and the repository exists."} {
			short.Stderr = strings.ReplaceAll(short.Stderr, "\n"+line, "")
		}
		short.Stderr = strings.TrimSpace(short.Stderr)
		err = &short
	}
	return hint(fmt.Errorf("ledgers cannot be fetched from %s: %w", remote, err), "git ls-remote "+quoteShell(remote))
}
