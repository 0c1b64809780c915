package cmd

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"pinseal/repo"
	"pinseal/versions"
)

// pushedRef is one line that git gives a pre-push hook.
type pushedRef struct {
	local    string // the name of what is sent
	remote   string // the ref that it becomes
	new, had repo.Hash
	deletes  bool
	ours     bool // below refs/pinseal
}

// Limits in bytes: of one line, and of a commit or tag that is looked into itself.
const (
	maxPushLine = 64 << 10
	maxTag      = 4 << 20
)

// parsePush reads "LOCALREF LOCALID REMOTEREF REMOTEID" lines.
func parsePush(in io.Reader) ([]pushedRef, error) {
	var refs []pushedRef
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxPushLine)
	for lines.Scan() {
		f := strings.Split(lines.Text(), " ")
		if len(f) < 4 {
			return nil, errors.New("git said something odd about what is pushed")
		}
		// Only the name of what is sent can hold spaces: git push origin 'HEAD@{1 day ago}:x'.
		n := len(f)
		ref := pushedRef{local: strings.Join(f[:n-3], " "), remote: f[n-2]}
		for i, id := range []*repo.Hash{&ref.new, &ref.had} {
			var err error
			if *id, err = repo.ParseHash(f[n-3+2*i]); err != nil {
				return nil, errors.New("git said something odd about what is pushed")
			}
			if strings.Trim(string(*id), "0") == "" {
				*id = ""
			}
		}
		ref.deletes = ref.new == ""
		ref.ours = strings.HasPrefix(ref.remote, "refs/pinseal/")
		refs = append(refs, ref)
	}
	return refs, lines.Err()
}

// runPrePush judges what a push sends to a remote, which may be named by its URL.
func (c *cli) runPrePush(ctx context.Context, remote string) error {
	refs, err := parsePush(c.Stdin)
	if err != nil {
		return stopped("push", err)
	}
	r, err := c.openRepo(ctx)
	if err != nil {
		return err
	}
	defer r.Close()
	for _, ref := range refs {
		if ref.ours && ref.deletes {
			return stopped("push", &versions.AuthError{What: "deleting " + ref.remote, Reason: "a ledger only ever grows: who has seen its pins would refuse what is left"})
		}
	}
	out, err := readOutgoing(ctx, r, remote, refs)
	if err != nil {
		return stopped("push", err)
	}
	if err := c.checkPins(ctx, r, remote, refs, out); err != nil {
		return stopped("push", err)
	}
	if len(out.sent) == 0 {
		return nil
	}
	where, err := c.scanCommits(ctx, r, slices.Concat(out.sent, out.had))
	if err != nil || where.total+len(out.tags) == 0 {
		return stopped("push", err)
	}
	commits := where.items
	where.items = func(yield func(versions.ScanItem, error) bool) {
		for _, tag := range out.tags {
			if !yield(tag, nil) {
				return
			}
		}
		commits(yield)
	}
	return c.scanInHook(ctx, r, "push", where)
}

// outgoing is what a push sends, as words of git rev-list.
type outgoing struct {
	sent []string // commits
	had  []string // "--not", and what the remote had as far as it is known here
	tags []versions.ScanItem
}

// readOutgoing finds what is sent. Ledgers are left out: they are sealed.
func readOutgoing(ctx context.Context, r *repo.Repo, remote string, refs []pushedRef) (out outgoing, err error) {
	config, err := r.Config(ctx)
	if err != nil {
		return out, err
	}
	out.had = []string{"--not"}
	if slices.ContainsFunc(config.Remotes(), func(known repo.Remote) bool { return known.Name == remote }) {
		out.had = append(out.had, "--remotes="+remote)
	}
	for _, ref := range refs {
		if ref.deletes || ref.ours {
			continue
		}
		kind, data, err := r.Object(ctx, ref.new, maxTag)
		if err != nil {
			return out, err
		}
		if kind == repo.TagObject {
			out.tags = append(out.tags, versions.ScanItem{Commit: ref.new, Open: func() (io.ReadCloser, error) {
				return io.NopCloser(bytes.NewReader(data)), nil
			}})
		}
		commit, err := r.Resolve(ctx, string(ref.new))
		switch {
		case err == nil:
			out.sent = append(out.sent, string(commit))
		case !errors.As(err, new(*repo.UnknownRevError)): // a tag of a blob or a tree has no commits
			return out, err
		}
		if ref.had == "" {
			continue
		}
		switch ok, err := r.Has(ctx, ref.had); {
		case err != nil:
			return out, err
		case ok:
			out.had = append(out.had, string(ref.had))
		}
	}
	return out, nil
}

// checkPins looks at the newest pins here: what they are of should be on the
// remote once the push is done. It is an error where the push sends the ledger
// itself.
func (c *cli) checkPins(ctx context.Context, r *repo.Repo, remote string, refs []pushedRef, out outgoing) error {
	reached := slices.Concat(out.had, out.sent)
	in, err := c.storeToScan(ctx, r)
	if err != nil {
		return err
	}
	for _, name := range in.names {
		s := in.session(c, name)
		if err := s.choose(); err != nil {
			return err
		}
		err := s.peek()
		if err == nil {
			err = s.checkPinsOf(remote, refs, reached)
		}
		if s.files != nil {
			s.files.Close()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *session) checkPinsOf(remote string, refs []pushedRef, reached []string) error {
	for _, env := range s.note.Environments() {
		l, _, err := s.localLedger(env)
		if err != nil {
			return err
		}
		if l == nil || l.Tip() == nil {
			continue
		}
		pin := l.Tip()
		here, err := s.repo.Has(s.ctx, pin.Commit)
		if err != nil {
			return err
		}
		if !here {
			continue // it came from the remote without its commit, which is there
		}
		missing, err := s.repo.Count(s.ctx, slices.Concat([]string{string(pin.Commit)}, reached))
		if err != nil {
			return err
		}
		if missing == 0 {
			continue
		}
		said := fmt.Sprintf("pin %d of %s is of commit %s, which is not on %s and not in this push", pin.Number, env, shortHash(string(pin.Commit)), remote)
		ref := versions.LedgerRef(s.id, env)
		if slices.ContainsFunc(refs, func(p pushedRef) bool { return p.remote == ref }) {
			return hint(errors.New(said), "git push "+quoteShell(remote)+" BRANCH      with the branch that has it, before the ledger")
		}
		s.warn("%s", said)
	}
	return nil
}
