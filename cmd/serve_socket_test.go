//go:build unix

package cmd_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

func TestServeStaleSocket(t *testing.T) {
	slow(t)
	w := newWorld(t)
	dir, _ := w.servedApp()
	socket := filepath.Join(w.socketDir(), "s")
	s := w.serve(dir, "-e", "production", "--at", "pin", "--socket", socket)
	if err := s.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for range s.said.lines {
	}
	if _, err := os.Lstat(socket); err != nil {
		t.Fatal("a server that was killed took its socket with it")
	}
	s = w.serve(dir, "-e", "production", "--at", "pin", "--socket", socket, "--allow-uid", "4242", "--allow-uid", "4243")
	if info, err := os.Lstat(socket); err != nil || info.Mode().Perm() != 0o666 {
		t.Errorf("%v %v", info, err)
	}
	s.get("/v1/secrets", 200)
	// One that took the name meanwhile is not ours to remove.
	if err := os.Remove(socket); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s.socket = ""
	s.end(syscall.SIGTERM)
	if _, err := os.Lstat(socket); err != nil {
		t.Error(err)
	}
}

// TestServeUnderSystemd plays the service manager: it is told, and hands over a socket.
func TestServeUnderSystemd(t *testing.T) {
	slow(t)
	w := newWorld(t)
	dir, _ := w.servedApp()
	run := w.socketDir()
	told, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(run, "notify"), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer told.Close()
	l, err := net.Listen("unix", filepath.Join(run, "handed"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	file, err := l.(*net.UnixListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	program, err := exec.LookPath("pinseal")
	if err != nil {
		t.Fatal(err)
	}
	git, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	// No program that is started has what was handed over.
	bin := w.path("bin")
	w.write(filepath.Join(bin, "git"), []byte("#!/bin/sh\necho >>'"+w.path("started")+"'\nif [ -e /dev/fd/3 ]; then echo >>'"+w.path("leaked")+"'; fi\nexec '"+git+"' \"$@\"\n"))
	if err := os.Chmod(filepath.Join(bin, "git"), 0o700); err != nil {
		t.Fatal(err)
	}
	c := exec.Command("sh", "-c", `LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" serve -e production --at pin`, program)
	c.Dir, c.Env, c.ExtraFiles = dir, append(w.env, "NOTIFY_SOCKET="+filepath.Join(run, "notify"), "PATH="+bin+":"+os.Getenv("PATH")), []*os.File{file}
	s := w.serveBy(c)
	if s.socket != filepath.Join(run, "handed") {
		t.Error(s.socket)
	}
	s.get("/v1/secrets", 200)
	if _, err := os.Lstat(w.path("started")); err != nil {
		t.Error("git was not started, and so nothing is known")
	}
	if _, err := os.Lstat(w.path("leaked")); err == nil {
		t.Error("git was handed the socket")
	}
	s.socket = "" // it is systemd's
	s.end(syscall.SIGTERM)
	state := make([]byte, 1000)
	for _, want := range []string{"READY=1\nSTATUS=serving pin 1 of production", "STOPPING=1"} {
		n, err := told.Read(state)
		if err != nil || string(state[:n]) != want {
			t.Errorf("%q, want %q (%v)", state[:n], want, err)
		}
	}
	if _, err := os.Lstat(filepath.Join(run, "handed")); err != nil {
		t.Error(err)
	}
}
