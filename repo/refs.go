package repo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Ref is a full ref name and the object it points at, symbolic refs followed.
type Ref struct {
	Name string
	Hash Hash
}

const (
	maxSymref = 5       // as git
	maxRefs   = 1 << 20 // refs in one answer
)

// Ref reads one ref by its exact full name, "refs/…". An absent one, or a
// symbolic ref to an absent one, is "" and no error. A ref file that is empty or
// holds anything but an id is *CorruptError: falling back to an older packed
// value would roll back whoever asks.
func (r *Repo) Ref(ctx context.Context, name string) (Hash, error) {
	if err := checkRefName(name); err != nil {
		return "", err
	}
	if err := ctx.Err(); err != nil {
		return "", err
	}
	if r.loc.plain {
		h, err := r.plainRef(name)
		if !errors.Is(err, errUnknown) {
			return h, err
		}
	}
	refs, err := r.forEachRef(ctx, name)
	if err != nil {
		return "", err
	}
	for _, ref := range refs {
		if ref.Name == name {
			return ref.Hash, nil
		}
	}
	return "", nil
}

// Refs lists the refs whose names begin with prefix, which ends in "/", by name.
func (r *Repo) Refs(ctx context.Context, prefix string) ([]Ref, error) {
	name, ok := strings.CutSuffix(prefix, "/")
	if !ok || name != "refs" && checkRefName(name) != nil {
		return nil, fmt.Errorf("ref prefix %q is malformed", prefix)
	}
	refs, err := r.forEachRef(ctx, prefix)
	if err != nil {
		return nil, err
	}
	kept := refs[:0]
	for _, ref := range refs {
		if strings.HasPrefix(ref.Name, prefix) {
			kept = append(kept, ref)
		}
	}
	return kept, nil
}

func (r *Repo) forEachRef(ctx context.Context, pattern string) ([]Ref, error) {
	out, stderr, err := r.gitBoth(ctx, nil, "for-each-ref", "--format=%(objectname) %(refname)", "--", pattern)
	if err != nil {
		return nil, err
	}
	// Git skips a broken ref with a warning and exit code 0.
	if strings.Contains(stderr, "ignoring broken ref") || strings.Contains(stderr, "ignoring ref with broken name") {
		return nil, &CorruptError{Name: pattern, Reason: "git finds a broken ref there"}
	}
	var refs []Ref
	for line := range bytes.Lines(out) {
		id, name, _ := strings.Cut(strings.TrimSuffix(string(line), "\n"), " ")
		h, err := ParseHash(id)
		if err != nil || r.wants(h) != nil || len(refs) >= maxRefs {
			return nil, errors.New("git for-each-ref printed an odd line")
		}
		refs = append(refs, Ref{Name: name, Hash: h})
	}
	return refs, nil
}

// checkRefName applies git-check-ref-format(1) to a full name below refs/.
func checkRefName(name string) error {
	bad := fmt.Errorf("ref name %q is malformed", name)
	if !strings.HasPrefix(name, "refs/") || len(name) > 1024 || strings.HasSuffix(name, ".") ||
		strings.Contains(name, "..") || strings.Contains(name, "@{") || strings.ContainsAny(name, " ~^:?*[\\\x7f") {
		return bad
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part[0] == '.' || strings.HasSuffix(part, ".lock") {
			return bad
		}
	}
	for i := range len(name) {
		if name[i] < ' ' {
			return bad
		}
	}
	return nil
}

// plainRef reads a ref in process. errUnknown means that git should.
func (r *Repo) plainRef(name string) (Hash, error) {
	for range maxSymref + 1 {
		// Loose first: pack-refs writes the packed file before it deletes.
		b, err := readRefFile(filepath.Join(r.loc.commonDir, filepath.FromSlash(name)))
		if errors.Is(err, fs.ErrNotExist) {
			return r.packedRef(name)
		}
		if err != nil {
			return "", err
		}
		h, target, err := parseRef(b)
		if err != nil {
			return "", &CorruptError{Name: name, Reason: err.Error()}
		}
		if target == "" {
			return h, nil
		}
		name = target
	}
	return "", &CorruptError{Name: name, Reason: "symbolic refs nest too deep"}
}

// readRefFile reads a loose ref. A missing file, a directory in its place and a
// file in place of a parent are all fs.ErrNotExist.
func readRefFile(path string) ([]byte, error) {
	fi, err := os.Lstat(path)
	if errors.Is(err, syscall.ENOTDIR) || err == nil && fi.IsDir() {
		return nil, fs.ErrNotExist
	}
	if err != nil {
		return nil, err
	}
	if !fi.Mode().IsRegular() || fi.Size() > 4096 {
		return nil, errUnknown // a symlink: git's oldest kind of symbolic ref
	}
	return os.ReadFile(path)
}

// parseRef reads the content of a ref file: an id or "ref: refs/…".
func parseRef(b []byte) (h Hash, target string, err error) {
	s := strings.TrimRight(string(b), " \t\r\n")
	if t, ok := strings.CutPrefix(s, "ref:"); ok {
		t = strings.TrimLeft(t, " \t")
		if checkRefName(t) != nil {
			return "", "", errors.New("symbolic ref to an odd name")
		}
		return "", t, nil
	}
	if s == "" {
		return "", "", errors.New("ref file is empty")
	}
	if h, err = ParseHash(s); err != nil || len(h) != 40 {
		return "", "", errors.New("ref file holds no object id")
	}
	return h, "", nil
}
