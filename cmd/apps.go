package cmd

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"pinseal/repo"
	"pinseal/seal"
	"pinseal/versions"
)

// found is an app directory below .pinseal.
type found struct {
	name string
	id   seal.AppID // what its note says, unverified
}

// Files that .pinseal holds beside app directories.
var storeFiles = map[string]bool{".gitattributes": true, ".gitignore": true, "default": true}

// listApps lists the apps of a store, and the name in its default file, ""
// when it has none. Two directories with one id are not authentic.
func listApps(store fs.FS) (apps []found, def string, err error) {
	entries, err := fs.ReadDir(store, ".")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	for _, e := range entries {
		name := e.Name()
		switch {
		case !e.IsDir() && storeFiles[name] && e.Type().IsRegular():
			continue
		case e.Type()&fs.ModeSymlink != 0 || e.Type()&fs.ModeIrregular != 0:
			return nil, "", &repo.OddEntryError{Path: storeDir + "/" + name, Kind: "symlink"}
		case !e.IsDir() || seal.CheckAppName(name) != nil:
			return nil, "", &versions.StructureError{Path: storeDir + "/" + name, Reason: "is not an app, nor a file of ours"}
		}
		id, err := appID(store, name)
		if err != nil {
			return nil, "", err
		}
		for _, a := range apps {
			if a.id == id {
				return nil, "", &versions.AuthError{What: "app " + id.String(), Reason: fmt.Sprintf("stands in two directories, %s and %s", a.name, name)}
			}
		}
		apps = append(apps, found{name, id})
	}
	def, err = readDefault(store)
	return apps, def, err
}

func appID(store fs.FS, name string) (id seal.AppID, err error) {
	sub, err := fs.Sub(store, name)
	if err != nil {
		return id, err
	}
	source := &versions.Source{FS: sub, What: storeDir + "/" + name}
	signed, err := source.Note()
	if err != nil {
		return id, err
	}
	_, text, err := seal.SplitText(signed)
	if err == nil {
		id, err = seal.ParseAppID(text)
	}
	if err != nil {
		return id, &versions.AuthError{What: storeDir + "/" + name + "/" + versions.NoteName, Reason: "is not a signed app note", Err: err}
	}
	return id, nil
}

func readDefault(store fs.FS) (string, error) {
	data, err := fs.ReadFile(store, "default")
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	name, ok := strings.CutSuffix(string(data), "\n")
	if !ok || seal.CheckAppName(name) != nil {
		return "", &versions.StructureError{Path: storeDir + "/default", Reason: "does not hold the name of an app"}
	}
	return name, nil
}

func appNames(apps []found) string {
	names := make([]string, len(apps))
	for i, a := range apps {
		names[i] = a.name
	}
	return strings.Join(names, ", ")
}
