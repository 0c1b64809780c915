package cmd

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"pinseal/cmd/dotenv"
	"pinseal/seal"
)

// exportPairs makes pairs of names and values, one after the other.
func exportPairs(texts ...string) (pairs []plainPair) {
	for i := 0; i < len(texts); i += 2 {
		pairs = append(pairs, plainPair{name: texts[i], value: seal.NewSecret([]byte(texts[i+1]))})
	}
	return pairs
}

// everyByte has each byte but NUL, and what is special to a shell.
func everyByte() string {
	var b []byte
	for c := 1; c < 256; c++ {
		b = append(b, byte(c))
	}
	return string(b) + "'' \" $HOME `x` $(x) ${x} \\ \\' ! # & ; | < > ~ *\n-n\r\n\n\n"
}

// Every shell that is here has exactly the values.
func TestExportShell(t *testing.T) {
	values := []string{everyByte(), "", "-n", "-e x", "'", "''", "\n", "\n\n\n", " a ", "a'b", "\\", "$(exit 1)", "\x7f\x01\x81\x82\x88"}
	var texts []string
	var names []string
	for i, value := range values {
		name := fmt.Sprintf("V%02d", i)
		names = append(names, name)
		texts = append(texts, name, value)
	}
	lines, err := formatPairs(formatShell, exportPairs(append(texts, "dotted.name-1", "last")...), k8sMeta{})
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Join(values, "\x00") + "\x00last\x00"
	script := `eval "$1" || exit 9
for v in ` + strings.Join(append(names, "dotted_name_1"), " ") + `; do eval "x=\${$v}"; printf '%s\0' "$x"; done`
	found := 0
	for _, shell := range [][]string{{"sh"}, {"dash"}, {"bash"}, {"bash", "--posix"}, {"zsh", "-f"}, {"mksh"}, {"busybox", "sh"}} {
		if _, err := exec.LookPath(shell[0]); err != nil {
			continue
		}
		found++
		for _, locale := range []string{"C", "C.UTF-8"} {
			// The command substitution is how the lines get there, and drops newlines.
			run := exec.Command(shell[0], append(shell[1:], "-c", `in=$(cat) && set -- "$in" && `+script)...)
			run.Stdin, run.Env = bytes.NewReader(lines), []string{"PATH=/usr/bin:/bin", "LC_ALL=" + locale}
			out, err := run.Output()
			if err != nil || string(out) != want {
				t.Errorf("%s in %s: %v, %d bytes of %d as they should be: %t", shell, locale, err, len(out), len(want), string(out) == want)
			}
		}
	}
	if found == 0 {
		t.Skip("there is no shell")
	}
}

