package socket

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"pinseal/seal"
	"pinseal/versions"
)

// Encrypt has the server encrypt with the newest version of a named encryption key, which
// goes by its name here, and not by an id. A name that is not there, or is that of a secret, is a versions.ErrNotFound, one that has
// no value a *versions.BlankError. More than the server takes, 8 MiB, is a *ServerError.
func (c *Client) Encrypt(ctx context.Context, key string, plaintext []byte) (payload string, err error) {
	// A request that is given up may be read from for a while.
	r, err := c.crypt(ctx, key, question{path: "/encrypt", body: append([]byte{}, plaintext...), max: maxOne + 2*int64(len(plaintext))})
	if err != nil {
		return "", err
	}
	size := 12 + len(plaintext) + 16
	if raw, err := decode64(r.text()); err != nil || len(raw) != size {
		return "", c.odd("it is not a payload of what was sent")
	}
	return *r.Value, nil
}

// Decrypt has the server decrypt with whichever version of a named encryption key made
// the payload. That none did, or that it is no payload, is a *versions.NotEncryptedError;
// other errors are those of Encrypt.
func (c *Client) Decrypt(ctx context.Context, key, payload string) (seal.Secret, error) {
	r, err := c.crypt(ctx, key, question{path: "/decrypt", body: []byte(payload), max: maxOne + 6*int64(len(payload))})
	if err != nil {
		return seal.Secret{}, err
	}
	plain := []byte(r.text())
	if r.Base64 != nil {
		if plain, err = decode64(*r.Base64); err != nil {
			return seal.Secret{}, c.odd("the value is not base64")
		}
	}
	padding := len(payload) - len(strings.TrimRight(payload, "="))
	if len(plain) != len(payload)/4*3-padding-12-16 {
		return seal.Secret{}, c.odd("it is not what the payload was made of")
	}
	return seal.NewSecret(plain), nil
}

// crypted is what a server says that a key made.
type crypted struct {
	Value   *string `json:"value"`
	Base64  *string `json:"value_base64"`
	Version uint32  `json:"key_version"`
}

func (r *crypted) text() string {
	if r.Value == nil {
		return ""
	}
	return *r.Value
}

// crypt asks for the use of a key. The path of the question goes on from that of the key.
func (c *Client) crypt(ctx context.Context, key string, q question) (*crypted, error) {
	if seal.CheckSecretName(key) != nil {
		return nil, &versions.NotFoundError{What: "encryption key", In: "what is served at " + c.at} // as in Get
	}
	q.path = "/v1/keys/" + key + q.path
	r, err := c.proven(ctx, q)
	if err != nil {
		return nil, err
	}
	defer clear(r.body)
	if r.status != http.StatusOK {
		return nil, c.keyError(ctx, key, r)
	}
	var made crypted
	if err := json.Unmarshal(r.body, &made); err != nil || (made.Value == nil) == (made.Base64 == nil) || made.Version == 0 {
		return nil, c.odd("it is not what a key makes")
	}
	return &made, nil
}

// keyError is an answer that is an error about a named encryption key. A value went out
// before it: no text of it is repeated.
func (c *Client) keyError(ctx context.Context, key string, r *reply) error {
	err := c.secretError(ctx, "encryption key", key, r, true)
	if e, ok := err.(*ServerError); !ok || e.Code != "not_encrypted" || r.status != http.StatusUnprocessableEntity {
		return err
	}
	var told struct {
		Error struct {
			Newest uint32 `json:"newest"`
			In     string `json:"in"`
		} `json:"error"`
	}
	if json.Unmarshal(r.body, &told) != nil || told.Error.Newest == 0 {
		return c.odd("it does not say which version the key has")
	}
	return &versions.NotEncryptedError{Key: key, Newest: told.Error.Newest, In: fixedAt(told.Error.In)}
}

// fixedAt is what a server says that its set is fixed at, or "" when that is not how it
// says it.
func fixedAt(in string) string {
	if number, env, ok := strings.Cut(strings.TrimPrefix(in, "pin "), " of "); ok {
		if n, err := strconv.ParseUint(number, 10, 31); err == nil && seal.CheckEnvironment(env) == nil && in == fmt.Sprintf("pin %d of %s", n, env) {
			return in
		}
	}
	if id, ok := strings.CutPrefix(in, "commit "); ok && len(id) == 12 && strings.Trim(id, "0123456789abcdef") == "" {
		return in
	}
	return ""
}

// decode64 takes standard base64 in its one spelling; the library skips line breaks.
func decode64(text string) ([]byte, error) {
	if strings.ContainsAny(text, "\r\n") {
		return nil, base64.CorruptInputError(0)
	}
	return base64.StdEncoding.Strict().DecodeString(text)
}
