package cmd

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"pinseal/repo"
	"pinseal/versions"
)

// requireSignedKey is the git setting that makes --require-signed the default.
const requireSignedKey = "pinseal.requireSigned"

// mustBeSigned is --require-signed, else what git's configuration says.
func (s *session) mustBeSigned(o publishOptions) (bool, error) {
	if o.signedFlag == nil || o.signedFlag.Changed {
		return o.signed, nil
	}
	config, err := s.repo.Config(s.ctx)
	if err != nil {
		return false, err
	}
	text, ok := config.Get(requireSignedKey)
	if !ok {
		return false, nil
	}
	switch strings.ToLower(text) {
	case "true", "yes", "on":
		return true, nil
	case "false", "no", "off", "":
		return false, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return false, usage([]string{"git config " + requireSignedKey + " true"}, "%s of git's configuration is neither true nor false", requireSignedKey)
	}
	return n != 0, nil
}

// unsigned is a commit that keeps a set from being published.
type unsigned struct {
	versions.Touch
	signature signatureJSON
}

// unsignedError lists the commits without a good signature. A bad one is not
// authentic; that there is none is a refusal.
type unsignedError struct {
	env, dir string
	commits  []unsigned
	bad      bool
}

func (e *unsignedError) Error() string {
	const most, mostFiles = 10, 5
	what := "a commit that touches " + e.dir + " has"
	if len(e.commits) > 1 {
		what = fmt.Sprintf("%d commits that touch %s have", len(e.commits), e.dir)
	}
	lines := []string{fmt.Sprintf("%s cannot be published: %s no good signature", e.env, what)}
	for _, c := range e.commits[:min(most, len(e.commits))] {
		files := strings.Join(c.Files[:min(mostFiles, len(c.Files))], ", ")
		switch {
		case len(c.Files) == 0:
			files = "a merge"
		case len(c.Files) > mostFiles:
			files += fmt.Sprintf(" and %d more", len(c.Files)-mostFiles)
		}
		lines = append(lines, oneLine(fmt.Sprintf("%s  %s  %s: %s", shortHash(c.Commit), c.Author, c.signature.text(), files)))
	}
	if more := len(e.commits) - most; more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(lines, "\n")
}

// Code is the exit code.
func (e *unsignedError) Code() int {
	if e.bad {
		return exitNotAuthentic
	}
	return exitFailed
}

// checkSigned refuses to publish a commit when one that touches the app, and that
// the newest pin's commit does not have in its history, has no good signature.
func (s *session) checkSigned(l *versions.Ledger, env string, commit repo.Hash) error {
	log := s.secretLog(env)
	var known []repo.Hash
	if l.Tip() != nil {
		// A commit that nobody has any more is in nobody's history.
		_, err := s.repo.Commit(s.ctx, l.Tip().Commit)
		if err == nil {
			known = append(known, l.Tip().Commit)
		} else if !errors.Is(err, repo.ErrMissing) {
			return err
		}
	}
	touches, err := log.Touching(s.ctx, known, commit)
	if err != nil {
		return err
	}
	commits := make([]repo.Hash, len(touches))
	for i, t := range touches {
		if t.Cut {
			return &versions.GateError{Environment: env, Problems: []versions.Problem{{
				Reason: "this clone is shallow, and who made what lies before its end cannot be told", Try: "git fetch --unshallow"}}}
		}
		commits[i] = t.Commit
	}
	signatures, err := s.repo.Signatures(s.ctx, commits)
	if err != nil {
		return err
	}
	refused := &unsignedError{env: env, dir: log.Dir}
	for _, t := range touches {
		sig := signatures[t.Commit]
		if sig.State != repo.SignatureGood {
			refused.commits = append(refused.commits, unsigned{t, *signatureOf(sig)})
			refused.bad = refused.bad || sig.State == repo.SignatureBad
		}
	}
	if len(refused.commits) == 0 {
		return nil
	}
	return s.signHints(refused)
}

// signHints says how the commits come to be signed, or their keys to be known.
func (s *session) signHints(e *unsignedError) error {
	oldest := e.commits[len(e.commits)-1].Commit
	check, sign := oldest, false
	var keys []string
	for _, c := range e.commits {
		switch repo.SignatureState(c.signature.State) {
		case repo.SignatureUnknown:
			check = c.Commit
		case repo.SignatureExpired:
			sign = true
		case repo.SignatureBad, repo.SignatureRevoked, repo.SignatureUntrusted:
			continue
		default:
			sign = true
			continue
		}
		if try := c.signature.keyHint(); !slices.Contains(keys, try) {
			keys = append(keys, try)
		}
	}
	head, _, _ := s.repo.Head(s.ctx) // without one there is nothing to amend
	var try []string
	switch {
	case sign && len(e.commits) == 1 && oldest == head:
		try = append(try, "git commit --amend --no-edit -S")
	case sign:
		base := string(shortHash(oldest)) + "^"
		if c, err := s.repo.Commit(s.ctx, oldest); err == nil && len(c.Parents) == 0 {
			base = "--root"
		}
		try = append(try, "git rebase --rebase-merges --exec 'git commit --amend --no-edit -S' "+base+"      where they are not pushed yet")
	}
	try = append(try, keys...)
	return hint(e, append(try, "git verify-commit "+string(shortHash(check)))...)
}

// keyHint is how git comes to know a key, or that it was prolonged.
func (s *signatureJSON) keyHint() string {
	switch repo.SignatureFormat(s.Format) {
	case repo.OpenPGP:
		return "gpg --import FILE      brings in who signs with which key, and until when"
	case repo.X509:
		return "gpgsm --import FILE      brings in who signs with which certificate"
	}
	return "git config gpg.ssh.allowedSignersFile FILE      lists who signs with which ssh key, and until when"
}
