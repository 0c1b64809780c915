package repo

import (
	"bytes"
	"context"
	"crypto"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os/exec"

	githash "github.com/go-git/go-git/v5/plumbing/hash"
)

// maxWhole is the largest blob, in bytes, that Blob holds in memory.
const maxWhole = 4 << 20

// Blob opens a blob of any size. One of up to 4 MiB is read and hashed before
// Blob returns; a larger one is streamed from a git process, and hashed while it
// is read: only io.EOF says that the bytes were those of h and all of them. Any
// failure is an error of Read, never a short read. ctx covers reading too. The
// caller closes it, which ends the process.
//
// Errors: ErrMissing, *CorruptError, also for what is no blob, *GitError.
func (r *Repo) Blob(ctx context.Context, h Hash) (io.ReadCloser, error) {
	data, err := r.typed(ctx, h, BlobObject, maxWhole)
	if err == nil {
		return io.NopCloser(bytes.NewReader(data)), nil
	}
	if big, ok := errors.AsType[*TooLargeError](err); ok && big.Size > 0 {
		return r.streamBlob(ctx, h, big.Size)
	}
	return nil, err
}

// streamBlob has git print a blob whose size is known.
func (r *Repo) streamBlob(ctx context.Context, h Hash, size int64) (*blobStream, error) {
	own, stop := context.WithCancel(ctx)
	b := &blobStream{ctx: ctx, stop: stop, id: h}
	// Above its threshold git streams too, instead of holding the whole.
	b.args = []string{"-c", fmt.Sprintf("core.bigFileThreshold=%d", maxWhole), "cat-file", "blob", string(h)}
	cmd, stderr, err := r.command(own, b.args...)
	if err != nil {
		stop()
		return nil, err
	}
	b.cmd, b.stderr = cmd, stderr
	if b.out, err = cmd.StdoutPipe(); err == nil {
		err = cmd.Start()
	}
	if err != nil {
		stop()
		return nil, fmt.Errorf("git cat-file: %w", err)
	}
	kind := crypto.SHA1
	if h.Algorithm() == "sha256" {
		kind = crypto.SHA256
	}
	b.digest = githash.New(kind)
	fmt.Fprintf(b.digest, "%s %d\x00", BlobObject, size)
	return b, nil
}

// blobStream is a blob that git prints.
type blobStream struct {
	ctx    context.Context // an io.Reader has no other way to be cancelled
	stop   context.CancelFunc
	id     Hash
	digest hash.Hash
	args   []string
	cmd    *exec.Cmd
	stderr *tail
	out    io.Reader
	err    error // of every Read from now on
}

// Read returns the next bytes. It must not be called at the same time as Close.
func (b *blobStream) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.out.Read(p)
	b.digest.Write(p[:n])
	if err == nil {
		return n, nil
	}
	b.err = b.end(err)
	return n, b.err
}

// end judges what was read after out said err. io.EOF says that it is the blob.
func (b *blobStream) end(err error) error {
	if err != io.EOF {
		b.stop()
	}
	ended := b.cmd.Wait()
	b.stop()
	if err != io.EOF {
		return fmt.Errorf("git cat-file: %w", err)
	}
	if ended != nil {
		return wrapGit(b.ctx, b.args, b.stderr, ended)
	}
	// The length is part of what is hashed.
	var sum []byte
	if c, ok := b.digest.(interface{ CollisionResistantSum([]byte) ([]byte, bool) }); ok {
		var collision bool
		if sum, collision = c.CollisionResistantSum(nil); collision {
			return &CorruptError{Name: string(b.id), Reason: "content is a SHA-1 collision attack"}
		}
	} else {
		sum = b.digest.Sum(nil)
	}
	if hex.EncodeToString(sum) != string(b.id) {
		return &CorruptError{Name: string(b.id), Reason: "content has another id"}
	}
	return io.EOF
}

// Close ends the process. Reading afterwards is an error.
func (b *blobStream) Close() error {
	if b.err == nil {
		b.err = errors.New("blob is closed")
		b.stop()
		b.cmd.Wait() // to reap it; how it ended is of no interest
	}
	return nil
}
