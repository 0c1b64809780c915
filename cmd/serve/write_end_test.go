package serve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"pinseal/versions"
)

// The audit names what is there, and both names of what was renamed.
func TestAuditOfWrites(t *testing.T) {
	p := &paper{Store: testPin(t, 1, testValues)}
	r := start(t, p, "tcp", Options{Write: true})
	for _, c := range []struct {
		method, path, body string
		status             int
		err                error
		want               string
	}{
		{"PATCH", "/DATABASE_URL", `{"name":"NEW"}`, 200, nil, `"event":"update","name":"NEW",…"result":"ok","renamed_from":"DATABASE_URL"}`},
		{"PATCH", "/DATABASE_URL", `{"optional":true}`, 200, nil, `"event":"update","name":"NEW",…"result":"ok"}`},
		{"PATCH", "/DATABASE_URL", `{"name":"NEW"}`, 409, ErrTaken, `"event":"update","name":"DATABASE_URL",…"result":"taken"}`},
		{"PATCH", "/NOT_THERE", `{"name":"NEW"}`, 404, nil, `"event":"update",…"result":"not_found"}`},
		{"DELETE", "/DATABASE_URL", "", 409, versions.ErrConflict, `"event":"delete","name":"DATABASE_URL",…"result":"conflict"}`},
		{"DELETE", "/NOT_THERE", "", 404, nil, `"event":"delete",…"result":"not_found"}`},
		{"POST", "", `{"name":"NEW"}`, 409, ErrTaken, `"event":"create",…"result":"taken"}`},
	} {
		p.err = c.err
		r.do(r.request(c.method, "/v1/secrets"+c.path, c.body), c.status)
		lines := strings.Split(strings.TrimSpace(r.audit.String()), "\n")
		before, after, _ := strings.Cut(c.want, "…")
		if got := lines[len(lines)-1]; !strings.Contains(got, before+`"version"`) || !strings.HasSuffix(got, after) {
			t.Errorf("%s %s: %s", c.method, c.path, got)
		}
	}
}

// TestOnlyTheOwnUserWrites holds that who may read may not write.
func TestOnlyTheOwnUserWrites(t *testing.T) {
	p, audit := &paper{Store: testPin(t, 1, testValues)}, &lockedBuffer{}
	s := New(p, Options{Write: true, UIDs: []int{4242}, Audit: audit, Now: time.Now, Log: func(error) {}})
	for uid, status := range map[int]int{os.Getuid(): 204, 4242: 403} {
		w := &recorder{header: http.Header{}}
		req, err := http.NewRequest("DELETE", "/v1/secrets/DATABASE_URL", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.RequestURI = "/v1/secrets/DATABASE_URL"
		p.told = ""
		(&front{server: s}).ServeHTTP(w, req.WithContext(context.WithValue(req.Context(), peerKey{}, &peer{unix: true, uid: uid, allowed: true})))
		if w.status != status || (p.told == "") != (status == 403) {
			t.Errorf("uid %d: %d %s %s", uid, w.status, &w.body, p.told)
		}
	}
	if !strings.Contains(audit.String(), `"event":"denied","version":"pin:1:abc","uid":4242,`) {
		t.Error(audit)
	}
}

// slow is a Writer whose change ends when it is given up.
type slow struct {
	paper
	begun, given chan struct{}
}

func (s *slow) Delete(context.Context, string, string) error {
	close(s.begun)
	<-s.given
	return versions.ErrConflict
}

func (s *slow) GiveUp() { close(s.given) }

// TestEndDuringAWrite holds that what became of a write is in the audit before the
// server has ended, and that the client is told.
func TestEndDuringAWrite(t *testing.T) {
	store := &slow{paper: paper{Store: testPin(t, 1, testValues)}, begun: make(chan struct{}), given: make(chan struct{})}
	r := start(t, store, "tcp", Options{Write: true}, times{header: time.Minute, body: time.Minute, idle: time.Minute, reply: time.Minute, shutdown: 50 * time.Millisecond})
	told := make(chan string)
	go func() {
		res, err := r.client.Do(r.request("DELETE", "/v1/secrets/DATABASE_URL", ""))
		if err != nil {
			told <- err.Error()
			return
		}
		res.Body.Close()
		told <- res.Status
	}()
	<-store.begun
	if err := r.stop(); err != nil {
		t.Error(err)
	}
	if got := r.audit.String(); !strings.Contains(got, `"event":"delete","name":"DATABASE_URL"`) || !strings.Contains(got, `"result":"conflict"`) {
		t.Errorf("the audit has %q", got)
	}
	<-told // the reply, or that the connection is gone
}

// TestRefusedBodyIsRead holds that who sends all of a body before it reads is told why
// it was refused.
func TestRefusedBodyIsRead(t *testing.T) {
	r := start(t, &paper{Store: testPin(t, 1, testValues)}, "unix", Options{Write: true})
	for _, c := range []struct {
		path   string
		length int
		status string
	}{{"/v1/keys/DATABASE_URL/encrypt", MaxBody, "404"}, {"/v1/secrets", 3 * MaxBody, "413"}, {"/v1/nothing", MaxBody, "404"}} {
		conn, err := net.Dial("unix", r.address)
		if err != nil {
			t.Fatal(err)
		}
		head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", c.path, c.length)
		if _, err := io.WriteString(conn, head+strings.Repeat(" ", c.length)); err != nil {
			t.Errorf("%s: %v", c.path, err)
		}
		reply, err := io.ReadAll(conn)
		if err != nil && !errors.Is(err, io.EOF) || !strings.HasPrefix(string(reply), "HTTP/1.1 "+c.status) {
			t.Errorf("%s: %.100s %v", c.path, reply, err)
		}
		conn.Close()
	}
}
