package repo

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
)

// raw is the binary form of a SHA-1 id. The caller has checked h.
func (h Hash) raw() (id [20]byte) {
	// An id that is not hex stays zero and is found nowhere.
	hex.Decode(id[:], []byte(h[:min(len(h), 40)]))
	return id
}

// pack is one NAME.pack with its NAME.idx.
type pack struct {
	name string // path without extension

	mu    sync.Mutex
	ready bool
	bad   error
	idx   index
}

// index is a version 2 pack index (gitformat-pack(5)): magic, version, 256
// fan-out counts, n sorted ids, n CRCs, n 31-bit offsets or references into a
// table of 64-bit offsets, two checksums. Only the fan-out is kept in memory.
type index struct {
	fan   [256]uint32
	large int64 // entries of the 64-bit table
}

const (
	idxHeader = 8 + 4*256
	idxBlock  = 64 // ids read at a time, 1,280 bytes
)

// broken reports whether the index could not be used the last time.
func (p *pack) broken() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.bad != nil
}

// find searches the index on disk. An error means that this pack cannot be
// used: *CorruptError, errUnknown, or one of the file system.
func (p *pack) find(s *store, id [20]byte) (off int64, ok bool, err error) {
	// The lock covers loading only; searching is by ReadAt and concurrent.
	p.mu.Lock()
	ready, bad := p.ready, p.bad
	if bad == nil && !ready {
		bad = p.load(s)
	}
	p.mu.Unlock()
	if bad != nil {
		return 0, false, bad
	}
	if lo, hi := p.idx.bucket(id[0]); lo == hi {
		return 0, false, nil
	}
	f, err := s.files.acquire(p.name + ".idx")
	if err != nil {
		return 0, false, err
	}
	defer s.files.release(f)
	off, ok, err = p.idx.find(f, id)
	if err != nil {
		err = &CorruptError{Name: filepath.Base(p.name) + ".idx", Reason: "index is truncated"}
	}
	return off, ok, err
}

func (p *pack) load(s *store) error {
	f, err := s.files.acquire(p.name + ".idx")
	if err != nil {
		return err // gone, perhaps by a repack: not remembered
	}
	defer s.files.release(f)
	p.idx, p.bad = openIndex(f, f.size, filepath.Base(p.name)+".idx")
	if p.bad == nil {
		// Git ignores an index whose pack is not there.
		if _, err := os.Stat(p.name + ".pack"); err != nil {
			return err
		}
	}
	p.ready = p.bad == nil
	return p.bad
}

// openIndex checks header, fan-out and size.
func openIndex(f io.ReaderAt, size int64, name string) (x index, err error) {
	var head [idxHeader]byte
	if _, err := f.ReadAt(head[:], 0); err != nil && (!errors.Is(err, io.EOF) || size < idxHeader) {
		return x, &CorruptError{Name: name, Reason: "index is truncated"}
	}
	if string(head[:4]) != "\xfftOc" || binary.BigEndian.Uint32(head[4:]) != 2 {
		return x, errUnknown // version 1, or of the future
	}
	last := uint32(0)
	for i := range x.fan {
		x.fan[i] = binary.BigEndian.Uint32(head[8+4*i:])
		if x.fan[i] < last {
			return x, &CorruptError{Name: name, Reason: "fan-out is not monotonic"}
		}
		last = x.fan[i]
	}
	n := int64(last)
	rest := size - (idxHeader + n*(20+4+4) + 2*20)
	if rest < 0 || rest%8 != 0 || rest/8 > max(n-1, 0) {
		return x, &CorruptError{Name: name, Reason: "index has the wrong size"}
	}
	x.large = rest / 8
	return x, nil
}

// bucket is the range of positions whose ids begin with first.
func (x *index) bucket(first byte) (lo, hi int64) {
	if first > 0 {
		lo = int64(x.fan[first-1])
	}
	return lo, int64(x.fan[first])
}

// find narrows the bucket by interpolation, since ids are uniform, and reads a
// block of ids at a time: two reads for most indexes of millions.
func (x *index) find(f io.ReaderAt, id [20]byte) (off int64, ok bool, err error) {
	lo, hi := x.bucket(id[0])
	var buf [20 * idxBlock]byte
	// Interpolate within the bucket by the next four bytes, bisect when that fails.
	key := float64(binary.BigEndian.Uint32(id[1:5])) / (1 << 32)
	for round := 0; lo < hi; round++ {
		guess := lo + (hi-lo)/2
		if round == 0 {
			guess = lo + int64(key*float64(hi-lo))
		}
		from := max(lo, min(guess-idxBlock/2, hi-idxBlock))
		to := min(from+idxBlock, hi)
		ids := buf[:20*(to-from)]
		if _, err := f.ReadAt(ids, idxHeader+20*from); err != nil {
			return 0, false, err
		}
		switch {
		case bytes.Compare(id[:], ids[:20]) < 0:
			hi = from
		case bytes.Compare(id[:], ids[len(ids)-20:]) > 0:
			lo = to
		default:
			for i := 0; i < len(ids); i += 20 {
				if bytes.Equal(ids[i:i+20], id[:]) {
					off, err = x.offset(f, from+int64(i/20))
					return off, err == nil, err
				}
			}
			return 0, false, nil
		}
	}
	return 0, false, nil
}

// offset is the place in the pack of the i-th id.
func (x *index) offset(f io.ReaderAt, i int64) (int64, error) {
	n := int64(x.fan[255])
	var b [8]byte
	if _, err := f.ReadAt(b[:4], idxHeader+24*n+4*i); err != nil {
		return 0, err
	}
	v := binary.BigEndian.Uint32(b[:4])
	if v>>31 == 0 {
		return int64(v), nil
	}
	at := int64(v &^ (1 << 31))
	if at >= x.large {
		return 0, io.ErrUnexpectedEOF
	}
	if _, err := f.ReadAt(b[:], idxHeader+28*n+8*at); err != nil {
		return 0, err
	}
	big := binary.BigEndian.Uint64(b[:])
	if big>>63 != 0 {
		return 0, io.ErrUnexpectedEOF
	}
	return int64(big), nil
}
