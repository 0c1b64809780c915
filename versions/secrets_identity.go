package versions

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"pinseal/seal"
)

// FindIdentity looks for an app's identity in the usual places. The first that is
// there decides:
//
//	PINSEAL_IDENTITY_FILE                     a variable with the name of a file
//	PINSEAL_IDENTITY                          a variable with the text itself
//	$CREDENTIALS_DIRECTORY/pinseal.identity   a credential of a systemd unit
//	/run/secrets/pinseal_identity             a secret of a container
//
// Variables are KEY=VALUE; an empty one is none. read returns a file's content, or an
// fs.ErrNotExist:
//
//	identity, err := versions.FindIdentity(os.Environ(), os.ReadFile)
//
// A place that is named, or there, and cannot be read is an error and no reason to
// look in the next. Errors are *NoKeyError, and do not repeat a variable.
func FindIdentity(environ []string, read func(name string) ([]byte, error)) (seal.Secret, error) {
	variable := func(name string) (value string) {
		for _, kv := range environ {
			if k, v, _ := strings.Cut(kv, "="); k == name {
				value = v
			}
		}
		return value
	}
	if file := variable("PINSEAL_IDENTITY_FILE"); file != "" {
		data, err := read(file)
		return readIdentity("the file that PINSEAL_IDENTITY_FILE names", data, err)
	}
	if text := variable("PINSEAL_IDENTITY"); text != "" {
		return seal.NewSecret([]byte(text)), nil
	}
	files := []string{"/run/secrets/pinseal_identity"}
	if dir := variable("CREDENTIALS_DIRECTORY"); dir != "" {
		files = []string{filepath.Join(dir, "pinseal.identity"), files[0]}
	}
	for _, file := range files {
		data, err := read(file)
		if !errors.Is(err, fs.ErrNotExist) {
			return readIdentity(filepath.Base(file), data, err)
		}
	}
	return seal.Secret{}, &NoKeyError{Reason: "there is no identity: set PINSEAL_IDENTITY_FILE to the name of its file, or put it into " +
		"PINSEAL_IDENTITY, $CREDENTIALS_DIRECTORY/pinseal.identity or /run/secrets/pinseal_identity"}
}

// readIdentity leaves out the path of a failure to read: a key may stand there.
func readIdentity(what string, data []byte, err error) (seal.Secret, error) {
	if err == nil {
		return seal.NewSecret(data), nil
	}
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		err = path.Err
	}
	return seal.Secret{}, &NoKeyError{Reason: "identity: " + what + " cannot be read: " + err.Error()}
}
