package cmd_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// transport is a way to reach the bare repository "hub" below a directory.
type transport struct {
	name string
	// serve returns the repository's URL, and what a client's environment needs.
	serve func(t *testing.T, hub string) (url string, env []string)
}

func transports() []transport {
	return []transport{{"file", serveFile}, {"ssh", serveSSH}, {"http", serveHTTP}}
}

func serveFile(_ *testing.T, hub string) (string, []string) {
	return "file://" + filepath.ToSlash(hub), nil
}

// serverWorld is the environment of a server's processes: a home of its own.
func serverWorld(t *testing.T) *world {
	t.Helper()
	return newWorld(t)
}

// Who may push over HTTP.
const (
	httpUser     = "ada"
	httpPassword = "correct-horse"
)

// serveHTTP runs git http-backend for whoever gives the right name and password.
func serveHTTP(t *testing.T, hub string) (string, []string) {
	w := serverWorld(t)
	w.git(hub, "config", "http.receivepack", "true")
	backend := &cgi.Handler{Path: filepath.Join(w.git(hub, "--exec-path"), "git-http-backend"), Stderr: io.Discard,
		Env: append(w.env[:len(w.env):len(w.env)], "GIT_PROJECT_ROOT="+filepath.Dir(hub), "GIT_HTTP_EXPORT_ALL=1", "REMOTE_USER="+httpUser)}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != httpUser || password != httpPassword {
			rw.Header().Set("WWW-Authenticate", `Basic realm="git"`)
			http.Error(rw, "who are you?", http.StatusUnauthorized)
			return
		}
		backend.ServeHTTP(rw, r)
	}))
	t.Cleanup(server.Close)
	helper := "!f() { test \"$1\" = get && echo username=" + httpUser + " && echo password=" + httpPassword + "; }; f"
	return server.URL + "/" + filepath.Base(hub), []string{"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=credential.helper", "GIT_CONFIG_VALUE_0=" + helper}
}

// serveSSH is a server that runs git for whoever has the one key.
func serveSSH(t *testing.T, hub string) (string, []string) {
	client, err := exec.LookPath("ssh")
	if err != nil {
		t.Skip("no ssh client here")
	}
	w := serverWorld(t)
	host, _ := newSSHKey(t, w, "host")
	user, file := newSSHKey(t, w, "user")
	config := &ssh.ServerConfig{PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		if string(key.Marshal()) != string(user.PublicKey().Marshal()) {
			return nil, fmt.Errorf("another key")
		}
		return nil, nil
	}}
	config.AddHostKey(host)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			running.Go(func() { w.session(conn, config, hub) })
		}
	})
	t.Cleanup(func() { listener.Close(); running.Wait() })
	address := listener.Addr().String()
	w.write(w.path("known_hosts"), []byte(knownhosts.Line([]string{address}, host.PublicKey())+"\n"))
	_, port, _ := net.SplitHostPort(address)
	return "ssh://git@127.0.0.1:" + port + filepath.ToSlash(hub), []string{"GIT_SSH_VARIANT=ssh", "GIT_SSH_COMMAND=" + client + " -F /dev/null -i " + file +
		" -o IdentitiesOnly=yes -o IdentityAgent=none -o BatchMode=yes -o StrictHostKeyChecking=yes -o UserKnownHostsFile=" + w.path("known_hosts")}
}

func newSSHKey(t *testing.T, w *world, name string) (ssh.Signer, string) {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(key, "")
	if err != nil {
		t.Fatal(err)
	}
	file := w.path(name)
	w.writePrivate(file, pem.EncodeToMemory(block))
	return signer, file
}

// session serves one connection: git-upload-pack or git-receive-pack of the hub.
func (w *world) session(conn net.Conn, config *ssh.ServerConfig, hub string) {
	defer conn.Close()
	_, channels, requests, err := ssh.NewServerConn(conn, config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for offered := range channels {
		if offered.ChannelType() != "session" {
			_ = offered.Reject(ssh.UnknownChannelType, "sessions only")
			continue
		}
		channel, requests, err := offered.Accept()
		if err != nil {
			return
		}
		for request := range requests {
			if request.Type != "exec" {
				_ = request.Reply(request.Type == "env", nil)
				continue
			}
			_ = request.Reply(true, nil)
			status := struct{ Code uint32 }{w.serveGit(channel, request.Payload, hub)}
			_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(status))
			channel.Close()
		}
	}
}

// serveGit runs what a client asks for, which is one of two commands.
func (w *world) serveGit(channel ssh.Channel, payload []byte, hub string) uint32 {
	var asked struct{ Line string }
	if ssh.Unmarshal(payload, &asked) != nil {
		return 128
	}
	command, dir, _ := strings.Cut(asked.Line, " ")
	verb := strings.TrimPrefix(command, "git-")
	if !slices.Contains([]string{"upload-pack", "receive-pack"}, verb) || strings.Trim(dir, "'") != hub {
		fmt.Fprintln(channel.Stderr(), "not here")
		return 128
	}
	c := exec.Command("git", verb, hub)
	c.Env, c.Stdout, c.Stderr = w.env, channel, channel.Stderr()
	in, err := c.StdinPipe()
	if err != nil || c.Start() != nil {
		return 128
	}
	go func() {
		_, _ = io.Copy(in, channel) // ends when the client or the channel does
		in.Close()
	}()
	_ = c.Wait()
	return uint32(c.ProcessState.ExitCode())
}
