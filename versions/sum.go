package versions

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"pinseal/seal"
)

// Sum is set.sum: an environment's secret files and their digests, in the
// format that sha256sum prints. The bytes are in the one form that [MakeSum]
// makes; do not modify them.
type Sum []byte

const hexDigest = 2 * sha256.Size

func digestOf(data []byte) [32]byte { return sha256.Sum256(data) }

// MakeSum lists the files of an environment by name and digest.
func MakeSum(environment string, digests map[string][32]byte) Sum {
	paths := make([]string, 0, len(digests))
	byPath := make(map[string][32]byte, len(digests))
	for name, d := range digests {
		p := FilePath(environment, name)
		paths = append(paths, p)
		byPath[p] = d
	}
	slices.Sort(paths)
	sum := Sum{} // an empty set has an empty, not an absent, list
	for _, p := range paths {
		sum = fmt.Appendf(sum, "%x  %s\n", byPath[p], p)
	}
	return sum
}

// ParseSum checks that data is what [MakeSum] prints for the environment.
func ParseSum(environment string, data []byte) (Sum, error) {
	if len(data) > MaxSum {
		return nil, fmt.Errorf("%s is larger than %d bytes", SumName, MaxSum)
	}
	prefix := []byte("  " + environment + "/")
	var last []byte
	lines := 0
	for rest := data; len(rest) > 0; lines++ {
		line, after, ok := bytes.Cut(rest, []byte{'\n'})
		if !ok || lines >= MaxSecrets || !isSumLine(line, prefix) || bytes.Compare(last, line[hexDigest:]) >= 0 {
			return nil, fmt.Errorf("%s line %d is malformed", SumName, lines+1)
		}
		last, rest = line[hexDigest:], after
	}
	if data == nil {
		data = []byte{}
	}
	return Sum(data), nil
}

// notHex is 0 for lower-case hexadecimal digits alone.
var notHex = func() (t [256]byte) {
	for c := range t {
		t[c] = 1
	}
	for _, c := range "0123456789abcdef" {
		t[c] = 0
	}
	return t
}()

// isSumLine checks one line, whose digest must be followed by prefix. It is
// called 10,000 times for a read of one secret of that many.
func isSumLine(line, prefix []byte) bool {
	if len(line) < hexDigest {
		return false
	}
	// Without a branch on each digit: half of them would be guessed wrong.
	odd := byte(0)
	for _, c := range line[:hexDigest] {
		odd |= notHex[c]
	}
	if odd != 0 {
		return false
	}
	name, ok := bytes.CutPrefix(line[hexDigest:], prefix)
	if !ok {
		return false
	}
	name, ok = bytes.CutSuffix(name, []byte(fileSuffix))
	return ok && seal.CheckSecretName(string(name)) == nil
}

// Digest returns the SHA-256 that the list has for a secret's file.
func (s Sum) Digest(environment, name string) (d [32]byte, ok bool) {
	want := FilePath(environment, name)
	// Lines are sorted by path: halve the bytes, and look at the line that the
	// middle falls into. Reading a whole set stays far from quadratic.
	for rest := []byte(s); len(rest) > 0; {
		start := bytes.LastIndexByte(rest[:len(rest)/2], '\n') + 1
		line, _, _ := bytes.Cut(rest[start:], []byte{'\n'})
		if len(line) < hexDigest+2 {
			return d, false
		}
		switch c := strings.Compare(want, string(line[hexDigest+2:])); {
		case c < 0:
			rest = rest[:start]
		case c > 0:
			rest = rest[min(len(rest), start+len(line)+1):]
		default:
			_, err := hex.Decode(d[:], line[:hexDigest])
			return d, err == nil
		}
	}
	return d, false
}

// Names returns the secrets listed, in the order of [Source.Names].
func (s Sum) Names() []string {
	var names []string
	for line := range bytes.Lines(s) {
		p := string(line[hexDigest+2 : len(line)-1])
		names = append(names, strings.TrimSuffix(p[strings.IndexByte(p, '/')+1:], fileSuffix))
	}
	slices.Sort(names)
	return names
}
