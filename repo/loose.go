package repo

import (
	"bufio"
	"compress/zlib"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

func loosePath(dir string, h Hash) string {
	return filepath.Join(dir, string(h[:2]), string(h[2:]))
}

// loose reads objects/xx/yyyy: zlib of "type size NUL content".
func (s *store) loose(dir string, h Hash, max int64) (ObjectType, []byte, error) {
	f, err := os.Open(loosePath(dir, h))
	if err != nil {
		return 0, nil, err
	}
	defer f.Close()
	return s.parseLoose(f, h, max)
}

func (s *store) parseLoose(r io.Reader, h Hash, max int64) (ObjectType, []byte, error) {
	z, err := s.inflate(r)
	if err != nil {
		return 0, nil, &CorruptError{Name: string(h), Reason: "loose object is not zlib"}
	}
	defer s.zlibs.Put(z)
	var head [32]byte // the longest header is shorter
	n := 0
	for n < len(head) {
		if _, err := io.ReadFull(z.z, head[n:n+1]); err != nil {
			return 0, nil, &CorruptError{Name: string(h), Reason: "loose object ends in its header"}
		}
		if head[n] == 0 {
			break
		}
		n++
	}
	name, digits, _ := strings.Cut(string(head[:n]), " ")
	size, err := strconv.ParseUint(digits, 10, 62)
	typ := parseType(name)
	if n == len(head) || typ == 0 || err != nil || digits != strconv.FormatUint(size, 10) {
		return 0, nil, &CorruptError{Name: string(h), Reason: "loose object has a bad header"}
	}
	if int64(size) > max {
		return 0, nil, &TooLargeError{Name: string(h), Size: int64(size), Max: max}
	}
	data, err := readSized(z.z, int64(size))
	if err != nil {
		return 0, nil, &CorruptError{Name: string(h), Reason: "loose object is truncated or damaged"}
	}
	return typ, data, nil
}

// inflater is a reusable zlib reader; a new one costs 40 KiB.
type inflater struct {
	b *bufio.Reader
	z io.ReadCloser
}

// raw returns an inflater whose buffered input is at the start of r; start
// then begins the zlib stream. Give it back with zlibs.Put.
func (s *store) raw(r io.Reader) *inflater {
	z, ok := s.zlibs.Get().(*inflater)
	if !ok {
		return &inflater{b: bufio.NewReaderSize(r, 4096)}
	}
	z.b.Reset(r)
	return z
}

func (z *inflater) start() (err error) {
	if z.z == nil {
		z.z, err = zlib.NewReader(z.b)
		return err
	}
	return z.z.(zlib.Resetter).Reset(z.b, nil)
}

func (s *store) inflate(r io.Reader) (*inflater, error) {
	z := s.raw(r)
	if err := z.start(); err != nil {
		s.zlibs.Put(z)
		return nil, err
	}
	return z, nil
}
