package cmd

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"pinseal/repo"
	"pinseal/versions"
)

// runScanAllow lets what is found on some lines of the work tree pass.
func (c *cli) runScanAllow(ctx context.Context, r *repo.Repo, places []string) error {
	if r.Bare() {
		return usage(nil, "--allow is about files of a work tree, and a bare repository has none")
	}
	lines := map[string][]int{} // by path from the top
	for _, place := range places {
		colon := strings.LastIndexByte(place, ':')
		line, err := strconv.Atoi(place[colon+1:])
		if colon < 1 || err != nil || line < 1 {
			return usage([]string{"pinseal scan --allow src/main.go:12"}, "--allow wants FILE:LINE")
		}
		root, inside := c.pathIn(r, place[:colon])
		info, err := os.Lstat(root)
		if !inside || err != nil || info.IsDir() {
			return hint(&versions.NotFoundError{What: "file of the work tree with the name before the colon"}, "pinseal scan")
		}
		if !walkItems(r.Top(), root, func(item versions.ScanItem, err error) bool {
			lines[item.Path] = append(lines[item.Path], line)
			return err == nil
		}) {
			return fmt.Errorf("%s cannot be read", quoteShell(place[:colon]))
		}
	}
	sc, err := c.newScanning(ctx, r, scanSources{})
	if err != nil {
		return err
	}
	defer sc.values.Close()
	targets := make([]string, 0, len(lines))
	for _, place := range places {
		targets = append(targets, place[:strings.LastIndexByte(place, ':')])
	}
	where, err := c.scanTargets(ctx, r, targets)
	if err != nil {
		return err
	}
	if err := sc.run(where); err != nil {
		return err
	}
	if err := sc.verdict(); len(sc.unread) > 0 {
		return err
	}
	elsewhere := func(f versions.Finding) bool { return !slices.Contains(lines[f.Path], f.Line) }
	asked := slices.DeleteFunc(slices.Clone(sc.found), elsewhere)
	if len(asked) == 0 && len(slices.DeleteFunc(sc.passed, elsewhere)) == 0 {
		sc.sayWithout()
		return hint(&versions.NotFoundError{What: "value of a secret", In: "what was asked for"}, "pinseal scan      lists file and line of each")
	}
	return sc.allow(asked)
}

// allow writes findings into the baselines of their apps.
func (sc *scanning) allow(found []versions.Finding) error {
	if len(sc.unread) > 0 {
		return sc.verdict()
	}
	changed := map[*scannedApp]bool{}
	for _, f := range found {
		app, in, err := sc.keeper(f.Known)
		if err != nil {
			return err
		}
		added, err := app.baseline.Add(app.keys, in.Environment, in.Name, f.Place(), f.Known.Secret)
		if err != nil {
			return err
		}
		changed[app] = changed[app] || added
		if added {
			sc.say("Allowed %s: %s", placeOf(f), sc.holders(f.Known))
		}
	}
	if len(changed) == 0 {
		sc.say("Nothing to add to the baseline%s", sc.looked())
		return nil
	}
	for _, app := range sc.values.apps {
		if !changed[app] {
			continue
		}
		if app.files == nil {
			return usage(nil, "a baseline is written in a work tree, and a bare repository has none")
		}
		if err := app.files.WriteFile(versions.BaselineName, app.baseline.Bytes()); err != nil {
			return err
		}
		sc.say("Next: %s", sc.gitFor("add", storeDir+"/"+app.dir+"/"+versions.BaselineName))
	}
	return nil
}

// keeper is the app whose baseline a value goes into, and the secret it goes by.
func (sc *scanning) keeper(v *versions.Known) (*scannedApp, versions.Holding, error) {
	for _, in := range v.In {
		for _, a := range sc.values.apps {
			if a.dir == in.App && a.keys != nil {
				return a, in, nil
			}
		}
	}
	return nil, versions.Holding{}, fmt.Errorf("no app here has the value of %s", sc.holders(v))
}
