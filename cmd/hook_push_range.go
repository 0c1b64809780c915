package cmd

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"

	"pinseal/repo"
	"pinseal/versions"
)

// pushTarget is what git here knows of the repository that is pushed to.
type pushTarget struct {
	name     string   // of the remote; "" where it is only a URL, which can hold a password
	tracking []string // words for what its tracking refs reach, behind "--not"; nil for none
	prefix   string   // of these refs
	specs    []string // "FROM:TO" by which they are fetched
	same     bool     // they come from where the push goes
}

// text names the target in a message.
func (t pushTarget) text() string {
	if t.name == "" {
		return "the remote"
	}
	return t.name
}

// word is the target on a command line.
func (t pushTarget) word() string {
	if t.name == "" {
		return "REMOTE"
	}
	return quoteShell(t.name)
}

// readPushTarget finds the remote of a name. What other remotes keep below its
// tracking refs is not counted among them: team/x is another remote than team.
func readPushTarget(ctx context.Context, r *repo.Repo, name, url string) (to pushTarget, err error) {
	config, err := r.Config(ctx)
	if err != nil {
		return to, err
	}
	remotes := config.Remotes()
	if !slices.ContainsFunc(remotes, func(known repo.Remote) bool { return known.Name == name }) || strings.ContainsAny(name, `*?[\`) {
		return to, nil
	}
	const below = "refs/remotes/"
	to = pushTarget{name: name, prefix: below + name + "/", same: config.FetchURL(name) == url}
	for _, other := range remotes {
		specs := config.All("remote." + other.Name + ".fetch")
		if other.Name == name {
			to.specs = specs
			continue
		}
		if strings.HasPrefix(other.Name, name+"/") {
			to.tracking = append(to.tracking, "--exclude="+other.Name+"/*")
		}
		for _, spec := range specs {
			if _, into, _ := strings.Cut(spec, ":"); strings.HasPrefix(into, to.prefix) {
				to.tracking = append(to.tracking, "--exclude="+strings.TrimPrefix(into, below))
			}
		}
	}
	to.tracking = append(to.tracking, "--remotes="+name)
	return to, nil
}

// tracked is the tracking ref of a branch of the remote, or "".
func (t pushTarget) tracked(branch string) string {
	for _, spec := range t.specs {
		from, into, _ := strings.Cut(strings.TrimPrefix(spec, "+"), ":")
		before, after, many := strings.Cut(from, "*")
		switch {
		case !strings.HasPrefix(into, t.prefix):
		case !many && from == branch:
			return into
		case many && len(branch) >= len(before)+len(after) && strings.HasPrefix(branch, before) && strings.HasSuffix(branch, after):
			return strings.Replace(into, "*", branch[len(before):len(branch)-len(after)], 1)
		}
	}
	return ""
}

// has are words for what the tracking refs say that the remote has. They say
// nothing where they are of another place, or where git has just heard otherwise of
// one of them: the remote had another URL then.
func (t pushTarget) has(ctx context.Context, r *repo.Repo, refs []pushedRef) ([]string, error) {
	if !t.same {
		return nil, nil
	}
	here, err := r.Refs(ctx, t.prefix)
	if _, broken := errors.AsType[*repo.CorruptError](err); broken {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	ids := map[string]repo.Hash{}
	for _, ref := range here {
		ids[ref.Name] = ref.Hash
	}
	for _, ref := range refs {
		if id, known := ids[t.tracked(ref.remote)]; known && id != ref.had {
			return nil, nil
		}
	}
	return slices.Clone(t.tracking), nil
}

// outgoing is what a push sends, as words of git rev-list.
type outgoing struct {
	sent   []string // commits, each once
	had    []string // what the remote had as far as it is known here, for behind "--not"
	beside []iter.Seq2[versions.ScanItem, error]
}

// readOutgoing finds what is sent: commits, and beside them names that are new to
// the remote, tags, and what else refs hold.
func readOutgoing(ctx context.Context, r *repo.Repo, to pushTarget, refs []pushedRef) (out outgoing, err error) {
	if out.had, err = to.has(ctx, r, refs); err != nil {
		return out, err
	}
	known := map[repo.Hash]bool{}
	for _, ref := range refs {
		if ref.had != "" {
			_, commit, err := versions.RefItems(ctx, r, repo.Ref{Name: ref.remote, Hash: ref.had})
			switch {
			case errors.Is(err, repo.ErrMissing): // nobody has fetched it
			case err != nil:
				return out, err
			case commit != "":
				out.had = append(out.had, string(commit))
			}
		}
		if ref.deletes {
			continue
		}
		becomes := repo.Ref{Name: ref.remote, Hash: ref.new}
		items, commit, err := versions.RefItems(ctx, r, becomes)
		if err != nil {
			return out, err
		}
		if commit != "" && !known[commit] {
			known[commit] = true
			out.sent = append(out.sent, string(commit))
		}
		if commit != ref.new {
			out.beside = append(out.beside, items)
		}
		if ref.had == "" {
			out.beside = append(out.beside, oneItem(versions.NameOf(becomes)))
		}
	}
	return out, nil
}
