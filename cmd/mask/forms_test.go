package mask

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"os/exec"
	"strings"
	"testing"
)

// writers are the ways a value comes into output, by other means than ours.
func writers(t *testing.T, programs bool) map[string]func(v string) string {
	encode := func(options ...func(*json.Encoder)) func(string) string {
		return func(v string) string {
			var b bytes.Buffer
			e := json.NewEncoder(&b)
			for _, o := range options {
				o(e)
			}
			if err := e.Encode(map[string]string{"key": v}); err != nil {
				t.Fatal(err)
			}
			return b.String()
		}
	}
	all := map[string]func(string) string{
		"raw":               func(v string) string { return "key=" + v + ";" },
		"pty":               func(v string) string { return strings.ReplaceAll(v, "\n", "\r\n") },
		"json":              encode(),
		"json without html": encode(func(e *json.Encoder) { e.SetEscapeHTML(false) }),
		"json with \\/":     func(v string) string { return strings.ReplaceAll(encode()(v), "/", `\/`) },
		"hex":               func(v string) string { return hex.EncodeToString([]byte(v)) },
		"hex, upper":        func(v string) string { return strings.ToUpper(hex.EncodeToString([]byte("x" + v + "y"))) },
		"query":             url.QueryEscape,
		"path":              url.PathEscape,
		"user": func(v string) string {
			return (&url.URL{Scheme: "x", Host: "h", User: url.UserPassword("u", v)}).String()
		},
		"single quotes":      func(v string) string { return "'" + strings.ReplaceAll(v, "'", `'\''`) + "'" },
		"yaml single quotes": func(v string) string { return "'" + strings.ReplaceAll(v, "'", `''`) + "'" },
		"csv":                func(v string) string { return `"` + strings.ReplaceAll(v, `"`, `""`) + `"` },
		"indented": func(v string) string {
			return "key: |\n  " + strings.ReplaceAll(strings.TrimSpace(v), "\n", "\n  ")
		},
	}
	for name, e := range map[string]*base64.Encoding{"std": base64.StdEncoding, "raw": base64.RawStdEncoding, "url": base64.URLEncoding, "raw url": base64.RawURLEncoding} {
		for before := range 3 {
			for after := range 3 {
				all[fmt.Sprintf("base64 %s %d %d", name, before, after)] = func(v string) string {
					return "Basic " + e.EncodeToString([]byte("app"[:before]+v+"end"[:after]))
				}
			}
		}
	}
	run := func(v, program string, args ...string) string {
		cmd := exec.Command(program, args...)
		cmd.Env = []string{"V=" + v, "LC_ALL=C.UTF-8"}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v %s", program, err, out)
		}
		return string(out)
	}
	for name, argv := range map[string][]string{
		"base64(1)":   {"bash", "-c", `printf %s "$V" | base64`},
		"printf %q":   {"bash", "-c", `printf %q "$V"`},
		"trace":       {"bash", "-xc", `: "$V"`},
		"json, ascii": {"python3", "-c", `import json,os; print(json.dumps(os.environ["V"]))`},
		"urllib":      {"python3", "-c", `import os,urllib.parse as u; print(u.quote(os.environ["V"]))`},
		"urlencode":   {"python3", "-c", `import os,urllib.parse as u; print(u.urlencode({"k":os.environ["V"]}))`},
		"node":        {"node", "-e", `console.log(JSON.stringify(process.env.V), encodeURIComponent(process.env.V), encodeURI(process.env.V), new URLSearchParams({v: process.env.V}).toString())`},
	} {
		if path, err := exec.LookPath(argv[0]); err == nil && programs {
			all[name] = func(v string) string { return run(v, path, argv[1:]...) }
		}
	}
	return all
}

// TestForms: of a value nothing is left, whoever wrote it: no five characters in
// a row of what the writer made of it. In base64 what stands beside it is left,
// with a character that holds some of both.
func TestForms(t *testing.T) {
	const pem = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ9\nfhX/4bLhlUCzZb3+Qw1aTTTT7WqK\nshort\n-----END PRIVATE KEY-----\n"
	values := []string{
		pem, "p/ss w+rd&<x>=\"y\"'z'\\!$`{k}*é日🔑", "hunter2", "s3cr", "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
		"postgres://app:Xk3$f@db.internal:5432/shop?sslmode=require",
		strings.Repeat("0123456789abcdefghijklmnopqrstuvwxyzé", 9),
	}
	for i, v := range values {
		m := made(valuesOf(v))
		for name, write := range writers(t, i < 2 && !testing.Short()) {
			text := write(v)
			got := string(masked(t, m, []byte(text), len(text)/2))
			if !strings.Contains(got, Text) {
				t.Errorf("%s of %q is not masked: %q", name, v, got)
			}
			rest := strings.ReplaceAll(got, Text, "\x00")
			for _, frame := range strings.Fields("-----BEGIN -----END KEY----- PRIVATE key= key: %0A short Basic") {
				rest = strings.ReplaceAll(rest, frame, "\x00")
			}
			for i := 0; i+5 <= len(rest); i++ {
				part := rest[i : i+5]
				if !strings.ContainsAny(part, "\x00 \n\":{}'=") && strings.Contains(text, part) {
					t.Errorf("%s of %q leaves %q: %q", name, v, part, got)
					break
				}
			}
		}
	}
}

func TestSkipped(t *testing.T) {
	values := valuesOf("", "abc", " abc\n", "abcd", "true", "Null\n", "LOCALHOST", "localhost2", "日", "日本", "production", "0000", "\x00\x00\x00\x00")
	want := fmt.Sprint([]Skipped{{0, notMasked}, {1, notMasked}, {2, notMasked}, {4, notMasked}, {5, notMasked}, {6, notMasked}, {8, notMasked}, {10, notMasked}})
	m := made(values)
	if got := fmt.Sprint(m.Skipped()); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if m.Empty() || !made(nil).Empty() || !made(values[:3]).Empty() {
		t.Error("Empty does not say whether there is something to mask")
	}
	for _, v := range values {
		clear(v) // it is the caller's again
	}
	if got := string(masked(t, m, []byte("abcd localhost2"))); got != "[secret] [secret]" {
		t.Errorf("%q", got)
	}
}

// TestLines: which lines of a value are masked by themselves.
func TestLines(t *testing.T) {
	value := "apiVersion: \"v\"\n  users:\n- name:\n    token: abc\n},\n========\nundefined\n  pass word 1  \r\nshort\n-----BEGIN KEY-----\nMIIE\"vQI\n"
	var got []string
	for line := range strings.Lines(value + "\n\"MIIE\\\"vQI\"") {
		out := string(masked(t, made(valuesOf(value)), []byte("> "+line)))
		got = append(got, strings.TrimPrefix(out, "> "))
	}
	want := "[secret]\n  users:\n- name:\n    [secret]\n},\n========\nundefined\n  [secret]  \r\nshort\n-----BEGIN KEY-----\n[secret]\n\n\"[secret]\""
	if strings.Join(got, "") != want {
		t.Errorf("%q, want %q", got, want)
	}
}
