package main

import (
	_ "embed"
	"errors"
	"os"

	"pinseal/versions"
	"pinseal/versions/socket"
)

// The secrets of one pin, sealed. It may be read by anyone who has the program.
//
//go:embed production.bundle
var bundle []byte

// openSecrets takes the server that PINSEAL_SOCKET or PINSEAL_URL names. Where neither is
// set it opens the bundle, with the identity that systemd, a container or the environment
// gives. One that is there and does not work is an error, and the app does not start.
func openSecrets(environ []string) (versions.Reader, error) {
	server, err := socket.FromEnviron(environ, socket.Options{Environment: "production", MinPin: 1})
	if !errors.Is(err, socket.ErrNotSet) {
		return server, err
	}
	identity, err := versions.FindIdentity(environ, os.ReadFile)
	if err != nil {
		return nil, err
	}
	return versions.OpenBundle(bundle, versions.Options{Identity: identity, Environment: "production"})
}
