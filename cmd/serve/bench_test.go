package serve

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// BenchmarkRead reads one value over real connections that stay, with the audit on a
// file: as many at once as -cpu says, 8 for each. The client is the least there can be,
// and runs on the same cores. From outside, over TCP:
//
//	pinseal serve --at pin --listen 127.0.0.1:7465 --token-file token --audit audit.log
//	wrk -t1 -c16 -d10s -H "Authorization: Bearer $(cat token)" http://127.0.0.1:7465/v1/secrets/NAME
func BenchmarkRead(b *testing.B) {
	for _, network := range []string{"unix", "tcp"} {
		b.Run(network, func(b *testing.B) {
			audit, err := os.OpenFile(filepath.Join(b.TempDir(), "audit"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
			if err != nil {
				b.Fatal(err)
			}
			defer audit.Close()
			r := start(b, testPin(b, 1, testValues), network, Options{Audit: audit})
			request := "GET /v1/secrets/DATABASE_URL HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + testToken + "\r\n\r\n"
			b.ReportAllocs()
			b.SetParallelism(8)
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				c, err := net.Dial(r.network, r.address)
				if err != nil {
					b.Error(err)
					return
				}
				defer c.Close()
				replies := bufio.NewReader(c)
				for pb.Next() {
					if _, err := io.WriteString(c, request); err != nil {
						b.Error(err)
						return
					}
					if err := skipReply(replies); err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "reads/s")
		})
	}
}

// skipReply reads a reply of 200 that is one line of JSON.
func skipReply(r *bufio.Reader) error {
	first := true
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return err
		}
		if first && !strings.HasPrefix(string(line), "HTTP/1.1 200 ") {
			return io.ErrUnexpectedEOF
		}
		first = false
		if len(line) == 2 {
			_, err := r.ReadSlice('\n')
			return err
		}
	}
}

// BenchmarkAnswer is what a read costs beside net/http: no more for a value of 64 KiB
// than for one of a byte.
func BenchmarkAnswer(b *testing.B) {
	for name, size := range map[string]int{"1B": 1, "64KiB": 64 << 10} {
		b.Run(name, func(b *testing.B) {
			s := New(testPin(b, 1, map[string]string{"A": strings.Repeat("x", size)}), Options{Audit: io.Discard, Now: time.Now, Log: func(error) {}})
			f := &front{server: s}
			req, err := http.NewRequest("GET", "/v1/secrets/A", nil)
			if err != nil {
				b.Fatal(err)
			}
			req.RequestURI = "/v1/secrets/A"
			req = req.WithContext(context.WithValue(b.Context(), peerKey{}, &peer{unix: true, allowed: true}))
			w := &sink{header: http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				f.ServeHTTP(w, req)
			}
			if w.status != 0 {
				b.Fatalf("status %d", w.status)
			}
		})
	}
}

// BenchmarkCrypt is what a key's use costs beside net/http, with 64 bytes and the line of
// the audit. From outside, where crypt.lua has
//
//	wrk.method, wrk.body = "POST", string.rep("x", 64)
//	wrk.headers["Content-Type"] = "application/octet-stream"
//
//	wrk -t1 -c16 -d10s -s crypt.lua -H "Authorization: Bearer $(cat token)" http://127.0.0.1:7465/v1/keys/NAME/encrypt
func BenchmarkCrypt(b *testing.B) {
	plain := []byte(strings.Repeat("x", 64))
	payload, err := testKey(b, 1).Encrypt(nil, plain)
	if err != nil {
		b.Fatal(err)
	}
	for event, body := range map[string][]byte{eventEncrypt: plain, eventDecrypt: payload} {
		b.Run(event, func(b *testing.B) {
			s := New(testPinWithKey(b, 1, 1), Options{Audit: io.Discard, Now: time.Now, Log: func(error) {}})
			f := &front{server: s}
			req, err := http.NewRequest("POST", "/v1/keys/customer_data/"+event, nil)
			if err != nil {
				b.Fatal(err)
			}
			req.RequestURI, req.ContentLength = req.URL.Path, int64(len(body))
			req.Header.Set("Content-Type", "application/octet-stream")
			req = req.WithContext(context.WithValue(b.Context(), peerKey{}, &peer{unix: true, allowed: true}))
			from := bytes.NewReader(nil)
			req.Body = io.NopCloser(from)
			w := &sink{header: http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				from.Reset(body)
				f.ServeHTTP(w, req)
			}
			if w.status != 0 {
				b.Fatalf("status %d", w.status)
			}
		})
	}
}

// sink is a reply that goes nowhere.
type sink struct {
	header http.Header
	status int
}

func (s *sink) Header() http.Header            { return s.header }
func (s *sink) WriteHeader(status int)         { s.status = status }
func (s *sink) Write(data []byte) (int, error) { return len(data), nil }
