package serve

import (
	"container/list"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// Limits of connections at once. Users that are not served are told so, and have few,
// so that they cannot keep out the others; nor can who has no token.
const (
	maxConnections = 1024
	maxStrangers   = 16
	maxNewcomers   = 512
	newcomerTime   = time.Second // that each has for its request, however many come
)

// gate is a listener whose connections know their peer, and are not too many: who is
// served waits for a free one, a stranger is closed.
type gate struct {
	net.Listener
	server            *Server
	places, strangers chan struct{}
	newcomers         *newcomers
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
		newcomers: newNewcomers(), closed: make(chan struct{})}, nil
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
		if p.unix && !p.allowed {
			select {
			case g.strangers <- struct{}{}:
				return g.let(c, p, g.strangers), nil
			default:
				c.Close()
				continue
			}
		}
		select {
		case g.places <- struct{}{}:
		case <-g.closed:
			c.Close()
			return nil, net.ErrClosed
		}
		in := g.let(c, p, g.places)
		if p.unix {
			return in, nil
		}
		p.welcome = sync.OnceFunc(func() { g.newcomers.remove(in) })
		if !g.newcomers.add(in, g.closed) {
			in.Close()
			return nil, net.ErrClosed
		}
		return in, nil
	}
}

// let counts a connection, which has taken one of places.
func (g *gate) let(c net.Conn, p *peer, places <-chan struct{}) *guest {
	g.server.meters.connections.Add(1)
	in := &guest{Conn: c, peer: p}
	in.leave = sync.OnceFunc(func() {
		g.newcomers.remove(in)
		g.server.meters.connections.Add(-1)
		<-places
	})
	return in
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
	came  time.Time
	place *list.Element // among the newcomers; nil when it is none
}

// Close implements [net.Conn].
func (g *guest) Close() error {
	err := g.Conn.Close()
	g.leave()
	return err
}
