package cmd

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"pinseal/repo"
	"pinseal/seal"
	"pinseal/versions"
)

// runScanAllow lets what is found on some lines of the work tree pass. Line 0 is
// the name of the file.
func (c *cli) runScanAllow(ctx context.Context, r *repo.Repo, places []string) error {
	if r.Bare() {
		return usage(nil, "--allow is about files of a work tree, and a bare repository has none")
	}
	lines := map[string][]int{} // by path from the top
	var targets []string
	for _, place := range places {
		colon := strings.LastIndexByte(place, ':')
		line, err := strconv.Atoi(place[colon+1:])
		if colon < 1 || err != nil || line < 0 {
			return usage([]string{"pinseal scan --allow src/main.go:12"}, "--allow wants FILE:LINE")
		}
		target := c.path(place[:colon])
		named, err := c.named(r, target)
		if err != nil || named.outside || named.mode.IsDir() {
			return hint(&versions.NotFoundError{What: "file of the work tree with the name before the colon"}, "pinseal scan")
		}
		names := []string{named.nameOf(named.file)}
		if named.link != nil {
			names = append(names, named.link.Path)
		}
		for _, name := range names {
			lines[name] = append(lines[name], line)
		}
		targets = append(targets, target)
	}
	sc, err := c.newScanning(ctx, r, scanSources{})
	if err != nil {
		return err
	}
	defer sc.values.Close()
	where, err := c.scanTargets(ctx, r, targets)
	if err != nil {
		return err
	}
	sc.asked = func(f versions.Finding) bool { return slices.Contains(lines[f.Path], f.Line) }
	if err := sc.run(where); err != nil {
		return err
	}
	if len(sc.found)+sc.passed+len(sc.unread) == 0 {
		sc.sayWithout()
		return hint(&versions.NotFoundError{What: "value of a secret", In: "what was asked for"}, "pinseal scan      lists file and line of each")
	}
	return sc.allow()
}

// allow writes what was found into the baselines of their apps: all of it, or
// nothing.
func (sc *scanning) allow() error {
	if err := sc.unreadError(); err != nil {
		return err
	}
	if sc.beyond > 0 {
		return hint(fmt.Errorf("%d findings are too many for a baseline", len(sc.found)+sc.beyond), "pinseal scan --allow FILE:LINE      for some of them")
	}
	changed := map[*scannedApp]bool{}
	var added, left []versions.Finding
	for _, f := range sc.found {
		app, in, ok := sc.keeper(f.Known)
		if !ok {
			left = append(left, f)
			continue
		}
		isNew, err := app.baseline.Add(app.keys, in.Environment, in.Name, f.Place(), f.Masked != "", f.Known.Secret)
		if err != nil {
			return err
		}
		if isNew {
			changed[app] = true
			added = append(added, f)
		}
	}
	if len(changed) == 0 && len(left) == 0 {
		sc.say("Nothing to add to the baseline%s", sc.looked())
		return nil
	}
	if err := sc.writeBaselines(changed, added); err != nil || len(left) == 0 {
		return err
	}
	return fmt.Errorf("%s cannot be let pass, for want of a key or a work tree to keep them in a baseline: %s of %s, …", count(len(left), "finding"), placeOf(left[0]), sc.holders(left[0].Known))
}

// writeBaselines writes the baselines that have changed, if all of them can be.
func (sc *scanning) writeBaselines(changed map[*scannedApp]bool, added []versions.Finding) error {
	for app := range changed {
		if err := app.baseline.Check(); err != nil {
			return hint(err, "pinseal scan --allow FILE:LINE      for some of what was found")
		}
	}
	for _, app := range sc.values.apps {
		if !changed[app] {
			continue
		}
		if err := app.files.WriteFile(versions.BaselineName, app.baseline.Bytes()); err != nil {
			return err
		}
	}
	for _, f := range added {
		sc.say("Allowed %s: %s", placeOf(f), sc.holders(f.Known))
	}
	for _, app := range sc.values.apps {
		if changed[app] {
			sc.say("Next: %s", sc.gitFor("add", storeDir+"/"+app.dir+"/"+versions.BaselineName))
		}
	}
	return nil
}

// keeper is the app whose baseline a value goes into, and the secret it goes by:
// one whose key is here.
func (sc *scanning) keeper(v *versions.Known) (*scannedApp, versions.Holding, bool) {
	for _, in := range v.In {
		for _, a := range sc.values.apps {
			if a.dir != in.App || a.keys == nil || a.files == nil {
				continue
			}
			if _, err := a.keys.Newest(seal.ReadSlot(in.Environment)); err == nil {
				return a, in, true
			}
		}
	}
	return nil, versions.Holding{}, false
}
