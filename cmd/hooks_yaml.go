package cmd

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"gopkg.in/yaml.v3"

	"pinseal/versions"
)

// preCommitText is an entry of the list of repositories of pre-commit. Its stage
// pre-push passes on neither git's arguments nor stdin, and of what is pushed
// names the first ref alone: they are put together again, with everything that
// the remote lacks.
func preCommitText(indent string) string {
	return indentText(indent, `- repo: local
  hooks:
    - id: pinseal
      name: pinseal, staged secrets
      entry: `+preCommitGuarded("exec pinseal hook pre-commit")+`
      language: system
      pass_filenames: false
      always_run: true
      stages: [pre-commit, pre-merge-commit]
    # Of a push of several refs pre-commit names one: the others are not looked into.
    - id: pinseal-push
      name: pinseal, pushed secrets
      entry: `+preCommitGuarded(preCommitRefs)+`
      language: system
      pass_filenames: false
      always_run: true
      stages: [pre-push]
`)
}

const (
	preCommitRefs = `printf "%s %s %s %040d\n" "${PRE_COMMIT_LOCAL_BRANCH:-HEAD}" ` +
		`"$(git rev-parse "${PRE_COMMIT_TO_REF:-${PRE_COMMIT_LOCAL_BRANCH:-HEAD}}")" "${PRE_COMMIT_REMOTE_BRANCH:-HEAD}" 0 | ` +
		`pinseal hook pre-push "$PRE_COMMIT_REMOTE_NAME" "$PRE_COMMIT_REMOTE_URL"`
	preCommitPush = "sh -c '" + preCommitRefs + "'" // where pre-commit puts pinseal on PATH itself
)

// preCommitGuarded is an entry that calls no pinseal of the work tree. It is one
// line that is plain YAML, too.
func preCommitGuarded(call string) string {
	return `sh -c 'case $(command -v pinseal) in "$(pwd -P)"/* | [!/]* | "") ` +
		`echo "pinseal stops here, for there is none on PATH outside of the work tree" >&2; exit 1 ;; esac; ` + call + `'`
}

// lefthookText is three sections of lefthook's file.
func lefthookText() string {
	var b strings.Builder
	for _, hook := range hookNames {
		fmt.Fprintf(&b, "%s:\n  commands:\n    pinseal:\n      run: |\n%s        \"$pinseal_program\" hook %s", hook, indentText("        ", guardText(hook)), hook)
		if hook == "pre-push" {
			b.WriteString(" '{1}' '{2}'\n      use_stdin: true")
		}
		b.WriteString("\n")
	}
	return b.String()
}

// appendPreCommit adds our entry where the list of repositories ends the file.
func appendPreCommit(data []byte) ([]byte, error) {
	root, err := yamlRoot(data)
	if err != nil {
		return nil, err
	}
	n := len(root.Content)
	if n < 2 || root.Content[n-2].Value != "repos" {
		return nil, errors.New(`does not end with the list "repos:"`)
	}
	list := root.Content[n-1]
	if list.Kind != yaml.SequenceNode || list.Style&yaml.FlowStyle != 0 || len(list.Content) == 0 {
		return nil, errors.New(`does not end with a list "repos:" of one entry below the other`)
	}
	text := preCommitText(strings.Repeat(" ", list.Column-1))
	added := appendMarked(data, text)
	return added, checkAppended(added, func(now *yaml.Node) bool {
		if len(now.Content) != n {
			return false
		}
		longer := now.Content[n-1]
		same := longer.Kind == yaml.SequenceNode && len(longer.Content) == len(list.Content)+1
		if same {
			longer.Content = longer.Content[:len(list.Content)]
		}
		return same && sameYAML(now, root)
	})
}

// appendLefthook adds our sections where none of them is there.
func appendLefthook(data []byte) ([]byte, error) {
	root, err := yamlRoot(data)
	if err != nil {
		return nil, err
	}
	n := len(root.Content)
	for i := 0; i < n; i += 2 {
		for _, hook := range hookNames {
			if root.Content[i].Value == hook {
				return nil, fmt.Errorf("has a section %q already", hook)
			}
		}
	}
	added := appendMarked(data, lefthookText())
	return added, checkAppended(added, func(now *yaml.Node) bool {
		same := len(now.Content) == n+2*len(hookNames)
		if same {
			now.Content = now.Content[:n]
		}
		return same && sameYAML(now, root)
	})
}

// yamlRoot reads a file whose text can be added to: one document, a mapping with
// a key per line, no carriage returns.
func yamlRoot(data []byte) (*yaml.Node, error) {
	if bytes.ContainsRune(data, '\r') || bytes.Contains(data, []byte(markBegin)) {
		return nil, errors.New("has carriage returns, or lines of pinseal already")
	}
	return parseYAML(data)
}

func parseYAML(data []byte) (*yaml.Node, error) {
	d := yaml.NewDecoder(bytes.NewReader(data))
	var doc yaml.Node
	if err := d.Decode(&doc); err != nil {
		return nil, errors.New("is not YAML that can be added to")
	}
	if err := d.Decode(new(yaml.Node)); err != io.EOF {
		return nil, errors.New("has more than one document")
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode || root.Style&yaml.FlowStyle != 0 || root.Column != 1 {
		return nil, errors.New("is not a mapping with a key per line")
	}
	return root, nil
}

// checkAppended reads the file that would be written: same has to find in it what
// was there, and ours behind it.
func checkAppended(added []byte, same func(*yaml.Node) bool) error {
	root, err := parseYAML(added)
	if err != nil || !same(root) {
		return errors.New("does not end where something can be added")
	}
	return nil
}

// sameYAML compares what two trees say.
func sameYAML(a, b *yaml.Node) bool {
	if a.Kind != b.Kind || a.Value != b.Value || a.Tag != b.Tag || a.Anchor != b.Anchor || len(a.Content) != len(b.Content) {
		return false
	}
	for i := range a.Content {
		if !sameYAML(a.Content[i], b.Content[i]) {
			return false
		}
	}
	return true
}

func indentText(indent, text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(indent + line)
	}
	return b.String()
}

func editedError(file string) error {
	return fmt.Errorf("the lines of pinseal in %q were edited; remove them by hand: %w", file, versions.ErrConflict)
}
