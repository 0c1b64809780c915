package cmd

import (
	"bytes"
	"strings"
	"testing"

	"pinseal/seal"
	"pinseal/seal/spelling"
)

// A place may have any name, and comes back byte for byte.
func TestPlacesAreSpelled(t *testing.T) {
	for place, want := range map[string]string{
		"/home/ada/shop/.git":        "/home/ada/shop/.git",
		"/home/ada/ünï 日本/.git":      "/home/ada/ünï 日本/.git",
		`/a "b" \c`:                  `/a "b" \c`,
		"/my\u00a0files":             "/my%C2%A0files",
		"/\u200d\u202e\ufeff":        "/%E2%80%8D%E2%80%AE%EF%BB%BF",
		"/latin-\xe9/\xff":           "/latin-%E9/%FF",
		"/replaced \ufffd":           "/replaced \ufffd",
		"/line\nend\x1b[2J\x7f":      "/line%0Aend%1B[2J%7F",
		"https://host/100%25/%C2%A0": "https://host/100%2525/%25C2%25A0",
	} {
		if got := spellPlace(place); got != want || spelling.CheckText(got, 1<<10) != nil {
			t.Errorf("%q is spelled %q, want %q", place, got, want)
		}
		k := &knownApps{}
		k.setApp(place, "shop", seal.AppID{1}, "shop")
		data, err := k.bytes()
		if err != nil {
			t.Errorf("%q: %v", place, err)
			continue
		}
		back, err := parseKnownApps(data)
		if err != nil {
			t.Errorf("%q: %v", place, err)
			continue
		}
		if _, ok := back.app(place, "shop"); !ok || back.place(place) == nil {
			t.Errorf("%q came back as %+v", place, back)
		}
	}
}

// Of a place there is one spelling.
func TestPlaceSpellings(t *testing.T) {
	k := &knownApps{}
	k.setApp("/%\x1b", "shop", seal.AppID{1}, "")
	good, err := k.bytes()
	if err != nil || strings.Count(string(good), "/%25%1B") != 2 {
		t.Fatalf("%v\n%s", err, good)
	}
	for _, bad := range []string{"/%25%1b", "/%25%1", "/%25%zz", "/%%1B", "/%2F%25%1B", "/%25%1B%41"} {
		if _, err := parseKnownApps(bytes.ReplaceAll(good, []byte("/%25%1B"), []byte(bad))); err == nil {
			t.Errorf("%q is read", bad)
		}
	}
}

// Spellings of one remote have one name, different remotes never, and no name
// holds a password.
func TestNormalURL(t *testing.T) {
	for raw, want := range map[string]string{
		"/srv/app":                  "/srv/app",
		"/srv/./app/":               "/srv/app",
		"file:///srv/app":           "/srv/app",
		"../app":                    "",
		"app":                       "",
		"./host:app":                "",
		"c:/app":                    "",
		"":                          "",
		"file://me:CANARY@host/app": "file://host/app",

		"https://host/app":              "https://host/app",
		"https://host/app.git/":         "https://host/app",
		"https://HOST:443/app":          "https://host/app",
		"https://host:444/app":          "https://host:444/app",
		"https://me@host/app":           "https://host/app",
		"https://me:CANARY@host/app":    "https://host/app",
		"https://me:CAN%41RY@host/app":  "https://host/app",
		"https://me:%zzCANARY@host/app": "https://host/app",
		"https://me:^CANARY@host/app":   "https://host/app",
		"https://me:CAN@ARY@host/app":   "https://host/app",
		"https://me:CAN?ARY@host/app":   "",
		"https://me:CAN#ARY@host/app":   "",
		"https://me:CAN/ARY@host/app":   "",
		"https://evil?@host/app":        "",
		"https://evil#@host/app":        "",
		`https://evil\\@host/app`:       "",
		"https://":                      "",
		"https:///app":                  "",
		"https://host/app?project=evil": "https://host/app?project=evil",
		"https://host/app?":             "https://host/app?",
		"https://host//app":             "https://host//app",
		"https://host/a%2Fb":            "https://host/a%2Fb",
		"https://host/100%":             "https://host/100%",
		"https://[::1]:443/app":         "https://[::1]/app",

		"ssh://me@host/app":                  "ssh://me@host/app",
		"ssh://me:CANARY@host:22/app":        "ssh://me@host/app",
		"ssh://evil@host/app":                "ssh://evil@host/app",
		"me@host:/app.git":                   "ssh://me@host/app",
		"me:PWD@host:app":                    "",
		"https:me:PWD@host/app":              "",
		"me@host:app.git":                    "me@host:app",
		"me@HOST:app":                        "me@host:app",
		"evil@host:app.git":                  "evil@host:app",
		"host:app":                           "host:app",
		"host:/app":                          "ssh://host/app",
		"ssh://host/app":                     "ssh://host/app",
		"ssh://me@host/~/app":                "ssh://me@host/~/app",
		"helper::https://me:CANARY@host/app": "",
		"helper::me:CANARY@host/app":         "",
	} {
		got := normalURL(raw)
		if got != want || strings.Contains(got, "CAN") {
			t.Errorf("%s is %q, want %q", raw, got, want)
		}
	}
}
