package cmd

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"pinseal/repo"
	"pinseal/seal"
	"pinseal/versions"
)

// explain completes an error that ends a command with what only the repository
// can tell: whether git has a file for unmerged, and how the lines that help are
// spelled where the user stands. An error that has its hints keeps them.
func (c *cli) explain(ctx context.Context, err error) error {
	var unmerged *versions.UnmergedError
	var structure *versions.StructureError
	var odd *repo.OddEntryError
	var twins *versions.TwinsError
	switch {
	case errors.As(err, &unmerged):
		c.settle(ctx, unmerged)
	case errors.As(err, &structure) && !errors.As(err, new(*hinted)) && slices.Contains(c.unmerged(ctx), structure.Path):
		// Two sides and markers can be too much for a file, and default has no markers
		// of its own to be told by.
		unmerged = &versions.UnmergedError{Paths: []string{structure.Path}}
		err = unmerged
	}
	switch {
	case err == nil || errors.As(err, new(*hinted)) || errors.As(err, new(*usageError)):
		return err
	case unmerged != nil:
		return hint(err, c.unmergedHints(unmerged)...)
	case errors.As(err, &twins):
		var try []string
		for _, name := range twins.Names {
			try = append(try, "pinseal rm "+name+" -e "+twins.Environment)
		}
		return hint(err, append(try, "pinseal mv OLD NEW -e "+twins.Environment+"      if both are needed, after the other was removed")...)
	case errors.As(err, &structure):
		return hint(err, c.structureHints(structure)...)
	case errors.As(err, &odd):
		return hint(err, c.oddHints(odd)...)
	case errors.Is(err, repo.ErrNoCommits):
		return hint(err, c.gitCommit())
	}
	return err
}

// settle asks git about files with conflict markers in the work tree: they are
// unmerged, or somebody committed the markers.
func (c *cli) settle(ctx context.Context, e *versions.UnmergedError) {
	if e.Markers && here(e) {
		unmerged := c.unmerged(ctx)
		e.Markers = !slices.ContainsFunc(e.Paths, func(p string) bool { return slices.Contains(unmerged, p) })
	}
}

// unmerged lists what git has for unmerged below .pinseal, as far as it can tell.
func (c *cli) unmerged(ctx context.Context) []string {
	r, err := repo.Open(ctx, c.workDir(), repo.Options{Env: c.Environ, Offline: true})
	if err != nil {
		return nil
	}
	defer r.Close()
	c.top = r.Top() // copy has opened it under another name
	unmerged, err := r.Unmerged(ctx, storeDir)
	if err != nil {
		return nil
	}
	return unmerged
}

// here reports whether the files are the work tree's.
func here(e *versions.UnmergedError) bool { return e.In == "" || e.In == workTree }

func (c *cli) unmergedHints(e *versions.UnmergedError) []string {
	if len(e.Paths) == 0 {
		return nil
	}
	p := e.Paths[0]
	env, name, isSecret := secretAt(p)
	again := "pinseal rm " + name + " -e " + env + " && pinseal set " + name + " -e " + env
	add := " && " + c.gitFor("add", p)
	switch {
	case e.Markers && isSecret && here(e) && c.isKeyAt(p):
		return c.keyBackHints(p)
	case e.Markers && isSecret && here(e):
		return []string{c.gitFor("log -p", p), again}
	case e.Markers:
		return []string{c.gitFor("log -p", p)}
	case strings.Count(p, "/") < 2: // a file of the store, which is no app's
		return []string{c.gitFor("checkout --ours", p) + add, c.gitFor("checkout --theirs", p) + add}
	case isSecret && c.isKeyAt(p):
		return []string{"pinseal resolve      keeps the versions of both sides, where they can be put together",
			"pinseal resolve " + name + " -e " + env + " --ours      or --theirs: the versions of the other side are lost"}
	case isSecret && c.isKeyAt(p):
		return []string{"pinseal resolve      keeps the versions of both sides", undecidedLine(versions.UnmergedSecret{Environment: env, Name: name, Kind: versions.KindKey})}
	case isSecret:
		return []string{"pinseal resolve      settles all that needs no decision", resolveLine(name, env)}
	}
	return []string{"pinseal resolve"}
}

