package socket

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"pinseal/versions"
)

// ErrNotSet says that the environment names no server. An app that has a bundle as well
// takes that then, and after no other error.
var ErrNotSet = errors.New("neither PINSEAL_SOCKET nor PINSEAL_URL is set")

// Open makes a client of the server at a unix socket's path, or at a URL
// http://HOST:PORT whose host is a loopback address or localhost.
func Open(path string, o Options) (*Client, error) {
	if o.Timeout <= 0 {
		o.Timeout = 10 * time.Second
	}
	token, err := parseToken(o.Token)
	if err != nil {
		return nil, err
	}
	o.Token = nil // it is in the header from now on
	c := &Client{o: o, at: path, url: "http://pinseal"}
	switch {
	case path == "":
		return nil, errors.New("a server wants the path of a socket, or a URL")
	case !strings.Contains(path, "://"):
		c.transport = newTransport("unix", path)
		return c, nil
	case token == "":
		return nil, errors.New("a server at a URL wants a token")
	}
	host, err := parseURL(path)
	if err != nil {
		return nil, err
	}
	c.url, c.authorize = "http://"+host, "Bearer "+token
	c.at = c.url
	c.transport = newTransport("tcp", host)
	return c, nil
}

// parseURL returns host and port. What else a URL can hold, a password for example, is
// refused and not repeated.
func parseURL(text string) (host string, err error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || u.Port() == "" {
		return "", errors.New("the URL of a server is http://HOST:PORT and no more")
	}
	if ip := net.ParseIP(u.Hostname()); u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return "", errors.New("the URL of a server names this machine: 127.0.0.1, [::1] or localhost")
	}
	return u.Host, nil
}

func parseToken(data []byte) (string, error) {
	token := bytes.TrimSpace(data)
	for _, c := range token {
		if c <= ' ' || c > '~' {
			return "", errors.New("a token is visible ASCII characters")
		}
	}
	return string(token), nil
}

// FromEnviron makes a client of the server that variables, KEY=VALUE, name:
//
//	PINSEAL_SOCKET                     the path of a socket; else
//	PINSEAL_URL, PINSEAL_TOKEN_FILE    a URL, and the name of a file with the token
//
// An empty variable is none. [ErrNotSet] says that there is no server named; any other
// error, now or at a request, is no reason to try another way.
func FromEnviron(environ []string, o Options) (*Client, error) {
	variable := func(name string) (value string) {
		for _, kv := range environ {
			if k, v, _ := strings.Cut(kv, "="); k == name {
				value = v
			}
		}
		return value
	}
	if path := variable("PINSEAL_SOCKET"); path != "" {
		if strings.Contains(path, "://") {
			return nil, errors.New("PINSEAL_SOCKET wants the path of a socket; a URL goes into PINSEAL_URL")
		}
		return Open(path, o)
	}
	address := variable("PINSEAL_URL")
	if address == "" {
		return nil, ErrNotSet
	}
	if !strings.Contains(address, "://") {
		return nil, errors.New("PINSEAL_URL wants http://HOST:PORT")
	}
	file := variable("PINSEAL_TOKEN_FILE")
	if file == "" {
		return nil, errors.New("PINSEAL_URL wants PINSEAL_TOKEN_FILE, the file with the token")
	}
	var err error
	if o.Token, err = readToken(file); err != nil {
		return nil, err
	}
	return Open(address, o)
}

// readToken does not repeat the name: a token may stand in its place.
func readToken(file string) ([]byte, error) {
	f, err := os.Open(file)
	var data []byte
	if err == nil {
		defer f.Close()
		data, err = io.ReadAll(io.LimitReader(f, 4<<10+1))
	}
	switch path, ok := errors.AsType[*fs.PathError](err); {
	case errors.Is(err, fs.ErrNotExist):
		return nil, &versions.NotFoundError{What: "file that PINSEAL_TOKEN_FILE names"}
	case ok:
		return nil, fmt.Errorf("the file that PINSEAL_TOKEN_FILE names cannot be read: %w", path.Err)
	case err != nil:
		return nil, err
	case len(data) > 4<<10:
		return nil, errors.New("the file that PINSEAL_TOKEN_FILE names is larger than 4 KiB")
	}
	return data, nil
}
