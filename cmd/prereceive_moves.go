package cmd

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"pinseal/repo"
)

// refMove is one line of what git gives a pre-receive hook.
type refMove struct {
	old, new repo.Hash // "" for none
	ref      string
}

// maxPushedRefs bounds what is read from git.
const maxPushedRefs = 100_000

// readMoves reads lines "OLD NEW REF".
func readMoves(in io.Reader) ([]refMove, error) {
	odd := usage([]string{"pinseal verify --pre-receive      in a server's hooks/pre-receive: git gives it the lines"},
		"standard input is not what git gives a pre-receive hook: OLD NEW REF")
	var moves []refMove
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		f := strings.SplitN(lines.Text(), " ", 3)
		if len(f) != 3 {
			return nil, odd
		}
		if len(moves) == maxPushedRefs {
			return nil, hint(fmt.Errorf("push refused: more than %d refs at once", maxPushedRefs), "git push REMOTE REF…      a part of them at a time")
		}
		m := refMove{ref: f[2]}
		for i, to := range []*repo.Hash{&m.old, &m.new} {
			h, err := repo.ParseHash(f[i])
			if err != nil {
				return nil, odd
			}
			if strings.Trim(f[i], "0") != "" {
				*to = h
			}
		}
		moves = append(moves, m)
	}
	return moves, lines.Err()
}

// isCode reports whether a ref is a branch or a tag. Refs of others, as of notes
// and reviews, are passed over.
func (m refMove) isCode() bool {
	return strings.HasPrefix(m.ref, branchRefs) || strings.HasPrefix(m.ref, "refs/tags/")
}
