package cmd

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"pinseal/repo"
	"pinseal/versions"
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
		`'  for good without it:         git config --local --remove-section hook.pinseal-%[2]s' >&2; exit 1; }; pinseal_hook`, p, hook, commandOf(hook))
}

// textconvCommand prints a file by us, and as it is where we are not: a diff must
// not end because of us.
func textconvCommand(program string) string {
	return fmt.Sprintf(`pinseal_textconv() { case %[1]s in "$(pwd -P)"/*) ;; *) test -f %[1]s && test -x %[1]s && %[1]s textconv "$1" 2>/dev/null && return ;; esac; `+
		`cat "$1"; }; pinseal_textconv`, alwaysQuote(program))
}

// text is the block in the configuration file, without its marks; "" for nothing.
func (h hookConfig) text() string {
	if !h.hooks && !h.textconv {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# program = %s\n", h.program)
	for _, hook := range hookNames {
		if h.hooks {
			fmt.Fprintf(&b, "[hook \"pinseal-%s\"]\n\tcommand = %s\n\tevent = %s\n", hook, repo.QuoteConfig(hookCommand(hook, h.program)), hook)
		}
	}
	if h.textconv {
		fmt.Fprintf(&b, "[diff \"pinseal\"]\n\ttextconv = %s\n", repo.QuoteConfig(textconvCommand(h.program)))
	}
	return b.String()
}

// readHookConfig reads what text wrote. others are lines that git config has put
// between ours since, with the heads of their sections.
func readHookConfig(text string) (h hookConfig, others string) {
	h.hooks = strings.Contains(text, "[hook \"pinseal-")
	h.textconv = strings.Contains(text, "pinseal_textconv()")
	head, ours := "", false
	for line := range strings.Lines(text) {
		bare := strings.TrimSpace(line)
		key, _, _ := strings.Cut(bare, "=")
		switch key = strings.TrimSpace(key); {
		case key == "# program":
			_, h.program, _ = strings.Cut(strings.TrimSuffix(line, "\n"), "= ")
		case strings.HasPrefix(bare, "["):
			head, ours = line, strings.HasPrefix(bare, "[hook \"pinseal-")
			if !ours && !strings.HasPrefix(bare, "[diff \"pinseal\"]") {
				others, head = others+line, ""
			}
		case ours && (key == "command" || key == "event"), key == "textconv" && strings.Contains(line, "pinseal_textconv()"):
		default:
			others, head = others+head+line, ""
		}
	}
	return h, others
}

// changeConfig puts want into the block of the configuration file, or takes the
// block out when that is nothing.
func changeConfig(config []byte, want hookConfig) ([]byte, error) {
	m, ok := findMarked(config)
	switch {
	case ok:
		_, others := readHookConfig(m.text)
		if want.text() == "" && others != "" {
			return append(append(bytes.Clone(config[:m.at]), others...), config[m.end:]...), nil
		}
		if others != "" {
			config = append(append(bytes.Clone(config[:m.at]), others...), config[m.end:]...)
			return appendMarked(config, want.text()), nil
		}
		return m.replaced(config, want.text()), nil
	case bytes.Contains(config, []byte(markBegin)):
		return nil, hint(fmt.Errorf("the lines of pinseal in the repository's configuration were edited: %w", versions.ErrConflict), "git config --local --edit      and remove what stands from \">>> pinseal hooks\" on")
	case want.text() == "":
		return config, nil
	case bytes.HasSuffix(bytes.TrimRight(config, "\r\n"), []byte(`\`)):
		return nil, errors.New("the repository's configuration ends in the middle of a line")
	}
	return appendMarked(config, want.text()), nil
}
