package repo

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"path/filepath"

	"github.com/go-git/go-git/v5/plumbing/format/packfile"
)

const (
	maxDelta   = 4096      // length of a delta chain; git's own limit is 4095
	maxInflate = 256 << 20 // bytes of a base, a delta, or all deltas of a chain; more is git's business
	packHeader = 12
)

// Types of pack entry beside the four of ObjectType.
const (
	ofsDelta = 6
	refDelta = 7
)

// entryHead is what precedes the zlib stream of a pack entry.
type entryHead struct {
	typ  byte
	size int64    // of what is in the zlib stream
	back int64    // ofsDelta: distance to the base
	base [20]byte // refDelta: id of the base
}

// entry reads the object at off, resolving its delta chain. Errors: errUnknown,
// *CorruptError, *TooLargeError, or one of the file system.
func (s *store) entry(p *pack, off, max int64) (ObjectType, []byte, error) {
	f, err := s.files.acquire(p.name + ".pack")
	if err != nil {
		return 0, nil, err
	}
	defer s.files.release(f)
	c := chain{s: s, p: p, f: f, max: max, name: filepath.Base(p.name) + ".pack"}
	if err := c.descend(off); err != nil {
		return 0, nil, err
	}
	return c.apply()
}

// chain is one object being read: its deltas, outermost first, and the base.
type chain struct {
	s    *store
	p    *pack
	f    *openFile
	name string // for messages
	max  int64

	deltas  [][]byte
	offsets []int64 // of the deltas
	sum     int64   // bytes in deltas
	typ     ObjectType
	base    []byte
	baseOff int64
	shared  bool // base belongs to the cache
}

// descend collects deltas from off down to a whole object.
func (c *chain) descend(off int64) error {
	for len(c.deltas) <= maxDelta {
		if typ, data, ok := c.s.bases.get(c.p.name, off); ok {
			c.typ, c.base, c.baseOff, c.shared = typ, data, off, true
			return c.fits(int64(len(data)))
		}
		if off < packHeader || off >= c.f.size-20 {
			return c.corrupt("offset outside the pack")
		}
		next, err := c.one(off)
		if err != nil || next == 0 {
			return err
		}
		off = next
	}
	return c.corrupt("delta chain is too long")
}

// one reads the entry at off. next is where its base is, 0 when it is whole.
func (c *chain) one(off int64) (next int64, err error) {
	z := c.s.raw(io.NewSectionReader(c.f, off, c.f.size-20-off))
	defer c.s.zlibs.Put(z)
	h, err := readHead(z.b)
	if err != nil {
		return 0, c.corrupt("bad entry header")
	}
	switch h.typ {
	case byte(CommitObject), byte(TreeObject), byte(BlobObject), byte(TagObject):
		if err := c.fits(h.size); err != nil {
			return 0, err
		}
		c.typ, c.baseOff = ObjectType(h.typ), off
		c.base, err = c.inflate(z, h.size)
		return 0, err
	case ofsDelta:
		next = off - h.back
		if h.back <= 0 || next < packHeader {
			return 0, c.corrupt("delta base outside the pack")
		}
	case refDelta:
		at, ok, err := c.p.find(c.s, h.base)
		if err != nil {
			return 0, err
		}
		if !ok {
			return 0, errUnknown // a thin pack, which should not be on disk
		}
		next = at
	default:
		return 0, errUnknown
	}
	if c.sum += h.size; h.size > maxInflate || c.sum > maxInflate {
		return 0, errUnknown
	}
	delta, err := c.inflate(z, h.size)
	if err != nil {
		return 0, err
	}
	_, target, err := deltaSizes(delta)
	if err != nil {
		return 0, c.corrupt("bad delta header")
	}
	if err := c.fits(target); err != nil {
		return 0, err
	}
	c.deltas, c.offsets = append(c.deltas, delta), append(c.offsets, off)
	return next, nil
}

// fits applies the caller's limit to the object asked for, ours to its bases.
func (c *chain) fits(size int64) error {
	if len(c.deltas) == 0 && size > c.max {
		return &TooLargeError{Name: c.name, Size: size, Max: c.max}
	}
	if size > maxInflate && len(c.deltas) > 0 {
		return errUnknown
	}
	return nil
}

func (c *chain) inflate(z *inflater, size int64) ([]byte, error) {
	// Deflate cannot expand by more than 1032, so a size that the rest of the
	// pack cannot hold is a lie.
	if size/1032 > c.f.size {
		return nil, c.corrupt("entry is larger than the pack can hold")
	}
	if err := z.start(); err != nil {
		return nil, c.corrupt("entry is not zlib")
	}
	data, err := readSized(z.z, size)
	if err != nil {
		return nil, c.corrupt("entry is truncated or damaged")
	}
	return data, nil
}

// apply rebuilds the object from its base outwards and keeps what other objects
// are likely to be built on.
func (c *chain) apply() (ObjectType, []byte, error) {
	data := c.base
	for i := len(c.deltas) - 1; i >= 0; i-- {
		if !c.shared {
			c.s.bases.put(c.p.name, c.baseOff, c.typ, data)
		}
		source, target, err := deltaSizes(c.deltas[i])
		if err != nil || source != int64(len(data)) {
			return 0, nil, c.corrupt("delta is for another base")
		}
		if data, err = packfile.PatchDelta(data, c.deltas[i]); err != nil || int64(len(data)) != target {
			return 0, nil, c.corrupt("bad delta")
		}
		c.baseOff, c.shared = c.offsets[i], false
	}
	if c.shared {
		data = append([]byte(nil), data...)
	}
	return c.typ, data, nil
}

func (c *chain) corrupt(reason string) error { return &CorruptError{Name: c.name, Reason: reason} }

// readHead reads type, size and base of a pack entry (gitformat-pack(5)).
func readHead(b *bufio.Reader) (h entryHead, err error) {
	c, err := b.ReadByte()
	if err != nil {
		return h, err
	}
	h.typ, h.size = c>>4&7, int64(c&15)
	for shift := 4; c&0x80 != 0; shift += 7 {
		if c, err = b.ReadByte(); err != nil {
			return h, err
		}
		if shift > 53 {
			return h, errors.New("size is out of range")
		}
		h.size |= int64(c&0x7f) << shift
	}
	switch h.typ {
	case ofsDelta:
		h.back = -1
		for c = 0x80; c&0x80 != 0; {
			if c, err = b.ReadByte(); err != nil {
				return h, err
			}
			if h.back >= 1<<54 {
				return h, errors.New("offset is out of range")
			}
			h.back = (h.back+1)<<7 | int64(c&0x7f)
		}
	case refDelta:
		_, err = io.ReadFull(b, h.base[:])
	}
	return h, err
}

// deltaSizes are the lengths of a delta's base and result.
func deltaSizes(d []byte) (source, target int64, err error) {
	a, n := binary.Uvarint(d)
	if n <= 0 || a > 1<<60 {
		return 0, 0, errors.New("bad delta")
	}
	b, m := binary.Uvarint(d[n:])
	if m <= 0 || b > 1<<60 {
		return 0, 0, errors.New("bad delta")
	}
	return int64(a), int64(b), nil
}
