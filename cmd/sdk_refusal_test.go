package cmd_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

// What a server refuses with, and the code that comes of it: with one status, and with
// no other.
func TestSDKOfRefusals(t *testing.T) {
	eachSDK(t, func(a *sdkApp) {
		var cases []sdkCase
		refuse := func(name string, status int, server, code string) {
			answer := sdkHTTP(fmt.Sprint(status, " No"), "", fmt.Sprintf(`{"error":{"code":%q,"message":"so it is"}}`, server))
			of := map[string]any{"socket_path": sdkRaw(a, name, func(conn net.Conn) { io.WriteString(conn, answer) })}
			whole := code // of what is not about one secret
			if code == "not_found" {
				whole = "unavailable"
			}
			cases = append(cases, sdkCase{sdkAsk("get_secret", "TEXT").of(of), nil, code}, sdkCase{sdkAsk("exists", "TEXT").of(of), nil, whole},
				sdkCase{sdkAsk("list").of(of), nil, whole}, sdkCase{sdkAsk("version").of(of), nil, whole}, sdkCase{sdkAsk("encrypt_with_key", "KEY", "CANARY").of(of), nil, code})
		}
		for i, r := range []struct {
			server string
			status int
			code   string
		}{
			{"invalid", 400, "invalid"}, {"unauthorized", 401, "unauthorized"}, {"forbidden", 403, "forbidden"}, {"not_found", 404, "not_found"},
			{"blank", 404, "blank"}, {"read_only", 405, "unsupported"}, {"taken", 409, "conflict"}, {"conflict", 409, "conflict"}, {"changed", 412, "conflict"},
			{"too_large", 413, "invalid"}, {"not_json", 422, "not_json"}, {"no_key", 403, "no_key"}, {"not_authentic", 500, "not_authentic"},
			{"not_encrypted", 422, "not_authentic"}, {"busy", 503, "unavailable"}, {"failed", 500, "failed"}, {"method", 405, "failed"}, {"unavailable", 503, "failed"},
		} {
			refuse(fmt.Sprint(i), r.status, r.server, r.code)
			refuse(fmt.Sprint(i, "x"), 418, r.server, "failed")
		}
		a.check(a.dir, nil, cases)
	})
}

// sdkUnread serves a unix socket as sdkRaw does, and closes with the body unread.
func sdkUnread(a *sdkApp, name, answer string) (socket string) {
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
			r, err := http.ReadRequest(bufio.NewReaderSize(conn, 16))
			// Node cannot read once it has written to who has closed: it has to ask first.
			if err == nil && (a.language != "javascript" || r.Header.Get("Expect") == "100-continue") {
				io.WriteString(conn, answer)
			}
			conn.Close()
		}
	}()
	return socket
}

// A server that does not want the body may close before it has read it. What it said
// counts.
func TestSDKOfUnreadBodies(t *testing.T) {
	eachSDK(t, func(a *sdkApp) {
		value := strings.Repeat("CANARY", 1<<17)
		var cases []sdkCase
		add := func(n int, want any, code, socket string) {
			for range n {
				cases = append(cases, sdkCase{sdkAsk("encrypt_with_key", "KEY", value).of(map[string]any{"socket_path": socket, "timeout": 60}), want, code})
			}
		}
		no := sdkHTTP("413 No", "Connection: close\r\n", `{"error":{"code":"too_large","message":"CANARY"}}`)
		add(5, nil, "invalid", sdkUnread(a, "said", no))
		add(1, nil, "unavailable", sdkUnread(a, "half", no[:len(no)-5]))
		add(1, nil, "unavailable", sdkUnread(a, "none", ""))
		// One that reads it without ever asking for it.
		good := sdkPayload(value)
		add(1, good, "", sdkRaw(a, "read", func(conn net.Conn) {
			io.WriteString(conn, sdkHTTP("200 OK", "Content-Type: application/json\r\n", `{"value":"`+good+`","key_version":1}`))
		}))
		a.check(a.dir, nil, cases)
	})
}

// How long to wait is a time, whatever is asked.
func TestSDKTimeouts(t *testing.T) {
	eachSDK(t, func(a *sdkApp) {
		s := newSDKServer(a)
		var cases []sdkCase
		for _, timeout := range []any{0, -1, nil, "10", true, []int{1}, json.RawMessage("1e999"), 86_401} {
			for _, of := range []map[string]any{{"socket_path": s.socket}, {"url": s.url, "token_file": s.tokenFile}, {"binary": "/bin/false"}} {
				of["timeout"] = timeout
				cases = append(cases, sdkCase{sdkAsk("list").of(of), nil, "invalid"})
			}
		}
		for _, timeout := range []any{86_400, 9.5} {
			cases = append(cases, sdkCase{sdkAsk("get_secret", "TEXT").of(map[string]any{"socket_path": s.socket, "timeout": timeout}), "CANARYtext", ""})
		}
		a.check(a.dir, nil, cases)
	})
}
