package cmd

import "errors"

// makePrivateFiles fails: there is no file system in memory, and no mode that keeps
// others out.
func (c *cli) makePrivateFiles(string) (*privateFiles, error) {
	return nil, hint(errors.New("--files is not possible on Windows"), "pinseal run -- CMD       gives variables")
}

func (f *privateFiles) remove() error { return f.lock.Close() }
