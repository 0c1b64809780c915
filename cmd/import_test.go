package cmd

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"pinseal/seal"
	"pinseal/versions"
)

// importText reads a text as import does, and says on stderr what it says.
func importText(o importOptions, text string) (pairs []plainPair, said string, err error) {
	var stderr bytes.Buffer
	c := &cli{Env: &Env{Stderr: &stderr, Stdin: strings.NewReader(text)}}
	if o.file == "" {
		o.file = "-"
	}
	if o.separator == "" {
		o.separator = "_"
	}
	pairs, err = c.readPairs(&o)
	return pairs, stderr.String(), err
}

// spelled are pairs as "NAME=value" in quotes.
func spelled(pairs []plainPair) string {
	var all []string
	for _, p := range pairs {
		all = append(all, fmt.Sprintf("%q", p.name+"="+string(p.value.Reveal())))
	}
	return strings.Join(all, " ")
}

func TestImportFormats(t *testing.T) {
	if _, err := chooseFormat("toml", "a.json"); exitCode(err) != exitUsage {
		t.Errorf("a format that there is not: %v", err)
	}
	for file, want := range map[string]string{"-": formatDotenv, ".env": formatDotenv, "a.json": formatJSON, "A.YML": formatYAML, "b/a.yaml": formatYAML} {
		if got, err := chooseFormat("", file); got != want || err != nil {
			t.Errorf("%s: %s, %v, want %s", file, got, err, want)
		}
	}
	nested := `{"A":{"B":{"C":"x"},"D":1.50},"E":true}`
	for _, test := range []struct {
		o        importOptions
		in, want string
	}{
		{importOptions{}, "A=1\nB='{'", `"A=1" "B={"`},
		{importOptions{}, "\xef\xbb\xbf \n{\"A\":\"x\"}", `"A=x"`},
		{importOptions{format: formatYAML}, "A: x\nB: |\n  y\n", `"A=x" "B=y\n"`},
		{importOptions{format: formatYAML}, `{"A":"x"}`, `"A=x"`},
		{importOptions{flatten: true}, nested, `"A_B_C=x" "A_D=1.50" "E=true"`},
		{importOptions{flatten: true, separator: "."}, nested, `"A.B.C=x" "A.D=1.50" "E=true"`},
		{importOptions{flatten: true, separator: "__", prefix: "X_"}, nested, `"X_A__B__C=x" "X_A__D=1.50" "X_E=true"`},
		{importOptions{flatten: true}, `{"A":1e400,"B":-0,"C":12345678901234567890.10}`, `"A=1e400" "B=-0" "C=12345678901234567890.10"`},
		{importOptions{flatten: true, format: formatYAML}, "a:\n  b: 0x1F\n  c: yes\nd: 2001-01-01\ne: 1_000 # x\n", `"a_b=0x1F" "a_c=yes" "d=2001-01-01" "e=1_000"`},
		{importOptions{format: formatVault}, `{"request_id":"1","data":{"data":{"A":"x"},"metadata":{"version":2}}}`, `"A=x"`},
		{importOptions{format: formatVault}, `{"request_id":"1","data":{"A":"x","metadata":"y"}}`, `"A=x" "metadata=y"`},
		{importOptions{format: formatVault}, "request_id: a\ndata:\n  data:\n    A: x\n  metadata:\n    version: 2\n", `"A=x"`},
		{importOptions{format: formatVault, flatten: true}, `{"lease_id":"","data":{"A":{"B":1}}}`, `"A_B=1"`},
		{importOptions{format: formatK8s}, "apiVersion: v1\nkind: Secret\ndata:\n  A: eA0K\n  \"B\": \"\"\nstringData:\n  C: x\nmetadata: {a: 1}\n", `"A=x\r\n" "B=" "C=x"`},
		{importOptions{format: formatK8s}, `{"apiVersion":"v1","kind":"Secret","data":{"A":"AP8="}}`, `"A=\x00\xff"`},
	} {
		test.o.allowEmpty = true
		if pairs, _, err := importText(test.o, test.in); err != nil || spelled(pairs) != test.want {
			t.Errorf("%+v, %q: %s, %v, want %s", test.o, test.in, spelled(pairs), err, test.want)
		}
	}
}

