package cmd_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

const keyText = "AAECAwQFBgcICQoLDA0ODw=="

// newKeyTypist is somebody at a terminal, whose app has key K of two versions.
func newKeyTypist(t *testing.T) *typist {
	t.Helper()
	w := newTypist(t)
	w.dir = "r"
	if err := os.Mkdir(filepath.Join(w.top, w.dir), 0o700); err != nil {
		t.Fatal(err)
	}
	w.git("init", "-q")
	w.must(0, "init", "shop")
	w.must(0, "key", "create", "K")
	w.must(0, "key", "rotate", "K")
	w.tty = true
	return w
}

// keyFile is the file of K, nil when it is gone.
func (w *typist) keyFile() []byte {
	data, err := os.ReadFile(filepath.Join(w.top, w.dir, ".pinseal", "shop", "dev", "K.yaml"))
	if err != nil && !os.IsNotExist(err) {
		w.t.Fatal(err)
	}
	return data
}

// TestKeyAsks holds what is asked before versions of a key are dropped, and that
// nothing but the right answers drops any.
func TestKeyAsks(t *testing.T) {
	reset, rm, before := []string{"key", "reset", "K"}, []string{"key", "rm", "K"}, []string{"key", "rm", "K", "--before", "2"}
	with := func(line []string, more ...string) []string { return append(line[:len(line):len(line)], more...) }
	const warned, first, second = "2 versions of K in dev will be dropped", "Reset K? [y/N] ", "Type the name of the key: "
	for name, test := range map[string]struct {
		line    []string
		answers string
		code    int
		says    string
	}{
		"reset":                 {reset, "y\nK\n", 0, second},
		"reset, warned":         {reset, "y\nK\n", 0, warned},
		"reset, no":             {reset, "n\nK\n", 1, first},
		"reset, nothing typed":  {reset, "", 1, first},
		"reset, another name":   {reset, "y\nk\n", 1, "nothing was changed"},
		"reset, y twice":        {reset, "y\ny\n", 1, "nothing was changed"},
		"reset, no name":        {reset, "y\n", 1, second},
		"reset --yes":           {with(reset, "--yes"), "K\n", 0, second},
		"reset --yes, no name":  {with(reset, "--yes"), "y\n", 1, warned},
		"reset --confirm":       {with(reset, "--confirm", "K"), "y\n", 0, first},
		"reset --confirm, no":   {with(reset, "--confirm", "K"), "\n", 1, first},
		"reset, never asking":   {with(reset, "--no-input"), "y\nK\n", 2, "--yes --confirm K"},
		"reset, both":           {with(reset, "--no-input", "--yes", "--confirm", "K"), "", 0, "version 3 (128 bits) is the only one"},
		"rm":                    {rm, "yes\n", 0, "Remove K from dev, with 2 versions? What was encrypted with that cannot be decrypted from this set again. [y/N] "},
		"rm, no":                {rm, "no\n", 1, "nothing was changed"},
		"rm, never asking":      {with(rm, "--no-input"), "y\n", 2, "pinseal key rm K -e dev --yes"},
		"rm --before":           {before, "y\n", 0, "Drop version 1 of K in dev? What was encrypted with that cannot be decrypted from this set again. [y/N] "},
		"rm --before, no":       {before, "\n", 1, "nothing was changed"},
		"rm --before, no input": {with(before, "--no-input"), "y\n", 2, "pinseal key rm K -e dev --before 2 --yes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newKeyTypist(t)
			was := w.keyFile()
			w.answers = test.answers
			w.must(test.code, test.line...)
			w.says(test.says)
			if now := w.keyFile(); bytes.Equal(now, was) != (test.code != 0) {
				t.Errorf("exit code %d, and the file is\n%s", test.code, now)
			}
		})
	}
}

// TestKeyImportHidden holds that a key is asked for where nobody sees it.
func TestKeyImportHidden(t *testing.T) {
	w := newKeyTypist(t)
	w.hidden = []string{keyText}
	w.must(0, "key", "import", "typed")
	w.must(0, "key", "export", "typed", "--reveal")
	if got := w.out.String(); got != keyText+"\n" || w.asked != 0 {
		t.Errorf("exported %q, and asked %d times", got, w.asked)
	}
	w.must(6, "key", "import", "K")
	if w.asked != 0 {
		t.Error("asked for a key that has no place")
	}
	w.hidden = []string{""}
	w.must(2, "key", "import", "empty")
	w.must(2, "key", "import", "never", "--no-input")
}
