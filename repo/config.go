package repo

import (
	"bytes"
	"context"
	"strings"
)

// Config is git's configuration as this repository sees it: system, user,
// repository, worktree, includes and `git -c`. It is a snapshot.
type Config struct {
	values map[string][]string
	keys   []string // in order of first appearance
}

// Remote is a configured remote with its URLs as written, before insteadOf.
type Remote struct {
	Name string
	URLs []string
}

// Config reads the configuration with one process and remembers it for the life
// of the Repo. It is shared; its methods do not change it.
func (r *Repo) Config(ctx context.Context) (*Config, error) {
	r.config.Lock()
	defer r.config.Unlock()
	if r.config.c != nil {
		return r.config.c, nil
	}
	out, err := r.git(ctx, nil, "config", "-z", "--list")
	if err != nil {
		return nil, err
	}
	r.config.c = parseConfig(out)
	return r.config.c, nil
}

// parseConfig reads `git config -z --list`: "KEY LF VALUE NUL", or "KEY NUL" for
// a key without a value, which git reads as true.
func parseConfig(b []byte) *Config {
	c := &Config{values: make(map[string][]string)}
	for item := range bytes.SplitSeq(b, []byte{0}) {
		if len(item) == 0 {
			continue
		}
		k, v, ok := strings.Cut(string(item), "\n")
		if !ok {
			v = "true"
		}
		if c.values[k] == nil {
			c.keys = append(c.keys, k)
		}
		c.values[k] = append(c.values[k], v)
	}
	return c
}

// Get returns the value that counts, the last one. Section and variable names
// are matched without regard to case, a subsection exactly.
func (c *Config) Get(key string) (string, bool) {
	v := c.values[normalKey(key)]
	if len(v) == 0 {
		return "", false
	}
	return v[len(v)-1], true
}

// All returns every value of a key, in order. The slice is the caller's.
func (c *Config) All(key string) []string {
	return append([]string(nil), c.values[normalKey(key)]...)
}

// Remotes returns the remotes that have a URL, in the order git lists them.
func (c *Config) Remotes() []Remote {
	var all []Remote
	for _, k := range c.keys {
		name, ok := strings.CutPrefix(k, "remote.")
		if !ok {
			continue
		}
		if name, ok = strings.CutSuffix(name, ".url"); ok && name != "" {
			all = append(all, Remote{Name: name, URLs: c.All(k)})
		}
	}
	return all
}

func normalKey(key string) string {
	first, last := strings.IndexByte(key, '.'), strings.LastIndexByte(key, '.')
	if first < 0 {
		return strings.ToLower(key)
	}
	return strings.ToLower(key[:first]) + key[first:last] + strings.ToLower(key[last:])
}

// Committer returns "Name <mail> SECONDS ZONE", who git says commits now. It is
// an error when git refuses to guess.
func (r *Repo) Committer(ctx context.Context) (string, error) {
	out, err := r.git(ctx, nil, "var", "GIT_COMMITTER_IDENT")
	return strings.TrimSuffix(string(out), "\n"), err
}

// UserEmail is git's user.email, "" if there is none or it cannot be read.
func (r *Repo) UserEmail(ctx context.Context) string {
	c, err := r.Config(ctx)
	if err != nil {
		return ""
	}
	v, _ := c.Get("user.email")
	return v
}
