package cmd

import (
	"context"
	"io/fs"
	"runtime"
	"slices"
	"strings"
	"sync"

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

// onAllCores calls do for 0 to n-1, until ctx ends. Of several errors it is the one
// of the lowest that is returned.
func onAllCores(ctx context.Context, n int, do func(int) error) error {
	workers := min(n, runtime.GOMAXPROCS(0))
	errs := make([]error, n)
	var group sync.WaitGroup
	for first := range workers {
		group.Go(func() {
			for i := first; i < n; i += workers {
				if errs[i] = ctx.Err(); errs[i] == nil {
					errs[i] = do(i)
				}
				if errs[i] != nil {
					return // every core stops at its first, so that the lowest is found
				}
			}
		})
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
