package serve

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// TestNewcomers opens more connections over TCP than there are places for, and shows no
// token on any: who has it is answered, for a reply of all of them and for none.
func TestNewcomers(t *testing.T) {
	long := time.Hour // nobody is let go for being slow
	for name, first := range map[string]string{
		"silent":    "",
		"half":      "GET /v1/health HTTP/1.1\r\n",
		"OPTIONS *": "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"health":    "GET /v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"wrong":     "GET /v1/secrets HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer CANARYwrong\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, testPin(t, 1, testValues), "tcp", Options{}, times{header: long, body: long, idle: long, reply: long, shutdown: time.Nanosecond})
			r.get("/v1/secrets", 200) // one that stays
			for range maxConnections + 76 {
				c, err := net.Dial(r.network, r.address)
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				io.WriteString(c, first)
			}
			for range 3 {
				r.get("/v1/secrets/DATABASE_URL", 200)
				r.client.CloseIdleConnections()
			}
			if n := r.server.meters.connections.Load(); n > maxNewcomers+3 {
				t.Errorf("%d connections", n)
			}
		})
	}
}

// TestKnownStay holds that those who have shown the token are no newcomers.
func TestKnownStay(t *testing.T) {
	r := start(t, testPin(t, 1, testValues), "tcp", Options{})
	request := "GET /v1/version HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + testToken + "\r\n\r\n"
	var known []net.Conn
	ask := func(c net.Conn) {
		t.Helper()
		c.SetDeadline(time.Now().Add(30 * time.Second)) // a test that hangs ends
		io.WriteString(c, request)
		got := make([]byte, 15)
		if _, err := io.ReadFull(c, got); err != nil || string(got) != "HTTP/1.1 200 OK" {
			t.Fatalf("%q, %v", got, err)
		}
		for !strings.HasSuffix(string(got), "\n\n") {
			b := make([]byte, 1)
			if _, err := c.Read(b); err != nil {
				t.Fatal(err)
			}
			if b[0] != '\r' {
				got = append(got, b[0])
			}
		}
		if _, err := io.ReadFull(c, make([]byte, len(versionBody(t, r)))); err != nil {
			t.Fatal(err)
		}
	}
	for range maxNewcomers + 50 {
		c, err := net.Dial(r.network, r.address)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		ask(c)
		known = append(known, c)
	}
	for _, c := range known {
		ask(c)
	}
}

func versionBody(t *testing.T, r *running) string {
	t.Helper()
	reply, err := jsonReply(r.server.current.Load().version)
	if err != nil {
		t.Fatal(err)
	}
	return string(reply.body)
}

// TestStrangersAreClosed holds that whoever has shown no token keeps no connection.
func TestStrangersAreClosed(t *testing.T) {
	r := start(t, testPin(t, 1, testValues), "tcp", Options{})
	second := "GET /v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n"
	for first, want := range map[string]int{
		"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n":                                                     401,
		"OPTIONS * HTTP/1.1\r\nHost: evil.example\r\n\r\n":                                                  403,
		"GET /v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n":                                                200,
		"GET /v1/health HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer CANARYwrong\r\n\r\n":           200,
		"GET /v1/secrets HTTP/1.1\r\nHost: localhost\r\n\r\n":                                               401,
		"GET /v1/secrets HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + testToken + "\r\n\r\n":            403,
		"GET /v1/health HTTP/1.1\r\nHost: localhost\r\nExpect: CANARYx\r\n\r\n":                             417,
		"GET /v1/health HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n": 200,
	} {
		got := r.raw(first + second)
		if !strings.HasPrefix(got, fmt.Sprintf("HTTP/1.1 %d ", want)) || strings.Count(got, "HTTP/1.1 ") != 1 {
			t.Errorf("%s: %s", first, got)
		}
	}
	// On a socket the user is known.
	r = start(t, testPin(t, 1, testValues), "unix", Options{})
	got := r.raw("OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
	head, body, _ := strings.Cut(got, "\r\n\r\n")
	if !strings.HasPrefix(head, "HTTP/1.1 404 ") || code(t, body) != codeNotFound {
		t.Error(got)
	}
}
