package cmd

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"pinseal/versions"
)

// A gate that refuses much says a few lines, and where the whole list is.
func TestGateTries(t *testing.T) {
	gate := &versions.GateError{Environment: "dev"}
	for i := range 100 {
		gate.Problems = append(gate.Problems, versions.Problem{Name: fmt.Sprintf("A%d", i), Try: fmt.Sprintf("pinseal set A%d -e dev", i), Left: []string{"bob"}})
	}
	want := []string{"pinseal set A0 -e dev", "pinseal set A1 -e dev", "pinseal set A2 -e dev", "pinseal set A3 -e dev", "pinseal set A4 -e dev", "pinseal member report bob"}
	if got := (publishOptions{rotated: true}).gateHints(gate); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if got := hints(errors.Join(gate)); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	gate.Problems = gate.Problems[:5]
	if got := (publishOptions{}).gateHints(gate); !slices.Equal(got, want[:5]) {
		t.Errorf("%q", got)
	}
}

// What was only sealed anew does not hide what was changed.
func TestDescribeResealed(t *testing.T) {
	f := &versions.SecretFile{Kind: versions.KindSecret, Value: "s1.1.A"}
	var changes []versions.Change
	for i := range 6 {
		changes = append(changes, versions.Change{Name: fmt.Sprintf("A%d", i), Action: versions.Resealed, Old: f, New: f})
	}
	changes = append(changes, versions.Change{Name: "B", Action: versions.Changed, Old: f, New: f})
	if got := describeChanges(changes, true); !slices.Equal(got, []string{"~ B", "= 6 values sealed anew"}) {
		t.Errorf("%q", got)
	}
	if got := describeChanges(changes[5:], true); !slices.Equal(got, []string{"~ B", "= A5  (sealed anew)"}) {
		t.Errorf("%q", got)
	}
}
