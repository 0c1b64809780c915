package versions

import (
	"io"
	"iter"
	"strings"

	"pinseal/repo"
)

// ChangedFiles yields what commits brought: their files and their messages.
func ChangedFiles(changes iter.Seq2[repo.Change, error]) iter.Seq2[ScanItem, error] {
	return func(yield func(ScanItem, error) bool) {
		for c, err := range changes {
			if err != nil {
				yield(ScanItem{}, err)
				return
			}
			message := c.Message
			item := ScanItem{Commit: c.Commit, Open: func() (io.ReadCloser, error) {
				return io.NopCloser(strings.NewReader(message)), nil
			}}
			if !yield(item, nil) || !eachFile(c, yield) {
				return
			}
		}
	}
}

func eachFile(c repo.Change, yield func(ScanItem, error) bool) bool {
	for _, f := range c.Files {
		if f.New != "" && !yield(ScanItem{Commit: c.Commit, Path: f.Path, Blob: f.New}, nil) {
			return false
		}
	}
	return true
}
