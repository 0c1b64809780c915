package cmd

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"pinseal/versions"
)

// leakError says that values were found; what was found has been printed.
type leakError struct{ reason string }

func (e *leakError) Error() string { return e.reason }

// verdict is the error that a scan ends with, nil when nothing is wrong.
func (sc *scanning) verdict() error {
	unread := sc.unreadError()
	if len(sc.found) == 0 {
		return unread
	}
	reason := "the value of a secret stands in plain text"
	if n := len(sc.found) + sc.beyond; n > 1 {
		reason = fmt.Sprintf("values of secrets stand in plain text: %d", n)
	}
	if unread != nil {
		reason += fmt.Sprintf("; and %s", unread)
	}
	return hint(&leakError{reason}, sc.leakHints()...)
}

// unreadError says what could not be read, nil when nothing was passed over.
func (sc *scanning) unreadError() error {
	n := len(sc.unread) + sc.missed
	switch n {
	case 0:
		return nil
	case 1:
		return errors.New("not everything could be looked into: " + sc.unread[0])
	}
	return fmt.Errorf("not everything could be looked into: %s, and %d more", sc.unread[0], n-1)
}

// leakHints say what can be done about findings: about one that is of a value
// which is in use, if there is any.
func (sc *scanning) leakHints() []string {
	f := sc.found[max(0, slices.IndexFunc(sc.found, func(f versions.Finding) bool { return f.Known.Current }))]
	in := f.Known.In[0]
	if i := slices.IndexFunc(f.Known.In, sc.stands); i >= 0 {
		in = f.Known.In[i]
	}
	line := fmt.Sprintf("%s run -e %s -- CMD      gives a program its secrets", sc.pinseal(in), in.Environment)
	switch {
	case !sc.stands(in):
		line = "replace it where it came from: the environment that it was of is no more"
	case !f.Known.Current:
		line = fmt.Sprintf("%s log %s -e %s      it is an old value: who has this knows what was replaced since", sc.pinseal(in), in.Name, in.Environment)
	case f.Commit != "":
		line = fmt.Sprintf("%s set %s -e %s      with a new value: who has these commits knows the old one", sc.pinseal(in), in.Name, in.Environment)
	}
	if allow := sc.allowHint(); allow != "" {
		return []string{line, allow}
	}
	return []string{line}
}

// stands reports whether the environment of a secret is in its app's newest note.
func (sc *scanning) stands(in versions.Holding) bool {
	return slices.ContainsFunc(sc.values.apps, func(a *scannedApp) bool {
		return a.dir == in.App && slices.Contains(a.note.Environments(), in.Environment)
	})
}

// pinseal is the command for the app of a secret, where there are several.
func (sc *scanning) pinseal(in versions.Holding) string {
	if len(sc.values.apps) > 1 && sc.app == "" {
		return "pinseal --app " + quoteShell(in.App)
	}
	return "pinseal"
}

// allowHint is the line that lets a finding pass, "" when there is none to paste.
func (sc *scanning) allowHint() string {
	user := sc.user()
	named := false
	for _, f := range sc.found {
		if f.Commit != "" || f.Outside || f.Path == "" {
			continue
		}
		file := user.fromHere(sc.repo.Top(), f.Path)
		if f.Masked != "" || oneLine(file) != file {
			named = true
			continue
		}
		line := f.Line
		if sc.where.staged {
			now, instead := sc.stagedHint(user, f)
			if instead != "" {
				return instead
			}
			line = now
		}
		return fmt.Sprintf("pinseal scan --allow %s      if it may stand there", quoteShell(fmt.Sprintf("%s:%d", file, line)))
	}
	switch {
	case named && sc.where.staged:
		return "pinseal scan --staged --allow-all      if all of it may stand there"
	case named && sc.where.tree:
		return "pinseal scan --allow-all      if all of it may stand there"
	}
	return ""
}

// stagedHint says on which line of the work tree a finding of the index is, or
// what to stage where the work tree is in order.
func (sc *scanning) stagedHint(user *cli, f versions.Finding) (line int, instead string) {
	passes, err := sc.passesIn(f, func(a *scannedApp) (*versions.Baseline, error) { return a.head.Baseline() })
	if passes && err == nil {
		if app, _, ok := sc.keeper(f.Known); ok {
			return 0, user.gitFor("add", storeDir+"/"+app.dir+"/"+versions.BaselineName) + "      it lets that pass, and is not staged"
		}
	}
	item := fileItem(f.Path, filepath.Join(sc.repo.Top(), filepath.FromSlash(f.Path)))
	sc.scan().Run(sc.ctx, oneItem(item), func(now versions.Finding) error {
		if now.Known == f.Known && now.Line > 0 {
			line = now.Line
		}
		return nil
	}) // what cannot be read holds nothing to allow
	if line == 0 {
		return 0, user.gitFor("add", f.Path) + "      the work tree does not have it there any more"
	}
	return line, ""
}

// user is where the user stands. A hook is run from the top of the work tree,
// wherever git was.
func (sc *scanning) user() *cli {
	prefix := filepath.FromSlash(sc.Getenv("GIT_PREFIX"))
	if between, ok := sc.below(sc.repo.Top()); prefix == "" || !ok || between != "." || !filepath.IsLocal(prefix) {
		return sc.cli
	}
	own, env := *sc.cli, *sc.Env
	env.Dir = filepath.Join(env.Dir, prefix)
	own.Env = &env
	return &own
}
