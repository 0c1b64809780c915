package repo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
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
// these files, by slash path from the top: new, changed and, where data is nil,
// deleted ones. The work tree has them so already; ErrChanged where it does not. What
// else is changed or staged stays as it is and where it is. It is `git commit --only`:
// the user's identity, hooks, signing and configuration count, and message, which is
// the whole of it. Nothing asks on a terminal.
//
// What git made is compared with what was asked for: the same blobs, no other path, on
// a parent that has these paths as HEAD had them. A commit that differs, because of a
// hook, or of somebody who wrote to a file while git read it, is taken back:
// *AlteredError. Where that cannot be done it is *StandsError.
//
// With any other error no commit was made and the index has what it had; the files
// are the caller's to put back. With a commit and an error, the commit is there, but
// git had trouble after it. Errors: *UnfinishedError in a merge and the like,
// ErrIndexLocked, *GitError when git or a hook says no, which an ignore rule for a
// new file is too. When ctx ends git is asked to stop, so that it takes its locks
// away. A commit of somebody else's at the same moment is waited for once.
//
// It takes one process, or two where HEAD is not read in process, and two more when
// there are new files; three to take a commit back.
func (r *Repo) CommitPaths(ctx context.Context, files map[string][]byte, message string) (Hash, error) {
	if r.Bare() || len(files) == 0 {
		return "", errors.New("nothing to commit from")
	}
	if op := r.Operation(); op != "" {
		return "", &UnfinishedError{op}
	}
	before, _, err := r.Head(ctx)
	if err != nil && !errors.Is(err, ErrNoCommits) {
		return "", err
	}
	want, err := r.wantedOf(files)
	if err != nil {
		return "", err
	}
	if err := r.asTheyAre(ctx, want); err != nil {
		return "", err
	}
	said := &summary{}
	announced, err := r.announce(ctx, before, want)
	if err == nil {
		err = r.commitOnly(ctx, want, message, said)
	}
	// Whatever ended ctx or git: only the history tells whether there is a commit.
	after := context.WithoutCancel(ctx)
	made, found := r.outcome(after, before, want, said, err == nil)
	switch {
	case made != "":
		return made, err
	case errors.As(found, new(*AlteredError)), errors.As(found, new(*StandsError)):
		return "", found
	}
	return "", errors.Join(err, found, r.forget(after, announced))
}

// wanted is a file that a commit is to have; nil data is none.
type wanted struct {
	path string
	data []byte
	id   Hash // of the blob; "" for none
}

// wantedOf sorts the files by path.
func (r *Repo) wantedOf(files map[string][]byte) ([]wanted, error) {
	want := make([]wanted, 0, len(files))
	for _, p := range slices.Sorted(maps.Keys(files)) {
		if strings.ContainsAny(p, "\n\x00") {
			return nil, &fs.PathError{Op: "commit", Path: p, Err: fs.ErrInvalid}
		}
		w := wanted{path: p, data: files[p]}
		if w.data != nil {
			w.id, _ = hashObject(r.loc.format, BlobObject, w.data)
		}
		want = append(want, w)
	}
	return want, nil
}

// asTheyAre compares the files with the work tree, and refuses those that git would
// commit as something else. Attributes of the clone outrank those in .gitattributes,
// so that only they can bring a filter where the latter forbid them.
func (r *Repo) asTheyAre(ctx context.Context, want []wanted) error {
	files, err := OpenWorkTree(r.loc.top, "")
	if err != nil {
		return err
	}
	defer files.Close()
	var names strings.Builder
	var ids []Hash
	for _, w := range want {
		data, err := files.ReadFile(w.path)
		absent := errors.Is(err, fs.ErrNotExist)
		switch {
		case err != nil && !absent:
			return err
		case absent != (w.data == nil) || !bytes.Equal(data, w.data):
			return fmt.Errorf("%q: %w", w.path, ErrChanged)
		case !absent:
			ids = append(ids, w.id)
			names.WriteString(w.path + "\n")
		}
	}
	attributes := filepath.Join(r.loc.commonDir, "info", "attributes")
	if info, err := os.Stat(attributes); err != nil || info.Size() == 0 || len(ids) == 0 {
		return nil
	}
	out, err := r.git(ctx, strings.NewReader(names.String()), "hash-object", "--stdin-paths")
	if err != nil {
		return err
	}
	for i, line := range strings.Fields(string(out)) {
		if i >= len(ids) || Hash(line) != ids[i] {
			return fmt.Errorf("git would commit something else than the bytes of the file: see %q", attributes)
		}
	}
	return nil
}

// commitOnly runs git commit, once more where somebody else's commit came in between.
func (r *Repo) commitOnly(ctx context.Context, want []wanted, message string, said *summary) error {
	paths := make([]string, len(want))
	for i, w := range want {
		paths[i] = w.path
	}
	args := append([]string{"commit", "--only", "--cleanup=whitespace", "-F", "-", "--"}, literal(paths)...)
	commit := func() error {
		cmd, stderr, err := r.command(ctx, args...)
		if err != nil {
			return err
		}
		*said = summary{}
		cmd.Stdin, cmd.Stdout = strings.NewReader(message+"\n"), said
		err = wrapGit(ctx, args, stderr, cmd.Run())
		if failed := (*GitError)(nil); errors.As(err, &failed) && failed.Stderr == "" {
			failed.Stderr = said.last.String() // "nothing to commit" is no error of git's
		}
		return err
	}
	err := r.whenFree(ctx, commit)
	if failed, ok := errors.AsType[*GitError](err); ok && strings.Contains(failed.Stderr, "cannot lock ref 'HEAD'") {
		err = r.whenFree(ctx, commit)
	}
	return err
}

// summary is what git commit prints: "[BRANCH ID] SUBJECT", and what changed.
type summary struct {
	first []byte // at most maxStderr bytes
	last  tail
}

func (s *summary) Write(p []byte) (int, error) {
	s.first = append(s.first, p[:min(len(p), maxStderr-len(s.first))]...)
	return s.last.Write(p)
}

// names reports whether the commit is the one that git says it made.
func (s *summary) names(commit Hash) bool {
	line, _, _ := bytes.Cut(s.first, []byte("\n"))
	for word := range strings.FieldsSeq(string(line)) {
		id, closed := strings.CutSuffix(word, "]")
		if closed && len(id) >= 4 && strings.HasPrefix(string(commit), id) {
			return true
		}
	}
	return false
}
