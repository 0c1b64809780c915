package serve

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"pinseal/seal"
	"pinseal/versions"
)

func TestReads(t *testing.T) {
	pin := testPin(t, 3, testValues)
	for name, store := range map[string]Store{"pinned": pin, "plain": plain{pin}} {
		for _, network := range []string{"unix", "tcp"} {
			t.Run(name+" "+network, func(t *testing.T) {
				r := start(t, store, network, Options{})
				testReads(t, r)
			})
		}
	}
}

func testReads(t *testing.T, r *running) {
	id := versions.SecretID(seal.AppID{}, "production", "DATABASE_URL")
	for _, ref := range []string{"DATABASE_URL", id} {
		body, header := r.do(r.request("GET", "/v1/secrets/"+ref, ""), 200)
		var got map[string]any
		if err := json.Unmarshal([]byte(body), &got); err != nil {
			t.Fatal(err)
		}
		if got["value"] != testValues["DATABASE_URL"] || got["id"] != id || got["name"] != "DATABASE_URL" {
			t.Errorf("%s", body)
		}
		for key, want := range map[string]string{"Etag": `"` + strings.Repeat("0a", 32) + `"`, "Cache-Control": "no-store", "Content-Type": "application/json"} {
			if header.Get(key) != want {
				t.Errorf("%s: %q", key, header.Get(key))
			}
		}
		body, header = r.do(r.request("GET", "/v1/secrets/"+ref+"/value", ""), 200)
		if body != testValues["DATABASE_URL"] || header.Get("Content-Type") != "application/octet-stream" {
			t.Errorf("%q, %v", body, header)
		}
	}
	if got := r.get("/v1/secrets/BINARY", 200); !strings.Contains(got, `"value_base64":"Q0FOQVJZbWFncGll/wA="`) || strings.Contains(got, `"value":`) {
		t.Error(got)
	}
	if got := r.get("/v1/secrets/BINARY/value", 200); got != testValues["BINARY"] {
		t.Errorf("%q", got)
	}
	if got := r.get("/v1/secrets/JSON/json", 200); got != testValues["JSON"] {
		t.Error(got)
	}
	for path, want := range map[string]string{
		"/v1/secrets/BINARY/json": "422 not_json", "/v1/secrets/EMPTY": "404 blank", "/v1/secrets/EMPTY/value": "404 blank",
		"/v1/secrets/" + canary + "x": "404 not_found", "/v1/secrets/DATABASE_URL?x=" + canary: "400 invalid",
		"/v1/secrets/database_url": "404 not_found",
	} {
		status, word, _ := strings.Cut(want, " ")
		body := r.get(path, map[string]int{"422": 422, "404": 404, "400": 400}[status])
		if code(t, body) != word || strings.Contains(body, "CANARY") {
			t.Errorf("%s: %s", path, body)
		}
	}
	list := r.get("/v1/secrets", 200)
	if strings.Contains(list, "CANARY") || !strings.Contains(list, `"id":"pin:3:abc"`) || strings.Count(list, `"name":`) != len(testValues) {
		t.Error(list)
	}
	audit := r.audit.String()
	for _, want := range []string{
		`"event":"read","name":"DATABASE_URL","version":"pin:3:abc"`, `"event":"read","name":"EMPTY"`, `"result":"blank"}`,
		`"event":"read","version":"pin:3:abc"`, `"result":"not_found"}`,
	} {
		if !strings.Contains(audit, want) {
			t.Errorf("no %s in\n%s", want, audit)
		}
	}
	if r.network == "unix" && !strings.Contains(audit, fmt.Sprintf(`"uid":%d,"pid":%d,`, os.Getuid(), os.Getpid())) {
		t.Error(audit)
	}
	metrics := r.get("/metrics", 200)
	for _, want := range []string{`pinseal_reads_total{result="ok"} `, "pinseal_pin_number 3\n", `pinseal_reads_total{result="blank"} 2` + "\n", "pinseal_connections 1\n"} {
		if !strings.Contains(metrics, want) {
			t.Errorf("no %s in\n%s", want, metrics)
		}
	}
	if strings.Contains(metrics, "CANARY") {
		t.Error(metrics)
	}
}

