//go:build unix

package cmd_test

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"pinseal/seal"
)

// The versions of the key customer_data in these tests.
const sdkKeyOne, sdkKeyTwo = "Q0FOQVJZQ0FOQVJZa2V5MQ==", "Q0FOQVJZQ0FOQVJZa2V5Mg=="

// sdkKey is that key in Go, of those versions.
func sdkKey(t *testing.T, texts ...string) *seal.NamedKey {
	t.Helper()
	versions := make([]seal.NamedKeyVersion, len(texts))
	for i, text := range texts {
		versions[i] = seal.NamedKeyVersion{Number: uint32(i + 1), Text: seal.NewSecret([]byte(text))}
	}
	key, err := seal.NewNamedKey(versions...)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// newKeyApp is an app whose pin has version 1 of the key, and whose work tree version 2
// and a blank key too.
func (a *sdkApp) newKeyApp() (repo string) {
	a.t.Helper()
	repo, _ = a.newApp("shop")
	a.pinseal(repo, "CANARYtext", "set", "TEXT")
	a.pinseal(repo, sdkKeyOne, "key", "import", "customer_data")
	a.commit(repo, "one")
	a.pinseal(repo, "", "publish", "dev", "--first")
	a.pinseal(repo, sdkKeyTwo, "key", "import", "customer_data", "--add")
	a.write(filepath.Join(repo, ".pinseal", "shop", "dev", "LATER.yaml"), []byte("kind: key\nbits: 128\nvalue: blank\n"))
	a.commit(repo, "two")
	return repo
}

// sdkNewer is said of what a later release wrote, whoever is asked.
const sdkNewer = "customer_data: not a valid encrypted value; if a later release wrote it, newer key version needed: pin 1 of dev has version 1"

// sdkPlains are to be encrypted. The first few are enough where a program runs for each.
func sdkPlains() [][]byte {
	return [][]byte{nil, []byte("CANARY\n"), {0xff, 0, '\r', '\n'}, []byte(" CANARY gr\u00fc\u00dfe \u2028\ufeff\x00\"\\ "), bytes.Repeat([]byte("CANARY\x01\n"), 1<<17),
		[]byte("CANARY"), []byte("\n"), []byte("\r\n"), []byte("\ufeff"), bytes.Repeat([]byte{0xff}, 1<<20)}
}

// encrypts has a client encrypt, as text and as bytes, and holds what comes of it to the
// key. It returns the payloads, one for each of plains.
func (a *sdkApp) encrypts(dir string, env []string, key *seal.NamedKey, plains [][]byte) (payloads []string) {
	a.t.Helper()
	var calls []sdkCall
	for _, plain := range plains {
		calls = append(calls, sdkAsk("encrypt_with_key", "customer_data", plain))
		if utf8.Valid(plain) {
			calls[len(calls)-1] = sdkAsk("encrypt_with_key", "customer_data", string(plain))
		}
	}
	calls = append(calls, sdkAsk("encrypt_with_key", "customer_data", []byte("CANARY\n")))
	for i, got := range a.calls(dir, "at once", env, calls...) {
		payload, _ := got.Value.(string)
		plain, version, err := key.Decrypt(nil, []byte(payload))
		if want := append(plains, []byte("CANARY\n"))[i]; err != nil || !bytes.Equal(plain, want) || version != key.Newest() {
			a.t.Fatalf("%d: %.80q, %s %s: version %d, %v", i, payload, got.Code, got.Message, version, err)
		}
		payloads = append(payloads, payload)
	}
	return payloads[:len(plains)]
}

// decrypts has a client decrypt those payloads.
func (a *sdkApp) decrypts(dir string, env []string, plains [][]byte, payloads []string) {
	a.t.Helper()
	var cases []sdkCase
	for i, payload := range payloads {
		cases = append(cases, sdkCase{sdkAsk("decrypt_bytes_with_key", "customer_data", payload), plains[i], ""})
		if utf8.Valid(plains[i]) {
			cases = append(cases, sdkCase{sdkAsk("decrypt_with_key", "customer_data", []byte(payload)), string(plains[i]), ""})
		} else {
			cases = append(cases, sdkCase{sdkAsk("decrypt_with_key", "customer_data", payload), nil, "invalid"})
		}
	}
	a.check(dir, env, cases)
}

// goPayloads is what the Go library makes of them.
func goPayloads(t *testing.T, key *seal.NamedKey, plains [][]byte) (payloads []string) {
	t.Helper()
	for _, plain := range plains {
		payload, err := key.Encrypt(nil, plain)
		if err != nil {
			t.Fatal(err)
		}
		payloads = append(payloads, string(payload))
	}
	return payloads
}

// sdkNotEncrypted are what no client decrypts with version 1.
func sdkNotEncrypted(t *testing.T) (texts []string) {
	good := goPayloads(t, sdkKey(t, sdkKeyOne), [][]byte{[]byte("CANARY")})[0]
	flipped := []byte(good)
	flipped[9] ^= 1
	other := goPayloads(t, sdkKey(t, "AAAAAAAAAAAAAAAAAAAAAA=="), [][]byte{[]byte("CANARY")})[0]
	return []string{string(flipped), other, good + "\n", good + "\r\n", "\n" + good, "", "CANARY", strings.Repeat("AAAA", 9), strings.TrimRight(good, "=") + "-_=="}
}

// The clients and the keys of the real server.
func TestSDKKeysOfServe(t *testing.T) {
	eachSDK(t, func(a *sdkApp) {
		repo, plains := a.newKeyApp(), sdkPlains()
		one, both := sdkKey(t, sdkKeyOne), sdkKey(t, sdkKeyOne, sdkKeyTwo)
		socket := filepath.Join(a.sockets, "pin")
		a.serve(repo, "--at", "pin", "--socket", socket)
		pin := []string{"PINSEAL_SOCKET=" + socket}
		a.decrypts(a.dir, pin, plains, a.encrypts(a.dir, pin, one, plains))
		a.decrypts(a.dir, pin, plains, goPayloads(t, one, plains))

		token := a.path("token")
		a.writePrivate(token, []byte(strings.Repeat("CANARYtoken", 4)+"\n"))
		url := a.serve(repo, "--listen", "127.0.0.1:0", "--token-file", token).base
		tree := []string{"PINSEAL_URL=" + url, "PINSEAL_TOKEN_FILE=" + token}
		later := a.encrypts(a.dir, tree, both, plains[:4])
		a.decrypts(a.dir, tree, plains, append(later, goPayloads(t, one, plains)[4:]...))

		cases := []sdkCase{{sdkAsk("decrypt_with_key", "customer_data", later[0]), nil, "not_authentic"}}
		for _, text := range sdkNotEncrypted(t) {
			cases = append(cases, sdkCase{sdkAsk("decrypt_bytes_with_key", "customer_data", text), nil, "not_authentic"})
		}
		for _, name := range []string{"TEXT", "LATER", "NONE"} {
			cases = append(cases, sdkCase{sdkAsk("encrypt_with_key", name, "CANARY"), nil, "not_found"}, sdkCase{sdkAsk("decrypt_with_key", name, later[0]), nil, "not_found"})
		}
		cases = append(cases, sdkCase{sdkAsk("encrypt_with_key", "customer_data", strings.Repeat("x", 8<<20+1)), nil, "invalid"})
		a.check(a.dir, pin, cases)
		a.says(a.dir, pin, map[string]sdkCall{
			sdkNewer: cases[0].call, "customer_data: larger than 8 MiB": cases[len(cases)-1].call,
			"there is no such encryption key: NONE":                  sdkAsk("encrypt_with_key", "NONE", "CANARY"),
			"there is no such secret: NONE":                          sdkAsk("get_secret", "NONE"),
			"customer_data: not a valid encrypted value":             sdkAsk("decrypt_with_key", "customer_data", "CANARY"),
			"the value is not text: it has half of a surrogate pair": sdkAsk("encrypt_with_key", "customer_data", json.RawMessage(`"CANARY\ud800"`)),
		})
		a.says(a.dir, tree, map[string]sdkCall{
			"LATER: declared, and no value set":          sdkAsk("encrypt_with_key", "LATER", "CANARY"),
			"customer_data: not a valid encrypted value": sdkAsk("decrypt_with_key", "customer_data", strings.Repeat("AAAA", 10)),
		})
		a.check(a.dir, tree, []sdkCase{{sdkAsk("encrypt_with_key", "LATER", "CANARY"), nil, "blank"}, {sdkAsk("get_secret", "customer_data"), nil, "invalid"}})
	})
}

// The clients and the keys of the real program.
func TestSDKKeysOfProgram(t *testing.T) {
	eachSDK(t, func(a *sdkApp) {
		repo, plains := a.newKeyApp(), sdkPlains()[:5]
		both := sdkKey(t, sdkKeyOne, sdkKeyTwo)
		later := a.encrypts(repo, nil, both, plains)
		a.decrypts(repo, nil, plains, later)
		cases := []sdkCase{
			{sdkAsk("encrypt_with_key", "LATER", "CANARY"), nil, "blank"},
			{sdkAsk("encrypt_with_key", "TEXT", "CANARY"), nil, "not_found"},
			{sdkAsk("decrypt_with_key", "NONE", later[0]), nil, "not_found"},
		}
		for _, text := range sdkNotEncrypted(t) {
			cases = append(cases, sdkCase{sdkAsk("decrypt_with_key", "customer_data", text), nil, "not_authentic"})
		}
		a.check(repo, nil, cases)
		pin := []string{"PINSEAL_AT=pin"}
		a.check(repo, pin, []sdkCase{
			{sdkAsk("decrypt_with_key", "customer_data", goPayloads(t, sdkKey(t, sdkKeyOne), [][]byte{[]byte("CANARY")})[0]), "CANARY", ""},
			{sdkAsk("decrypt_with_key", "customer_data", later[0]), nil, "not_authentic"},
		})
		a.says(repo, pin, map[string]sdkCall{sdkNewer: sdkAsk("decrypt_with_key", "customer_data", later[0])})
		a.says(repo, nil, map[string]sdkCall{
			"there is no such encryption key: NONE":      sdkAsk("encrypt_with_key", "NONE", "CANARY"),
			"there is no such secret: NONE":              sdkAsk("get_secret", "NONE"),
			"LATER: declared, and no value set":          sdkAsk("encrypt_with_key", "LATER", "CANARY"),
			"customer_data: not a valid encrypted value": sdkAsk("decrypt_with_key", "customer_data", strings.Repeat("AAAA", 10)),
		})
		a.check(repo, []string{"PINSEAL_ENV=none"}, []sdkCase{{sdkAsk("encrypt_with_key", "customer_data", "CANARY"), nil, "unavailable"}})
	})
}

// What one language encrypts the others decrypt.
func TestSDKsAgree(t *testing.T) {
	slow(t)
	plains, made, apps := sdkPlains(), map[string][]string{}, map[string]*sdkApp{}
	var env []string
	for _, l := range sdkLanguages {
		a := l.app(t)
		if env == nil {
			socket := filepath.Join(a.sockets, "pin")
			a.serve(a.newKeyApp(), "--at", "pin", "--socket", socket)
			env = []string{"PINSEAL_SOCKET=" + socket}
		}
		apps[l.name], made[l.name] = a, a.encrypts(a.dir, env, sdkKey(t, sdkKeyOne), plains)
	}
	for by, a := range apps {
		for of, payloads := range made {
			if by != of {
				a.decrypts(a.dir, env, plains, payloads)
			}
		}
	}
}
