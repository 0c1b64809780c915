package repo

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"strconv"
	"strings"
	"time"
)

// Change is a commit that changed a path.
type Change struct {
	Commit  Hash
	When    time.Time // of the commit, UTC, seconds; zero for a date that is none
	Author  string    // name, cut like Subject
	Subject string    // first paragraph of the message as one line; "…" ends what is cut after 4 KiB
	Files   []FileChange
}

// FileChange is one file of a Change.
type FileChange struct {
	Status   byte   // 'A' added, 'M' modified, 'D' deleted, 'T' changed its kind
	Path     string // from the top of the tree
	Old, New Hash   // blobs; "" for none, and for a submodule
	More     []Hash // in a merge, what the second parent has and those after it, like Old
}

const (
	maxLogItem = 1 << 20      // bytes of one string of git's answer that are kept
	maxLogText = 4 << 10      // bytes of a name or subject
	maxLogTime = 253402300800 // 10000-01-01, after which a date has no spelling
)

// Changes walks the history of tip and yields the commits that changed dir, a
// directory or file from the top of the tree ("" is everything), newest first.
// Side branches that end up with the same content are passed over, as git log
// does; a merge appears only when it differs from all its parents, with those
// files, if any, that differ in each, compared with the first. A file whose path
// is over 1 MiB is left out: it must not keep anyone from what else there is. It
// streams: one process, ended when the caller stops. An error is yielded last.
func (r *Repo) Changes(ctx context.Context, tip Hash, dir string) iter.Seq2[Change, error] {
	if err := r.wants(tip); err != nil {
		return func(yield func(Change, error) bool) { yield(Change{}, err) }
	}
	return r.log(ctx, dir, string(tip))
}

// EveryChange is Changes, side branches that came to nothing included.
func (r *Repo) EveryChange(ctx context.Context, tip Hash, dir string) iter.Seq2[Change, error] {
	if err := r.wants(tip); err != nil {
		return func(yield func(Change, error) bool) { yield(Change{}, err) }
	}
	return r.log(ctx, dir, "--full-history", string(tip))
}

// AllChanges is Changes of every ref and of HEAD, side branches that came to
// nothing included: a merge that left one out comes without files. What the
// reflogs here still know is walked too, as what was rebased or stashed; the refs
// of ledgers are not. Without a commit there is nothing.
func (r *Repo) AllChanges(ctx context.Context, dir string) iter.Seq2[Change, error] {
	return r.log(ctx, dir, "--full-history", "--exclude=refs/stash", "--exclude=refs/pinseal/*", "--exclude=refs/pinseal-remotes/*", "--all", "--reflog", "--date-order")
}

// log yields what git log prints of dir for some revisions.
func (r *Repo) log(ctx context.Context, dir string, revs ...string) iter.Seq2[Change, error] {
	return r.walk(ctx, dir, false, nil, revs)
}

// walk is log of a git that is given stdin; whole leaves no file out.
func (r *Repo) walk(ctx context.Context, dir string, whole bool, stdin io.Reader, revs []string) iter.Seq2[Change, error] {
	return func(yield func(Change, error) bool) {
		parse := parseLog
		if whole {
			parse = parseWhole
		}
		args := []string{"--literal-pathspecs", "-c", "log.follow=false", "-c", "log.showRoot=true", "-c", "core.quotePath=false", "log",
			"--raw", "-z", "--no-abbrev", "--no-renames", "--diff-merges=combined", "--ignore-submodules=none", "-O/dev/null",
			"--no-show-signature", "--no-notes", "--no-color", "--encoding=UTF-8", "--format=%H%x00%ct%x00%an%x00%s"}
		args = append(append(args, revs...), "--")
		if dir != "" && dir != "." {
			if !fs.ValidPath(dir) {
				yield(Change{}, &fs.PathError{Op: "log", Path: dir, Err: fs.ErrInvalid})
				return
			}
			args = append(args, dir)
		}
		left := false
		err := r.streamFrom(ctx, stdin, args, func(in *bufio.Reader) (more bool, err error) {
			return parse(in, func(c Change, _ error) bool {
				// What git had printed before it was ended is not for a caller who is gone.
				if ctx.Err() != nil {
					return false
				}
				left = !yield(c, nil)
				return !left
			})
		})
		if err == nil && ctx.Err() != nil {
			err = fmt.Errorf("git log: %w", context.Cause(ctx))
		}
		if err != nil && !left {
			yield(Change{}, err)
		}
	}
}

