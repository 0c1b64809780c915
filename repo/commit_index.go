package repo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"
)

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

// indexed returns what the index has at some paths, as blobs by path.
func (r *Repo) indexed(ctx context.Context, paths []string) (map[string]Hash, error) {
	out, err := r.git(ctx, nil, append([]string{"ls-files", "-s", "-z", "--full-name", "--"}, literal(paths)...)...)
	if err != nil {
		return nil, err
	}
	found := map[string]Hash{}
	for item := range strings.SplitSeq(string(out), "\x00") {
		if head, p, ok := strings.Cut(item, "\t"); ok {
			if f := strings.Fields(head); len(f) == 3 {
				found[p] = Hash(f[1])
			}
		}
	}
	return found, nil
}

// reindex gives the index what a commit has at some paths, "" none.
func (r *Repo) reindex(ctx context.Context, paths []string, commit Hash) error {
	var in strings.Builder
	for _, p := range paths {
		e, there, err := r.entryAt(ctx, commit, p)
		if err != nil {
			return err
		}
		if there {
			fmt.Fprintf(&in, "%o %s 0\t%s\x00", e.Mode, e.Hash, p)
		} else {
			fmt.Fprintf(&in, "0 %s\t%s\x00", r.zero(), p)
		}
	}
	return r.whenFree(ctx, func() error {
		_, err := r.git(ctx, strings.NewReader(in.String()), "update-index", "-z", "--index-info")
		return err
	})
}
