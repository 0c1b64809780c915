package cmd

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"

	"pinseal/repo"
	"pinseal/versions"
)

// noStore is the error of a work tree without .pinseal. A sparse checkout can have
// left it out of what HEAD has.
func (v *verifying) noStore() error {
	head, _, err := v.repo.Head(v.ctx)
	if err == nil {
		_, err = v.repo.FS(v.ctx, head, storeDir)
	}
	if err != nil {
		return noApp()
	}
	return hint(&versions.NotFoundError{What: "app", In: "the work tree: there is no " + storeDir + ", though HEAD has one"},
		"pinseal verify HEAD", v.git(v.repo.Top())+" sparse-checkout add "+storeDir+"      if a sparse checkout leaves it out")
}

// warnLeftOut says how many files a sparse checkout leaves out of the work tree:
// what is not there is not checked, and not counted.
func (v *verifying) warnLeftOut() error {
	if v.files == nil {
		return nil
	}
	if _, err := os.Lstat(filepath.Join(v.repo.GitDir(), "info", "sparse-checkout")); err != nil {
		return nil // never was one, and git need not be asked
	}
	index, err := v.repo.IndexFS(v.ctx, storeDir)
	if errors.Is(err, fs.ErrNotExist) || errors.As(err, new(*repo.UnmergedError)) || errors.As(err, new(*repo.OddEntryError)) {
		return nil // the check of the files says what there is to say
	}
	if err != nil {
		return err
	}
	listed, err := v.repo.Files(v.ctx, storeDir)
	if err != nil && !errors.As(err, new(*repo.UnlistedError)) {
		return err
	}
	slices.Sort(listed)
	left := 0
	err = fs.WalkDir(index, ".", func(p string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			if _, there := slices.BinarySearch(listed, path.Join(storeDir, p)); !there {
				left++
			}
		}
		return err
	})
	if err != nil || left == 0 {
		return err
	}
	v.warn("a sparse checkout leaves %s of %s out, and they are not checked%s", count(left, "file"), storeDir, lines(labelled(v.hereAll([]string{"pinseal verify HEAD"}))))
	return nil
}
