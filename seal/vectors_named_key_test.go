package seal

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/fips140"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// namedKeyPlains are what payloads of all kinds are made of.
func namedKeyPlains() map[string][]byte {
	binary := make([]byte, 256)
	for i := range binary {
		binary[i] = byte(i)
	}
	return map[string][]byte{
		"empty": {}, "byte": {0}, "text": []byte("Grüße, 世界 🔑\r\n"), "64": bytes.Repeat([]byte{'v'}, 64), "binary": binary,
		"mebibyte": bytes.Repeat(binary, 1<<12),
	}
}

// payloadMaker makes the payload of plain under a nonce, as another program does.
type payloadMaker func(by, op string, key, nonce, plain []byte) []byte

// namedKeyVectors are the same whoever makes them: a nonce leaves nothing to choose.
func namedKeyVectors(t *testing.T, seal payloadMaker) map[string]vector {
	raw := make([]byte, 32)
	for i := range raw {
		raw[i] = byte(i)
	}
	key, wide, other := raw[:16], raw, bytes.Repeat([]byte{7}, 16)
	nonce, _ := hex.DecodeString("fbffbf0102030405060708ff")
	out := make(map[string]vector)
	add := func(name, expect, by string, payload []byte, keys [][]byte, more ...string) {
		v := vector{body: payload, fields: []string{"expect", expect, "by", by}}
		for i, k := range keys {
			v.fields = append(v.fields, "key."+strconv.Itoa(2*i+1), string(base64Of(k)))
		}
		v.fields = append(v.fields, more...)
		out[name] = v
	}
	for _, by := range []string{"node", "python", "java"} {
		for what, plain := range namedKeyPlains() {
			payload := seal(by, "seal", key, nonce, plain)
			if what == "mebibyte" { // by rule
				sum := sha256.Sum256(payload)
				add(by+"-"+what, "ok", by, nil, [][]byte{key}, "version", "1", "plain", hex.EncodeToString(plain[:256]),
					"times", "4096", "nonce", hex.EncodeToString(nonce), "sha256", hex.EncodeToString(sum[:]))
				continue
			}
			add(by+"-"+what, "ok", by, payload, [][]byte{key}, "version", "1", "plain", hex.EncodeToString(plain))
		}
		add(by+"-256", "ok", by, seal(by, "seal", wide, nonce, []byte("value")), [][]byte{wide}, "version", "1", "plain", hex.EncodeToString([]byte("value")))
	}
	plain := bytes.Repeat([]byte{'v'}, 64)
	payload := seal("python", "seal", key, nonce, plain)
	add("version-older", "ok", "python", payload, [][]byte{key, other}, "version", "1", "plain", hex.EncodeToString(plain))
	add("version-newest", "ok", "python", payload, [][]byte{other, key, key}, "version", "5", "plain", hex.EncodeToString(plain))
	add("key-wrong", "not authentic", "python", payload, [][]byte{other})
	add("key-wider", "not authentic", "python", payload, [][]byte{wide})
	add("key-narrower", "not authentic", "python", seal("python", "seal", wide, nonce, plain), [][]byte{key})
	add("key-hosted-256", "not authentic", "java", seal("java", "hosted-seal", wide, nonce, plain), [][]byte{wide})
	for name, body := range refusedPayloads(t, payload) {
		add(name, "not authentic", "python", body, [][]byte{key})
	}
	return out
}

// refusedPayloads are made of one that opens, which has a character of padding and
// both of those that the URL-safe alphabet has others for.
func refusedPayloads(t *testing.T, payload []byte) map[string][]byte {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(string(payload))
	if n := len(payload); err != nil || payload[n-1] != '=' || payload[n-2] == '=' || !bytes.Contains(payload, []byte("+")) || !bytes.Contains(payload, []byte("/")) {
		t.Fatalf("not a payload to change: %v", err)
	}
	text := string(payload)
	last := len(text) - 2
	out := map[string]string{
		"empty": "", "padding-alone": "====", "plaintext": "value", "text": "never was it encrypted, this one",
		"url-safe": strings.NewReplacer("+", "-", "/", "_").Replace(text), "padding-none": text[:last+1], "padding-more": text + "=",
		"padding-four": text + "====", "padding-inner": string(base64Of(raw[:1])) + string(base64Of(raw[1:])), "padding-two": text[:last] + "==",
		"spare-bits": text[:last] + string(text[last]+1) + "=",
		"lf-after":   text + "\n", "crlf-after": text + "\r\n", "cr-after": text + "\r", "space-after": text + " ", "nul-after": text + "\x00",
		"lf-before": "\n" + text, "space-before": " " + text, "bom-before": "\ufeff" + text, "lf-inner": text[:76] + "\n" + text[76:],
		"lf-four-after": text + "\n\n\n\n", "lf-four-inner": text[:76] + "\n\n\n\n" + text[76:], "lf-for-padding": text[:last+1] + "\n",
		"cr-four-before": "\r\r\r\r" + text, "space-four-inner": text[:76] + "    " + text[76:],
		"truncated": text[:len(text)-4], "extended": text[:last-2] + "AAAA" + text[last-2:], "twice": text + text, "hex": hex.EncodeToString(raw),
	}
	for _, n := range []int{1, 11, 12, 27, 28, len(raw) - 1} {
		out["bytes-"+strconv.Itoa(n)] = string(base64Of(raw[:n]))
	}
	for _, at := range []int{0, 11, 12, len(raw) - 17, len(raw) - 16, len(raw) - 1} {
		flipped := slices.Clone(raw)
		flipped[at] ^= 1
		out["bit-"+strconv.Itoa(at)] = string(base64Of(flipped))
	}
	all := make(map[string][]byte)
	for name, body := range out {
		all[name] = []byte(body)
	}
	return all
}

