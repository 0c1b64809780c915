package cmd_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// An identity that was given and is none is what is told, not what would be asked of
// nobody.
func TestHandedIdentityIsNone(t *testing.T) {
	t.Parallel()
	d := newDeployed(t)
	dir := d.dirOf("credentials", 0o700)
	d.write(filepath.Join(dir, "pinseal.identity"), []byte("no identity\n"))
	argv := []string{pinsealPath(t), "exec", "--bundle", d.bundle, "--", "true"}
	for _, given := range []string{"CREDENTIALS_DIRECTORY=" + dir, "PINSEAL_IDENTITY_FILE=" + d.path("none"), "PINSEAL_IDENTITY=none"} {
		if _, talk := d.runs(4, "/", bare(given), argv); !strings.HasPrefix(talk, "error: identity ") {
			t.Errorf("%s: it says\n%s", given, talk)
		}
	}
	d.runs(4, d.dir, bare("HOME=/", "CREDENTIALS_DIRECTORY="+dir), []string{argv[0], "exec", "--at", "pin", "--", "true"})
}

// A Kubernetes volume is root's, and for its pod's group to read.
func TestTokenOfAVolume(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root makes what is another's")
	}
	t.Parallel()
	d := newDeployed(t)
	dir := d.socketDir()
	for name, file := range map[string]string{"identity": d.identity, "bundle": d.bundle} {
		d.write(filepath.Join(dir, name), d.read(file))
	}
	d.write(filepath.Join(dir, "token"), []byte("0123456789abcdef0123456789abcdef\n"))
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	token := filepath.Join(dir, "token")
	serve := func(owner int) *exec.Cmd {
		if err := os.Chown(token, owner, 65532); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(token, 0o440); err != nil {
			t.Fatal(err)
		}
		program, err := os.Open(pinsealPath(t)) // which is in a directory of root's
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { program.Close() })
		c := exec.Command("/proc/self/fd/3", "serve", "--bundle", dir+"/bundle", "--listen", "127.0.0.1:0", "--token-file", token)
		c.Args[0], c.Dir, c.Env, c.ExtraFiles = "pinseal", "/", bare("PINSEAL_IDENTITY_FILE="+dir+"/identity"), []*os.File{program}
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65532, Gid: 65532}}
		return c
	}
	s := d.serveBy(serve(0))
	if got := s.get("/v1/secrets/DATABASE_URL/value", 200); got != "CANARY-one" {
		t.Errorf("it serves %q", got)
	}
	s.end(syscall.SIGTERM)
	if out, err := serve(65532).CombinedOutput(); err == nil || !strings.Contains(string(out), "can be read by others") {
		t.Errorf("with its own: %v %s", err, out)
	}
}
