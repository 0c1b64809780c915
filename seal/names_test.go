package seal

import (
	"errors"
	"strings"
	"testing"
)

func TestCheckNames(t *testing.T) {
	checks := map[string]func(string) error{"secret": CheckSecretName, "app": CheckAppName, "environment": CheckEnvironment, "member": CheckMember}
	long := strings.Repeat("a", 25)
	good := map[string][]string{
		"secret":      {"A", "_", "a.b-c_d", "DATABASE_URL", "key.1", "default", "keys", "admin", "com", "com0", "com10", "console", "x.con", strings.Repeat("a", 64)},
		"app":         {"a", "shop", "a-1", "a-", long, "com0"},
		"environment": {"a", "dev", "production", long + "aaaaaaa"},
		"member":      {"a", "alice", "web-1", long + "aaaaaaa"},
	}
	bad := map[string][]string{
		"secret":      {"", "1A", ".a", "-a", "a.", "a b", "a/b", "a\\b", "ä", "A=b", "=", "a\x00", "a\n", "..", "con", "CON", "Con.x", "nul", "com1", "LPT9.txt", "aux.", strings.Repeat("a", 65)},
		"app":         {"", "A", "1", "-a", "a_b", "a.b", "default", "keys", "admin", "con", "nul", "com9", long + "a", "a\n", "ä"},
		"environment": {"", "Dev", "a.b", "default", "keys", "admin", "prn", "lpt1", long + "aaaaaaaa"},
		"member":      {"", "Alice", "a@b", "default", "keys", "admin", "aux", long + "aaaaaaaa"},
	}
	for kind, check := range checks {
		for _, s := range good[kind] {
			if err := check(s); err != nil {
				t.Errorf("%s %q: %v", kind, s, err)
			}
		}
		for _, s := range bad[kind] {
			err := check(s)
			e := new(NameError)
			if !errors.As(err, &e) || e.Kind != kind || e.Reason == "" {
				t.Errorf("%s %q: got %v", kind, s, err)
			}
		}
	}
}

func TestNameErrorsDoNotEcho(t *testing.T) {
	for _, s := range []string{"API_KEY=hunter22", "hunter22 hunter22", "hunter22\x1b[2J", strings.Repeat("hunter22", 20), "9hunter22", "hunter22."} {
		err := CheckSecretName(s)
		e := new(NameError)
		if !errors.As(err, &e) {
			t.Fatalf("no error for a bad name")
		}
		if strings.Contains(err.Error(), "hunter22") {
			t.Errorf("error echoes: %v", err)
		}
		if e.Name != "" && s != "hunter22." {
			t.Errorf("error keeps a name that is not one")
		}
	}
}

func TestSlots(t *testing.T) {
	for s, want := range map[string]struct {
		power Power
		env   string
	}{
		"admin": {Administer, ""}, "dev.read": {Read, "dev"}, "production.publish": {Publish, "production"}, "a-b.read": {Read, "a-b"},
	} {
		slot, err := ParseSlot(s)
		if err != nil || slot.Power() != want.power || slot.Environment() != want.env {
			t.Errorf("%q: %v, %v, %q", s, err, slot.Power(), slot.Environment())
		}
	}
	if ReadSlot("dev") != "dev.read" || PublishSlot("dev") != "dev.publish" {
		t.Error("slot names")
	}
	for _, s := range []string{"", "Admin", "admin.read", "dev", "dev.", ".read", "dev.write", "dev.read.read", "dev.read ", "Dev.read", "keys.read", "con.read", "dev.Read", "a.b.read", strings.Repeat("a", 33) + ".read"} {
		if _, err := ParseSlot(s); err == nil {
			t.Errorf("%q is taken for a slot", s)
		}
	}
	for p, want := range map[Power]string{Administer: "admin", Read: "read", Publish: "publish", 0: "none"} {
		if p.String() != want {
			t.Errorf("power %d prints %q", int(p), p)
		}
	}
}

func TestAppID(t *testing.T) {
	id := NewAppID(seedKey(t, Admin, 1, 1).Public())
	s := id.String()
	if len(s) != 26 || id.IsZero() || !(AppID{}).IsZero() {
		t.Errorf("id %q", s)
	}
	back, err := ParseAppID(s)
	if err != nil || back != id {
		t.Errorf("parse: %v", err)
	}
	if text, err := id.MarshalText(); err != nil || string(text) != s {
		t.Error("marshals as another text")
	}
	zero := strings.Repeat("a", 26)
	if id, err := ParseAppID(zero); err != nil || !id.IsZero() {
		t.Errorf("zero id: %v", err)
	}
	for _, bad := range []string{"", s[:25], s + "a", strings.ToUpper(s), s[:25] + "1", s[:25] + "=", zero[:25] + "b", zero[:25] + "\n", " " + s[1:], s[:24] + "\r\n", "ſ" + s[2:]} {
		if _, err := ParseAppID(bad); err == nil {
			t.Errorf("%q is taken for an id", bad)
		}
	}
}
