package versions

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
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
func FindIdentity(environ []string, read func(name string) ([]byte, error)) ([]byte, error) {
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
		return data, unreadIdentity("the file that PINSEAL_IDENTITY_FILE names", err)
	}
	if text := variable("PINSEAL_IDENTITY"); text != "" {
		return []byte(text), nil
	}
	files := []string{"/run/secrets/pinseal_identity"}
	if dir := variable("CREDENTIALS_DIRECTORY"); dir != "" {
		files = []string{filepath.Join(dir, "pinseal.identity"), files[0]}
	}
	for _, file := range files {
		data, err := read(file)
		if !errors.Is(err, fs.ErrNotExist) {
			return data, unreadIdentity(filepath.Base(file), err)
		}
	}
	return nil, &NoKeyError{Reason: "there is no identity: none of PINSEAL_IDENTITY_FILE, PINSEAL_IDENTITY, " +
		"$CREDENTIALS_DIRECTORY/pinseal.identity and /run/secrets/pinseal_identity is there"}
}

// unreadIdentity leaves out the path of a failure to read: a key may stand there.
func unreadIdentity(what string, err error) error {
	if err == nil {
		return nil
	}
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		err = path.Err
	}
	return &NoKeyError{Reason: "identity: " + what + " cannot be read: " + err.Error()}
}
