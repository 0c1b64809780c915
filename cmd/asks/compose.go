package asks

import (
	"bytes"
	"strings"

	"pinseal/seal"
)

// isCompose reports whether a file is named like those of docker compose.
func isCompose(file string) bool {
	name, yaml := strings.CutSuffix(strings.ToLower(file), ".yaml")
	if !yaml {
		name, yaml = strings.CutSuffix(name, ".yml")
	}
	name, _, _ = strings.Cut(strings.TrimPrefix(name, "docker-"), ".")
	return yaml && (name == "compose" || strings.HasPrefix(name, "compose-"))
}

// inCompose is what may follow a dollar: the name in braces, what comes when it is
// not set, or the bare name.
var inCompose = anchored(`(?:\{` + identText + `(?:(:?[-?+])|\})|` + identText + `)`)

// findCompose goes from dollar to dollar, so that what stands in a default is found
// as well.
func findCompose(data []byte, asks []found) []found {
	for at := 0; ; {
		i := bytes.IndexByte(data[at:], '$')
		if i < 0 {
			return asks
		}
		start := at + i
		at = start + 1
		if at < len(data) && data[at] == '$' {
			at++ // $$ is a dollar
			continue
		}
		m := inCompose().FindSubmatchIndex(data[at:min(len(data), at+window)])
		if m == nil || isComment(append(bytes.Clone(lineBefore(data, start)), ' ')) {
			continue
		}
		a, rest := Ask{}, data[at:]
		if m[2] >= 0 {
			a.Name = string(rest[m[2]:m[3]])
			a.Default = m[4] >= 0 && rest[m[5]-1] != '?'
		} else {
			a.Name = string(rest[m[6]:m[7]])
		}
		if seal.CheckSecretName(a.Name) == nil {
			asks = append(asks, found{a, start})
		}
		at += m[1]
	}
}
