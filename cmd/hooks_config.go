package cmd

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"pinseal/repo"
)

// hookConfig is what we set in the repository's own configuration.
type hookConfig struct {
	program  string // absolute path of pinseal
	hooks    bool   // git runs the hooks from here
	textconv bool   // git diff shows secret files by us
}

const textconvKey = "diff.pinseal.textconv"

// hookKey is the name of a setting of one of our hooks.
func hookKey(hook, name string) string { return "hook.pinseal-" + hook + "." + name }

// hookCommand is the command of a configured hook. Git adds the hook's arguments
// to its end and gives it to the shell; with no argument it adds nothing.
func hookCommand(hook, program string) string {
	p := alwaysQuote(program)
	return fmt.Sprintf(`pinseal_hook() { case %[1]s in "$(pwd -P)"/*) ;; *) test -f %[1]s && test -x %[1]s && exec %[1]s hook %[2]s "$@" ;; esac; `+
		`printf '%%s\n' 'pinseal: the %[2]s hook stops here: it has to call a program that is not there, cannot be run, or is in the work tree:' %[1]s `+
		`'  install pinseal, and then:   pinseal hooks install' '  this time without it:        git %[3]s --no-verify' `+
		`'  for good without it:         git config hook.pinseal-%[2]s.enabled false' >&2; exit 1; }; pinseal_hook`, p, hook, commandOf(hook))
}

// textconvCommand prints a file by us, and as it is where we are not: a diff must
// not end because of us.
func textconvCommand(program string) string {
	return fmt.Sprintf(`pinseal_textconv() { case %[1]s in "$(pwd -P)"/*) ;; *) test -f %[1]s && test -x %[1]s && %[1]s textconv "$1" 2>/dev/null && return ;; esac; `+
		`cat "$1"; }; pinseal_textconv`, alwaysQuote(program))
}

// configNote begins a comment in each section of ours, which ends in the path of
// the program. The marks are inside of sections: git takes comments between two of
// them away with the first.
const (
	configNote        = "# by pinseal hooks install"
	configNoteNewline = configNote + ", with the newline before it"
)

// text is our sections of the configuration file, "" for nothing. newline says that
// the line before them had no end.
func (h hookConfig) text(newline bool) string {
	var b strings.Builder
	section := func(head string) {
		note := configNote
		if newline && b.Len() == 0 {
			note = configNoteNewline
		}
		fmt.Fprintf(&b, "%s\n\t%s, for %s\n", head, note, h.program)
	}
	for _, hook := range hookNames {
		if h.hooks {
			section("[hook \"pinseal-" + hook + "\"]")
			fmt.Fprintf(&b, "\tcommand = %s\n\tevent = %s\n", repo.QuoteConfig(hookCommand(hook, h.program)), hook)
		}
	}
	if h.textconv {
		section("[diff \"pinseal\"]")
		fmt.Fprintf(&b, "\ttextconv = %s\n", repo.QuoteConfig(textconvCommand(h.program)))
	}
	return b.String()
}

// configFile is a configuration file taken apart.
type configFile struct {
	ours    hookConfig
	text    string // our lines
	newline bool   // they brought the newline before them
	rest    []byte // the file without our lines: as it was before them
}

// readHookConfig finds what text wrote, or what git config has left of it. Lines
// that others have put into our sections are among the rest, with the heads.
func readHookConfig(config []byte) configFile {
	var f configFile
	at, head, ours, others := -1, "", "", ""
	flush := func() {
		if ours == "" || isSetting(others) {
			others = head + others
		}
		if ours != "" {
			f.text += head + ours
		}
		f.rest = append(f.rest, others...)
		head, ours, others = "", "", ""
	}
	for line := range strings.Lines(string(config)) {
		switch bare := strings.TrimSpace(line); {
		case strings.HasPrefix(bare, "["):
			flush()
			head = line
		case f.takes(strings.TrimSpace(head), bare):
			ours += line
			if strings.HasPrefix(bare, configNoteNewline) {
				f.newline, at = true, len(f.rest)
			}
		default:
			others += line
		}
	}
	flush()
	if at == len(f.rest) && len(f.rest) > 0 {
		f.rest = bytes.TrimSuffix(f.rest, []byte("\n"))
	}
	return f
}

// takes reports whether a line of the section with that head is ours, and notes
// what it says.
func (f *configFile) takes(head, line string) bool {
	isHook := strings.HasPrefix(head, "[hook \"pinseal-")
	key, _, _ := strings.Cut(line, "=")
	key = strings.TrimSpace(key)
	switch {
	case !isHook && head != "[diff \"pinseal\"]":
		return false
	case strings.HasPrefix(line, configNote):
		_, f.ours.program, _ = strings.Cut(line, ", for ")
	case isHook && (key == "command" || key == "event"):
		f.ours.hooks = true
	case !isHook && key == "textconv" && strings.Contains(line, "pinseal_textconv()"):
		f.ours.textconv = true
	default:
		return false
	}
	return true
}

// isSetting reports whether lines are more than comments.
func isSetting(lines string) bool {
	for line := range strings.Lines(lines) {
		if bare := strings.TrimSpace(line); bare != "" && bare[0] != '#' && bare[0] != ';' {
			return true
		}
	}
	return false
}

// changeConfig makes what a configuration file has of ours what is wanted.
func changeConfig(config []byte, want hookConfig) ([]byte, error) {
	f := readHookConfig(config)
	switch {
	case f.text == want.text(f.newline):
		return config, nil
	case want.text(false) == "":
		return f.rest, nil
	case bytes.HasSuffix(bytes.TrimRight(f.rest, "\r\n"), []byte(`\`)):
		return nil, errors.New("the repository's configuration ends in the middle of a line")
	}
	newline := len(f.rest) > 0 && f.rest[len(f.rest)-1] != '\n'
	if newline {
		f.rest = append(f.rest, '\n')
	}
	return append(f.rest, want.text(newline)...), nil
}
