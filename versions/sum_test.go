package versions

import (
	"bytes"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

func sumOf(names ...string) Sum {
	digests := map[string][32]byte{}
	for _, n := range names {
		digests[n] = digestOf([]byte(n))
	}
	return MakeSum(prod, digests)
}

// Lines are in the order of paths, where the suffix takes part: '-' and '.' sort
// before it ends, upper case before lower.
func TestSumOrder(t *testing.T) {
	s := sumOf("a", "A-B", "A", "A.B", "_", "A0", "AA", "Z")
	var paths []string
	for line := range strings.Lines(string(s)) {
		paths = append(paths, line[66:len(line)-1])
	}
	want := []string{"production/A-B.yaml", "production/A.B.yaml", "production/A.yaml", "production/A0.yaml", "production/AA.yaml", "production/Z.yaml", "production/_.yaml", "production/a.yaml"}
	if !slices.Equal(paths, want) {
		t.Errorf("got %q", paths)
	}
	parsed, err := ParseSum(prod, s)
	if err != nil {
		t.Fatal(err)
	}
	if names := parsed.Names(); !slices.Equal(names, []string{"A", "A-B", "A.B", "A0", "AA", "Z", "_", "a"}) {
		t.Errorf("names: %q", names)
	}
}

func TestSumDigest(t *testing.T) {
	for n := range 70 {
		var names []string
		for i := range n {
			names = append(names, fmt.Sprintf("N%0*d", 1+i%40, i))
		}
		s := sumOf(names...)
		for _, name := range names {
			if d, ok := s.Digest(prod, name); !ok || d != digestOf([]byte(name)) {
				t.Fatalf("%d names: %q: %v", n, name, ok)
			}
		}
		for _, name := range []string{"", "A", "N", "N00000000", "z", "N0.yaml", "n0"} {
			if _, ok := s.Digest(prod, name); ok && !slices.Contains(names, name) {
				t.Fatalf("%d names: %q is found", n, name)
			}
		}
		if _, ok := s.Digest("dev", "N0"); ok {
			t.Fatal("found in another environment")
		}
	}
}

func TestParseSumRefuses(t *testing.T) {
	good := string(sumOf("A", "A.B", "b"))
	first, rest, _ := strings.Cut(good, "\n")
	hex, path := first[:64], first[66:]
	for name, in := range map[string]string{
		"no last newline": strings.TrimSuffix(good, "\n"), "crlf": strings.ReplaceAll(good, "\n", "\r\n"), "empty line": good + "\n", "leading empty line": "\n" + good,
		"unsorted": rest + first + "\n", "twice": first + "\n" + good, "upper case": strings.ToUpper(hex) + "  " + path + "\n", "one space": hex + " " + path + "\n",
		"binary mark": hex + " *" + path + "\n", "three spaces": hex + "   " + path + "\n", "short digest": hex[1:] + "  " + path + "\n", "long digest": "a" + hex + "  " + path + "\n",
		"other environment": hex + "  dev/A.yaml\n", "no environment": hex + "  A.yaml\n", "deeper": hex + "  production/x/A.yaml\n", "dots": hex + "  production/../A.yaml\n",
		"absolute": hex + "  /production/A.yaml\n", "other suffix": hex + "  production/A.yml\n", "no name": hex + "  production/.yaml\n", "bad name": hex + "  production/1.yaml\n",
		"device": hex + "  production/con.yaml\n", "escaped": "\\" + hex + "  production/A.yaml\n", "not hex": strings.Repeat("g", 64) + "  production/A.yaml\n", "nul": hex + "  production/A\x00.yaml\n",
		"note": hex + "  app.note\n", "keys": hex + "  keys/production.read.1/bob.age\n", "too large": strings.Repeat("a", MaxSum+1),
	} {
		if s, err := ParseSum(prod, []byte(in)); err == nil {
			t.Errorf("%s: accepted as %q", name, s)
		}
	}
	for _, in := range [][]byte{nil, {}} {
		if s, err := ParseSum(prod, in); err != nil || s == nil || len(s) != 0 {
			t.Errorf("empty: %v, %v", s, err)
		}
	}
}

func TestParseSumCap(t *testing.T) {
	var names []string
	for i := range MaxSecrets {
		names = append(names, fmt.Sprintf("N%05d", i))
	}
	if _, err := ParseSum(prod, sumOf(names...)); err != nil {
		t.Fatal(err)
	}
	if _, err := ParseSum(prod, sumOf(append(names, "ONE_MORE")...)); err == nil {
		t.Fatal("10,001 names are accepted")
	}
}

// set.sum is for people to check with a tool they know.
func TestSumIsForSha256sum(t *testing.T) {
	tool, err := exec.LookPath("sha256sum")
	if err != nil {
		t.Skip("there is no sha256sum here")
	}
	a := newApp(t)
	a.set(prod, "B", "b")
	a.set(prod, "A", "a")
	digests := map[string][32]byte{}
	for _, n := range []string{"A", "B"} {
		data, err := a.workTree().FileBytes(prod, n)
		a.must(err)
		digests[n] = digestOf(data)
	}
	s := MakeSum(prod, digests)
	out := exec.Command(tool, "--strict", "-c", "-")
	out.Dir, out.Stdin = a.dir+"/"+appDir, bytes.NewReader(s)
	if got, err := out.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, got)
	}
	print := exec.Command(tool, "production/A.yaml", "production/B.yaml")
	print.Dir = a.dir + "/" + appDir
	if got, err := print.Output(); err != nil || !bytes.Equal(got, s) {
		t.Fatalf("sha256sum prints %q, %v; we %q", got, err, s)
	}
}

func FuzzParseSum(f *testing.F) {
	addSeeds(f, [][]byte{sumOf(), sumOf("A"), sumOf("A", "A-B", "A.B", "a"), sumOf("X1", "X10", "X2")})
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := ParseSum(prod, data)
		if err != nil {
			return
		}
		digests := map[string][32]byte{}
		for _, name := range s.Names() {
			d, ok := s.Digest(prod, name)
			if !ok {
				t.Fatalf("%q is listed and has no digest", name)
			}
			digests[name] = d
		}
		if printed := MakeSum(prod, digests); !bytes.Equal(printed, data) {
			t.Fatalf("prints as %q", printed)
		}
	})
}
