package serve

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	"pinseal/seal"
)

// patient are times in which nothing is given up but a turn and who is stuck.
func patient(turn, stall time.Duration) times {
	return times{header: time.Minute, body: time.Minute, idle: time.Minute, reply: time.Minute, shutdown: time.Minute, turn: turn, stall: stall}
}

// post sends the head of a request, and what there is of its body, and nothing else.
func (r *running) post(event string, length int, body string) net.Conn {
	r.t.Helper()
	c, err := net.Dial(r.network, r.address)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { c.Close() })
	head := "POST /v1/keys/customer_data/%s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/octet-stream\r\nContent-Length: %d\r\n\r\n%s"
	c.SetDeadline(time.Now().Add(time.Minute)) // a test that hangs ends
	if _, err := fmt.Fprintf(c, head, event, length, body); err != nil {
		r.t.Fatal(err)
	}
	return c
}

// entered waits until somebody is in the room, or nobody is.
func (r *running) entered(somebody bool) {
	for somebody != (len(r.server.room.taken) > 0) {
		runtime.Gosched()
	}
}

// TestRoom holds that large bodies wait for one another, not for ever, and nobody else
// for them; nor does who is refused for another reason.
func TestRoom(t *testing.T) {
	r := start(t, testPinWithKey(t, 1, 1), "unix", Options{}, patient(time.Second, time.Minute))
	large := strings.Repeat("x", smallBody+1)
	for range maxRoom {
		r.server.room.taken <- struct{}{}
	}
	if got := r.ask("encrypt", "customer_data", large, 503); code(t, got) != codeBusy {
		t.Error(got)
	}
	if audit := r.audit.String(); !strings.Contains(audit, `"event":"encrypt","name":"customer_data",`) || !strings.Contains(audit, `"result":"busy"}`) {
		t.Error(audit)
	}
	r.ask("encrypt", "customer_data", large[:smallBody], 200)
	r.ask("encrypt", "none", large, 404)
	r.ask("encrypt", "customer_data", large, 400, "Content-Type", "application/json")
	r.ask("encrypt", "customer_data", strings.Repeat("x", MaxPlaintext+1), 413)
	<-r.server.room.taken
	for range 2 { // it is given back
		r.ask("encrypt", "customer_data", large, 200)
		r.ask("decrypt", "customer_data", large, 422)
	}
	if n := len(r.server.room.taken); n != maxRoom-1 {
		t.Errorf("%d pieces are taken", n)
	}
	if turn := New(testPin(t, 1, nil), Options{Now: time.Now}).times.turn; turn > 5*time.Second {
		t.Errorf("it waits for %v, and its clients for 10 s", turn)
	}
}

// TestRoomForTheLargest holds that what is largest fits, several at once.
func TestRoomForTheLargest(t *testing.T) {
	for name, bytes := range map[string]int64{"encrypt": MaxPlaintext * 28 / 12, "decrypt": maxPayload * 21 / 12} {
		if n := piecesOf(bytes); n < 19 || 3*n > maxRoom {
			t.Errorf("%s: %d pieces", name, n)
		}
	}
}

// TestRoomIdle holds that who sends nothing, or too little, holds up nobody.
func TestRoomIdle(t *testing.T) {
	r := start(t, testPinWithKey(t, 1, 1), "unix", Options{}, patient(10*time.Second, time.Minute))
	for i := range 2 * maxRoom {
		r.post("encrypt", MaxPlaintext, strings.Repeat("x", i))
	}
	r.ask("encrypt", "customer_data", strings.Repeat("x", 1<<20), 200)
}

// TestRoomGone holds that a client which goes away leaves the room, and so does one that
// sends no more.
func TestRoomGone(t *testing.T) {
	r := start(t, testPinWithKey(t, 1, 1), "unix", Options{}, patient(time.Minute, time.Minute))
	part := strings.Repeat("x", 2*smallBody)
	var gone []net.Conn
	for range 8 {
		gone = append(gone, r.post("encrypt", MaxPlaintext, part))
	}
	r.entered(true)
	for _, c := range gone {
		c.Close()
	}
	r.ask("encrypt", "customer_data", strings.Repeat("x", MaxPlaintext), 200)
	r.entered(false)

	r = start(t, testPinWithKey(t, 1, 1), "unix", Options{}, patient(time.Minute, 50*time.Millisecond))
	c := r.post("encrypt", MaxPlaintext, part)
	r.entered(true)
	r.entered(false)
	c.(*net.UnixConn).CloseWrite()
	if got, err := io.ReadAll(c); err != nil || !strings.HasPrefix(string(got), "HTTP/1.1 400 ") {
		t.Errorf("%v: %.300s", err, got)
	}
}

