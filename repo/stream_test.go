package repo

import (
	"bufio"
	"context"
	"errors"
	"io"
	"testing"
)

// TestStream: what ends early is said by git where git failed, and is nothing
// where it was not wanted.
func TestStream(t *testing.T) {
	ctx := context.Background()
	dir := newDir(t)
	big := string(keep(t, dir, noise(1<<20)))
	r := openAt(t, dir)
	odd := errors.New("odd")
	for _, c := range []struct {
		rev   string
		more  bool
		err   error
		right func(error) bool
	}{
		{big, false, nil, func(err error) bool { return err == nil }},
		{big, true, odd, func(err error) bool { return err == odd }},
		{"HEAD", true, nil, func(err error) bool { return err == nil }},
		{"HEAD", true, odd, func(err error) bool { return err == odd }},
		{"HEAD", true, io.ErrUnexpectedEOF, func(err error) bool { return err == io.ErrUnexpectedEOF }},
		{"nope", true, nil, is[*GitError]},
		{"nope", true, io.ErrUnexpectedEOF, is[*GitError]},
		{"nope", false, nil, func(err error) bool { return err == nil }},
	} {
		err := r.stream(ctx, []string{"cat-file", "-p", c.rev}, func(in *bufio.Reader) (bool, error) {
			// Of the big one so much is left that git cannot end by itself.
			if c.rev != big {
				if _, err := io.Copy(io.Discard, in); err != nil {
					t.Error(err)
				}
			}
			return c.more, c.err
		})
		if !c.right(err) {
			t.Errorf("%s, %v, %v: %v", c.rev, c.more, c.err, err)
		}
	}
}
