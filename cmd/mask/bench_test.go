package mask

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// usualValues are n values of the kinds that applications have.
func usualValues(n int) [][]byte {
	r := rand.New(rand.NewChaCha8([32]byte{2}))
	text := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[r.IntN(62)]
		}
		return string(b)
	}
	values := make([][]byte, n)
	for i := range values {
		switch {
		case i%50 == 0:
			s := "-----BEGIN PRIVATE KEY-----\n"
			for range 26 {
				s += text(64) + "\n"
			}
			values[i] = []byte(s + "-----END PRIVATE KEY-----\n")
		case i%5 == 0:
			values[i] = []byte(text(40))
		case i%5 == 1:
			values[i] = []byte("postgres://app:" + text(20) + "@db.internal:5432/shop?sslmode=require")
		case i%5 == 2:
			values[i] = []byte("sk_live_" + text(24))
		case i%5 == 3:
			values[i] = []byte(base64.StdEncoding.EncodeToString([]byte(text(32))))
		default:
			values[i] = []byte(text(6) + "!$\"'&<" + text(6))
		}
	}
	return values
}

// outputs are n bytes each of what programs print.
func outputs(b *testing.B, n int) map[string][]byte {
	b.Helper()
	var source, log, urls []byte
	files, err := filepath.Glob("*.go")
	if err != nil {
		b.Fatal(err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			b.Fatal(err)
		}
		source = append(source, text...)
	}
	values := usualValues(100)
	for i := range 5000 {
		log = fmt.Appendf(log, "2026-11-21T19:%02d:%02d.%03dZ INFO http request method=GET path=/api/v1/orders/%d status=200 duration=%dms\n", i%60, i%59, i%997, i*7919, i%313)
		urls = fmt.Appendf(urls, "connecting to postgres://app:wrong%d@db.internal\n", i)
		if i%100 == 0 {
			urls = append(append(urls, values[i/100]...), '\n')
		}
	}
	random := make([]byte, n)
	rand.NewChaCha8([32]byte{1}).Read(random)
	fill := func(text []byte) []byte { return bytes.Repeat(text, n/len(text)+1)[:n] }
	return map[string][]byte{
		"source": fill(source), "log": fill(log), "urls and values": fill(urls), "random": random,
		"base64": []byte(base64.StdEncoding.EncodeToString(random))[:n],
	}
}

func BenchmarkWrite(b *testing.B) {
	const size = 8 << 20
	for name, text := range outputs(b, size) {
		for _, n := range []int{1, 100, 1000} {
			m := made(usualValues(n))
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				b.SetBytes(size)
				b.ReportAllocs()
				for b.Loop() {
					w := m.Writer(io.Discard)
					for rest := text; len(rest) > 0; rest = rest[min(len(rest), 32<<10):] {
						if _, err := w.Write(rest[:min(len(rest), 32<<10)]); err != nil {
							b.Fatal(err)
						}
					}
					if err := w.Close(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkNew(b *testing.B) {
	for _, n := range []int{10, 100, 1000} {
		values := usualValues(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				made(values)
			}
		})
	}
}
