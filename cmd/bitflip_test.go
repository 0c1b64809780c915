package cmd_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const flipsPerKind = 600

// flips calls try with one bit of data flipped at a time: every bit of a small
// file, else at least flipsPerKind of them, evenly, through all eight of a byte.
func flips(data []byte, try func(bit int, flipped []byte)) (tried int) {
	bits := len(data) * 8
	step := max(1, bits/flipsPerKind)
	if step > 1 && step%2 == 0 {
		step-- // an odd step meets every bit of the byte
	}
	for bit := 0; bit < bits; bit += step {
		flipped := bytes.Clone(data)
		flipped[bit/8] ^= 1 << (bit % 8)
		try(bit, flipped)
		tried++
	}
	return tried
}

// Any one bit that is flipped is refused, with nothing on stdout.
func TestFlippedBits(t *testing.T) {
	slow(t)
	t.Parallel()
	const value = "CANARYflip"
	w := newWorld(t)
	dir, id := w.newApp("r")
	// A description in the work tree is anyone's to change; in a pin it is not.
	w.pinseal(dir, value, "set", "KEY")
	w.pinseal(dir, value, "set", "OTHER", "--about", "a description")
	w.commit(dir, "one")
	w.pinseal(dir, "", "publish", "dev", "--first")
	w.pinseal(dir, "", "publish", "dev", "-m", "two")
	w.pinseal(dir, "", "bundle", "dev", "-o", w.path("b"))
	file := func(parts ...string) string {
		return filepath.Join(append([]string{dir, ".pinseal", "shop"}, parts...)...)
	}
	ledger := "refs/pinseal/" + id + "/dev"
	pins := w.flipPin(dir, ledger, "pin.note")
	pinned := w.flipPin(dir, ledger, "dev/OTHER.yaml")

	tests := []struct {
		kind string
		file string       // in the work tree, or
		pins *flippedPins // in the ledger
		args []string
		// codes that may come instead of 5, and why
		codes map[int]string
	}{
		{"secret file", file("dev", "KEY.yaml"), nil, []string{"get", "KEY"}, nil},
		{"wrap", file("keys", "dev.read.1", "ada.age"), nil, []string{"get", "KEY"}, nil},
		{"note", file("app.note"), nil, []string{"get", "KEY"}, map[int]string{1: "newer pinseal"}},
		{"note, on a machine that knows nothing", file("app.note"), nil, []string{"get", "KEY"}, map[int]string{1: "newer pinseal", 3: "no app"}},
		{"bundle", w.path("b"), nil, []string{"get", "KEY", "--bundle", w.path("b")}, nil},
		{"bundle, with its digest put right", w.path("b"), nil, []string{"get", "KEY", "--bundle", w.path("b")}, map[int]string{1: "newer pinseal", 3: "secret"}},
		{"pin", "", pins, []string{"get", "KEY", "--at", "pin"}, nil},
		{"secret file of a pin", "", pinned, []string{"get", "OTHER", "--at", "pin"}, nil},
	}
	for _, test := range tests {
		t.Run(test.kind, func(t *testing.T) {
			on := &world{t, w.root, w.env}
			if strings.Contains(test.kind, "knows nothing") || test.pins != nil || test.file == w.path("b") {
				// What is remembered must not be what saves us.
				on.env = append(w.env[:len(w.env):len(w.env)], "PINSEAL_APP="+id)
			}
			state := w.path("state")
			if len(on.env) > len(w.env) {
				on.env = append(on.env, "XDG_STATE_HOME="+state)
			}
			forget := func() {
				if err := os.RemoveAll(state); err != nil {
					t.Fatal(err)
				}
			}
			forget()
			if got := on.run(dir, "", test.args...); got.code != 0 || got.stdout != value {
				t.Fatalf("unflipped: exit code %d\n%s", got.code, got.stderr)
			}
			check := func(bit int) {
				forget()
				got := on.run(dir, "", test.args...)
				why, other := test.codes[got.code]
				switch {
				case got.stdout != "":
					t.Errorf("bit %d: exit code %d and %d bytes on stdout", bit, got.code, len(got.stdout))
				case got.code != 5 && (!other || !strings.Contains(got.stderr, why)):
					t.Errorf("bit %d: exit code %d\n%s", bit, got.code, got.stderr)
				case !strings.HasPrefix(got.stderr, "error: ") || strings.Contains(got.stderr, value):
					t.Errorf("bit %d: %q", bit, got.stderr)
				}
			}
			tried := 0
			if test.pins != nil {
				tried = test.pins.each(check)
			} else {
				data := w.read(test.file)
				defer w.write(test.file, data)
				tried = flips(data, func(bit int, flipped []byte) {
					if strings.Contains(test.kind, "put right") {
						flipped = withDigest(flipped)
					}
					if bytes.Equal(flipped, data) {
						return // it was in the digest, which was put right
					}
					w.write(test.file, flipped)
					check(bit)
				})
			}
			if tried < 500 {
				t.Errorf("only %d bits were flipped", tried)
			}
		})
	}
}