func TestAuditThatCannotBeWritten(t *testing.T) {
	r := start(t, testPin(t, 1, testValues), "tcp", Options{})
	r.audit.fail(errors.New("disk full"))
	for range 3 {
		body := r.get("/v1/secrets/DATABASE_URL", 500)
		if code(t, body) != codeFailed || strings.Contains(body, "CANARY") {
			t.Error(body)
		}
	}
	if got := strings.Count(r.log.String(), "disk full"); got != 1 {
		t.Errorf("said %d times:\n%s", got, r.log)
	}
	if !strings.Contains(r.get("/metrics", 200), "pinseal_audit_failures_total 3\n") {
		t.Error("the failures are not counted")
	}
	r.audit.fail(nil)
	r.get("/v1/secrets/DATABASE_URL", 200)
}

func TestHealth(t *testing.T) {
	r := start(t, testPin(t, 1, testValues), "tcp", Options{Following: "git.example/shop", Watched: true})
	r.token = "" // none is wanted
	status := func(path string, want int) string {
		t.Helper()
		var got healthReport
		if err := json.Unmarshal([]byte(r.get(path, want)), &got); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(got.Error, "CANARY") || got.Version != "pin:1:abc" || got.Following != "git.example/shop" || got.LastSuccess.IsZero() {
			t.Errorf("%+v", got)
		}
		return fmt.Sprintf("%s %d", got.Status, got.Failures)
	}
	for _, step := range []struct {
		err    error
		want   string
		strict int
	}{
		{nil, "ok 0", 200},
		{errors.New("no route to https://" + canary + "@git.example"), "stale 1", 503},
		{&versions.BehindError{Environment: "production", Have: 1, Known: 2}, "refused 2", 503},
		{nil, "ok 0", 200},
	} {
		if step.err != nil {
			r.server.Failed(step.err)
		} else {
			r.server.Fresh()
		}
		if got := status("/v1/health", 200); got != step.want {
			t.Errorf("%s, want %s", got, step.want)
		}
		if got := status("/v1/health?strict=1", step.strict); got != step.want {
			t.Errorf("%s, want %s", got, step.want)
		}
	}
	r.get("/v1/health?strict=0", 400)
}

func TestVersionIsWaitedFor(t *testing.T) {
	r := start(t, testPin(t, 1, testValues), "unix", Options{})
	if got := r.get("/v1/version", 200); !strings.HasPrefix(got, `{"id":"pin:1:abc",`) {
		t.Error(got)
	}
	r.get("/v1/version?not=pin:1:abc", 204)
	r.get("/v1/version?not=pin:1:abc&wait=0", 204)
	r.get("/v1/version?not=pin:7:abc&wait=60", 200)
	for _, bad := range []string{"wait=1", "not=x&wait=61", "not=x&wait=-1", "not=x&wait=1s", "not=x&not=y", "not=x&wait=", "token=x", "not=%zz"} {
		r.get("/v1/version?"+bad, 400)
	}
	told := make(chan string)
	for range 5 {
		go func() { told <- r.get("/v1/version?not=pin:1:abc&wait=60", 200) }()
	}
	r.server.Swap(testPin(t, 2, testValues))
	for range 5 {
		if got := <-told; !strings.HasPrefix(got, `{"id":"pin:2:abc",`) {
			t.Error(got)
		}
	}
	// The end of the server ends the wait.
	go func() {
		res, err := r.client.Get("http://localhost/v1/version?not=pin:2:abc&wait=60")
		if err != nil {
			told <- "" // refused already
			return
		}
		res.Body.Close()
		told <- res.Status
	}()
	if err := r.stop(); err != nil {
		t.Error(err)
	}
	if got := <-told; got != "" && got != "204 No Content" {
		t.Error(got)
	}
}

func TestSwapDuringReads(t *testing.T) {
	pins := []*Pinned{}
	for n := range 2 {
		values := map[string]string{}
		for _, name := range []string{"A", "B"} {
			values[name] = fmt.Sprint(name, n+1)
		}
		pins = append(pins, testPin(t, n+1, values))
	}
	r := start(t, pins[0], "unix", Options{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 100 {
				if got := r.get("/v1/secrets/A/value", 200); got != "A1" && got != "A2" {
					t.Error(got)
				}
				r.get("/v1/secrets", 200)
				r.get("/metrics", 200)
				r.get("/v1/health", 200)
			}
		})
	}
	for i := range 200 {
		r.server.Swap(pins[i%2])
		r.server.Fresh()
	}
	wg.Wait()
}