func TestImportRefuses(t *testing.T) {
	vault := func(data string) string { return `{"request_id":"1","data":` + data + `}` }
	k8s := func(rest string) string { return "apiVersion: v1\nkind: Secret\n" + rest }
	for _, test := range []struct {
		o        importOptions
		in, want string
	}{
		{importOptions{separator: "s3cr3t", flatten: true}, `{"A":"x"}`, "--separator is one of"},
		{importOptions{separator: "."}, `{"A":"x"}`, "without --flatten"},
		{importOptions{format: "s3cr3t"}, "A=x", "no such format"},
		{importOptions{flatten: true}, "A=s3cr3t", "--flatten is for"},
		{importOptions{flatten: true, format: formatK8s}, k8s(""), "--flatten is for"},
		{importOptions{}, "A=s3cr3t B=s3cr3t\nC=s3cr3t D=s3cr3t", "line 1 has several names and no quotes"},
		{importOptions{}, "DOTENV_PUBLIC_KEY=03 A=s3cr3t\nB=s3cr3t", "line 1 has several names and no quotes"},
		{importOptions{}, "A=s3cr3t B=s3cr3t", "line 1 has several names and no quotes"},
		{importOptions{}, `{"A":1,"s3cr3t !":{"B":"s3cr3t"},"C":["s3cr3t"],"D":null}`, `"A" is a number, not a string; neither are others: member 2 is an object, "C" is a list, "D" is null`},
		{importOptions{}, `{"A":1,"B":1,"C":1,"D":1,"E":1,"F":1,"G":1,"H":1,"I":1,"J":1,"K":1,"L":1}`, `"J" is a number, and 2 more`},
		{importOptions{flatten: true}, `{"A":null,"B":["s3cr3t"],"C":{}}`, `"A" is null, not a string; neither are others: "B" is a list, "C" is an empty object`},
		{importOptions{flatten: true}, `{"A":{"B":"s3cr3t"},"A_B":"s3cr3t"}`, `member 1.1 and member 2 both come to the name "A_B"`},
		{importOptions{flatten: true}, `{"A":{"s3cr3t !":"x"}}`, "member 1.1: secret name must be"},
		{importOptions{flatten: true}, `{"A":{"B":"s3cr3t","B":"s3cr3t"}}`, `"B" is given twice, at member 1.1 and member 1.2`},
		{importOptions{flatten: true}, strings.Repeat(`{"A":`, 40) + `"s3cr3t"` + strings.Repeat("}", 40), "nested deeper than 32"},
		{importOptions{format: formatYAML}, "A: x\nb/s3cr3t: x", "line 2: secret name must be"},
		{importOptions{format: formatYAML}, "A: x\n\"\": s3cr3t", "line 2: secret name is empty"},
		{importOptions{format: formatYAML}, "A.: s3cr3t", "must not end with a dot"},

		{importOptions{file: "-", format: formatYAML}, "A: s3cr3t\nsops:\n  mac: x", "still encrypted, by sops"},
		{importOptions{}, `{"A":"ENC[AES256_GCM,data:s3cr3t,iv:s3cr3t,type:str]"}`, "still encrypted, by sops"},
		{importOptions{}, "A=ENC[AES256_GCM,data:s3cr3t,type:str]\nsops_version=3.9", "still encrypted, by sops"},
		{importOptions{}, "A=s3cr3t\nsops_mac=s3cr3t", "still encrypted, by sops"},
		{importOptions{}, "DOTENV_PUBLIC_KEY=03ab\nA=\"encrypted:s3cr3t\"\nB=encrypted:s3cr3t", `still encrypted, by dotenvx: "A", "B"`},
		{importOptions{}, "DOTENV_PUBLIC_KEY=\"" + dotenvxKey + "\"\n", "holds no names"},
		{importOptions{}, "A=s3cr3t\nB=\nC=''\n", "empty values: line 2, line 3"},
		{importOptions{}, `{"A":"s3cr3t","B":""}`, "empty values: B"},
		{importOptions{allowEmpty: true}, "\n" + base64.URLEncoding.EncodeToString([]byte("s3cr3t s3cr3t s3cr3t")) + "\n", "line 2 is text in base64, as keys are"},
		{importOptions{allowEmpty: true}, "czNjcjN0IHMzY3IzdCBzM2NyM3Q=", "line 1 is text in base64, as keys are"},
		{importOptions{}, "czNjcjN0IHMzY3IzdCBzM2NyMw==\n", "line 1 is text in base64, as keys are"},
		{importOptions{}, " [\"s3cr3t\"]", "the file is a JSON list, not one flat object"},
		{importOptions{}, "[s3cr3t]\nA=s3cr3t", "line 1: expected NAME=value"},

		{importOptions{}, vault(`{"data":{"A":"s3cr3t"},"metadata":{}}`), "what Vault prints"},
		{importOptions{format: formatVault}, `{"A":"s3cr3t"}`, "not what vault kv get"},
		{importOptions{format: formatVault}, `{"data":{"A":"s3cr3t"}}`, "not what vault kv get"},
		{importOptions{format: formatVault}, vault(`"s3cr3t"`), "its data are a string"},
		{importOptions{format: formatVault}, vault(`["s3cr3t"]`), "its data are a list"},
		{importOptions{format: formatVault}, vault(`{"data":null,"metadata":{"version":3,"deletion_time":"2020"}}`), "deleted or destroyed"},
		{importOptions{format: formatVault}, vault("null"), "deleted or destroyed"},
		{importOptions{format: formatVault}, vault("{}"), "holds no names"},
		{importOptions{format: formatVault}, vault(`{"A":1}`), `"A" is a number`},

		{importOptions{format: formatYAML}, k8s("data:\n  A: eA=="), "a Kubernetes Secret, with values inside"},
		{importOptions{format: formatK8s}, "A: s3cr3t", "not a Kubernetes Secret"},
		{importOptions{format: formatK8s}, "apiVersion: v1\nkind: List\nitems: [s3cr3t]", "holds a list"},
		{importOptions{format: formatK8s}, "apiVersion: v1\nkind: ConfigMap\ndata: {A: s3cr3t}", "not a Kubernetes Secret"},
		{importOptions{format: formatK8s}, k8s("---\nkind: Secret"), "more than one YAML document"},
		{importOptions{format: formatK8s}, k8s("data: s3cr3t"), "data is a string"},
		{importOptions{format: formatK8s}, k8s("data: {A: s3cr3t}"), `"A" in data is not base64`},
		{importOptions{format: formatK8s}, k8s("data: {A: eB==}"), `"A" in data is not base64`},
		{importOptions{format: formatK8s}, k8s("data: {A: 1234}"), `in data "A" is a number`},
		{importOptions{format: formatK8s}, k8s("data: {A: eA==}\nstringData: {A: s3cr3t}"), `"A" is given twice, in data and in stringData`},
		{importOptions{format: formatK8s}, k8s("data: {.s3cr3t: eA==}"), "line 3: secret name"},
		{importOptions{format: formatK8s}, k8s("data:"), "holds no names"},
	} {
		pairs, said, err := importText(test.o, test.in)
		name := test.in[:min(len(test.in), 70)]
		switch {
		case err == nil || exitCode(err) != exitUsage:
			t.Errorf("%+v, %q: %d pairs, %v, want a usage error", test.o, name, len(pairs), err)
		case !strings.Contains(err.Error(), test.want):
			t.Errorf("%+v, %q: %v, want %s", test.o, name, err, test.want)
		case strings.Contains(said+err.Error()+strings.Join(hints(err), ""), "s3cr3t"):
			t.Errorf("%+v, %q: the error shows text of the file: %v", test.o, name, err)
		}
	}
}

