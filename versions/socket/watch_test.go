package socket

import (
	"context"
	"errors"
	"iter"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pinseal/versions"
)

// pipes is a listener of connections in memory, whose clock need not be the real one.
type pipes struct {
	conns chan net.Conn
	down  atomic.Bool
	dials atomic.Int32
}

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	p.dials.Add(1)
	if p.down.Load() {
		return nil, errors.New("connection refused")
	}
	here, there := net.Pipe()
	select {
	case p.conns <- there:
		return here, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// end is where a server accepts them.
type end struct {
	*pipes
	closed chan struct{}
	once   sync.Once
}

func (p *pipes) listen() net.Listener { return &end{pipes: p, closed: make(chan struct{})} }

func (e *end) Accept() (net.Conn, error) {
	select {
	case c := <-e.conns:
		return c, nil
	case <-e.closed:
		return nil, net.ErrClosed
	}
}

func (e *end) Close() error   { e.once.Do(func() { close(e.closed) }); return nil }
func (e *end) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "unix"} }

// inBubble runs a test of a client and its server on a clock of their own.
func inBubble(t *testing.T, h http.Handler, o Options, test func(t *testing.T, c *Client, p *pipes, server *http.Server)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := &pipes{conns: make(chan net.Conn)}
		server := &http.Server{Handler: h}
		go server.Serve(p.listen())
		c, err := Open("pipe", o)
		if err != nil {
			t.Fatal(err)
		}
		c.transport = transportOver(p.dial)
		test(t, c, p, server)
		c.Close()
		server.Close()
	})
}

func TestWatch(t *testing.T) {
	s := newStub(3)
	inBubble(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.ServeHTTP(w, r) }), Options{MinPin: 3},
		func(t *testing.T, c *Client, p *pipes, server *http.Server) {
			s.changed = make(chan struct{}) // of this bubble
			ctx, cancel := context.WithCancel(t.Context())
			next, stop := iter.Pull2(c.Watch(ctx))
			defer stop()
			want := func(pin int, part string) {
				t.Helper()
				v, err, ok := next()
				if !ok || v.Number != pin || (part == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), part) {
					t.Fatalf("pin %d, %v, %v; want %d %q", v.Number, err, ok, pin, part)
				}
			}
			want(3, "")
			began := time.Now()
			go func() { time.Sleep(10 * time.Minute); s.set(pin(4)) }()
			want(4, "")
			if waited := time.Since(began); waited < 10*time.Minute || waited > 10*time.Minute+time.Second {
				t.Errorf("told after %s", waited)
			}
			if n := len(s.asked); n > 16 {
				t.Errorf("%d requests in ten minutes", n)
			}
			s.set(pin(2))
			want(4, "below the lowest")
			s.set(pin(5))
			want(5, "")

			// The server is gone for an hour, and comes back as it was.
			p.down.Store(true)
			server.Close()
			want(5, "server at pipe")
			dials, began := p.dials.Load(), time.Now()
			again := &http.Server{Handler: s}
			go func() {
				time.Sleep(time.Hour)
				p.down.Store(false)
				again.Serve(p.listen())
			}()
			for {
				v, err, _ := next()
				if err == nil {
					if v.Number != 5 || time.Since(began) > time.Hour+mostPause {
						t.Errorf("pin %d after %s", v.Number, time.Since(began))
					}
					break
				}
			}
			if n := p.dials.Load() - dials; n < 300 || n > 900 {
				t.Errorf("%d connections in an hour", n)
			}
			cancel()
			if v, err, ok := next(); ok {
				t.Errorf("after its end: %v, %v", v, err)
			}
			c.Close()
			again.Close()
		})
}

// A server that never waits, or changes its mind each time, is not asked without end.
func TestWatchLiars(t *testing.T) {
	n := 0
	for name, c := range map[string]struct {
		answer func(w http.ResponseWriter, r *http.Request)
		most   int
	}{
		"always the same": {func(w http.ResponseWriter, r *http.Request) { w.Write([]byte(body(pin(1)))) }, 60},
		"always 204":      {func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(204) }, 60},
		"always fails":    {func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(500) }, 60},
		"always another":  {func(w http.ResponseWriter, r *http.Request) { w.Write([]byte(body(pin(n)))) }, 3_700},
	} {
		n = 0
		count := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { n++; c.answer(w, r) })
		inBubble(t, count, Options{}, func(t *testing.T, client *Client, _ *pipes, _ *http.Server) {
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
			defer cancel()
			for range client.Watch(ctx) {
			}
		})
		if n > c.most || n < 20 {
			t.Errorf("%s: %d requests in three minutes", name, n)
		}
	}
}

// A loop that is left asks no more.
func TestWatchBreak(t *testing.T) {
	s := newStub(1)
	c := open(t, onSocket(t, s), Options{})
	for v, err := range c.Watch(t.Context()) {
		if err != nil || v.Number != 1 {
			t.Error(v, err)
		}
		break
	}
	if len(s.asked) != 1 {
		t.Errorf("%d requests", len(s.asked))
	}
	var _ versions.Reader = c
}
