package cmd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"pinseal/cmd/serve"
)

// listening is where a server is reached.
type listening struct {
	net.Listener
	export string // what a client's environment wants
	remove func() // takes the socket's file away, if it is still ours
}

// Close ends the listener and removes its socket.
func (l *listening) Close() {
	l.Listener.Close()
	if l.remove != nil {
		l.remove()
	}
}

// listenFor opens what apps connect to: a socket that systemd hands over, TCP, or a
// unix socket.
func (c *cli) listenFor(ctx context.Context, o serveOptions) (*listening, error) {
	if o.listen != "" {
		return c.listenTCP(ctx, o)
	}
	if !serve.CanTellPeers {
		return nil, usage([]string{"pinseal serve --listen 127.0.0.1:7465 --token-file FILE"}, "this system does not tell who is at the other end of a unix socket")
	}
	if o.socket == "" {
		if l, err := c.handedOver(); l != nil || err != nil {
			return l, err
		}
	}
	path, err := c.socketPath(o.socket)
	if err != nil {
		return nil, err
	}
	mode := os.FileMode(0o600)
	if len(o.uids) > 0 {
		mode = 0o666 // who may ask is told by the system, not by the mode
	}
	l, remove, err := listenSocket(path, mode)
	if err != nil {
		return nil, fmt.Errorf("socket %q: %w", path, err)
	}
	return &listening{Listener: l, export: "PINSEAL_SOCKET=" + quoteShell(path), remove: remove}, nil
}

// socketPath is where the socket is made.
func (c *cli) socketPath(flag string) (string, error) {
	if flag != "" {
		return c.path(flag), nil
	}
	for _, variable := range []string{"RUNTIME_DIRECTORY", "XDG_RUNTIME_DIR"} {
		// systemd lists several directories with colons.
		if dir, _, _ := strings.Cut(c.Getenv(variable), ":"); filepath.IsAbs(dir) {
			return filepath.Join(dir, "pinseal.sock"), nil
		}
	}
	return "", usage([]string{"pinseal serve --socket PATH", "pinseal serve --listen 127.0.0.1:7465 --token-file FILE"},
		"where is the socket to be? Neither RUNTIME_DIRECTORY nor XDG_RUNTIME_DIR says")
}

// listenTCP opens a port on a loopback address: others on the network are to have TLS
// and more in front of them.
func (c *cli) listenTCP(ctx context.Context, o serveOptions) (*listening, error) {
	wants := func() error {
		return usage([]string{"pinseal serve --listen 127.0.0.1:7465 --token-file FILE"}, "--listen wants a loopback address and a port, such as 127.0.0.1:7465 or [::1]:7465")
	}
	host, port, err := net.SplitHostPort(o.listen)
	if err != nil {
		return nil, wants()
	}
	if number, err := strconv.ParseUint(port, 10, 16); err != nil || strconv.FormatUint(number, 10) != port {
		return nil, wants()
	}
	if strings.EqualFold(host, "localhost") {
		host = "127.0.0.1"
	}
	if addr, err := netip.ParseAddr(host); err != nil || !addr.IsLoopback() {
		return nil, wants()
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(host, port))
	if err != nil {
		var at *net.OpError
		if errors.As(err, &at) {
			err = at.Err
		}
		return nil, fmt.Errorf("cannot listen on %s: %w", o.listen, err)
	}
	return &listening{Listener: l, export: "PINSEAL_URL=http://" + l.Addr().String() + " PINSEAL_TOKEN_FILE=" + quoteShell(c.path(o.tokenFile))}, nil
}

// userIDs is the value of a flag that takes numbers of users.
type userIDs []int

// Set implements pflag.Value.
func (u *userIDs) Set(s string) error {
	uid, err := strconv.ParseUint(s, 10, 32)
	if err != nil {
		return errors.New("is not the number of a user")
	}
	*u = append(*u, int(uid))
	return nil
}

// String implements pflag.Value.
func (u *userIDs) String() string { return "" }

// Type implements pflag.Value.
func (u *userIDs) Type() string { return numberType }
