package cmd

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// huskyFirst begins a file of husky that was made for us.
const huskyFirst = "#!/usr/bin/env sh\n"

// guardText finds pinseal on PATH, as a file of the team has to. There may be
// directories of the work tree on it: a pinseal from there is refused.
func guardText(hook string) string {
	return fmt.Sprintf(`pinseal_program=$(command -v pinseal) || pinseal_program=
case $pinseal_program in "$(pwd -P)"/* | [!/]* | '')
	echo 'pinseal: the %[1]s hook stops here: there is no pinseal on PATH outside of the work tree' >&2
	echo '  this time without it:   git %[2]s --no-verify' >&2
	exit 1 ;;
esac
`, hook, commandOf(hook))
}

// huskyText is what a file of husky runs first.
func huskyText(hook string) string {
	if hook != "pre-push" {
		return guardText(hook) + fmt.Sprintf("\"$pinseal_program\" hook %s \"$@\" || exit\n", hook)
	}
	return guardText(hook) + pushText(`"$pinseal_program"`)
}

// pushPipe stands before the call in pushText, on its line.
const pushPipe = `}" | `

// pushText calls the hook pre-push of program, a word of the shell, and has what
// comes after it read the pushed refs from stdin again.
func pushText(program string) string {
	return `pinseal_refs=$(cat)
printf %s "${pinseal_refs:+$pinseal_refs
` + pushPipe + program + ` hook pre-push "$@" || exit
if test -n "$pinseal_refs"; then exec <<PINSEAL_REFS
$pinseal_refs
PINSEAL_REFS
fi
`
}

// writeHusky is the steps that make husky call us first in each hook.
func writeHusky(dir string) ([]fileStep, error) {
	if info, err := os.Lstat(dir); err != nil || !info.IsDir() {
		return nil, errors.Join(errors.New(".husky is not a directory"), err)
	}
	var steps []fileStep
	for _, hook := range hookNames {
		file := filepath.Join(dir, hook)
		info, err := os.Lstat(file)
		if errors.Is(err, fs.ErrNotExist) {
			steps = append(steps, writeScript(file, huskyFirst+marked{text: huskyText(hook), file: true}.String(), nil))
			continue
		}
		if err != nil || !info.Mode().IsRegular() || info.Size() >= maxHook {
			return nil, errors.Join(fmt.Errorf(".husky/%s is not a small file", hook), err)
		}
		data, err := os.ReadFile(file)
		switch {
		case err != nil:
			return nil, err
		case callsHook(data, hook):
			continue
		case bytes.ContainsRune(data, '\r') || bytes.Contains(data, []byte(markBegin)):
			return nil, fmt.Errorf(".husky/%s has carriage returns, or lines of pinseal already", hook)
		}
		at := huskyStart(data)
		added := append(bytes.Clone(data[:at]), marked{text: huskyText(hook)}.String()...)
		steps = append(steps, rewrite(file, data, append(added, data[at:]...)))
	}
	return steps, nil
}

// huskyStart is where the commands of a file of husky begin: behind the first line
// that names the shell, and the one by which old versions of husky start.
func huskyStart(data []byte) int {
	at := 0
	for line := range strings.Lines(string(data)) {
		starts := at == 0 && strings.HasPrefix(line, "#!") || strings.HasPrefix(line, ". ") && strings.Contains(line, "husky.sh")
		if !starts && strings.TrimSpace(line) != "" || !strings.HasSuffix(line, "\n") {
			break
		}
		at += len(line)
	}
	return at
}

// removeHusky is the steps that take out what writeHusky put in.
func removeHusky(dir string) ([]fileStep, error) {
	var steps []fileStep
	for _, hook := range hookNames {
		file := filepath.Join(dir, hook)
		data, err := readHead(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		m, ok := findMarked(data)
		if !ok || len(data) == maxHook {
			continue
		}
		if m.text != huskyText(hook) {
			return nil, editedError(".husky/" + hook)
		}
		rest := m.replaced(data, "")
		if m.file && string(rest) == huskyFirst {
			steps = append(steps, removeScript(file, data))
			continue
		}
		steps = append(steps, rewrite(file, data, rest))
	}
	return steps, nil
}
