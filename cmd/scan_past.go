package cmd

import (
	"crypto/sha256"
	"iter"
	"maps"
	"slices"
	"strings"

	"pinseal/repo"
	"pinseal/seal"
	"pinseal/versions"
)

// readPast looks for apps that stood in some commit of any ref, and keeps what they
// were at each change of members or keys, newest first in each directory.
func (in *scannedStore) readPast() error {
	changed := map[string][]repo.Hash{}
	for c, err := range in.repo.AllChanges(in.ctx, storeDir) {
		if err != nil {
			return err
		}
		for name, gone := range keyChanges(c) {
			changed[name] = append(changed[name], c.Commit)
			if !gone {
				continue
			}
			commit, err := in.repo.Commit(in.ctx, c.Commit)
			if err != nil {
				return err
			}
			changed[name] = append(changed[name], commit.Parents...) // what stood there last
		}
	}
	in.past = map[seal.AppID][]*versions.Source{}
	for _, name := range slices.Sorted(maps.Keys(changed)) {
		for id, source := range in.pastSources(name, changed[name]) {
			in.past[id] = append(in.past[id], source)
			if in.app(id) != nil || len(in.past[id]) > 1 {
				continue
			}
			if err := in.add(id, name, source); err != nil {
				in.leaveOut(name, source.What, err)
			}
		}
	}
	in.only()
	return in.ctx.Err()
}

// keyChanges names the apps' directories whose members or keys a commit changed,
// and whether it took some away.
func keyChanges(c repo.Change) map[string]bool {
	changed := map[string]bool{}
	for _, f := range c.Files {
		name, file, _ := strings.Cut(strings.TrimPrefix(f.Path, storeDir+"/"), "/")
		if seal.CheckAppName(name) == nil && (file == versions.NoteName || strings.HasPrefix(file, versions.KeysDir+"/")) {
			changed[name] = changed[name] || f.New == ""
		}
	}
	return changed
}

// pastSources opens what stood in a directory at each of the commits, as far as it
// is here, each state of members once, with the id that its note says.
func (in *scannedStore) pastSources(name string, commits []repo.Hash) iter.Seq2[seal.AppID, *versions.Source] {
	return func(yield func(seal.AppID, *versions.Source) bool) {
		seen := map[[32]byte]bool{}
		for _, commit := range commits {
			dir, err := in.repo.FS(in.ctx, commit, storeDir+"/"+name)
			if err != nil {
				continue // gone with this commit, or not here
			}
			source := &versions.Source{FS: dir, What: atPast + " " + shortHash(string(commit)), Dir: storeDir + "/" + name}
			signed, err := source.Note()
			sum := sha256.Sum256(signed)
			if err != nil || seen[sum] {
				continue
			}
			seen[sum] = true
			_, text, err := seal.SplitText(signed)
			if err != nil {
				continue
			}
			if id, err := seal.ParseAppID(text); err == nil && !yield(id, source) {
				return
			}
		}
	}
}
