package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"pinseal/seal"
)

// maxPayload is the length of the longest payload: a nonce, seal.MaxPlaintext bytes and
// a tag, in base64, and a line end.
const maxPayload = (12+seal.MaxPlaintext+16+2)/3*4 + len("\r\n")

// readWhole reads stdin, or what is typed at a prompt, at most max bytes, of which what
// says what they are; again is the command, for hints.
func (c *cli) readWhole(prompt, what string, max int, again string) ([]byte, error) {
	if c.StdinTTY {
		if c.noInput {
			return nil, usage([]string{"some-command | " + again, again + " < FILE"}, "%s is wanted, and --no-input forbids to ask for it", what)
		}
		return c.typedHidden(prompt, again+" < FILE")
	}
	tooLarge := usage(nil, "%s is larger than %d bytes, which is the limit", what, max)
	size := c.stdinSize()
	if size > int64(max) {
		return nil, tooLarge
	}
	data, err := orDone(c.done, func() ([]byte, error) {
		in := io.LimitReader(c.Stdin, int64(max)+1)
		if size == 0 {
			return io.ReadAll(in)
		}
		all := bytes.NewBuffer(make([]byte, 0, size+bytes.MinRead)) // which never grows
		_, err := all.ReadFrom(in)
		return all.Bytes(), err
	})
	switch {
	case err != nil:
		return nil, stdinError(err)
	case len(data) > max:
		return nil, tooLarge
	}
	return data, nil
}

// stdinSize is how much a file has left that is stdin; 0 when it is not known.
func (c *cli) stdinSize() int64 {
	f, ok := c.Stdin.(*os.File)
	if !ok {
		return 0
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return 0
	}
	at, err := f.Seek(0, io.SeekCurrent)
	if err != nil {
		return 0
	}
	return max(0, info.Size()-at)
}

func stdinError(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("stdin cannot be read: %w", err)
}

// cutLineEnd takes off the one line end, LF or CRLF, that echo and an editor put behind
// a payload, which itself has none.
func cutLineEnd(payload []byte) []byte {
	cut := bytes.TrimSuffix(payload, []byte("\n"))
	if len(cut) < len(payload) {
		cut = bytes.TrimSuffix(cut, []byte("\r"))
	}
	return cut
}
