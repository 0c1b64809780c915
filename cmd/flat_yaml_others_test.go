package cmd

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"slices"
	"testing"

	"pinseal/seal"
)

// pythonYAML reads documents with Python's library, which is of YAML 1.1. One
// that it cannot read is nil; one that is no mapping of strings fails the test.
func pythonYAML(t *testing.T, documents ...[]byte) [][]plainPair {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not installed")
	}
	if exec.Command(python, "-c", "import yaml").Run() != nil {
		t.Skip("python3 has no module yaml")
	}
	var in bytes.Buffer
	for _, document := range documents {
		fmt.Fprintln(&in, base64.StdEncoding.EncodeToString(document))
	}
	cmd := exec.Command(python, "-c", `import base64, json, sys, yaml
for line in sys.stdin:
    try:
        got = yaml.safe_load(base64.b64decode(line).decode())
    except yaml.YAMLError:
        print("null")
        continue
    flat = isinstance(got, dict) and all(isinstance(x, str) for item in got.items() for x in item)
    print(json.dumps({k: base64.b64encode(v.encode()).decode() for k, v in got.items()} if flat else "another thing"))`)
	cmd.Stdin = &in
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	read := make([][]plainPair, len(documents))
	dec := json.NewDecoder(bytes.NewReader(out))
	for i := range documents {
		var pairs map[string][]byte
		if err := dec.Decode(&pairs); err != nil {
			t.Fatalf("Python reads %q as something else: %v", documents[i], err)
		}
		if pairs != nil {
			read[i] = []plainPair{}
		}
		for name, value := range pairs {
			read[i] = append(read[i], plainPair{name: name, value: seal.NewSecret(value)})
		}
	}
	return read
}

// What import takes from YAML that people write, another library reads so too.
func TestFlatYAMLAsOthersRead(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	parts := []string{"A", "b", " ", "  ", "\n", "\n  ", "\n    ", "\n\n", ": ", ":", "#", " # ", "'", `"`, `\`, `\n`, `\x41`, "|", ">", "-", "+", "|2", ", ", "[", "]", "{", "}", "é", "😀", "\t", "\r\n", "1", "yes", "~", "0x1", "?", "--- ", "...", "\u00a0"}
	ours := map[int]map[string]string{}
	var documents [][]byte
	for range 8_000 {
		document := []byte([]string{"A: ", "A: |", "A: >", "A: |-\n  ", "A: >\n  a", "A: \"", "A: '", "A:\n  "}[r.IntN(8)])
		for range r.IntN(14) {
			document = append(document, parts[r.IntN(len(parts))]...)
		}
		document = append(document, []string{"", "\n", "\"", "'\n", "\nB: x\n"}[r.IntN(5)]...)
		pairs, err := parseFlatYAML(document)
		// A name is taken as it is written: to YAML 1.1 NO is false.
		if err == nil && !slices.ContainsFunc(pairs, func(p plainPair) bool { return plainWord(p.name) != kindText }) {
			ours[len(documents)] = valuesOf(pairs)
			documents = append(documents, document)
		}
	}
	if len(documents) < 500 {
		t.Fatalf("only %d documents to compare", len(documents))
	}
	compared := 0
	for i, pairs := range pythonYAML(t, documents...) {
		if pairs == nil {
			continue // it refuses tabs, for one, where they do not matter
		}
		compared++
		samePairs(t, fmt.Sprintf("Python, %q", documents[i]), pairs, ours[i])
	}
	if compared < 500 {
		t.Errorf("only %d documents were compared", compared)
	}
}
