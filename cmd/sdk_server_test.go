package cmd_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"unicode/utf8"
)

// sdkServer answers as cmd/serve/doc.go says, on a unix socket and over TCP.
type sdkServer struct {
	socket, url, tokenFile string
	asked                  atomic.Int64
}

const (
	sdkToken = "CANARYtoken"
	sdkID    = "01234567-89ab-5def-8123-456789abcdef" // of TEXT
)

func sdkValues() map[string][]byte {
	return map[string][]byte{
		"TEXT":          []byte("CANARYtext"),
		"UNICODE":       []byte("CANARY grüße \u2028 \U0001f389\r\n\t\"\\ <&>\x00"),
		"BOM":           []byte("\ufeffCANARY"),
		"BYTES":         {'C', 'A', 'N', 'A', 'R', 'Y', 0xff, 0, 0xfe, '\n'},
		"ACCOUNT":       []byte(`{"type": "service_account", "private_key": "-----BEGIN\nCANARY", "n": [1, 2.5, true, null]}`),
		"NULL":          []byte("null"),
		"BROKEN":        []byte(`{"key": "CANARY`),
		"NAN":           []byte(`[NaN, "CANARY"]`),
		"BIG":           []byte("CANARY" + strings.Repeat("<", 65530)),
		"BIGGER":        append([]byte("CANARY"), make([]byte, 65530)...),
		"dotted.name-1": []byte("CANARYdotted"),
	}
}

func newSDKServer(a *sdkApp) *sdkServer {
	s := &sdkServer{socket: filepath.Join(a.sockets, "server"), tokenFile: a.path("in", "token")}
	a.write(s.tokenFile, []byte(sdkToken+"\n"))
	s.serve(a, s.listen(a, "unix", s.socket), false)
	tcp := s.listen(a, "tcp", "127.0.0.1:0")
	s.url = "http://" + tcp.Addr().String()
	s.serve(a, tcp, true)
	return s
}

func (s *sdkServer) listen(a *sdkApp, network, address string) net.Listener {
	l, err := net.Listen(network, address)
	if err != nil {
		a.t.Fatal(err)
	}
	return l
}

func (s *sdkServer) serve(a *sdkApp, l net.Listener, token bool) {
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		switch {
		case token && r.Header.Get("Authorization") != "Bearer "+sdkToken:
			sdkRefuse(w, 401, "unauthorized")
		case token && r.Host != strings.TrimPrefix(s.url, "http://"), !token && r.Host != "localhost":
			sdkRefuse(w, 403, "forbidden")
		default:
			s.answer(w, r)
		}
	})}
	go server.Serve(l)
	a.t.Cleanup(func() { server.Close() })
}

func sdkRefuse(w http.ResponseWriter, status int, code string) {
	sdkReply(w, status, map[string]any{"error": map[string]any{"code": code, "message": "it is " + code, "try": []string{"this"}}})
}

func sdkReply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v)
}

func (s *sdkServer) answer(w http.ResponseWriter, r *http.Request) {
	path := strings.Split(strings.TrimPrefix(r.URL.Path, "/v1/"), "/")
	switch {
	case r.URL.Path == "/v1/version":
		sdkReply(w, 200, map[string]any{"id": "pin:3:abcd", "app": "APP", "environment": "production", "kind": "pin", "number": 3})
	case r.URL.Path == "/v1/secrets":
		sdkReply(w, 200, map[string]any{"schema": 1, "version": map[string]any{}, "secrets": []any{
			map[string]any{"id": "0", "name": "BLANK", "kind": "secret", "blank": true, "optional": true, "version": "aa"},
			map[string]any{"id": sdkID, "name": "TEXT", "kind": "secret", "description": "Primary", "expires": "2027-01-31",
				"version": "bb", "created": "2026-01-02T03:04:05Z", "updated": "2026-02-02T03:04:05Z", "value": "CANARY"},
		}})
	case path[0] == "secrets" && len(path) == 2 && r.Method == "GET":
		s.secret(w, path[1])
	case path[0] == "keys" && len(path) == 3 && r.Method == "POST":
		s.crypt(w, r, path[1], path[2])
	default:
		sdkRefuse(w, 404, "not_found")
	}
}

