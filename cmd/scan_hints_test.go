package cmd_test

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestScanHintsFromBelow: a hook is run from the top, and its lines are pasted
// where git was.
func TestScanHintsFromBelow(t *testing.T) {
	h := newHooked(t)
	h.put("sub/f.txt", "CANARYproduction")
	h.git(h.dir, "add", "-A")
	sub := filepath.Join(h.dir, "sub")
	h.says(h.stops(sub, "commit", "-qm", "below"), "sub/f.txt:1  KEY", "pinseal scan --allow f.txt:1 ")
	h.says(h.stops(h.dir, "commit", "-qm", "top"), "pinseal scan --allow sub/f.txt:1 ")
	h.put("sub/f.txt", "clean")
	h.says(h.stops(sub, "commit", "-qm", "below"), "git add :/sub/f.txt ")
}

// TestScanHintsStaged: where the work tree is in order, what is missing is staging
// it.
func TestScanHintsStaged(t *testing.T) {
	h := newHooked(t)
	h.put("f.txt", "CANARYproduction")
	h.git(h.dir, "add", "-A")
	h.put("f.txt", "one more\nCANARYproduction")
	h.says(h.stops(h.dir, "commit", "-qm", "leak"), "f.txt:1  KEY", "pinseal scan --allow f.txt:2 ")
	h.pinseal(h.dir, "", "scan", "--allow", "f.txt:2")
	h.says(h.stops(h.dir, "commit", "-qm", "leak"), "git add .pinseal/shop/scan.baseline ")
	h.git(h.dir, "add", ".pinseal")
	h.git(h.dir, "commit", "-qm", "let pass")
	h.put("g.txt", "CANARYproduction")
	h.git(h.dir, "add", "-A")
	h.put("g.txt", "clean")
	said := h.stops(h.dir, "commit", "-qm", "leak")
	h.says(said, "git add g.txt ")
	if strings.Contains(said, "--allow") {
		t.Error(said)
	}
	h.git(h.dir, "add", "g.txt")
	h.git(h.dir, "commit", "-qm", "clean")
}

// TestScanHintsApp: where there are two apps, a line is for the one that the value
// is of.
func TestScanHintsApp(t *testing.T) {
	h := newHooked(t)
	h.pinseal(h.dir, "", "fork", "mine")
	h.pinseal(h.dir, "CANARYmine", "set", "KEY", "-e", "dev", "--app", "mine")
	h.put("a.txt", "CANARYmine\n")
	h.says(h.run(h.dir, "", "scan").stderr, "pinseal --app mine run -e dev -- CMD")
	h.git(h.dir, "add", "-A")
	h.git(h.dir, "commit", "-q", "--no-verify", "-m", "leak")
	h.says(h.run(h.dir, "", "scan", "--history").stderr, "pinseal --app mine set KEY -e dev ")
	h.says(h.run(h.dir, "", "scan", "--app", "mine").stderr, "pinseal --app mine run -e dev -- CMD")
}

// TestScanHintsOld: an old value is not replaced once more.
func TestScanHintsOld(t *testing.T) {
	h := newHooked(t)
	h.put("a.txt", "CANARYproduction\n")
	h.git(h.dir, "add", "-A")
	h.git(h.dir, "commit", "-q", "--no-verify", "-m", "leak")
	r := h.run(h.dir, "", "scan", "--history")
	h.says(r.stderr, "pinseal set KEY -e production ")
	h.pinseal(h.dir, "CANARYnewer", "set", "KEY", "-e", "production")
	h.git(h.dir, "add", "-A")
	h.git(h.dir, "commit", "-q", "--no-verify", "-m", "new value")
	r = h.run(h.dir, "", "scan", "--history")
	h.says(r.stdout, "a.txt:1  KEY (production)  an old value\n")
	h.says(r.stderr, "pinseal log KEY -e production      it is an old value")
	if strings.Contains(r.stderr, "pinseal set") {
		t.Errorf("%+v", r)
	}
}

// TestScanAllowHistory: what may stand in a commit may not come back.
func TestScanAllowHistory(t *testing.T) {
	h := newHooked(t)
	for _, text := range []string{"CANARYproduction\n", "clean\n"} {
		h.put("a.txt", text)
		h.git(h.dir, "add", "-A")
		h.git(h.dir, "commit", "-q", "--no-verify", "-m", "CANARYproduction")
	}
	h.pinseal(h.dir, "", "scan", "--history", "--allow-all")
	h.pinseal(h.dir, "", "scan", "--history")
	h.pinseal(h.dir, "", "scan", "HEAD~1..HEAD")
	baseline := string(h.read(filepath.Join(h.dir, ".pinseal/shop/scan.baseline")))
	if !strings.Contains(baseline, ` "a.txt@`) || strings.Contains(baseline, `"a.txt"`) {
		t.Error(baseline)
	}
	h.put("a.txt", "once more CANARYproduction\n")
	if r := h.run(h.dir, "", "scan"); r.code != 1 {
		t.Errorf("in the file: %+v", r)
	}
	h.git(h.dir, "add", "-A")
	h.says(h.stops(h.dir, "commit", "-qm", "leak"), "a.txt:1  KEY")
	h.git(h.dir, "commit", "-q", "--no-verify", "-m", "leak")
	if r := h.run(h.dir, "", "scan", "--history"); r.code != 1 || strings.Count(r.stdout, "\n") != 1 {
		t.Errorf("in another commit: %+v", r)
	}
	h.pinseal(h.dir, "", "scan", "--allow", "a.txt:1")
	h.pinseal(h.dir, "", "scan", "--history")
}
