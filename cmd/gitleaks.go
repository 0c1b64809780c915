package cmd

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"

	"pinseal/repo"
	"pinseal/versions"
)

// gitleaksLeaks is the exit code with which gitleaks is to say that it found
// something: one that it does not end with when it fails.
const gitleaksLeaks = 77

// gitleaksError is what gitleaks said, apart from what we say.
type gitleaksError struct{ reason string }

func (e *gitleaksError) Error() string { return "gitleaks: " + e.reason }

// findGitleaks looks gitleaks up in PATH. One that the repository brings along is
// not run, nor one of a directory that depends on where the user stands.
func (c *cli) findGitleaks(ctx context.Context, r *repo.Repo) (string, error) {
	tops, err := r.WorkTrees(ctx)
	if err != nil {
		return "", err
	}
	for _, dir := range filepath.SplitList(c.Getenv("PATH")) {
		if !filepath.IsAbs(dir) {
			continue
		}
		program, err := exec.LookPath(filepath.Join(dir, "gitleaks"))
		if err != nil {
			continue
		}
		if !slices.ContainsFunc(tops, func(top string) bool { in, err := isInWorkTree(top, program); return in || err != nil }) {
			return program, nil
		}
	}
	return "", hint(&versions.NotFoundError{What: "program", Name: "gitleaks", In: "PATH"},
		"install it from github.com/gitleaks/gitleaks", "git config --unset pinseal.gitleaks      if the hooks ask for it")
}

// runGitleaks has gitleaks look where we did. It prints on stderr, and is told to
// leave the secrets out.
func (c *cli) runGitleaks(ctx context.Context, r *repo.Repo, where scanWhere) error {
	if where.gitleaks == nil {
		return &gitleaksError{"cannot look into that"}
	}
	program, err := c.findGitleaks(ctx, r)
	if err != nil {
		return err
	}
	args := append(slices.Clone(where.gitleaks), "--redact", "--no-banner", "--exit-code", fmt.Sprint(gitleaksLeaks))
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = r.Top()
	if cmd.Dir == "" {
		cmd.Dir = r.GitDir()
	}
	cmd.Stdout, cmd.Stderr = c.Stderr, c.Stderr
	cmd.Env = withoutIdentity(c.Environ)
	c.say("gitleaks, of %s:", lookedInto(where))
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &exit) && exit.ExitCode() == gitleaksLeaks:
		return &gitleaksError{"found something that looks like a secret"}
	case err != nil:
		return &gitleaksError{fmt.Sprintf("did not finish: %s", err)}
	}
	return nil
}

// lookedInto names what gitleaks looks into, which can be less than what we do.
func lookedInto(where scanWhere) string {
	switch {
	case where.commits:
		return "commits alone"
	case where.gitleaks[0] == "git":
		return "what is staged"
	}
	return "files"
}

// besideGitleaks puts two verdicts side by side; either is enough to say no.
func (c *cli) besideGitleaks(ours, theirs error) error {
	say := "found nothing"
	if ours != nil {
		say = "said no"
	}
	switch {
	case theirs == nil:
		c.say("gitleaks: found nothing")
		return ours
	case ours == nil:
		c.say("pinseal: %s", say)
		return theirs
	}
	c.warn("%s", theirs)
	return ours
}
