package cmd

import (
	"fmt"
	"path/filepath"
	"runtime"
)

// stateDir is where this machine remembers apps.
func (c *cli) stateDir() (string, error) { return c.xdg("XDG_STATE_HOME", ".local", "state") }

// configDir is where the default identity is.
func (c *cli) configDir() (string, error) { return c.xdg("XDG_CONFIG_HOME", ".config") }

func (c *cli) xdg(variable string, below ...string) (string, error) {
	if dir := c.Getenv(variable); filepath.IsAbs(dir) {
		return filepath.Join(dir, "pinseal"), nil
	}
	home := c.Getenv("HOME")
	if home == "" && runtime.GOOS == "windows" {
		home = c.Getenv("USERPROFILE")
	}
	if home == "" {
		return "", hint(fmt.Errorf("there is no home directory: neither HOME nor %s is set", variable), "export "+variable+"=DIR")
	}
	if !filepath.IsAbs(home) {
		// It would be another place in every directory, and could be in a work tree.
		return "", hint(fmt.Errorf("the home directory is relative: HOME wants an absolute path"), "export "+variable+"=DIR     an absolute one")
	}
	return filepath.Join(append(append([]string{home}, below...), "pinseal")...), nil
}