func TestImportPublicKeys(t *testing.T) {
	const left, kept = `"A=x"`, `"DOTENV_PUBLIC_KEY=` + dotenvxKey + `" "A=x"`
	for text, want := range map[string]string{
		"#/---[DOTENV_PUBLIC_KEY]---/\nDOTENV_PUBLIC_KEY=\"" + dotenvxKey + "\"\nA=\"x\"\n": left,
		`{"DOTENV_PUBLIC_KEY":"` + dotenvxKey + `","A":"x"}`:                                left,
		// as export writes them
		"DOTENV_PUBLIC_KEY='" + dotenvxKey + "'\nA='x'\n":                          kept,
		"{\n  \"DOTENV_PUBLIC_KEY\": \"" + dotenvxKey + "\",\n  \"A\": \"x\"\n}\n": kept,
		// no public key
		"DOTENV_PUBLIC_KEY=\"03ab\"\nA=x":        `"DOTENV_PUBLIC_KEY=03ab" "A=x"`,
		`{"DOTENV_PUBLIC_KEY":"x","A":"x"}`:      `"DOTENV_PUBLIC_KEY=x" "A=x"`,
		"DOTENV_PUBLIC=\"" + dotenvxKey + "\"\n": `"DOTENV_PUBLIC=` + dotenvxKey + `"`,
	} {
		pairs, said, err := importText(importOptions{}, text)
		if err != nil || spelled(pairs) != want || strings.Contains(said, `left out, as a public key of dotenvx: "DOTENV_PUBLIC_KEY"`) != (want == left) {
			t.Errorf("%s: %s, %q, %v", text, spelled(pairs), said, err)
		}
	}
}

// dotenvxKey is a public key as dotenvx makes them.
const dotenvxKey = "03f8b376234c4f2f0445f392a12e80f3a84b4b0d1e0c3df85c494e45812653c22a"

// A set whatever its names and values are comes back as export wrote it, or is
// refused.
func TestImportOfExport(t *testing.T) {
	var pairs []plainPair
	for i, name := range strings.Fields("DOTENV_PUBLIC_KEY DOTENV_PUBLIC_KEY_CI apiVersion data kind lease_id metadata request_id sops yes") {
		value := []string{dotenvxKey, dotenvxKey, "v1", `{"A":"x"}`, "Secret", "", "{}", "1", "x", "1,000"}[i]
		pairs = append(pairs, plainPair{name: name, value: seal.NewSecret([]byte(value))})
	}
	for _, format := range []string{formatDotenv, formatJSON, formatYAML} {
		text, err := formatPairs(format, pairs, k8sMeta{})
		if err != nil {
			t.Fatal(err)
		}
		back, said, err := importText(importOptions{format: format, allowEmpty: true}, string(text))
		if err != nil || spelled(back) != spelled(pairs) || said != "" {
			t.Errorf("%s: %s, %q, %v", format, spelled(back), said, err)
		}
	}
}

