package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"

	"pinseal/cmd/serve"
)

// maxToken is the largest token file, in bytes.
const maxToken = 4 << 10

// readToken reads what requests over TCP carry. What the file holds is never shown.
func (c *cli) readToken(file string) ([]byte, error) {
	f, err := os.OpenFile(c.path(file), os.O_RDONLY|openAtOnce, 0)
	if err != nil {
		return nil, usage(nil, "--token-file %s: %s", quoteShell(file), reasonOf(err))
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, usage(nil, "--token-file %s is no plain file", quoteShell(file))
	case !oursOrRoots(info):
		return nil, hint(fmt.Errorf("token file %q is another user's, who knows it and can change it", file), "install -m 600 "+quoteShell(file)+" FILE      and --token-file FILE")
	// systemd's credentials and Kubernetes' volumes are root's, and for a group to read.
	case !private(info) && (info.Mode().Perm()&0o007 != 0 || !ofRoot(info)):
		return nil, hint(fmt.Errorf("token file %q can be read by others", file), "chmod 600 "+quoteShell(file))
	}
	data, err := orDone(c.done, func() ([]byte, error) { return readAtMost(f, maxToken) })
	if errors.Is(err, context.Canceled) {
		return nil, err
	}
	token := bytes.TrimSuffix(bytes.TrimSuffix(data, []byte("\n")), []byte("\r"))
	wants := fmt.Sprintf("token file %q wants one line of %d to %d visible characters", file, serve.MinToken, maxToken-2)
	if err != nil || len(token) < serve.MinToken {
		return nil, usage([]string{"openssl rand -hex 32 > " + quoteShell(file)}, "%s", wants)
	}
	for _, b := range token {
		if b <= ' ' || b > '~' {
			return nil, usage([]string{"openssl rand -hex 32 > " + quoteShell(file)}, "%s", wants)
		}
	}
	return token, nil
}
