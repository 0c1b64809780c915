package cmd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// stubV1 is a hook of version 1 as it was written by the first program that had
// hooks. It is recognised for ever.
const stubV1 = `#!/bin/sh
# pinseal hook v1: written by pinseal hooks install, removed by pinseal hooks uninstall
pinseal_program='/old/ada'\''s/pinseal'
pinseal_stop() {
	printf '%s\n' "pinseal: the pre-push hook stops here: $pinseal_program $1" \
		"  install pinseal, and then:   pinseal hooks install" \
		"  this time without it:        git push --no-verify" \
		"  for good without it:         rm '$0'" >&2
	exit 1
}
case $pinseal_program in "$(pwd -P)"/*) pinseal_stop 'is in the work tree, where any commit can replace it' ;; esac
test -f "$pinseal_program" && test -x "$pinseal_program" || pinseal_stop 'is not there or cannot be run'
exec "$pinseal_program" hook pre-push "$@"
`

func TestReadStub(t *testing.T) {
	s, ok := readStub("pre-push", []byte(stubV1))
	if want := (stub{hook: "pre-push", program: "/old/ada's/pinseal"}); !ok || s != want {
		t.Errorf("got %+v, %t, want %+v", s, ok, want)
	}
	for _, hook := range hookNames {
		for _, chained := range []bool{false, true} {
			for _, madeDir := range []bool{false, true} {
				want := stub{hook, "C:/Program Files/it's/pinseal.exe", chained, madeDir}
				if got, ok := readStub(hook, []byte(want.text())); !ok || got != want {
					t.Errorf("got %+v, %t, want %+v", got, ok, want)
				}
				if _, ok := readStub("post-commit", []byte(want.text())); ok {
					t.Errorf("%+v passes for another hook", want)
				}
			}
		}
	}
	for _, text := range []string{"", "#!/bin/sh\n", stubV1 + "\n", strings.Replace(stubV1, "v1", "v2", 1), strings.Replace(stubV1, "exit 1", "exit 0", 1)} {
		if _, ok := readStub("pre-push", []byte(text)); ok {
			t.Errorf("recognised:\n%s", text)
		}
	}
}

func TestMarked(t *testing.T) {
	for _, before := range []string{"", "a\n", "a", "a\n\n", "# >>> pinseal\n"} {
		added := appendMarked([]byte(before), "x\ny\n")
		m, ok := findMarked(added)
		if !ok || m.text != "x\ny\n" || string(m.replaced(added, "")) != before {
			t.Errorf("%q: %+v, %t", before, m, ok)
		}
		again := m.replaced(added, "z\n")
		m, ok = findMarked(again)
		if !ok || m.text != "z\n" || string(m.replaced(again, "")) != before {
			t.Errorf("%q: %+v, %t", before, m, ok)
		}
		// What others have put behind it must not join the line before it.
		more := append(again, "more\n"...)
		want := before
		if before != "" && !strings.HasSuffix(before, "\n") {
			want += "\n"
		}
		if got := string(m.replaced(more, "")); got != want+"more\n" {
			t.Errorf("%q with more behind it: %q", before, got)
		}
	}
	for _, text := range []string{"", "x" + markPlain + markEnd, markPlain, markPlain + "a\n", markEnd + markPlain, markBegin + "?\n" + markEnd} {
		if m, ok := findMarked([]byte(text)); ok {
			t.Errorf("%q: %+v", text, m)
		}
	}
}

func TestCalledAs(t *testing.T) {
	dir := t.TempDir()
	real, other, link := filepath.Join(dir, "cellar", "1.2", "pinseal"), filepath.Join(dir, "other"), filepath.Join(dir, "bin", "pinseal")
	for _, file := range []string{real, other} {
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, nil, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Dir(link), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(real, link); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", filepath.Dir(link))
	for _, test := range []struct{ arg0, want string }{
		{"pinseal", link}, {link, link}, {"bin/pinseal", link}, {"./bin/../bin/pinseal", link}, {real, real},
		{"nosuch", real}, {other, real}, {"other", real}, {"./nosuch", real},
	} {
		if got := calledAs(test.arg0, real, dir); got != test.want {
			t.Errorf("%s: %s, want %s", test.arg0, got, test.want)
		}
	}
}

func TestIsBuiltToRun(t *testing.T) {
	for file, want := range map[string]bool{
		"/tmp/go-build123/b001/exe/pinseal": true, "/home/ada/.cache/go-build/ab/abc-d/pinseal": true,
		"/home/ada/go/bin/pinseal": false, "/usr/bin/pinseal": false, "/home/ada/go-builds/pinseal": true, "/home/ada/go-build": false,
	} {
		if got := isBuiltToRun(file); got != want {
			t.Errorf("%s: %t", file, got)
		}
	}
}

// The file at the top is what pre-commit reads from this repository.
func TestPreCommitHooksFile(t *testing.T) {
	data, err := os.ReadFile("../.pre-commit-hooks.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	var entries []struct {
		ID            string   `yaml:"id"`
		Name          string   `yaml:"name"`
		Description   string   `yaml:"description"`
		Entry         string   `yaml:"entry"`
		Language      string   `yaml:"language"`
		PassFilenames *bool    `yaml:"pass_filenames"`
		AlwaysRun     bool     `yaml:"always_run"`
		Stages        []string `yaml:"stages"`
	}
	if err := doc.Decode(&entries); err != nil {
		t.Fatal(err)
	}
	want := map[string][3]string{
		"pinseal":             {"golang", "pinseal hook pre-commit", "pre-commit pre-merge-commit"},
		"pinseal-system":      {"system", preCommitGuarded("exec pinseal hook pre-commit"), "pre-commit pre-merge-commit"},
		"pinseal-push":        {"golang", preCommitPush, "pre-push"},
		"pinseal-push-system": {"system", preCommitGuarded(preCommitRefs), "pre-push"},
	}
	for _, e := range entries {
		w := want[e.ID]
		delete(want, e.ID)
		if e.Language != w[0] || e.Entry != w[1] || strings.Join(e.Stages, " ") != w[2] {
			t.Errorf("%s: %+v, want %q", e.ID, e, w)
		}
		if e.PassFilenames == nil || *e.PassFilenames || !e.AlwaysRun || e.Name == "" || e.Description == "" {
			t.Errorf("%s: %+v", e.ID, e)
		}
	}
	if len(want) > 0 {
		t.Errorf("there is no %v", want)
	}
	for _, n := range doc.Content[0].Content {
		for i := 0; i < len(n.Content); i += 2 {
			switch key := n.Content[i].Value; key {
			case "id", "name", "description", "entry", "language", "pass_filenames", "always_run", "stages":
			default:
				t.Errorf("pre-commit does not know %q", key)
			}
		}
	}
}