func (s *sdkServer) secret(w http.ResponseWriter, ref string) {
	name := ref
	if ref == sdkID {
		name = "TEXT"
	}
	refusals := map[string]int{"BLANK": 404, "BAD": 500, "NOKEY": 403, "UNMERGED": 409, "CHANGED": 412, "ODD": 500}
	codes := map[string]string{"BLANK": "blank", "BAD": "not_authentic", "NOKEY": "no_key", "UNMERGED": "conflict", "CHANGED": "changed", "ODD": "odd"}
	value, ok := sdkValues()[name]
	switch {
	case refusals[name] != 0:
		sdkRefuse(w, refusals[name], codes[name])
	case !ok:
		sdkRefuse(w, 404, "not_found")
	case utf8.Valid(value):
		sdkReply(w, 200, map[string]any{"id": sdkID, "name": name, "kind": "secret", "version": "aa", "value": string(value)})
	default:
		sdkReply(w, 200, map[string]any{"id": sdkID, "name": name, "kind": "secret", "version": "aa", "value_base64": value})
	}
}

// sdkPayload is what passes for the payload of a text: it has the length of one.
func sdkPayload(text string) string {
	return base64.StdEncoding.EncodeToString([]byte(strings.Repeat("\x00", 12) + text + strings.Repeat("\x00", 16)))
}

// crypt is a server that has a key GOOD, which turns bytes into what passes for a payload,
// and ODD, which turns them into what is none.
func (s *sdkServer) crypt(w http.ResponseWriter, r *http.Request, key, what string) {
	body, err := io.ReadAll(r.Body)
	switch {
	case key == "ECHO":
		sdkReply(w, 500, map[string]any{"error": map[string]any{"code": "failed", "message": string(body)}})
	case key == "OTHER":
		sdkRefuse(w, 422, "not_encrypted")
	case key == "ODD":
		sdkReply(w, 200, map[string]any{"value": "Q0FOQVJZ\n", "key_version": 1})
	case key != "GOOD" || err != nil:
		sdkRefuse(w, 404, "not_found")
	case what == "encrypt":
		sdkReply(w, 200, map[string]any{"value": sdkPayload(string(body)), "key_version": 1})
	default:
		plain, _ := base64.StdEncoding.DecodeString(string(body))
		if plain = plain[12 : len(plain)-16]; utf8.Valid(plain) {
			sdkReply(w, 200, map[string]any{"value": string(plain), "key_version": 1})
		} else {
			sdkReply(w, 200, map[string]any{"value_base64": plain, "key_version": 1})
		}
	}
}

