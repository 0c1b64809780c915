package cmd

import (
	"slices"
	"strings"

	"pinseal/versions"
)

// blanks are the secrets that an environment declares, without what is about
// their values.
type blanks struct {
	env   string
	names []string // sorted
	files []*versions.SecretFile
}

// blanks lists what the app in the work tree declares, by environment in its
// order. It opens nothing.
func (s *session) blanks() ([]blanks, error) {
	if err := s.checkMerged(); err != nil {
		return nil, err
	}
	if err := s.head.CheckAll(); err != nil {
		return nil, err
	}
	var all []blanks
	for _, env := range s.note.Environments() {
		names, files, err := s.head.Files(env)
		if err != nil {
			return nil, err
		}
		for i, f := range files {
			files[i] = &versions.SecretFile{Kind: f.Kind, About: f.About, Optional: f.Optional, Generate: f.Generate, Bits: f.Bits}
		}
		all = append(all, blanks{env, names, files})
	}
	return all, nil
}

// without leaves out the names that the environment has already. The others must
// be fit to stand beside those.
func (w *writer) without(b blanks) (blanks, error) {
	taken, err := w.taken()
	if err == nil {
		err = w.checkNames(taken, b.names)
	}
	left := blanks{env: b.env}
	for i, name := range b.names {
		if _, there := slices.BinarySearch(taken, name); !there {
			left.names, left.files = append(left.names, name), append(left.files, b.files[i])
		}
	}
	return left, err
}

// fresh is the blanks where nothing has their names.
func (b *blanks) fresh() []*changedFile {
	files := make([]*changedFile, len(b.names))
	for i, name := range b.names {
		files[i] = &changedFile{SecretFile: b.files[i], name: name}
	}
	return files
}

// missing names what wants a value, and says of each how it is special.
func (b *blanks) missing() string {
	named := make([]string, len(b.names))
	for i, f := range b.files {
		var notes []string
		if f.Kind == versions.KindKey {
			notes = append(notes, "encryption key")
		}
		if f.Optional {
			notes = append(notes, "optional")
		}
		if f.Generate != "" {
			notes = append(notes, "can be generated")
		}
		if named[i] = b.names[i]; len(notes) > 0 {
			named[i] += " (" + strings.Join(notes, ", ") + ")"
		}
	}
	return strings.Join(named, ", ")
}

// fillLines are a line of set, generate and key create for the first names that want
// them.
func (c *cli) fillLines(app string, declared []blanks) (try []string) {
	flag := c.appFlag(app)
	first := func(command string, wants func(*versions.SecretFile) bool) {
		for _, b := range declared {
			if at := slices.IndexFunc(b.files, wants); at >= 0 {
				try = append(try, c.here("pinseal "+flag+command+" "+b.names[at]+" -e "+b.env))
				return
			}
		}
	}
	first("set", func(f *versions.SecretFile) bool { return f.Kind == versions.KindSecret && f.Generate == "" })
	first("generate", func(f *versions.SecretFile) bool { return f.Generate != "" })
	first("key create", func(f *versions.SecretFile) bool { return f.Kind == versions.KindKey })
	return try
}
