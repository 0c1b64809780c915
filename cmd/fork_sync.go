package cmd

import (
	"context"
	"slices"
	"strings"

	"pinseal/versions"
)

func (c *cli) runForkSync(ctx context.Context, o forkOptions) error {
	s, err := c.open(ctx, use)
	if err != nil {
		return err
	}
	defer s.Close()
	up, err := s.openUpstream(o.from)
	if err != nil {
		return err
	}
	defer up.Close()
	theirs, err := up.blanks()
	if err != nil {
		return err
	}
	var added []blanks
	var writers []*writer // one for each of added
	var lacking []string  // environments
	for _, b := range theirs {
		if !slices.Contains(s.note.Environments(), b.env) {
			lacking = append(lacking, b.env)
			continue
		}
		w, err := s.write(b.env)
		if err != nil {
			return err
		}
		if b, err = w.without(b); err != nil {
			return err
		}
		if len(b.names) > 0 {
			added, writers = append(added, b), append(writers, w)
		}
	}
	for i, w := range writers {
		if err := w.put(added[i].fresh()...); err != nil {
			return err
		}
	}
	s.saySync(up.dir, added, lacking)
	return nil
}

// openUpstream opens another app of the work tree to look at, by name or id; ""
// is the only other. Close it.
func (s *session) openUpstream(want string) (*session, error) {
	store, tree, err := s.openDir(storeDir)
	if err != nil {
		return nil, err
	}
	if tree != nil {
		defer tree.Close()
	}
	in, err := listApps(store)
	if err != nil {
		return nil, err
	}
	if want == s.dir || want == s.id.String() {
		return nil, usage([]string{"pinseal --app FORK fork --sync --from UPSTREAM"}, "--from is upstream, and this app is the fork")
	}
	others := slices.DeleteFunc(in.apps, func(a found) bool {
		return a.name == s.dir || want != "" && a.name != want && a.id.String() != want
	})
	switch {
	case len(others) == 0 && want == "":
		return nil, hint(&versions.NotFoundError{What: "other app", In: "this repository, to be upstream of " + s.dir}, "git pull UPSTREAM", "pinseal fork NAME      to make a fork of this one")
	case len(others) == 0:
		return nil, hint(&versions.NotFoundError{What: "app", In: "this repository with the name or id that --from gives"}, "pinseal fork --sync")
	case len(others) > 1:
		var try []string
		for _, a := range others {
			try = append(try, "pinseal fork --sync --from "+a.name)
		}
		return nil, usage(try, "several other apps stand here: say which is upstream")
	}
	other := *s.cli
	other.app = others[0].id.String()
	return other.open(s.ctx, look)
}

func (s *session) saySync(upstream string, added []blanks, lacking []string) {
	if len(added) == 0 {
		s.say("Nothing new: %s has every name of %s in the environments that both have", s.dir, upstream)
	}
	for _, b := range added {
		s.say("Declared in %s, blank: %s", b.env, b.missing())
	}
	if len(added) > 0 {
		s.say("Next:%s", lines(append(s.fillLines(s.dir, added), s.gitCommit())))
	}
	if len(lacking) > 0 {
		var try lines
		for _, env := range lacking {
			try = append(try, s.here("pinseal env add "+env))
		}
		s.say("Not here, though %s has them: %s%s", upstream, strings.Join(lacking, ", "), try)
	}
}
