package cmd_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// sdkLure counts the connections to an address that nothing may connect to.
type sdkLure struct {
	address string
	met     atomic.Int64
}

func newSDKLure(a *sdkApp) *sdkLure {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		a.t.Fatal(err)
	}
	lure := &sdkLure{address: l.Addr().String()}
	a.t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			lure.met.Add(1)
			conn.Close()
		}
	}()
	return lure
}

// env makes a proxy of it.
func (l *sdkLure) env() []string {
	proxy := "http://" + l.address
	return []string{"http_proxy=" + proxy, "HTTP_PROXY=" + proxy, "ALL_PROXY=" + proxy, "all_proxy=" + proxy, "NODE_USE_ENV_PROXY=1", "no_proxy="}
}

// sdkRaw serves a unix socket, one function per connection once a request has been
// read. The connection is closed after it.
func sdkRaw(a *sdkApp, name string, answer func(conn net.Conn)) (socket string) {
	socket = filepath.Join(a.sockets, name)
	l, err := net.Listen("unix", socket)
	if err != nil {
		a.t.Fatal(err)
	}
	a.t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				r, err := http.ReadRequest(bufio.NewReader(conn))
				if err != nil {
					return
				}
				io.Copy(io.Discard, r.Body)
				answer(conn)
			}()
		}
	}()
	return socket
}

func sdkHTTP(status, headers, body string) string {
	return fmt.Sprintf("HTTP/1.1 %s\r\n%sContent-Length: %d\r\n\r\n%s", status, headers, len(body), body)
}

const sdkGood = `{"name":"TEXT","value":"CANARYvalue"}`

