package seal

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/plugin"
)

func TestParseIdentities(t *testing.T) {
	file, recipient, err := NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	x, _ := age.GenerateX25519Identity()
	edPEM, edLine := sshPEM(t, ed25519Key(t), "")
	rsaPEM, rsaPub := sshPEM(t, rsaKey(t, 2048), "")
	pkcs8, _ := x509.MarshalPKCS8PrivateKey(ed25519Key(t))
	for name, c := range map[string]struct {
		data string
		want []string
	}{
		"new":           {string(file), []string{recipient}},
		"crlf":          {strings.ReplaceAll(string(file), "\n", "\r\n"), []string{recipient}},
		"no newline":    {strings.TrimSpace(string(file)), []string{recipient}},
		"two":           {string(file) + "\n# other\n" + x.String() + "\n", []string{recipient, x.Recipient().String()}},
		"ssh ed25519":   {string(edPEM), []string{edLine}},
		"ssh rsa":       {"\n" + string(rsaPEM), []string{rsaPub}},
		"pkcs8 ed25519": {string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})), []string{""}},
	} {
		ids, err := ParseIdentities([]byte(c.data), Prompts{})
		if err != nil || ids.Service != nil || len(ids.List) != len(c.want) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for i, want := range c.want {
			if got := ids.List[i]; want != "" && got.Recipient != want || got.Recipient == "" || got.PostQuantum != strings.HasPrefix(got.Recipient, "age1pq1") || got.Plugin != "" {
				t.Errorf("%s: identity %d is %q", name, i, got.Recipient)
			}
		}
	}
	// age reads what we write.
	if ids, err := age.ParseIdentities(bytes.NewReader(file)); err != nil || len(ids) != 1 {
		t.Errorf("age: %v", err)
	}
}

func TestParseIdentitiesRefuses(t *testing.T) {
	file, _, _ := NewIdentity()
	key := strings.TrimSpace(strings.Split(string(file), "\n")[1])
	id := AppID{1}.String()
	service := "PINSEAL-SERVICE-1." + id + ".3." + key
	ecKey, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ecPEM, _ := sshPEM(t, ecKey, "")
	smallPEM, _ := sshPEM(t, rsaKey(t, 1024), "")
	x, _ := age.GenerateX25519Identity()
	for name, data := range map[string]string{
		"empty": "", "comment": "# nothing\n", "word": "hunter22\n", "recipient": hybrid(t).Recipient().String(), "cut": key[:len(key)-3], "cut key": "AGE-SECRET-KEY-1QQQ",
		"lower": strings.ToLower(key), "two on a line": key + " " + key, "too large": string(file) + strings.Repeat("#\n", MaxIdentity), "not UTF-8": "\xff\xfe", "zero": "\x00",
		"ecdsa": string(ecPEM), "rsa small": string(smallPEM), "pem": "-----BEGIN hunter22-----\n", "pem empty": "-----BEGIN OPENSSH PRIVATE KEY-----\n-----END OPENSSH PRIVATE KEY-----\n",
		"service and key": service + "\n" + key, "key and service": key + "\n" + service, "two services": service + "\n" + service,
		"service version 0": strings.Replace(service, ".3.", ".0.", 1), "service version 03": strings.Replace(service, ".3.", ".03.", 1), "service no version": "PINSEAL-SERVICE-1." + id + "." + key,
		"service app": strings.Replace(service, id, id[1:], 1), "service upper": strings.Replace(service, id, strings.ToUpper(id), 1), "service classic": "PINSEAL-SERVICE-1." + id + ".3." + x.String(),
		"service cut": service[:len(service)-2], "service 2": strings.Replace(service, "SERVICE-1", "SERVICE-2", 1), "service more": service + ".x",
		"plugin cut": "AGE-PLUGIN-YUBIKEY-1", "plugin bad": "AGE-PLUGIN-YUBIKEY-1QQQQQQ", "age header": "age-encryption.org/v1\n-> X25519 a\n", "armor": "-----BEGIN AGE ENCRYPTED FILE-----\nhunter22\n",
	} {
		ids, err := ParseIdentities([]byte(data), Prompts{})
		if ids != nil || !errors.Is(err, ErrIdentity) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, part := range []string{"hunter22", key[19:40], "QQQ"} {
			if strings.Contains(err.Error(), part) {
				t.Errorf("%s: error quotes: %v", name, err)
			}
		}
	}
}

