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

// inStore is what a store holds.
type inStore struct {
	apps []found
	// unfinished are directories without a note: an init that was cut short, or a
	// note that got lost. They are no apps.
	unfinished []string
	def        string // the name in the default file, "" when there is none
}

// listApps lists what a store holds. Two directories with one id are not
// authentic, nor is what has no place in a store.
func listApps(store fs.FS) (in inStore, err error) {
	names, err := versions.CheckStore(store)
	if errors.Is(err, fs.ErrNotExist) {
		return in, nil
	}
	if err != nil {
		return in, err
	}
	for _, name := range names {
		id, err := appID(store, name)
		if missing := (*versions.NotFoundError)(nil); errors.As(err, &missing) {
			in.unfinished = append(in.unfinished, name)
			continue
		}
		if err != nil {
			return in, err
		}
		for _, a := range in.apps {
			if a.id == id {
				return in, &versions.AuthError{What: "app " + id.String(), Reason: fmt.Sprintf("stands in two directories, %s and %s", a.name, name)}
			}
		}
		in.apps = append(in.apps, found{name, id})
	}
	in.def, err = readDefault(store)
	return in, err
}

// noNote says that a directory is not an app, and what may make it one.
func (c *cli) noNote(name string) error {
	dir := storeDir + "/" + name
	return hint(&versions.NotFoundError{What: "app", Name: name, In: "this repository: " + dir + " has no " + versions.NoteName},
		"pinseal init "+name+"      if an init was cut short", c.gitFor("checkout HEAD", dir)+"      if it was committed")
}

// checkCommit checks by modes and names all that a commit holds of the store
// itself and of this app, which source is.
func (s *session) checkCommit(commit repo.Hash, source *versions.Source) error {
	store, err := s.repo.FS(s.ctx, commit, storeDir)
	if err == nil {
		_, err = versions.CheckStore(store)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", source.What, err)
	}
	return source.CheckAll()
}

func appID(store fs.FS, name string) (id seal.AppID, err error) {
	sub, err := fs.Sub(store, name)
	if err != nil {
		return id, err
	}
	source := &versions.Source{FS: sub, What: storeDir + "/" + name, Dir: storeDir + "/" + name}
	signed, err := source.Note()
	if unmerged := (*versions.UnmergedError)(nil); errors.As(err, &unmerged) {
		unmerged.In = ""
	}
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
