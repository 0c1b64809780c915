package cmd

import (
	"context"
	"os"
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
	for _, file := range left {
		h.warn("%q was written by another version of pinseal, or edited since: it is left for you to remove", h.shown(file))
	}
	switch {
	case nothing && len(left) == 0:
		c.say("There was nothing of pinseal to take out")
	case !nothing:
		c.say("Took out what pinseal hooks install put in")
	}
	return nil
}

// removeFiles is the steps that take hook files of ours away and bring back what
// they set aside. left are files that may be ours and stay.
func (h *hooked) removeFiles() (steps []fileStep, left []string, err error) {
	for _, dir := range h.dirs() {
		if dir == h.dir.Path && h.sharedDir() {
			continue
		}
		madeDir := false
		for _, hook := range hookNames {
			f := hookFileIn(dir, hook)
			if f.is == changedHook {
				left = append(left, f.path)
			}
			switch {
			case f.is == noHook && f.aside: // somebody removed ours
				steps = append(steps, moveFile(f.path+setAside, f.path))
			case f.is == ourHook && f.stub.chained && f.aside:
				steps = append(steps, putBack(f.path, f.data))
			case f.is == ourHook:
				steps = append(steps, removeScript(f.path, f.data))
			}
			madeDir = madeDir || f.stub.madeDir
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
