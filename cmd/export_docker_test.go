package cmd

import (
	"bufio"
	"bytes"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// dockerEnv reads a file of docker run --env-file as docker does: trim as the versions
// that take quotes from around a value.
func dockerEnv(t *testing.T, data []byte, trim bool) map[string]string {
	t.Helper()
	vars := map[string]string{}
	scanner := bufio.NewScanner(bytes.NewReader(data))
	for scanner.Scan() {
		if !utf8.Valid(scanner.Bytes()) {
			t.Fatal("not UTF-8")
		}
		line := strings.TrimLeftFunc(scanner.Text(), unicode.IsSpace)
		if line == "" || line[0] == '#' {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if !ok || name == "" || strings.ContainsAny(name, " \t") {
			t.Fatalf("an odd line %q", line)
		}
		if last := len(value) - 1; trim && last > 0 && value[0] == value[last] && strings.ContainsRune("'\"", rune(value[0])) {
			value = value[1:last]
		}
		vars[name] = value
	}
	if err := scanner.Err(); err != nil {
		t.Fatal(err)
	}
	return vars
}

func TestExportDocker(t *testing.T) {
	longest := strings.Repeat("x", bufio.MaxScanTokenSize-len("LONG=\n")-1)
	pairs := exportPairs("A", "x", "EMPTY", "", "LONG", longest, "SPACE", " \t a ", "api.key", "# $HOME `x` \\n ü=#'\"", "Q1", "'", "Q2", "'a\"", "CR", "a\rb", "BOM", "\ufeffx", "JSON", `{"a": "b"}`)
	data, err := formatPairs(formatDocker, pairs, k8sMeta{})
	if err != nil {
		t.Fatal(err)
	}
	for _, trim := range []bool{false, true} {
		got := dockerEnv(t, data, trim)
		if len(got) != len(pairs) {
			t.Errorf("%d variables of %d", len(got), len(pairs))
		}
		for _, p := range pairs {
			if value, ok := got[strings.ReplaceAll(p.name, ".", "_")]; !ok || value != string(p.value.Reveal()) {
				t.Errorf("%s is there: %t, and is not as it was", p.name, ok)
			}
		}
	}
	for value, want := range map[string]string{
		"s3cr3t\nx": "newline", "s3cr3t\n": "newline", "s3cr3t\r": "carriage return", "s3cr3t\x00": "NUL", "s3cr3t\xff": "UTF-8",
		"'s3cr3t'": "between quotes", `"s3cr3t"`: "between quotes", longest + "x": "too long",
	} {
		data, err := formatPairs(formatDocker, exportPairs("LONG", value), k8sMeta{})
		if data != nil || exitCode(err) != exitFailed || len(hints(err)) == 0 || !strings.Contains(err.Error(), `"LONG" `) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%s: %v", want, err)
		}
	}
	if _, err := formatPairs(formatDocker, exportPairs("a.b", "x", "a-b", "x"), k8sMeta{}); exitCode(err) != exitUsage {
		t.Errorf("two names, one variable: %v", err)
	}
}
