package leak

import (
	"fmt"
	"strings"
	"testing"
)

func TestAllowComments(t *testing.T) {
	v := awkward[1]
	for _, c := range []struct {
		before, after string
		want          []string
	}{
		{"", "", nil},
		{"", " # pinseal:allow", nil},
		{"", " # pinseal:allow ", nil},
		{"", " # pinseal:allow DB_URL", []string{"DB_URL"}},
		{"", " // pinseal:allow DB_URL,api.key, _x-1", []string{"DB_URL", "api.key", "_x-1"}},
		{"", " /* pinseal:allow A B\tC */ D", []string{"A", "B", "C"}},
		{"", " <!-- pinseal:allow A --> B", []string{"A"}},
		{"", ` "pinseal:allow A"`, []string{"A"}},
		{"", " pinseal:allow A.", []string{"A"}},
		{"", " pinseal:allow 1A", nil},
		{"", " pinseal:allow: A", nil},
		{"", " pinseal:allowed A", nil},
		{"", " pinseal:allow A; B", []string{"A"}},
		{"", " pinseal:allow A; pinseal:allow B", []string{"A", "B"}},
		{"/* pinseal:allow A */ ", "", []string{"A"}},
		{"pinseal:allow A,", ",B", []string{"A"}}, // never the value, or what adjoins it
		{"pinseal:allow AB", " C", nil},
		{"pinseal:allow A\n", "\npinseal:allow B", nil},
		{"", " pinseal:allow A\r\nB", []string{"A"}},
		{"", strings.Repeat(" ", allowReach-20) + "pinseal:allow A B", []string{"A", "B"}},
		{"", strings.Repeat(" ", allowReach-16) + "pinseal:allow ABCDEF", nil}, // cut
		{"", strings.Repeat(" ", allowReach) + "pinseal:allow A", nil},
		{"pinseal:allow A" + strings.Repeat(" ", allowReach-15), "", []string{"A"}},
		{"pinseal:allow A" + strings.Repeat(" ", allowReach-14), "", nil},
	} {
		text := "\npinseal:allow OTHER\n" + c.before + v + c.after + "\n"
		p, _ := New([][]byte{[]byte(v)})
		for name, hits := range map[string][]Hit{"bytes": scanAll(t, p, []byte(text)), "stream": scanStream(t, p, strings.NewReader(text), 10)} {
			if len(hits) != 1 || fmt.Sprint(hits[0].Allowed) != fmt.Sprint(c.want) || (hits[0].Allowed == nil) != (c.want == nil) {
				t.Errorf("%s: %.60q…: %v, want %q", name, text, hits, c.want)
			}
		}
	}
}

// TestAllowOnTheFirstLine: of a text in several lines, the first is where a
// comment counts.
func TestAllowOnTheFirstLine(t *testing.T) {
	v := "line one of two\nline two of two"
	for text, want := range map[string]string{
		"line one of two\nline two of two # pinseal:allow A":                  "[] [A]",
		"# pinseal:allow A line one of two\nline two of two":                  "[A] []",
		"k: bGluZSBvbmUgb2YgdHdvCm\n  xpbmUgdHdvIG9mIHR3bw # pinseal:allow A": "[]",
		"# pinseal:allow A: bGluZSBvbmUgb2YgdHdvCm\nxpbmUgdHdvIG9mIHR3bw":     "[A]",
	} {
		var got []string
		for _, h := range find(t, v, []byte(text)) {
			got = append(got, fmt.Sprint(h.Allowed))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %s, want %s", text, strings.Join(got, " "), want)
		}
	}
}

func TestSkipped(t *testing.T) {
	values := []string{"", "1234567", " 1234567\n", "abcdefgh", "xxxxxxxxxxxx", "Password", "localhost", "localhost2", "production\n", "\x00\x00\x00\x00\x00\x00\x00\x00"}
	want := fmt.Sprint([]Skipped{{0, tooShort}, {1, tooShort}, {2, tooShort}, {4, tooPlain}, {5, tooUsual}, {6, tooUsual}, {8, tooUsual}, {9, tooPlain}})
	var all [][]byte
	for _, v := range values {
		all = append(all, []byte(v))
	}
	p, skipped := New(all)
	if fmt.Sprint(skipped) != want {
		t.Errorf("%v, want %s", skipped, want)
	}
	hits := scanAll(t, p, []byte(strings.Join(values, "\n")))
	if got := fmt.Sprint(hits); got != "[{3 raw 5 []} {7 raw 9 []}]" {
		t.Errorf("found %s", got)
	}
}

// TestLinesOfAnybody: a line that stands in many files is not looked for, the
// ones beside it are.
func TestLinesOfAnybody(t *testing.T) {
	google := `{
  "type": "service_account",
  "project_id": "shop-prod-4711",
  "private_key": "-----BEGIN PRIVATE KEY-----\nMIIEvQ",
  "auth_uri": "https://accounts.google.com/o/oauth2/auth",
  "token_uri": "https://oauth2.googleapis.com/token",
  "auth_provider_x509_cert_url": "https://www.googleapis.com/oauth2/v1/certs",
  "universe_domain": "googleapis.com"
}`
	ssh := "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW\nQyNTUxOQAAACBsecret\n-----END OPENSSH PRIVATE KEY-----\n"
	pair := "-----BEGIN CERTIFICATE-----\nMIIBpublicline\n-----END CERTIFICATE-----\n-----BEGIN EC PRIVATE KEY-----\nMHcCsecretline\n-----END EC PRIVATE KEY-----\n"
	cluster := "apiVersion: v1\nclusters:\n- cluster:\n  users:\n- name: ada\n  user:\n    token: |-\n      tokentoken1\n"
	script := "#!/bin/sh\nset -euo pipefail\n[default]\n========\npassword\nexport KEY=123\n"
	for value, want := range map[string][]int{
		google: {3, 4}, ssh: {3}, pair: {5}, cluster: {5, 8}, script: {6},
	} {
		var broken strings.Builder // so that the whole is not found
		for line := range strings.Lines(value) {
			broken.WriteString("> " + line)
		}
		var got []int
		for _, h := range find(t, value, []byte(broken.String())) {
			got = append(got, h.Line)
			if h.Form != Line {
				t.Errorf("%q: %v", value, h)
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%q: lines %v, want %v", value, got, want)
		}
		whole := find(t, value, []byte("x\n"+value))
		if len(whole) == 0 || whole[0].Line != 2 {
			t.Errorf("%q as a whole: %v", value, whole)
		}
	}
}
