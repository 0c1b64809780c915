package repo

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Options say how to open a repository.
type Options struct {
	// Env is the process environment as KEY=VALUE. Variables that locate a
	// repository (GIT_DIR, GIT_WORK_TREE, GIT_INDEX_FILE, …) are obeyed while
	// opening, as git would, and then scrubbed; PATH finds git. No variable
	// whose name begins with PINSEAL_ ever reaches a child.
	Env []string

	// Offline keeps git from talking to any remote, a promisor's lazy fetch
	// included. What needs one returns ErrOffline or ErrMissing.
	Offline bool

	// Apart gives git and all that it starts a process group, which ends when the
	// context does: a transport that waits for a dead host would outlive git. Nothing
	// can then be asked at the terminal. Windows has no such groups.
	Apart bool
}

// Repo is one git repository. It is safe for concurrent use.
type Repo struct {
	opts   Options
	env    []string // of every child, location variables scrubbed
	gitBin string   // absolute path of git, found at the first spawn
	binErr error
	binDo  sync.Once
	spawns atomic.Int64

	loc    location
	store  *store
	batch  *batch
	config struct {
		sync.Mutex
		c *Config
	}
}

// location is what discovery finds out.
type location struct {
	plain     bool   // refs may be read in process
	promisor  bool   // a missing object may be had by asking git
	top       string // "" when there is no work tree
	gitDir    string
	commonDir string
	objects   string   // the primary object directory
	alternate []string // from GIT_ALTERNATE_OBJECT_DIRECTORIES
	format    string   // "sha1" or "sha256"
	args      []string // what tells git where it is
	env       []string // what the environment located, made absolute
	odd       bool     // the object store has a part that only git understands
}

// Open opens the repository that dir is in. dir may be relative to the current
// directory and need not be the top.
//
// A plain layout is recognised in process: dir or a parent has a real directory
// .git owned by the caller (Unix only), with format version 0, no extensions,
// includes, commondir or core.worktree, on the same file system, and no
// location variable is set but GIT_INDEX_FILE, as in hooks. Any doubt costs one `git rev-parse`, which obeys
// safe.directory, linked worktrees, submodules, ceilings and the rest.
//
// It returns *NotRepoError when there is none, *GitError when git refuses.
func Open(ctx context.Context, dir string, o Options) (*Repo, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	// Git reports paths without symlinks, so both ways of opening must.
	real, err := filepath.EvalSymlinks(abs)
	if err != nil {
		return nil, err
	}
	r := &Repo{opts: o, env: scrub(o)}
	loc, ok := discoverPlain(real, o.Env)
	if !ok {
		if loc, err = r.discoverGit(ctx, dir, real); err != nil {
			return nil, err
		}
	}
	r.loc = loc
	r.env = append(r.env, loc.env...)
	r.store = newStore(append([]string{loc.objects}, loc.alternate...), loc.format == "sha1")
	r.batch = &batch{repo: r, turn: make(chan struct{}, 1)}
	return r, nil
}

// Top is the absolute path of the work tree without symlinks, "" if there is none.
func (r *Repo) Top() string { return r.loc.top }

// GitDir is the absolute path of the git directory; a linked worktree has its own.
func (r *Repo) GitDir() string { return r.loc.gitDir }

// CommonDir is the absolute path of the directory that holds refs and objects,
// which linked worktrees share.
func (r *Repo) CommonDir() string { return r.loc.commonDir }

// Bare reports whether the repository was opened without a work tree.
func (r *Repo) Bare() bool { return r.loc.top == "" }

// Shallow reports whether history is cut off at the moment.
func (r *Repo) Shallow() bool {
	fi, err := os.Stat(filepath.Join(r.loc.commonDir, "shallow"))
	return err == nil && fi.Size() > 0
}

// Spawns counts the git processes started so far, for budgets in tests.
func (r *Repo) Spawns() int { return int(r.spawns.Load()) }

// Close ends the helper process and closes files. Other methods may be called
// afterwards; they open again what they need.
func (r *Repo) Close() error {
	r.batch.close()
	r.store.files.closeAll()
	return nil
}

// hashLen is the length of an id in hex digits.
func (r *Repo) hashLen() int {
	if r.loc.format == "sha256" {
		return 64
	}
	return 40
}

// zero is the id that stands for "none" in git's commands.
func (r *Repo) zero() string { return strings.Repeat("0", r.hashLen()) }

// wants checks that h is a full id of this repository's format. The empty Hash
// is refused too: git reads ":path" as a path in the index.
func (r *Repo) wants(h Hash) error {
	if len(h) != r.hashLen() {
		return &CorruptError{Name: string(h), Reason: "not an object id of this repository's format"}
	}
	_, err := ParseHash(string(h))
	return err
}

// scrub returns the environment of children: without git's location variables,
// without ours, and with replacement refs off, because a pinned commit must mean
// its own bytes.
func scrub(o Options) []string {
	env := make([]string, 0, len(o.Env)+4)
	for _, kv := range o.Env {
		k, _, _ := strings.Cut(kv, "=")
		if strings.HasPrefix(k, "PINSEAL_") || isLocation(k) || slices.Contains(overridden, k) {
			continue
		}
		if o.Offline && k == "GIT_ALLOW_PROTOCOL" {
			continue
		}
		env = append(env, kv)
	}
	return append(env, fixedEnv(o.Offline)...)
}

// overridden are set by fixedEnv, or would be wrong in the child: PWD, and what a
// user wants paths on a command line to mean.
var overridden = []string{"GIT_NO_REPLACE_OBJECTS", "LC_ALL", "GIT_NO_LAZY_FETCH", "PWD",
	"GIT_LITERAL_PATHSPECS", "GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS", "GIT_ICASE_PATHSPECS"}

func fixedEnv(offline bool) []string {
	env := []string{"GIT_NO_REPLACE_OBJECTS=1", "GIT_GRAFT_FILE=", "LC_ALL=C"} // at a null device git says that it is deprecated
	if offline {
		// An allow list with no protocol in it overrides every protocol.*
		// setting; git 2.44 also knows the first one.
		env = append(env, "GIT_NO_LAZY_FETCH=1", "GIT_ALLOW_PROTOCOL=none")
	}
	return env
}
