package repo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

// Stage is one side of a path that a merge left in conflict.
type Stage struct {
	Path   string // from the top
	Number int    // 1 the common ancestor's, 2 ours, 3 theirs
	Blob   Hash   // a commit when Mode is ModeGitlink
	Mode   uint32 // as git writes it, one of the Mode constants
}

// Stages lists the unmerged entries of the index at or below dir, a slash path
// from the top ("" is all), sorted by path and number. A side that lacks the path
// has no stage. Bare repositories have none. One process.
func (r *Repo) Stages(ctx context.Context, dir string) ([]Stage, error) {
	if r.Bare() {
		return nil, nil
	}
	args := []string{"--literal-pathspecs", "ls-files", "-u", "-z", "--full-name"}
	if dir != "" && dir != "." {
		if !fs.ValidPath(dir) {
			return nil, &fs.PathError{Op: "ls-files", Path: dir, Err: fs.ErrInvalid}
		}
		args = append(args, "--", dir)
	}
	out, err := r.git(ctx, nil, args...)
	if err != nil {
		return nil, err
	}
	var stages []Stage
	for item := range bytes.SplitSeq(out, []byte{0}) {
		if len(item) == 0 {
			continue
		}
		s, err := parseStage(string(item))
		if err == nil {
			err = r.wants(s.Blob)
		}
		if err != nil {
			return nil, fmt.Errorf("git ls-files: %w", err)
		}
		stages = append(stages, s)
	}
	return stages, nil
}

// parseStage reads "MODE ID STAGE TAB PATH", as ls-files -u prints it.
func parseStage(item string) (s Stage, err error) {
	head, p, ok := strings.Cut(item, "\t")
	f := strings.Split(head, " ")
	if !ok || len(f) != 3 || p == "" {
		return s, errors.New("malformed entry of the index")
	}
	mode, err := strconv.ParseUint(f[0], 8, 32)
	if err != nil {
		return s, errors.New("entry of the index with a bad mode")
	}
	number, err := strconv.Atoi(f[2])
	if err != nil || number < 1 || number > 3 {
		return s, errors.New("entry of the index with a bad stage")
	}
	return Stage{Path: p, Number: number, Blob: Hash(f[1]), Mode: uint32(mode)}, nil
}

// Add brings the index in line with the work tree for exactly these paths, slash
// paths of files from the top, and so resolves conflicts about them: the bytes of
// a file as they are, without any filter or line ending conversion, as a plain
// file (ModeFile) whatever its execute bit; a path that is absent leaves the index,
// also one that a sparse checkout leaves out. Ignore rules do not count. What is
// neither in the work tree nor in the index is no error.
//
// A link, a directory or anything else but a file of at most MaxBlob bytes is an
// error, as in WorkTree, and so is a bare repository. On an error the index is as
// it was, except that a path which git does not allow, as in .git, is *GitError
// after the others were added. At most three processes; none for no paths. Memory
// holds all the files.
func (r *Repo) Add(ctx context.Context, paths []string) error {
	if len(paths) == 0 {
		return nil
	}
	if r.Bare() {
		return errors.New("a bare repository has no index to add to")
	}
	files, err := OpenWorkTree(r.loc.top, "")
	if err != nil {
		return err
	}
	defer files.Close()
	// Not `git add`: it refuses a path that is nowhere, follows the sparse checkout,
	// and stages what the filters of the user's own attributes make of a file.
	d := r.NewDraft()
	var in bytes.Buffer
	for _, p := range paths {
		if strings.IndexByte(p, 0) >= 0 {
			return &fs.PathError{Op: "add", Path: p, Err: fs.ErrInvalid}
		}
		switch data, err := files.ReadFile(p); {
		case err == nil:
			fmt.Fprintf(&in, "%o %s 0\t%s\x00", ModeFile, d.Blob(data), p)
		case errors.Is(err, fs.ErrNotExist):
			fmt.Fprintf(&in, "0 %s\t%s\x00", r.zero(), p)
		default:
			return err
		}
	}
	if err := d.Write(ctx); err != nil {
		return err
	}
	args := []string{"update-index", "-z", "--index-info"}
	_, said, err := r.gitBoth(ctx, &in, args...)
	if err == nil && strings.Contains(said, "Ignoring path ") {
		err = &GitError{Args: args, Stderr: said}
	}
	if err != nil {
		return err
	}
	// What git does not know to be unchanged keeps it from undoing a merge. It fails
	// where anything else is changed or unmerged, which is no error here.
	_, _, err = r.gitBoth(ctx, nil, "update-index", "-q", "--refresh")
	if errors.As(err, new(*GitError)) && ctx.Err() == nil {
		err = nil
	}
	return err
}
