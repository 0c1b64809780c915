package repo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// isLocation reports whether a variable tells git where things are. It is the
// list of `git rev-parse --local-env-vars` (git 2.31 to 2.50) without
// GIT_CONFIG_PARAMETERS and GIT_CONFIG_COUNT, which carry the user's `git -c`.
func isLocation(key string) bool {
	switch key {
	case "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_CONFIG", "GIT_OBJECT_DIRECTORY", "GIT_DIR",
		"GIT_WORK_TREE", "GIT_IMPLICIT_WORK_TREE", "GIT_GRAFT_FILE", "GIT_INDEX_FILE",
		"GIT_REPLACE_REF_BASE", "GIT_PREFIX", "GIT_SHALLOW_FILE", "GIT_COMMON_DIR",
		"GIT_INTERNAL_SUPER_PREFIX", "GIT_NAMESPACE", "GIT_QUARANTINE_PATH", "GIT_REFERENCE_BACKEND":
		return true
	}
	return false
}

// needsGit reports whether the environment makes discovery git's business.
func needsGit(env []string) bool {
	for _, kv := range env {
		k, _, _ := strings.Cut(kv, "=")
		switch k {
		case "GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM":
			return true
		case "GIT_PREFIX", // set by every alias, locates nothing
			"GIT_INDEX_FILE": // set in every hook, see plainIndex
			continue
		}
		if isLocation(k) {
			return true
		}
	}
	return false
}

// discoverPlain walks up from dir as git does. ok is false on any doubt.
func discoverPlain(dir string, env []string) (loc location, ok bool) {
	if needsGit(env) {
		return loc, false
	}
	start := dir
	for {
		fi, err := os.Lstat(filepath.Join(dir, ".git"))
		if err == nil {
			index, plain := plainIndex(start, dir, env)
			if !plain || !fi.IsDir() || !sameDevice(start, dir) {
				return loc, false
			}
			loc, ok = plainAt(dir, env)
			loc.env = index
			return loc, ok
		}
		if !errors.Is(err, os.ErrNotExist) {
			return loc, false
		}
		// Git also accepts a directory that itself looks like a bare repository.
		if _, err := os.Lstat(filepath.Join(dir, "HEAD")); err == nil {
			return loc, false
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return loc, false
		}
		dir = parent
	}
}

// plainIndex is GIT_INDEX_FILE for git's children, made absolute; nil when it is not
// set. A relative one is git's business but at the top, where hooks run.
func plainIndex(start, top string, env []string) (index []string, ok bool) {
	file, set := lookupEnv(env, "GIT_INDEX_FILE")
	switch {
	case !set:
		return nil, true
	case file == "" || !filepath.IsAbs(file) && start != top:
		return nil, false
	case !filepath.IsAbs(file):
		file = filepath.Join(top, file)
	}
	return []string{"GIT_INDEX_FILE=" + file}, true
}

