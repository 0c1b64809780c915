package serve

import (
	"net"

	"golang.org/x/sys/unix"
)

// CanTellPeers reports whether this system says who is at the other end of a unix
// socket.
const CanTellPeers = true

// credentials returns the user and the process that connected.
func credentials(c *net.UnixConn) (uid, pid int, err error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, 0, err
	}
	var told *unix.Ucred
	asked := raw.Control(func(fd uintptr) {
		told, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	if asked != nil {
		err = asked
	}
	if err != nil {
		return 0, 0, err
	}
	return int(told.Uid), int(told.Pid), nil
}
