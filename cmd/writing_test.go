package cmd

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pinseal/versions"
)

func TestCheckNames(t *testing.T) {
	full := make([]string, versions.MaxSecrets)
	for i := range full {
		full[i] = fmt.Sprintf("N%05d", i)
	}
	for _, test := range []struct {
		taken, names string
		want         string
	}{
		{"", "A B", ""},
		{"A B", "A", ""},
		{"A B", "C D", ""},
		{"A B", "b", `"B" and "b"`},
		{"A", "B b", `"B" and "b"`},
		{"A a", "A a", ""}, // twins from a merge are not new
		{"A", "C C", ""},
		{strings.Join(full, " "), "N00007", ""},
		{strings.Join(full, " "), "M", "10001 secrets"},
		{strings.Join(full[:versions.MaxSecrets-1], " "), "M", ""},
		{strings.Join(full[:versions.MaxSecrets-1], " "), "M O", "10001 secrets"},
	} {
		w := &writer{env: "dev"}
		err := w.checkNames(strings.Fields(test.taken), strings.Fields(test.names))
		switch {
		case test.want == "" && err != nil:
			t.Errorf("%s: %v", test.names, err)
		case test.want != "" && (exitCode(err) != exitUsage || !strings.Contains(err.Error(), test.want)):
			t.Errorf("%s: %v, want %s", test.names, err, test.want)
		}
	}
	// The way out is named only where there is one.
	if err := (&writer{env: "dev"}).checkNames([]string{"A"}, []string{"a"}); !slices.Contains(hints(err), "pinseal mv A a -e dev") {
		t.Errorf("hints %q", hints(err))
	}
	if err := (&writer{env: "dev"}).checkNames(nil, []string{"A", "a"}); len(hints(err)) != 0 {
		t.Errorf("hints %q", hints(err))
	}
}
