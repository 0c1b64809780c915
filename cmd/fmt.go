package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"pinseal/repo"
	"pinseal/seal"
	"pinseal/versions"
)

func newFmt(c *cli) *cobra.Command {
	var check bool
	cmd := &cobra.Command{
		Use:   "fmt",
		Short: "Repair what an editor did to the spelling of secret files",
		Long: `Secret files have one spelling, and nothing else is read. fmt puts files that an
editor or a formatter has touched (quotes, order, line ends, comments) back into it,
in every environment of the work tree, and prints their names. Comments are dropped:
--about is the place for them. It opens nothing, and needs no identity.`,
		Example: `  pinseal fmt
  pinseal fmt --check`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.runFmt(cmd.Context(), check)
		},
	}
	cmd.Flags().BoolVar(&check, "check", false, "only list the files, and fail if there are any")
	return cmd
}

func (c *cli) runFmt(ctx context.Context, check bool) error {
	s, err := c.open(ctx, look)
	if err != nil {
		return err
	}
	defer s.Close()
	if s.files == nil {
		return usage([]string{"git clone " + quoteShell(s.repo.GitDir())}, "a bare repository has no work tree to repair")
	}
	where := storeDir + "/" + s.dir + "/"
	files, err := secretFiles(s.files, where)
	if err != nil {
		return err
	}
	var repaired int
	var problems []error
	var unmerged []string
	for _, file := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		changed, err := respell(s.files, file, where+file, !check)
		if errors.As(err, new(*versions.UnmergedError)) {
			unmerged = append(unmerged, where+file)
			continue
		}
		if err != nil {
			problems = append(problems, err)
			continue
		}
		if !changed {
			continue
		}
		repaired++
		if _, err := fmt.Fprintln(c.Stdout, strings.TrimSuffix(file, ".yaml")); err != nil {
			return err
		}
	}
	if len(unmerged) > 0 {
		problems = append(problems, &versions.UnmergedError{Paths: unmerged, Markers: true})
	}
	switch {
	case len(problems) > 0:
		return errors.Join(problems...)
	case check && repaired > 0:
		c.say("%s not in the one spelling; pinseal fmt repairs them", count(repaired, "file"))
		return &exitError{exitFailed}
	case repaired > 0:
		c.say("Repaired %s", count(repaired, "file"))
		c.say("Next: %s", c.gitCommit())
	default:
		c.say("%s, all in the one spelling", count(len(files), "secret file"))
	}
	return nil
}

// respell puts a file into the one spelling, and reports whether it was in
// another. It writes only when asked to. shown is its path for people.
func respell(tree *repo.WorkTree, file, shown string, write bool) (changed bool, err error) {
	data, err := tree.ReadFile(file)
	if errors.As(err, new(*repo.TooLargeError)) {
		return false, &versions.StructureError{Path: shown, Reason: fmt.Sprintf("is larger than %d bytes", versions.MaxSecretFile)}
	}
	if err != nil {
		return false, err
	}
	spelled, err := versions.RepairSecretFile(data)
	switch {
	case errors.Is(err, versions.ErrConflict):
		return false, err
	case err != nil:
		return false, &versions.StructureError{Path: shown, Reason: "cannot be repaired", Err: err}
	case bytes.Equal(spelled, data):
		return false, nil
	case !write:
		return true, nil
	}
	return true, tree.WriteFile(file, spelled)
}

// secretFiles lists the files of every environment directory of an app, known to
// its note or not. What is neither, such as a link, is refused. where is the
// app's directory for people, with its slash.
func secretFiles(tree *repo.WorkTree, where string) ([]string, error) {
	top, err := tree.ReadDir(".")
	if err != nil {
		return nil, err
	}
	var files []string
	for _, e := range top {
		switch {
		case e.IsDir() && e.Name() == versions.KeysDir, e.Type().IsRegular() && e.Name() == versions.NoteName:
			continue
		case e.Type()&(fs.ModeType&^fs.ModeDir) != 0:
			return nil, &repo.OddEntryError{Path: where + e.Name(), Kind: "neither a directory nor a plain file"}
		case !e.IsDir() || seal.CheckEnvironment(e.Name()) != nil:
			return nil, &versions.StructureError{Path: where + e.Name(), Reason: "is neither an environment nor a file of ours"}
		}
		entries, err := tree.ReadDir(e.Name())
		if err != nil {
			return nil, err
		}
		for _, f := range entries {
			file := e.Name() + "/" + f.Name()
			name, ok := strings.CutSuffix(f.Name(), ".yaml")
			switch {
			case !f.Type().IsRegular():
				return nil, &repo.OddEntryError{Path: where + file, Kind: "not a plain file"}
			case !ok || seal.CheckSecretName(name) != nil:
				return nil, &versions.StructureError{Path: where + file, Reason: "is not named like a secret"}
			}
			files = append(files, file)
		}
	}
	return files, nil
}
