package socket

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"pinseal/seal"
	"pinseal/versions"
)

// What a server makes up for a key is an error that repeats none of it.
func TestKeyLiars(t *testing.T) {
	raw := func(n int) string { return base64.StdEncoding.EncodeToString(make([]byte, n)) }
	good := raw(12 + 7 + 16) // of what has 7 bytes
	for name, answers := range map[string][2]string{
		"nothing":            {"", ""},
		"no value":           {`{"key_version":1}`, `{"key_version":1}`},
		"null":               {`{"value":null,"key_version":1}`, `{"value":null,"key_version":1}`},
		"two values":         {`{"value":"` + good + `","value_base64":"","key_version":1}`, `{"value":"hunter2","value_base64":"aHVudGVyMg==","key_version":1}`},
		"number":             {`{"value":31337,"key_version":1}`, `{"value":3133731,"key_version":1}`},
		"no version":         {`{"value":"` + good + `"}`, `{"value":"hunter2"}`},
		"odd version":        {`{"value":"` + good + `","key_version":4294967296}`, `{"value":"hunter2","key_version":-1}`},
		"what was sent":      {`{"value":"hunter2","key_version":1}`, `{"value":"` + good + `","key_version":1}`},
		"too short":          {`{"value":"` + raw(34) + `","key_version":1}`, `{"value":"hunter","key_version":1}`},
		"too long":           {`{"value":"` + raw(36) + `","key_version":1}`, `{"value":"hunter22","key_version":1}`},
		"bytes, not text":    {`{"value_base64":"` + good + `","key_version":1}`, `{"value_base64":"hunter2","key_version":1}`},
		"no base64":          {`{"value":"` + strings.Repeat("!", len(good)) + `","key_version":1}`, `{"value_base64":"hunter2=","key_version":1}`},
		"spare bits":         {`{"value":"` + good[:len(good)-2] + `B=","key_version":1}`, `{"value_base64":"aHVudGVyMh==","key_version":1}`},
		"line breaks":        {`{"value":"` + raw(30) + `\n\n\n\n\n\n\n\n","key_version":1}`, `{"value_base64":"aHVudGVy\n","key_version":1}`},
		"longer in lines":    {`{"value":"` + good + `\n","key_version":1}`, `{"value_base64":"aHVudGVyMg==\n","key_version":1}`},
		"two answers":        {`{"value":"` + good + `","key_version":1}{}`, `{"value":"hunter2","key_version":1}{}`},
		"endless":            {`{"value":"` + strings.Repeat("A", 2<<20), `{"value":"` + strings.Repeat("hunter2", 1<<20)},
		"refuses oddly":      {`422 {"error":{"code":"not_encrypted","message":"hunter2"}}`, `422 {"error":{"code":"not_encrypted","message":"hunter2"}}`},
		"refuses with ok":    {`{"error":{"code":"not_encrypted","message":"hunter2","newest":1}}`, `{"error":{"code":"not_encrypted","message":"hunter2","newest":1}}`},
		"refuses with never": {`422 {"error":{"code":"not_encrypted","message":"hunter2","newest":-1}}`, `422 {"error":{"code":"not_encrypted","message":"hunter2","newest":"1"}}`},
	} {
		s := newStub(1)
		s.answers["/v1/keys/K/encrypt"], s.answers["/v1/keys/K/decrypt"] = answers[0], answers[1]
		c := open(t, onSocket(t, s), Options{})
		payload, err := c.Encrypt(t.Context(), "K", []byte("hunter2"))
		plain, err2 := c.Decrypt(t.Context(), "K", good)
		if err == nil || err2 == nil || payload != "" || plain.Len() != 0 {
			t.Errorf("%s: %q, %v, %v", name, payload, err, err2)
			continue
		}
		if said := err.Error() + err2.Error(); strings.Contains(said, "hunter") || strings.Contains(said, "31337") || len(said) > 1000 {
			t.Errorf("%s: %.1000s", name, said)
		}
		for _, is := range []error{versions.ErrNotFound, versions.ErrNotAuthentic, seal.ErrNoKey, seal.ErrAuth} {
			if errors.Is(err, is) || errors.Is(err2, is) {
				t.Errorf("%s is %v", name, is)
			}
		}
	}
}

