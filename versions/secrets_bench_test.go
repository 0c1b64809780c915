package versions

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hpke"
	"testing"
	"time"
)

// BenchmarkSecretsOpen is what an app pays at its start: a bundle of 100 secrets, all of
// it verified and parsed, and its key unwrapped.
func BenchmarkSecretsOpen(b *testing.B) {
	a := newBenchApp(b)
	_, pin := a.importSet(a.secrets(100))
	data := a.bundle(pin, "web")
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		_, err := OpenBundle(data, a.optionsOf("web"))
		a.must(err)
	}
}

// BenchmarkSecretsCrypt encrypts 64 bytes with a named key of an open set and decrypts
// them, beside AES-GCM alone in the same run: "ratio" is the one over the other.
func BenchmarkSecretsCrypt(b *testing.B) {
	a := newBenchApp(b)
	a.addVersions("K", 128, 1)
	s, err := OpenBundle(a.bundle(a.publish("ci"), "web"), a.optionsOf("web"))
	a.must(err)
	block, err := aes.NewCipher(make([]byte, 16))
	a.must(err)
	gcm, err := cipher.NewGCMWithRandomNonce(block)
	a.must(err)
	plain := make([]byte, 64)
	var ours, bare time.Duration
	const times = 1000
	for b.Loop() {
		start := time.Now()
		for range times {
			_, err := gcm.Open(nil, nil, gcm.Seal(nil, nil, plain, nil), nil)
			a.must(err)
		}
		bare += time.Since(start)
		start = time.Now()
		for range times {
			payload, err := s.Encrypt(context.Background(), "K", plain)
			a.must(err)
			_, err = s.Decrypt(context.Background(), "K", payload)
			a.must(err)
		}
		ours += time.Since(start)
	}
	b.ReportMetric(float64(ours)/float64(bare), "ratio")
	b.ReportMetric(float64(ours.Nanoseconds())/float64(b.N)/times, "ns/both")
}

// BenchmarkSecretsGet reads from an open set, beside a bare hpke.Open: "ratio" is the one
// over the other.
func BenchmarkSecretsGet(b *testing.B) {
	a := newBenchApp(b)
	_, pin := a.importSet(a.secrets(100))
	s, err := OpenBundle(a.bundle(pin, "web"), a.optionsOf("web"))
	a.must(err)
	private, err := hpke.MLKEM768X25519().NewPrivateKey(seedFor())
	a.must(err)
	info := bytes.Repeat([]byte{1}, 90)
	box, err := hpke.Seal(private.PublicKey(), hpke.HKDFSHA256(), hpke.AES256GCM(), info, make([]byte, 128))
	a.must(err)
	var ours, bare time.Duration
	for b.Loop() {
		start := time.Now()
		_, err := hpke.Open(private, hpke.HKDFSHA256(), hpke.AES256GCM(), info, box)
		a.must(err)
		bare += time.Since(start)
		start = time.Now()
		_, err = s.Get(context.Background(), "SECRET_00042")
		a.must(err)
		ours += time.Since(start)
	}
	b.ReportMetric(float64(ours)/float64(bare), "ratio")
	b.ReportMetric(float64(ours.Nanoseconds())/float64(b.N), "ns/get")
}
