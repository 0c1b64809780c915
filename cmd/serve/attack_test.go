package serve

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// raw sends bytes as they are and returns all that comes back until the server closes.
func (r *running) raw(text string) string {
	r.t.Helper()
	c, err := net.Dial(r.network, r.address)
	if err != nil {
		r.t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(30 * time.Second)) // a test that hangs ends
	if _, err := io.WriteString(c, text); err != nil {
		r.t.Fatal(err)
	}
	got, err := io.ReadAll(c)
	if err != nil && len(got) == 0 {
		r.t.Fatalf("%v", err)
	}
	return string(got)
}

// TestPaths sends paths as they are. None may reach another secret than the one that is
// spelled out, and no part of them comes back.
func TestPaths(t *testing.T) {
	r := start(t, testPin(t, 1, testValues), "unix", Options{})
	for target, want := range map[string]int{
		"/v1/secrets/DATABASE_URL":                     200,
		"/v1/secrets/DATABASE_URL/":                    404,
		"/v1/secrets/":                                 404,
		"/v1/secrets//value":                           404,
		"/v1/secrets/DATABASE%5FURL":                   404,
		"/v1/secrets/DATABASE_URL%2fvalue":             404,
		"/v1/secrets%2fDATABASE_URL":                   404,
		"/v1/secrets/x/../DATABASE_URL":                404,
		"/v1/secrets/./DATABASE_URL":                   404,
		"/v1/secrets/..":                               404,
		"/v1/secrets/%2e%2e/version":                   404,
		"//v1/secrets/DATABASE_URL":                    404,
		"/v1//secrets/DATABASE_URL":                    404,
		"/V1/secrets/DATABASE_URL":                     404,
		"/v1/secrets/DATABASE_URL/value/x":             404,
		"/v1/secrets/DATABASE_URL;x":                   404,
		"/v1/secrets/DATABASE_URL%00":                  404,
		"/v1/secrets/CANARYx%0d%0aX-Evil:%20CANARYx":   404,
		"/v1/secrets/" + strings.Repeat("CANARY", 100): 404,
		"/":             404,
		"/index.html":   404,
		"/debug/pprof/": 404,
		"/debug/vars":   404,
		"http://localhost/v1/secrets/DATABASE_URL":    404,
		"http://evil.example/v1/secrets/DATABASE_URL": 404,
		"*":                         404,
		"/v1/secrets?":              200,
		"/v1/secrets/DATABASE_URL?": 200,
		"/v1/secrets/DATABASE_URL?CANARYq=CANARYq": 400,
		"/v1/secrets/DATABASE_URL?a;b":             400,
		"/v1/keys/K/encrypt":                       405,
		"/v1/keys/K":                               404,
		"/v1/keys//encrypt":                        404,
		"/v1/secrets/DATABASE_URL#x":               404,
	} {
		got := r.raw("GET " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
		head, body, _ := strings.Cut(got, "\r\n\r\n")
		if !strings.HasPrefix(head, fmt.Sprintf("HTTP/1.1 %d ", want)) {
			t.Errorf("%s: %s", target, got)
			continue
		}
		if want != 200 && (strings.Contains(got, "CANARY") || strings.Contains(head, "Location") || code(t, body) == "") {
			t.Errorf("%s: %s", target, got)
		}
	}
}

func TestMethods(t *testing.T) {
	r := start(t, testPin(t, 1, testValues), "unix", Options{Write: true})
	for _, c := range []struct{ method, path, code, allow string }{
		{"POST", "/v1/secrets", codeReadOnly, "GET"}, // a pin has nowhere to write to
		{"PATCH", "/v1/secrets/DATABASE_URL", codeReadOnly, "GET"},
		{"DELETE", "/v1/secrets/DATABASE_URL", codeReadOnly, "GET"},
		{"PUT", "/v1/secrets/DATABASE_URL", codeMethod, "GET, PATCH, DELETE"},
		{"POST", "/v1/secrets/DATABASE_URL/value", codeMethod, "GET"},
		{"OPTIONS", "/v1/secrets", codeMethod, "GET, POST"},
		{"TRACE", "/v1/secrets/DATABASE_URL", codeMethod, "GET, PATCH, DELETE"},
		{"get", "/v1/secrets", codeMethod, "GET, POST"},
		{"GET", "/v1/keys/K/decrypt", codeMethod, "POST"},
		{"DELETE", "/metrics", codeMethod, "GET"},
	} {
		body, header := r.do(r.request(c.method, c.path, ""), 405)
		if code(t, body) != c.code || header.Get("Allow") != c.allow {
			t.Errorf("%s %s: %s, %s", c.method, c.path, body, header.Get("Allow"))
		}
	}
	r.do(r.request("HEAD", "/v1/secrets/DATABASE_URL", ""), 405)
}

// TestSmuggling sends what two servers in a row may read differently. At most one
// request is answered, and its connection is closed.
func TestSmuggling(t *testing.T) {
	r := start(t, testPin(t, 1, testValues), "unix", Options{})
	const second = "GET /v1/secrets/DATABASE_URL/value HTTP/1.1\r\nHost: localhost\r\n\r\n"
	for name, first := range map[string]string{
		"length and chunks":  "POST /v1/secrets HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"chunks":             "GET /v1/secrets HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"odd encoding":       "GET /v1/secrets HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: xchunked\r\n\r\n",
		"two lengths":        "GET /v1/secrets HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\n",
		"negative length":    "GET /v1/secrets HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
		"length with a plus": "GET /v1/secrets HTTP/1.1\r\nHost: localhost\r\nContent-Length: +3\r\n\r\nabc",
		"body of a GET":      "GET /v1/secrets HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc",
		"space before colon": "GET /v1/secrets HTTP/1.1\r\nHost: localhost\r\nContent-Length : 3\r\n\r\nabc",
		"two hosts":          "GET /v1/secrets HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
		"no host":            "GET /v1/secrets HTTP/1.1\r\n\r\n",
		"folded header":      "GET /v1/secrets HTTP/1.1\r\n X: y\r\nHost: localhost\r\n\r\n",
		"nul in a header":    "GET /v1/secrets HTTP/1.1\r\nHost: localhost\r\nX: a\x00b\r\n\r\n",
		"not HTTP":           "CANARYx\r\n\r\n",
		"version":            "GET /v1/secrets HTTP/9.9\r\nHost: localhost\r\n\r\n",
		"HTTP/2":             "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
	} {
		got := r.raw(first + second)
		if strings.Contains(got, "CANARY") || strings.HasPrefix(got, "HTTP/1.1 200") || strings.Count(got, "HTTP/1.1 ") > 1 {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestPipelining(t *testing.T) {
	r := start(t, testPin(t, 1, testValues), "unix", Options{})
	one := "GET /v1/secrets/JSON/json HTTP/1.1\r\nHost: localhost\r\n\r\n"
	got := r.raw(strings.Repeat(one, 99) + strings.Replace(one, "\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1))
	if n := strings.Count(got, testValues["JSON"]); n != 100 {
		t.Errorf("%d replies", n)
	}
}

func TestHugeHeaders(t *testing.T) {
	r := start(t, testPin(t, 1, testValues), "unix", Options{})
	fits := "X: " + strings.Repeat("x", 15<<10) + "\r\n"
	if got := r.raw("GET /v1/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + fits + "\r\n"); !strings.HasPrefix(got, "HTTP/1.1 200 ") {
		t.Error(got)
	}
	c, err := net.Dial(r.network, r.address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	go func() {
		io.WriteString(c, "GET /v1/health HTTP/1.1\r\nHost: localhost\r\n")
		for range 1000 {
			if _, err := io.WriteString(c, "X: "+strings.Repeat("CANARY", 1000)+"\r\n"); err != nil {
				return
			}
		}
	}()
	c.SetDeadline(time.Now().Add(30 * time.Second))
	line, err := bufio.NewReader(c).ReadString('\n')
	if err == nil && !strings.HasPrefix(line, "HTTP/1.1 431 ") {
		t.Errorf("%q", line)
	}
}

// TestManyConnections opens as many connections as there are places for, and
// more.
func TestManyConnections(t *testing.T) {
	r := start(t, testPin(t, 1, testValues), "unix", Options{})
	var open []net.Conn
	for range maxConnections {
		c, err := net.Dial(r.network, r.address)
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, c)
	}
	answered := make(chan error, 1)
	go func() {
		res, err := r.client.Get("http://localhost/v1/health")
		if err == nil {
			res.Body.Close()
		}
		answered <- err
	}()
	for _, c := range open { // who leaves makes a place
		c.Close()
	}
	if err := <-answered; err != nil {
		t.Error(err)
	}
}

// TestSlowClients has clients that do not go on. The server ends each of them, and
// answers others meanwhile.
func TestSlowClients(t *testing.T) {
	values := map[string]string{"BIG": strings.Repeat("x", 64<<10)}
	soon := time.Second // long enough for those who do go on, on a machine that has much to do
	r := start(t, testPin(t, 1, values), "unix", Options{}, times{header: soon, body: soon, idle: soon, reply: soon, shutdown: soon})
	var wg sync.WaitGroup
	for _, text := range []string{
		"", "GET", "GET /v1/health HTTP/1.1\r\nHost: loc", "GET /v1/health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nabc",
		"GET /v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n",
	} {
		wg.Go(func() { r.raw(text) }) // until the server closes
	}
	wg.Go(func() {
		w := start(t, &paper{Store: testPin(t, 1, values)}, "unix", Options{Write: true}, r.server.times)
		w.raw("POST /v1/secrets HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
	})
	wg.Go(func() { // asks for much and reads nothing
		c, err := net.Dial(r.network, r.address)
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(30 * time.Second)) // a test that hangs ends
		for err == nil {
			_, err = io.WriteString(c, "GET /v1/secrets/BIG HTTP/1.1\r\nHost: localhost\r\n\r\n")
		}
		if errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error("the server waits for ever")
		}
	})
	for range 20 {
		r.get("/v1/secrets/BIG", http.StatusOK)
	}
	wg.Wait()
}
