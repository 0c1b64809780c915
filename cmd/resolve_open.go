package cmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"pinseal/repo"
	"pinseal/seal"
	"pinseal/versions"
)

// merging is an app in the middle of a merge: the one session that may begin
// while its app note is unmerged.
type merging struct {
	*session
	sides  *versions.Sides
	known  *versions.SidesOf // the app notes, each verified; nil when app.note is not unmerged
	others []string          // what else is unmerged below .pinseal, from the top
}

// openMerging opens the app that is asked for, unmerged or not. Close it.
func (c *cli) openMerging(ctx context.Context) (*merging, error) {
	r, err := c.openRepo(ctx)
	if err != nil {
		return nil, err
	}
	m := &merging{session: &session{cli: c, ctx: ctx, how: use, repo: r}}
	if err := m.begin(); err != nil {
		m.Close()
		return nil, err
	}
	return m, nil
}

func (m *merging) begin() error {
	if m.repo.Bare() {
		return usage([]string{"git clone " + quoteShell(m.repo.GitDir())}, "a bare repository has nothing to merge")
	}
	stages, err := m.repo.Stages(m.ctx, storeDir)
	if err != nil {
		return err
	}
	if err := m.chooseIn(stages); err != nil {
		return err
	}
	dir := storeDir + "/" + m.dir
	for _, s := range stages {
		if !strings.HasPrefix(s.Path, dir+"/") && !slices.Contains(m.others, s.Path) {
			m.others = append(m.others, s.Path)
		}
	}
	if m.sides, err = m.newSides(dir, m.files, stages); err != nil {
		return err
	}
	if !m.sides.IsUnmerged(versions.NoteName) {
		return m.trust()
	}
	return m.trustSides()
}

// chooseIn is choose, in a store that is as ours has it: what is unmerged there
// cannot be read in the work tree.
func (m *merging) chooseIn(stages []repo.Stage) error {
	for _, s := range stages {
		if path.Base(s.Path) == versions.NoteName {
			if err := m.checkStages(stages, s.Path); err != nil {
				return err
			}
		}
	}
	store, tree, err := m.openDir(storeDir)
	if err != nil {
		return err
	}
	defer tree.Close()
	sides, err := m.newSides(storeDir, store, stages)
	if err != nil {
		return err
	}
	in, err := listApps(sides.Ours.FS)
	if err != nil {
		return err
	}
	if _, found, err := m.pick(in); found || err != nil {
		return err
	}
	return m.choose() // which says what is in the way
}

// checkStages refuses an app note that one side has removed: there is no app on
// that side to merge with.
func (m *merging) checkStages(stages []repo.Stage, p string) error {
	has := func(number int) bool {
		return slices.ContainsFunc(stages, func(s repo.Stage) bool { return s.Path == p && s.Number == number })
	}
	if has(2) && has(3) {
		return nil
	}
	side := 2
	if !has(2) {
		side = 3
	}
	var try []string
	if commit := m.sideCommit(side); commit != "" {
		try = append(try, m.gitFor("checkout "+commit, path.Dir(p))+"      keeps the app, with all its values")
	}
	return hint(&versions.UnmergedError{Paths: []string{p}}, append(try, m.gitFor("rm -r", path.Dir(p))+"      gives it up")...)
}

// sideCommit is git's word for the commit of a stage, 2 or 3; "" where it has none.
func (m *merging) sideCommit(stage int) string {
	if stage == 2 {
		return "HEAD"
	}
	return map[string]string{"merge": "MERGE_HEAD", "cherry-pick": "CHERRY_PICK_HEAD", "rebase": "REBASE_HEAD"}[m.repo.Operation()]
}

