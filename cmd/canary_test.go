package cmd_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/tools/txtar"
)

// watched is one script and the values that must not come out of it.
type watched struct {
	work     string
	lines    map[string]bool   // the script's commands, as testscript echoes them
	own      map[string][]byte // the script's files by path from work
	canaries []string
}

var (
	canaryWord = regexp.MustCompile(`CANARY[A-Za-z0-9]+`)
	phaseTime  = regexp.MustCompile(`( \(\d+\.\d+s\))?\n$`) // testscript adds it to comments
)

// watch reads the canaries of a script. A script that pipes values in and has
// none is refused: it would prove nothing.
func watch(file, work string) (*watched, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	archive := txtar.Parse(data)
	w := &watched{work: work, lines: map[string]bool{}, own: map[string][]byte{}}
	pipes := false
	for line := range strings.Lines(string(archive.Comment)) {
		line = strings.TrimSuffix(line, "\n")
		if line != "" {
			w.lines[line] = true
		}
		pipes = pipes || strings.HasPrefix(line, "stdin ")
	}
	w.canaries = canaryWord.FindAllString(string(data), -1)
	for _, f := range archive.Files {
		w.own[f.Name] = f.Data
		if f.Name == "CANARIES" {
			for line := range strings.Lines(string(f.Data)) {
				w.canaries = append(w.canaries, strings.TrimSuffix(line, "\n"))
			}
		}
	}
	slices.Sort(w.canaries)
	w.canaries = slices.Compact(w.canaries)
	for _, c := range w.canaries {
		if len(c) < 8 {
			return nil, fmt.Errorf("canary %q is too short to be found without doubt", c)
		}
	}
	if pipes && len(w.canaries) == 0 {
		return nil, fmt.Errorf("%s pipes in values, but none is a canary (CANARY… or a line of CANARIES)", filepath.Base(file))
	}
	return w, nil
}

// leaks returns every place where a canary came out: in the log of the script,
// below its work directory, or in the objects of a repository there.
func (w *watched) leaks(log string) ([]string, error) {
	var leaks []string
	look := func(where string, data []byte) {
		for _, c := range w.canaries {
			if form := findForm(data, c); form != "" {
				leaks = append(leaks, fmt.Sprintf("the value %s… is in %s%s", c[:8], where, form))
			}
		}
	}
	look("the output of a command without reveal", w.unrevealed(log))
	err := filepath.WalkDir(w.work, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // a file that went away while others were listed
		}
		if err != nil {
			return err
		}
		name, err := filepath.Rel(w.work, path)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		look("the name of a file: "+filepath.Dir(name), []byte(name))
		switch {
		case d.IsDir() && (name == "in" || name == "out"):
			return fs.SkipDir
		case d.IsDir() && isGitDir(path):
			objects, err := everyObject(path)
			look("a git object of "+name, objects)
			return err
		case !d.Type().IsRegular():
			return nil
		}
		data, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrPermission) {
			return fmt.Errorf("%s cannot be searched: %w", name, err)
		}
		if own, ok := w.own[name]; err == nil && !(ok && bytes.Equal(own, data)) {
			look("file "+name+" (on purpose? then put it below in/ or out/)", data)
		}
		return err
	})
	return leaks, err
}

// unrevealed is the log without the echoed commands and without what the
// commands under reveal printed.
func (w *watched) unrevealed(log string) []byte {
	var b bytes.Buffer
	revealed := false
	for line := range strings.Lines(log) {
		command, echoed := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "> ")
		switch {
		case echoed && w.lines[command]:
			revealed = isReveal(command)
		case revealed, strings.HasPrefix(line, "FAIL: "), w.lines[phaseTime.ReplaceAllString(line, "")]:
		default:
			b.WriteString(line)
		}
	}
	return b.Bytes()
}

func isReveal(command string) bool {
	words := strings.Fields(command)
	for len(words) > 0 && strings.HasPrefix(words[0], "[") {
		words = words[1:]
	}
	return len(words) > 0 && words[0] == "reveal"
}

// findForm finds a value as it is, in hex, or inside base64 of either alphabet,
// and says in which form.
func findForm(data []byte, value string) string {
	if bytes.Contains(data, []byte(value)) {
		return " as it is"
	}
	if bytes.Contains(bytes.ToLower(data), []byte(hex.EncodeToString([]byte(value)))) {
		return " in hex"
	}
	for shift := range 3 {
		// Of the first and last quantum some bits belong to the neighbours.
		padded := append(make([]byte, shift), value...)
		padded = padded[:len(padded)-len(padded)%3]
		text := base64.StdEncoding.EncodeToString(padded)[(shift+2)/3*4:]
		if bytes.Contains(data, []byte(text)) || bytes.Contains(data, []byte(strings.NewReplacer("+", "-", "/", "_").Replace(text))) {
			return " in base64"
		}
	}
	return ""
}

func isGitDir(dir string) bool {
	for _, name := range []string{"objects", "refs", "HEAD"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return false
		}
	}
	return true
}

// everyObject returns the contents of all objects of a repository, and of every
// other file in its git directory but the object store.
func everyObject(dir string) ([]byte, error) {
	git := exec.Command("git", "--git-dir="+dir, "cat-file", "--batch-all-objects", "--batch", "--unordered")
	git.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "GIT_NO_LAZY_FETCH=1")
	all, err := git.Output()
	if err != nil && len(all) == 0 {
		all = nil // a repository that a script broke on purpose: its files are searched below
	}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path == filepath.Join(dir, "objects"):
			return fs.SkipDir
		case !d.Type().IsRegular():
			return nil
		}
		data, err := os.ReadFile(path)
		all = append(append(all, data...), '\n')
		return err
	})
	return all, err
}
