package seal

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// peers are independent implementations of the payload, see testdata/interop. The first
// command tells whether the second can run.
var peers = map[string]struct{ probe, run []string }{
	"node":    {[]string{"node", "--version"}, []string{"node", "gcm.mjs"}},
	"python":  {[]string{"python3", "--version"}, []string{"python3", "gcm.py"}},
	"openssl": {[]string{"python3", "--version"}, []string{"python3", "gcm.py", "openssl"}},
	"java":    {[]string{"java", "--list-modules"}, []string{"java", "Gcm.java"}}, // a version that runs a source file
}

var errAbsent = errors.New("not here")

// peer is one such program: a line in, a line out.
type peer struct {
	in  io.Writer
	out *bufio.Reader
}

// newPeer starts a program, which ends with the test. One that is not on this machine
// is errAbsent.
func newPeer(t *testing.T, name string) (*peer, error) {
	t.Helper()
	p := peers[name]
	if exec.Command(p.probe[0], p.probe[1:]...).Run() != nil {
		return nil, errAbsent
	}
	cmd := exec.CommandContext(t.Context(), p.run[0], p.run[1:]...)
	cmd.Dir = filepath.Join("testdata", "interop")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		cmd.Wait()
		if stderr.Len() > 0 {
			t.Logf("%s: %s", name, stderr.String())
		}
	})
	made := &peer{in, bufio.NewReader(out)}
	switch first := made.line(t); {
	case strings.HasPrefix(first, "absent"):
		return nil, errAbsent
	case first != "ready":
		t.Fatalf("%s begins with %q", name, first)
	}
	return made, nil
}

func needPeer(t *testing.T, name string) *peer {
	t.Helper()
	if testing.Short() {
		t.Skip("runs a program of its own")
	}
	p, err := newPeer(t, name)
	if err != nil {
		t.Skipf("%s, or what it needs, is %v", name, err)
	}
	return p
}

func (p *peer) line(t *testing.T) string {
	t.Helper()
	line, err := p.out.ReadString('\n')
	if err != nil {
		t.Fatalf("the program ended: %v", err)
	}
	return strings.TrimRight(line, "\r\n")
}

// ask returns what the program answers, still in base64 as payloads are, or false when
// it refuses.
func (p *peer) ask(t *testing.T, op string, fields ...[]byte) (string, bool) {
	t.Helper()
	line := []byte(op)
	for _, f := range fields {
		line = append(line, ' ')
		if len(f) == 0 {
			line = append(line, '-')
		}
		line = append(line, f...)
	}
	if _, err := p.in.Write(append(line, '\n')); err != nil {
		t.Fatal(err)
	}
	answer := p.line(t)
	return answer, answer != "refused"
}

// seal returns their payload under the whole key; without a nonce they choose one.
func (p *peer) seal(t *testing.T, op string, key, nonce, plain []byte) []byte {
	t.Helper()
	payload, ok := p.ask(t, op, key, base64Of(nonce), base64Of(plain))
	if !ok {
		t.Fatal("does not encrypt")
	}
	return []byte(payload)
}

func (p *peer) open(t *testing.T, op string, key, payload []byte) ([]byte, bool) {
	t.Helper()
	text, ok := p.ask(t, op, key, payload)
	if !ok || text == "-" {
		return nil, ok
	}
	plain, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return plain, true
}

func base64Of(b []byte) []byte { return base64.StdEncoding.AppendEncode(nil, b) }

// TestInterop has each program decrypt what we encrypted, and us what it did.
func TestInterop(t *testing.T) {
	for name := range peers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := needPeer(t, name)
			for _, bits := range []int{128, 256} {
				text, key := randomNamedKey(t, bits)
				for what, plain := range namedKeyPlains() {
					got, ok := p.open(t, "open", text, mustEncrypt(t, key, plain))
					if !ok || !bytes.Equal(got, plain) {
						t.Errorf("%d bits, %s: they do not read ours", bits, what)
					}
					got, version, err := key.Decrypt(nil, p.seal(t, "seal", text, nil, plain))
					if err != nil || version != 1 || !bytes.Equal(got, plain) {
						t.Errorf("%d bits, %s: we do not read theirs: %v", bits, what, err)
					}
				}
				interopRefusals(t, p, bits, text, key)
			}
			if name == "java" {
				interopHosted(t, p)
			}
		})
	}
}

// interopRefusals changes payloads of both sides: neither side opens any.
func interopRefusals(t *testing.T, p *peer, bits int, text []byte, key *NamedKey) {
	t.Helper()
	other, _ := randomNamedKey(t, bits)
	for whose, payload := range map[string][]byte{"ours": mustEncrypt(t, key, []byte("value")), "theirs": p.seal(t, "seal", text, nil, []byte("value"))} {
		if _, ok := p.open(t, "open", other, payload); ok {
			t.Errorf("%s opens for them with a wrong key", whose)
		}
		if _, _, err := mustNamedKey(t, string(other)).Decrypt(nil, payload); err != ErrNotEncrypted {
			t.Errorf("%s with a wrong key: %v", whose, err)
		}
		raw, err := base64.StdEncoding.DecodeString(string(payload))
		if err != nil {
			t.Fatal(err)
		}
		for at := range raw {
			changed := slices.Clone(raw)
			changed[at] ^= 0x80
			if _, ok := p.open(t, "open", text, base64Of(changed)); ok {
				t.Errorf("%s opens for them with byte %d flipped", whose, at)
			}
			if _, _, err := key.Decrypt(nil, base64Of(changed)); err != ErrNotEncrypted {
				t.Errorf("%s with byte %d flipped: %v", whose, at, err)
			}
		}
	}
}

// TestInteropPairs has node and python read each other with 256 bits.
func TestInteropPairs(t *testing.T) {
	t.Parallel()
	node, python := needPeer(t, "node"), needPeer(t, "python")
	text, _ := randomNamedKey(t, 256)
	for what, plain := range namedKeyPlains() {
		for _, way := range [][2]*peer{{node, python}, {python, node}} {
			got, ok := way[1].open(t, "open", text, way[0].seal(t, "seal", text, nil, plain))
			if !ok || !bytes.Equal(got, plain) {
				t.Errorf("%s: they do not read each other", what)
			}
		}
	}
}

// interopHosted is why keys of 256 bits are said not to interoperate: the hosted platform
// uses the first 16 bytes of any key.
func interopHosted(t *testing.T, java *peer) {
	t.Helper()
	plain := []byte("value")
	for _, bits := range []int{128, 256} {
		text, key := randomNamedKey(t, bits)
		ours, theirs := mustEncrypt(t, key, plain), java.seal(t, "hosted-seal", text, nil, plain)
		_, theyRead := java.open(t, "hosted-open", text, ours)
		_, _, err := key.Decrypt(nil, theirs)
		if bits == 128 && (!theyRead || err != nil) {
			t.Errorf("128 bits: they read ours: %v, we theirs: %v", theyRead, err)
		}
		if bits == 256 && (theyRead || err != ErrNotEncrypted) {
			t.Errorf("256 bits: they read ours: %v, we theirs: %v", theyRead, err)
		}
		raw, _ := base64.StdEncoding.DecodeString(string(text))
		half := mustNamedKey(t, string(base64Of(raw[:16])))
		if got, _, err := half.Decrypt(nil, theirs); err != nil || !bytes.Equal(got, plain) {
			t.Errorf("%d bits: theirs is not of the first 16 bytes: %v", bits, err)
		}
	}
}
