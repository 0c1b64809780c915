package cmd_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// block is one fenced block of a page.
type block struct {
	line int // of its first line
	lang string
	text string
}

func fencedBlocks(page string) (blocks []block) {
	var b *block
	n := 0
	for line := range strings.Lines(page) {
		n++
		lang, fence := strings.CutPrefix(line, "```")
		switch {
		case fence && b == nil:
			b = &block{line: n + 1, lang: strings.TrimSpace(lang)}
		case fence:
			blocks, b = append(blocks, *b), nil
		case b != nil:
			b.text += line
		}
	}
	return blocks
}

// step is one command that a page shows.
type step struct {
	line          int
	who           string // the person at the prompt, "" for the reader
	command, want string // want: the lines shown below it; … stands for anything
	code          int
}

var (
	prompt      = regexp.MustCompile(`^([a-z]*)\$ `)
	exitComment = regexp.MustCompile(`\s+# exit (\d+)$`)
)

// steps takes a console block apart: lines after "$ " are commands, after "ada$ "
// those of a person of that name, a backslash at the end continues one, "# exit N"
// behind one says how it ends, and the rest is what they print.
func (b block) steps() (steps []step, err error) {
	open := false
	n := b.line - 1
	for line := range strings.Lines(b.text) {
		n++
		line = strings.TrimSuffix(line, "\n")
		command := line
		at := prompt.FindStringSubmatch(line)
		switch {
		case at != nil:
			command = line[len(at[0]):]
			steps = append(steps, step{line: n, who: at[1], command: command})
		case len(steps) == 0:
			return nil, fmt.Errorf("line %d: a console block must begin with a command", n)
		case open:
			steps[len(steps)-1].command += "\n" + line
		default:
			steps[len(steps)-1].want += line + "\n"
			continue
		}
		open = strings.HasSuffix(command, `\`)
		last := &steps[len(steps)-1]
		if m := exitComment.FindStringSubmatch(last.command); m != nil {
			last.command = strings.TrimSuffix(last.command, m[0])
			if last.code, err = strconv.Atoi(m[1]); err != nil {
				return nil, err
			}
		}
	}
	return steps, nil
}

// shown reports whether output is what a page shows: … within a line is any
// text, a line of … alone any lines, or none.
func shown(want, got string) bool {
	if got != "" && !strings.HasSuffix(got, "\n") {
		got += "\n"
	}
	var re strings.Builder
	for line := range strings.Lines(want) {
		if line == "…\n" {
			re.WriteString(`(?:.*\n)*`)
			continue
		}
		re.WriteString(strings.ReplaceAll(regexp.QuoteMeta(line), "…", ".*"))
	}
	return regexp.MustCompile(`^` + re.String() + `$`).MatchString(got)
}

// follower is who follows a page: a home directory, and a directory to be in that
// stays from one block to the next.
type follower struct {
	env []string
	dir string
}

// page is a page that is being followed.
type page struct {
	*world
	people map[string]*follower
}

// person returns a person of a page, who begins in an empty directory, named
// like the person and beside those of the others, with a home elsewhere.
func (p *page) person(name string) (*follower, error) {
	if f := p.people[name]; f != nil {
		return f, nil
	}
	home := p.path("homes", name)
	vars, err := makeHome(home)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(home, "gitconfig")
	config, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	named := strings.NewReplacer("Ada", strings.ToUpper(name[:1])+name[1:], "ada@", name+"@").Replace(string(config))
	if err := os.WriteFile(file, []byte(named), 0o600); err != nil {
		return nil, err
	}
	f := &follower{env: append(p.env[:len(p.env):len(p.env)], vars...), dir: p.path("people", name)}
	p.people[name] = f
	return f, os.MkdirAll(f.dir, 0o700)
}

// runPage runs the console and sh blocks of a page in order, as the reader and
// the people it names would, each on one machine, and returns how many commands
// ran.
func runPage(w *world, text string) (ran int, err error) {
	p := &page{w, map[string]*follower{"": {w.env, w.path("home")}}}
	for _, b := range fencedBlocks(text) {
		var steps []step
		switch b.lang {
		case "console":
			if steps, err = b.steps(); err != nil {
				return ran, err
			}
		case "sh", "bash":
			steps = []step{{line: b.line, command: b.text, want: "…\n"}}
		}
		for _, s := range steps {
			out, code, err := p.run(s)
			if err != nil {
				return ran, fmt.Errorf("line %d: %s: %w", s.line, s.command, err)
			}
			ran++
			if code != s.code {
				return ran, fmt.Errorf("line %d: %s\nexit code %d, want %d\n%s", s.line, s.command, code, s.code, out)
			}
			if !shown(s.want, out) {
				return ran, fmt.Errorf("line %d: %s\nprints:\n%s\nand the page shows:\n%s", s.line, s.command, out, s.want)
			}
		}
	}
	return ran, nil
}

// run runs a command where its person is, and returns what it printed on stdout
// and stderr, and its exit code.
func (p *page) run(s step) (out string, code int, err error) {
	f, err := p.person(s.who)
	if err != nil {
		return "", 0, err
	}
	note := p.path("pwd")
	if err := os.RemoveAll(note); err != nil {
		return "", 0, err
	}
	c := exec.Command("sh", "-c", s.command+"\ncode=$?\npwd >\"$PWD_NOTE\"\nexit $code")
	c.Dir, c.Env = f.dir, append(f.env[:len(f.env):len(f.env)], "PWD_NOTE="+note)
	data, err := c.CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code, err = exit.ExitCode(), nil
	}
	if where, readErr := os.ReadFile(note); readErr == nil {
		f.dir = strings.TrimSuffix(string(where), "\n")
	}
	return string(data), code, err
}

func TestReadme(t *testing.T) {
	slow(t)
	t.Parallel()
	page, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	ran, err := runPage(newWorld(t), string(page))
	if err != nil {
		t.Fatalf("README.md, %v", err)
	}
	if ran < 10 {
		t.Errorf("only %d commands of README.md ran", ran)
	}
}

// What the page shows must be held to what happens.
func TestReadmeIsHeldToItsWord(t *testing.T) {
	tests := []struct {
		name, page string
		ran        int
		ok         bool
	}{
		{"output", "```console\n$ echo a; echo b\na\nb\n```\n", 1, true},
		{"other output", "```console\n$ echo a\nb\n```\n", 1, false},
		{"less output", "```console\n$ echo a; echo b\na\n```\n", 1, false},
		{"output that is not shown", "```console\n$ echo a\n```\n", 1, false},
		{"wildcards", "```console\n$ echo one two three; echo; echo end\none … three\n…\nend\n…\n```\n", 1, true},
		{"wildcard in one line", "```console\n$ echo one; echo two\no…o\n```\n", 1, false},
		{"no newline", "```console\n$ printf a\na\n```\n", 1, true},
		{"stderr", "```console\n$ echo a >&2\na\n```\n", 1, true},
		{"exit code", "```console\n$ false\n```\n", 1, false},
		{"shown exit code", "```console\n$ exit 5  # exit 5\n```\n", 1, true},
		{"other exit code", "```console\n$ exit 4  # exit 5\n```\n", 1, false},
		{"directory stays", "```console\n$ mkdir d && cd d\n```\ntext\n```console\n$ basename \"$PWD\"\nd\n```\n", 2, true},
		{"continued", "```console\n$ echo a \\\n  b\na b\n```\n", 1, true},
		{"script", "```sh\nset -e\necho a\n```\n", 1, true},
		{"failing script", "```sh\nset -e\nfalse\necho a\n```\n", 1, false},
		{"other blocks", "```text\nfalse\n```\n```yaml\na: b\n```\n", 0, true},
		{"no command", "```console\na\n```\n", 0, false},
		{"people", "```console\nada$ echo a >f\nbob$ ls\n```\ntext\n```console\nada$ cat f\na\n$ ls f  # exit 2\n…\n```\n", 4, true},
		{"people, other output", "```console\nada$ echo a\nb\n```\n", 1, false},
		{"people, other exit code", "```console\nada$ false\n```\n", 1, false},
		{"people, continued", "```console\nada$ echo a \\\n  b\na b\nbob$ echo c\nc\n```\n", 2, true},
		{"directories", "```console\nada$ git init -q --bare ../hub.git\nbob$ git clone -q ../hub.git shop && cd shop\n…\n```\n" +
			"```console\nada$ basename \"$PWD\"\nada\nbob$ basename \"$PWD\"\nshop\n```\n", 4, true},
		{"homes", "```console\nada$ echo a >~/f\nbob$ cat ~/f  # exit 1\n…\nbob$ pinseal identity new\n…\nada$ pinseal identity show  # exit 4\n…\n```\n", 4, true},
		{"git names", "```console\nada$ git config user.name\nAda\nbob$ git config user.name; git config user.email\nBob\nbob@example.com\n$ git config user.email\nada@example.com\n```\n", 3, true},
		{"what is no prompt", "```console\n$ echo 'Bob$ a'; echo 'a $ b'; echo 'a$'\nBob$ a\na $ b\na$\n```\n", 1, true},
	}
	for _, test := range tests {
		ran, err := runPage(newWorld(t), test.page)
		if ran != test.ran || (err == nil) != test.ok {
			t.Errorf("%s: ran %d, %v", test.name, ran, err)
		}
	}
}
