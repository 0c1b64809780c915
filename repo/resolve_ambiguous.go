package repo

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// AmbiguousRevError says that a revision may mean several things, of which git
// would take one.
type AmbiguousRevError struct {
	Rev string // as given to Resolve
	// Refs spells the revision with the full name of each ref that it may mean. An
	// abbreviated object id that is a ref's name too may mean that id as well.
	Refs []string
}

func (e *AmbiguousRevError) Error() string {
	s := fmt.Sprintf("revision %q is ambiguous", e.Rev)
	if len(e.Refs) > 0 {
		s += ": " + strings.Join(e.Refs, " or ")
		if len(e.Refs) == 1 {
			s += ", or an object id"
		}
	}
	return s
}

// Unwrap makes it a revision that names no commit: it does not name one.
func (e *AmbiguousRevError) Unwrap() error { return &UnknownRevError{Rev: e.Rev} }

// ambiguous makes an error of git's saying that the ref in rev is ambiguous. It is
// nil for what is spelled in full: that comes before whatever else ends like it.
func (r *Repo) ambiguous(ctx context.Context, rev string) error {
	name, rest := rev, ""
	if i := strings.IndexAny(rev, "^~:"); i >= 0 {
		name, rest = rev[:i], rev[i:]
	}
	if i := strings.Index(name, "@{"); i >= 0 {
		name, rest = rev[:i], rev[i:]
	}
	if name == "@" || r.isPseudoRef(name) {
		return nil
	}
	// In git's order.
	e := &AmbiguousRevError{Rev: rev}
	for _, ref := range []string{name, "refs/" + name, "refs/tags/" + name, "refs/heads/" + name, "refs/remotes/" + name, "refs/remotes/" + name + "/HEAD"} {
		if !strings.HasPrefix(ref, "refs/") || checkRefName(ref) != nil {
			continue
		}
		h, err := r.Ref(ctx, ref)
		if err != nil {
			return err
		}
		if h == "" {
			continue
		}
		if ref == name {
			return nil
		}
		e.Refs = append(e.Refs, ref+rest)
	}
	return e
}

// isPseudoRef reports whether a name is HEAD or another such file that is there, as
// MERGE_HEAD.
func (r *Repo) isPseudoRef(name string) bool {
	if !strings.HasSuffix(name, "HEAD") || strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") != "" {
		return false
	}
	_, err := os.Lstat(filepath.Join(r.loc.gitDir, name))
	return err == nil
}
