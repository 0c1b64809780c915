package serve

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestDenials(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	var d denials
	eve, bob, far := &peer{unix: true, uid: 1001}, &peer{unix: true, uid: 1002}, &peer{remote: "127.0.0.1:4242"}
	steps := []struct {
		later time.Duration
		who   *peer
		code  string
		times int
		want  int // of the last
	}{
		{0, eve, codeForbidden, 5, 1},
		{0, eve, codeForbidden, 995, 0},
		{0, bob, codeForbidden, 1, 1}, // has his own
		{0, far, codeUnauthorized, 6, 0},
		{0, &peer{remote: "127.0.0.2:1"}, codeUnauthorized, 1, 0}, // the same
		{0, far, codeForbidden, 1, 1},
		{999 * time.Millisecond, eve, codeForbidden, 1, 0},
		{time.Millisecond, eve, codeForbidden, 1, 997},
		{0, eve, codeForbidden, 1, 0},
		{0, far, codeUnauthorized, 1, 3},
		{-time.Hour, far, codeUnauthorized, 1, 0}, // the clock was set
		{3 * time.Hour, eve, codeForbidden, 1, 2},
		{0, eve, codeForbidden, 4, 1},
		{0, eve, codeForbidden, 1, 0},
	}
	for i, s := range steps {
		now = now.Add(s.later)
		got := 0
		for range s.times {
			got = d.count(s.who, s.code, now)
		}
		if got != s.want {
			t.Errorf("step %d: %d, want %d", i, got, s.want)
		}
	}
	// However many users there are.
	lines := 0
	for uid := range 10_000 {
		if d.count(&peer{unix: true, uid: uid}, codeForbidden, now) > 0 {
			lines++
		}
	}
	if len(d.by) > deniedUsers+1 || lines > (deniedUsers+1)*deniedLines {
		t.Errorf("%d users, %d lines", len(d.by), lines)
	}
	now = now.Add(time.Minute)
	d.count(&peer{unix: true, uid: 20_000}, codeForbidden, now)
	if len(d.by) != 1 {
		t.Errorf("%d users are remembered", len(d.by))
	}
}

// TestDeniedLines holds that who may not ask fills no disk, and that a disk that is
// full changes nothing of what they are told.
func TestDeniedLines(t *testing.T) {
	r := start(t, testPin(t, 1, testValues), "tcp", Options{})
	began := time.Now()
	r.token = "CANARYwrong-0123456789"
	for range 200 {
		r.get("/v1/secrets", 401)
	}
	most := deniedLines + 1 + int(time.Since(began)/time.Second)
	if n := strings.Count(r.audit.String(), "\n"); n < deniedLines || n > most {
		t.Errorf("%d lines, want at most %d:\n%s", n, most, r.audit)
	}
	if !strings.Contains(r.audit.String(), `"result":"unauthorized","count":1}`+"\n") {
		t.Error(r.audit)
	}
	r.audit.fail(errors.New("disk full"))
	r.server.denials = denials{}
	if body := r.get("/v1/secrets", 401); code(t, body) != codeUnauthorized {
		t.Error(body)
	}
	r.token = testToken
	if metrics := r.get("/metrics", 200); !strings.Contains(metrics, `pinseal_denied_total{result="unauthorized"} 201`+"\n") || !strings.Contains(metrics, "pinseal_audit_failures_total 1\n") {
		t.Error(metrics)
	}
}
