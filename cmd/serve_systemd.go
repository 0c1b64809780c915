package cmd

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
)

// notifySystemd tells the service manager what it waits for, where there is one.
func (c *cli) notifySystemd(state string) {
	path := c.Getenv("NOTIFY_SOCKET")
	if path == "" {
		return
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"}) // "@" is an abstract one
	if err == nil {
		_, err = conn.Write([]byte(state))
		conn.Close()
	}
	if err != nil {
		c.warn("systemd cannot be told: %s", err)
	}
}

const firstHandedOver = 3 // SD_LISTEN_FDS_START

// keepHandedOver keeps what systemd hands over from the programs that are started.
func (c *cli) keepHandedOver() {
	if c.Getenv("LISTEN_PID") != strconv.Itoa(os.Getpid()) {
		return
	}
	n, err := strconv.Atoi(c.Getenv("LISTEN_FDS"))
	for i := 0; err == nil && i < min(n, 1<<10); i++ {
		closeOnExec(firstHandedOver + i)
	}
}

// handedOver is the socket that systemd listens on for this process; nil when there is
// none.
func (c *cli) handedOver() (*listening, error) {
	if c.Getenv("LISTEN_PID") != strconv.Itoa(os.Getpid()) {
		return nil, nil
	}
	if c.Getenv("LISTEN_FDS") != "1" {
		return nil, errors.New("systemd hands over sockets, and one is wanted: one ListenStream= in the socket unit")
	}
	f := os.NewFile(firstHandedOver, "socket")
	defer f.Close()
	l, err := net.FileListener(f)
	if err != nil {
		return nil, fmt.Errorf("what systemd hands over is no socket that listens: %w", err)
	}
	socket, ok := l.(*net.UnixListener)
	if !ok || !strings.HasPrefix(l.Addr().String(), "/") {
		l.Close()
		return nil, errors.New("systemd hands over a socket that is no unix socket with a path")
	}
	socket.SetUnlinkOnClose(false) // it is systemd's
	return &listening{Listener: l, export: "PINSEAL_SOCKET=" + quoteShell(l.Addr().String())}, nil
}
