package dotenv

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// hostileValues are values by somebody who wants another program to see a variable,
// or to run something: whoever does makes the file ran.
func hostileValues(n int, evil, ran string) []Pair {
	r := rand.New(rand.NewPCG(5, 6))
	parts := []string{
		"'", `"`, `\`, "`", "$", "\n", "\n", "\r", "\r\n", "\t", " ", "#", "x", "=", "'\n", "\"\n", "\\\n", `\"`, `\n`, "export ",
		"NODE_OPTIONS=--require=" + evil, "NODE_OPTIONS='--require=" + evil + "'", "EVIL=1", "EVIL='1", `EVIL="1`, "export EVIL=1", "EVIL : 1",
		"$(touch " + ran + ")", "`touch " + ran + "`", ";touch " + ran + ";", "\ntouch " + ran + "\n", "|touch " + ran + "&", "${EVIL:=1}", "$((EVIL=1))", "(touch " + ran + ")",
	}
	pairs := make([]Pair, n)
	for i := range pairs {
		var value []byte
		for range 1 + r.IntN(9) {
			value = append(value, parts[r.IntN(len(parts))]...)
		}
		pairs[i] = Pair{Name: fmt.Sprintf("V_%d", i), Value: value}
	}
	return pairs
}

// Whatever the values are: no reader sees a name that is not there, misses one, or
// runs anything.
func TestOthersReadNoOtherNames(t *testing.T) {
	dir := t.TempDir()
	evil, ran := filepath.Join(dir, "evil.cjs"), filepath.Join(dir, "ran")
	if err := os.WriteFile(evil, []byte(`require("fs").writeFileSync(`+fmt.Sprintf("%q", ran)+`, "")`), 0o600); err != nil {
		t.Fatal(err)
	}
	pairs := append(hostileValues(3000, evil, ran), Pair{Name: "LAST", Value: []byte("last")})
	for from := 0; from < len(pairs); from += 1000 {
		some := pairs[from:min(len(pairs), from+1000)]
		out, err := Format(some)
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for _, p := range some {
			want = append(want, p.Name)
		}
		slices.Sort(want)
		file := filepath.Join(dir, fmt.Sprintf("%d.env", from))
		if err := os.WriteFile(file, out, 0o600); err != nil {
			t.Fatal(err)
		}
		model := nodeModel(out)
		sameNames(t, "node as we know it", model, want)
		t.Run("bash", func(t *testing.T) { sameNames(t, "bash", readBash(t, file), want) })
		t.Run("node", func(t *testing.T) {
			got := readNode(t, file)
			sameNames(t, "node", got, want)
			diff(t, "node as we know it", model, got)
		})
	}
	if _, err := os.Stat(ran); err == nil {
		t.Error("something was run")
	}
}

func sameNames(t *testing.T, who string, got map[string]string, want []string) {
	t.Helper()
	for name := range got {
		if _, ok := slices.BinarySearch(want, name); !ok {
			t.Errorf("%s sees %q, which is not there", who, name)
		}
	}
	for _, name := range want {
		if _, ok := got[name]; !ok {
			t.Errorf("%s does not see %s", who, name)
		}
	}
}

// nodeModel reads as node does from 20.12 on, for where it is not installed: it has
// no escaped quotes, what stands behind a closing quote is nothing, and a name is
// what stands before the next "=", be it lines below.
func nodeModel(data []byte) map[string]string {
	got := map[string]string{}
	text := strings.Trim(string(bytes.ReplaceAll(data, []byte("\r"), nil)), " ")
	skip := func(n int) {
		_, text, _ = strings.Cut(text[n:], "\n")
	}
	for text != "" {
		if text[0] == '\n' || text[0] == '#' {
			skip(0)
			continue
		}
		name, rest, ok := strings.Cut(text, "=")
		if !ok || rest == "" {
			return got
		}
		name, text = strings.TrimPrefix(strings.Trim(name, " "), "export "), rest
		if end := strings.IndexByte(text[1:], text[0]); strings.ContainsRune("'\"`", rune(text[0])) && end >= 0 {
			if got[name] = text[1 : 1+end]; text[0] == '"' {
				got[name] = strings.ReplaceAll(got[name], `\n`, "\n")
			}
			skip(2 + end)
			continue
		}
		line, _, _ := strings.Cut(text, "\n")
		if !strings.ContainsRune("'\"`", rune(text[0])) {
			line, _, _ = strings.Cut(line, "#")
			line = strings.Trim(line, " ")
		}
		got[name] = line
		skip(0)
	}
	return got
}

// bash takes a name with a dot or a dash for a command: whoever writes a file for
// people asks first.
func TestNotVariables(t *testing.T) {
	pairs := []Pair{{Name: "A"}, {Name: "B.x"}, {Name: "_C"}, {Name: "d-e"}, {Name: "export"}}
	if got := NotVariables(pairs); !slices.Equal(got, []string{"B.x", "d-e"}) {
		t.Errorf("%q", got)
	}
	if got := NotVariables(pairs[:1]); got != nil {
		t.Errorf("%q", got)
	}
}