// keyBackHints are for the file of an encryption key that does not read. They never take
// it away: its versions are in it still, or in what was committed before.
func (c *cli) keyBackHints(p string) []string {
	return []string{c.gitFor("log -p", p), c.gitFor("checkout REV", p) + "      REV is the newest commit in which it was sound"}
}

func (c *cli) structureHints(e *versions.StructureError) []string {
	p := e.Path
	switch {
	case e.Repairable:
		return []string{"pinseal fmt        repairs what an editor did to the spelling", c.gitFor("log -p", p)}
	case e.Err != nil || p == storeDir+"/default":
		try := []string{c.gitFor("log -p", p) + "      to find what it was"}
		if env, name, ok := secretAt(p); ok {
			try = append(try, c.rmLineAt(p, name, env)+"      to give it up")
		}
		return try
	}
	return c.removeHints(p)
}

func (c *cli) oddHints(e *repo.OddEntryError) []string {
	if e.Kind == "executable" {
		return []string{c.gitFor("add --chmod=-x", e.Path) + " && " + c.git(c.top) + " commit"}
	}
	return c.removeHints(e.Path)
}

// removeHints says how to take away what does not belong below .pinseal. In the
// work tree it may be tracked or not, which only git knows; elsewhere it is in
// commits.
func (c *cli) removeHints(p string) []string {
	if p != storeDir && !strings.HasPrefix(p, storeDir+"/") {
		return nil // a pin's or a bundle's: nobody can take it out
	}
	committed := c.gitFor("rm -r", p) + "      if it is committed"
	var info fs.FileInfo
	err, place := fs.ErrNotExist, placeAt(p)
	if c.top != "" {
		info, err = os.Lstat(filepath.Join(c.top, filepath.FromSlash(p)))
	}
	switch env, name, ok := secretAt(p); {
	case oneLine(p) != p:
		return nil // a line to paste would name another file
	case err == nil && (place == dirPlace && info.IsDir() || place == filePlace && info.Mode().IsRegular()):
		return []string{c.gitFor("log -p", p) + "      the work tree's is what it should be"}
	case err == nil && place != noPlace && !ok && !info.IsDir() && !info.Mode().IsRegular():
		return []string{"rm " + quoteShell(c.fromHere(c.top, p)), c.gitFor("checkout HEAD", p) + "      if what belongs there is committed"}
	case err != nil:
		return []string{committed}
	case info.IsDir():
		return []string{"rm -r " + quoteShell(c.fromHere(c.top, p)), committed}
	case ok:
		return []string{"pinseal rm " + name + " -e " + env}
	}
	return []string{"rm " + quoteShell(c.fromHere(c.top, p)), committed}
}

// What belongs at a path, from the top.
const (
	noPlace = iota
	filePlace
	dirPlace
)

func placeAt(p string) int {
	parts := strings.Split(p, "/")
	last := parts[len(parts)-1]
	_, _, isSecret := secretAt(p)
	switch n := len(parts); {
	case n == 1,
		n == 2 && seal.CheckAppName(last) == nil,
		n == 3 && (last == versions.KeysDir || seal.CheckEnvironment(last) == nil),
		n == 4 && parts[2] == versions.KeysDir:
		return dirPlace
	case n == 2 && (last == "default" || last == ".gitignore" || last == ".gitattributes"),
		n == 3 && (last == versions.NoteName || last == versions.BaselineName),
		n == 5 && parts[2] == versions.KeysDir, isSecret:
		return filePlace
	}
	return noPlace
}

// secretAt finds the secret whose file a path, from the top, would be.
func secretAt(p string) (env, name string, ok bool) {
	parts := strings.Split(p, "/")
	if len(parts) != 4 || parts[0] != storeDir {
		return "", "", false
	}
	env = parts[2]
	name, ok = strings.CutSuffix(parts[3], ".yaml")
	return env, name, ok && seal.CheckEnvironment(env) == nil && seal.CheckSecretName(name) == nil
}
