package seal

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestWycheproof decrypts the published vectors of AES-GCM that a payload can express;
// the file says which those are. Their number is asserted, so that none is left out.
func TestWycheproof(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "wycheproof", "aes_gcm.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Tests []struct {
			ID                            int `json:"tcId"`
			Key, IV, Msg, Ct, Tag, Result string
		}
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	type class struct {
		bits   int
		result string
	}
	run := make(map[class]int)
	for _, c := range file.Tests {
		var fields [5][]byte
		for i, text := range []string{c.Key, c.IV, c.Ct, c.Tag, c.Msg} {
			if fields[i], err = hex.DecodeString(text); err != nil {
				t.Fatalf("%d: %v", c.ID, err)
			}
		}
		key := mustNamedKey(t, string(base64Of(fields[0])))
		got, version, err := key.Decrypt(nil, base64Of(slices.Concat(fields[1:4]...)))
		switch c.Result {
		case "valid":
			if err != nil || version != 1 || !bytes.Equal(got, fields[4]) {
				t.Errorf("%d: %x, %v", c.ID, got, err)
			}
		case "invalid":
			if err != ErrNotEncrypted || got != nil || version != 0 {
				t.Errorf("%d: %x, %v", c.ID, got, err)
			}
		}
		run[class{8 * len(fields[0]), c.Result}]++
	}
	want := map[class]int{{128, "valid"}: 22, {128, "invalid"}: 27, {256, "valid"}: 21, {256, "invalid"}: 27}
	for c, n := range want {
		if run[c] != n {
			t.Errorf("%d bits, %s: %d vectors, want %d", c.bits, c.result, run[c], n)
		}
	}
	if len(run) != len(want) {
		t.Errorf("other vectors: %v", run)
	}
}
