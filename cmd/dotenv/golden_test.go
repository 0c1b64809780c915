package dotenv

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// A reader runs another program on a file and returns what it read.
type reader func(t *testing.T, file string) map[string]string

// goldenReaders says which other programs must read the files of a directory
// under testdata/golden as we do.
var goldenReaders = map[string]map[string]reader{
	"all":  {"bash": readBash, "node": readNode},
	"bash": {"bash": readBash},
	"node": {"node": readNode},
	"ours": nil,
	// What Format writes, byte for byte; TestOthersReadFormat has bash and node
	// read more of it.
	"written": nil,
}

func TestGolden(t *testing.T) {
	for dir, readers := range goldenReaders {
		files, err := filepath.Glob(filepath.Join("testdata", "golden", dir, "*.env"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: no golden files (%v)", dir, err)
		}
		for _, file := range files {
			t.Run(dir+"/"+filepath.Base(file), func(t *testing.T) {
				want := readGolden(t, strings.TrimSuffix(file, ".env")+".json")
				data, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				pairs, err := Parse(data)
				if err != nil {
					t.Fatal(err)
				}
				diff(t, "Parse", toMap(pairs), want)
				again, err := Format(pairs)
				if err != nil {
					t.Fatal(err)
				}
				if dir == "written" && !bytes.Equal(again, data) {
					t.Errorf("Format writes %q, want %q", again, data)
				}
				back, err := Parse(again)
				if err != nil {
					t.Fatal(err)
				}
				diff(t, "Parse of Format", toMap(back), want)
				for who, read := range readers {
					t.Run(who, func(t *testing.T) { diff(t, who, read(t, file), want) })
				}
			})
		}
	}
}

func readGolden(t *testing.T, file string) map[string]string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]string
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	return want
}

func toMap(pairs []Pair) map[string]string {
	m := make(map[string]string, len(pairs))
	for _, p := range pairs {
		m[p.Name] = string(p.Value)
	}
	return m
}

func diff(t *testing.T, who string, got, want map[string]string) {
	t.Helper()
	for name, w := range want {
		if g, ok := got[name]; !ok {
			t.Errorf("%s: %s is missing", who, name)
		} else if g != w {
			t.Errorf("%s: %s = %q, want %q", who, name, g, w)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s: %s is not expected", who, name)
		}
	}
}

// readBash sources file in a bash with an empty environment.
func readBash(t *testing.T, file string) map[string]string {
	t.Helper()
	got := parseEnv0(runReader(t, "bash", "--noprofile", "--norc", "-c", `set -ea; . "$1"; env -0`, "bash", absolute(t, file)))
	for _, own := range []string{"PWD", "OLDPWD", "SHLVL", "_", "PATH"} {
		delete(got, own)
	}
	return got
}

// readNode loads file with node --env-file in an empty environment.
func readNode(t *testing.T, file string) map[string]string {
	t.Helper()
	out := runReader(t, "node", "--env-file="+absolute(t, file), "-e",
		`for (const [k, v] of Object.entries(process.env)) process.stdout.write(k + "=" + v + "\0")`)
	got := parseEnv0(out)
	delete(got, "PATH")
	return got
}

func absolute(t *testing.T, file string) string {
	t.Helper()
	abs, err := filepath.Abs(file)
	if err != nil {
		t.Fatal(err)
	}
	return abs
}

var nodeVersion = regexp.MustCompile(`^v(\d+)\.`)

func runReader(t *testing.T, argv ...string) []byte {
	t.Helper()
	path, err := exec.LookPath(argv[0])
	if err != nil {
		t.Skipf("%s is not installed", argv[0])
	}
	if argv[0] == "node" {
		out, err := exec.Command(path, "--version").Output()
		m := nodeVersion.FindSubmatch(out)
		if err != nil || m == nil {
			t.Fatalf("node --version: %q, %v", out, err)
		}
		if major, err := strconv.Atoi(string(m[1])); err != nil || major < 20 {
			t.Skipf("node %q has no --env-file (needs 20 or later)", m[0])
		}
	}
	var stderr bytes.Buffer
	cmd := exec.Command(path, argv[1:]...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil || stderr.Len() > 0 {
		t.Fatalf("%s: %v\n%s", argv[0], err, stderr.Bytes())
	}
	return out
}

func parseEnv0(out []byte) map[string]string {
	m := map[string]string{}
	for kv := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		if name, value, ok := strings.Cut(kv, "="); ok {
			m[name] = value
		}
	}
	return m
}
