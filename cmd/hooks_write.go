package cmd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"pinseal/versions"
)

// writeFiles is the steps that put our files in the hooks directory. Everything is
// looked at before anything is written.
func (h *hooked) writeFiles(program string, chain bool) (steps []fileStep, err error) {
	madeDir, err := h.checkDir()
	if err != nil {
		return nil, err
	}
	if madeDir {
		steps = append(steps, makeDir(h.dir.Path))
	}
	var blocked []string
	madeAside := false
	for _, hook := range hookNames {
		f := hookFileIn(h.dir.Path, hook)
		s := stub{hook: hook, program: program, madeDir: madeDir}
		var old []byte
		switch {
		case f.is == ourHook:
			s.chained, s.madeDir, old = f.stub.chained, f.stub.madeDir, f.data
			if s.text() == string(old) && isExecutable(f.mode) {
				continue
			}
		case f.is == noHook && f.aside:
			return nil, hint(fmt.Errorf("%q was set aside, and nothing is in its place: %w", h.shown(asideOf(f.path)), versions.ErrConflict),
				"pinseal hooks uninstall      brings it back")
		case f.is == noHook:
		case f.is == strangerHook && callsHook(f.data, hook):
			continue // added by hand
		case f.is == strangerHook && chain:
			more, err := h.setAside(f, madeAside)
			if err != nil {
				return nil, err
			}
			steps, s.chained, madeAside = append(steps, more...), true, true
		default:
			blocked = append(blocked, f.blocks(h))
			continue
		}
		steps = append(steps, writeScript(f.path, s.text(), old))
	}
	if len(blocked) > 0 {
		return nil, hint(fmt.Errorf("%s: %w", strings.Join(blocked, "; "), versions.ErrConflict),
			"pinseal hooks install --chain       sets aside what is there and calls it first", "pinseal hooks install --manual      prints what to add to it by hand")
	}
	return steps, nil
}

// setAside is the steps that set a hook of somebody else aside, with the directory
// that has those unless it is made before.
func (h *hooked) setAside(f hookFile, made bool) (steps []fileStep, err error) {
	aside := asideOf(f.path)
	if f.aside {
		return nil, fmt.Errorf("%q cannot be set aside, for %q is there: %w", h.shown(f.path), h.shown(aside), versions.ErrConflict)
	}
	if why := f.cannotMove(); why != "" {
		return nil, hint(fmt.Errorf("%q %s, so it cannot be set aside: %w", h.shown(f.path), why, versions.ErrConflict),
			"pinseal hooks install --manual      prints what to add to it by hand")
	}
	dir := filepath.Dir(aside)
	info, err := os.Lstat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !made:
		steps = append(steps, makeDir(dir))
	case err == nil && !info.IsDir():
		return nil, fmt.Errorf("%q is in the way, and is no directory: %w", h.shown(dir), versions.ErrConflict)
	case err != nil && !made:
		return nil, err
	}
	return append(steps, moveAside(f.path)), nil
}

// checkDir refuses a hooks directory that is not this repository's, or none, and
// reports whether it has to be made.
func (h *hooked) checkDir() (missing bool, err error) {
	dir := h.dir.Path
	info, err := os.Stat(dir)
	missing = errors.Is(err, fs.ErrNotExist)
	switch {
	case err != nil && !missing:
		return false, err
	case err == nil && !info.IsDir():
		return false, fmt.Errorf("core.hooksPath is %q, which is no directory: git runs no hooks here: %w", dir, versions.ErrConflict)
	}
	if why, err := h.sharedDir(); err != nil {
		return false, err
	} else if why != "" {
		return false, hint(fmt.Errorf("%s: a hook in %q would run in others too: %w", why, dir, versions.ErrConflict),
			"pinseal hooks install --manual      prints what to add there by hand")
	}
	if missing {
		if up, err := os.Stat(filepath.Dir(dir)); err != nil || !up.IsDir() {
			return false, hint(fmt.Errorf("core.hooksPath is %q, and there is no directory to make that in", dir), "mkdir -p "+quoteShell(dir))
		}
	}
	return missing, nil
}

// blocks says why a file cannot make room for ours.
func (f hookFile) blocks(h *hooked) string {
	switch f.is {
	case changedHook:
		return fmt.Sprintf("%q was written by another version of pinseal, or edited since: remove it, then install again", h.shown(f.path))
	case oddHook:
		return fmt.Sprintf("%q is in the way, and is no file", h.shown(f.path))
	}
	return fmt.Sprintf("%q is a hook of somebody else", h.shown(f.path))
}
