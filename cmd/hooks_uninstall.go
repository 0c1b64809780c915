package cmd

import (
	"context"
	"os"
	"path/filepath"
)

func (c *cli) runHooksUninstall(ctx context.Context) error {
	h, err := c.lookAtHooks(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	steps, left, err := h.removeFiles()
	if err != nil {
		return err
	}
	for _, tool := range hookTools {
		if _, err := os.Stat(h.inTop(tool.file)); err != nil {
			continue
		}
		more, err := tool.remove(h.repo.Top())
		if err != nil {
			return err
		}
		steps = append(steps, more...)
	}
	nothing := len(steps) == 0
	if config, err := changeConfig(h.config, hookConfig{}); err == nil && string(config) != string(h.config) {
		nothing = false
	}
	if err := h.carryOut(steps, hookConfig{}); err != nil {
		return err
	}
	for _, f := range left {
		h.sayLeft(f)
	}
	switch {
	case nothing && len(left) == 0:
		c.say("There was nothing of pinseal to take out")
	case !nothing:
		c.say("Took out what pinseal hooks install put in")
	}
	return nil
}

// sayLeft tells of a hook that uninstall does not touch.
func (h *hooked) sayLeft(f hookFile) {
	if f.is == changedHook {
		h.warn("%q was written by another version of pinseal, or edited since: it is left for you to remove", h.shown(f.path))
	}
	if aside := f.forgotten(); aside != "" {
		h.warn("%q was set aside by pinseal, and another hook has taken its place: nothing calls it. To have it back:%s",
			h.shown(aside), lines{"mv " + quoteShell(aside) + " " + quoteShell(f.path)})
	}
}

// removeFiles is the steps that take hook files of ours away and bring back what
// they set aside. left are those that stay, and need a person to decide.
func (h *hooked) removeFiles() (steps []fileStep, left []hookFile, err error) {
	for _, dir := range h.dirs() {
		if ours, err := h.mayChange(dir); err != nil {
			return nil, nil, err
		} else if !ours {
			continue
		}
		madeDir, back := false, false
		for _, hook := range hookNames {
			f := hookFileIn(dir, hook)
			switch {
			case f.is == noHook && f.aside: // somebody removed ours
				steps, back = append(steps, moveBack(f.path)), true
			case f.is == ourHook && f.aside:
				steps, back = append(steps, putBack(f.path, f.data)), true
			case f.is == changedHook || f.forgotten() != "":
				left = append(left, f)
			case f.is == ourHook:
				steps = append(steps, removeScript(f.path, f.data))
			}
			madeDir = madeDir || f.stub.madeDir
		}
		if back {
			steps = append(steps, removeEmpty(filepath.Join(dir, asideDir)))
		}
		if madeDir {
			steps = append(steps, removeEmpty(dir))
		}
	}
	return steps, left, nil
}

// removeEmpty removes a directory if nothing is in it.
func removeEmpty(dir string) fileStep {
	removed := false
	return fileStep{func() error {
		entries, err := os.ReadDir(dir)
		if err != nil || len(entries) > 0 {
			return err
		}
		err = os.Remove(dir)
		removed = err == nil
		return err
	}, func() error {
		if !removed {
			return nil
		}
		return os.Mkdir(dir, 0o777)
	}}
}
