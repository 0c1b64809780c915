package mask

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// Text is what stands in the output instead of a value.
const Text = "[secret]"

// Skipped is a value that is not masked.
type Skipped struct {
	Value  int // index into the values
	Reason string
}

// Masker is a set of values to mask. It is safe for concurrent use, holds
// plaintext, and prints as "[mask]".
type Masker struct {
	// Behind a pointer: fmt prints the bytes in an unexported field of another
	// struct whatever Format says; of a pointer it prints the address.
	t       *table
	skipped []Skipped
}

// ErrTooLarge reports values whose forms, those of package doc, have more than 256 MiB:
// some 4 MiB of short values, or 16 MiB of long ones. They are refused as a whole.
var ErrTooLarge = errors.New("the values are too large in all: what they may be printed as has more than 256 MiB")

// New prepares to mask values. It copies what it needs: the caller may
// overwrite the values afterwards. Errors: [ErrTooLarge].
func New(values [][]byte) (*Masker, error) {
	needles, skipped, err := collect(values)
	if err != nil {
		return nil, err
	}
	return &Masker{newTable(needles), skipped}, nil
}

// Empty reports whether there is nothing to mask: a stream may then go past.
func (m *Masker) Empty() bool { return len(m.t.needles) == 0 }

// Skipped lists the values that are not masked, in their order.
func (m *Masker) Skipped() []Skipped { return m.skipped }

// Writer returns a writer that masks what it hands on to w. Whoever has w
// shared by two streams must share the Writer too.
func (m *Masker) Writer(w io.Writer) *Writer { return &Writer{s: &stream{t: m.t, w: w}} }

const maskText = "[mask]"

// Format implements [fmt.Formatter] for every verb.
func (m Masker) Format(f fmt.State, _ rune) { io.WriteString(f, maskText) }

// String returns "[mask]".
func (m Masker) String() string { return maskText }

// LogValue implements [slog.LogValuer].
func (m Masker) LogValue() slog.Value { return slog.StringValue(maskText) }