// A name that bash would not set exactly is refused; all others it sets.
func TestExportShellNames(t *testing.T) {
	list, err := exec.Command("bash", "-c", "compgen -v").Output()
	if err != nil {
		t.Skip("there is no bash")
	}
	tried := 0
	for _, name := range append(strings.Fields(string(list)), "SRANDOM", "GROUPS", "FUNCNAME", "SECONDS") {
		lines, err := formatPairs(formatShell, exportPairs(name, "x 1"), k8sMeta{})
		if err != nil {
			if exitCode(err) != exitFailed || !strings.Contains(err.Error(), `"`+name+`" is a name that a shell uses itself`) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		tried++
		out, err := exec.Command("bash", "-c", string(lines)+`printf %s "$`+name+`"`).Output()
		if err != nil || string(out) != "x 1" {
			t.Errorf("%s: %q, %v", name, out, err)
		}
	}
	if tried < 5 {
		t.Errorf("only %d names were tried", tried)
	}
}

// What a shell runs, or reads commands by, is refused; what all programs share is not.
func TestExportShellRule(t *testing.T) {
	for _, name := range []string{"POSIXLY_CORRECT", "ENV", "BASH_ENV", "PROMPT_COMMAND", "PS0", "PS1", "PS2", "PS4", "IFS", "ZDOTDIR", "MAILPATH", "CDPATH", "GLOBIGNORE", "NULLCMD", "histchars"} {
		data, err := formatPairs(formatShell, exportPairs(name, "s3cr3t"), k8sMeta{})
		if data != nil || exitCode(err) != exitFailed || !strings.Contains(err.Error(), "is a name that a shell uses itself") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"PATH", "HOME", "LANG", "LC_ALL", "TZ", "TERM", "LD_PRELOAD", "LD_LIBRARY_PATH", "EDITOR", "HISTFILE", "PS", "PS10"} {
		if _, err := formatPairs(formatShell, exportPairs(name, "x"), k8sMeta{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestExportRefuses(t *testing.T) {
	big := strings.Repeat("x", seal.MaxValue)
	var many []string
	for i := range 17 {
		many = append(many, fmt.Sprintf("V%d", i), big)
	}
	for _, test := range []struct {
		format string
		pairs  []plainPair
		code   int
		want   string
	}{
		{formatShell, exportPairs("A", "s3cr3t\x00"), exitFailed, `"A" holds a NUL byte`},
		{formatShell, exportPairs("a-b", "s3cr3t", "a.b", "s3cr3t"), exitUsage, `secrets "a-b" and "a.b" are both variable "a_b"`},
		{formatShell, exportPairs("RANDOM", "s3cr3t"), exitFailed, `"RANDOM" is a name that a shell`},
		{formatShell, exportPairs("BASH-X", "s3cr3t"), exitFailed, `"BASH-X" (variable "BASH_X") is a name`},
		{formatK8s, exportPairs(many...), exitFailed, "1114112 bytes; a Kubernetes Secret takes 1048576"},
		{formatDotenv, exportPairs("A", "s3cr3t\x00"), exitFailed, `"A" holds a NUL byte`},
		{formatJSON, exportPairs("A", "s3cr3t\xff"), exitFailed, `"A" is not UTF-8`},
		{formatYAML, exportPairs("A", "s3cr3t\xff"), exitFailed, `"A"`},
	} {
		data, err := formatPairs(test.format, test.pairs, k8sMeta{})
		switch {
		case err == nil || data != nil || exitCode(err) != test.code:
			t.Errorf("%s: %d bytes, %v, want exit code %d", test.format, len(data), err, test.code)
		case !strings.Contains(err.Error(), test.want):
			t.Errorf("%s: %v, want %s", test.format, err, test.want)
		case len(hints(err)) == 0 || strings.Contains(err.Error()+strings.Join(hints(err), ""), "s3cr3t"):
			t.Errorf("%s: no hint, or a value in it: %v", test.format, err)
		}
	}
}

// What import reads back is what was exported, byte for byte, or nothing was.
func TestExportRoundTrip(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	alphabet := []string{"a", "0", "'", "\"", "\\", "\n", "\r", "\r\n", "\t", " ", "#", "$", "`", ":", "- ", "{", "\x00", "\x7f", "\xff", "é", "\u2028", "\ufeff", "😀", "null", "---\n", "\x85", "\u0085", "=", "|\n", "&", "%"}
	carried := map[string]int{}
	for range 3000 {
		var texts []string
		for i := range 1 + random.IntN(3) {
			var value strings.Builder
			for range random.IntN(8) {
				value.WriteString(alphabet[random.IntN(len(alphabet))])
			}
			texts = append(texts, fmt.Sprintf("N%d.x-y", i), value.String())
		}
		pairs := exportPairs(texts...)
		for format, parse := range map[string]func([]byte) ([]plainPair, error){
			formatJSON: parseFlatJSON, formatYAML: parseFlatYAML, formatDotenv: parseDotenvPairs,
		} {
			data, err := formatPairs(format, pairs, k8sMeta{})
			if err != nil {
				continue
			}
			carried[format]++
			got, err := parse(data)
			same := slices.EqualFunc(got, pairs, func(a, b plainPair) bool { return a.name == b.name && a.value.Equal(b.value) })
			if err != nil || !same {
				t.Fatalf("%s of %q comes back different: %v\n%s", format, texts, err, data)
			}
		}
	}
	for _, format := range []string{formatJSON, formatYAML, formatDotenv} {
		if carried[format] < 500 {
			t.Errorf("%s carried only %d sets", format, carried[format])
		}
	}
}

func parseDotenvPairs(data []byte) (pairs []plainPair, err error) {
	read, err := dotenv.Parse(data)
	for _, p := range read {
		pairs = append(pairs, plainPair{name: p.Name, value: seal.NewSecret(p.Value)})
	}
	return pairs, err
}

// secretManifest is a v1 Secret as Kubernetes has it, and nothing more.
type secretManifest struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string `yaml:"kind"`
	Metadata   struct {
		Name        string            `yaml:"name"`
		Namespace   string            `yaml:"namespace"`
		Labels      map[string]string `yaml:"labels"`
		Annotations map[string]string `yaml:"annotations"`
	} `yaml:"metadata"`
	Type string            `yaml:"type"`
	Data map[string]string `yaml:"data"`
}

func TestExportK8sSecret(t *testing.T) {
	binary := everyByte() + "\x00\xff"
	pairs := exportPairs("A", "", "BIN", binary, "null", "x", "on", "1", "_", "y", "tls.crt", "z", "Yes", "~")
	meta := k8sMeta{name: "shop-dev", namespace: "1e3", app: "o36fxmkexpjfpukywkliomujbe", environment: "dev", commit: strings.Repeat("0", 40), pin: 3}
	data, err := formatK8sSecret(meta, pairs)
	if err != nil {
		t.Fatal(err)
	}
	var m secretManifest
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(&m); err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	if m.APIVersion != "v1" || m.Kind != "Secret" || m.Type != "Opaque" || m.Metadata.Name != "shop-dev" || m.Metadata.Namespace != "1e3" || len(m.Data) != len(pairs) {
		t.Errorf("%+v", m.Metadata)
	}
	for key, want := range map[string]string{"pinseal/pin": "3", "pinseal/commit": meta.commit, "pinseal/app": meta.app, "pinseal/environment": "dev"} {
		if got := m.Metadata.Annotations[key]; got != want {
			t.Errorf("annotation %s is %q, want %q", key, got, want)
		}
	}
	if m.Metadata.Labels["app.kubernetes.io/managed-by"] != "pinseal" {
		t.Errorf("labels %v", m.Metadata.Labels)
	}
	for _, p := range pairs {
		got, err := base64.StdEncoding.DecodeString(m.Data[p.name])
		if _, there := m.Data[p.name]; !there || err != nil || !bytes.Equal(got, p.value.Reveal()) {
			t.Errorf("%s comes back different: %v", p.name, err)
		}
	}
	if data, err := formatK8sSecret(k8sMeta{name: "x"}, nil); err != nil || yaml.Unmarshal(data, &secretManifest{}) != nil || bytes.Contains(data, []byte("pinseal/pin")) {
		t.Errorf("an empty set: %v\n%s", err, data)
	}
}

func TestK8sNames(t *testing.T) {
	long := strings.Repeat("a", 253)
	for _, good := range []k8sMeta{{}, {name: "a"}, {name: "0"}, {name: "a.b-c.d"}, {name: long}, {namespace: "a-1"}, {namespace: long[:63]}} {
		if err := good.check(); err != nil {
			t.Errorf("%+v: %v", good, err)
		}
	}
	for _, bad := range []k8sMeta{{name: "s3cr3t\n"}, {name: "-s3cr3t"}, {name: "s3cr3t-"}, {name: "s3cr3t..a"}, {name: "s3cr3t-.a"}, {name: "S3cr3t"}, {name: "s3cr3t_"}, {name: `s3cr3t"`},
		{name: long + "a"}, {name: "."}, {namespace: "s3cr3t.a"}, {namespace: long[:64]}, {namespace: "s3cr3t é"}} {
		if err := bad.check(); !errors.As(err, new(*usageError)) || strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}
