package versions

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"pinseal/seal"
)

// verification is the check of one app.
type verification struct {
	*VerifiedApp
	o      VerifyOptions
	source *Source // without what has no place
}

func (c *verification) add(p, env string, err error) {
	c.Faults = append(c.Faults, Fault{Path: p, Environment: env, Err: err})
}

// refusal is a fault of a set that is authentic.
func refusal(p, env, try, format string, args ...any) Fault {
	return Fault{Path: p, Environment: env, Err: &CheckError{Path: p, Reason: fmt.Sprintf(format, args...), Try: try}}
}

// skips reports that a file is not to be read.
func (c *verification) skips(p string) bool { return c.o.Only != nil && !c.o.Only(p) }

// environments are those that members hold, and those that have a directory.
func (c *verification) environments() []string {
	var envs []string
	if c.Note != nil && c.source.Sum == nil {
		envs = c.Note.Environments()
	}
	held := map[string]bool{KeysDir: true}
	for _, env := range envs {
		held[env] = true
	}
	entries, _ := fs.ReadDir(c.source.FS, ".") // the survey has read it
	for _, e := range entries {
		if e.IsDir() && !held[e.Name()] {
			envs = append(envs, e.Name())
		}
	}
	if c.source.Sum != nil && !slices.Contains(envs, c.source.SumOf) { // an empty set has no directory
		envs = append(envs, c.source.SumOf)
	}
	return slices.DeleteFunc(envs, func(env string) bool { return c.o.Environment != "" && env != c.o.Environment })
}

// verifiedFile is a secret's file on the way through the check.
type verifiedFile struct {
	env, name string
	faults    []Fault
}

// secrets checks the files of all environments, on all cores.
func (c *verification) secrets(ctx context.Context) error {
	var files []verifiedFile
	for _, env := range c.environments() {
		names := c.names(env)
		e := VerifiedEnvironment{Name: env, Secrets: len(names)}
		if c.Note != nil {
			e.Readers = len(c.Note.Readers(env))
		}
		c.Environments = append(c.Environments, e)
		for _, name := range names {
			files = append(files, verifiedFile{env: env, name: name})
		}
	}
	err := InParallel(len(files), func(i int) error {
		f := &files[i]
		p := c.source.where(FilePath(f.env, f.name))
		if c.skips(p) {
			return ctx.Err()
		}
		file, err := c.file(f.env, f.name)
		switch {
		case err != nil:
			f.faults = []Fault{{Path: p, Line: typedLine(err), Environment: f.env, Err: err}}
		case c.Note != nil:
			f.faults = c.judge(p, f.env, f.name, file)
		}
		return ctx.Err()
	})
	for i := range files {
		c.Faults = append(c.Faults, files[i].faults...)
	}
	return err
}

// names lists an environment, and finds all twins.
func (c *verification) names(env string) []string {
	names, err := c.source.secrets(env)
	if err != nil {
		if !isNotExist(err) {
			c.add(c.source.where(env), env, err)
		}
		names = nil
	}
	slices.Sort(names)
	if err := c.source.checkListed(env, names); err != nil {
		c.add(c.source.where(env), env, err)
		names = slices.DeleteFunc(names, func(name string) bool { _, ok := c.source.Sum.Digest(env, name); return !ok })
	}
	folded := map[string][]string{}
	for _, name := range names {
		low := strings.ToLower(name)
		folded[low] = append(folded[low], name)
	}
	for _, name := range names {
		if twins := folded[strings.ToLower(name)]; len(twins) > 1 && twins[0] == name {
			c.add(c.source.where(FilePath(env, name)), env, &TwinsError{Environment: env, Names: twins})
		}
	}
	return names
}

func (c *verification) file(env, name string) (*SecretFile, error) {
	data, err := c.source.listed(env, name)
	if err != nil {
		return nil, err
	}
	f, err := c.source.parse(env, name, data)
	if odd := (*StructureError)(nil); errors.As(err, &odd) {
		if line := findTyped(data); line > 0 {
			return nil, &TypedError{Path: odd.Path, Line: line, Environment: env, Name: name}
		}
	}
	return f, err
}

// judge holds a file that reads to the note, and says what publish would say.
func (c *verification) judge(p, env, name string, f *SecretFile) (faults []Fault) {
	newest, _ := c.Note.Newest(seal.ReadSlot(env))
	for _, generation := range f.Generations() {
		switch _, known := c.Note.Entry(newest.Slot, generation); {
		case !known:
			faults = append(faults, Fault{Path: p, Environment: env, Err: &StructureError{Path: p,
				Reason: fmt.Sprintf("is sealed to read key %d of %s, which the app note does not know", generation, env)}})
		case generation < newest.Generation && !c.o.Structure:
			faults = append(faults, refusal(p, env, "pinseal rekey "+env+" --values",
				"is sealed to read key %d, retired since; key %d is the newest", generation, newest.Generation))
		}
	}
	if len(f.Versions) > seal.MaxKeyVersions {
		faults = append(faults, refusal(p, env, dropVersions(name, env, f), manyVersions, len(f.Versions), seal.MaxKeyVersions))
	}
	if c.o.Structure {
		return faults
	}
	set := fmt.Sprintf("pinseal set %s -e %s", name, env)
	switch blank := f.Blank() && !c.o.AllowBlank; {
	case blank && f.Kind == KindKey:
		faults = append(faults, refusal(p, env, createKey(name, env), blankKey))
	case blank && !f.Optional:
		faults = append(faults, refusal(p, env, set, "is blank and not optional"))
	}
	if f.Expired(c.o.Now) {
		if f.Kind == KindKey {
			set += " --keep" // of a key it takes no value
		}
		faults = append(faults, refusal(p, env, set+" --expires DATE", "expired on %s", f.Expires))
	}
	return faults
}