// TestRoomOfSlowReaders holds that who does not read a large reply is given up.
func TestRoomOfSlowReaders(t *testing.T) {
	r := start(t, testPinWithKey(t, 1, 1), "unix", Options{}, patient(time.Minute, time.Second))
	payload, err := testKey(t, 1).Encrypt(nil, make([]byte, 4<<20))
	if err != nil {
		t.Fatal(err)
	}
	var slow []net.Conn
	for range 8 {
		slow = append(slow, r.post("decrypt", len(payload), string(payload)))
	}
	if got := parseCrypt(t, r.ask("decrypt", "customer_data", string(payload), 200)); len(*got.Value) != 4<<20 {
		t.Errorf("%d bytes", len(*got.Value))
	}
	r.entered(false)
	for _, c := range slow {
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, res.Body); err == nil {
			t.Errorf("%d bytes came", n)
		}
	}
}

// answered has a request answered, into w, and says how much memory that took.
func answered(t *testing.T, s *Server, w http.ResponseWriter, event string, body []byte) (took uint64) {
	t.Helper()
	req, err := http.NewRequest("POST", "/v1/keys/customer_data/"+event, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.RequestURI = req.URL.Path
	req.Header.Set("Content-Type", "application/octet-stream")
	req = req.WithContext(context.WithValue(t.Context(), peerKey{}, &peer{unix: true, allowed: true}))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	(&front{server: s}).ServeHTTP(w, req)
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestCryptMemory holds that a request takes no more than it has of the room, whatever
// its reply looks like in JSON.
func TestCryptMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("the race detector's build takes more")
	}
	s := New(testPinWithKey(t, 1, 1), Options{Audit: io.Discard, Now: time.Now, Log: func(error) {}})
	plain := bytes.Repeat([]byte{1}, MaxPlaintext)
	payload, err := testKey(t, 1).Encrypt(nil, plain)
	if err != nil {
		t.Fatal(err)
	}
	for event, c := range map[string]struct {
		body []byte
		room int64
	}{eventEncrypt: {plain, MaxPlaintext * 28 / 12}, eventDecrypt: {payload, maxPayload * 21 / 12}} {
		w := &sink{header: http.Header{}}
		if took := answered(t, s, w, event, c.body); w.status != 0 || took > uint64(c.room)+1<<20 {
			t.Errorf("%s: status %d, %d bytes", event, w.status, took)
		}
	}
}

// keeper is a reply whose last piece is kept as it was handed over.
type keeper struct {
	sink
	last []byte
}

func (k *keeper) Write(data []byte) (int, error) {
	k.last = data
	return len(data), nil
}

// TestCryptClears holds that what the server had of a value is cleared behind the reply.
func TestCryptClears(t *testing.T) {
	s := New(testPinWithKey(t, 1, 1), Options{Audit: io.Discard, Now: time.Now, Log: func(error) {}})
	var mine [][]byte
	keeps := func(do func(*seal.NamedKey, []byte) (made, error)) func(*seal.NamedKey, []byte) (made, error) {
		return func(key *seal.NamedKey, body []byte) (made, error) {
			out, err := do(key, body)
			mine = append(mine, body, out.bytes)
			return out, err
		}
	}
	for _, size := range []int{100, 3 * madePiece} {
		plain := strings.Repeat("CANARY", size)
		payload, err := testKey(t, 1).Encrypt(nil, []byte(plain))
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range []crypting{{eventEncrypt, MaxPlaintext, "", 28, keeps(encrypted)}, {eventDecrypt, maxPayload, "", 21, keeps(decrypted)}} {
			body := payload
			if o.event == eventEncrypt {
				body = []byte(plain)
			}
			mine = nil
			w := &keeper{sink: sink{header: http.Header{}}}
			req := &http.Request{Method: "POST", URL: &url.URL{}, Header: http.Header{"Content-Type": typeBytes}, ContentLength: int64(len(body)), Body: io.NopCloser(bytes.NewReader(body))}
			c := &call{served: s.current.Load(), server: s, w: w, r: req, peer: &peer{}, ref: "customer_data"}
			if fail := c.crypt(o); fail != nil {
				t.Fatal(fail.message)
			}
			for _, b := range append(mine, w.last) {
				if bytes.Contains(b, []byte("CANARY")) {
					t.Errorf("%s of %d bytes: something is left", o.event, size)
				}
			}
		}
	}
}
