//go:build unix

package cmd_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// serving is a server in a process of its own.
type serving struct {
	t      testing.TB
	cmd    *exec.Cmd
	socket string // "" over TCP
	base   string // of URLs
	token  string
	client *http.Client
	said   *saidLines
	ended  chan error
}

// saidLines is what a process says, line by line.
type saidLines struct {
	mu    sync.Mutex
	text  bytes.Buffer
	lines chan string
}

func (s *saidLines) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// await returns the first group of the first line from here on that matches.
func (s *saidLines) await(t testing.TB, pattern string) string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	for line := range s.lines {
		if m := re.FindStringSubmatch(line); m != nil {
			return m[len(m)-1]
		}
	}
	t.Fatalf("nothing said matches %s:\n%s", pattern, s)
	return ""
}

// socketDir is a directory for a socket, whose path is short.
func (w *world) socketDir() string {
	w.Helper()
	dir, err := os.MkdirTemp("", "ps")
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// serve starts a server and waits until it says that it serves.
func (w *world) serve(dir string, args ...string) *serving {
	w.Helper()
	return w.serveBy(w.command(dir, append([]string{"serve"}, args...)...))
}

func (w *world) serveBy(c *exec.Cmd) *serving {
	w.Helper()
	s := &serving{t: w, cmd: c, said: &saidLines{lines: make(chan string, 1000)}, ended: make(chan error, 1)}
	stderr, err := c.StderrPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		w.Fatal(err)
	}
	go func() {
		scanner := bufio.NewScanner(stderr)
		for scanner.Scan() {
			s.said.mu.Lock()
			s.said.text.WriteString(scanner.Text() + "\n")
			s.said.mu.Unlock()
			s.said.lines <- scanner.Text()
		}
		close(s.said.lines)
		s.ended <- c.Wait()
	}()
	w.Cleanup(func() {
		c.Process.Kill()
		for range s.said.lines { // until it has ended
		}
		if strings.Contains(s.said.String(), "CANARY") {
			w.Errorf("a value was said:\n%s", s.said)
		}
	})
	export := s.said.await(w, `^Serving .*: export (.*)`)
	network, address := "unix", ""
	for _, word := range strings.Fields(export) {
		key, value, _ := strings.Cut(word, "=")
		switch key {
		case "PINSEAL_SOCKET":
			s.base, s.socket, address = "http://localhost", value, value
		case "PINSEAL_URL":
			s.base, network, address = value, "tcp", strings.TrimPrefix(value, "http://")
		case "PINSEAL_TOKEN_FILE":
			s.token = strings.TrimSpace(string(w.read(value)))
		}
	}
	s.client = &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, address)
	}}}
	w.Cleanup(s.client.CloseIdleConnections)
	return s
}

// get returns the body of a reply, which must have the status.
func (s *serving) get(path string, status int) string {
	s.t.Helper()
	req, err := http.NewRequest("GET", s.base+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	res, err := s.client.Do(req)
	if err != nil {
		s.t.Fatalf("%v\n%s", err, s.said)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != status {
		s.t.Fatalf("%s: status %d, want %d: %s %v\n%s", path, res.StatusCode, status, body, err, s.said)
	}
	return string(body)
}

// end sends a signal, and wants exit code 0.
func (s *serving) end(sig os.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
	for range s.said.lines {
	}
	if err := <-s.ended; err != nil {
		s.t.Errorf("%s: %v\n%s", sig, err, s.said)
	}
	if s.socket != "" {
		if _, err := os.Lstat(s.socket); err == nil {
			s.t.Errorf("%s is left", s.socket)
		}
	}
}

// servedApp is an app with a pin of production and values in dev.
func (w *world) servedApp() (dir, id string) {
	w.Helper()
	dir, id = w.newApp("shop", "--env", "dev,production")
	for _, env := range []string{"dev", "production"} {
		w.pinseal(dir, "CANARY-"+env, "set", "DATABASE_URL", "-e", env, "--about", "Primary")
		w.pinseal(dir, `{"CANARY":1}`, "set", "CONFIG", "-e", env)
	}
	w.pinseal(dir, "", "set", "LATER", "-e", "production", "--blank", "--optional")
	w.commit(dir, "app")
	w.pinseal(dir, "", "publish", "production", "--first")
	return dir, id
}
