package repo

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// packedRef looks name up in packed-refs; "" when it is not there.
func (r *Repo) packedRef(name string) (Hash, error) {
	f, err := os.Open(filepath.Join(r.loc.commonDir, "packed-refs"))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return "", err
	}
	return findPacked(f, fi.Size(), name)
}

// maxPackedLine bounds a line of packed-refs: id, space, name, LF.
const maxPackedLine = 4096

// findPacked searches a packed-refs file: by bisection when its header says it
// is sorted, else line by line. "ID NAME" lines may be followed by "^ID", the
// object that a tag peels to.
func findPacked(f io.ReaderAt, size int64, name string) (Hash, error) {
	head, err := lineAt(f, 0, size)
	if err != nil {
		return "", err
	}
	if len(head) > 0 && head[0] == '#' {
		if s := string(head) + " "; strings.Contains(s, " sorted ") {
			return bisectPacked(f, int64(len(head))+1, size, name)
		}
	}
	b := make([]byte, min(size, maxInflate))
	if _, err := f.ReadAt(b, 0); err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	for line := range bytes.Lines(b) {
		if line[0] == '#' || line[0] == '^' {
			continue
		}
		h, n, err := parsePacked(bytes.TrimSuffix(line, []byte("\n")))
		if err != nil || n == name {
			return h, err
		}
	}
	return "", nil
}

// bisectPacked searches the lines between lo and hi, both starts of lines.
func bisectPacked(f io.ReaderAt, lo, hi int64, name string) (Hash, error) {
	end := hi
	for lo < hi {
		at, err := recordStart(f, lo, lo+(hi-lo)/2)
		if err != nil {
			return "", err
		}
		line, err := lineAt(f, at, end)
		if err != nil {
			return "", err
		}
		h, n, err := parsePacked(line)
		if err != nil {
			return "", err
		}
		switch c := strings.Compare(name, n); {
		case c == 0:
			return h, nil
		case c < 0:
			hi = at
		default:
			lo = at + int64(len(line)) + 1
			// Step over the peeled line, so that lo is a record's start again.
			for lo < end {
				peel, err := lineAt(f, lo, end)
				if err != nil {
					return "", err
				}
				if len(peel) == 0 || peel[0] != '^' {
					break
				}
				lo += int64(len(peel)) + 1
			}
		}
	}
	return "", nil
}

// recordStart finds the last start of an "ID NAME" line at or before mid; lo is one.
func recordStart(f io.ReaderAt, lo, mid int64) (int64, error) {
	var buf [2 * maxPackedLine]byte
	from := max(lo, mid-int64(len(buf))+1)
	b := buf[:mid-from+1]
	if _, err := f.ReadAt(b, from); err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	for i := len(b) - 1; i >= 0; i-- {
		first := from+int64(i) == lo || i > 0 && b[i-1] == '\n'
		if first && b[i] != '^' {
			return from + int64(i), nil
		}
	}
	return 0, errPacked("a line is too long")
}

// lineAt is the line at off without its LF.
func lineAt(f io.ReaderAt, off, size int64) ([]byte, error) {
	b := make([]byte, min(maxPackedLine, max(0, size-off)))
	if n, err := f.ReadAt(b, off); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	} else {
		b = b[:n]
	}
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		return b[:i], nil
	}
	if len(b) == 0 {
		return nil, nil
	}
	return nil, errPacked("a line has no end")
}

// parsePacked splits an "ID NAME" line.
func parsePacked(line []byte) (Hash, string, error) {
	id, name, ok := strings.Cut(string(line), " ")
	h, err := ParseHash(id)
	if !ok || err != nil || len(h) != 40 || name == "" {
		return "", "", errPacked("a line is malformed")
	}
	return h, name, nil
}

func errPacked(reason string) error { return &CorruptError{Name: "packed-refs", Reason: reason} }
