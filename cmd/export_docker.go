package cmd

import (
	"bufio"
	"bytes"
	"fmt"
	"unicode/utf8"
)

// formatDockerEnv writes NAME=value lines for docker run --env-file. There is no
// quoting: a value is the rest of its line, of which some versions take quotes around
// it, and all a carriage return at its end. A line is shorter than [bufio.MaxScanTokenSize].
func formatDockerEnv(pairs []plainPair) ([]byte, error) {
	names, err := variables(pairs)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	for i, p := range pairs {
		value, why := p.value.Reveal(), ""
		switch last := len(value) - 1; {
		case bytes.IndexByte(value, '\n') >= 0:
			why = "holds a newline"
		case last >= 0 && value[last] == '\r':
			why = "ends in a carriage return"
		case !utf8.Valid(value):
			why = "is not UTF-8 text"
		case last > 0 && value[0] == value[last] && (value[0] == '"' || value[0] == '\''):
			why = "is between quotes"
		case len(names[i])+len(value)+2 >= bufio.MaxScanTokenSize:
			why = "makes a line that is too long"
		}
		if why != "" {
			return nil, fmt.Errorf("%q %s: a file for docker run --env-file cannot carry it", p.name, why)
		}
		fmt.Fprintf(&out, "%s=%s\n", names[i], value)
	}
	return out.Bytes(), nil
}
