package serve

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"pinseal/seal"
	"pinseal/versions"
)

// testKey is a key whose versions are the same in every test.
func testKey(t testing.TB, numbers ...uint32) *seal.NamedKey {
	t.Helper()
	texts := make([]seal.NamedKeyVersion, len(numbers))
	for i, n := range numbers {
		raw := bytes.Repeat([]byte{byte(n)}, 16)
		texts[i] = seal.NamedKeyVersion{Number: n, Text: seal.NewSecret([]byte(base64.StdEncoding.EncodeToString(raw)))}
	}
	key, err := seal.NewNamedKey(texts...)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// testPinWithKey is a pin with a key customer_data of those versions, and one that is blank.
func testPinWithKey(t testing.TB, number int, numbers ...uint32) *Pinned {
	t.Helper()
	p := testPin(t, number, testValues)
	for name, key := range map[string]*seal.NamedKey{"customer_data": testKey(t, numbers...), "later": nil} {
		info := versions.Info{ID: versions.SecretID(seal.AppID{}, "production", name), Name: name, Kind: versions.KindKey, Bits: 128, Blank: key == nil}
		e := &opened{info: info, err: errKey, key: key}
		p.byRef[info.ID], p.byRef[name] = e, e
	}
	return p
}

// ask encrypts or decrypts, and wants a status.
func (r *running) ask(event, key, body string, status int, header ...string) string {
	r.t.Helper()
	header = append([]string{"Content-Type", "application/octet-stream"}, header...)
	text, got := r.do(r.request("POST", "/v1/keys/"+key+"/"+event, body, header...), status)
	if status == 200 && !strings.HasPrefix(got.Get("Pinseal-Version"), "pin:") {
		r.t.Errorf("of no version: %v", got)
	}
	return text
}

type cryptReply struct {
	Value      *string
	Base64     []byte `json:"value_base64"`
	KeyVersion uint32 `json:"key_version"`
}

func parseCrypt(t testing.TB, text string) cryptReply {
	t.Helper()
	var r cryptReply
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil || (r.Value == nil) == (r.Base64 == nil) || !strings.HasSuffix(text, "}\n") {
		t.Fatalf("%v: %.200s", err, text)
	}
	return r
}

// TestCrypt holds that what is encrypted here decrypts, here and elsewhere, and the other
// way round.
func TestCrypt(t *testing.T) {
	pin := testPinWithKey(t, 3, 1, 4)
	key, old, id := testKey(t, 4), testKey(t, 1), versions.SecretID(seal.AppID{}, "production", "customer_data")
	plains := []string{"", canary, canary + "\n", " \x00\x01\u001f\"\\/grüße \u2028\U0001f389\ufeff\ufffd" + canary, canary + "\xff\xfe",
		strings.Repeat(canary, 1<<13), strings.Repeat("\x00", smallBody+1), "\xfe"}
	if !testing.Short() {
		plains = append(plains[:len(plains)-1], strings.Repeat("\xff", MaxPlaintext))
	}
	for name, c := range map[string]struct {
		store   Store
		network string
	}{"pinned": {pin, "unix"}, "plain": {plain{pin}, "unix"}, "tcp": {pin, "tcp"}} {
		t.Run(name, func(t *testing.T) {
			r := start(t, c.store, c.network, Options{})
			for i, plain := range plains {
				sealed := parseCrypt(t, r.ask("encrypt", "customer_data", plain, 200))
				got, _, err := key.Decrypt(nil, []byte(*sealed.Value))
				if err != nil || string(got) != plain || sealed.KeyVersion != 4 {
					t.Errorf("%d: version %d, %v", i, sealed.KeyVersion, err)
				}
				before, err := old.Encrypt(nil, []byte(plain))
				if err != nil {
					t.Fatal(err)
				}
				for version, payload := range map[uint32]string{4: *sealed.Value, 1: string(before)} {
					opened := parseCrypt(t, r.ask("decrypt", id, payload, 200))
					if opened.Value != nil {
						opened.Base64 = []byte(*opened.Value)
					}
					if string(opened.Base64) != plain || opened.KeyVersion != version {
						t.Errorf("%d: version %d, not %d; %d bytes", i, opened.KeyVersion, version, len(opened.Base64))
					}
				}
			}
			audit := r.audit.String()
			for line, n := range map[string]int{
				`"event":"encrypt","name":"customer_data","version":"pin:3:abc",`: len(plains),
				`"event":"decrypt","name":"customer_data","version":"pin:3:abc",`: 2 * len(plains),
				`"result":"ok","key_version":4}`:                                  2 * len(plains),
				`"result":"ok","key_version":1}`:                                  len(plains),
			} {
				if strings.Count(audit, line) != n {
					t.Errorf("the audit has not %d of %s:\n%s", n, line, audit)
				}
			}
			metrics := r.get("/metrics", 200)
			for _, line := range []string{`encrypts_total{result="ok"} 8`, `decrypts_total{result="ok"} 16`, `writes_total{result="ok"} 0`, `reads_total{result="ok"} 0`} {
				if !strings.Contains(metrics, "\npinseal_"+line+"\n") {
					t.Errorf("no metric %s", line)
				}
			}
			if r.log.String() != "" {
				t.Error(r.log)
			}
		})
	}
}

// TestCryptRefused has what no key takes. It is no trouble of the server's own.
func TestCryptRefused(t *testing.T) {
	pin := testPinWithKey(t, 3, 1, 4)
	payload, err := testKey(t, 4).Encrypt(nil, []byte(canary))
	if err != nil {
		t.Fatal(err)
	}
	good, fresh := string(payload), string(payload[:len(payload)-4])
	newer, err := testKey(t, 5).Encrypt(nil, []byte(canary))
	if err != nil {
		t.Fatal(err)
	}
	raw := func(n int) string { return base64.StdEncoding.EncodeToString(make([]byte, n)) }
	flipped := bytes.Clone(payload)
	flipped[20] ^= 1
	const no = `{"error":{"code":"not_encrypted","message":"not a valid encrypted value of key \"customer_data\"; if a later release wrote it, newer key version needed: pin 3 of production has version 4","newest":4,"in":"pin 3 of production"}}` + "\n"
	r := start(t, pin, "unix", Options{})
	for name, body := range map[string]string{"newer": string(newer), "flipped": string(flipped), "empty": "", "11 bytes": raw(11), "27 bytes": raw(27), "28 bytes": raw(28),
		"line break": good + "\n", "CR": good + "\r\n", "space": " " + good, "inner line break": good[:40] + "\n" + good[40:], "cut": fresh,
		"no padding": strings.TrimRight(raw(28), "="), "URL-safe": strings.Repeat("-_", 40), "two": good + good, "plain": canary} {
		if got := r.ask("decrypt", "customer_data", body, 422); got != no {
			t.Errorf("%s: %s", name, got)
		}
	}
	large := strings.Repeat("x", MaxPlaintext+1)
	for i, c := range []struct {
		event, key, body string
		status           int
		code, name       string
		header           []string
	}{
		{"encrypt", "DATABASE_URL", canary, 404, codeNotFound, "DATABASE_URL", nil},
		{"decrypt", "EMPTY", good, 404, codeNotFound, "EMPTY", nil},
		{"encrypt", "none", canary, 404, codeNotFound, "", nil},
		{"encrypt", "CANARY%20x", canary, 404, codeNotFound, "", nil},
		{"decrypt", "00000000-0000-0000-0000-000000000000", good, 404, codeNotFound, "", nil},
		{"encrypt", "later", canary, 404, codeBlank, "later", nil},
		{"decrypt", "later", good, 404, codeBlank, "later", nil},
		{"encrypt", "customer_data", canary, 400, codeInvalid, "customer_data", []string{"Content-Type", "application/json"}},
		{"encrypt", "customer_data", canary, 400, codeInvalid, "customer_data", []string{"Content-Type", "application/x-www-form-urlencoded"}},
		{"encrypt", "customer_data", large, 413, codeTooLarge, "customer_data", nil},
		{"decrypt", "customer_data", strings.Repeat("A", maxPayload+4), 413, codeTooLarge, "customer_data", nil},
	} {
		for _, store := range []Store{pin, plain{pin}} {
			r := start(t, store, "unix", Options{})
			got := r.ask(c.event, c.key, c.body, c.status, c.header...)
			if code(t, got) != c.code || strings.Contains(got, "CANARY") {
				t.Errorf("%d: %s", i, got)
			}
			line := fmt.Sprintf(`"event":%q,"name":%q,"version":"pin:3:abc"`, c.event, c.name)
			if c.name == "" {
				line = fmt.Sprintf(`"event":%q,"version":"pin:3:abc"`, c.event)
			}
			if audit := r.audit.String(); !strings.Contains(audit, line) || !strings.Contains(audit, fmt.Sprintf(`"result":%q}`, c.code)) {
				t.Errorf("%d: the audit has %s", i, audit)
			}
			if metrics := r.get("/metrics", 200); !strings.Contains(metrics, fmt.Sprintf("pinseal_%ss_total{result=%q} 1\n", c.event, c.code)) {
				t.Errorf("%d: no metric", i)
			}
		}
	}
	for path, try := range map[string]string{"later/encrypt": "pinseal key create later -e production", "customer_data/rewrap": "/v1/keys/NAME/encrypt"} {
		if got, _ := r.do(r.request("POST", "/v1/keys/"+path, "x", "Content-Type", "application/octet-stream"), 404); !strings.Contains(got, `"try":["`) || !strings.Contains(got, `"`+try+`"`) {
			t.Errorf("%s: %s", path, got)
		}
	}
	for _, kind := range []string{"Application/Octet-Stream", "application/octet-stream; charset=utf-8"} {
		r.ask("decrypt", "customer_data", good, 200, "Content-Type", kind)
	}
	if got := r.ask("decrypt", "customer_data", strings.Repeat("A", maxPayload+4), 413); !strings.Contains(got, fmt.Sprint(base64.StdEncoding.EncodedLen(12+MaxPlaintext+16))) {
		t.Error(got)
	}
	for _, request := range []string{
		"/encrypt?x=y HTTP/1.1\r\nContent-Length: 1\r\n%s\r\nx", "/encrypt HTTP/1.1\r\nTransfer-Encoding: chunked\r\n%s\r\n1\r\nx\r\n0\r\n\r\n",
	} {
		header := "Host: localhost\r\nConnection: close\r\nContent-Type: application/octet-stream\r\n"
		if got := r.raw("POST /v1/keys/customer_data" + fmt.Sprintf(request, header)); !strings.HasPrefix(got, "HTTP/1.1 400 ") {
			t.Error(got)
		}
	}
	if r.log.String() != "" {
		t.Error(r.log)
	}
	r.audit.fail(errors.New("the disk is full"))
	if got := r.ask("decrypt", "customer_data", good, 500); strings.Contains(got, "CANARY") {
		t.Error(got)
	}
}

// TestCryptOfWorkTree holds that a set which is not fixed has no release to speak of.
func TestCryptOfWorkTree(t *testing.T) {
	pin := testPinWithKey(t, 3, 1)
	pin.version = versions.VersionInfo{ID: "pin:worktree", Environment: "dev", Kind: "worktree"}
	r := start(t, plain{pin}, "unix", Options{})
	const no = `{"error":{"code":"not_encrypted","message":"not a valid encrypted value of key \"customer_data\"","newest":1}}` + "\n"
	if got := r.ask("decrypt", "customer_data", "AAAA", 422); got != no {
		t.Error(got)
	}
}

// TestCryptSwap holds that a request gets the keys of one set, the one that it says.
func TestCryptSwap(t *testing.T) {
	pins := map[string]*Pinned{"pin:1:abc": testPinWithKey(t, 1, 1), "pin:2:abc": testPinWithKey(t, 2, 1, 2)}
	r := start(t, pins["pin:1:abc"], "unix", Options{})
	payload, err := testKey(t, 2).Encrypt(nil, []byte(canary))
	if err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var swaps, asks sync.WaitGroup
	swaps.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				r.server.Swap(pins[fmt.Sprintf("pin:%d:abc", i%2+1)])
			}
		}
	})
	for range 4 {
		asks.Go(func() {
			for range 100 {
				for event, body := range map[string]string{"encrypt": "x", "decrypt": string(payload)} {
					res, err := r.client.Do(r.request("POST", "/v1/keys/customer_data/"+event, body, "Content-Type", "application/octet-stream"))
					if err != nil {
						t.Error(err)
						return
					}
					var got struct {
						cryptReply
						Error struct {
							Newest uint32
							In     string
						}
					}
					err = json.NewDecoder(res.Body).Decode(&got)
					res.Body.Close()
					want := map[string]uint32{"pin:1:abc": 1, "pin:2:abc": 2}[res.Header.Get("Pinseal-Version")]
					if res.StatusCode == 422 && event == "decrypt" {
						if told := got.Error; err != nil || told.Newest != 1 || told.In != "pin 1 of production" { // the other one decrypts it
							t.Errorf("version %d is newest in %s, %v", told.Newest, told.In, err)
						}
						continue
					}
					if err != nil || res.StatusCode != 200 || got.KeyVersion != want {
						t.Errorf("%s by %q: status %d, version %d, %v", event, res.Header.Get("Pinseal-Version"), res.StatusCode, got.KeyVersion, err)
					}
				}
			}
		})
	}
	asks.Wait()
	close(stop)
	swaps.Wait()
}

// TestMadeText holds our JSON to the library's, however it is cut.
func TestMadeText(t *testing.T) {
	var all strings.Builder
	for r := range rune(0x3000) {
		all.WriteRune(r)
	}
	all.WriteString("\U0010ffff\ufeff\ufffd")
	for _, text := range []string{"", `"`, `\`, "/<&>", all.String()} {
		data := []byte{'"'}
		for rest := []byte(text); len(rest) > 0; {
			n := min(len(rest), 7)
			data, rest = appendEscaped(data, rest[:n]), rest[n:]
		}
		var got string
		if err := json.Unmarshal(append(data, '"'), &got); err != nil || got != text || len(data)-1 != escapedLen([]byte(text)) {
			t.Errorf("%.20q: %v, %d bytes", text, err, len(data))
		}
	}
	if got := string(appendVersion(nil, 1<<32-1)); got != `,"key_version":4294967295}`+"\n" {
		t.Error(got)
	}
}
