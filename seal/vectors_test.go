package seal

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/cryptotest"

	"filippo.io/age"
)

var update = flag.Bool("update", false, "write testdata/vectors anew")

// vector is one scenario: fields, then the bytes to read.
type vector struct {
	fields []string // key, value, key, value, …
	body   []byte
}

func (v vector) get(key string) string {
	for i := 0; i < len(v.fields); i += 2 {
		if v.fields[i] == key {
			return v.fields[i+1]
		}
	}
	return ""
}

func (v vector) format() []byte {
	var out bytes.Buffer
	for i := 0; i < len(v.fields); i += 2 {
		fmt.Fprintf(&out, "%s: %s\n", v.fields[i], v.fields[i+1])
	}
	out.WriteByte('\n')
	out.Write(v.body)
	return out.Bytes()
}

func parseVector(t *testing.T, data []byte) vector {
	head, body, ok := bytes.Cut(data, []byte("\n\n"))
	if !ok {
		t.Fatal("vector without an empty line")
	}
	v := vector{body: body}
	for line := range strings.SplitSeq(string(head), "\n") {
		key, value, ok := strings.Cut(line, ": ")
		if !ok {
			t.Fatalf("vector with a malformed line %q", line)
		}
		v.fields = append(v.fields, key, value)
	}
	return v
}

// makers return the scenarios of each directory.
func makers() map[string]func(*testing.T) map[string]vector {
	return map[string]func(*testing.T) map[string]vector{
		"value": valueVectors,
		"note":  noteVectors,
		"wrap":  wrapVectors,
	}
}

// TestVectors reads every vector and compares the outcome with what the file
// expects. With -update it writes the files first.
func TestVectors(t *testing.T) {
	run := map[string]func(*testing.T, vector){"value": runValue, "note": runNote, "wrap": runWrap}
	for kind, maker := range makers() {
		dir := filepath.Join("testdata", "vectors", kind)
		if *update {
			cryptotest.SetGlobalRandom(t, 1)
			writeVectors(t, dir, maker(t))
		}
		runDir(t, kind, run[kind])
	}
}

// runDir reads every vector of a kind. That there are few or none is a failure.
func runDir(t *testing.T, kind string, run func(*testing.T, vector)) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "vectors", kind, "*.txt"))
	if err != nil || len(files) < 8 {
		t.Fatalf("%s: %d vectors, %v", kind, len(files), err)
	}
	for _, name := range files {
		t.Run(kind+"/"+strings.TrimSuffix(filepath.Base(name), ".txt"), func(t *testing.T) {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			run(t, parseVector(t, data))
		})
	}
}

func writeVectors(t *testing.T, dir string, vectors map[string]vector) {
	old, _ := filepath.Glob(filepath.Join(dir, "*.txt"))
	for _, name := range old {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	for name, v := range vectors {
		if err := os.WriteFile(filepath.Join(dir, name+".txt"), v.format(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestVectorsReproduce holds the files to the generator. All our writing is
// deterministic under a fixed source of randomness. If a new release of Go
// draws its randomness in another order, this test has to go; TestVectors stays.
func TestVectorsReproduce(t *testing.T) {
	for kind, maker := range makers() {
		cryptotest.SetGlobalRandom(t, 1)
		vectors := maker(t)
		files, _ := filepath.Glob(filepath.Join("testdata", "vectors", kind, "*.txt"))
		if len(files) != len(vectors) {
			t.Errorf("%s: %d files, %d scenarios", kind, len(files), len(vectors))
		}
		for name, v := range vectors {
			data, err := os.ReadFile(filepath.Join("testdata", "vectors", kind, name+".txt"))
			if err != nil {
				t.Error(err)
			} else if !bytes.Equal(data, v.format()) {
				t.Errorf("%s/%s: file differs from the generator", kind, name)
			}
		}
	}
}

// outcome names an error as vectors do.
func outcome(err error) string {
	needs := new(NeedsError)
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &needs):
		return "needs " + strconv.Itoa(needs.Needs)
	case errors.Is(err, ErrNoKey):
		return "no key"
	case errors.Is(err, ErrAuth):
		return "not authentic"
	}
	return "error: " + err.Error()
}

func runValue(t *testing.T, v vector) {
	app, err := ParseAppID(v.get("app"))
	if err != nil {
		t.Fatal(err)
	}
	seed, _ := hex.DecodeString(v.get("seed"))
	generation, _ := strconv.Atoi(v.get("generation"))
	version, _ := strconv.Atoi(v.get("version"))
	k, err := NewKey(ReadSlot(v.get("environment")), generation, seed)
	if err != nil {
		t.Fatal(err)
	}
	p := Place{App: app, Environment: v.get("environment"), Kind: v.get("kind"), Name: v.get("name"), Version: uint32(version)}
	got, err := k.OpenValue(p, string(v.body))
	if outcome(err) != v.get("expect") {
		t.Fatalf("got %s, want %s", outcome(err), v.get("expect"))
	}
	if err != nil {
		if err != ErrAuth || got.Len() != 0 {
			t.Errorf("error is not ErrAuth alone, or a value came with it")
		}
		return
	}
	if hex.EncodeToString(got.Reveal()) != v.get("plain") {
		t.Error("opened to another value")
	}
}

func runNote(t *testing.T, v vector) {
	n, err := ParseNote(v.body)
	if outcome(err) != v.get("expect") {
		t.Fatalf("got %s (%v), want %s", outcome(err), err, v.get("expect"))
	}
	if err != nil {
		if n != nil {
			t.Error("a note came with the error")
		}
		return
	}
	if hash := n.Hash(); hex.EncodeToString(hash[:]) != v.get("hash") {
		t.Error("hash differs")
	}
	checkReprint(t, n)
}

func runWrap(t *testing.T, v vector) {
	data, err := os.ReadFile(filepath.Join("testdata", "vectors", "wrap", "app.note"))
	if err != nil {
		t.Fatal(err)
	}
	n, err := ParseNote(data)
	if err != nil {
		t.Fatal(err)
	}
	id, err := age.ParseHybridIdentity(v.get("identity"))
	if err != nil {
		t.Fatal(err)
	}
	generation, _ := strconv.Atoi(v.get("generation"))
	k, err := UnwrapKey(v.body, n, Slot(v.get("slot")), generation, id)
	if outcome(err) != v.get("expect") {
		t.Fatalf("got %s (%v), want %s", outcome(err), err, v.get("expect"))
	}
	if err == nil && hex.EncodeToString(k.hold().seed) != v.get("seed") {
		t.Error("another seed")
	}
}

// forgeAs signs any text with any key that signs, without opening the result.
func forgeAs(k *Key, id AppID, text []byte) []byte {
	m := k.hold()
	return appendSignature(text, id.String(), keyID(id, m.public), ed25519.Sign(m.sign, text))
}

func checkReprint(t *testing.T, n *Note) {
	t.Helper()
	text, err := n.Text()
	if err != nil || !bytes.HasPrefix(n.Signed(), text) {
		t.Errorf("note does not print as it was read: %v", err)
	}
}

func replaceOnce(t testing.TB, text []byte, old, new string) []byte {
	t.Helper()
	if bytes.Count(text, []byte(old)) == 0 {
		t.Fatalf("text has no %q", old)
	}
	return bytes.Replace(slices.Clone(text), []byte(old), []byte(new), 1)
}
