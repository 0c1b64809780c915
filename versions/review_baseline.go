package versions

import (
	"errors"
	"fmt"
	"strings"

	"pinseal/repo"
)

// reviewBaseline tells how what the leak scan lets pass changes.
func (a *AppReview) reviewBaseline() error {
	base, tip := a.sides.base, a.sides.tip
	entry := func(s *appSide) (blob, error) {
		if s == nil {
			return blob{}, nil
		}
		e, err := s.tree.Entry(BaselineName)
		if isNotExist(err) {
			return blob{}, nil
		}
		return blob{e.Hash, e.Mode}, err
	}
	is, err := entry(tip)
	if err != nil {
		return err
	}
	was, err := entry(base)
	if err != nil || was == is {
		return err
	}
	touched := !a.sides.crossed()
	for _, o := range a.sides.origins {
		had, err := entry(o)
		if err != nil {
			return err
		}
		touched = touched || had != is
	}
	if !touched {
		return nil
	}
	f := ReviewedFile{Path: tip.source.where(BaselineName), Action: Changed}
	switch {
	case was.hash == "":
		f.Action = Added
	case is.hash == "":
		f.Action = Removed
	}
	f.Text, err = baselineSays(base, tip)
	a.Files = append(a.Files, f)
	return err
}

// baselineSays counts the entries that came and went.
func baselineSays(base, tip *appSide) (string, error) {
	was, _, err := base.allowed()
	if err != nil {
		return "", err
	}
	is, ok, err := tip.allowed()
	if err != nil {
		return "", err
	}
	if !ok {
		return "is no baseline that the leak scan can read", nil
	}
	return fmt.Sprintf("is what the leak scan lets pass: %d more, %d fewer", lacking(was, is), lacking(is, was)), nil
}

// allowed are the lines of an app's baseline; ok is false when it does not parse.
func (a *appSide) allowed() (lines map[string]bool, ok bool, err error) {
	if a == nil {
		return nil, true, nil
	}
	b, err := a.source.Baseline()
	if isBroken(err) || errors.As(err, new(*repo.OddEntryError)) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	lines = map[string]bool{}
	for line := range strings.Lines(string(b.Bytes())) {
		lines[line] = true
	}
	return lines, true, nil
}

// lacking counts what is in b and not in a.
func lacking(a, b map[string]bool) (n int) {
	for line := range b {
		if !a[line] {
			n++
		}
	}
	return n
}
