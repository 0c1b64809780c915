package cmd

import (
	"slices"
	"strings"
)

// here is a hint for the app and the directory that the command line named with
// --app and -C, where it does not name them itself: pasted as it stands it must
// not act on another app. What stands in the environment stays there.
func (c *cli) here(line string) string {
	for _, between := range []string{" && ", " | "} {
		if parts := strings.Split(line, between); len(parts) > 1 {
			for i, part := range parts {
				parts[i] = c.here(part)
			}
			return strings.Join(parts, between)
		}
	}
	command, ours := strings.CutPrefix(line, "pinseal ")
	words := strings.Fields(command)
	if !ours || len(words) == 0 {
		return line
	}
	lacks := func(flag string, without ...string) bool {
		return !slices.Contains(words, flag) && !slices.Contains(words, "--help") && !slices.Contains(without, words[0])
	}
	scope := "pinseal "
	if c.app != "" && lacks("--app", "--identity", "help", "init", "version", "identity") {
		scope += "--app " + quoteShell(c.app) + " "
	}
	if c.chdir != "" && lacks("-C", "help", "version", "identity") {
		scope += "-C " + quoteShell(c.chdir) + " "
	}
	return scope + command
}

// hereAll is here for some hints.
func (c *cli) hereAll(try []string) []string {
	all := make([]string, len(try))
	for i, line := range try {
		all[i] = c.here(line)
	}
	return all
}

// appFlag names an app that was just made, where a flag or a variable may mean
// another.
func (c *cli) appFlag(app string) string {
	if c.app == "" && c.Getenv("PINSEAL_APP") == "" {
		return ""
	}
	return "--app " + app + " "
}