func TestServiceIdentity(t *testing.T) {
	f := newFixture(t)
	file, recipient, _ := NewIdentity()
	key := strings.Split(string(file), "\n")[1]
	line := FormatService(f.id, 3, string(file))
	if line != FormatService(f.id, 3, key) || line != "PINSEAL-SERVICE-1."+f.id.String()+".3."+key {
		t.Error("service line")
	}
	ids, err := ParseIdentities([]byte("# web\n\n"+line+"\r\n# end\n"), Prompts{})
	if err != nil {
		t.Fatal(err)
	}
	if s := ids.Service; s == nil || s.App != f.id || s.NoteVersion != 3 || len(ids.List) != 1 || ids.List[0].Recipient != recipient || !ids.List[0].PostQuantum {
		t.Errorf("service identity: %+v", ids.Service)
	}
	n := f.note.Clone()
	for version, want := range map[int]error{2: ErrAuth, 3: nil, 4: nil} {
		n.Version = version
		if err := ids.Service.Check(n); !errors.Is(err, want) {
			t.Errorf("version %d: %v", version, err)
		}
	}
	n.ID[0] ^= 1
	if err := ids.Service.Check(n); !errors.Is(err, ErrAuth) {
		t.Errorf("another app: %v", err)
	}
}

func TestPluginIdentity(t *testing.T) {
	s := plugin.EncodeIdentity("yubikey", []byte("0123456789"))
	if _, err := ParseIdentities([]byte(s), Prompts{}); !errors.Is(err, ErrPlugin) {
		t.Errorf("without plugins: %v", err)
	}
	missing := errors.New("not installed")
	if _, err := ParseIdentities([]byte(s), Prompts{Plugin: func(string) (age.Identity, error) { return nil, missing }}); !errors.Is(err, ErrPlugin) || !errors.Is(err, missing) {
		t.Errorf("failing plugin: %v", err)
	}
	alice := hybrid(t)
	ids, err := ParseIdentities([]byte(s), Prompts{Plugin: func(got string) (age.Identity, error) { return alice, nil }})
	if err != nil || ids.List[0].Plugin != "yubikey" || ids.List[0].Recipient != "" || ids.List[0].PostQuantum {
		t.Fatalf("with plugins: %v", err)
	}
	f := newFixture(t)
	wrap, err := WrapKey(f.read, f.id, alice.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := UnwrapKey(wrap, f.note, "production.read", 1, ids.List[0].Identity); err != nil {
		t.Error(err)
	}
}

func TestProtectedIdentity(t *testing.T) {
	if testing.Short() {
		t.Skip("left out of a short run")
	}
	file, recipient, _ := NewIdentity()
	armored, err := EncryptIdentity(file, []byte("correct horse"))
	if err != nil {
		t.Fatal(err)
	}
	say := func(s string) Prompts { return Prompts{Passphrase: func() ([]byte, error) { return []byte(s), nil }} }
	ids, err := ParseIdentities(append([]byte("\n"), armored...), say("correct horse"))
	if err != nil || len(ids.List) != 1 || ids.List[0].Recipient != recipient {
		t.Errorf("armored: %v", err)
	}
	for name, p := range map[string]Prompts{"nobody to ask": {}, "empty": say(""), "failing": {Passphrase: func() ([]byte, error) { return nil, errors.New("no terminal") }}} {
		if ids, err := ParseIdentities(armored, p); ids != nil || !errors.Is(err, ErrPassphrase) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := EncryptIdentity(file, nil); !errors.Is(err, ErrPassphrase) {
		t.Errorf("no passphrase: %v", err)
	}

	// Cheap ones, as another program may have written them.
	weak := func(plain []byte, work int) []byte {
		r, err := age.NewScryptRecipient("p")
		if err != nil {
			t.Fatal(err)
		}
		r.SetWorkFactor(work)
		var out bytes.Buffer
		w, err := age.Encrypt(&out, r)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = w.Write(plain)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	binary := weak(file, 10)
	if ids, err := ParseIdentities(binary, say("p")); err != nil || ids.List[0].Recipient != recipient {
		t.Errorf("binary: %v", err)
	}
	if ids, err := ParseIdentities(binary, say("battery")); ids != nil || !errors.Is(err, ErrPassphrase) {
		t.Errorf("wrong: %v", err)
	}
	asked := Prompts{Passphrase: func() ([]byte, error) { t.Error("asked for a passphrase"); return nil, nil }}
	notScrypt, _ := encryptArmored(file, hybrid(t).Recipient())
	if _, err := ParseIdentities(notScrypt, asked); !errors.Is(err, ErrIdentity) {
		t.Errorf("for a recipient: %v", err)
	}
	hostile := bytes.Replace(binary, []byte(" 10\n"), []byte(" 22\n"), 1)
	if bytes.Equal(hostile, binary) {
		t.Fatal("the work factor is not where it was")
	}
	for name, data := range map[string][]byte{
		"too much work": hostile, "damaged": append(bytes.Clone(binary[:len(binary)-1]), binary[len(binary)-1]^1), "cut": binary[:len(binary)-1], "nested": weak(binary, 10), "nothing": weak(nil, 10), "large": weak(bytes.Repeat([]byte("#\n"), MaxIdentity), 10),
	} {
		if ids, err := ParseIdentities(data, say("p")); ids != nil || !errors.Is(err, ErrIdentity) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestProtectedSSH(t *testing.T) {
	if testing.Short() {
		t.Skip("left out of a short run")
	}
	f := newFixture(t)
	private, public := sshPEM(t, ed25519Key(t), "open sesame")
	to, _, _, err := ParseRecipient(public, nil)
	if err != nil {
		t.Fatal(err)
	}
	wrap, err := WrapKey(f.read, f.id, to)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		p    Prompts
		want error
	}{
		"right":         {Prompts{Passphrase: func() ([]byte, error) { return []byte("open sesame"), nil }}, nil},
		"wrong":         {Prompts{Passphrase: func() ([]byte, error) { return []byte("x"), nil }}, ErrPassphrase},
		"nobody to ask": {Prompts{}, ErrPassphrase},
		"failing":       {Prompts{Passphrase: func() ([]byte, error) { return nil, errors.New("no terminal") }}, ErrPassphrase},
	} {
		ids, err := ParseIdentities(private, c.p)
		if err != nil || ids.List[0].Recipient != public {
			t.Errorf("%s: identity: %v", name, err)
			continue
		}
		for range 2 {
			if _, err := UnwrapKey(wrap, f.note, "production.read", 1, ids.List[0].Identity); !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", name, err, c.want)
			}
		}
		// Nobody is asked for somebody else's wrap.
		other, _ := WrapKey(f.read, f.id, f.alice.Recipient())
		asked := Prompts{Passphrase: func() ([]byte, error) { t.Error("asked"); return nil, nil }}
		ids, _ = ParseIdentities(private, asked)
		if _, err := UnwrapKey(other, f.note, "production.read", 1, ids.List[0].Identity); !errors.Is(err, ErrNoKey) {
			t.Errorf("%s: somebody else's: %v", name, err)
		}
	}
	legacy := legacyPEM(t)
	ids, err := ParseIdentities(legacy, Prompts{Passphrase: func() ([]byte, error) { return []byte("old"), nil }})
	if err != nil || !strings.HasPrefix(ids.List[0].Recipient, "ssh-rsa ") {
		t.Errorf("legacy: %v", err)
	}
	for _, p := range []Prompts{{}, {Passphrase: func() ([]byte, error) { return []byte("x"), nil }}} {
		if _, err := ParseIdentities(legacy, p); !errors.Is(err, ErrPassphrase) {
			t.Errorf("legacy: %v", err)
		}
	}
}

// legacyPEM returns an RSA key in the encrypted PEM of old OpenSSL, which hides
// the public key too.
func legacyPEM(t *testing.T) []byte {
	t.Helper()
	der := x509.MarshalPKCS1PrivateKey(rsaKey(t, 2048))
	//lint:ignore SA1019 the format is old, and people have such keys
	block, err := x509.EncryptPEMBlock(rand.Reader, "RSA PRIVATE KEY", der, []byte("old"), x509.PEMCipherAES256)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(block)
}

// TestIdentitiesDoNotPrint: what ParseIdentities returns shows no key, although
// age's own identities do.
func TestIdentitiesDoNotPrint(t *testing.T) {
	file, _, _ := NewIdentity()
	key := strings.Split(string(file), "\n")[1]
	x, _ := age.GenerateX25519Identity()
	service := FormatService(AppID{1}, 1, key)
	ed := ed25519Key(t)
	edPEM, _ := sshPEM(t, ed, "")
	pluginKey := plugin.EncodeIdentity("test", []byte("0123456789abcdef"))
	prompts := Prompts{Plugin: func(s string) (age.Identity, error) { return plugin.NewIdentity(s, &plugin.ClientUI{}) }}
	for name, c := range map[string]struct{ file, secret string }{
		"hybrid": {key, key}, "x25519": {x.String(), x.String()}, "service": {service, key}, "plugin": {pluginKey, pluginKey},
		"ssh": {string(edPEM), string(ed.Seed())},
	} {
		ids, err := ParseIdentities([]byte(c.file), prompts)
		if err != nil {
			t.Fatal(name, err)
		}
		forms := append(formsOf([]byte(c.secret)), c.secret[20:30])
		for shape, v := range shapes(ids.List[0]) {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
				if text := fmt.Sprintf(verb, v); leaks(text, forms...) {
					t.Errorf("%s in %s prints under %s", name, shape, verb)
				}
			}
			for how, text := range marshalled(v) {
				if leaks(text, forms...) {
					t.Errorf("%s in %s leaks through %s", name, shape, how)
				}
			}
		}
		if text := fmt.Sprintf("%+v %#v", ids, *ids); leaks(text, forms...) {
			t.Errorf("%s prints", name)
		}
	}
}
