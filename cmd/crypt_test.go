package cmd

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"
)

// newKeyShop is a shop with keys K and OTHER in dev, committed and published as pin 1.
func newKeyShop(t *testing.T) *shop {
	t.Helper()
	s := newShop(t)
	s.run(0, "", "key", "create", "K")
	s.run(0, "", "key", "create", "OTHER")
	s.run(0, "v", "set", "SECRET")
	s.commit()
	s.run(0, "", "publish", "dev", "--first")
	return s
}

// encrypt gives the payload of a value, without a line end.
func (s *shop) encrypt(value string, args ...string) string {
	s.t.Helper()
	out, _ := s.run(0, value, append([]string{"encrypt", "-k", "K"}, args...)...)
	payload, ok := strings.CutSuffix(out, "\n")
	if !ok || strings.ContainsAny(payload, "\r\n") {
		s.t.Fatalf("encrypt printed %q, which is not one line", out)
	}
	return payload
}

func TestCryptRoundTrip(t *testing.T) {
	s := newKeyShop(t)
	for _, value := range []string{"", "v", "Grüße, мир", "two\nlines\n", "\r\n", "\x00\xff binary\n\n", strings.Repeat("long ", 40_000)} {
		payload := s.encrypt(value)
		if raw, err := base64.StdEncoding.Strict().DecodeString(payload); err != nil || len(raw) != 12+len(value)+16 {
			t.Errorf("%.20q: the payload has %d bytes, %v", value, len(raw), err)
		}
		if s.encrypt(value) == payload {
			t.Errorf("%.20q: encrypting it twice gives one payload", value)
		}
		for _, end := range []string{"", "\n", "\r\n"} {
			if out, talk := s.run(0, payload+end, "decrypt", "-k", "K"); out != value || talk != "" {
				t.Errorf("%.20q with %q behind it: decrypted to %.20q, said %q", value, end, out, talk)
			}
		}
	}

	var encrypted, decrypted struct {
		Schema, Version         int
		Key, Environment, Value string
		Base64                  string `json:"value_base64"`
	}
	s.run(0, "", "key", "rotate", "K")
	out, _ := s.run(0, "\xff", "encrypt", "--key", "K", "--json")
	s.check(json.Unmarshal([]byte(out), &encrypted))
	out, _ = s.run(0, encrypted.Value, "decrypt", "--key", "K", "--json")
	s.check(json.Unmarshal([]byte(out), &decrypted))
	if encrypted.Schema != 1 || encrypted.Version != 2 || encrypted.Key != "K" || encrypted.Environment != "dev" ||
		decrypted.Schema != 1 || decrypted.Version != 2 || decrypted.Key != "K" || decrypted.Environment != "dev" || decrypted.Base64 != "/w==" {
		t.Errorf("as JSON: %+v, %+v", encrypted, decrypted)
	}
	out, _ = s.run(0, s.encrypt("text", "--at", "HEAD"), "decrypt", "-k", "K", "--json")
	s.has(out, `"version": 1`, `"value": "text"`)

	// Nothing stands in for a key, and nothing is said of what tries to.
	s.environ = append(s.environ, "PINSEAL__SECRETS__K=AAAAAAAAAAAAAAAAAAAAAA==")
	if out, talk := s.run(0, encrypted.Value, "decrypt", "-k", "K", "--at", "worktree"); out != "\xff" || talk != "" {
		t.Errorf("with an override: %q, %q", out, talk)
	}
}

