package cmd

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// runner reads what a step leaves to it as the runner of GitHub Actions does.
type runner struct{ windows bool }

// line takes a line off text: it ends with LF, on Windows with CR LF too. ok is false
// at the end.
func (r runner) line(text string) (line, end, rest string, ok bool) {
	line, rest, found := strings.Cut(text, "\n")
	if !found {
		return text, "", "", text != ""
	}
	if cut, crlf := strings.CutSuffix(line, "\r"); crlf && r.windows {
		return cut, "\r\n", rest, true
	}
	return line, "\n", rest, true
}

// variables reads the file of GITHUB_ENV.
func (r runner) variables(text string) (map[string]string, error) {
	vars := map[string]string{}
	if !utf8.ValidString(text) {
		return nil, errors.New("not UTF-8")
	}
	for {
		line, _, rest, ok := r.line(text)
		if !ok {
			return vars, nil
		}
		text = rest
		equals, heredoc := strings.Index(line, "="), strings.Index(line, "<<")
		switch {
		case line == "":
		case equals >= 0 && (heredoc < 0 || equals < heredoc):
			vars[line[:equals]] = line[equals+1:]
		case heredoc > 0 && line[heredoc+2:] != "":
			var value, before string
			for i := 0; ; i++ {
				next, end, rest, ok := r.line(text)
				if !ok {
					return nil, errors.New("a delimiter is missing")
				}
				text = rest
				if next == line[heredoc+2:] {
					break
				}
				value += before + next
				before = end
			}
			vars[line[:heredoc]] = value
		default:
			return nil, fmt.Errorf("an odd line %q", line)
		}
	}
}

// masks reads the log of a step and lists what is hidden from then on.
func (r runner) masks(t *testing.T, log string) (masks []string) {
	t.Helper()
	unescape := strings.NewReplacer("%0D", "\r", "%0A", "\n", "%25", "%")
	for line := range strings.SplitSeq(strings.ReplaceAll(log, "\r", "\n"), "\n") {
		if line == "" {
			continue
		}
		mask, ok := strings.CutPrefix(line, "::add-mask::")
		if !ok || strings.TrimSpace(mask) == "" {
			t.Fatalf("%q is no mask", line)
		}
		masks = append(masks, unescape.Replace(mask))
	}
	return masks
}

func githubValues() []string {
	return []string{"", "x", "abc", "value", "a=b<<c", "two\nlines", "\n", "\n\n", "end\n", "crlf\r\nlines\r\n", "% %0A %25 %0D%", "::add-mask::x\n::stop-commands::y",
		"  indented: {\n  }\n", "EOF\nEOF", "NAME<<EOF\nx\nEOF\n", "\tü😀\u2028y", "a\n\n\nb", "\ufeffbom", "::set-env name=X::y", "x\x01\x1b[31m",
		"long line\nabc\nlong again", "{\n  \"key\": 1\n},\n"}
}

func TestGitHubEnv(t *testing.T) {
	var texts []string
	for i, value := range githubValues() {
		texts = append(texts, fmt.Sprintf("V%02d.x", i), value)
	}
	pairs := exportPairs(texts...)
	n := 0
	env, err := formatGitHubEnv(pairs, func() string { n++; return fmt.Sprint("r", n) })
	if err != nil {
		t.Fatal(err)
	}
	for _, windows := range []bool{false, true} {
		r := runner{windows}
		got, err := r.variables(string(env.blocks))
		if err != nil || len(got) != len(pairs) {
			t.Fatalf("windows %t: %d variables, %v\n%s", windows, len(got), err, env.blocks)
		}
		for i, want := range githubValues() {
			if value, ok := got[fmt.Sprintf("V%02d_x", i)]; !ok || value != want {
				t.Errorf("windows %t: %q is set as %q", windows, want, value)
			}
		}
	}
	masks := runner{}.masks(t, string(env.masks))
	for i, value := range githubValues() {
		hidden, shown := false, false
		for line := range strings.SplitSeq(value, "\n") {
			if text := strings.TrimSpace(line); len(text) >= shortestMask {
				hidden = true
				if !slices.Contains(masks, text) {
					t.Errorf("the line %q is not masked", text)
				}
			} else if strings.ContainsAny(text, "abctwoxyEOF") {
				shown = true
			}
		}
		if short := value != "" && !hidden; short != slices.Contains(env.unmasked, fmt.Sprintf("V%02d.x", i)) {
			t.Errorf("%q: said to be too short: %t", value, !short)
		}
		if partly := hidden && shown; partly != slices.Contains(env.partly, fmt.Sprintf("V%02d.x", i)) {
			t.Errorf("%q: said to be too short in part: %t", value, !partly)
		}
	}
	for _, mask := range masks {
		if len(mask) < shortestMask {
			t.Errorf("the mask %q is too short", mask)
		}
	}
}

// A value that knows the delimiter does not end its block.
func TestGitHubEnvDelimiter(t *testing.T) {
	n := 0
	env, err := formatGitHubEnv(exportPairs("A", "x\npinseal-r1\nEVIL=1\npinseal-r1r2\n"), func() string { n++; return fmt.Sprint("r", n) })
	if err != nil {
		t.Fatal(err)
	}
	if got, err := (runner{}).variables(string(env.blocks)); err != nil || len(got) != 1 || got["A"] != "x\npinseal-r1\nEVIL=1\npinseal-r1r2\n" {
		t.Errorf("%q, %v\n%s", got, err, env.blocks)
	}
}

func TestGitHubEnvRefuses(t *testing.T) {
	for _, test := range []struct {
		name, value string
		code        int
		want        string
	}{
		{"A", "s3cr3t\x00", exitFailed, "NUL"},
		{"A", "s3cr3t\rx", exitFailed, "carriage return"},
		{"A", "s3cr3t\r", exitFailed, "carriage return"},
		{"A", "s3cr3t\r\r\n", exitFailed, "carriage return"},
		{"A", "s3cr3t\xff", exitFailed, "not UTF-8"},
		{"GITHUB_TOKEN", "s3cr3t", exitFailed, "does not let a step set"},
		{"github.token", "s3cr3t", exitFailed, "does not let a step set"},
		{"RUNNER-OS", "s3cr3t", exitFailed, "does not let a step set"},
		{"Node_Options", "s3cr3t", exitFailed, "does not let a step set"},
		{"ok.x", "s3cr3t", exitUsage, "are both variable"},
	} {
		env, err := formatGitHubEnv(exportPairs("ok_x", "s3cr3t", test.name, test.value), func() string { return "r" })
		if err == nil || env.masks != nil || env.blocks != nil || exitCode(err) != test.code {
			t.Errorf("%s: %v", test.name, err)
		} else if !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%s: %v, want %s", test.name, err, test.want)
		}
	}
}

func TestAppendLines(t *testing.T) {
	for before, want := range map[string]string{"": "B=1\n", "A=0\n": "A=0\nB=1\n", "A=0": "A=0\nB=1\n"} {
		file := filepath.Join(t.TempDir(), "env")
		if err := os.WriteFile(file, []byte(before), 0o640); err != nil {
			t.Fatal(err)
		}
		f, err := openAppend(file)
		if err != nil {
			t.Fatal(err)
		}
		err = errors.Join(appendLines(f, []byte("B=1\n")), f.Close())
		got, _ := os.ReadFile(file)
		if err != nil || string(got) != want {
			t.Errorf("%q becomes %q, %v", before, got, err)
		}
	}
}
