package serve

import (
	"context"
	"net/http"

	"pinseal/seal"
	"pinseal/versions"
)

func (c *call) encrypt() *failure { return c.crypt(eventEncrypt, Cryptor.Encrypt) }
func (c *call) decrypt() *failure { return c.crypt(eventDecrypt, Cryptor.Decrypt) }

// crypt answers for a named encryption key, where a store has them.
func (c *call) crypt(event string, do func(Cryptor, context.Context, string, []byte) ([]byte, error)) *failure {
	if _, fail := c.query(); fail != nil {
		return fail
	}
	store, ok := c.store.(Cryptor)
	if !ok {
		return &failure{status: http.StatusNotImplemented, code: codeUnsupported, message: "this server does not encrypt or decrypt with named keys"}
	}
	if seal.CheckSecretName(c.ref) != nil {
		return noSecret(c.served.version)
	}
	body, fail := c.body()
	if fail != nil {
		return c.wrote(event, versions.Info{}, fail)
	}
	out, err := do(store, c.r.Context(), c.ref, body)
	if err != nil {
		return c.wrote(event, versions.Info{}, failureOf(err, c.served.version))
	}
	if fail := c.wrote(event, versions.Info{Name: c.ref}, nil); fail != nil {
		return fail
	}
	r := newReply(typeJSON, out)
	r.send(c.w)
	return nil
}
