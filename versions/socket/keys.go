package socket

import (
	"context"
	"errors"

	"pinseal/seal"
)

// Encrypt implements [versions.Reader].
func (c *Client) Encrypt(ctx context.Context, key string, plaintext []byte) (string, error) {
	return "", errors.ErrUnsupported
}

// Decrypt implements [versions.Reader].
func (c *Client) Decrypt(ctx context.Context, key, payload string) (seal.Secret, error) {
	return seal.Secret{}, errors.ErrUnsupported
}
