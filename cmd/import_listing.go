package cmd

import (
	"io/fs"
	"slices"
	"strings"

	"pinseal/versions"
)

// dirListing is an environment's directory, read once. A source looks for twins of a
// name, which differ from it only in case, wherever it reads one; for thousands of
// names that would be as many times the whole directory.
type dirListing struct {
	head  *versions.Source
	env   string
	twins map[string][]string // the files of a name, by the name in lower case
	odd   []string            // files whose names are not ASCII: they may be anyone's twins
}

func listNames(head *versions.Source, env string, names []string) dirListing {
	l := dirListing{head: head, env: env, twins: make(map[string][]string, len(names))}
	for _, name := range names {
		if strings.IndexFunc(name, func(r rune) bool { return r > 0x7f }) >= 0 {
			l.odd = append(l.odd, name)
			continue
		}
		lower := strings.ToLower(name)
		l.twins[lower] = append(l.twins[lower], name)
	}
	return l
}

// source is the head for reading one name: of its directory only that name and what
// may be its twins is listed.
func (l dirListing) source(name string) *versions.Source {
	var files []string
	for _, twin := range slices.Concat(l.twins[strings.ToLower(name)], l.odd) {
		files = append(files, strings.TrimPrefix(versions.FilePath(l.env, twin), l.env+"/"))
	}
	head := *l.head
	head.FS = listedFS{FS: l.head.FS, files: files}
	return &head
}

// listedFS is a file system whose directories were listed before.
type listedFS struct {
	fs.FS
	files []string
}

// Names returns the names that are of interest.
func (f listedFS) Names(string) ([]string, error) { return f.files, nil }

// ReadFile reads a file as the file system does that is listed.
func (f listedFS) ReadFile(name string) ([]byte, error) { return fs.ReadFile(f.FS, name) }
