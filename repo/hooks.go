package repo

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

// HooksDir is the directory whose files git runs as hooks.
type HooksDir struct {
	Path string // absolute; it need not exist

	// Scope is where core.hooksPath is set: "local", "worktree", "global",
	// "system" or "command"; "" when it is not. Linked worktrees share the
	// directory, unless core.hooksPath is relative, which is from each one's top.
	Scope string
}

// HooksDir asks git where hooks are: one process, or two when core.hooksPath is
// set.
func (r *Repo) HooksDir(ctx context.Context) (HooksDir, error) {
	out, err := r.git(ctx, nil, "rev-parse", "--path-format=absolute", "--git-path", "hooks")
	if err != nil {
		return HooksDir{}, err
	}
	d := HooksDir{Path: filepath.FromSlash(strings.TrimRight(string(out), "\r\n"))}
	config, err := r.Config(ctx)
	if err != nil {
		return HooksDir{}, err
	}
	if _, set := config.Get("core.hooksPath"); set {
		d.Scope, err = r.scope(ctx, "core.hooksPath")
	}
	return d, err
}

// scope is where the value of key that counts is set.
func (r *Repo) scope(ctx context.Context, key string) (string, error) {
	out, err := r.git(ctx, nil, "config", "-z", "--show-scope", "--get", key)
	if err != nil {
		return "", err
	}
	scope, _, ok := strings.Cut(string(out), "\x00")
	if !ok {
		return "", errors.New("git config printed no scope")
	}
	return scope, nil
}

// GitVersion is what `git version` says.
type GitVersion struct {
	Text         string // "2.39.5", with what a vendor adds
	Major, Minor int
}

// ConfigHooks reports whether this git runs hooks that are configured as
// hook.NAME.command, and not files alone.
func (v GitVersion) ConfigHooks() bool { return v.Major > 2 || v.Major == 2 && v.Minor >= 54 }

// GitVersion asks git for its version, with one process.
func (r *Repo) GitVersion(ctx context.Context) (v GitVersion, err error) {
	out, err := r.git(ctx, nil, "version")
	if err != nil {
		return v, err
	}
	v.Text = strings.TrimPrefix(strings.TrimSpace(string(out)), "git version ")
	if n, _ := fmt.Sscanf(v.Text, "%d.%d", &v.Major, &v.Minor); n != 2 {
		return v, fmt.Errorf("git version printed %.40q", v.Text)
	}
	return v, nil
}

// WorkTrees lists the tops of the work trees that share this repository, this
// one among them. One process.
func (r *Repo) WorkTrees(ctx context.Context) ([]string, error) {
	out, err := r.git(ctx, nil, "worktree", "list", "--porcelain")
	if err != nil {
		return nil, err
	}
	tops := []string{}
	if r.loc.top != "" {
		tops = append(tops, r.loc.top)
	}
	for block := range strings.SplitSeq(string(out), "\n\n") {
		line, rest, _ := strings.Cut(block, "\n")
		top, ok := strings.CutPrefix(strings.TrimSuffix(line, "\r"), "worktree ")
		if ok && rest != "bare" && filepath.FromSlash(top) != r.loc.top {
			tops = append(tops, filepath.FromSlash(top))
		}
	}
	return tops, nil
}

// HookCommands returns the commands that are configured for a hook, as git from
// 2.54 on runs them.
func (c *Config) HookCommands(hook string) []string {
	var commands []string
	for _, key := range c.keys {
		name, ok := strings.CutSuffix(key, ".event")
		if !ok || !strings.HasPrefix(name, "hook.") {
			continue
		}
		runs := false
		for _, event := range c.values[key] {
			runs = event != "" && (runs || event == hook) // an empty one takes back those before
		}
		if enabled, ok := c.Get(name + ".enabled"); ok && isFalse(enabled) {
			runs = false
		}
		if command, ok := c.Get(name + ".command"); ok && runs {
			commands = append(commands, command)
		}
	}
	return commands
}

// isFalse reads a boolean of git's configuration.
func isFalse(value string) bool {
	switch strings.ToLower(value) {
	case "false", "no", "off", "0":
		return true
	}
	return false
}
