package cmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"pinseal/repo"
	"pinseal/seal"
	"pinseal/versions"
)

// verifying is one run of verify.
type verifying struct {
	*cli
	ctx  context.Context
	repo *repo.Repo
	o    verifyOptions
	at   versions.Selector

	current bool // what is worked on is looked at, not some commit of the past

	dir    fs.FS          // .pinseal; of a pin's, that of the work tree, or at HEAD
	files  *repo.WorkTree // dir, where it is the work tree's; else nil
	what   string         // for people: which version dir is
	commit repo.Hash      // that dir is of; "" for the work tree
	def    string         // the default app, "" for none or an odd one
	apps   []verifiedApp
	faults []versions.Fault
}

func (v *verifying) close() {
	if v.files != nil {
		v.files.Close()
	}
}

// open finds .pinseal in the version that is asked for.
func (v *verifying) open() (err error) {
	rev := v.at.Rev
	switch {
	case v.at.Kind == versions.AtRev:
	case v.repo.Bare():
		rev = "HEAD"
	default:
		v.what = workTree
		v.files, err = repo.OpenWorkTree(v.repo.Top(), storeDir)
		v.dir = v.files
	}
	if rev != "" {
		v.commit, err = v.repo.Resolve(v.ctx, rev)
		if errors.As(err, new(*repo.UnknownRevError)) {
			err = revError(rev, err)
		}
		if err != nil {
			return err
		}
		v.what = "commit " + string(shortHash(v.commit))
		v.dir, err = v.repo.FS(v.ctx, v.commit, storeDir)
	}
	if err == nil {
		_, err = fs.Stat(v.dir, ".")
	}
	if errors.Is(err, fs.ErrNotExist) {
		if rev == "" {
			return v.noStore()
		}
		return &versions.NotFoundError{What: "app", In: v.what + ": there is no " + storeDir}
	}
	if err == nil {
		v.def, _ = readDefault(v.dir) // an odd one is reported by the check itself
	}
	return err
}

func (v *verifying) options() versions.VerifyOptions {
	return versions.VerifyOptions{What: v.what, App: v.app, Environment: v.o.env, Now: v.Now(), AllowBlank: v.o.allowBlank}
}

// store checks all apps of a version and their ledgers.
func (v *verifying) store() error {
	found, err := versions.VerifyStore(v.ctx, v.dir, v.options())
	if err != nil {
		return err
	}
	v.faults = found.Faults
	for _, app := range found.Apps {
		row := verifiedApp{Name: app.Name}
		for _, e := range app.Environments {
			row.Environments = append(row.Environments, verifiedEnv{Name: e.Name, Secrets: e.Secrets, Readers: e.Readers})
		}
		faults := app.Faults
		if app.Note != nil {
			row.ID, row.NoteVersion = app.Note.ID.String(), app.Note.Version
			more, err := v.ledgers(v.session(app.Name, app.Note, app.Source), &row)
			if err != nil {
				return err
			}
			faults = append(faults, more...)
		}
		v.add(row, faults)
	}
	if err := v.warnLeftOut(); err != nil {
		return err
	}
	return v.unmerged()
}

// add takes an app into the report.
func (v *verifying) add(row verifiedApp, faults []versions.Fault) {
	for i := range faults {
		faults[i].App = row.Name
	}
	v.apps, v.faults = append(v.apps, row), append(v.faults, faults...)
}

// session is the session of an app whose note has verified. It is not to be
// closed: the repository is not its own.
func (v *verifying) session(name string, note *seal.Note, source *versions.Source) *session {
	return &session{cli: v.cli, ctx: v.ctx, how: look, repo: v.repo, dir: name, id: note.ID, note: note, head: source,
		claim: claim{directory: name, id: note.ID, def: v.def, from: v.what}}
}

// unmerged puts what git has for unmerged in the place of what was made of it.
func (v *verifying) unmerged() error {
	if v.files == nil {
		return nil
	}
	paths, err := v.repo.Unmerged(v.ctx, storeDir)
	if err != nil {
		return err
	}
	v.faults = slices.DeleteFunc(v.faults, func(f versions.Fault) bool { return slices.Contains(paths, f.Path) })
	for _, p := range paths {
		env, _, _ := secretAt(p)
		v.faults = append(v.faults, versions.Fault{Path: p, App: appOf(p), Environment: env, Err: &versions.UnmergedError{Paths: []string{p}}})
	}
	return nil
}

// pins checks the newest pins, or pin N, of all apps.
func (v *verifying) pins() error {
	o := v.options()
	o.Structure, o.Only = true, isNotePath
	here, err := versions.VerifyStore(v.ctx, v.dir, o)
	if err != nil {
		return err
	}
	found := false
	for _, app := range here.Apps {
		row, faults := verifiedApp{Name: app.Name}, slices.DeleteFunc(app.Faults, func(f versions.Fault) bool { return !isNotePath(f.Path) })
		if app.Note != nil {
			row.ID, row.NoteVersion = app.Note.ID.String(), app.Note.Version
			if faults, err = v.pinsOf(v.session(app.Name, app.Note, app.Source), &row); err != nil {
				return err
			}
		}
		found = found || len(row.Environments) > 0 || len(faults) > 0
		v.add(row, faults)
	}
	if !found {
		missing := &versions.NotFoundError{What: "pin", In: "the ledgers that are here"}
		if v.at.Number > 0 {
			missing.Name = fmt.Sprint(v.at.Number)
		}
		return hint(missing, "pinseal fetch", "pinseal pins ENV")
	}
	return nil
}

// hasEnvironment reports whether the environment that was asked for is in any app.
func (v *verifying) hasEnvironment() bool {
	return slices.ContainsFunc(v.apps, func(a verifiedApp) bool {
		return slices.ContainsFunc(a.Environments, func(e verifiedEnv) bool { return e.Name == v.o.env })
	})
}

// appOf is the directory of the app that a path is in, "" for none.
func appOf(p string) string {
	parts := strings.Split(p, "/")
	if len(parts) < 3 || parts[0] != storeDir {
		return ""
	}
	return parts[1]
}
