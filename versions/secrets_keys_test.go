package versions

import (
	"strings"
	"testing"
)

// What decrypts is kept by whoever asked, and takes its own size.
func TestSecretsDecryptKeepsNoMore(t *testing.T) {
	a := newApp(t)
	a.addVersions("K", 128, 2)
	s, err := OpenBundle(a.bundle(a.publish("ci"), "web"), a.optionsOf("web"))
	a.must(err)
	for _, size := range []int{0, 64, 1 << 20} {
		payload := encrypted(t, s, "K", strings.Repeat("x", size))
		plain, err := s.Decrypt(t.Context(), "K", payload)
		a.must(err)
		if got := cap(plain.Reveal()); plain.Len() != size || got > size+size/4+64 {
			t.Errorf("%d bytes are kept for %d", got, plain.Len())
		}
	}
}
