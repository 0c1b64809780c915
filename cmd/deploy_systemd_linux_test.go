package cmd_test

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// unitDirectives are those of the units that are shown, by section.
func unitDirectives() map[string][]string {
	return map[string][]string{
		"Unit":    {"Description", "Wants", "After"},
		"Install": {"WantedBy"},
		"Service": {"Type", "ExecStartPre", "ExecStart", "LoadCredential", "Restart", "RestartSec", "User", "DynamicUser", "RuntimeDirectory",
			"RuntimeDirectoryMode", "StateDirectory", "StateDirectoryMode", "NoNewPrivileges", "ProtectSystem", "ProtectHome", "PrivateTmp",
			"PrivateDevices", "ProtectKernelTunables", "ProtectControlGroups", "CapabilityBoundingSet", "RestrictAddressFamilies",
			"SystemCallFilter", "LimitCORE", "UMask"},
	}
}

// unit holds the directives of a unit's [Service].
type unit map[string][]string

// parseUnit reads units, drop-ins after what they change. An empty value forgets what
// was there, as in systemd.
func parseUnit(t *testing.T, texts ...string) unit {
	t.Helper()
	known, u := unitDirectives(), unit{}
	for _, text := range texts {
		section := ""
		for line := range strings.Lines(text) {
			line = strings.TrimSuffix(line, "\n")
			switch key, value, ok := strings.Cut(line, "="); {
			case line == "", line[0] == '#':
			case line[0] == '[':
				section = strings.Trim(line, "[]")
			case !ok || !slices.Contains(known[section], key):
				t.Fatalf("[%s] %q is no directive", section, line)
			case section == "Service" && value == "":
				u[key] = nil
			case section == "Service":
				u[key] = append(u[key], value)
			}
		}
	}
	if len(u["ExecStart"]) != 1 {
		t.Fatalf("ExecStart= %q", u["ExecStart"])
	}
	return u
}

// one is the value of a directive that stands there once.
func (u unit) one(t *testing.T, key string) string {
	t.Helper()
	if len(u[key]) != 1 {
		t.Fatalf("%s= %q", key, u[key])
	}
	return u[key][0]
}

// start is what systemd makes of a unit: the credentials and directories of a service,
// and its environment, which has nothing else.
func (d *deployed) start(t *testing.T, u unit) (env []string) {
	t.Helper()
	env = bare("LANG=C.UTF-8", "HOME=/", "USER=shop", "INVOCATION_ID=0123456789abcdef0123456789abcdef")
	id, from, _ := strings.Cut(u.one(t, "LoadCredential"), ":")
	if from != "/etc/shop/pinseal.identity" {
		t.Fatalf("LoadCredential= of %s", from)
	}
	dir := d.dirOf("run/credentials/shop.service", 0o700)
	d.write(filepath.Join(dir, id), d.read(d.identity))
	env = append(env, "CREDENTIALS_DIRECTORY="+dir)
	for key, variable := range map[string]string{"RuntimeDirectory": "RUNTIME_DIRECTORY", "StateDirectory": "STATE_DIRECTORY"} {
		if u[key] != nil {
			env = append(env, variable+"="+d.dirOf(variable+"/"+u.one(t, key), 0o700))
		}
	}
	return env
}

// commandLine takes apart what a directive starts. The units that are shown need no
// quotes, escapes or specifiers.
func commandLine(t *testing.T, line string, env []string) []string {
	t.Helper()
	if strings.ContainsAny(line, "\"'\\%;") || !strings.HasPrefix(line, "/") {
		t.Fatalf("%q wants more than this test knows of systemd", line)
	}
	return strings.Fields(regexp.MustCompile(`\$\{(\w+)\}`).ReplaceAllStringFunc(line, func(ref string) string {
		for _, v := range env {
			if value, ok := strings.CutPrefix(v, ref[2:len(ref)-1]+"="); ok {
				return value
			}
		}
		t.Fatalf("%s is not set for %q", ref, line)
		return ""
	}))
}