// sdkHostile is what a server may send in place of an answer, and the code that
// comes of it.
func sdkHostile(lure string) map[string][2]string {
	ok := func(body string) string { return sdkHTTP("200 OK", "", body) }
	return map[string][2]string{
		"nothing":       {"", "unavailable"},
		"no http":       {"CANARY CANARY\r\n\r\n", "failed"},
		"page":          {ok("<html>CANARY"), "failed"},
		"missing page":  {sdkHTTP("404 Not Found", "", "<html>CANARY"), "failed"},
		"missing":       {sdkHTTP("404 Not Found", "", `{"error":"not_found CANARY"}`), "failed"},
		"no error":      {sdkHTTP("200 OK", "", `{"error":{"code":"not_found","message":"CANARY"}}`), "failed"},
		"other name":    {ok(`{"name":"OTHER","value":"CANARY"}`), "failed"},
		"no name":       {ok(`{"value":"CANARY"}`), "failed"},
		"no value":      {ok(`{"name":"TEXT"}`), "failed"},
		"two values":    {ok(`{"name":"TEXT","value":"CANARY","value_base64":"Q0FOQVJZ"}`), "failed"},
		"number":        {ok(`{"name":"TEXT","value":12345678}`), "failed"},
		"bad base64":    {ok(`{"name":"TEXT","value_base64":"Q0FOQVJZ CANARY"}`), "failed"},
		"loose base64":  {ok(`{"name":"TEXT","value_base64":"Q0FOQVJZQQ"}`), "failed"},
		"odd base64":    {ok(`{"name":"TEXT","value_base64":"Q0FOQVJZQR=="}`), "failed"},
		"line base64":   {ok(`{"name":"TEXT","value_base64":"Q0FO\nQVJZ"}`), "failed"},
		"two framings":  {"HTTP/1.1 200 OK\r\nContent-Length: 37\r\nTransfer-Encoding: chunked\r\n\r\n25\r\n" + sdkGood + "\r\n0\r\n\r\n", "failed"},
		"two lengths":   {"HTTP/1.1 200 OK\r\nContent-Length: 37\r\nContent-Length: 99\r\n\r\n" + sdkGood, "failed"},
		"odd length":    {"HTTP/1.1 200 OK\r\nContent-Length: +37\r\n\r\n" + sdkGood, "failed"},
		"surrogate":     {ok(`{"name":"TEXT","value":"CANARY\ud800"}`), "failed"},
		"list":          {ok(`["CANARY"]`), "failed"},
		"deep":          {ok(strings.Repeat("[", 200_000)), "failed"},
		"not utf-8":     {ok("{\"name\":\"TEXT\",\"value\":\"CANARY\xff\"}"), "failed"},
		"other charset": {sdkHTTP("200 OK", "Content-Type: application/json; charset=latin1\r\n", "{\"name\":\"TEXT\",\"value\":\"CANARY\xe4\"}"), "failed"},
		"packed":        {sdkHTTP("200 OK", "Content-Encoding: gzip\r\n", "\x1f\x8b\x08CANARY"), "failed"},
		"redirect":      {sdkHTTP("302 Found", "Location: http://"+lure+"/CANARY\r\n", sdkGood), "failed"},
		"moved":         {sdkHTTP("308 Permanent Redirect", "Location: http://"+lure+"/CANARY\r\n", ""), "failed"},
		"accepted":      {sdkHTTP("202 Accepted", "", sdkGood), "failed"},
		"short":         {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + sdkGood, "unavailable"},
		"short chunk":   {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n25\r\n" + sdkGood + "\r\n", "unavailable"},
		"no length":     {"HTTP/1.1 200 OK\r\n\r\n" + sdkGood, "failed"},
		"no length 1.0": {"HTTP/1.0 200 OK\r\n\r\n" + sdkGood, "failed"},
		"half a header": {"HTTP/1.1 200 OK\r\nCANARY: CAN", "unavailable failed"},
		"odd message":   {sdkHTTP("500 Oops", "", `{"error":{"code":"failed","message":"x\n\u001b[2J\u2028\u202e`+strings.Repeat("y", 9000)+`"}}`), "failed"},
		"odd code":      {sdkHTTP("500 Oops", "", `{"error":{"code":"SANE","message":"x"}}`), "failed"},
		"list of codes": {sdkHTTP("500 Oops", "", `{"error":{"code":["CANARY"],"message":"x"}}`), "failed"},
		"upgrade":       {"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: CANARY\r\n\r\n" + sdkGood, "unavailable failed"},
		"early":         {"HTTP/1.1 100 Continue\r\n\r\n" + ok("CANARY"), "failed"},
	}
}

func TestSDKOfHostileServers(t *testing.T) {
	eachSDK(t, func(a *sdkApp) {
		lure := newSDKLure(a)
		var cases []sdkCase
		ask := func(name, codes, socket string) {
			for _, call := range []sdkCall{sdkAsk("get_secret", "TEXT"), sdkAsk("get_json", "TEXT"), sdkAsk("exists", "TEXT")} {
				call = call.of(map[string]any{"socket_path": socket, "timeout": 10})
				cases = append(cases, sdkCase{call, nil, codes})
			}
		}
		n := 0
		for name, h := range sdkHostile(lure.address) {
			n++
			ask(name, h[1], sdkRaw(a, fmt.Sprint(n), func(conn net.Conn) { io.WriteString(conn, h[0]) }))
		}
		calls := make([]sdkCall, len(cases))
		for i, c := range cases {
			calls[i] = c.call
		}
		for i, got := range a.calls(a.dir, "at once", nil, calls...) {
			if strings.Contains(" "+cases[i].code+" ", " "+got.Code+" ") {
				cases[i].code = got.Code
			}
			a.one(cases[i], got)
			if len(got.Message) > 600 {
				t.Errorf("a message of %d bytes", len(got.Message))
			}
		}
		if n := lure.met.Load(); n != 0 {
			t.Errorf("a redirect was followed %d times", n)
		}
	})
}

// Servers that never end: each call ends, and nothing is held of what came.
func TestSDKOfEndlessServers(t *testing.T) {
	flood := func(conn net.Conn, head, part string) {
		io.WriteString(conn, head)
		for {
			if _, err := io.WriteString(conn, part); err != nil {
				return
			}
		}
	}
	drip := func(conn net.Conn, head, part string) {
		io.WriteString(conn, head)
		for tick := time.NewTicker(10 * time.Millisecond); ; <-tick.C {
			if _, err := io.WriteString(conn, part); err != nil {
				tick.Stop()
				return
			}
		}
	}
	part := strings.Repeat("CANARY", 1<<12)
	chunk := fmt.Sprintf("%x\r\n%s\r\n", len(part), part)
	chunked := "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	late, large := "unavailable", "failed"
	eachSDK(t, func(a *sdkApp) {
		client := func(socket string) map[string]any { return map[string]any{"socket_path": socket, "timeout": 0.3} }
		patient := func(socket string) map[string]any { return map[string]any{"socket_path": socket, "timeout": 60} }
		var cases []sdkCase
		for name, s := range map[string]struct {
			answer func(conn net.Conn)
			client func(string) map[string]any
			code   string
		}{
			"silent":  {func(conn net.Conn) { io.Copy(io.Discard, conn) }, client, late},
			"status":  {func(conn net.Conn) { drip(conn, "HTTP/1.1 200 ", "C") }, client, late},
			"headers": {func(conn net.Conn) { drip(conn, "HTTP/1.1 200 OK\r\n", "A: b\r\n") }, client, late},
			"early":   {func(conn net.Conn) { drip(conn, "", "HTTP/1.1 100 Continue\r\n\r\n") }, client, late},
			"body":    {func(conn net.Conn) { drip(conn, "HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n", "C") }, client, late},
			"chunks":  {func(conn net.Conn) { drip(conn, chunked, "1\r\nC\r\n") }, client, late},
			"1 GB":    {func(conn net.Conn) { flood(conn, "HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n", part) }, patient, large},
			"endless": {func(conn net.Conn) { flood(conn, chunked, chunk) }, patient, large},
			"a line":  {func(conn net.Conn) { flood(conn, "", part) }, patient, large},
			"names":   {func(conn net.Conn) { flood(conn, "HTTP/1.1 200 OK\r\n", "A: "+part[:4000]+"\r\n") }, patient, large},
		} {
			socket := sdkRaw(a, name, s.answer)
			cases = append(cases, sdkCase{sdkAsk("get_secret", "TEXT").of(s.client(socket)), nil, s.code},
				sdkCase{sdkAsk("list").of(s.client(socket)), nil, s.code})
		}
		calls := make([]sdkCall, len(cases))
		for i, c := range cases {
			calls[i] = c.call
		}
		for i, got := range a.calls(a.dir, "at once", nil, calls...) {
			a.one(cases[i], got)
		}
	})
}
