package cmd

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pinseal/versions"
)

// convert runs textconv on a file.
func (s *shop) convert(data string) string {
	s.t.Helper()
	file := filepath.Join(s.t.TempDir(), "blob")
	s.check(os.WriteFile(file, []byte(data), 0o600))
	out, _ := s.run(0, "", "textconv", file)
	return out
}

func TestTextconv(t *testing.T) {
	s := newShop(t)
	s.run(0, "CANARYvalue", "set", "A", "--about", `"the" one`, "--expires", "2030-01-31", "--optional")
	file := string(s.read("dev/A.yaml"))
	f, err := versions.ParseSecretFile([]byte(file))
	s.check(err)
	state := fmt.Sprintf("sealed to read key 1, %d characters, sha256:%.12x", len(f.Value), sha256.Sum256([]byte(f.Value)))
	state = state[:strings.Index(state, "sha256:")+len("sha256:")+12]
	key := versions.SecretFile{Kind: versions.KindKey, Bits: 256, Versions: []versions.KeyVersion{{Number: 1, Value: f.Value}, {Number: 3, Value: f.Value}}}
	keyFile, err := key.Bytes()
	s.check(err)
	sealed := "value: " + f.Value + "\n"
	crlf := strings.ReplaceAll(file, "\n", "\r\n")
	for _, test := range []struct{ name, in, want string }{
		{"secret", file, "kind: secret\nabout: \"the\" one\nexpires: 2030-01-31\noptional: true\nvalue: " + state + "\n"},
		{"blank", "kind: secret\ngenerate: hex:32\nvalue: blank\n", "kind: secret\ngenerate: hex:32\nvalue: blank\n"},
		{"key", string(keyFile), "kind: key\nbits: 256\nvalue.1: " + state + "\nvalue.3: " + state + "\n"},
		{"blank key", "kind: key\nbits: 128\nvalue: blank\n", "kind: key\nbits: 128\nvalue: blank\n"},

		// In another spelling, what is ours is shown.
		{"empty", "", ""},
		{"carriage returns", crlf, "kind: secret\nabout: \"the\" one\nexpires: 2030-01-31\noptional: true\n" + sealed},
		{"quoted and sealed", "kind: 'secret'\n" + sealed, "kind: secret\n" + sealed},
		{"garbage", "a\tb\n\nc", notShown + "\n"},
		{"escapes", "<<<<<<< a\x1b[31m\x00b\n", "<<<<<<< a?[31m?b\n"},
		{"conflict", "<<<<<<< HEAD\n" + file + "=======\nkind: secret\nvalue: blank\n>>>>>>> topic\n", "<<<<<<< HEAD\n" + file + "=======\nkind: secret\nvalue: blank\n>>>>>>> topic\n"},
		{"conflict of lines", strings.Replace(file, sealed, "<<<<<<< HEAD\n"+sealed+"=======\nvalue: blank\n>>>>>>> topic\n", 1), strings.Replace(file, sealed, "<<<<<<< HEAD\n"+sealed+"=======\nvalue: blank\n>>>>>>> topic\n", 1)},
		{"conflict of a key", "<<<<<<< a\nkind: key\nbits: 256\n=======\nbits: 128\nbits: CANARY\n>>>>>>> b\nvalue.12: " + f.Value + "\n", "<<<<<<< a\nkind: key\nbits: 256\n=======\nbits: 128\n" + notShown + "\n>>>>>>> b\nvalue.12: " + f.Value + "\n"},

		// What is not sealed is not shown, wherever it stands.
		{"plain", "kind: secret\nvalue: CANARYplain\n", "kind: secret\nvalue: not sealed!\n"},
		{"looks sealed", "kind: secret\nvalue: s1.1.CANARYplain\n", "kind: secret\nvalue: not sealed!\n"},
		{"flow", "{kind: secret, value: CANARYplain}\n", "kind: secret\nvalue: not sealed!\n"},
		{"block", "kind: secret\nvalue: |\n  CANARYone\n  kind: x\n  CANARYtwo\noptional: true\n", "kind: secret\nvalue: not sealed!\noptional: true\n"},
		{"list", "value:\n- CANARYone\n", "value: not sealed!\n"},
		{"key", "kind: key\nvalue.2: CANARYplain\n", "kind: key\nvalue.2: not sealed!\n"},
		{"other keys", "Value: CANARYone\nvalue.CANARYtwo: a\nkind: CANARYthree\nexpires: CANARYfour\nabout: x # CANARYfive\n", strings.Repeat(notShown+"\n", 4) + "about: x\n"},
		{"a comment", "kind: secret\n# value: CANARYone\n" + sealed, "kind: secret\n" + sealed},
		{"conflict and plain", "<<<<<<< HEAD\nvalue: CANARYone\n=======\nvalue: |\n  CANARYtwo\n>>>>>>> topic\nabout: x\n", "<<<<<<< HEAD\nvalue: not sealed!\n=======\nvalue: not sealed!\n" + notShown + "\n>>>>>>> topic\n" + notShown + "\n"},
		{"conflict in a block", "value: |\n<<<<<<< HEAD\n  CANARYone\n=======\n  CANARYtwo\n>>>>>>> topic\n", "value: not sealed!\n<<<<<<< HEAD\n" + notShown + "\n=======\n" + notShown + "\n>>>>>>> topic\n"},
		{"conflict in about", "about: \"a\"\n<<<<<<< HEAD\nvalue: |\nabout: \"CANARYone\"\n=======\n>>>>>>> topic\noptional: true\n", "about: \"a\"\n<<<<<<< HEAD\nvalue: not sealed!\n" + notShown + "\n=======\n>>>>>>> topic\noptional: true\n"},
		{"conflict and another key", "<<<<<<< a\n? value\n: CANARYone\n=======\n\"\\x76alue\": CANARYtwo\nValue: CANARYthree\n>>>>>>> b\n", "<<<<<<< a\n" + notShown + "\n=======\n" + notShown + "\n>>>>>>> b\n"},
		{"conflict and a byte order mark", "\ufeffvalue: CANARYone\n<<<<<<< a\n=======\n>>>>>>> b\n", notShown + "\n<<<<<<< a\n=======\n>>>>>>> b\n"},
		{"broken flow", "{kind: secret, \"value\": CANARYplain\n", notShown + "\n"},
		{"broken quotes", "'value' : \"CANARYone\nCANARYtwo\n", notShown + "\n"},
	} {
		got := s.convert(test.in)
		if got != test.want {
			t.Errorf("%s: got\n%q\nwant\n%q", test.name, got, test.want)
		}
		if strings.Contains(got, "CANARY") {
			t.Errorf("%s: a value came out", test.name)
		}
	}
	long := strings.Repeat("bits: 128\n", maxShown/10+1)
	if got := s.convert(long); !strings.HasPrefix(got, long[:maxShown-10]) || len(got) > maxShown+100 || !strings.HasSuffix(got, "not shown\n") {
		t.Errorf("a long file: %d bytes", len(got))
	}
	s.run(1, "", "textconv", filepath.Join(s.dir, "nosuch"))
	s.run(2, "", "textconv")
}

func FuzzTextconv(f *testing.F) {
	f.Add([]byte("kind: secret\nvalue: s3cr3t\n"))
	f.Add([]byte("<<<<<<< a\nvalue: |\n  s3cr3t\n=======\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		out := textconv(data)
		if strings.ContainsAny(out, "\x1b\x00\u009b") {
			t.Errorf("%q became %q", data, out)
		}
		// After a line that begins a value that is not sealed nothing of it is shown.
		plain := textconv(append(append([]byte("kind: secret\nvalue: |\n  "), bytes.ReplaceAll(data, []byte("\n"), []byte("\n  "))...), "\n  CANARYend\n"...))
		if strings.Contains(plain, "CANARYend") && !bytes.Contains(data, []byte("value")) && !bytes.Contains(data, []byte("about")) {
			t.Errorf("%q became %q", data, plain)
		}
	})
}
