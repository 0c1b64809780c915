package cmd_test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A source that is set and does not work is an error. The next is not tried.
func TestSDKNeverFallsBack(t *testing.T) {
	eachSDK(t, func(a *sdkApp) {
		s := newSDKServer(a)
		program := a.path("program")
		a.write(program, []byte("#!/bin/sh\necho CANARY >"+a.path("in", "ran")+"\n"))
		if err := os.Chmod(program, 0o700); err != nil {
			t.Fatal(err)
		}
		a.write(a.path("file"), nil)
		a.write(a.path("in", "lines"), []byte("CANARY\nCANARY\n"))
		a.write(a.path("in", "wrong"), []byte("CANARYwrong"))
		a.write(a.path("in", "long"), []byte(strings.Repeat("CANARY", 700)))
		next := []string{"PINSEAL_URL=" + s.url, "PINSEAL_TOKEN_FILE=" + s.tokenFile, "PINSEAL_BIN=" + program}
		calls := func(code string) []sdkCase {
			return []sdkCase{{sdkAsk("get_secret", "TEXT"), nil, code}, {sdkAsk("exists", "TEXT"), nil, code}, {sdkAsk("list"), nil, code},
				{sdkAsk("version"), nil, code}, {sdkAsk("encrypt_with_key", "GOOD", "CANARY"), nil, code}}
		}
		gone := filepath.Join(a.sockets, "gone")
		dead, err := net.Listen("unix", gone)
		if err != nil {
			t.Fatal(err)
		}
		dead.(*net.UnixListener).SetUnlinkOnClose(false)
		dead.Close()
		var cases []sdkCase
		each := func(code, argument string, values ...string) {
			for _, value := range values {
				for _, c := range calls(code) {
					c.call = c.call.of(map[string]any{argument: value})
					cases = append(cases, c)
				}
			}
		}
		port := s.url[strings.LastIndex(s.url, ":"):]
		each("unavailable", "socket_path", a.path("none"), gone, a.path("file"), a.dir, a.path("file", "x"))
		each("invalid", "url", "http://example.com"+port, "http://10.0.0.1"+port, "http://127.0.0.1.example.com"+port, "http://0.0.0.0"+port,
			"https://127.0.0.1"+port, "http://CANARY:CANARY@127.0.0.1"+port, s.url+"/CANARY", s.url+"?CANARY", "http://127.0.0.999"+port,
			"http://127.1"+port, "http://127.0.0.1:0", "http://127.0.0.1:99999", "127.0.0.1"+port, "http://[::2]"+port, s.url+"\n")
		each("unavailable", "url", "http://127.0.0.1:1")
		each("unavailable", "binary", a.path("none"), a.dir, a.path("file"))
		each("invalid", "binary", "pinseal", "./pinseal")
		for _, argument := range []string{"socket_path", "url", "binary", "token_file"} {
			for _, c := range calls("invalid") {
				c.call = c.call.of(map[string]any{argument: ""})
				cases = append(cases, c)
			}
		}
		asked := int64(0) // with the wrong one
		for _, file := range []string{a.path("none"), a.dir, a.path("file"), a.path("in", "lines"), a.path("in", "long"), a.path("in", "wrong")} {
			for _, c := range calls("unauthorized") {
				c.call = c.call.of(map[string]any{"url": s.url, "token_file": file})
				cases = append(cases, c)
				if filepath.Base(file) == "wrong" {
					asked++
				}
			}
		}
		a.check(a.dir, next, cases)
		a.check(a.dir, append(next, "PINSEAL_SOCKET="+gone), calls("unavailable"))
		a.check(a.dir, append(next, "PINSEAL_URL=http://example.com"+port), calls("invalid"))
		// An empty variable is none that is left out.
		for _, variable := range []string{"PINSEAL_SOCKET=", "PINSEAL_URL=", "PINSEAL_TOKEN_FILE="} {
			a.check(a.dir, append(next, variable), calls("invalid"))
		}
		a.check(a.dir, []string{"PINSEAL_BIN=", "PATH=" + filepath.Dir(a.path("in", "pinseal"))}, calls("invalid"))
		if n := s.asked.Load(); n != asked {
			t.Errorf("the server was asked %d times, not %d", n, asked)
		}
		if _, err := os.Stat(a.path("in", "ran")); err == nil {
			t.Error("the program was run")
		}
	})
}
