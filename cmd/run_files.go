package cmd

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"

	"pinseal/cmd/child"
	"pinseal/versions"
)

// given is what a program is given: its environment, and files if it wants them.
type given struct {
	env   []string
	both  []string         // variables that were there already, with another value
	kept  []versions.Value // that value, where --preserve-env keeps it: secret, too
	files *privateFiles    // nil without --files
}

// give makes the environment of a program with values of environment env, and its
// files. It leaves nothing behind when it fails.
func (r *supervisor) give(env string, values []versions.Value) (g *given, err error) {
	if !r.o.files {
		return r.o.environ(r.Environ, env, values)
	}
	files, err := r.makePrivateFiles(r.o.filesDir)
	if err != nil {
		return nil, err
	}
	g = &given{files: files}
	if err = r.filesEnviron(g, env, values); err == nil {
		err = files.write(values)
	}
	if err != nil {
		return nil, errors.Join(err, g.remove())
	}
	return g, nil
}

// remove removes the files.
func (g *given) remove() error {
	if g.files == nil {
		return nil
	}
	return g.files.remove()
}

// filesEnviron is environ with the paths of files, into g. A variable with the name of a
// secret is not passed on either: programs refuse to be told twice.
func (r *supervisor) filesEnviron(g *given, env string, values []versions.Value) error {
	set := make([]child.Var, len(values))
	named := make(map[string]bool, len(values))
	for i, value := range values {
		name := r.o.prefix + child.EnvName(value.Name)
		named[name] = true
		set[i] = child.Var{Secret: value.Name, Name: name + "_FILE", Value: []byte(g.files.path(value.Name))}
	}
	drop := func(name string) bool {
		if named[name] {
			g.both = append(g.both, name)
		}
		return named[name]
	}
	environ, both, err := child.Environ(withoutIdentity(r.Environ), set, r.o.inherited(drop))
	if err != nil {
		return r.o.environHint(err, env)
	}
	for _, v := range both {
		g.both = append(g.both, v.Name)
	}
	g.env = environ
	return nil
}

// filesPrefix is how the names of directories of privateFiles begin.
const filesPrefix = "pinseal-run-"

// privateFiles is a directory with a file per secret, of a program that runs. It is
// locked while its maker lives.
type privateFiles struct {
	dir  string
	lock *os.File
}

// path is the file of a secret.
func (f *privateFiles) path(name string) string { return filepath.Join(f.dir, name) }

// write writes each secret to a file of its own, that can only be read, and by nobody
// else.
func (f *privateFiles) write(values []versions.Value) error {
	for _, value := range values {
		file, err := os.OpenFile(f.path(value.Name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o400)
		if err == nil {
			_, err = file.Write(value.Secret.Reveal())
			err = errors.Join(err, file.Close())
		}
		if err != nil {
			return hint(errors.New("the file of "+strconv.Quote(value.Name)+" cannot be written: "+reasonOf(err)),
				"pinseal run --files-dir DIR -- CMD       if you know where that is written to")
		}
	}
	return nil
}
