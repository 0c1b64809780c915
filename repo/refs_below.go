package repo

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// maxPackedRefs is how many bytes of packed-refs are looked through in process.
const maxPackedRefs = 16 << 20

// RefsBelow is Refs without a process in a plain layout. A ref that came or went
// meanwhile may be there or not. prefix ends in "/".
func (r *Repo) RefsBelow(ctx context.Context, prefix string) ([]Ref, error) {
	dir, ok := strings.CutSuffix(prefix, "/")
	if !r.loc.plain || !ok || checkRefName(dir) != nil {
		return r.Refs(ctx, prefix)
	}
	names, err := r.looseBelow(dir)
	if err == nil {
		names, err = r.packedBelow(prefix, names)
	}
	if errors.Is(err, errUnknown) || len(names) > maxRefs {
		return r.Refs(ctx, prefix)
	}
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	var refs []Ref
	for _, name := range slices.Compact(names) {
		switch h, err := r.Ref(ctx, name); {
		case err != nil:
			return nil, err
		case h != "":
			refs = append(refs, Ref{Name: name, Hash: h})
		}
	}
	return refs, nil
}

// looseBelow names the files below a directory of refs. Names that no ref can have,
// such as locks, are passed over.
func (r *Repo) looseBelow(dir string) (names []string, err error) {
	err = filepath.WalkDir(filepath.Join(r.loc.commonDir, filepath.FromSlash(dir)), func(file string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || e.IsDir() {
			return err
		}
		below, err := filepath.Rel(r.loc.commonDir, file)
		if name := filepath.ToSlash(below); err == nil && checkRefName(name) == nil {
			names = append(names, name)
		}
		return err
	})
	return names, err
}

// packedBelow adds the names of packed-refs that begin with prefix. errUnknown
// means that git should.
func (r *Repo) packedBelow(prefix string, names []string) ([]string, error) {
	f, err := os.Open(filepath.Join(r.loc.commonDir, "packed-refs"))
	if errors.Is(err, fs.ErrNotExist) {
		return names, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxPackedRefs+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxPackedRefs {
		return nil, errUnknown
	}
	for mark := []byte(" " + prefix); ; {
		i := bytes.Index(b, mark)
		if i < 0 {
			return names, nil
		}
		line, rest, _ := bytes.Cut(b[i+1:], []byte("\n"))
		if name := string(line); checkRefName(name) == nil {
			names = append(names, name)
		}
		b = rest
	}
}
