package serve

import (
	"errors"
	"fmt"
	"net"
	"sync"
)

// Limits of connections at once. Users that are not served are told so, and have few,
// so that they cannot keep out the others.
const (
	maxConnections = 1024
	maxStrangers   = 16
)

// gate is a listener whose connections know their peer, and are not too many: who is
// served waits for a free one, a stranger is closed.
type gate struct {
	net.Listener
	server            *Server
	places, strangers chan struct{}
	once              sync.Once
	closed            chan struct{}
}

// newGate refuses a listener that would tell values to who knows whom.
func (s *Server) newGate(l net.Listener) (*gate, error) {
	switch addr := l.Addr().(type) {
	case *net.UnixAddr:
		if !CanTellPeers {
			return nil, errors.New("this system does not tell who is at the other end of a unix socket")
		}
	case *net.TCPAddr:
		if !addr.IP.IsLoopback() {
			return nil, fmt.Errorf("%s is not a loopback address", addr)
		}
		if len(s.o.Token) == 0 {
			return nil, errors.New("TCP wants a token")
		}
	default:
		return nil, fmt.Errorf("neither a unix socket nor TCP: %s", l.Addr().Network())
	}
	return &gate{Listener: l, server: s, places: make(chan struct{}, maxConnections), strangers: make(chan struct{}, maxStrangers),
		closed: make(chan struct{})}, nil
}

// Accept implements [net.Listener].
func (g *gate) Accept() (net.Conn, error) {
	for {
		c, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		p, err := g.server.peerOf(c)
		if err != nil {
			c.Close()
			continue
		}
		places := g.places
		if p.unix && !p.allowed {
			places = g.strangers
			select {
			case places <- struct{}{}:
			default:
				c.Close()
				continue
			}
		} else {
			select {
			case places <- struct{}{}:
			case <-g.closed:
				c.Close()
				return nil, net.ErrClosed
			}
		}
		g.server.meters.connections.Add(1)
		return &guest{Conn: c, peer: p, leave: sync.OnceFunc(func() {
			g.server.meters.connections.Add(-1)
			<-places
		})}, nil
	}
}

// Close implements [net.Listener].
func (g *gate) Close() error {
	g.once.Do(func() { close(g.closed) })
	return g.Listener.Close()
}

// guest is a connection that was let in.
type guest struct {
	net.Conn
	peer  *peer
	leave func()
}

// Close implements [net.Conn].
func (g *guest) Close() error {
	err := g.Conn.Close()
	g.leave()
	return err
}
