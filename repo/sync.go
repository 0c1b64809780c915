package repo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// lockWait is how long git waits for another holder of a ref's lock, in milliseconds.
const lockWait = "2000"

// UpdateRef moves a ref from old to new by compare-and-swap, durably and with a
// reflog entry. old "" means that the ref must not exist, new "" deletes it. A
// symbolic ref is replaced, not followed.
//
// Errors: ErrMoved when the ref is not at old, ErrLocked when its lock stayed
// held for two seconds; both carry the *GitError.
func (r *Repo) UpdateRef(ctx context.Context, ref string, new, old Hash, msg string) error {
	if err := r.checkUpdate(ref, new, old); err != nil {
		return err
	}
	if strings.ContainsAny(msg, "\n\x00") {
		return errors.New("reflog message is not one line")
	}
	args := []string{"-c", "core.fsync=all", "-c", "core.filesRefLockTimeout=" + lockWait,
		"-c", "core.packedRefsTimeout=" + lockWait, "update-ref", "--no-deref", "-m", msg}
	if new == "" {
		args = append(args, "-d", ref, string(old))
	} else {
		args = append(args, "--create-reflog", ref, string(new), r.orZero(old))
	}
	_, err := r.git(ctx, nil, args...)
	failed, ok := errors.AsType[*GitError](err)
	if !ok {
		return err
	}
	// What git says depends on its version; where the ref is does not.
	if now, err := r.Ref(ctx, ref); err == nil && now != old {
		return fmt.Errorf("ref %q: %w: %w", ref, ErrMoved, failed)
	}
	switch s := failed.Stderr; {
	case strings.Contains(s, ".lock': File exists"):
		return fmt.Errorf("ref %q: %w: %w", ref, ErrLocked, failed)
	case strings.Contains(s, "but expected") || strings.Contains(s, "reference already exists"):
		return fmt.Errorf("ref %q: %w: %w", ref, ErrMoved, failed) // and moved back since
	}
	return failed
}

func (r *Repo) checkUpdate(ref string, new, old Hash) error {
	if err := checkRefName(ref); err != nil {
		return err
	}
	if new == "" && old == "" {
		return fmt.Errorf("ref %q: nothing to do", ref)
	}
	for _, h := range []Hash{new, old} {
		if h == "" {
			continue
		}
		if err := r.wants(h); err != nil {
			return err
		}
		if string(h) == r.zero() {
			return fmt.Errorf("ref %q: the zero id is no object", ref)
		}
	}
	return nil
}

func (r *Repo) orZero(h Hash) string {
	if h == "" {
		return r.zero()
	}
	return string(h)
}

// checkRemote refuses what git could read as an option.
func (r *Repo) checkRemote(remote string) error {
	if r.opts.Offline {
		return ErrOffline
	}
	if remote == "" || remote[0] == '-' || strings.ContainsAny(remote, "\n\x00") {
		return fmt.Errorf("remote %q is malformed", redact(remote))
	}
	return nil
}

// Push moves ref on a remote, a name or URL, from old to new, and creates it
// when old is "", deletes it when new is "". The remote's own check decides, so
// two pushes cannot both win. Hooks of this repository do not run and nothing
// else is pushed. Credentials are git's business.
//
// It returns ErrMoved when the remote's ref is not at old, also when it is at
// new already: it was not this push that moved it. Otherwise it returns
// ErrOffline, or *GitError.
func (r *Repo) Push(ctx context.Context, remote, ref string, new, old Hash) error {
	if err := r.checkRemote(remote); err != nil {
		return err
	}
	if err := r.checkUpdate(ref, new, old); err != nil {
		return err
	}
	out, err := r.git(ctx, nil, "push", "--no-verify", "--no-follow-tags", "--recurse-submodules=no", "--porcelain",
		"--force-with-lease="+ref+":"+string(old), "--", remote, string(new)+":"+ref)
	failed, ok := errors.AsType[*GitError](err)
	if err == nil && new != old && unchanged(out) {
		// Git calls it a success when the ref is at new already. Two publishers
		// who make the same commit would then both think that they moved it.
		return fmt.Errorf("remote ref %q: is there already: %w", ref, ErrMoved)
	}
	if !ok {
		return err
	}
	if why, rejected := rejection(out); rejected {
		failed.Stderr = strings.TrimSpace(why + "\n" + failed.Stderr)
		if movedThere(why) {
			return fmt.Errorf("remote ref %q: %w: %w", ref, ErrMoved, failed)
		}
	}
	return failed
}

// unchanged finds "=\tFROM:TO\t[up to date]" in `git push --porcelain`.
func unchanged(out []byte) bool {
	for line := range bytes.Lines(out) {
		if bytes.HasPrefix(line, []byte("=\t")) {
			return true
		}
	}
	return false
}

// rejection finds the reason in `git push --porcelain`: "!\tFROM:TO\t[rejected] (reason)".
func rejection(out []byte) (string, bool) {
	for line := range bytes.Lines(out) {
		if f := strings.SplitN(string(line), "\t", 3); len(f) == 3 && f[0] == "!" {
			t := tail{b: []byte(f[2])}
			return t.String(), true
		}
	}
	return "", false
}

// movedThere knows the reasons that mean "somebody was faster": those of the
// client's lease and those of the server's own compare-and-swap.
func movedThere(why string) bool {
	for _, s := range []string{"(stale info)", "(fetch first)", "(non-fast-forward)", "(already exists)",
		"but expected", "reference already exists", "incorrect old value", "cannot lock ref", "failed to update ref", "failed to lock"} {
		if strings.Contains(why, s) {
			return true
		}
	}
	return false
}

// Fetch gets refs from a remote by explicit refspecs and changes nothing else:
// no tags, no FETCH_HEAD, no tracking branches, no maintenance, no submodules.
// What a refspec covers here and the remote no longer has is deleted, so that
// these refs say what the remote holds. depth > 0 cuts history there, which also makes the repository
// shallow: only for one that was made for following. In a partial clone
// everything below the refs is fetched, so that it can be read offline.
//
// A ref that would not move forward, without "+" in its refspec, is *GitError.
func (r *Repo) Fetch(ctx context.Context, remote string, depth int, refspecs ...string) error {
	if err := r.checkRemote(remote); err != nil {
		return err
	}
	if len(refspecs) == 0 {
		return errors.New("fetch without a refspec")
	}
	args := []string{"-c", "core.fsync=all", "-c", "fetch.writeCommitGraph=false", "fetch", "-q", "--no-tags", "--no-write-fetch-head",
		"--no-auto-maintenance", "--no-recurse-submodules", "--prune", "--no-prune-tags", "--no-filter", "--refmap="}
	if depth > 0 {
		args = append(args, "--depth="+strconv.Itoa(depth))
	}
	args = append(args, "--", remote)
	for _, s := range refspecs {
		if s == "" || s[0] == '-' || strings.ContainsAny(s, "\n\x00 ") {
			return fmt.Errorf("refspec %q is malformed", s)
		}
		args = append(args, s)
	}
	_, err := r.git(ctx, nil, args...)
	return err
}
