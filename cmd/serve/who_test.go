package serve

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestTokenAndHost(t *testing.T) {
	r := start(t, testPin(t, 1, testValues), "tcp", Options{})
	for _, c := range []struct {
		name, path, host string
		auth             []string
		want             int
	}{
		{"right", "/v1/secrets", "", []string{"Bearer " + testToken}, 200},
		{"scheme in capitals", "/v1/secrets", "", []string{"BEARER " + testToken}, 200},
		{"none", "/v1/secrets", "", nil, 401},
		{"wrong", "/v1/secrets", "", []string{"Bearer " + canary}, 401},
		{"longer", "/v1/secrets", "", []string{"Bearer " + testToken + "x"}, 401},
		{"shorter", "/v1/secrets", "", []string{"Bearer " + testToken[1:]}, 401},
		{"empty", "/v1/secrets", "", []string{"Bearer "}, 401},
		{"another scheme", "/v1/secrets", "", []string{"Basic " + testToken}, 401},
		{"no scheme", "/v1/secrets", "", []string{testToken}, 401},
		{"twice", "/v1/secrets", "", []string{"Bearer " + testToken, "Bearer " + testToken}, 401},
		{"in the query", "/v1/secrets?token=" + testToken, "", nil, 401},
		{"in the query of an open path", "/v1/health?access_token=" + testToken, "", nil, 400},
		{"unknown path", "/", "", nil, 401},
		{"metrics", "/metrics", "", nil, 401},
		{"version", "/v1/version", "", nil, 401},
		{"health", "/v1/health", "", nil, 200},
		{"health of a rebound name", "/v1/health", "evil.example", nil, 403},
		{"rebound name", "/v1/secrets", "evil.example", []string{"Bearer " + testToken}, 403},
		{"rebound name with a port", "/v1/secrets", "evil.example:80", []string{"Bearer " + testToken}, 403},
		{"name that begins like ours", "/v1/secrets", "localhost.evil.example", []string{"Bearer " + testToken}, 403},
		{"address in a name", "/v1/secrets", "127.0.0.1.evil.example", []string{"Bearer " + testToken}, 403},
		{"another address", "/v1/secrets", "192.0.2.1", []string{"Bearer " + testToken}, 403},
		{"any address", "/v1/secrets", "0.0.0.0", []string{"Bearer " + testToken}, 403},
		{"loopback", "/v1/secrets", "127.0.0.1:7465", []string{"Bearer " + testToken}, 200},
		{"loopback 6", "/v1/secrets", "[::1]:7465", []string{"Bearer " + testToken}, 200},
		{"loopback 6 alone", "/v1/secrets", "[::1]", []string{"Bearer " + testToken}, 200},
		{"name", "/v1/secrets", "LocalHost:1", []string{"Bearer " + testToken}, 200},
	} {
		req, err := http.NewRequest("GET", "http://localhost"+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host, req.Header["Authorization"] = c.host, c.auth
		t.Run(c.name, func(t *testing.T) {
			at := *r
			at.t = t
			body, header := at.do(req, c.want)
			if c.want != 200 && (strings.Contains(body, "CANARY") || strings.Contains(body, testToken)) {
				t.Error(body)
			}
			if c.want == 401 && (header.Get("Www-Authenticate") != "Bearer" || code(t, body) != codeUnauthorized) {
				t.Error(header, body)
			}
			for key := range header {
				if strings.HasPrefix(key, "Access-Control") {
					t.Errorf("%s", key)
				}
			}
		})
	}
	audit := r.audit.String()
	if strings.Contains(audit, testToken) || !strings.Contains(audit, `"event":"denied"`) || !strings.Contains(audit, `"remote":"127.0.0.1:`) {
		t.Error(audit)
	}
	if metrics := r.get("/metrics", 200); !strings.Contains(metrics, `pinseal_denied_total{result="forbidden"} 7`+"\n") {
		t.Error(metrics)
	}
}

// TestListeners holds that values are told on a unix socket and on a loopback address
// with a token, and nowhere else.
func TestListeners(t *testing.T) {
	for address, token := range map[string]string{"0.0.0.0:0": testToken, "127.0.0.1:0": "", "[::]:0": testToken} {
		l, err := net.Listen("tcp", address)
		if err != nil {
			t.Log(err) // no IPv6
			continue
		}
		s := New(testPin(t, 1, testValues), Options{Token: []byte(token), Audit: &lockedBuffer{}, Now: time.Now, Log: func(error) {}})
		if err := s.Serve(context.Background(), l); err == nil {
			t.Errorf("%s with token %q is served", address, token)
		}
		if _, err := l.Accept(); err == nil {
			t.Errorf("%s is open still", address)
		}
	}
}

// TestOtherUser asks as another user of this machine.
func TestOtherUser(t *testing.T) {
	setpriv, err := exec.LookPath("setpriv")
	if os.Getuid() != 0 || err != nil || runtime.GOOS != "linux" {
		t.Skip("wants root and setpriv")
	}
	curl, err := exec.LookPath("curl")
	if err != nil {
		t.Skip("wants curl")
	}
	ask := func(r *running, path string) string {
		t.Helper()
		for file, mode := range map[string]os.FileMode{r.address: 0o666, filepath.Dir(r.address): 0o755} {
			if err := os.Chmod(file, mode); err != nil {
				t.Fatal(err)
			}
		}
		c := exec.Command(setpriv, "--reuid=4242", "--regid=4242", "--clear-groups", curl, "-sS", "--unix-socket", r.address, "http://localhost"+path)
		out, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return string(out)
	}
	r := start(t, testPin(t, 1, testValues), "unix", Options{})
	for _, path := range []string{"/v1/secrets/DATABASE_URL", "/v1/secrets", "/v1/health", "/metrics", "/x"} {
		if body := ask(r, path); code(t, body) != codeForbidden || strings.Contains(body, "CANARY") || strings.Contains(body, "pin:1") {
			t.Error(body)
		}
	}
	if audit := r.audit.String(); !strings.Contains(audit, `"event":"denied","version":"pin:1:abc","uid":4242,"pid":`) {
		t.Error(audit)
	}
	r = start(t, testPin(t, 1, testValues), "unix", Options{UIDs: []int{1, 4242}})
	if body := ask(r, "/v1/secrets/DATABASE_URL/value"); body != testValues["DATABASE_URL"] {
		t.Error(body)
	}
	r.get("/v1/secrets", 200) // and the own user
}

// TestNobody holds that a request of which it is not known who sent it is denied.
func TestNobody(t *testing.T) {
	s := New(testPin(t, 1, testValues), Options{Audit: &lockedBuffer{}, Now: time.Now, Log: func(error) {}})
	w := &recorder{header: http.Header{}}
	req, err := http.NewRequest("GET", "/v1/secrets/DATABASE_URL", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.RequestURI = "/v1/secrets/DATABASE_URL"
	(&front{server: s}).ServeHTTP(w, req)
	if w.status != 403 || bytes.Contains(w.body.Bytes(), []byte("CANARY")) {
		t.Errorf("%d %s", w.status, &w.body)
	}
}

type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header            { return r.header }
func (r *recorder) WriteHeader(status int)         { r.status = status }
func (r *recorder) Write(data []byte) (int, error) { return r.body.Write(data) }
