package serve

import (
	"context"
	"strings"
	"testing"

	"pinseal/seal"
	"pinseal/versions"
)

// withKey is a store whose KEY is a named encryption key.
type withKey struct{ Store }

func (s withKey) Get(ctx context.Context, ref string) (versions.Info, seal.Secret, error) {
	if ref != "KEY" {
		return s.Store.Get(ctx, ref)
	}
	return versions.Info{Name: "KEY", Kind: versions.KindKey}, seal.NewSecret([]byte(canary)), nil
}

// TestNamedKey holds that the value of a named encryption key is not told.
func TestNamedKey(t *testing.T) {
	pin := testPin(t, 1, testValues)
	info := versions.Info{ID: versions.SecretID(seal.AppID{}, "production", "KEY"), Name: "KEY", Kind: versions.KindKey}
	pinned := *pin
	pinned.byRef = map[string]*opened{"KEY": {info: info, err: errKey}, info.ID: {info: info, err: errKey}}
	for name, store := range map[string]Store{"pinned": &pinned, "plain": withKey{pin}} {
		t.Run(name, func(t *testing.T) {
			r := start(t, store, "unix", Options{})
			for _, path := range []string{"", "/value", "/json"} {
				body := r.get("/v1/secrets/KEY"+path, 400)
				if code(t, body) != codeInvalid || !strings.Contains(body, "a named encryption key is for encrypt and decrypt") || strings.Contains(body, "CANARY") {
					t.Error(body)
				}
			}
			if audit := r.audit.String(); strings.Count(audit, `"event":"read","name":"KEY","version":"pin:1:abc"`) != 3 {
				t.Error(audit)
			}
		})
	}
}

// TestVersionOfValue holds that each value comes with the set that it is of.
func TestVersionOfValue(t *testing.T) {
	pin := testPin(t, 1, testValues)
	for name, store := range map[string]Store{"pinned": pin, "plain": plain{pin}} {
		t.Run(name, func(t *testing.T) {
			r := start(t, store, "unix", Options{})
			for _, path := range []string{"JSON", "JSON/value", "JSON/json"} {
				if _, header := r.do(r.request("GET", "/v1/secrets/"+path, ""), 200); header.Get("Pinseal-Version") != "pin:1:abc" {
					t.Errorf("%s: %v", path, header)
				}
			}
			r.server.Swap(testPin(t, 2, testValues))
			if _, header := r.do(r.request("GET", "/v1/secrets/JSON", ""), 200); header.Get("Pinseal-Version") != "pin:2:abc" {
				t.Error(header)
			}
		})
	}
}

// TestFixed holds that a server which looks for nothing does not say that it has the
// newest.
func TestFixed(t *testing.T) {
	r := start(t, testPin(t, 1, testValues), "unix", Options{})
	if got := r.get("/v1/health?strict=1", 200); got != `{"status":"fixed","version":"pin:1:abc","failures":0}`+"\n" {
		t.Error(got)
	}
	if metrics := r.get("/metrics", 200); strings.Contains(metrics, "pinseal_fresh") || strings.Contains(metrics, "pinseal_last_success") {
		t.Error(metrics)
	}
	r = start(t, testPin(t, 1, testValues), "unix", Options{Watched: true})
	if metrics := r.get("/metrics", 200); !strings.Contains(metrics, "pinseal_fresh 1\n") || !strings.Contains(metrics, "pinseal_last_success_timestamp_seconds ") {
		t.Error(metrics)
	}
}

// TestMetricTypes holds that each metric says what it is, once, before it is told.
func TestMetricTypes(t *testing.T) {
	r := start(t, testPin(t, 1, testValues), "unix", Options{Watched: true})
	types := map[string]string{}
	for line := range strings.Lines(r.get("/metrics", 200)) {
		if rest, ok := strings.CutPrefix(line, "# TYPE "); ok {
			name, kind, _ := strings.Cut(strings.TrimSpace(rest), " ")
			if types[name] != "" {
				t.Errorf("%s has a type twice", name)
			}
			types[name] = kind
			continue
		}
		if strings.HasPrefix(line, "#") {
			continue
		}
		name, _, _ := strings.Cut(line, " ")
		name, _, _ = strings.Cut(name, "{")
		want := "gauge"
		if strings.HasSuffix(name, "_total") {
			want = "counter"
		}
		if types[name] != want {
			t.Errorf("%s is a %q, want %s", name, types[name], want)
		}
	}
	if types["pinseal_reads_total"] == "" {
		t.Error(types)
	}
}
