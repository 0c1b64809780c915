package cmd_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// Without a server the client runs the real program, in a real repository.
func TestSDKOfProgram(t *testing.T) {
	eachSDK(t, func(a *sdkApp) {
		repo, id := a.newApp("shop")
		var cases []sdkCase
		add := func(want any, code, do string, args ...any) {
			cases = append(cases, sdkCase{sdkAsk(do, args...), want, code})
		}
		for name, value := range sdkValues() {
			a.pinseal(repo, string(value), "set", name, "--raw", "--about", "about "+name)
			add(value, "", "get_bytes", name)
			if utf8.Valid(value) {
				add(string(value), "", "get_secret", name)
			} else {
				add(nil, "invalid", "get_secret", name)
			}
		}
		a.pinseal(repo, "", "set", "BLANK", "--blank", "--optional")
		store := filepath.Join(repo, ".pinseal", "shop", "dev")
		a.write(filepath.Join(store, "BAD.yaml"), a.read(filepath.Join(store, "TEXT.yaml")))
		a.commit(repo, "one")

		var account any
		if err := json.Unmarshal(sdkValues()["ACCOUNT"], &account); err != nil {
			t.Fatal(err)
		}
		add(account, "", "get_json", "ACCOUNT")
		add(nil, "not_json", "get_json", "BROKEN")
		for name, code := range map[string]string{"BLANK": "blank", "NONE": "not_found", "BAD": "not_authentic", sdkID: "unsupported", "trailing.": "invalid"} {
			add(nil, code, "get_secret", name)
		}
		for name, want := range map[string]bool{"TEXT": true, "BLANK": false, "NONE": false} {
			add(want, "", "exists", name)
		}
		add(nil, "unsupported", "exists", sdkID)
		add(map[string]any{"id": "work tree", "app": id, "environment": "dev"}, "", "version")
		a.check(repo, nil, cases)
		a.lists(repo)

		other := a.path("other")
		a.pinseal(a.root, "", "identity", "new", "-o", other)
		unavailable := []sdkCase{{sdkAsk("get_secret", "TEXT"), nil, "unavailable"}, {sdkAsk("exists", "TEXT"), nil, "unavailable"},
			{sdkAsk("list"), nil, "unavailable"}, {sdkAsk("version"), nil, "unavailable"}}
		a.check(repo, []string{"PINSEAL_AT=pin"}, unavailable)
		a.check(repo, []string{"PINSEAL_ENV=none"}, unavailable)
		a.check(a.dir, nil, unavailable)
		a.check(repo, []string{"PINSEAL_AT=HEAD"}, []sdkCase{{sdkAsk("get_secret", "TEXT"), "CANARYtext", ""}})
		a.check(repo, []string{"PINSEAL_IDENTITY_FILE=" + other}, []sdkCase{{sdkAsk("get_secret", "TEXT"), nil, "no_key"}, {sdkAsk("exists", "TEXT"), true, ""}})
	})
}

// lists holds the listing of a repository to what a server's has.
func (a *sdkApp) lists(repo string) {
	a.t.Helper()
	got := a.calls(repo, "in turn", nil, sdkAsk("list"))[0]
	rows, ok := got.Value.([]any)
	if !ok || len(rows) != len(sdkValues())+2 {
		a.t.Fatalf("%d secrets are listed: %s", len(rows), got.Message)
	}
	for _, row := range rows {
		info := row.(map[string]any)
		name := info["name"].(string)
		about, blank := "about "+name, name == "BLANK"
		if blank {
			about = ""
		}
		if name == "BAD" {
			about = "about TEXT"
		}
		if info["kind"] != "secret" || info["description"] != about || info["blank"] != blank || info["optional"] != blank || info["expires"] != "" || info["updated"] == "" {
			a.t.Errorf("listed: %v", info)
		}
	}
}