// A key is used over a connection of which it is known what it serves, as a value is read.
func TestKeysHold(t *testing.T) {
	s := newStub(3)
	good := base64.StdEncoding.EncodeToString(make([]byte, 12+7+16))
	s.answers["/v1/keys/K/encrypt"] = `{"value":"` + good + `","key_version":1}`
	s.answers["/v1/keys/K/decrypt"] = `422 {"error":{"code":"not_encrypted","message":"no","newest":2,"in":"pin 3 of \u001b[2J"}}`
	c := open(t, onSocket(t, s), Options{MinPin: 3})
	for range 2 {
		if _, err := c.Encrypt(t.Context(), "K", []byte("hunter2")); err != nil {
			t.Fatal(err)
		}
	}
	_, err := c.Decrypt(t.Context(), "K", "no\n")
	e, ok := errors.AsType[*versions.NotEncryptedError](err)
	if !ok || *e != (versions.NotEncryptedError{Key: "K", Newest: 2, In: ""}) || !errors.Is(err, seal.ErrAuth) {
		t.Error(err)
	}
	if n := len(s.asked); n != 4 || s.asked[1].Method != http.MethodPost || s.asked[1].Header.Get("Content-Type") != "application/octet-stream" ||
		s.asked[1].ContentLength != 7 || len(s.asked[1].Header["Idempotency-Key"]) > 0 {
		t.Errorf("%d requests, %v", n, s.asked[1])
	}
	c.Close()
	s.set(pin(2))
	if payload, err := c.Encrypt(t.Context(), "K", []byte("hunter2")); !errors.Is(err, versions.ErrNotAuthentic) || payload != "" {
		t.Errorf("of an older pin: %v", err)
	}
}

// What is said of the set is repeated where it is nothing else.
func TestFixedAt(t *testing.T) {
	for in, ok := range map[string]bool{"pin 3 of production": true, "commit 0123456789ab": true, "": false, "pin 3": false, "pin 03 of dev": false, "pin -3 of dev": false,
		"pin 3 of dev of dev": false, "3 of dev": false, "pin 3 of HUNTER2": false, "commit hunter2": false, "commit 0123456789abc": false, "hunter2": false} {
		if got := fixedAt(in); (got == in) != ok && in != "" || got != in && got != "" {
			t.Errorf("%q: %q", in, got)
		}
	}
}

// Of an error that comes when a value went out no text is repeated; of others it is.
func TestKeysRepeatNothing(t *testing.T) {
	s := newStub(1)
	for code, status := range map[string]int{"invalid": 400, "unauthorized": 401, "no_key": 403, "not_authentic": 500, "conflict": 409, "busy": 503, "too_large": 413, "failed": 500, "hunter2": 500} {
		answer := fmt.Sprintf(`%d {"error":{"code":%q,"message":"hunter2"}}`, status, code)
		s.answers["/v1/keys/K/encrypt"], s.answers["/v1/keys/K/decrypt"], s.answers["/v1/secrets/S"] = answer, answer, answer
		c := open(t, onSocket(t, s), Options{})
		_, err := c.Encrypt(t.Context(), "K", []byte("hunter2"))
		_, err2 := c.Decrypt(t.Context(), "K", "hunter2")
		if err == nil || err2 == nil || strings.Contains(err.Error()+err2.Error(), "hunter2") {
			t.Errorf("%s: %v, %v", code, err, err2)
		}
		if e, ok := errors.AsType[*ServerError](err); ok && (code == "hunter2") != (e.Code == "") {
			t.Errorf("%s: %+v", code, e)
		}
		if _, err := c.Get(t.Context(), "S"); err == nil || !strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s of a secret: %v", code, err)
		}
	}
}

// A key keeps no state, so what is sent over a connection that has ended unanswered is
// sent again, over another.
func TestKeysAreAskedAgain(t *testing.T) {
	s := newStub(1)
	good := base64.StdEncoding.EncodeToString(make([]byte, 12+7+16))
	s.answers["/v1/keys/K/encrypt"] = `{"value":"` + good + `","key_version":1}`
	cut, asked := false, 0
	c := open(t, onSocket(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if asked++; asked == 2 && !cut {
			cut = true
			panic(http.ErrAbortHandler) // the connection ends
		}
		if err != nil || string(body) != "hunter2" {
			t.Errorf("%q, %v", body, err)
		}
		s.ServeHTTP(w, r)
	})), Options{})
	for range 2 {
		if _, err := c.Encrypt(t.Context(), "K", []byte("hunter2")); err != nil {
			t.Fatal(err)
		}
	}
	if asked != 3 {
		t.Errorf("asked %d times", asked)
	}
}
