package repo

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strconv"
	"strings"
)

// Range yields every commit that the words name to git rev-list, newest first,
// each with all its files: revisions, "^A", "A..B", "A...B", "--all", "--reflog",
// "--not", "--exclude=PATTERN" and, with "=PATTERN" or without, "--branches",
// "--tags" and "--remotes". No other word can be an option, so a word may be what
// a user typed. A word that names no commit is *UnknownRevError; no words are no
// commits.
//
// Nothing is passed over: root commits have all their files as added, and so has
// a commit at which a shallow clone ends. A merge has those files that differ
// from every parent's. A path over 1 MiB is cut and ends in "…". It streams: one
// process, ended when the caller stops or ctx ends. Memory holds the files of one
// commit. An error is yielded last.
func (r *Repo) Range(ctx context.Context, revs []string) iter.Seq2[Change, error] {
	return func(yield func(Change, error) bool) {
		args, err := revArgs(revs)
		if err != nil {
			yield(Change{}, err)
			return
		}
		words, ids := splitRevs(args)
		for c, err := range r.walk(ctx, "", true, strings.NewReader(ids), words) {
			if !yield(c, unknownRev(err, revs, args)) {
				return
			}
		}
	}
}

// Count is how many commits Range yields for the same words, by one process.
func (r *Repo) Count(ctx context.Context, revs []string) (int, error) {
	args, err := revArgs(revs)
	if err != nil {
		return 0, err
	}
	words, ids := splitRevs(args)
	out, err := r.git(ctx, strings.NewReader(ids), slices.Concat([]string{"rev-list", "--count"}, words, []string{"--"})...)
	if err != nil {
		return 0, unknownRev(err, revs, args)
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(out)))
	if err != nil {
		return 0, errors.New("git rev-list printed something odd")
	}
	return n, nil
}

// noRefs names none. Git takes HEAD, or prints its usage, where nothing is asked
// for, and where it is --reflog and there is none.
const noRefs = "--glob=refs/.none"

// revArgs makes arguments of the words, one of each. Git passes over a word that
// names a blob or a tree; here every word must name commits.
func revArgs(revs []string) ([]string, error) {
	args := make([]string, len(revs))
	for i, word := range revs {
		if word == "" || strings.IndexByte(word, 0) >= 0 || word[0] == '-' && !revOption(word) {
			return nil, &UnknownRevError{Rev: word}
		}
		args[i] = peeled(word)
	}
	return args, nil
}

// splitRevs makes words for the command line of what revArgs returned, and lines
// for stdin of those that are ids: a push has more of them than a command line can
// hold. To stdin "--not" does not apply, so "^" stands before what it turns.
func splitRevs(args []string) (words []string, ids string) {
	var lines strings.Builder
	words, not := []string{noRefs, "--stdin"}, false
	for _, arg := range args {
		if arg == "--not" {
			not = !not
		}
		bare, excluded := strings.CutPrefix(arg, "^")
		id, _ := strings.CutSuffix(bare, onlyCommit)
		if _, err := ParseHash(id); err != nil {
			words = append(words, arg)
			continue
		}
		if excluded != not {
			lines.WriteByte('^')
		}
		lines.WriteString(bare + "\n")
	}
	return words, lines.String()
}

// revOption reports whether a word is one of the options that name commits.
func revOption(word string) bool {
	name, _, pattern := strings.Cut(word, "=")
	switch name {
	case "--all", "--not", "--reflog":
		return !pattern
	case "--branches", "--tags", "--remotes":
		return true
	case "--exclude":
		return pattern
	}
	return false
}

// onlyCommit behind a revision takes tags away, and is an error for what is no commit.
const onlyCommit = "^{commit}"

// peeled has git make sure that a word is about commits.
func peeled(word string) string {
	from, to, dots := strings.Cut(word, "..")
	switch {
	case word[0] == '-', strings.HasPrefix(word, ":/"), strings.HasSuffix(word, "^@"), strings.HasSuffix(word, "^!"), parentRange(word):
		return word
	case !dots:
		return word + onlyCommit
	}
	sep := ".."
	if rest, ok := strings.CutPrefix(to, "."); ok {
		sep, to = "...", rest
	}
	if from != "" {
		from += onlyCommit
	}
	if to != "" {
		to += onlyCommit
	}
	return from + sep + to
}

// parentRange reports whether a word ends in "^-" or "^-N".
func parentRange(word string) bool {
	return strings.HasSuffix(strings.TrimRight(word, "0123456789"), "^-")
}

// unknownRev makes *UnknownRevError of git's saying so of one of args, which are
// the words revs.
func unknownRev(err error, revs, args []string) error {
	failed, ok := errors.AsType[*GitError](err)
	if !ok {
		return err
	}
	for i, arg := range args {
		bare := strings.TrimPrefix(arg, "^") // see splitRevs
		if strings.Contains(failed.Stderr, "bad revision '"+bare+"'") || strings.Contains(failed.Stderr, "bad revision '^"+bare+"'") {
			return &UnknownRevError{Rev: revs[i]}
		}
	}
	return err
}
