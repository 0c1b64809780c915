package repo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// ErrIndexLocked says that another git held the index's lock for two seconds. No
// commit was made.
var ErrIndexLocked = errors.New("index is locked")

// UnfinishedError says that git is in the middle of something that takes no commit
// of single files.
type UnfinishedError struct {
	Operation string // as [Repo.Operation] has it
}

func (e *UnfinishedError) Error() string { return "a " + e.Operation + " is under way" }

// How long CommitPaths waits for the index, and how often it looks.
const (
	indexWait  = 2 * time.Second
	indexPause = 50 * time.Millisecond
)

// CommitPaths makes one commit on HEAD, detached or unborn too, that holds exactly
// what the work tree has at these paths, slash paths of files from the top: new,
// changed and deleted ones. What else is changed or staged stays as it is and where
// it is. It is `git commit --only`: the user's identity, hooks, signing and
// configuration count, and message, which is the whole of it. Nothing asks on a
// terminal.
//
// When it fails, no commit was made and the index has what it had; the files are the
// caller's to put back. With a commit and an error, the commit is there, but git had
// trouble after it. Errors: *UnfinishedError in a merge and the like,
// ErrIndexLocked, *GitError when git or a hook says no, which an ignore rule for a
// new file is too. When ctx ends git is asked to stop, so that it takes its locks
// away.
//
// It takes one process, or two where HEAD is not read in process, and two more when
// there are new files.
func (r *Repo) CommitPaths(ctx context.Context, paths []string, message string) (Hash, error) {
	if r.Bare() || len(paths) == 0 {
		return "", errors.New("nothing to commit from")
	}
	if op := r.Operation(); op != "" {
		return "", &UnfinishedError{op}
	}
	before, _, err := r.Head(ctx)
	if err != nil && !errors.Is(err, ErrNoCommits) {
		return "", err
	}
	want, err := r.asTheyAre(ctx, paths)
	if err != nil {
		return "", err
	}
	announced, err := r.announce(ctx, before, want)
	if err == nil {
		err = r.commitOnly(ctx, want, message)
	}
	// Whatever ended ctx or git: only the history tells whether there is a commit.
	after := context.WithoutCancel(ctx)
	made, findErr := r.findCommit(after, before, want)
	switch {
	case made != "":
		return made, err
	case err != nil:
		return "", errors.Join(err, findErr, r.forget(after, announced))
	case findErr == nil:
		findErr = errors.New("the commit does not hold what the files did: a hook or another program changed it")
	}
	return "", findErr
}

// wanted is a file that a commit is to have; nil data is none.
type wanted struct {
	path string
	data []byte
}

// asTheyAre reads the files, and refuses those that git would commit as something
// else. Attributes of the clone outrank those in .gitattributes, so that only they
// can bring a filter where the latter forbid them.
func (r *Repo) asTheyAre(ctx context.Context, paths []string) ([]wanted, error) {
	files, err := OpenWorkTree(r.loc.top, "")
	if err != nil {
		return nil, err
	}
	defer files.Close()
	want := make([]wanted, len(paths))
	var names strings.Builder
	var ids []Hash
	for i, p := range paths {
		if strings.ContainsAny(p, "\n\x00") {
			return nil, &fs.PathError{Op: "commit", Path: p, Err: fs.ErrInvalid}
		}
		want[i].path = p
		data, err := files.ReadFile(p)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		want[i].data = append([]byte{}, data...) // an empty file is one
		id, _ := hashObject(r.loc.format, BlobObject, data)
		ids = append(ids, id)
		names.WriteString(p + "\n")
	}
	attributes := filepath.Join(r.loc.commonDir, "info", "attributes")
	if info, err := os.Stat(attributes); err != nil || info.Size() == 0 || len(ids) == 0 {
		return want, nil
	}
	out, err := r.git(ctx, strings.NewReader(names.String()), "hash-object", "--stdin-paths")
	if err != nil {
		return nil, err
	}
	for i, line := range strings.Fields(string(out)) {
		if i >= len(ids) || Hash(line) != ids[i] {
			return nil, fmt.Errorf("git would commit something else than the bytes of the file: see %q", attributes)
		}
	}
	return want, nil
}

// announce tells the index of those files that neither it nor HEAD has, as git add -N
// does: git commit --only takes no others.
func (r *Repo) announce(ctx context.Context, before Hash, want []wanted) (announced []string, err error) {
	var fresh []string
	for _, w := range want {
		if w.data == nil {
			continue
		}
		if before != "" {
			_, err := r.at(ctx, before, w.path)
			if err == nil {
				continue
			}
			if !errors.Is(err, fs.ErrNotExist) {
				return nil, err
			}
		}
		fresh = append(fresh, w.path)
	}
	if len(fresh) == 0 {
		return nil, nil
	}
	out, err := r.git(ctx, nil, append([]string{"ls-files", "-z", "--full-name", "--"}, literal(fresh)...)...)
	if err != nil {
		return nil, err
	}
	tracked := map[string]bool{}
	for p := range strings.SplitSeq(string(out), "\x00") {
		tracked[p] = true
	}
	for _, p := range fresh {
		if !tracked[p] {
			announced = append(announced, p)
		}
	}
	if len(announced) == 0 {
		return nil, nil
	}
	err = r.whenFree(ctx, func() error {
		_, err := r.git(ctx, nil, append([]string{"add", "-N", "--"}, literal(announced)...)...)
		return err
	})
	if errors.Is(err, ErrIndexLocked) {
		return nil, err
	}
	return announced, err // git adds the others of those that it refuses
}

// forget takes announced files out of the index.
func (r *Repo) forget(ctx context.Context, announced []string) error {
	if len(announced) == 0 {
		return nil
	}
	return r.whenFree(ctx, func() error {
		in := strings.NewReader(strings.Join(announced, "\x00") + "\x00")
		_, err := r.git(ctx, in, "update-index", "-z", "--force-remove", "--stdin")
		return err
	})
}

func (r *Repo) commitOnly(ctx context.Context, want []wanted, message string) error {
	paths := make([]string, len(want))
	for i, w := range want {
		paths[i] = w.path
	}
	args := append([]string{"commit", "-q", "--only", "--cleanup=whitespace", "-F", "-", "--"}, literal(paths)...)
	return r.whenFree(ctx, func() error {
		cmd, stderr, err := r.command(ctx, args...)
		if err != nil {
			return err
		}
		cmd.Stdin = strings.NewReader(message + "\n")
		said := &tail{}
		cmd.Stdout = said
		err = wrapGit(ctx, args, stderr, cmd.Run())
		if failed := (*GitError)(nil); errors.As(err, &failed) && failed.Stderr == "" {
			failed.Stderr = said.String() // "nothing to commit" is no error of git's
		}
		return err
	})
}

// whenFree does what needs the index's lock, again while another git has it.
func (r *Repo) whenFree(ctx context.Context, do func() error) error {
	for end := time.Now().Add(indexWait); ; {
		err := do()
		failed, ok := errors.AsType[*GitError](err)
		if !ok || !strings.Contains(failed.Stderr, "index.lock': File exists") {
			return err
		}
		if time.Now().After(end) {
			return fmt.Errorf("%w: %w", ErrIndexLocked, failed)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(indexPause):
		}
	}
}
