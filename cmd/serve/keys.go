package serve

import (
	"errors"
	"fmt"
	"log/slog"
	"mime"
	"net/http"

	"pinseal/seal"
	"pinseal/versions"
)

const (
	// MaxPlaintext is the most that one request encrypts or decrypts to, in bytes.
	MaxPlaintext = 8 << 20

	maxPayload = (12 + MaxPlaintext + 16 + 2) / 3 * 4 // of that much
)

// crypting is what one of the two paths does with a key.
type crypting struct {
	event string
	most  int64  // bytes of a body
	limit string // says so
	grows int64  // twelfths of a body that it takes, together with what is made of it
	do    func(key *seal.NamedKey, body []byte) (made, error)
}

func (c *call) encrypt() *failure {
	return c.crypt(crypting{eventEncrypt, MaxPlaintext, "what is encrypted has at most 8 MiB", 12 + 16, encrypted})
}

func (c *call) decrypt() *failure {
	return c.crypt(crypting{eventDecrypt, maxPayload, fmt.Sprintf("a payload has at most %d bytes, which are of 8 MiB", maxPayload), 12 + 9, decrypted})
}

// crypt answers for a named encryption key, once the audit has it. What it holds of
// plaintext is cleared behind the reply.
func (c *call) crypt(o crypting) *failure {
	if _, fail := c.query(); fail != nil {
		return fail
	}
	in := stay{room: c.server.room}
	defer in.leave()
	info, out, fail := c.crypted(&in, o)
	defer clear(out.bytes)
	result, more := codeOK, []slog.Attr{slog.Uint64("key_version", uint64(out.version))}
	if fail != nil {
		result, more = fail.code, nil
	}
	if err := c.audited(o.event, info.Name, result, more...); err != nil {
		fail, result = err, codeFailed
	}
	c.server.meters.crypts[o.event][result].Inc()
	if fail == nil {
		c.w.Header()["Pinseal-Version"] = c.served.id
		c.sendMade(out)
	}
	return fail
}

// crypted works on the body with the key that is asked for. info.Name is "" unless there
// is a secret of that name.
func (c *call) crypted(in *stay, o crypting) (info versions.Info, out made, fail *failure) {
	info, key, fail := c.namedKey()
	if fail != nil {
		return info, made{}, fail
	}
	if fail := c.isBytes(); fail != nil {
		return info, made{}, fail
	}
	body, fail := c.sent(in, o)
	if fail != nil {
		return info, made{}, fail
	}
	out, err := o.do(key, body)
	if err != nil {
		return info, made{}, c.notEncrypted(info.Name, key, err)
	}
	in.keep(len(out.bytes))
	return info, out, nil
}

// namedKey is the key that is asked for.
func (c *call) namedKey() (versions.Info, *seal.NamedKey, *failure) {
	if !isRef(c.ref) {
		return versions.Info{}, nil, noNamedKey(c.served.version)
	}
	info, key, err := c.store.Key(c.r.Context(), c.ref)
	if err == nil {
		return info, key, nil
	}
	fail := failureOf(err, c.served.version)
	switch fail.code {
	case codeNotFound:
		fail = noNamedKey(c.served.version)
	case codeBlank:
		fail.try = []string{"pinseal key create " + info.Name + " -e " + c.served.version.Environment}
	}
	return info, nil, fail
}

// isBytes wants a body that says it is the bytes themselves.
func (c *call) isBytes() *failure {
	if kinds := c.r.Header["Content-Type"]; len(kinds) == 1 {
		if kind, _, err := mime.ParseMediaType(kinds[0]); err == nil && kind == typeBytes[0] {
			return nil
		}
	}
	return invalid("a body is the bytes themselves", "Content-Type: application/octet-stream")
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
