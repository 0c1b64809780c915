package cmd_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// quiet fails where a value came out.
func (h *hooked) quiet(r result) {
	h.Helper()
	if strings.Contains(r.stdout+r.stderr, "CANARY") {
		h.Errorf("a value came out: %+v", r)
	}
}

// TestScanHidesNames: a path that holds a value is shown without it, whatever else
// is wrong with the file, and files stay tellable apart.
func TestScanHidesNames(t *testing.T) {
	h := newHooked(t)
	dir := "d-CANARYproduction"
	h.put(dir+"/f.txt", "x\nCANARYproduction\n")
	h.put(dir+"/g.txt", "x\n")
	h.git(h.dir, "add", "-A")
	h.quiet(result{stdout: h.stops(h.dir, "commit", "-qm", "names")})
	r := h.run(h.dir, "", "scan")
	h.quiet(r)
	h.says(r.stdout, "d-[KEY]/f.txt:0  KEY (production)\n", "d-[KEY]/f.txt:2  KEY (production)\n", "d-[KEY]/g.txt:0  KEY (production)\n")
	h.says(r.stderr, "pinseal scan --allow-all")
	r = h.run(h.dir, "", "scan", "--json")
	h.quiet(r)
	var report struct {
		Findings []struct {
			Path   string
			Masked bool
			Line   int
		}
	}
	if err := json.Unmarshal([]byte(r.stdout), &report); err != nil || len(report.Findings) != 3 || report.Findings[1].Path != "d-[KEY]/f.txt" || !report.Findings[1].Masked {
		t.Errorf("%v, %s", err, r.stdout)
	}

	if os.Remove(filepath.Join(h.dir, dir, "g.txt")) != nil || os.Remove(filepath.Join(h.dir, dir, "f.txt")) != nil || os.Symlink(dir, filepath.Join(h.dir, "x")) != nil ||
		os.Remove(filepath.Join(h.dir, dir)) != nil || os.Symlink(dir, filepath.Join(h.dir, dir)) != nil {
		t.Skip("no symlinks here")
	}
	r = h.run(h.dir, "", "scan") // a link to itself
	h.quiet(r)
	h.says(r.stderr, "not everything could be looked into: d-[KEY]/f.txt: ", "and 1 more", "values of secrets stand in plain text: 5")
	if r := h.run(h.dir, "", "scan", "--allow-all"); r.code != 1 {
		t.Errorf("%+v", r)
	}
	h.git(h.dir, "add", "-A")
	h.quiet(h.run(h.dir, "", "scan", "--staged"))
}

// TestScanAllowNames: a name is let pass on its own, and the baseline does not
// show it.
func TestScanAllowNames(t *testing.T) {
	h := newHooked(t)
	name := "d-CANARYproduction/f.txt"
	h.put(name, "x\nCANARYproduction\n")
	baseline := func() string { return string(h.read(filepath.Join(h.dir, ".pinseal/shop/scan.baseline"))) }
	r := h.run(h.dir, "", "scan", "--allow", name+":0")
	h.quiet(r)
	h.says(r.stderr, "Allowed d-[KEY]/f.txt:0")
	if r = h.run(h.dir, "", "scan"); r.code != 1 || r.stdout != "d-[KEY]/f.txt:2  KEY (production)\n" {
		t.Errorf("the name alone: %+v", r)
	}
	r = h.run(h.dir, "", "scan", "--allow-all")
	h.quiet(r)
	if r.code != 0 || strings.Contains(baseline(), "CANARY") || strings.Count(baseline(), ` KEY ""`) != 2 {
		t.Errorf("%+v, %q", r, baseline())
	}
	h.pinseal(h.dir, "", "scan")
	h.git(h.dir, "add", "-A")
	h.git(h.dir, "commit", "-qm", "let pass")
	h.put("d-CANARYproduction/g.txt", "CANARYproduction")
	if r = h.run(h.dir, "", "scan"); r.code != 1 || r.stdout != "d-[KEY]/g.txt:0  KEY (production)\nd-[KEY]/g.txt:1  KEY (production)\n" {
		t.Errorf("another file: %+v", r)
	}
}
