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
	var told *unix.Xucred
	asked := raw.Control(func(fd uintptr) {
		if told, err = unix.GetsockoptXucred(int(fd), unix.SOL_LOCAL, unix.LOCAL_PEERCRED); err == nil {
			pid, err = unix.GetsockoptInt(int(fd), unix.SOL_LOCAL, unix.LOCAL_PEERPID)
		}
	})
	if asked != nil {
		err = asked
	}
	if err != nil {
		return 0, 0, err
	}
	return int(told.Uid), pid, nil
}
