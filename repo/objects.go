package repo

import (
	"context"
	"crypto"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"

	githash "github.com/go-git/go-git/v5/plumbing/hash"
)

// MaxBlob is the largest blob or file, in bytes, that TreeFS and WorkTree read.
const MaxBlob = 64 << 20

// Limits on what is parsed whole, in bytes.
const (
	maxCommit = 4 << 20
	maxTree   = 64 << 20
)

// ObjectType is the type of a git object; its numbers are those of a pack entry.
type ObjectType byte

// The four types of object.
const (
	CommitObject ObjectType = 1
	TreeObject   ObjectType = 2
	BlobObject   ObjectType = 3
	TagObject    ObjectType = 4
)

// String is the type as git writes it: "commit", "tree", "blob", "tag".
func (t ObjectType) String() string {
	switch t {
	case CommitObject:
		return "commit"
	case TreeObject:
		return "tree"
	case BlobObject:
		return "blob"
	case TagObject:
		return "tag"
	}
	return "unknown"
}

// parseType is the inverse of String; 0 for anything else.
func parseType(s string) ObjectType {
	for t := CommitObject; t <= TagObject; t++ {
		if t.String() == s {
			return t
		}
	}
	return 0
}

// Object reads one object of at most max bytes. The content has been hashed
// again: neither git nor go-git checks on reading that a loose object's content
// belongs to its name. The caller owns the bytes.
//
// Errors: ErrMissing, *CorruptError, *TooLargeError.
func (r *Repo) Object(ctx context.Context, h Hash, max int64) (ObjectType, []byte, error) {
	if err := r.wants(h); err != nil {
		return 0, nil, err
	}
	if err := ctx.Err(); err != nil {
		return 0, nil, err
	}
	local := errUnknown
	if r.loc.format == "sha1" {
		typ, data, err := r.store.read(h, max)
		if err == nil {
			return typ, data, nil
		}
		local = err
	}
	if !r.askGit(local) {
		if errors.Is(local, errNotHere) {
			local = missing(h)
		}
		return 0, nil, local
	}
	typ, data, err := r.batch.read(ctx, h, max)
	if err == nil {
		err = verify(h, typ, data)
	}
	if err != nil {
		// What is wrong here says more than that git could not help.
		if bad, ok := errors.AsType[*CorruptError](local); ok && errors.Is(err, ErrMissing) {
			err = bad
		}
		return 0, nil, err
	}
	return typ, data, nil
}

// askGit decides whether git may know more than our own reader, which said err.
func (r *Repo) askGit(err error) bool {
	switch {
	case errors.Is(err, errUnknown):
		return true
	case errors.Is(err, errNotHere):
		return r.loc.odd || r.loc.promisor && !r.opts.Offline
	}
	return false
}

// Has reports whether the object can be read from this repository; in a partial
// clone git is asked, and may fetch it.
func (r *Repo) Has(ctx context.Context, h Hash) (bool, error) {
	if err := r.wants(h); err != nil {
		return false, err
	}
	if err := ctx.Err(); err != nil {
		return false, err
	}
	if r.loc.format == "sha1" {
		ok, err := r.store.has(h, true)
		if ok || err == nil && !r.askGit(errNotHere) {
			return ok, nil
		}
		if err != nil && !r.askGit(err) {
			return false, err
		}
	}
	_, _, err := r.batch.read(ctx, h, 0)
	if _, big := errors.AsType[*TooLargeError](err); err == nil || big {
		return true, nil
	}
	if errors.Is(err, ErrMissing) {
		return false, nil
	}
	return false, err
}

// missing is ErrMissing with the object's name.
func missing(h Hash) error { return fmt.Errorf("object %s: %w", h, ErrMissing) }

// verify checks that data is what h names.
func verify(h Hash, typ ObjectType, data []byte) error {
	got, collision := hashObject(h.Algorithm(), typ, data)
	if collision {
		return &CorruptError{Name: string(h), Reason: "content is a SHA-1 collision attack"}
	}
	if got != h {
		return &CorruptError{Name: string(h), Reason: "content has another id"}
	}
	return nil
}

// hashObject computes an object's id. SHA-1 is go-git's collision-detecting
// one, as git itself uses.
func hashObject(algorithm string, typ ObjectType, data []byte) (id Hash, collision bool) {
	kind := crypto.SHA1
	if algorithm == "sha256" {
		kind = crypto.SHA256
	}
	d := githash.New(kind)
	var head [32]byte
	b := append(head[:0], typ.String()...)
	b = append(b, ' ')
	b = strconv.AppendInt(b, int64(len(data)), 10)
	d.Write(append(b, 0))
	d.Write(data)
	var sum []byte
	if c, ok := d.(interface{ CollisionResistantSum([]byte) ([]byte, bool) }); ok {
		sum, collision = c.CollisionResistantSum(nil)
	} else {
		sum = d.Sum(nil)
	}
	return Hash(hex.EncodeToString(sum)), collision
}

// typed reads an object that must be of one type.
func (r *Repo) typed(ctx context.Context, h Hash, want ObjectType, max int64) ([]byte, error) {
	typ, data, err := r.Object(ctx, h, max)
	if err != nil {
		return nil, err
	}
	if typ != want {
		return nil, &CorruptError{Name: string(h), Reason: "is a " + typ.String() + ", want a " + want.String()}
	}
	return data, nil
}

// readSized reads exactly size bytes and then the end of r. It grows its buffer
// with what arrives, so a size that lies costs nothing.
func readSized(r io.Reader, size int64) ([]byte, error) {
	buf := make([]byte, min(size, 1<<20))
	for n := 0; ; {
		m, err := io.ReadFull(r, buf[n:])
		if n += m; err != nil {
			return nil, err
		}
		if int64(n) == size {
			break
		}
		buf = append(buf, make([]byte, min(size-int64(n), int64(n)))...)
	}
	var one [1]byte
	if n, err := io.ReadFull(r, one[:]); n != 0 || !errors.Is(err, io.EOF) {
		return nil, errors.New("longer than declared, or a bad checksum")
	}
	return buf, nil
}
