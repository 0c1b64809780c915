//go:build unix

package seal

import (
	"encoding/base64"
	"errors"
	"strings"
	"syscall"
	"testing"
)

// TestNamedKeyTooLarge has more than a gibibyte of zeros, of which no page takes memory.
func TestNamedKeyTooLarge(t *testing.T) {
	over := base64.StdEncoding.EncodedLen(nonceSize + MaxPlaintext + 1 + tagSize)
	zeros, err := syscall.Mmap(-1, 0, over, syscall.PROT_READ, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Skipf("no room for it: %v", err)
	}
	defer syscall.Munmap(zeros)
	key := mustNamedKey(t, keyTextOf(1))
	out, err := key.Encrypt(nil, zeros[:MaxPlaintext+1])
	if err != ErrPlaintextTooLarge || out != nil || errors.Is(err, ErrAuth) || !strings.Contains(err.Error(), "1073741824") {
		t.Errorf("encrypts: %v", err)
	}
	if out, version, err := key.Decrypt(nil, zeros); err != ErrNotEncrypted || out != nil || version != 0 {
		t.Errorf("decrypts: %v", err)
	}
	if n := testing.AllocsPerRun(1, func() { key.Decrypt(nil, zeros) }); n != 0 {
		t.Error("makes room for it first")
	}
}
