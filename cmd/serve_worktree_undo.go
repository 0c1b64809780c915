package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"pinseal/cmd/mask"
	"pinseal/repo"
	"pinseal/versions"
)

// notCommitted says that a change was taken back. It is a state that a person has to
// sort out: a hook that refuses or changes things, no identity in git's configuration,
// a locked index.
type notCommitted struct {
	err  error
	left []string // files that somebody else has changed since
}

func (e *notCommitted) Error() string {
	text := "not committed, and so not changed: " + e.err.Error()
	if len(e.left) > 0 {
		text += fmt.Sprintf("\nleft as somebody else has made it since: %q", e.left)
	}
	return text
}

func (e *notCommitted) Unwrap() error { return e.err }

// Is makes it a conflict.
func (e *notCommitted) Is(target error) bool { return target == versions.ErrConflict }

// takeBack puts the files back where nobody has changed them since, and says why.
func (st *workTreeStore) takeBack(w *writer, ch *fileChange, paths []string, why error) error {
	ctx := context.WithoutCancel(w.ctx)
	dir := storeDir + "/" + w.dir + "/"
	var altered *repo.AlteredError
	errors.As(why, &altered)
	failed := &notCommitted{}
	var back []repo.Edit
	for _, e := range slices.Backward(ch.edits) {
		is := e.Data
		if altered != nil {
			is = w.orHooked(e, altered.Hooked, dir)
		}
		if !ch.folds && !w.holds(e.Path, is) {
			failed.left = append(failed.left, dir+e.Path)
			continue
		}
		switch {
		case is == nil && ch.folds:
		case is == nil:
			is = []byte{} // nothing
		}
		back = append(back, repo.Edit{Path: e.Path, Data: ch.before[e.Path], Was: is})
	}
	if err := w.files.Apply(ctx, back); err != nil {
		return errors.Join(why, fmt.Errorf("the files could not be put back: %w", err))
	}
	failed.err = st.ignored(ctx, w, paths, why)
	return failed
}

// orHooked is what a hook has made of a file of ours, or what it was to be.
func (w *writer) orHooked(e repo.Edit, hooked map[string][]byte, dir string) []byte {
	if data, ok := hooked[dir+e.Path]; ok && w.holds(e.Path, data) {
		return data
	}
	return e.Data
}

// holds reports whether a file is as given, nil being none.
func (w *writer) holds(path string, data []byte) bool {
	is, err := w.files.ReadFile(path)
	if data == nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	return err == nil && bytes.Equal(is, data)
}

// ignored adds to what git said which rule it was that hides a file from it.
func (st *workTreeStore) ignored(ctx context.Context, w *writer, paths []string, why error) error {
	var failed *repo.GitError
	if !errors.As(why, &failed) || !strings.Contains(failed.Stderr, "ignored by") {
		return why
	}
	rules, err := w.repo.Ignored(ctx, paths)
	if err != nil || len(rules) == 0 {
		return why
	}
	r := rules[0]
	return hint(fmt.Errorf("git ignores %q, by %q line %d: %q", r.Path, r.Source, r.Line, r.Pattern),
		"echo '!/"+storeDir+"/' >> "+quoteShell(w.fromHere(w.repo.Top(), ".gitignore"))+"     or take that rule out")
}

// maskedError is an error without the values that a hook may have printed.
type maskedError struct {
	error
	text string
}

func (e *maskedError) Error() string { return e.text }

func (e *maskedError) Unwrap() error { return e.error }

// mask takes the values of a change out of what git and its hooks have said.
func (ch *fileChange) mask(v *view, err error) error {
	if !errors.As(err, new(*repo.GitError)) {
		return err
	}
	values := [][]byte{ch.value.Reveal()}
	if ch.was != "" {
		if old, err := v.Get(ch.was); err == nil {
			values = append(values, old.Secret.Reveal())
		}
	}
	m, bad := mask.New(values)
	if bad != nil {
		return bad
	}
	var text strings.Builder
	w := m.Writer(&text)
	_, bad = w.Write([]byte(err.Error()))
	if bad = errors.Join(bad, w.Close()); bad != nil {
		return bad
	}
	return &maskedError{err, text.String()}
}
