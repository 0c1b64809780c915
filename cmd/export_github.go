package cmd

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"unicode/utf8"
)

// shortestMask is the shortest text, in bytes, that is masked in a log: shorter ones
// are in every line of it.
const shortestMask = 4

// exportGitHub masks the values in the log of a step and sets them for the steps that
// follow, by the file that GITHUB_ENV names.
func (c *cli) exportGitHub(file string, pairs []plainPair) error {
	env, err := formatGitHubEnv(pairs, rand.Text)
	if err != nil {
		return exportHint(err)
	}
	f, err := openAppend(c.path(file))
	if err != nil {
		return fmt.Errorf("the file of GITHUB_ENV, %q: %w", file, err)
	}
	defer f.Close()
	if err := c.writeStdout(env.masks); err != nil {
		return err
	}
	if err := appendLines(f, env.blocks); err != nil {
		return fmt.Errorf("the file of GITHUB_ENV, %q: %s", file, writeReason(err))
	}
	c.say("Set %s for the steps that follow", count(len(pairs), "variable"))
	if len(env.unmasked) > 0 {
		c.warn("too short to be masked in the log: %s", strings.Join(env.unmasked, ", "))
	}
	if len(env.partly) > 0 {
		c.warn("with lines that are too short to be masked in the log: %s", strings.Join(env.partly, ", "))
	}
	return nil
}

// githubEnv is what a step of GitHub Actions leaves to the runner.
type githubEnv struct {
	masks  []byte // what it prints: a command per line of a value
	blocks []byte // what it appends to its file, one per pair
	// Secrets that are not empty and have nothing that is masked; and those that have
	// a line besides, of more than brackets.
	unmasked, partly []string
}

// formatGitHubEnv masks the values and sets them. A value is masked without the white
// space around its lines, which programs drop. random makes a text that nobody guesses.
func formatGitHubEnv(pairs []plainPair, random func() string) (env githubEnv, err error) {
	names, err := variables(pairs)
	if err != nil {
		return githubEnv{}, err
	}
	for i, p := range pairs {
		if err := checkGitHub(p, names[i]); err != nil {
			return githubEnv{}, err
		}
	}
	seen := map[string]bool{}
	escape := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	for i, p := range pairs {
		value, masked, short := string(p.value.Reveal()), false, false
		for line := range strings.SplitSeq(value, "\n") {
			line = strings.TrimSpace(line)
			if len(line) < shortestMask {
				short = short || strings.Trim(line, "()[]{},;") != ""
				continue
			}
			masked = true
			if !seen[line] {
				seen[line] = true
				env.masks = append(env.masks, "::add-mask::"+escape.Replace(line)+"\n"...)
			}
		}
		switch {
		case !masked && value != "":
			env.unmasked = append(env.unmasked, p.name)
		case masked && short:
			env.partly = append(env.partly, p.name)
		}
		end := "pinseal-" + random()
		for strings.Contains(value, end) {
			end += random()
		}
		env.blocks = append(env.blocks, names[i]+"<<"+end+"\n"+value+"\n"+end+"\n"...)
	}
	return env, nil
}

// checkGitHub refuses what the runner would not set, or not exactly: it reads its file
// as UTF-8, takes lines that end in LF or, on Windows, CR LF, and keeps some variables
// to itself.
func checkGitHub(p plainPair, name string) error {
	value, upper := p.value.Reveal(), strings.ToUpper(name)
	lone := bytes.ReplaceAll(value, []byte("\r\n"), nil)
	switch {
	case strings.HasPrefix(upper, "GITHUB_"), strings.HasPrefix(upper, "RUNNER_"), slices.Contains([]string{"NODE_OPTIONS", "_"}, upper):
		return refuseVariable(p.name, name, "is a variable that GitHub Actions does not let a step set")
	case !utf8.Valid(value):
		return fmt.Errorf("%q is not UTF-8 text: GITHUB_ENV cannot carry it", p.name)
	case bytes.IndexByte(lone, '\r') >= 0:
		return fmt.Errorf("%q holds a carriage return without a newline after it: GITHUB_ENV cannot carry it on every runner", p.name)
	}
	return nil
}

// openAppend opens a plain file to append to, or makes it, for its owner alone.
func openAppend(file string) (*os.File, error) {
	if info, err := os.Lstat(file); err == nil && !info.Mode().IsRegular() {
		return nil, usage(nil, "is not a plain file")
	}
	f, err := os.OpenFile(file, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return nil, usage(nil, "%s", reasonOf(err))
	}
	return f, nil
}

// appendLines appends whole lines, on a line of their own, or nothing.
func appendLines(f *os.File, data []byte) error {
	info, err := f.Stat()
	if err != nil || len(data) == 0 {
		return err
	}
	last := []byte("\n")
	if info.Size() > 0 {
		if _, err := f.ReadAt(last, info.Size()-1); err != nil {
			return err
		}
	}
	if last[0] != '\n' {
		data = append([]byte("\n"), data...)
	}
	if _, err = f.Write(data); err != nil {
		err = errors.Join(err, f.Truncate(info.Size()))
	}
	return err
}
