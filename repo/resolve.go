package repo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

// Resolve turns a revision, as gitrevisions(7) spells them, into the commit it
// names; tags are peeled. In process only for a full id and for HEAD of a plain
// layout; everything else is git's to parse. Below this only a Hash exists, so
// what was compared is what is read.
//
// It returns *UnknownRevError for what names no commit, and for a rev that
// begins with "-" or holds a control character; *AmbiguousRevError where git would
// choose between refs: a tag can have the name of a remote's branch, and goes first.
func (r *Repo) Resolve(ctx context.Context, rev string) (Hash, error) {
	unknown := &UnknownRevError{Rev: rev}
	if rev == "" || rev[0] == '-' || len(rev) > 4096 || strings.ContainsFunc(rev, func(c rune) bool { return c < ' ' || c == 0x7f }) {
		return "", unknown
	}
	if h, err := ParseHash(rev); err == nil && r.wants(h) == nil {
		typ, _, err := r.Object(ctx, h, maxCommit)
		if err == nil && typ == CommitObject {
			return h, nil
		}
		if err != nil && !errors.Is(err, ErrMissing) {
			return "", err
		}
	}
	if rev == "HEAD" && r.loc.plain {
		h, _, err := r.Head(ctx)
		if errors.Is(err, ErrNoCommits) {
			return "", fmt.Errorf("%w: %w", unknown, err)
		}
		return h, err
	}
	// With a colon, "^{commit}" would become part of a path or search text.
	arg := rev
	if !strings.Contains(rev, ":") {
		arg += "^{commit}"
	}
	// Without -q, which would silence the warning too.
	out, said, err := r.gitBoth(ctx, nil, "-c", "core.warnAmbiguousRefs=true", "rev-parse", "--verify", "--end-of-options", arg)
	if code := gitCode(err); code == 1 || code == 128 {
		return "", unknown
	}
	if err != nil {
		return "", err
	}
	if strings.Contains(said, "' is ambiguous") {
		if err := r.ambiguous(ctx, rev); err != nil {
			return "", err
		}
	}
	h, err := ParseHash(strings.TrimSuffix(string(out), "\n"))
	if err != nil || r.wants(h) != nil {
		return "", unknown // "^main" is printed as "^ID"
	}
	return r.peel(ctx, h, unknown)
}

// peel follows tags from h to a commit.
func (r *Repo) peel(ctx context.Context, h Hash, unknown error) (Hash, error) {
	for range 10 {
		typ, data, err := r.Object(ctx, h, MaxBlob)
		if _, big := errors.AsType[*TooLargeError](err); big {
			return "", unknown
		}
		if err != nil {
			return "", err
		}
		switch typ {
		case CommitObject:
			return h, nil
		case TagObject:
			line, _, _ := bytes.Cut(data, []byte("\n"))
			id, _ := strings.CutPrefix(string(line), "object ")
			if h, err = ParseHash(id); err != nil {
				return "", &CorruptError{Name: string(h), Reason: "malformed tag"}
			}
		default:
			return "", unknown
		}
	}
	return "", unknown
}

// Head returns the commit that HEAD points at and the branch it is on: "main"
// for refs/heads/main, the full name for another ref, "" when detached. On an
// unborn branch it returns the branch and ErrNoCommits.
func (r *Repo) Head(ctx context.Context) (commit Hash, branch string, err error) {
	if err := ctx.Err(); err != nil {
		return "", "", err
	}
	if r.loc.plain {
		commit, branch, err = r.plainHead()
		if !errors.Is(err, errUnknown) {
			return commit, branch, err
		}
	}
	out, err := r.git(ctx, nil, "rev-parse", "HEAD", "--symbolic-full-name", "HEAD")
	if err == nil {
		id, name, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
		if commit, err = ParseHash(id); err == nil && r.wants(commit) == nil {
			if name == "HEAD" { // detached
				name = ""
			}
			return commit, shortBranch(name), nil
		}
	}
	return r.unborn(ctx, err)
}

// unborn tells an unborn branch from a HEAD that git cannot read, for cause.
func (r *Repo) unborn(ctx context.Context, cause error) (Hash, string, error) {
	if cause != nil && gitCode(cause) != 128 {
		return "", "", cause
	}
	out, err := r.git(ctx, nil, "symbolic-ref", "-q", "HEAD")
	if err != nil {
		return "", "", err
	}
	name := strings.TrimSpace(string(out))
	h, err := r.Ref(ctx, name)
	if err != nil {
		return "", "", err
	}
	if h != "" {
		return "", "", &CorruptError{Name: "HEAD", Reason: "git cannot read it"}
	}
	return "", shortBranch(name), ErrNoCommits
}

func (r *Repo) plainHead() (commit Hash, branch string, err error) {
	b, err := readSmall(filepath.Join(r.loc.gitDir, "HEAD"))
	if err != nil {
		return "", "", errUnknown
	}
	h, target, err := parseRef(b)
	if err != nil {
		return "", "", &CorruptError{Name: "HEAD", Reason: err.Error()}
	}
	if target == "" {
		return h, "", nil
	}
	h, err = r.plainRef(target)
	if err == nil && h == "" {
		err = ErrNoCommits
	}
	return h, shortBranch(target), err
}

func shortBranch(ref string) string { return strings.TrimPrefix(ref, "refs/heads/") }
