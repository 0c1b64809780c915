package cmd

import (
	"path/filepath"
	"strings"
)

// Hints are pasted where the user stands, which need not be the top of the work
// tree, nor, with -C, in it at all. Paths are slash paths from the top.

// gitCommit is the line that commits what a command has changed.
func (c *cli) gitCommit() string {
	return c.gitFor("add", storeDir) + " && " + c.git(c.top) + " commit"
}

// gitFor is a git command about one path of the work tree that was opened.
func (c *cli) gitFor(command, p string) string { return c.gitForIn(c.top, command, p) }

// gitForIn is gitFor for the work tree whose top is top; "" is a repository
// without one.
func (c *cli) gitForIn(top, command, p string) string {
	if between, ok := c.below(top); top != "" && (!ok || between != ".") || strings.HasPrefix(p, "-") {
		p = ":/" + p // git's word for the top
	}
	line := c.git(top) + " " + command
	if command != "add" {
		line += " --"
	}
	return line + " " + quoteShell(p)
}

// git is the command that reaches the repository from where the user stands.
func (c *cli) git(top string) string {
	if _, ok := c.below(top); c.chdir == "" || top != "" && ok {
		return "git"
	}
	return "git -C " + quoteShell(c.chdir)
}

// below is where the user stands, from top.
func (c *cli) below(top string) (string, bool) {
	between, err := filepath.Rel(resolved(top), resolved(c.Dir))
	return between, err == nil && filepath.IsLocal(between)
}

// fromHere names a path of the work tree for a program that is not git.
func (c *cli) fromHere(top, p string) string {
	file := filepath.Join(top, filepath.FromSlash(p))
	if rel, err := filepath.Rel(resolved(c.Dir), filepath.Join(resolved(top), filepath.FromSlash(p))); err == nil {
		file = filepath.ToSlash(rel)
	}
	if strings.HasPrefix(file, "-") {
		file = "./" + file
	}
	return file
}

// resolved follows the links in a directory's name, as a shell does that stands
// in it and says "..".
func resolved(dir string) string {
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		return real
	}
	return dir
}
