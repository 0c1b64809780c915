package versions

import (
	"fmt"
	"io/fs"
	"strings"
)

// Differing lists which of the files below paths are not the same in two
// versions, sorted. Each path is [NoteName], [KeysDir] or an environment; what
// has no place below it is a *StructureError.
func Differing(a, b *Source, paths ...string) ([]string, error) {
	x, err := digestsOf(a, paths)
	if err != nil {
		return nil, err
	}
	y, err := digestsOf(b, paths)
	if err != nil {
		return nil, err
	}
	var differ []string
	for _, p := range unionKeys(x, y) {
		inX, okX := x[p]
		inY, okY := y[p]
		if okX != okY || inX != inY {
			differ = append(differ, p)
		}
	}
	return differ, nil
}

// digestsOf is what Differing compares of one version. Names and modes are
// checked before the first file is read, and no file is kept.
func digestsOf(s *Source, paths []string) (map[string][32]byte, error) {
	var files []string
	for _, root := range paths {
		found, err := s.filesBelow(root)
		if err != nil && !isNotExist(err) {
			return nil, fmt.Errorf("%s: %w", s.What, err)
		}
		files = append(files, found...)
	}
	digests := make([][32]byte, len(files))
	err := InParallel(len(files), func(i int) error {
		data, err := s.read(files[i], maxSize(files[i]))
		digests[i] = digestOf(data)
		return err
	})
	if err != nil {
		return nil, err
	}
	byPath := make(map[string][32]byte, len(files))
	for i, p := range files {
		byPath[p] = digests[i]
	}
	return byPath, nil
}

// filesBelow lists the files of [NoteName], [KeysDir] or an environment.
func (s *Source) filesBelow(root string) ([]string, error) {
	switch root {
	case NoteName:
		if _, err := fs.Stat(s.FS, NoteName); err != nil {
			return nil, err
		}
		return []string{NoteName}, nil
	case KeysDir:
		return s.wraps()
	}
	names, err := s.secrets(root)
	for i, name := range names {
		names[i] = FilePath(root, name)
	}
	return names, err
}

// maxSize is the limit of a file by its place in the shape, in bytes.
func maxSize(p string) int {
	switch {
	case p == PinName:
		return MaxPinNote
	case p == SumName:
		return MaxSum
	case p == NoteName:
		return MaxNote
	case strings.HasPrefix(p, KeysDir+"/"):
		return MaxWrap
	}
	return MaxSecretFile
}
