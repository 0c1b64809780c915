package leak

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// source repeats this package's own text up to n bytes.
func source(tb testing.TB, n int) []byte {
	files, err := filepath.Glob("*.go")
	if err != nil {
		tb.Fatal(err)
	}
	var text []byte
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			tb.Fatal(err)
		}
		text = append(text, b...)
	}
	return bytes.Repeat(text, n/len(text)+1)[:n]
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{1}).Read(b)
	return b
}

// usualValues are n values of the kinds that applications have.
func usualValues(n int) [][]byte {
	r := rand.New(rand.NewChaCha8([32]byte{2}))
	text := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = base64URL[r.IntN(62)]
		}
		return string(b)
	}
	values := make([][]byte, n)
	for i := range values {
		s := ""
		switch i % 5 {
		case 0:
			s = text(40)
		case 1:
			s = "postgres://app:" + text(20) + "@db.internal:5432/shop?sslmode=require"
		case 2:
			s = "sk_live_" + text(24)
		case 3:
			s = base64.StdEncoding.EncodeToString([]byte(text(32)))
		case 4:
			s = text(6) + "!$\"'&<" + text(6)
		}
		if i%50 == 0 {
			s = "-----BEGIN PRIVATE KEY-----\n"
			for range 26 {
				s += text(64) + "\n"
			}
			s += "-----END PRIVATE KEY-----\n"
		}
		values[i] = []byte(s)
	}
	return values
}

func BenchmarkScan(b *testing.B) {
	const size = 8 << 20
	texts := []struct {
		name string
		data []byte
	}{
		{"source", source(b, size)},
		{"base64", []byte(base64.StdEncoding.EncodeToString(random(size))[:size])},
		{"binary", random(size)},
	}
	for _, n := range []int{0, 200, 20_000} {
		p, _ := New(usualValues(n))
		for _, text := range texts {
			b.Run(fmt.Sprintf("%d/%s", n, text.name), func(b *testing.B) {
				b.SetBytes(size)
				b.ReportAllocs()
				for b.Loop() {
					if err := p.Scan(context.Background(), bytes.NewReader(text.data), func(h Hit) error { return nil }); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkNew(b *testing.B) {
	for _, n := range []int{200, 20_000} {
		values := usualValues(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				New(values)
			}
		})
	}
}
