package cmd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"pinseal/repo"
	"pinseal/seal"
	"pinseal/versions"
)

// pushedRef is one line that git gives a pre-push hook.
type pushedRef struct {
	local    string // the name of what is sent
	remote   string // the ref that it becomes
	new, had repo.Hash
	deletes  bool
}

// maxPushLine is the longest line in bytes.
const maxPushLine = 64 << 10

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
		refs = append(refs, ref)
	}
	return refs, lines.Err()
}

// isLedger reports whether [versions.LedgerRef] could give a name.
func isLedger(ref string) bool {
	id, env, _ := strings.Cut(strings.TrimPrefix(ref, "refs/pinseal/"), "/")
	app, err := seal.ParseAppID(id)
	return err == nil && seal.CheckEnvironment(env) == nil && versions.LedgerRef(app, env) == ref
}

// runPrePush judges what a push sends to a remote, which has the name that git
// gives it, or else its URL for a name.
func (c *cli) runPrePush(ctx context.Context, remote, url string) error {
	refs, err := parsePush(c.Stdin)
	if err != nil || len(refs) == 0 {
		return stopped("push", err)
	}
	r, err := c.openRepo(ctx)
	if err != nil {
		return err
	}
	defer r.Close()
	for _, ref := range refs {
		if ref.deletes && isLedger(ref.remote) {
			return stopped("push", &versions.AuthError{What: "deleting " + ref.remote, Reason: "a ledger only ever grows: who has seen its pins would refuse what is left"})
		}
	}
	to, err := readPushTarget(ctx, r, remote, url)
	if err != nil {
		return stopped("push", err)
	}
	out, err := readOutgoing(ctx, r, to, refs)
	if err != nil {
		return stopped("push", err)
	}
	if err := c.checkPins(ctx, r, to, refs, out); err != nil {
		return stopped("push", err)
	}
	where := scanWhere{commits: true}
	if len(out.sent) > 0 {
		if where, err = c.scanCommits(ctx, r, slices.Concat(out.sent, []string{"--not"}, out.had)); err != nil {
			return stopped("push", err)
		}
	}
	if where.total+len(out.beside) == 0 {
		return nil
	}
	where.items = inTurn(append(out.beside, where.items)...)
	return c.scanInHook(ctx, r, "push", where, out.sent...)
}

// checkPins looks at the newest pins here: what they are of should be on the
// remote once the push is done. It is an error where the push sends the ledger
// itself, unless nothing is known of what the remote has.
func (c *cli) checkPins(ctx context.Context, r *repo.Repo, to pushTarget, refs []pushedRef, out outgoing) error {
	reached := slices.Concat([]string{"--not"}, to.tracking, out.had, out.sent)
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
			err = s.checkPinsOf(to, refs, reached)
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

func (s *session) checkPinsOf(to pushTarget, refs []pushedRef, reached []string) error {
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
		said := fmt.Sprintf("pin %d of %s is of commit %s, which is not on %s and not in this push", pin.Number, env, shortHash(string(pin.Commit)), to.text())
		ref := versions.LedgerRef(s.id, env)
		if len(to.tracking) > 0 && slices.ContainsFunc(refs, func(p pushedRef) bool { return p.remote == ref }) {
			return hint(errors.New(said), "git push "+to.word()+" BRANCH      with the branch that has it, before the ledger",
				"git fetch "+to.word()+"      if it is there already")
		}
		s.warn("%s", said)
	}
	return nil
}
