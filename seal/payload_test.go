package seal

import (
	"bytes"
	"encoding/base64"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// referenceDecode is the library's decoder without what it skips. No payload is empty.
func referenceDecode(payload []byte) ([]byte, bool) {
	if len(payload) == 0 || bytes.ContainsAny(payload, "\r\n") {
		return nil, false
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(string(payload))
	return raw, err == nil
}

// checkDecode holds our decoder to the library's.
func checkDecode(t *testing.T, payload []byte) {
	t.Helper()
	want, wantOK := referenceDecode(payload)
	var got []byte
	size, ok := rawLen(payload)
	if ok {
		got = make([]byte, size, size+8)
		ok = tablesOfPayload().decode(got, payload)
		if !bytes.Equal(got[size:size+8], make([]byte, 8)) {
			t.Errorf("%q: writes behind its end", payload)
		}
	}
	if ok != wantOK || ok && !bytes.Equal(got, want) {
		t.Errorf("%q: %x, %v, the library has %x, %v", payload, got, ok, want, wantOK)
	}
}

// checkEncode holds our encoder to the library's, from a place of its own and from the
// end of where it writes to.
func checkEncode(t *testing.T, raw []byte) {
	t.Helper()
	want := base64Of(raw)
	for name, in := range map[string]bool{"apart": false, "in place": true} {
		out, from := make([]byte, len(want), len(want)+8), slices.Clone(raw)
		if in {
			from = out[len(want)-len(raw):]
			copy(from, raw)
		}
		tablesOfPayload().encode(out, from)
		if !bytes.Equal(out, want) || !bytes.Equal(out[len(want):len(want)+8], make([]byte, 8)) {
			t.Errorf("%s: %x is %q, the library has %q", name, raw, out, want)
		}
	}
}

func TestPayloadCodec(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 301 {
		for range 8 {
			raw := make([]byte, n)
			for i := range raw {
				raw[i] = byte(random.Uint32())
			}
			checkEncode(t, raw)
			payload := base64Of(raw)
			checkDecode(t, payload)
			for range 16 {
				checkDecode(t, corrupted(random, payload))
			}
		}
	}
	// Every byte in every place of the shortest texts of each padding, and behind the
	// part that is taken eight at a time.
	for n := range 16 {
		payload := base64Of(bytes.Repeat([]byte{0xa5}, n))
		for at := range payload {
			for c := range 256 {
				changed := slices.Clone(payload)
				changed[at] = byte(c)
				checkDecode(t, changed)
			}
		}
	}
}

// corrupted changes, inserts or removes some characters; half of what it sets has a
// meaning in base64.
func corrupted(random *rand.Rand, payload []byte) []byte {
	const some = "AQgw+/-_==\r\n \x00\x80\xff"
	out := slices.Clone(payload)
	for range 1 + random.IntN(3) {
		c, at := byte(random.Uint32()), random.IntN(len(out)+1)
		if random.IntN(2) == 0 {
			c = some[random.IntN(len(some))]
		}
		switch random.IntN(4) {
		case 0:
			out = slices.Insert(out, at, c)
		case 1:
			out = out[:at]
		default:
			if at < len(out) {
				out[at] = c
			}
		}
	}
	return out
}

func refused(t *testing.T, key *NamedKey, what string, payload []byte) {
	t.Helper()
	was := slices.Clone(payload)
	out, version, err := key.Decrypt(make([]byte, 3, 1024), payload)
	if err != ErrNotEncrypted || !errors.Is(err, ErrAuth) || errors.Is(err, ErrNoKey) || out != nil || version != 0 {
		t.Errorf("%s: %d bytes of version %d, %v", what, len(out), version, err)
	}
	if !bytes.Equal(payload, was) {
		t.Errorf("%s: was modified", what)
	}
}

// TestPayloadEveryByte sets each character of a payload to all others, cuts it at each,
// and puts each byte between two and around.
func TestPayloadEveryByte(t *testing.T) {
	text := keyTextOf(1)
	key := mustNamedKey(t, keyTextOf(2), text, keyTextOf(3))
	for n := range 4 { // with two, one and no characters of padding
		payload := mustEncrypt(t, mustNamedKey(t, text), bytes.Repeat([]byte{'v'}, n))
		if _, version, err := key.Decrypt(nil, payload); version != 2 || err != nil {
			t.Fatal(version, err)
		}
		for at := range len(payload) + 1 {
			if at < len(payload) {
				refused(t, key, "cut", payload[:at])
				refused(t, key, "cut from the front", payload[at+1:])
			}
			for c := range 256 {
				refused(t, key, "inserted", slices.Insert(slices.Clone(payload), at, byte(c)))
				if at == len(payload) || int(payload[at]) == c {
					continue
				}
				changed := slices.Clone(payload)
				changed[at] = byte(c)
				refused(t, key, "changed", changed)
			}
		}
	}
	if ErrNotEncrypted.Error() != "not a valid encrypted value" {
		t.Error(ErrNotEncrypted)
	}
}

// TestPayloadShortest has the lengths around the empty value's.
func TestPayloadShortest(t *testing.T) {
	key := mustNamedKey(t, keyTextOf(1))
	for n := range nonceSize + tagSize + 8 {
		refused(t, key, "zeros", base64Of(make([]byte, n)))
	}
	for _, plain := range [][]byte{nil, {}} {
		payload := mustEncrypt(t, key, plain)
		if raw, ok := referenceDecode(payload); !ok || len(raw) != nonceSize+tagSize {
			t.Errorf("the empty value has %d bytes", len(raw))
		}
		if out, version, err := key.Decrypt(nil, payload); len(out) != 0 || version != 1 || err != nil {
			t.Errorf("%q, %d, %v", out, version, err)
		}
	}
}

// TestPayloadAppends gives dst of all kinds: what stands in it stays, room is used, and
// nothing but dst is written to.
func TestPayloadAppends(t *testing.T) {
	text, key := randomNamedKey(t, 128)
	raw, _ := referenceDecode(text)
	aead := referenceGCM(t, raw)
	for n := range 100 {
		plain := bytes.Repeat([]byte{'v'}, n)
		for _, room := range []int{0, 1, n, 4 * n, 4*n + 128} {
			dst := append(make([]byte, 0, 7+room), "before "...)
			payload, err := key.Encrypt(dst, plain)
			if err != nil || !bytes.HasPrefix(payload, dst) || string(dst) != "before " || !bytes.Equal(plain, bytes.Repeat([]byte{'v'}, n)) {
				t.Fatalf("%d bytes, room %d: %q, %v", n, room, payload, err)
			}
			sealed, ok := referenceDecode(payload[len(dst):])
			if !ok {
				t.Fatalf("%q is no payload", payload)
			}
			got, err := aead.Open(nil, sealed[:nonceSize], sealed[nonceSize:], nil)
			if err != nil || !bytes.Equal(got, plain) {
				t.Fatalf("%d bytes, room %d: %q, %v", n, room, got, err)
			}
			if room == 4*n+128 && &payload[0] != &dst[0] {
				t.Errorf("%d bytes: room was not used", n)
			}
			was := slices.Clone(payload)
			out, version, err := key.Decrypt(append(make([]byte, 0, 7+room), "before "...), payload[len(dst):])
			if !bytes.Equal(payload, was) {
				t.Errorf("%d bytes, room %d: the payload was modified", n, room)
			}
			if err != nil || version != 1 || string(out) != "before "+string(plain) {
				t.Fatalf("%d bytes, room %d: %q, %d, %v", n, room, out, version, err)
			}
		}
	}
}

// TestPayloadMissLeavesNothing changes the tag alone: the plaintext is known by then,
// and must not be found in the room that dst had.
func TestPayloadMissLeavesNothing(t *testing.T) {
	for _, n := range []int{16, 64, 1000, 1 << 16} {
		text, key := randomNamedKey(t, 256)
		plain := []byte(strings.Repeat(canary, n/len(canary)))
		raw, _ := referenceDecode(mustEncrypt(t, key, plain))
		raw[len(raw)-1] ^= 1
		dst := append(make([]byte, 0, 4*n+256), "before"...)
		if out, _, err := key.Decrypt(dst, base64Of(raw)); err != ErrNotEncrypted || out != nil {
			t.Fatal(err)
		}
		if room := dst[:cap(dst)]; string(dst) != "before" || bytes.Contains(room, []byte(canary[:8])) || bytes.Contains(room, text[:8]) {
			t.Errorf("%d bytes: left behind by a miss", n)
		}
	}
}