// parseLog reads NUL-ended items: four of a commit, then pairs ":MODE MODE OLD
// NEW STATUS" (the first with a line feed before it) and path. more is false
// when the caller wants no more.
func parseLog(in *bufio.Reader, yield func(Change, error) bool) (more bool, err error) {
	return parseItems(in, false, yield)
}

// parseWhole is parseLog where a file whose path is too long is not left out: its
// path is cut.
func parseWhole(in *bufio.Reader, yield func(Change, error) bool) (more bool, err error) {
	return parseItems(in, true, yield)
}

func parseItems(in *bufio.Reader, whole bool, yield func(Change, error) bool) (more bool, err error) {
	var c Change
	for {
		item, long, err := logItem(in, maxLogItem)
		if errors.Is(err, io.EOF) {
			return c.Commit == "" || yield(c, nil), nil
		}
		if err != nil {
			return true, err
		}
		if item == "" {
			continue // stands before the files of a merge
		}
		if raw := strings.TrimPrefix(item, "\n"); strings.HasPrefix(raw, ":") && c.Commit != "" {
			path, longPath, err := nextItem(in, maxLogItem)
			if err != nil {
				return true, err
			}
			if !whole && (long || longPath) {
				continue
			}
			if longPath {
				path = strings.ToValidUTF8(path[:maxLogText], "") + "…"
			}
			f, err := parseRaw(raw, path)
			if err != nil {
				return true, err
			}
			c.Files = append(c.Files, f)
			continue
		}
		if c.Commit != "" && !yield(c, nil) {
			return false, nil
		}
		if c, err = logHead(in, item); err != nil {
			return true, err
		}
	}
}

// logHead reads the rest of a commit's items after its id.
func logHead(in *bufio.Reader, id string) (c Change, err error) {
	if c.Commit, err = ParseHash(id); err != nil {
		return c, errors.New("git log printed something odd")
	}
	var f [3]string
	for i := range f {
		var long bool
		if f[i], long, err = nextItem(in, maxLogText); err != nil {
			return c, err
		}
		if long {
			f[i] = strings.ToValidUTF8(f[i], "") + "…"
		}
	}
	// Whoever made the commit wrote its date: one that is none keeps nobody from
	// what else there is.
	if sec, err := strconv.ParseInt(f[0], 10, 64); err == nil && sec >= 0 && sec < maxLogTime {
		c.When = time.Unix(sec, 0).UTC()
	}
	c.Author, c.Subject = f[1], f[2]
	return c, nil
}

// parseRaw reads ":OLDMODE NEWMODE OLD NEW STATUS". For a merge of n parents
// there are n colons, old modes, old ids and letters; the first letter counts.
func parseRaw(raw, path string) (c FileChange, err error) {
	odd := errors.New("git log printed an odd change")
	n := len(raw) - len(strings.TrimLeft(raw, ":"))
	f := strings.Split(raw[n:], " ")
	if len(f) != 2*n+3 || len(f[2*n+2]) < 1 {
		return c, odd
	}
	c.Path, c.Status = path, f[2*n+2][0]
	ids := make([]Hash, n+1)
	for i := range ids {
		id, err := ParseHash(f[n+1+i])
		if err != nil {
			return c, odd
		}
		if mode := f[i]; mode != submodule && strings.Trim(string(id), "0") != "" {
			ids[i] = id
		}
	}
	c.Old, c.More, c.New = ids[0], ids[1:n], ids[n]
	return c, nil
}

// submodule is the mode of an entry whose id is of another repository.
const submodule = "160000"
