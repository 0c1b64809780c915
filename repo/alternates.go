package repo

import (
	"bytes"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
)

const (
	maxAlternateDepth = 5    // as git
	maxAlternates     = 1000 // directories
)

// allDirs adds the alternates of the roots, nested ones included.
func allDirs(roots []string) (dirs []string, odd bool) {
	seen := make(map[string]bool)
	var add func(dir string, depth int)
	add = func(dir string, depth int) {
		dir = filepath.Clean(dir)
		if seen[dir] {
			return
		}
		if depth > maxAlternateDepth || len(dirs) >= maxAlternates {
			odd = true
			return
		}
		seen[dir] = true
		dirs = append(dirs, dir)
		b, err := readSmall(filepath.Join(dir, "info", "alternates"))
		if err != nil {
			odd = odd || !errors.Is(err, fs.ErrNotExist)
			return
		}
		paths, ok := parseAlternates(b)
		odd = odd || !ok
		for _, p := range paths {
			if !filepath.IsAbs(p) {
				p = filepath.Join(dir, p)
			}
			add(p, depth+1)
		}
	}
	for _, r := range roots {
		add(r, 0)
	}
	return dirs, odd
}

// parseAlternates reads objects/info/alternates: one path per line, # comments.
// ok is false for a C-quoted path, which is git's to read.
func parseAlternates(b []byte) (paths []string, ok bool) {
	ok = true
	for line := range bytes.Lines(b) {
		p := strings.TrimSuffix(string(line), "\n")
		switch {
		case p == "" || p[0] == '#':
		case p[0] == '"' || strings.IndexByte(p, 0) >= 0:
			ok = false
		default:
			paths = append(paths, p)
		}
	}
	return paths, ok
}