// plainAt decides whether top/.git is a layout that is fully understood here.
func plainAt(top string, env []string) (loc location, ok bool) {
	git := filepath.Join(top, ".git")
	if !ownedByUs(top) || !ownedByUs(git) {
		return loc, false
	}
	for _, absent := range []string{"commondir", "config.worktree", "reftable", "gitdir"} {
		if _, err := os.Lstat(filepath.Join(git, absent)); !errors.Is(err, os.ErrNotExist) {
			return loc, false
		}
	}
	for _, d := range []string{"objects", "refs"} {
		if fi, err := os.Stat(filepath.Join(git, d)); err != nil || !fi.IsDir() {
			return loc, false
		}
	}
	head, err := readSmall(filepath.Join(git, "HEAD"))
	if err != nil || !validHead(head) {
		return loc, false
	}
	conf, err := readSmall(filepath.Join(git, "config"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return loc, false
	}
	promisor, ok := plainConfig(conf)
	if !ok {
		return loc, false
	}
	for _, kv := range env { // `git -c` may make a remote a promisor
		promisor = promisor || strings.HasPrefix(kv, "GIT_CONFIG_PARAMETERS=") || strings.HasPrefix(kv, "GIT_CONFIG_COUNT=")
	}
	return location{
		plain: true, promisor: promisor, top: top, gitDir: git, commonDir: git,
		objects: filepath.Join(git, "objects"), format: "sha1",
	}, true
}

// validHead accepts a branch or a detached commit. Reftable repositories have
// refs/heads/.invalid here.
func validHead(b []byte) bool {
	s := strings.TrimRight(string(b), " \t\n\r")
	if name, ok := strings.CutPrefix(s, "ref: "); ok {
		return checkRefName(name) == nil
	}
	_, err := ParseHash(s)
	return err == nil && len(s) == 40
}

// readSmall reads a regular file of at most 1 MiB that is not a symlink.
func readSmall(name string) ([]byte, error) {
	fi, err := os.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !fi.Mode().IsRegular() || fi.Size() > 1<<20 {
		return nil, &CorruptError{Name: filepath.Base(name), Reason: "not a small regular file"}
	}
	return os.ReadFile(name)
}

// discoverGit asks git. given is what the user said, dir the same made real.
func (r *Repo) discoverGit(ctx context.Context, given, dir string) (location, error) {
	// The one child that sees the location variables. Its directory is dir, so
	// relative values mean what they mean to `git -C dir`.
	asked := &Repo{opts: r.opts, loc: location{top: dir}}
	for _, kv := range r.opts.Env {
		k, _, _ := strings.Cut(kv, "=")
		if !strings.HasPrefix(k, "PINSEAL_") && k != "PWD" && k != "LC_ALL" {
			asked.env = append(asked.env, kv)
		}
	}
	asked.env = append(asked.env, fixedEnv(r.opts.Offline)...)
	// --show-toplevel is last: without a work tree it fails after the others printed.
	out, stderr, err := asked.gitBoth(ctx, nil, "rev-parse", "--path-format=absolute", "--git-dir", "--git-common-dir",
		"--git-path", "objects", "--git-path", "index", "--is-bare-repository", "--show-object-format", "--show-toplevel")
	r.spawns.Add(asked.spawns.Load())
	lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if err != nil && len(lines) != 6 {
		if gitCode(err) == 128 && strings.Contains(stderr, "not a git repository") {
			return location{}, &NotRepoError{Dir: given}
		}
		return location{}, err
	}
	if len(lines) == 6 {
		lines = append(lines, "")
	}
	if len(lines) != 7 {
		if strings.Contains(dir, "\n") {
			return location{}, fmt.Errorf("%q has a line break in it, which keeps git from telling where this repository is", dir)
		}
		return location{}, fmt.Errorf("git rev-parse printed %d lines, want 7", len(lines))
	}
	for i, l := range lines {
		lines[i] = strings.TrimSuffix(l, "\r")
	}
	return r.locate(dir, lines)
}

// locate makes a location of rev-parse's answer.
func (r *Repo) locate(dir string, lines []string) (location, error) {
	loc := location{
		promisor: true, gitDir: filepath.FromSlash(lines[0]), commonDir: filepath.FromSlash(lines[1]),
		objects: filepath.FromSlash(lines[2]), format: lines[5], top: filepath.FromSlash(lines[6]),
	}
	if loc.format != "sha1" && loc.format != "sha256" {
		return location{}, fmt.Errorf("object format %q is not supported", loc.format)
	}
	if !filepath.IsAbs(loc.gitDir) || !filepath.IsAbs(loc.commonDir) || !filepath.IsAbs(loc.objects) {
		return location{}, errors.New("git rev-parse printed a relative path: git 2.31 or newer is needed")
	}
	loc.args = []string{"--git-dir=" + loc.gitDir}
	if loc.top != "" {
		loc.args = append(loc.args, "--work-tree="+loc.top)
	}
	// What the environment located stays located, but absolutely.
	keep := func(key, value string) {
		if v, ok := lookupEnv(r.opts.Env, key); ok && v != "" {
			loc.env = append(loc.env, key+"="+value)
		}
	}
	keep("GIT_COMMON_DIR", loc.commonDir)
	keep("GIT_OBJECT_DIRECTORY", loc.objects)
	keep("GIT_INDEX_FILE", filepath.FromSlash(lines[3]))
	if v, ok := lookupEnv(r.opts.Env, "GIT_ALTERNATE_OBJECT_DIRECTORIES"); ok && v != "" {
		loc.odd = strings.Contains(v, `"`) // quoted: git's business
		for _, p := range filepath.SplitList(v) {
			if p != "" && !filepath.IsAbs(p) {
				p = filepath.Join(dir, p)
			}
			if p != "" {
				loc.alternate = append(loc.alternate, p)
			}
		}
		if !loc.odd {
			v = strings.Join(loc.alternate, string(filepath.ListSeparator))
		}
		loc.env = append(loc.env, "GIT_ALTERNATE_OBJECT_DIRECTORIES="+v)
	}
	return loc, nil
}
