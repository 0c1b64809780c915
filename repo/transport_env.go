package repo

import (
	"context"
	"slices"
	"strconv"
	"strings"
)

// TransportEnv is the environment that the repository was opened with and, in it, what
// the repository's own configuration says of how remotes are reached: credentials,
// HTTP, ssh and protocols, as GIT_CONFIG_COUNT and those that go with it. With it git
// reaches from another repository what it reaches from this one.
func (r *Repo) TransportEnv(ctx context.Context) ([]string, error) {
	out, err := r.git(ctx, nil, "config", "-z", "--list", "--show-scope", "--includes")
	if err != nil {
		return nil, err
	}
	var keys, values []string
	items := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	for i := 0; i+1 < len(items); i += 2 { // SCOPE NUL KEY LF VALUE NUL
		key, value, ok := strings.Cut(items[i+1], "\n")
		if !ok {
			value = "true"
		}
		if (items[i] == "local" || items[i] == "worktree") && isTransport(key) {
			keys, values = append(keys, key), append(values, value)
		}
	}
	if len(keys) == 0 {
		return r.opts.Env, nil
	}
	// What `git -c` and the environment say comes last, as it counts more.
	env := slices.Clone(r.opts.Env)
	text, _ := lookupEnv(env, "GIT_CONFIG_COUNT")
	given, _ := strconv.Atoi(text)
	for i := range max(given, 0) {
		key, _ := lookupEnv(env, "GIT_CONFIG_KEY_"+strconv.Itoa(i))
		value, _ := lookupEnv(env, "GIT_CONFIG_VALUE_"+strconv.Itoa(i))
		keys, values = append(keys, key), append(values, value)
	}
	env = append(env, "GIT_CONFIG_COUNT="+strconv.Itoa(len(keys)))
	for i := range keys {
		env = append(env, "GIT_CONFIG_KEY_"+strconv.Itoa(i)+"="+keys[i], "GIT_CONFIG_VALUE_"+strconv.Itoa(i)+"="+values[i])
	}
	return env, nil
}

// isTransport reports whether a setting is about reaching remotes. Keys come from git
// in lower case, but for the subsection.
func isTransport(key string) bool {
	section, _, _ := strings.Cut(key, ".")
	switch section {
	case "credential", "http", "ssh", "protocol":
		return true
	}
	return slices.Contains([]string{"core.sshcommand", "core.gitproxy", "core.askpass"}, key)
}
