package cmd

import (
	"bytes"
	"fmt"
	"strings"
)

// hookNames are the hooks that call us. Git runs pre-merge-commit, not pre-commit,
// when a merge needs no help.
var hookNames = []string{"pre-commit", "pre-merge-commit", "pre-push"}

// asideDir is the directory in that of the hooks where hooks that stood in our
// place are, with their names: some look at what they are called.
const asideDir = "before-pinseal"

// stub is a hook file of ours.
type stub struct {
	hook    string // its name
	program string // absolute path of pinseal
	chained bool   // a hook that was there before runs first
	madeDir bool   // the hooks directory was made for it
}

// stubMark is in every stub, of whatever version, and in no other file.
const stubMark = "# pinseal hook v"

// stubHead, the checks and the call make version 1. What is changed becomes
// version 2, and version 1 stays to be recognised by readStub.
const stubHead = `#!/bin/sh
# pinseal hook v1%s: written by pinseal hooks install, removed by pinseal hooks uninstall
pinseal_program=%s
pinseal_stop() {
	printf '%%s\n' "pinseal: the %s hook stops here: $pinseal_program $1" \
		"  install pinseal, and then:   pinseal hooks install" \
		"  this time without it:        git %s --no-verify" \
		"  for good without it:         %s" >&2
	exit 1
}
case $pinseal_program in "$(pwd -P)"/*) pinseal_stop 'is in the work tree, where any commit can replace it' ;; esac
test -f "$pinseal_program" && test -x "$pinseal_program" || pinseal_stop 'is not there or cannot be run'
`

// Pushing tells the refs on stdin, which two hooks have to read.
const (
	stubCall    = "exec \"$pinseal_program\" hook %[1]s \"$@\"\n"
	stubAside   = "case $0 in */*) pinseal_before=${0%%/*}/" + asideDir + "/%[1]s ;; *) pinseal_before=./" + asideDir + "/%[1]s ;; esac\n"
	stubChain   = stubAside + "if test -x \"$pinseal_before\"; then \"$pinseal_before\" \"$@\" || exit; fi\n" + stubCall
	stubChainIn = stubAside + `pinseal_refs=$(cat && echo .)
if test -x "$pinseal_before"; then printf %%s "${pinseal_refs%%.}" 2>/dev/null | "$pinseal_before" "$@" || exit; fi
printf %%s "${pinseal_refs%%.}" | "$pinseal_program" hook %[1]s "$@"
`
)

// text is the file.
func (s stub) text() string {
	notes, away, call := "", `rm '$0'`, stubCall
	if s.chained {
		notes, away, call = " chained", "mv '${0%/*}/"+asideDir+"/"+s.hook+"' '$0'", stubChain
		if s.hook == "pre-push" {
			call = stubChainIn
		}
	}
	if s.madeDir {
		notes += " with its directory"
	}
	return fmt.Sprintf(stubHead, notes, alwaysQuote(s.program), s.hook, commandOf(s.hook), away) + fmt.Sprintf(call, s.hook)
}

// readStub recognises the file of a hook that some install wrote, whatever path
// it recorded, and has not been changed since.
func readStub(hook string, data []byte) (stub, bool) {
	head := strings.SplitN(string(data), "\n", 4)
	if len(head) < 4 {
		return stub{}, false
	}
	quoted, begins := strings.CutPrefix(head[2], "pinseal_program='")
	quoted, ends := strings.CutSuffix(quoted, "'")
	if !begins || !ends {
		return stub{}, false
	}
	s := stub{hook: hook, program: strings.ReplaceAll(quoted, `'\''`, "'")}
	for _, s.chained = range []bool{false, true} {
		for _, s.madeDir = range []bool{false, true} {
			if s.text() == string(data) {
				return s, true
			}
		}
	}
	return stub{}, false
}

// isStubLike reports whether a file is a stub that readStub may not recognise:
// one that was edited, or of another version.
func isStubLike(data []byte) bool { return bytes.Contains(data, []byte("\n"+stubMark)) }

// commandOf is the git command that runs a hook and takes --no-verify.
func commandOf(hook string) string {
	switch hook {
	case "pre-push":
		return "push"
	case "pre-merge-commit":
		return "merge"
	}
	return "commit"
}

// alwaysQuote is quoteShell that leaves nothing unquoted.
func alwaysQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