func TestDeployUnit(t *testing.T) {
	t.Parallel()
	d := newDeployed(t)
	u := parseUnit(t, snippet(t, "ini", "system/shop.service\n"))
	env := d.start(t, u)
	server := d.program("server", "env; exit 7\n")
	argv := d.replaced(commandLine(t, u.one(t, "ExecStart"), env), "/usr/bin/pinseal", pinsealPath(t), "/srv/shop/prod.bundle", d.bundle, "/srv/shop/server", server)
	out, _ := d.runs(7, "/", env, argv)
	if !strings.Contains(out, "DATABASE_URL=CANARY-one\n") || strings.Contains(out, "PINSEAL") {
		t.Errorf("the server got\n%s", out)
	}

	// Without its credential it does not start.
	if err := os.RemoveAll(d.path("run/credentials")); err != nil {
		t.Fatal(err)
	}
	if out, _ := d.runs(5, "/", env, argv); out != "" {
		t.Errorf("without an identity it printed %q", out)
	}
}

func TestDeployUnitFiles(t *testing.T) {
	t.Parallel()
	d := newDeployed(t)
	d.bytes()
	u := parseUnit(t, snippet(t, "ini", "system/shop.service\n"), snippet(t, "ini", "shop.service.d/"))
	env := d.start(t, u)
	pre := d.replaced(commandLine(t, u.one(t, "ExecStartPre"), env), "/usr/bin/pinseal", pinsealPath(t), "/srv/shop/prod.bundle", d.bundle)
	d.runs(0, "/", env, pre)
	server := d.program("server", `cd "$RUNTIME_DIRECTORY/secrets" && cat DATABASE_URL && stat -c ' %a %n' . *`+"\n")
	out, _ := d.runs(0, "/", env, d.replaced(commandLine(t, u.one(t, "ExecStart"), env), "/srv/shop/server", server))
	if want := "CANARY-one 700 .\n 400 BLOB\n 400 DATABASE_URL\n 400 SESSION_KEY\n"; out != want {
		t.Errorf("the server found %q, want %q", out, want)
	}
}

func TestDeployServeUnit(t *testing.T) {
	slow(t)
	t.Parallel()
	d := newDeployed(t)
	u := parseUnit(t, snippet(t, "ini", "system/pinseal.service\n"))
	if u.one(t, "Type") != "notify" {
		t.Error("systemd does not wait")
	}
	env := d.start(t, u)
	ready := d.path("n")
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: ready, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	env = append(env, "NOTIFY_SOCKET="+ready)
	argv := d.replaced(commandLine(t, u.one(t, "ExecStart"), env), "/usr/bin/pinseal", pinsealPath(t), "https://git.example/shop.git", "file://"+d.hub)
	for _, hub := range []string{"there", "gone"} {
		c := exec.Command(argv[0], argv[1:]...)
		c.Dir, c.Env = "/", append(slices.Clone(env), "TMPDIR="+t.TempDir())
		s := d.serveBy(c)
		var told [256]byte
		n, err := l.Read(told[:])
		if err != nil || !bytes.HasPrefix(told[:n], []byte("READY=1\n")) {
			t.Errorf("remote %s: systemd was told %q, %v", hub, told[:n], err)
		}
		if !strings.HasSuffix(s.socket, "/pinseal/pinseal.sock") {
			t.Errorf("the socket is %s", s.socket)
		}
		if got := s.get("/v1/secrets/DATABASE_URL/value", 200); got != "CANARY-one" {
			t.Errorf("remote %s: it serves %q", hub, got)
		}
		s.end(syscall.SIGTERM)
		if n, err = l.Read(told[:]); err != nil || string(told[:n]) != "STOPPING=1" {
			t.Errorf("at its end systemd was told %q, %v", told[:n], err)
		}
		if hub == "there" { // the next one starts with what this one kept
			if err := os.Rename(d.hub, d.hub+".gone"); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// systemd itself takes the units without a word.
func TestDeployUnitsVerify(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("no systemd-analyze")
	}
	t.Parallel()
	w := newWorld(t)
	dir := w.path("units")
	programs := strings.NewReplacer("/usr/bin/pinseal", pinsealPath(t), "/srv/shop/server", "/bin/sh", "User=shop", "User=root")
	for name, has := range map[string]string{"shop.service": "system/shop.service\n", "shop.service.d/files.conf": "shop.service.d/", "pinseal.service": "system/pinseal.service\n"} {
		w.write(filepath.Join(dir, name), []byte(programs.Replace(snippet(t, "ini", has))))
	}
	c := exec.Command(analyze, "verify", "--man=no", filepath.Join(dir, "shop.service"), filepath.Join(dir, "pinseal.service"))
	c.Env = append(w.env, "SYSTEMD_LOG_LEVEL=warning")
	if out, err := c.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
}
