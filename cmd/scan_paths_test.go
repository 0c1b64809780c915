package cmd_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pinseal/cmd"
)

// TestScanNamed: what is named is looked into, wherever it leads, or it is said
// that it was not.
func TestScanNamed(t *testing.T) {
	h := newHooked(t)
	h.put("docs/a.txt", "CANARYproduction")
	h.put("docs/.git/b.txt", "CANARYproduction")
	h.put("dist/linked.txt", "CANARYproduction")
	h.write(h.path("elsewhere", "c.txt"), []byte("x\nCANARYproduction"))
	for _, dir := range []string{"empty/below", "docs/.git/only"} {
		if err := os.MkdirAll(filepath.Join(h.dir, dir), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	for link, target := range map[string]string{"in": "dist", "out": h.path("elsewhere"), "CANARYno": "nowhere", "says": "CANARYproduction", "file": "docs/a.txt", "docs/dir": "../dist"} {
		if err := os.Symlink(target, filepath.Join(h.dir, link)); err != nil {
			t.Skip("no symlinks here")
		}
	}
	for named, want := range map[string]string{
		"docs": "docs/a.txt:1", "in": "dist/linked.txt:1", "out": filepath.Join(h.dir, "out", "c.txt") + ":2", "says": "says:1", "file": "docs/a.txt:1",
		filepath.Join(h.dir, "docs"): "docs/a.txt:1", "docs/.git": "docs/.git/b.txt:1",
	} {
		if r := h.run(h.dir, "", "scan", named); r.code != 1 || r.stdout != want+"  KEY (production)\n" {
			t.Errorf("%s: %+v", named, r)
		}
	}
	if r := h.run(h.dir, "", "scan", "CANARYno"); r.code != 0 || !strings.Contains(r.stderr, "1 text") {
		t.Errorf("a link to nowhere: %+v", r)
	}
	for _, named := range []string{"empty", "docs/.git/only"} {
		if r := h.run(h.dir, "", "scan", named); r.code != 1 || strings.Contains(r.stderr, "Nothing found") || !strings.Contains(r.stderr, "there is nothing in it to look into") {
			t.Errorf("%s: %+v", named, r)
		}
	}
	r := h.run(h.dir, "CANARYproduction", "scan", "empty", "-", "docs")
	h.says(r.stdout, "stdin:1  KEY", "docs/a.txt:1  KEY")
	h.says(r.stderr, "in plain text: 2; and not everything could be looked into: empty: ")
}

// TestScanBaselineBeside: what lies outside of the repository takes no baseline
// from what lies within, and gets none.
func TestScanBaselineBeside(t *testing.T) {
	h := newHooked(t)
	h.put("docs/a.txt", "CANARYproduction")
	h.pinseal(h.dir, "", "scan", "--allow-all")
	before := h.read(filepath.Join(h.dir, ".pinseal/shop/scan.baseline"))
	h.write(h.path("dist", "docs", "a.txt"), []byte("CANARYproduction"))
	r := h.run(h.dir, "", "scan", "docs", "../dist")
	if want := h.path("dist", "docs", "a.txt") + ":1  KEY (production)\n"; r.code != 1 || r.stdout != want || strings.Contains(r.stderr, "--allow") {
		t.Errorf("%+v, want %q", r, want)
	}
	for _, args := range [][]string{{"-"}, {"docs", "../dist"}} {
		if r := h.run(h.dir, "CANARYproduction", append([]string{"scan", "--allow-all"}, args...)...); r.code != 2 {
			t.Errorf("%v: %+v", args, r)
		}
	}
	if r := h.run(h.dir, "", "scan", "--allow", "../dist/docs/a.txt:1"); r.code != 3 {
		t.Errorf("%+v", r)
	}
	if after := h.read(filepath.Join(h.dir, ".pinseal/shop/scan.baseline")); !bytes.Equal(before, after) {
		t.Errorf("the baseline was changed: %q", after)
	}
}

// TestScanUnreadTree: what git tracks and cannot be looked at was not deleted.
func TestScanUnreadTree(t *testing.T) {
	h := newHooked(t)
	h.put("d/a.txt", "x")
	h.put("gone/a.txt", "x")
	h.put("file/a.txt", "x")
	h.git(h.dir, "add", "-A")
	for _, name := range []string{"d", "gone", "file"} {
		if err := os.RemoveAll(filepath.Join(h.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	h.put("file", "x")
	h.pinseal(h.dir, "", "scan")
	if err := os.Symlink("d", filepath.Join(h.dir, "d")); err != nil {
		t.Skip("no symlinks here")
	}
	if r := h.run(h.dir, "", "scan"); r.code != 1 || !strings.Contains(r.stderr, "not everything could be looked into: d/a.txt: ") || strings.Contains(r.stderr, "more") {
		t.Errorf("%+v", r)
	}
}

// TestScanClosedDirectory: a directory that cannot be read hides nothing else and
// is told, by git's listing and by ours.
func TestScanClosedDirectory(t *testing.T) {
	h := newHooked(t)
	h.put("docs/closed/a.txt", "x")
	h.put("docs/found.txt", "CANARYproduction")
	closed := filepath.Join(h.dir, "docs/closed")
	if err := os.Chmod(closed, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(closed, 0o700) })
	if _, err := os.ReadDir(closed); err == nil {
		t.Skip("every directory can be read here")
	}
	for _, args := range [][]string{{"scan"}, {"scan", "docs"}, {"scan", "--all"}} {
		r := h.run(h.dir, "", args...)
		if r.code != 1 || r.stdout != "docs/found.txt:1  KEY (production)\n" || !strings.Contains(r.stderr, "not everything could be looked into: docs/closed: ") {
			t.Errorf("%v: %+v", args, r)
		}
	}
}

// TestScanFull: a baseline that could not be read again is not written.
func TestScanFull(t *testing.T) {
	h := newHooked(t)
	h.put("a.txt", "CANARYproduction")
	line := "dev.1 0000000000000000000000000000000000000000000000000000000000000000 KEY \"" + strings.Repeat("x", 4000) + "\"\n"
	full := strings.Repeat(line[:13], 0)
	for n := range (4 << 20) / len(line) {
		full += strings.Replace(line, `"x`, `"`+string(rune('a'+n%26))+strings.Repeat("y", n/26), 1)
	}
	full = full[:min(len(full), 4<<20)]
	full = full[:strings.LastIndexByte(full, '\n')+1]
	rest := 4<<20 - len(full) - len("dev.1  KEY \"\"\n") - 64
	if rest > 10 {
		full += "dev.1 " + strings.Repeat("1", 64) + " KEY \"" + strings.Repeat("z", min(rest, 4000)) + "\"\n"
	}
	h.put(".pinseal/shop/scan.baseline", full)
	r := h.run(h.dir, "", "scan", "--allow-all")
	if r.code != 1 || !strings.Contains(r.stderr, "at most 4194304 are read") || strings.Contains(r.stderr, "Allowed") {
		t.Errorf("%+v", r)
	}
	if string(h.read(filepath.Join(h.dir, ".pinseal/shop/scan.baseline"))) != full {
		t.Error("it was written")
	}
}

// TestScanPipe: a pipe that is named is read, and one that nobody writes to does
// not hold a scan up.
func TestScanPipe(t *testing.T) {
	h := newHooked(t)
	for _, name := range []string{"read", "left"} {
		makePipe(t, filepath.Join(h.dir, name))
	}
	h.put("a.txt", "x")
	if r := h.run(h.dir, "", "scan", "."); r.code != 0 {
		t.Errorf("below a directory: %+v", r)
	}
	for _, name := range []string{"read", "left"} {
		ctx, stop := context.WithCancel(context.Background())
		writer := make(chan *os.File, 1)
		go func() {
			w, err := os.OpenFile(filepath.Join(h.dir, name), os.O_WRONLY, 0) // waits for the scan
			if err != nil {
				t.Error(err)
			}
			if name == "left" {
				stop()
			} else {
				w.WriteString("x\nCANARYproduction\n")
				w.Close()
			}
			writer <- w
		}()
		var out, talk bytes.Buffer
		env := &cmd.Env{Environ: h.env, Dir: h.dir, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &talk, Now: time.Now}
		code := cmd.Run(ctx, env, []string{"scan", name})
		(<-writer).Close()
		stop()
		if name == "read" && (code != 1 || out.String() != "read:2  KEY (production)\n") || name == "left" && code != 130 {
			t.Errorf("%s: exit code %d, %q, %q", name, code, &out, &talk)
		}
	}
}
