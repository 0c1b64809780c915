package serve

import (
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"
	"time"
	"unicode/utf8"

	"pinseal/seal"
	"pinseal/versions"
)

const (
	// MaxPlaintext is the most that one request encrypts or decrypts to, in bytes.
	MaxPlaintext = 8 << 20

	maxPayload = (12 + MaxPlaintext + 16 + 2) / 3 * 4 // of that much
	smallBody  = 64 << 10                             // bytes of a body that takes no turn
	maxLarge   = 8                                    // larger ones that are worked on at once
)

// cipherOf makes of a body what is replied, with a key, and says which version of it
// that took.
type cipherOf func(key *seal.NamedKey, body []byte) (out []byte, version uint32, err error)

func (c *call) encrypt() *failure { return c.crypt(eventEncrypt, MaxPlaintext, encrypted) }
func (c *call) decrypt() *failure { return c.crypt(eventDecrypt, maxPayload, decrypted) }

// crypt answers for a named encryption key, once the audit has it. The body has at most
// most bytes.
func (c *call) crypt(event string, most int64, do cipherOf) *failure {
	if _, fail := c.query(); fail != nil {
		return fail
	}
	leave, fail := c.enter(most)
	defer leave()
	var info versions.Info
	var out []byte
	var version uint32
	if fail == nil {
		info, out, version, fail = c.crypted(most, do)
	}
	result, more := codeOK, []slog.Attr{slog.Uint64("key_version", uint64(version))}
	if fail != nil {
		result, more = fail.code, nil
	}
	if err := c.audited(event, info.Name, result, more...); err != nil {
		fail, result = err, codeFailed
	}
	c.server.meters.crypts[event][result].Inc()
	if fail == nil {
		c.w.Header()["Pinseal-Version"] = c.served.id
		r := newReply(typeJSON, out)
		r.send(c.w)
	}
	return fail
}

// enter waits for the turn of a large body, which ends with leave: what is in memory at
// once has a bound, however many ask.
func (c *call) enter(most int64) (leave func(), fail *failure) {
	leave = func() {}
	if c.r.ContentLength <= smallBody || c.r.ContentLength > most {
		return leave, nil
	}
	late := time.NewTimer(c.server.times.body)
	defer late.Stop()
	select {
	case c.server.large <- struct{}{}:
	case <-late.C:
		return leave, &failure{status: http.StatusServiceUnavailable, code: codeBusy, message: "other large bodies are under way; ask again"}
	}
	now, control := time.Now(), http.NewResponseController(c.w)
	control.SetReadDeadline(now.Add(c.server.times.body))
	control.SetWriteDeadline(now.Add(c.server.times.body + c.server.times.reply))
	return func() { <-c.server.large }, nil
}

// crypted works on the body with the key that is asked for. info.Name is "" unless there
// is a secret of that name.
func (c *call) crypted(most int64, do cipherOf) (info versions.Info, out []byte, version uint32, fail *failure) {
	if !isRef(c.ref) {
		return info, nil, 0, noNamedKey(c.served.version)
	}
	info, key, err := c.store.Key(c.r.Context(), c.ref)
	if err != nil {
		if fail = failureOf(err, c.served.version); fail.code == codeNotFound {
			fail = noNamedKey(c.served.version)
		}
		return info, nil, 0, fail
	}
	if kinds := c.r.Header["Content-Type"]; len(kinds) != 1 || kinds[0] != typeBytes[0] {
		return info, nil, 0, invalid("a body is the bytes themselves", "Content-Type: application/octet-stream")
	}
	body, fail := c.body(most, "what is encrypted has at most 8 MiB")
	if fail != nil {
		return info, nil, 0, fail
	}
	if out, version, err = do(key, body); err != nil {
		return info, nil, 0, c.notEncrypted(info.Name, key, err)
	}
	return info, out, version, nil
}

// notEncrypted is what comes of a payload that does not decrypt. That is the client's
// affair: nothing is wrong with what is served.
func (c *call) notEncrypted(name string, key *seal.NamedKey, err error) *failure {
	if !errors.Is(err, seal.ErrNotEncrypted) {
		return failed(err)
	}
	e := &versions.NotEncryptedError{Key: name, Newest: key.Newest(), In: c.served.fixed}
	return &failure{status: http.StatusUnprocessableEntity, code: codeNotEncrypted, message: e.Error(), newest: e.Newest, in: e.In}
}

func encrypted(key *seal.NamedKey, body []byte) (out []byte, version uint32, err error) {
	const before = `{"value":"`
	out = make([]byte, 0, len(before)+base64.StdEncoding.EncodedLen(12+len(body)+16)+1+longestVersion)
	if out, err = key.Encrypt(append(out, before...), body); err != nil {
		return nil, 0, err
	}
	return appendVersion(append(out, '"'), key.Newest()), key.Newest(), nil
}

func decrypted(key *seal.NamedKey, body []byte) (out []byte, version uint32, err error) {
	plain, version, err := key.Decrypt(nil, body)
	if err != nil {
		return nil, 0, err
	}
	if utf8.Valid(plain) {
		out = appendText([]byte(`{"value":`), plain)
	} else {
		out = append(base64.StdEncoding.AppendEncode([]byte(`{"value_base64":"`), plain), '"')
	}
	return appendVersion(out, version), version, nil
}
