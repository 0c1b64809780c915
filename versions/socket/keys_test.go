package socket

import (
	"encoding/base64"
	"errors"
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
	s.answers["/v1/keys/K/decrypt"] = `422 {"error":{"code":"not_encrypted","message":"no","newest":2,"in":"pin\u001b[2J 3"}}`
	c := open(t, onSocket(t, s), Options{MinPin: 3})
	for range 2 {
		if _, err := c.Encrypt(t.Context(), "K", []byte("hunter2")); err != nil {
			t.Fatal(err)
		}
	}
	_, err := c.Decrypt(t.Context(), "K", "no\n")
	e, ok := errors.AsType[*versions.NotEncryptedError](err)
	if !ok || *e != (versions.NotEncryptedError{Key: "K", Newest: 2, In: "pin[2J 3"}) || !errors.Is(err, seal.ErrAuth) {
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