// Programs that are not as they should be.
func TestSDKOfOddPrograms(t *testing.T) {
	eachSDK(t, func(a *sdkApp) {
		n := 0
		program := func(script string) string {
			n++
			file := a.path("in", fmt.Sprint("program", n))
			a.write(file, []byte("#!/bin/sh\n"+script+"\n"))
			if err := os.Chmod(file, 0o700); err != nil {
				t.Fatal(err)
			}
			return file
		}
		var cases []sdkCase
		add := func(code, script string, timeout float64, calls ...sdkCall) {
			file := program(script)
			for _, call := range calls {
				cases = append(cases, sdkCase{call.of(map[string]any{"binary": file, "timeout": timeout}), nil, code})
			}
		}
		get, list, exists := sdkAsk("get_secret", "TEXT"), sdkAsk("list"), sdkAsk("exists", "TEXT")
		encrypt := sdkAsk("encrypt_with_key", "KEY", strings.Repeat("CANARY", 1<<15))
		add("unavailable", "exec sleep 600", 0.3, get, list, exists, encrypt)
		add("unavailable", "exec sleep 600", 0.0003, get)
		add("failed", "exec yes CANARY", 60, get, list, exists, encrypt)
		add("failed", "head -c 1048577 /dev/zero", 60, get)
		add("failed", "kill -9 $$", 60, get, list, exists, encrypt)
		for exit, code := range map[int]string{1: "failed", 2: "invalid", 3: "unavailable", 4: "no_key", 5: "not_authentic", 6: "conflict", 70: "failed"} {
			add(code, fmt.Sprintf("echo CANARY; echo warning: CANARY >&2; echo 'error: it is so' >&2; echo '  try: CANARY' >&2; exit %d", exit), 60, get, list, exists)
			add(code, fmt.Sprintf("echo CANARY >&2; exit %d", exit), 60, list, exists)
		}
		// Of an error after a value went out nothing is shown.
		add("failed", `echo "error: $(head -c 60)" >&2; exit 1`, 60, encrypt)
		add("failed", "echo CANARY", 60, list, exists, sdkAsk("version"))
		add("failed", `echo '{"secrets":[{"name":"TEXT"},"CANARY"]}'`, 60, list, exists)
		add("not_found", `[ $1 = get ] && exit 3; echo '{"secrets":[{"name":"OTHER"}]}'`, 60, get)
		add("invalid", "exit 2", 60, encrypt)
		add("failed", "echo CANARY text", 60, encrypt)
		add("failed", "printf 'Q0FOQVJZ\\n\\n'", 60, encrypt)
		add("failed", "echo "+sdkPayload("CANARY"), 60, encrypt)
		decrypt := sdkAsk("decrypt_with_key", "KEY", sdkPayload("CANARY"))
		add("failed", "printf CANARYx", 60, decrypt)
		add("invalid", "echo CANARY", 60, sdkAsk("encrypt_with_key", "KEY", strings.Repeat("x", 8<<20+1)), sdkAsk("decrypt_with_key", "KEY", strings.Repeat("A", 11184848+4)))
		for code, kind := range map[string]string{"not_found": "secret", "blank": "key"} {
			add(code, `[ $1 = encrypt ] && exit 3; echo '{"secrets":[{"name":"KEY","kind":"`+kind+`","state":"blank"}]}'`, 60, encrypt)
		}
		a.check(a.dir, nil, cases)

		key := program(`[ "$*" = "$1 --no-input --key KEY" ] || exit 9; [ $1 = encrypt ] || { base64 -d | tail -c +13 | head -c -16; exit; }
{ head -c 12 /dev/zero; cat; head -c 16 /dev/zero; } | base64 -w0`)
		of := map[string]any{"binary": key}
		a.check(a.dir, nil, []sdkCase{
			{sdkAsk("encrypt_with_key", "KEY", "CANARY").of(of), sdkPayload("CANARY"), ""},
			{sdkAsk("decrypt_with_key", "KEY", sdkPayload("CANARY")).of(of), "CANARY", ""},
			{sdkAsk("decrypt_bytes_with_key", "KEY", sdkPayload("\xff\x00")).of(of), []byte{0xff, 0}, ""},
		})
	})
}

// A program of the working directory may be anybody's.
func TestSDKNeverRunsWhatIsHere(t *testing.T) {
	eachSDK(t, func(a *sdkApp) {
		ran := a.path("in", "ran")
		a.write(filepath.Join(a.dir, "pinseal"), []byte("#!/bin/sh\necho >"+ran+"\necho CANARY\n"))
		if err := os.Chmod(filepath.Join(a.dir, "pinseal"), 0o700); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"", ".", ":", "./:../app", a.path("none")} {
			a.check(a.dir, []string{"PATH=" + path}, []sdkCase{{sdkAsk("get_secret", "TEXT"), nil, "unavailable"}, {sdkAsk("list"), nil, "unavailable"}})
		}
		a.check(a.dir, []string{"PINSEAL_BIN=./pinseal"}, []sdkCase{{sdkAsk("get_secret", "TEXT"), nil, "invalid"}})
		if _, err := os.Stat(ran); err == nil {
			t.Error("it was run")
		}
		a.check(a.dir, []string{"PATH=." + string(os.PathListSeparator) + a.dir}, []sdkCase{{sdkAsk("get_secret", "TEXT"), "CANARY\n", ""}})
	})
}
