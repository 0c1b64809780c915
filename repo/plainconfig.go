package repo

import (
	"bytes"
	"strings"
)

// plainConfig reads just enough of .git/config to know whether anything in it
// changes the layout. ok is false on any doubt, which costs one process.
func plainConfig(b []byte) (promisor, ok bool) {
	section := ""
	for line := range bytes.Lines(b) {
		s := strings.TrimSpace(string(line))
		switch {
		case strings.HasSuffix(s, `\`) || strings.ContainsAny(s, "\x00\ufeff"):
			return false, false
		case s == "" || s[0] == '#' || s[0] == ';':
		case s[0] == '[':
			if section, ok = plainSection(s); !ok {
				return false, false
			}
		default:
			key, value, hasValue := strings.Cut(s, "=")
			key, value = strings.ToLower(strings.TrimSpace(key)), strings.ToLower(strings.TrimSpace(value))
			switch {
			case section == "":
				return false, false
			case section == "remote" && (key == "promisor" || key == "partialclonefilter"):
				promisor = true
			case section != "core":
			case key == "worktree", key == "repositoryformatversion" && value != "0",
				key == "bare" && (!hasValue || value != "false"):
				return false, false
			}
		}
	}
	return promisor, true
}

// plainSection takes the lower-case section name out of `[name]` or `[name "sub"]`.
func plainSection(s string) (string, bool) {
	inside, ok := strings.CutSuffix(s[1:], "]")
	if !ok || strings.ContainsAny(inside, `\]`) {
		return "", false
	}
	name, sub, _ := strings.Cut(inside, " ")
	if sub != "" && (len(sub) < 2 || sub[0] != '"' || strings.IndexByte(sub[1:], '"') != len(sub)-2) {
		return "", false
	}
	name = strings.ToLower(name)
	if name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return "", false
	}
	return name, name != "extensions" && name != "include" && name != "includeif"
}
