//go:build unix

package cmd_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age/plugin"
)

func TestIdentityPassphrase(t *testing.T) {
	slow(t)
	w := newTypist(t)
	w.dir, w.tty = ".", true
	tests := []struct {
		name   string
		hidden []string
		want   int
	}{
		{"nothing typed", nil, 1},
		{"empty", []string{""}, 2},
		{"two that differ", []string{"CANARYphrase", "CANARYother"}, 2},
		{"only once", []string{"CANARYphrase"}, 1},
		{"twice", []string{"CANARYphrase", "CANARYphrase"}, 0},
	}
	for _, test := range tests {
		w.hidden = test.hidden
		w.must(test.want, "identity", "new", "-o", "id", "--passphrase")
		if strings.Contains(w.out.String()+w.err.String(), "CANARY") {
			t.Errorf("%s: a passphrase is shown", test.name)
		}
		if _, err := os.Stat(filepath.Join(w.top, "id")); (err == nil) != (test.want == 0) {
			t.Errorf("%s: file is there: %v", test.name, err == nil)
		}
	}
	w.must(6, "identity", "new", "-o", "id", "--passphrase")
	if w.asked > 0 {
		t.Error("a passphrase was asked for in vain")
	}
	data, err := os.ReadFile(filepath.Join(w.top, "id"))
	if err != nil || !strings.HasPrefix(string(data), "-----BEGIN AGE ENCRYPTED FILE-----") || strings.Contains(string(data), "SECRET") {
		t.Fatalf("not an age file: %v", err)
	}

	w.hidden = []string{"CANARYphrase"}
	w.must(0, "identity", "show", "--identity", "id")
	w.hidden = []string{"CANARYwrong"}
	w.must(4, "identity", "show", "--identity", "id")
	w.must(4, "identity", "show", "--identity", "id", "--no-input")

	// It is copied as it is, and keeps its passphrase.
	w.must(0, "identity", "export", "--identity", "id", "-o", "copy", "--passphrase")
	if copied, err := os.ReadFile(filepath.Join(w.top, "copy")); err != nil || string(copied) != string(data) {
		t.Errorf("the copy is another: %v", err)
	}
	w.says("keeps it")
}

func TestIdentityExportOnTerminal(t *testing.T) {
	slow(t)
	w := newTypist(t)
	w.dir = "."
	w.must(0, "identity", "new")
	w.tty = true
	w.must(2, "identity", "export")
	if w.out.Len() > 0 {
		t.Error("the private identity was shown")
	}
	w.says("--show")
	w.must(2, "identity", "export", "--passphrase")
	w.must(0, "identity", "export", "--show")
	w.says("AGE-SECRET-KEY-PQ-1")
	w.hidden = []string{"CANARYphrase", "CANARYphrase"}
	w.must(0, "identity", "export", "--show", "--passphrase")
	if out := w.out.String(); strings.Contains(out, "SECRET") || !strings.HasPrefix(out, "-----BEGIN AGE") {
		t.Error("the copy is not protected")
	}
	w.must(0, "identity", "export", "-o", "copy", "--passphrase")
	if w.out.Len() > 0 {
		t.Error("stdout is for nothing here")
	}
	w.hidden = w.hidden[:1]
	w.must(0, "identity", "show", "--identity", "copy")
}

// A key in the place of a file name does not come out again.
func TestIdentityInPlaceOfItsFile(t *testing.T) {
	w := newTypist(t)
	w.seals("shop", "shop")
	w.dir = "shop"
	env := w.env
	for _, key := range []string{"AGE-SECRET-KEY-PQ-1CANARY", "age-secret-key-1canary", "AGE-PLUGIN-X-1CANARY", "PINSEAL-SERVICE-1.canary", " x\nAGE-SECRET-KEY-1CANARY"} {
		for _, args := range [][]string{{"get", "KEY"}, {"identity", "show"}} {
			w.env = append(env, "PINSEAL_IDENTITY_FILE="+key)
			w.must(2, args...)
			w.says("PINSEAL_IDENTITY_FILE wants the name of a file")
			both := w.out.String() + w.err.String()
			w.env = env
			w.must(2, append(args, "--identity", key)...)
			w.says("--identity wants the name of a file")
			if both += w.out.String() + w.err.String(); strings.Contains(strings.ToUpper(both), "CANARY") {
				t.Errorf("the key is shown:\n%s", both)
			}
		}
	}
	// A file may have such a name.
	w.must(0, "identity", "new", "-o", "age-plugin-x.txt")
	w.must(0, "identity", "show", "--identity", "age-plugin-x.txt")
}

// A plugin of age is a program of somebody else's: the variables that hold our
// identity are not in its environment.
func TestPluginDoesNotInheritIdentity(t *testing.T) {
	dir, env := shop(t)
	top := filepath.Dir(dir)
	seen := filepath.Join(top, "seen")
	script := "#!/bin/sh\nenv > " + seen + "\nexit 1\n"
	if err := os.WriteFile(filepath.Join(top, "age-plugin-canary"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	line := plugin.EncodeIdentity("canary", []byte("data"))
	env = append(env, "PATH="+top+string(os.PathListSeparator)+os.Getenv("PATH"), "PINSEAL_IDENTITY="+line, "PINSEAL_IDENTITY_FILE=", "MARK=here")
	s := startIn(t, dir, env, "pinseal", "get", "API_KEY")
	_ = s.cmd.Wait()
	got, err := os.ReadFile(seen)
	if err != nil || !strings.Contains(string(got), "MARK=here") {
		t.Fatalf("the plugin did not run: %v; stderr: %s", err, s.err)
	}
	if strings.Contains(string(got), "PINSEAL_IDENTITY") || strings.Contains(string(got), line) {
		t.Errorf("the plugin has our identity:\n%s", got)
	}
}
