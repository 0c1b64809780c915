package cmd

import (
	"context"
	"slices"

	"pinseal/repo"
	"pinseal/versions"
)

// scopeOf makes of a line that helps one for the app that it is about, where a bare
// command means another. Where nobody can tell what that means, as before the first
// push, apps are named when the faults are of several.
func (c *cli) scopeOf(ctx context.Context, faults []versions.Fault) func(app, line string) string {
	var apps []string
	for _, f := range faults {
		if f.App != "" && !slices.Contains(apps, f.App) {
			apps = append(apps, f.App)
		}
	}
	meant := ""
	if len(apps) > 0 {
		known := false
		if meant, known = c.bareApp(ctx); !known && len(apps) == 1 {
			meant = apps[0]
		}
	}
	return func(app, line string) string {
		if app == "" || app == meant {
			return line
		}
		return (&cli{Env: c.Env, app: app}).here(line)
	}
}

// bareApp is the app that a command means which names none: by name, or as it was
// asked for. It is "" where that is none.
func (c *cli) bareApp(ctx context.Context) (app string, known bool) {
	if c.app != "" {
		return c.app, true
	}
	if app := c.Getenv("PINSEAL_APP"); app != "" {
		return app, true
	}
	r, err := repo.Open(ctx, c.workDir(), repo.Options{Env: c.Environ, Offline: true})
	if err != nil {
		return "", false
	}
	defer r.Close()
	store, tree, err := (&session{cli: c, ctx: ctx, repo: r}).openDir(storeDir)
	if err != nil {
		return "", false
	}
	if tree != nil {
		defer tree.Close()
	}
	app, err = readDefault(store)
	return app, err == nil
}

// defaultHints are for a default file that names an app which is not there.
func (c *cli) defaultHints(p string) []string {
	try := []string{c.gitFor("log -p", p) + "      to find what it was"}
	if c.top != "" {
		try = append(try, "echo NAME >"+quoteShell(c.fromHere(c.top, p))+"      with the name of an app that is there")
	}
	return try
}
