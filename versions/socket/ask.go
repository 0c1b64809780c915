package socket

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"
	"unicode/utf8"
)

// conn is a connection, and whether it is known what is served over it.
type conn struct {
	net.Conn
	checked atomic.Bool
}

// newTransport connects to one address, whatever a request says. It knows no proxy.
func newTransport(network, address string) *http.Transport {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		raw, err := d.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		if tcp, ok := raw.RemoteAddr().(*net.TCPAddr); ok && !tcp.IP.IsLoopback() {
			raw.Close() // localhost is what a file says it is
			return nil, errors.New("it is not on this machine")
		}
		return raw, nil
	}
	return transportOver(dial)
}

func transportOver(dial func(ctx context.Context, network, address string) (net.Conn, error)) *http.Transport {
	marked := func(ctx context.Context, network, address string) (net.Conn, error) {
		raw, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &conn{Conn: raw}, nil
	}
	return &http.Transport{DialContext: marked, DisableCompression: true, MaxResponseHeaderBytes: 16 << 10,
		MaxIdleConns: 8, MaxIdleConnsPerHost: 8, IdleConnTimeout: time.Minute}
}

// reply is an answer, read to its end.
type reply struct {
	status  int
	version string // the id of what is served, where the server says it with a value
	body    []byte
	over    *conn
}

// question is a GET or, with a body, a POST.
type question struct {
	path string
	body []byte // nil for none
	max  int64  // bytes of the answer that are read
	wait time.Duration
}

// ask sends a request, without ever following where an answer points to.
func (c *Client) ask(ctx context.Context, q question) (*reply, error) {
	limited, cancel := context.WithTimeout(ctx, c.o.Timeout+q.wait)
	defer cancel()
	r := new(reply)
	traced := httptrace.WithClientTrace(limited, &httptrace.ClientTrace{GotConn: func(got httptrace.GotConnInfo) {
		r.over, _ = got.Conn.(*conn)
	}})
	err := c.send(traced, q, r)
	switch {
	case err == nil:
		return r, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case limited.Err() != nil:
		return nil, fmt.Errorf("server at %s: no answer within %s", c.at, c.o.Timeout)
	}
	return nil, err
}

func (c *Client) send(ctx context.Context, q question, r *reply) error {
	method, body := http.MethodGet, io.Reader(nil)
	if q.body != nil {
		method, body = http.MethodPost, bytes.NewReader(q.body)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.url+q.path, body)
	if err != nil {
		return err
	}
	if q.body != nil {
		request.Header.Set("Content-Type", "application/octet-stream")
		request.Header["Idempotency-Key"] = nil // not sent: over a connection that has ended it is sent again, as a key keeps no state
	}
	request.Header.Set("User-Agent", "pinseal")
	if c.authorize.Len() > 0 {
		request.Header.Set("Authorization", string(c.authorize.Reveal()))
	}
	response, err := c.transport.RoundTrip(request)
	if err != nil {
		return fmt.Errorf("server at %s: %w", c.at, err)
	}
	defer response.Body.Close()
	r.status, r.version = response.StatusCode, response.Header.Get("Pinseal-Version")
	r.body, err = io.ReadAll(io.LimitReader(response.Body, q.max+1))
	switch {
	case err != nil:
		return fmt.Errorf("server at %s: the answer breaks off: %w", c.at, err)
	case int64(len(r.body)) > q.max:
		return c.odd(fmt.Sprintf("it is larger than %d bytes", q.max))
	case !utf8.Valid(r.body):
		return c.odd("it is not UTF-8")
	}
	return nil
}
