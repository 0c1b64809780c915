package repo

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"strings"
)

// PushedChanges is [Repo.EveryChange] of what a push to this repository brings:
// what tips, which may be tags, reach and no branch or tag here does yet. What
// other refs reach counts as new: nobody may have looked at it. No file is left
// out: a path over 1 MiB is cut after 4 KiB and ends in "…". Tips may be many.
func (r *Repo) PushedChanges(ctx context.Context, tips []Hash, dir string) iter.Seq2[Change, error] {
	return func(yield func(Change, error) bool) {
		if len(tips) == 0 {
			return // git would take HEAD
		}
		if err := r.wantsAll(tips); err != nil {
			yield(Change{}, err)
			return
		}
		var lines strings.Builder
		given := make(map[Hash]bool, len(tips))
		for _, h := range tips {
			if !given[h] {
				given[h] = true
				lines.WriteString(string(h) + "\n")
			}
		}
		r.walk(ctx, dir, true, strings.NewReader(lines.String()), []string{"--full-history", "--stdin", "--not", "--branches", "--tags"})(yield)
	}
}

// maxTags is how many tags of tags are followed.
const maxTags = 100

// Peel returns the commit that an object is, or that a tag stands for; "" for a
// blob, a tree and a tag of one. Those may be of any size.
//
// Errors: ErrMissing, *CorruptError, *TooLargeError of a commit or tag over 4 MiB.
func (r *Repo) Peel(ctx context.Context, h Hash) (Hash, error) {
	for range maxTags {
		typ, data, err := r.Object(ctx, h, maxCommit)
		if big, ok := errors.AsType[*TooLargeError](err); ok {
			out, err := r.git(ctx, nil, "cat-file", "-t", string(h))
			if err != nil {
				return "", err
			}
			if typ = parseType(strings.TrimSpace(string(out))); typ != BlobObject && typ != TreeObject {
				return "", big
			}
			return "", nil
		}
		switch {
		case err != nil:
			return "", err
		case typ == CommitObject:
			return h, nil
		case typ != TagObject:
			return "", nil
		}
		line, _, _ := bytes.Cut(data, []byte("\n"))
		to, err := ParseHash(strings.TrimPrefix(string(line), "object "))
		if err != nil || len(to) != len(h) {
			return "", &CorruptError{Name: string(h), Reason: "tag without an object"}
		}
		h = to
	}
	return "", &CorruptError{Name: string(h), Reason: "tags nest too deep"}
}
