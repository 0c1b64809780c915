package cmd

import (
	"cmp"
	"slices"

	"pinseal/seal"
	"pinseal/versions"
)

// narrow leaves the app of --app and the environment of -e.
func (c *cli) narrow(found *versions.StoreReview, o reviewOptions) error {
	if err := c.narrowApps(found, o); err != nil || o.env == "" {
		return err
	}
	if seal.CheckEnvironment(o.env) != nil {
		return usage(nil, "that cannot be the name of an environment")
	}
	var known []string
	for _, a := range found.Apps {
		for _, e := range a.Environments {
			known = append(known, e.Name)
		}
		narrowApp(a, func(env string) bool { return env != "" && env != o.env })
	}
	if slices.Contains(known, o.env) {
		return nil
	}
	slices.Sort(known)
	var try []string
	for _, env := range firstFew(slices.Compact(known)) {
		try = append(try, "pinseal review "+quoteShell(o.text)+" -e "+env)
	}
	return hint(&versions.NotFoundError{What: "environment", Name: o.env, In: "any app of either commit"}, try...)
}

func (c *cli) narrowApps(found *versions.StoreReview, o reviewOptions) error {
	if c.app == "" {
		return nil
	}
	var dirs []string
	found.Apps = slices.DeleteFunc(found.Apps, func(a *versions.AppReview) bool {
		dirs = append(dirs, cmp.Or(a.Dir, a.OldDir))
		return a.Dir != c.app && a.OldDir != c.app && a.ID.String() != c.app
	})
	if len(found.Apps) > 0 {
		return nil
	}
	var try []string
	for _, dir := range firstFew(dirs) {
		try = append(try, "pinseal --app "+dir+" review "+quoteShell(o.text))
	}
	return hint(&versions.NotFoundError{What: "app", In: "either commit with the name or id that was asked for"}, try...)
}

// firstFew are the names that are worth offering.
func firstFew(names []string) []string { return names[:min(len(names), 3)] }

// narrowApp leaves out what is of another environment alone.
func narrowApp(a *versions.AppReview, other func(env string) bool) {
	ours := func(s seal.Slot) bool { return !other(s.Environment()) }
	a.Environments = slices.DeleteFunc(a.Environments, func(e *versions.EnvironmentReview) bool { return other(e.Name) })
	a.Keys = slices.DeleteFunc(a.Keys, func(k versions.KeyChange) bool { return !ours(k.Slot) })
	a.Files = slices.DeleteFunc(a.Files, func(f versions.ReviewedFile) bool { return other(f.Environment) })
	a.Problems = slices.DeleteFunc(a.Problems, func(p versions.ReviewProblem) bool { return p.Err == nil && other(p.Environment) })
	a.Members = slices.DeleteFunc(a.Members, func(m versions.MemberChange) bool {
		held := slices.Concat(m.Given, m.Taken)
		if m.Old != nil && m.New != nil && (m.NewRecipient || m.Old.Service != m.New.Service) {
			held = slices.Concat(m.Old.Slots, m.New.Slots) // it is of all that is held
		}
		return !slices.ContainsFunc(held, ours)
	})
}
