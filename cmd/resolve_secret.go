package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"pinseal/repo"
	"pinseal/seal"
	"pinseal/versions"
)

// runResolveSecret settles one secret as it is told to.
func (c *cli) runResolveSecret(ctx context.Context, o resolveOptions) error {
	m, err := c.openMerging(ctx)
	if err != nil {
		return err
	}
	defer m.Close()
	env, err := m.unmergedEnvironment(o)
	if err != nil {
		return err
	}
	p := versions.FilePath(env, o.name)
	f, err := m.decide(o, env)
	if err != nil {
		return err
	}
	says := o.side().String()
	if !o.set {
		one, both, ok, err := m.decideKey(o, env)
		switch {
		case err != nil:
			return err
		case ok:
			f, says = both, says+", with "+settledSays(one)
			m.warnRetiredVersion(one)
		default:
			if err := m.agreeLeftOut(o, env); err != nil {
				return err
			}
		}
	}
	edit := repo.Edit{Path: p}
	if f != nil {
		if edit.Data, err = f.Bytes(); err != nil {
			return err
		}
	}
	done := o.name + " in " + env + ": "
	switch {
	case o.set && o.dryRun:
		done += "a new value"
	case o.set:
		done += "the new value"
	case f == nil:
		done += "removed, as " + o.side().String() + " has it"
	default:
		done += says
	}
	if o.dryRun {
		m.say("Nothing was written; without --dry-run:\n  %s", done)
		return nil
	}
	if err := m.edit(m.ctx, []repo.Edit{edit}); err != nil {
		return err
	}
	m.warnIgnored(m.ctx, m.repo, m.dir+"/"+p)
	if err := m.repo.Add(m.ctx, []string{storeDir + "/" + m.dir + "/" + p}); err != nil {
		return err
	}
	m.say("%s", done)
	m.warnOld(f, env, o.name)
	return m.sayNext()
}

// unmergedEnvironment is the environment in which a secret is unmerged: -e, else
// the only one, else PINSEAL_ENV. The app note may not know it any more.
func (m *merging) unmergedEnvironment(o resolveOptions) (string, error) {
	found, err := m.sides.Secrets()
	if err != nil {
		return "", err
	}
	want := o.env
	if want != "" && seal.CheckEnvironment(want) != nil {
		return "", usage(nil, "that cannot be the name of an environment")
	}
	var envs, try []string
	for _, u := range found {
		if u.Name == o.name {
			envs = append(envs, u.Environment)
			try = append(try, resolveLine(u.Name, u.Environment))
		}
	}
	switch {
	case want != "" && slices.Contains(envs, want):
		return want, nil
	case want == "" && len(envs) == 1:
		return envs[0], nil
	case want == "" && slices.Contains(envs, m.Getenv("PINSEAL_ENV")):
		return m.Getenv("PINSEAL_ENV"), nil
	case want == "" && len(envs) > 1:
		return "", usage(try, "%s is unmerged in several environments, say which: %s", o.name, strings.Join(envs, ", "))
	}
	missing := &versions.NotFoundError{What: "unmerged secret", Name: o.name, In: "app " + m.dir}
	if want != "" {
		missing.In = want
	}
	if len(try) == 0 {
		for _, u := range found {
			try = append(try, resolveLine(u.Name, u.Environment))
		}
	}
	if len(try) == 0 {
		try = []string{"pinseal resolve"}
	}
	return "", hint(missing, try...)
}

// decide makes the file of a secret, nil when it is removed.
func (m *merging) decide(o resolveOptions, env string) (*versions.SecretFile, error) {
	if o.set {
		return m.setValue(o, env)
	}
	f, err := m.sides.Of(o.side()).File(env, o.name)
	if errors.Is(err, versions.ErrNotFound) {
		return nil, nil
	}
	if err == nil {
		err = m.opens(f, env, o.name)
	}
	if err != nil {
		try := resolveLines(o.name, env)
		taken := 0
		if o.theirs {
			taken = 1
		}
		return nil, hint(fmt.Errorf("%s: %w", o.side(), err), slices.Delete(try, taken, taken+1)...)
	}
	return f, nil
}

// opens refuses a file that holds a value which is not of its place, as far as the
// keys at hand tell. Where the app note is unmerged, its own merging looks at that,
// and in an environment that is gone nothing opens.
func (m *merging) opens(f *versions.SecretFile, env, name string) error {
	if m.known != nil || !slices.Contains(m.note.Environments(), env) {
		return nil
	}
	keys, err := m.keyring(m.sides.Ours, m.sides.Theirs)
	if err != nil {
		return err
	}
	err = (&versions.Set{Source: m.sides.Ours, Environment: env, Keys: keys}).Opens(name, f)
	if errors.Is(err, seal.ErrNoKey) && !errors.Is(err, versions.ErrNotAuthentic) {
		return nil
	}
	return err
}

// setValue seals a new value, with what stands beside it in ours, else in theirs.
func (m *merging) setValue(o resolveOptions, env string) (*versions.SecretFile, error) {
	sealer, err := m.sealer(env)
	if err != nil {
		return nil, err
	}
	f, err := m.sides.Ours.File(env, o.name)
	if err != nil {
		f, err = m.sides.Theirs.File(env, o.name)
	}
	if err != nil {
		return nil, err
	}
	if f.Kind != versions.KindSecret {
		return nil, usage(append([]string{"pinseal resolve      keeps the versions of both sides"}, resolveLines(o.name, env)[:2]...), "%q is a named encryption key; its versions are not set by hand", o.name)
	}
	if o.dryRun {
		return f, nil
	}
	value, err := m.readValue("Value for "+o.name+" (hidden): ", o.value)
	if err != nil {
		return nil, err
	}
	f.Generate = ""
	f.Value, err = sealer.Seal(seal.Place{App: m.id, Environment: env, Kind: versions.KindSecret, Name: o.name}, value)
	return f, err
}

// sealer seals to the newest key of an environment. Where the app note is
// unmerged it is ours', if that may be taken, else theirs': merging the notes
// seals to the merged one.
func (m *merging) sealer(env string) (*seal.Sealer, error) {
	if m.known == nil {
		w, err := m.write(env)
		if err != nil {
			return nil, err
		}
		return w.sealer, nil
	}
	var refused error
	for _, side := range []versions.Side{versions.Ours, versions.Theirs} {
		note := m.known.Of(side)
		newest, ok := note.Newest(seal.ReadSlot(env))
		if err := m.known.Check(side); err != nil {
			refused = errors.Join(refused, err)
		} else if ok && slices.Contains(note.Environments(), env) {
			return seal.NewSealer(newest.Key, newest.Generation)
		}
	}
	if refused == nil {
		refused = &versions.NotFoundError{What: "environment", Name: env, In: "the app note"}
	}
	return nil, refused
}

// warnOld says when a file that was taken is sealed to a key that has a
// successor. Merging the app note seals anew by itself.
func (m *merging) warnOld(f *versions.SecretFile, env, name string) {
	newest, ok := m.note.Newest(seal.ReadSlot(env))
	if f == nil || m.known != nil || !ok {
		return
	}
	if g := f.Generations(); len(g) > 0 && g[0] < newest.Generation {
		m.warn("%s is sealed to a read key that has been replaced: publish refuses it before\n  pinseal member sync", name)
	}
}
