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

	"pinseal/seal"
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
	token, err := parseToken(o.Token.Reveal())
	if err != nil {
		return nil, err
	}
	o.Token = seal.Secret{} // it is in the header from now on
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
	c.url, c.authorize = "http://"+host, seal.NewSecret([]byte("Bearer "+token))
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
// A variable that is empty is an error when its turn comes. [ErrNotSet] says that there is
// no server named; any other error, now or at a request, is no reason to try another way.
func FromEnviron(environ []string, o Options) (*Client, error) {
	path, named, err := variable(environ, "PINSEAL_SOCKET")
	switch {
	case err != nil:
		return nil, err
	case named && strings.Contains(path, "://"):
		return nil, errors.New("PINSEAL_SOCKET wants the path of a socket; a URL goes into PINSEAL_URL")
	case named:
		return Open(path, o)
	}
	address, named, err := variable(environ, "PINSEAL_URL")
	switch {
	case err != nil:
		return nil, err
	case !named:
		return nil, ErrNotSet
	case !strings.Contains(address, "://"):
		return nil, errors.New("PINSEAL_URL wants http://HOST:PORT")
	}
	file, named, err := variable(environ, "PINSEAL_TOKEN_FILE")
	switch {
	case err != nil:
		return nil, err
	case !named:
		return nil, errors.New("PINSEAL_URL wants PINSEAL_TOKEN_FILE, the file with the token")
	}
	token, err := readToken(file)
	if err != nil {
		return nil, err
	}
	o.Token = seal.NewSecret(token)
	return Open(address, o)
}

// variable finds the last of its name. One that is there is not empty.
func variable(environ []string, name string) (value string, there bool, err error) {
	for _, kv := range environ {
		if k, v, _ := strings.Cut(kv, "="); k == name {
			value, there = v, true
		}
	}
	if there && value == "" {
		return "", true, errors.New(name + " is set, and empty")
	}
	return value, there, nil
}

// readToken does not repeat the name: a token may stand in its place.
func readToken(file string) ([]byte, error) {
	info, err := os.Stat(file)
	if err == nil && !info.Mode().IsRegular() {
		return nil, errors.New("the file that PINSEAL_TOKEN_FILE names cannot be read: it is not a plain file") // a pipe would not end
	}
	var f *os.File
	var data []byte
	if err == nil {
		f, err = os.Open(file)
	}
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
