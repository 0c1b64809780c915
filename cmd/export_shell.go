package cmd

import (
	"bytes"
	"slices"
	"strings"
)

// formatShellLines writes one export line per pair for eval in sh, dash, bash, ksh
// and zsh: between single quotes every byte but NUL stands for itself. A name that
// one of these shells keeps for itself is refused: setting it would fail, be
// ignored, or change how the shell works. What shells share with other programs, as
// PATH, HOME, LANG and LD_PRELOAD, is the user's to set.
func formatShellLines(pairs []plainPair) ([]byte, error) {
	names, err := variables(pairs)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	for i, p := range pairs {
		if shellKeeps(names[i]) {
			return nil, refuseVariable(p.name, names[i], "is a name that a shell uses itself")
		}
		out.WriteString("export " + names[i] + "='")
		out.Write(bytes.ReplaceAll(p.value.Reveal(), []byte("'"), []byte(`'\''`)))
		out.WriteString("'\n")
	}
	return out.Bytes(), nil
}

// shellKeeps reports whether dash, bash, zsh or mksh does not keep a text that is put
// into a variable: it is read-only there, a number, a list, or set by the shell; or
// whether the text would be run, or change how commands are read and found, here or in
// a shell that is started.
func shellKeeps(name string) bool {
	if strings.HasPrefix(name, "BASH") || slices.Contains([]string{
		"CDPATH", "ENV", "EXECIGNORE", "FPATH", "GLOBIGNORE", "HISTCHARS", "IFS", "MAILPATH", "NULLCMD", "POSIXLY_CORRECT", "PROMPT", "PROMPT2", "PROMPT3",
		"PROMPT4", "PROMPT_COMMAND", "PS0", "PS1", "PS2", "PS3", "PS4", "READNULLCMD", "RPROMPT", "RPROMPT2", "RPS1", "RPS2", "SPROMPT", "ZDOTDIR",
		"histchars", "prompt",
	}, name) {
		return true
	}
	return slices.Contains([]string{
		"_", "ARGC", "COLUMNS", "DIRSTACK", "EGID", "EPOCHREALTIME", "EPOCHSECONDS", "ERRNO", "EUID", "FUNCNAME", "FUNCNEST", "GID", "GROUPS",
		"HISTCMD", "HISTSIZE", "KEYBOARD_HACK", "KEYTIMEOUT", "KSHEGID", "KSHGID", "KSHUID", "KSH_VERSION", "LINENO", "LINES",
		"LISTMAX", "MAILCHECK", "OPTIND", "PGRP", "PIPESTATUS", "PPID", "RANDOM", "SAVEHIST", "SECONDS", "SHELLOPTS", "SHLVL", "SRANDOM",
		"TMOUT", "TRY_BLOCK_ERROR", "TRY_BLOCK_INTERRUPT", "TTYIDLE", "UID", "USERNAME", "USER_ID", "ZSH_EVAL_CONTEXT", "ZSH_SUBSHELL",
		"argv", "cdpath", "fignore", "fpath", "mailpath", "manpath", "module_path", "path", "pipestatus", "psvar", "signals", "status",
		"zsh_eval_context",
	}, name)
}
