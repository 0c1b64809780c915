package versions

import (
	"errors"
	"fmt"
	"strings"

	"pinseal/repo"
	"pinseal/seal"
)

// Kinds of a ReviewProblem.
const (
	ProblemStructure = "structure" // what has no place, or is not spelled our way
	ProblemUnsealed  = "unsealed"  // a value that is not sealed
	ProblemUnmerged  = "unmerged"  // conflict markers, or names that differ only in case
	ProblemRetired   = "retired"   // sealed to a key that has a successor
	ProblemWrap      = "wrap"      // a key wrapped for somebody who has not been given it
	ProblemAdmin     = "admin-key" // the admin key was replaced
	ProblemNote      = "note"      // both sides have changed the app note
	ProblemBases     = "bases"     // several merge bases
	ProblemFile      = "file"      // a file beside the apps, or one of which there is nothing else to say
)

// ReviewProblem is what a reviewer must see.
type ReviewProblem struct {
	Kind        string
	Environment string   // "" when it is of none
	Names       []string // the secrets it is about; nil when it is about a path
	Path        string   // from the top of the tree; may hold anything
	Text        string   // what is wrong with it, a clause without its subject
	// Err is set when reading commands refuse it, and is what they say.
	Err error
}

// String is the whole sentence: the path, quoted, or the names, and what is wrong.
func (p ReviewProblem) String() string {
	if len(p.Names) == 0 && p.Path == "" {
		return p.Text
	}
	if len(p.Names) == 0 {
		return fmt.Sprintf("%q %s", p.Path, p.Text)
	}
	names, more := p.Names, ""
	if len(names) > maxNamed {
		names, more = names[:maxNamed], fmt.Sprintf(" and %d more", len(names)-maxNamed)
	}
	return fmt.Sprintf("%s: %s%s: %s", p.Environment, strings.Join(names, ", "), more, p.Text)
}

func oddProblem(odd *StructureError) ReviewProblem {
	text := odd.Reason
	if odd.Err != nil {
		text += ": " + odd.Err.Error()
	}
	return ReviewProblem{Kind: ProblemStructure, Path: odd.Path, Text: text, Err: odd}
}

// fileProblem tells what is wrong with a secret's file that does not parse.
func fileProblem(environment, name string, data []byte, err error) ReviewProblem {
	var odd *StructureError
	if !errors.As(err, &odd) {
		unmerged := (*UnmergedError)(nil)
		errors.As(err, &unmerged)
		return ReviewProblem{Kind: ProblemUnmerged, Environment: environment, Path: unmerged.Paths[0], Text: "holds conflict markers", Err: err}
	}
	p := oddProblem(odd)
	p.Environment = environment
	if odd.Err == nil || errors.As(odd.Err, new(*repo.OddEntryError)) {
		return p // it was not read
	}
	_, beyond := RepairSecretFile(data)
	switch {
	case beyond == nil:
		p.Text = "is a secret file in another spelling: pinseal fmt"
	case errors.Is(beyond, seal.ErrAuth):
		p.Kind = ProblemUnsealed
		p.Text = "has a value that is not sealed: if it is the plain one, whoever can read the repository has it, so rotate it"
	default:
		p.Text = "is not a secret file of ours: if a plain value stands in it, whoever can read the repository has it"
	}
	return p
}

// reviewShape makes what has no place in the app's directory a problem: the first
// that is found.
func (a *AppReview) reviewShape() error {
	err := a.sides.tip.source.checkShape()
	if odd := (*StructureError)(nil); errors.As(err, &odd) {
		a.Problems = append(a.Problems, oddProblem(odd))
		return nil
	}
	return err
}

// reviewGenerations holds the values of one environment to the newest read key.
// files are those that the branch brings or, when it makes a new key, all.
func (a *AppReview) reviewGenerations(environment string, names []string, files []*SecretFile) {
	newest, ok := a.Newest.Newest(seal.ReadSlot(environment))
	if !ok {
		return
	}
	var retired []string
	for i, f := range files {
		if f == nil {
			continue
		}
		for _, g := range f.Generations() {
			if g > newest.Generation {
				a.Problems = append(a.Problems, ReviewProblem{Kind: ProblemStructure, Environment: environment, Names: names[i : i+1],
					Text: fmt.Sprintf("sealed to read key %d, which the app note does not know", g),
					Err:  &AuthError{What: fmt.Sprintf("value of %q", names[i]), Reason: fmt.Sprintf("is sealed to generation %d, which the app note does not know", g)}})
				break
			}
		}
		if f.olderThan(newest.Generation) {
			retired = append(retired, names[i])
		}
	}
	if len(retired) > 0 {
		a.Problems = append(a.Problems, ReviewProblem{Kind: ProblemRetired, Environment: environment, Names: retired,
			Text: fmt.Sprintf("sealed to a retired read key, which those who have left still have; key %d is the newest: pinseal rekey %s --values", newest.Generation, environment)})
	}
}
