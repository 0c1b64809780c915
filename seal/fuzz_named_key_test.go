package seal

import (
	"bytes"
	"testing"
)

// FuzzPayload holds decoder, encoder and decryption to the library's, which nothing of
// ours is in.
func FuzzPayload(f *testing.F) {
	seedVectors(f, "named_key")
	raw := make([]byte, 16)
	for i := range raw {
		raw[i] = byte(i) // as in the vectors
	}
	key := mustNamedKey(f, keyTextOf(7), string(base64Of(raw)))
	aead := referenceGCM(f, raw)
	f.Fuzz(func(t *testing.T, data []byte) {
		checkDecode(t, data)
		checkEncode(t, data)
		var want []byte
		wantErr := error(ErrNotEncrypted)
		if sealed, ok := referenceDecode(data); ok && len(sealed) >= nonceSize+tagSize {
			if plain, err := aead.Open(nil, sealed[:nonceSize], sealed[nonceSize:], nil); err == nil {
				want, wantErr = plain, nil
			}
		}
		got, version, err := key.Decrypt(nil, data)
		if err != wantErr || !bytes.Equal(got, want) || version == 2 != (err == nil) {
			t.Errorf("version %d, %v, want %v", version, err, wantErr)
		}
		got, version, err = key.Decrypt(nil, mustEncrypt(t, key, data))
		if err != nil || version != 2 || !bytes.Equal(got, data) {
			t.Errorf("does not come back: version %d, %v", version, err)
		}
	})
}

func FuzzNamedKeyText(f *testing.F) {
	for _, seed := range []string{
		keyTextOf(1), string(base64Of(make([]byte, 32))), string(base64Of(make([]byte, 24))), string(base64Of(make([]byte, 15))), "+/v/AQIDBAUGBwgJCgsMDQ==",
		"-_v_AQIDBAUGBwgJCgsMDQ==", "+/v/AQIDBAUGBwgJCgsMDR==", "+/v/AQIDBAUGBwgJCgsMDQ", "+/v/AQIDBAUGBwgJCgsMDQ==\n", "", "postgres://example",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		text := NewSecret(data)
		bits, err := KeyTextBits(text)
		key, keyErr := NewNamedKey(NamedKeyVersion{1, text})
		raw, ok := referenceDecode(data)
		if ok && (len(raw) == 16 || len(raw) == 32) {
			if err != nil || keyErr != nil || bits != 8*len(raw) || !bytes.Equal(base64Of(raw), data) {
				t.Errorf("%d bits, %v, %v", bits, err, keyErr)
			}
		} else if err != errKeyText || keyErr != errKeyText || bits != 0 || key != nil {
			t.Errorf("%d bits, %v, %v", bits, err, keyErr)
		}
	})
}
