package cmd_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// At a terminal nothing stands between it and the program, unless it is asked for; what
// goes elsewhere is masked all the same.
func TestRunMaskAtTerminal(t *testing.T) {
	dir, env := shop(t)
	script := `test -t 0 && test -t 1 && echo "terminal, $API_KEY."; echo "to a file: $API_KEY." >&2; exit 3`
	file := filepath.Join(dir, "stderr")
	s := atScreen(t, dir, env, "sh", "-c", `exec pinseal run -- sh -c "$1" 2>"$2"`, "sh", script, file)
	s.until("terminal, CANARYsignal.")
	s.ends(3)
	if text, err := os.ReadFile(file); err != nil || string(text) != "to a file: [secret].\n" {
		t.Errorf("%q, %v", text, err)
	}

	s = atScreen(t, dir, env, "pinseal", "run", "--mask", "always", "--", "sh", "-c", `test -t 0 && echo "input, $API_KEY."; test -t 1 || echo "no terminal"; exit 4`)
	if seen := s.until("no terminal"); !strings.Contains(seen, "input, [secret].") {
		t.Errorf("screen %q", seen)
	}
	s.ends(4)
}