// What does not decrypt is one error, whatever is wrong with it.
func TestDecryptRefuses(t *testing.T) {
	s := newKeyShop(t)
	payload := s.encrypt("CANARYrefused")
	other, _ := s.run(0, "CANARYrefused", "encrypt", "-k", "OTHER")
	elsewhere := newKeyShop(t).encrypt("CANARYrefused")
	s.run(0, "", "key", "create", "K", "-e", "production")
	inProduction := s.encrypt("CANARYrefused", "-e", "production")
	odd := strings.TrimRight(s.encrypt("12"), "=") // 30 bytes want no padding, 29 and 28 do
	tests := map[string]string{
		"of another key":         other,
		"of another app":         elsewhere,
		"of another environment": inProduction,
		"empty":                  "",
		"a line end":             "\n",
		"two line ends":          payload + "\n\n",
		"a CR":                   payload + "\r",
		"two CRs":                payload + "\r\r\n",
		"a space before":         " " + payload,
		"a space behind":         payload + " ",
		"a line break within":    payload[:20] + "\n" + payload[20:],
		"cut":                    payload[:len(payload)-4],
		"more":                   payload + "AAAA",
		"two":                    payload + "\n" + payload + "\n",
		"no base64":              "CANARYrefused",
		"11 bytes":               base64.StdEncoding.EncodeToString(make([]byte, 11)),
		"27 bytes":               base64.StdEncoding.EncodeToString(make([]byte, 27)),
		"28 bytes":               base64.StdEncoding.EncodeToString(make([]byte, 28)),
		"no padding":             strings.TrimRight(s.encrypt("1"), "="),
		"padding too many":       odd + "====",
		"URL-safe":               base64.URLEncoding.EncodeToString(bytes.Repeat([]byte{0xff}, 30)),
	}
	raw, err := base64.StdEncoding.DecodeString(payload)
	s.check(err)
	for _, i := range []int{0, 11, 12, len(raw) - 17, len(raw) - 16, len(raw) - 1} {
		flipped := bytes.Clone(raw)
		flipped[i] ^= 1
		tests["byte "+strconv.Itoa(i)+" flipped"] = base64.StdEncoding.EncodeToString(flipped)
	}
	for name, in := range tests {
		for _, how := range [][]string{nil, {"--json"}} {
			out, talk := s.run(5, in, append([]string{"decrypt", "-k", "K"}, how...)...)
			if out != "" || talk != "error: not a valid encrypted value of key \"K\"\n" {
				t.Errorf("%s: printed %q, said %q", name, out, talk)
			}
		}
	}
	// A URL-safe payload that is one but for that.
	for {
		std := s.encrypt("v")
		if url := strings.NewReplacer("+", "-", "/", "_").Replace(std); url != std {
			s.run(5, url, "decrypt", "-k", "K")
			break
		}
	}
}

func TestCryptWithoutKey(t *testing.T) {
	s := newKeyShop(t)
	payload := s.encrypt("CANARYnokey")
	s.run(0, "", "set", "NONE", "--blank")
	s.check(os.WriteFile(s.path("dev/BLANK.yaml"), []byte("kind: key\nbits: 128\nvalue: blank\n"), 0o644))
	tests := []struct {
		code int
		want string
		args []string
	}{
		{2, "--key is wanted", nil},
		{2, "--key is empty", []string{"--key="}},
		{2, `must not hold "="`, []string{"-kCANARYx=v"}},
		{3, `no encryption key "NOBODY" in dev of the work tree`, []string{"-k", "NOBODY"}},
		{3, "pinseal key list -e dev --at HEAD", []string{"-k", "NOBODY", "--at", "HEAD"}},
		{3, `no encryption key "SECRET" in dev of the work tree: that is a secret`, []string{"-k", "SECRET"}},
		{3, "that is a secret", []string{"-k", "NONE"}},
		{3, `encryption key "BLANK" is blank in dev: declared, but it has no version`, []string{"-k", "BLANK"}},
		{3, "pinseal key create BLANK -e dev", []string{"-k", "BLANK"}},
		{2, "try:  pinseal COMMAND -k NAME -e dev --at pin\n", []string{"-e", "dev", "--at", "pin"}},
		{3, `no encryption key "NOBODY" in pin 1 of dev`, []string{"-k", "NOBODY", "--at", "pin"}},
		{3, "no environment", []string{"-k", "K", "-e", "staging"}},
		{3, "no pin", []string{"-k", "K", "--at", "pin:7"}},
		{5, "below --min-pin 2", []string{"-k", "K", "--at", "pin", "--min-pin", "2"}},
		{2, "exclude each other", []string{"-k", "K", "--at", "pin", "--bundle", "b"}},
	}
	for _, test := range tests {
		for _, command := range []string{"encrypt", "decrypt", "rewrap"} {
			out, talk := s.run(test.code, payload, append([]string{command}, test.args...)...)
			if out != "" || !strings.Contains(talk, strings.ReplaceAll(test.want, "COMMAND", command)) || strings.Contains(talk, "CANARY") {
				t.Errorf("%s %v: printed %q, said %q", command, test.args, out, talk)
			}
		}
	}
	for _, command := range []string{"encrypt", "decrypt"} {
		s.run(2, payload, command, "-k", "K", "--lines", "--json")
		s.run(2, payload, command, "-k", "K", "CANARYargument")
	}

	// A pin that does not verify is no reason to read another set.
	s.git("update-ref", "refs/pinseal/"+s.note.ID.String()+"/dev", "HEAD")
	for _, command := range []string{"encrypt", "decrypt", "rewrap"} {
		if out, _ := s.run(5, payload, command, "-k", "K", "--at", "pin"); out != "" {
			t.Errorf("%s printed %q", command, out)
		}
	}
	s.environ = append(s.environ, "XDG_CONFIG_HOME="+t.TempDir())
	for _, command := range []string{"encrypt", "decrypt", "rewrap"} {
		if out, talk := s.run(4, payload, command, "-k", "K"); out != "" || !strings.Contains(talk, "pinseal --identity FILE") {
			t.Errorf("%s printed %q, said %q", command, out, talk)
		}
	}
}
