package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"testing"
)

// BenchmarkNamedKey is to be held against bare in the same run: a value of 64 bytes,
// encrypted and decrypted, at most 1.5 times AES-GCM alone.
func BenchmarkNamedKey(b *testing.B) {
	text, err := NewKeyText(128)
	if err != nil {
		b.Fatal(err)
	}
	key, err := NewNamedKey(NamedKeyVersion{1, text})
	if err != nil {
		b.Fatal(err)
	}
	block, err := aes.NewCipher(make([]byte, 16))
	if err != nil {
		b.Fatal(err)
	}
	bare, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		b.Fatal(err)
	}
	plain, dst, out := make([]byte, 64), make([]byte, 0, 512), make([]byte, 0, 512)
	sealed, payload := bare.Seal(nil, nil, plain, nil), mustEncrypt(b, key, plain)
	b.Run("encrypt", func(b *testing.B) {
		for b.Loop() {
			if _, err := key.Encrypt(dst, plain); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encrypt-bare", func(b *testing.B) {
		for b.Loop() {
			bare.Seal(dst, nil, plain, nil)
		}
	})
	b.Run("decrypt", func(b *testing.B) {
		for b.Loop() {
			if _, _, err := key.Decrypt(dst, payload); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("decrypt-bare", func(b *testing.B) {
		for b.Loop() {
			if _, err := bare.Open(dst, nil, sealed, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("both", func(b *testing.B) {
		for b.Loop() {
			p, err := key.Encrypt(dst, plain)
			if err == nil {
				_, _, err = key.Decrypt(out, p)
			}
			if err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("both-bare", func(b *testing.B) {
		for b.Loop() {
			if _, err := bare.Open(out, nil, bare.Seal(dst, nil, plain, nil), nil); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func mustEncrypt(t testing.TB, key *NamedKey, plain []byte) []byte {
	t.Helper()
	payload, err := key.Encrypt(nil, plain)
	if err != nil {
		t.Fatal(err)
	}
	return payload
}
