//go:build unix

package cmd_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// The clients and the real server: a pin on a socket and over TCP, and a work tree.
func TestSDKOfServe(t *testing.T) {
	eachSDK(t, func(a *sdkApp) {
		repo, id := a.newApp("shop")
		var cases []sdkCase
		add := func(want any, code, do string, args ...any) {
			cases = append(cases, sdkCase{sdkAsk(do, args...), want, code})
		}
		for name, value := range sdkValues() {
			a.pinseal(repo, string(value), "set", name, "--raw")
			add(value, "", "get_bytes", name)
			if utf8.Valid(value) {
				add(string(value), "", "get_secret", name)
			}
		}
		a.pinseal(repo, "", "set", "BLANK", "--blank", "--optional")
		a.commit(repo, "one")
		a.pinseal(repo, "", "publish", "dev", "--first")
		a.pinseal(repo, "CANARYlater", "set", "TEXT")

		var account any
		if err := json.Unmarshal(sdkValues()["ACCOUNT"], &account); err != nil {
			t.Fatal(err)
		}
		add(account, "", "get_json", "ACCOUNT")
		add(nil, "not_json", "get_json", "BROKEN")
		add(nil, "blank", "get_secret", "BLANK")
		add(nil, "not_found", "get_secret", "NONE")
		add(nil, "not_found", "get_secret", sdkID)
		add(false, "", "exists", "BLANK")
		add(false, "", "exists", "NONE")
		add(true, "", "exists", "TEXT")

		socket := filepath.Join(a.sockets, "serve")
		a.serve(repo, "--at", "pin", "--socket", socket)
		a.check(a.dir, []string{"PINSEAL_SOCKET=" + socket}, cases)
		a.listsWithIDs(id, "PINSEAL_SOCKET="+socket)

		token := a.path("token")
		a.writePrivate(token, []byte(strings.Repeat("CANARYtoken", 4)+"\n"))
		url := a.serve(repo, "--at", "pin", "--listen", "127.0.0.1:0", "--token-file", token).base
		a.check(a.dir, []string{"PINSEAL_URL=" + url, "PINSEAL_TOKEN_FILE=" + token}, cases)
		a.writePrivate(a.path("other"), []byte(strings.Repeat("CANARYother", 4)))
		a.check(a.dir, []string{"PINSEAL_URL=" + url, "PINSEAL_TOKEN_FILE=" + a.path("other")}, []sdkCase{{sdkAsk("get_secret", "TEXT"), nil, "unauthorized"}})

		tree := filepath.Join(a.sockets, "tree")
		a.serve(repo, "--socket", tree)
		a.check(a.dir, []string{"PINSEAL_SOCKET=" + tree}, []sdkCase{{sdkAsk("get_secret", "TEXT"), "CANARYlater", ""}, {sdkAsk("get_secret", "NONE"), nil, "not_found"}})
	})
}

// listsWithIDs reads each secret that is listed by its id.
func (a *sdkApp) listsWithIDs(app, env string) {
	a.t.Helper()
	got := a.calls(a.dir, "in turn", []string{env}, sdkAsk("list"), sdkAsk("version"))
	version, _ := got[1].Value.(map[string]any)
	if text, _ := version["id"].(string); !strings.HasPrefix(text, "pin:1:") || version["app"] != app {
		a.t.Errorf("version: %v", got[1])
	}
	var cases []sdkCase
	rows, _ := got[0].Value.([]any)
	for _, row := range rows {
		info := row.(map[string]any)
		if value, ok := sdkValues()[info["name"].(string)]; ok {
			cases = append(cases, sdkCase{sdkAsk("get_bytes", info["id"]), value, ""}, sdkCase{sdkAsk("exists", info["id"]), true, ""})
		}
	}
	if len(cases) != 2*len(sdkValues()) {
		a.t.Errorf("%d of %d secrets are listed", len(cases)/2, len(sdkValues()))
	}
	a.check(a.dir, []string{env}, cases)
}