// referencePayload uses nothing of ours.
func referencePayload(t testing.TB, key, nonce, plain []byte) []byte {
	t.Helper()
	return base64Of(referenceGCM(t, key).Seal(slices.Clone(nonce), nonce, plain, nil))
}

func referenceGCM(t testing.TB, key []byte) cipher.AEAD {
	t.Helper()
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	return gcm
}

// TestNamedKeyVectors reads every vector. With -update the programs of testdata/interop
// write them first, and all have to be here.
func TestNamedKeyVectors(t *testing.T) {
	if *update {
		running := make(map[string]*peer)
		writeVectors(t, filepath.Join("testdata", "vectors", "named_key"), namedKeyVectors(t, func(by, op string, key, nonce, plain []byte) []byte {
			p := running[by]
			if p == nil {
				var err error
				if p, err = newPeer(t, by); err != nil {
					t.Fatalf("%s: %v", by, err)
				}
				running[by] = p
			}
			return p.seal(t, op, base64Of(key), nonce, plain)
		}))
	}
	runDir(t, "named_key", runNamedKey)
}

// TestNamedKeyVectorsReproduce holds what the programs made to the library's AES-GCM.
func TestNamedKeyVectorsReproduce(t *testing.T) {
	vectors := namedKeyVectors(t, func(_, op string, key, nonce, plain []byte) []byte {
		if op == "hosted-seal" {
			key = key[:16]
		}
		return referencePayload(t, key, nonce, plain)
	})
	files, _ := filepath.Glob(filepath.Join("testdata", "vectors", "named_key", "*.txt"))
	if len(files) != len(vectors) {
		t.Errorf("%d files, %d scenarios", len(files), len(vectors))
	}
	for name, v := range vectors {
		data, err := os.ReadFile(filepath.Join("testdata", "vectors", "named_key", name+".txt"))
		if err != nil {
			t.Error(err)
		} else if !bytes.Equal(data, v.format()) {
			t.Errorf("%s: file differs from the generator", name)
		}
	}
}

func runNamedKey(t *testing.T, v vector) {
	var versions []NamedKeyVersion
	for i := 0; i < len(v.fields); i += 2 {
		if number, ok := strings.CutPrefix(v.fields[i], "key."); ok {
			n, _ := strconv.Atoi(number)
			versions = append(versions, NamedKeyVersion{uint32(n), NewSecret([]byte(v.fields[i+1]))})
		}
	}
	key, err := NewNamedKey(versions...)
	if err != nil {
		t.Fatal(err)
	}
	plain, _ := hex.DecodeString(v.get("plain"))
	if times, _ := strconv.Atoi(v.get("times")); times > 0 {
		if fips140.Enforced() {
			t.Skip("a nonce cannot be chosen")
		}
		raw, _ := base64.StdEncoding.DecodeString(v.get("key.1"))
		nonce, _ := hex.DecodeString(v.get("nonce"))
		plain = bytes.Repeat(plain, times)
		v.body = referencePayload(t, raw, nonce, plain)
		if sum := sha256.Sum256(v.body); hex.EncodeToString(sum[:]) != v.get("sha256") {
			t.Fatal("they made another payload")
		}
	}
	got, version, err := key.Decrypt(nil, v.body)
	if outcome(err) != v.get("expect") {
		t.Fatalf("got %s, want %s", outcome(err), v.get("expect"))
	}
	if err != nil {
		if err != ErrNotEncrypted || got != nil || version != 0 {
			t.Error("error is not ErrNotEncrypted alone, or a value came with it")
		}
		return
	}
	if !bytes.Equal(got, plain) || strconv.Itoa(int(version)) != v.get("version") {
		t.Errorf("decrypts to another value, or as version %d", version)
	}
}