// newSides is [versions.NewSides]. What is no plain file has to be settled by git:
// resolve cannot.
func (m *merging) newSides(dir string, below fs.FS, stages []repo.Stage) (*versions.Sides, error) {
	sides, err := versions.NewSides(m.ctx, m.repo, dir, below, stages)
	var odd *versions.StructureError
	if !errors.As(err, &odd) {
		return sides, err
	}
	var try []string
	for _, s := range stages {
		plain := s.Number > 1 && (s.Mode == repo.ModeFile || s.Mode == repo.ModeExec)
		commit := m.sideCommit(s.Number)
		switch {
		case plain && s.Path == odd.Path:
			side := []string{2: "ours", 3: "theirs"}[s.Number]
			try = append(try, m.gitFor("checkout --"+side, s.Path)+" && "+m.gitFor("add", s.Path))
		case plain && commit != "" && strings.HasPrefix(s.Path, odd.Path+"~"): // git has moved the file out of the way
			try = append(try, m.gitFor("rm", s.Path)+" && "+m.gitFor("checkout "+commit, odd.Path))
		}
	}
	return nil, hint(err, append(try, m.gitFor("rm", odd.Path))...)
}

// trustSides settles that this app may be sealed to and opened here, and looks at
// its two app notes beside the one that is remembered. A service remembers none.
func (m *merging) trustSides() error {
	if m.isService() {
		return &noIdentityError{"a service identity cannot merge app notes: it remembers none"}
	}
	base, ours, theirs, err := m.sides.Notes()
	if err != nil {
		return err
	}
	if ours.ID != m.id {
		return &versions.AuthError{What: "app note of ours", Reason: fmt.Sprintf("is of app %s, not %s", ours.ID, m.id)}
	}
	if err := m.trustPlace(); err != nil {
		return err
	}
	if base, err = m.commonNote(base, theirs); err != nil {
		return err
	}
	remembered, err := m.mem.note(m.id)
	m.known = &versions.SidesOf{Remembered: remembered, Base: base, Ours: ours, Theirs: theirs}
	m.note = ours
	return err
}

// apply writes edits, all or none, and adds them and more, paths from the app's
// directory, to the index.
func (m *merging) apply(e *versions.Edits, more []string) error {
	edits := e.Ordered()
	if err := m.edit(m.ctx, edits); err != nil {
		return err
	}
	dir := storeDir + "/" + m.dir + "/"
	var paths []string
	for _, edit := range edits {
		paths = append(paths, dir+edit.Path)
	}
	for _, p := range more {
		if !slices.Contains(paths, dir+p) {
			paths = append(paths, dir+p)
		}
	}
	if len(paths) > 0 {
		m.warnIgnored(m.ctx, m.repo, strings.TrimPrefix(paths[0], storeDir+"/"))
	}
	return m.repo.Add(m.ctx, paths)
}

// elsewhere ends with what is unmerged below .pinseal and not this app's, if
// anything is.
func (m *merging) elsewhere() error {
	if len(m.others) == 0 {
		return nil
	}
	e := &versions.UnmergedError{Paths: m.others}
	if app, ok := appAt(m.others[0]); ok {
		return hint(e, "pinseal resolve --app "+app)
	}
	return hint(e, m.unmergedHints(e)...)
}

// sayNext says how the merge goes on.
func (m *merging) sayNext() error {
	left, err := m.repo.Unmerged(m.ctx, "")
	if err != nil {
		return err
	}
	mine := slices.DeleteFunc(slices.Clone(left), func(p string) bool { return !strings.HasPrefix(p, storeDir+"/"+m.dir+"/") })
	git := m.git(m.top)
	switch {
	case len(mine) > 0:
		m.say("Next: %s      %s left to settle", m.here("pinseal resolve"), count(len(mine), "file"))
		return nil
	case len(m.others) > 0:
		return m.elsewhere()
	case len(left) > 0:
		m.say("Next: %s status      %s outside %s left to merge", git, count(len(left), "file"), storeDir)
	default:
		next := "commit"
		if op := m.repo.Operation(); op != "" && op != "merge" {
			next = op + " --continue"
		}
		m.say("Next: %s %s", git, next)
	}
	return nil
}

// abort is the line that undoes the merge, if there is one, and why.
func (m *merging) abort(why string) []string {
	if op := m.repo.Operation(); op != "" {
		return []string{m.git(m.top) + " " + op + " --abort      " + why}
	}
	return nil
}

// appAt finds the app whose file a path, from the top, would be.
func appAt(p string) (app string, ok bool) {
	parts := strings.Split(p, "/")
	return parts[1], len(parts) > 2 && seal.CheckAppName(parts[1]) == nil
}