func TestImportBase64Names(t *testing.T) {
	for _, text := range []string{"POSTGRES_REPLICATION_P=", "czNjcjN0IHMzY3IzdCBzM2NyM3Q=''", "czNjcjN0IHMzY3IzdCBzM2NyM3Q=x", "c3M=", "DATABASE_PASSWORD_FILE1="} {
		if pairs, _, err := importText(importOptions{allowEmpty: true}, text); err != nil || len(pairs) != 1 {
			t.Errorf("%s: %d pairs, %v", text, len(pairs), err)
		}
	}
}

func TestImportBelowWorkDir(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "app"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "app", "x.env"), []byte("A=x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for chdir, want := range map[string]bool{"app": true, "": false, "other": false} {
		c := &cli{Env: &Env{Dir: dir}, chdir: chdir}
		_, err := c.readInput("x.env", 10)
		if try := strings.Join(hints(err), ""); exitCode(err) != exitUsage || strings.Contains(try, filepath.Join("app", "x.env")) != want {
			t.Errorf("-C %s: %v, try %q", chdir, err, try)
		}
	}
}

func TestImportInline(t *testing.T) {
	pairs, said, err := importText(importOptions{}, "A=s3cr3t B=2\nC=3\n")
	if err != nil || spelled(pairs) != `"A=s3cr3t B=2" "C=3"` || !strings.Contains(said, "taken as one value to the end of the line") || !strings.HasSuffix(said, ": A\n") {
		t.Errorf("%s, %q, %v", spelled(pairs), said, err)
	}
}

// countingFS counts how often a directory is listed.
type countingFS struct {
	fstest.MapFS
	listed int
}

func (c *countingFS) Names(string) ([]string, error) { c.listed++; return nil, fs.ErrInvalid }

func TestDirListing(t *testing.T) {
	files := &countingFS{MapFS: fstest.MapFS{}}
	var names []string
	for _, name := range []string{"A", "B", "b", "KEY", "\u212aEY", "C"} {
		names = append(names, name)
		files.MapFS["dev/"+name+".yaml"] = &fstest.MapFile{Data: []byte("kind: secret\nvalue: blank\n")}
	}
	l := listNames(&versions.Source{FS: files, What: "work tree"}, "dev", names)
	for name, want := range map[string]error{"A": nil, "C": nil, "a": versions.ErrNotFound, "X": versions.ErrNotFound, "B": versions.ErrConflict, "b": versions.ErrConflict, "KEY": versions.ErrConflict} {
		f, err := l.source(name).File("dev", name)
		if !errors.Is(err, want) || (err == nil) != (f != nil) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
	if files.listed != 0 {
		t.Errorf("the directory was listed %d times more", files.listed)
	}
}

// Whatever import takes has names of secrets, each once, and no text of what it
// refuses is shown.
func FuzzImport(f *testing.F) {
	seeds := []string{
		"A=x\nB='y'", "A=1 B=2", `{"A":{"B":1}}`, "A:\n  B: yes\n", `{"request_id":"1","data":{"data":{"A":"x"},"metadata":{"version":2}}}`,
		"apiVersion: v1\nkind: Secret\ndata: {A: eA==}\nstringData: {B: x}\n", "sops:\n  mac: x\nA: ENC[AES256_GCM,x]\n", "DOTENV_PUBLIC_KEY=1\nA=encrypted:x", `{"A":{"B":"x"},"A_B":"y"}`,
	}
	if len(seeds) == 0 {
		f.Fatal("no seeds")
	}
	for i, seed := range seeds {
		f.Add(uint8(i), i%2 == 0, seed)
	}
	f.Fuzz(func(t *testing.T, format uint8, nested bool, text string) {
		o := importOptions{flatten: nested, allowEmpty: true}
		if n := int(format) % (len(importFormats()) + 1); n > 0 {
			o.format = importFormats()[n-1]
		}
		pairs, _, err := importText(o, text)
		if err != nil {
			if exitCode(err) != exitUsage {
				t.Fatalf("exit %d", exitCode(err))
			}
			return
		}
		seen := map[string]bool{}
		for _, p := range pairs {
			if seal.CheckSecretName(p.name) != nil || seen[p.name] {
				t.Fatal("a name is none, or is there twice")
			}
			seen[p.name] = true
		}
	})
}