// sdkServerCases are the whole surface, against newSDKServer.
func sdkServerCases() (cases []sdkCase) {
	values := sdkValues()
	add := func(want any, code, do string, args ...any) {
		cases = append(cases, sdkCase{sdkAsk(do, args...), want, code})
	}
	for name, value := range values {
		add(value, "", "get_bytes", name)
		if utf8.Valid(value) {
			add(string(value), "", "get_secret", name)
		} else {
			add(nil, "invalid", "get_secret", name)
		}
	}
	var account any
	if err := json.Unmarshal(values["ACCOUNT"], &account); err != nil {
		panic(err)
	}
	add(account, "", "get_json", "ACCOUNT")
	add(nil, "", "get_json", "NULL")
	for _, name := range []string{"BROKEN", "NAN", "BYTES", "BOM", "TEXT"} {
		add(nil, "not_json", "get_json", name)
	}
	add("CANARYtext", "", "get_secret", sdkID)
	for name, code := range map[string]string{"BLANK": "blank", "NONE": "not_found", "BAD": "not_authentic", "NOKEY": "no_key",
		"UNMERGED": "conflict", "CHANGED": "conflict", "ODD": "failed"} {
		add(nil, code, "get_secret", name)
		add(nil, code, "get_json", name)
	}
	for name, want := range map[string]bool{"TEXT": true, sdkID: true, "BLANK": false, "NONE": false} {
		add(want, "", "exists", name)
	}
	add([]any{
		map[string]any{"id": "0", "name": "BLANK", "kind": "secret", "description": "", "expires": "", "optional": true, "blank": true, "version": "aa"},
		map[string]any{"id": sdkID, "name": "TEXT", "kind": "secret", "description": "Primary", "expires": "2027-01-31", "optional": false,
			"blank": false, "version": "bb", "created": "2026-01-02T03:04:05Z", "updated": "2026-02-02T03:04:05Z"},
	}, "", "list")
	add(map[string]any{"id": "pin:3:abcd", "app": "APP", "environment": "production", "kind": "pin", "number": 3.0}, "", "version")
	good, binary := sdkPayload("CANARY"), sdkPayload("\xff\x00")
	add(good, "", "encrypt_with_key", "GOOD", "CANARY")
	add(binary, "", "encrypt_with_key", "GOOD", []byte{0xff, 0})
	add("CANARY", "", "decrypt_with_key", "GOOD", good)
	add([]byte{0xff, 0}, "", "decrypt_bytes_with_key", "GOOD", binary)
	add(nil, "invalid", "decrypt_with_key", "GOOD", binary)
	add(nil, "not_authentic", "decrypt_with_key", "OTHER", good)
	add(nil, "not_found", "decrypt_with_key", "NONE", good)
	add(nil, "not_found", "encrypt_with_key", "NONE", strings.Repeat("CANARY", 1<<16))
	add(nil, "failed", "encrypt_with_key", "ODD", "CANARY")
	add(nil, "failed", "decrypt_with_key", "ODD", good)
	add(nil, "invalid", "encrypt_with_key", "ECHO", strings.Repeat("x", 8<<20+1))
	add(nil, "invalid", "decrypt_with_key", "ECHO", strings.Repeat("A", 11184848+4))
	spare := sdkPayload("CANARYx") // ends with =
	for _, text := range []any{"", "CANARY", "Q0FOQVJZ", sdkPayload("")[4:], good + "\n", "\n" + good, good[:8] + " " + good[8:], strings.ReplaceAll(good, "A", "_"),
		strings.TrimRight(spare, "="), spare[:len(spare)-2] + "B=", []byte(good + "\n")} { // no payload
		add(nil, "not_authentic", "decrypt_with_key", "GOOD", text)
		add(nil, "not_authentic", "decrypt_bytes_with_key", "ECHO", text)
	}
	add(nil, "failed", "encrypt_with_key", "ECHO", "CANARY")
	return cases
}

func TestSDKOfServer(t *testing.T) {
	eachSDK(t, func(a *sdkApp) {
		s := newSDKServer(a)
		// A program that works and a proxy stand by: neither is asked.
		lure := newSDKLure(a)
		env := append(lure.env(), "PINSEAL_BIN=/bin/false")
		a.check(a.dir, append(env, "PINSEAL_SOCKET="+s.socket, "PINSEAL_URL=http://127.0.0.1:1"), sdkServerCases())
		a.check(a.dir, append(env, "PINSEAL_URL="+s.url, "PINSEAL_TOKEN_FILE="+s.tokenFile), sdkServerCases())
		local := strings.Replace(s.url, "127.0.0.1", "localhost", 1) + "/"
		a.check(a.dir, env, []sdkCase{
			{sdkAsk("get_secret", "TEXT").of(map[string]any{"url": local, "token_file": s.tokenFile}), "CANARYtext", ""},
			{sdkAsk("get_secret", "TEXT").of(map[string]any{"socket_path": s.socket}), "CANARYtext", ""},
		})
		if n := lure.met.Load(); n != 0 {
			a.t.Errorf("%d connections to a proxy", n)
		}
	})
}

// Many calls at once, from threads where the language has them, and after forks.
func TestSDKAtOnce(t *testing.T) {
	eachSDK(t, func(a *sdkApp) {
		s := newSDKServer(a)
		env := []string{"PINSEAL_SOCKET=" + s.socket}
		hows := map[string]int{"at once": 100}
		if a.language == "python" {
			hows["forked"] = 8
		}
		for how, n := range hows {
			calls := make([]sdkCall, n)
			for i := range calls {
				calls[i] = sdkAsk("get_secret", []string{"TEXT", "BIG", "NONE"}[i%3])
			}
			for i, got := range a.calls(a.dir, how, env, calls...) {
				a.one([]sdkCase{{calls[i], "CANARYtext", ""}, {calls[i], string(sdkValues()["BIG"]), ""}, {calls[i], nil, "not_found"}}[i%3], got)
			}
		}
	})
}
