// Command readbundle opens every value of a bundle by the library, and nothing
// else: readbundle BUNDLE IDENTITY. What reading a bundle costs is measured by it.
package main

import (
	"context"
	"fmt"
	"os"

	"pinseal/seal"
	"pinseal/versions"
)

func main() {
	if err := read(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func read(bundleFile, identityFile string) error {
	data, err := os.ReadFile(bundleFile)
	if err != nil {
		return err
	}
	identity, err := os.ReadFile(identityFile)
	if err != nil {
		return err
	}
	ids, err := seal.ParseIdentities(identity, seal.Prompts{})
	if err != nil {
		return err
	}
	bundle, err := versions.ParseBundle(data)
	if err != nil {
		return err
	}
	own, err := bundle.Note()
	if err != nil {
		return err
	}
	note, err := versions.NewestNote(ids.Service.App, nil, own)
	if err != nil {
		return err
	}
	release, err := versions.OpenRelease(data, note, ids)
	if err != nil {
		return err
	}
	_, _, err = release.All(context.Background())
	return err
}