// withDigest gives a bundle the digest of its body, as a forger would.
func withDigest(bundle []byte) []byte {
	_, body, _ := bytes.Cut(bundle, []byte("\n"))
	return append(fmt.Appendf(nil, "pinseal bundle/v1 %x\n", sha256.Sum256(body)), body...)
}

// flippedPins is the newest pin of a ledger with one bit of one of its files
// flipped at a time, each as a commit that is right in all else.
type flippedPins struct {
	*world
	dir, ref string
	tip      string
	commits  []string
	bits     []int
}

func (w *world) flipPin(dir, ref, file string) *flippedPins {
	w.Helper()
	p := &flippedPins{world: w, dir: dir, ref: ref}
	p.tip = p.git(p.dir, "rev-parse", p.ref)
	before := p.git(p.dir, "rev-parse", p.ref+"^")
	text, err := exec.Command("git", "-C", p.dir, "cat-file", "blob", p.tip+":"+file).Output()
	if err != nil {
		p.Fatal(err)
	}
	var others strings.Builder
	for line := range strings.Lines(p.git(p.dir, "ls-tree", "-r", p.tip) + "\n") {
		meta, path, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if f := strings.Fields(meta); path != file {
			fmt.Fprintf(&others, "M %s %s %s\n", f[0], f[2], path)
		}
	}
	var stream bytes.Buffer
	flips(text, func(bit int, flipped []byte) {
		p.bits = append(p.bits, bit)
		fmt.Fprintf(&stream, "commit refs/flipped/%s/%d\nmark :%d\ncommitter Ada <ada@example.com> 1700000000 +0000\ndata 0\nfrom %s\ndeleteall\n%s",
			file, bit, len(p.bits), before, &others)
		fmt.Fprintf(&stream, "M 100644 inline %s\ndata %d\n%s\n\n", file, len(flipped), flipped)
	})
	marks := p.path("marks")
	c := exec.Command("git", "fast-import", "--quiet", "--export-marks="+marks)
	c.Dir, c.Env, c.Stdin = p.dir, p.env, &stream
	if out, err := c.CombinedOutput(); err != nil {
		p.Fatalf("fast-import: %v\n%s", err, out)
	}
	p.commits = make([]string, len(p.bits))
	for line := range strings.Lines(string(p.read(marks))) {
		var mark int
		var hash string
		if _, err := fmt.Sscanf(line, ":%d %s", &mark, &hash); err != nil {
			p.Fatal(err)
		}
		p.commits[mark-1] = hash
	}
	return p
}

// each puts every flipped pin at the tip of the ledger in turn, and at last the
// right one again.
func (p *flippedPins) each(check func(bit int)) int {
	ref := filepath.Join(p.dir, ".git", filepath.FromSlash(p.ref))
	defer p.write(ref, []byte(p.tip+"\n"))
	for i, commit := range p.commits {
		p.write(ref, []byte(commit+"\n"))
		check(p.bits[i])
	}
	return len(p.commits)
}
