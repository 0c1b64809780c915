package seal

import (
	"bytes"
	"crypto/hpke"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"
	"testing"
)

// sealedAs seals any padded plaintext with any info, as a writer of another
// program might.
func sealedAs(t *testing.T, k *Key, info, padded []byte) string {
	t.Helper()
	pk := k.hold().open.PublicKey()
	box, err := hpke.Seal(pk, hpke.HKDFSHA256(), hpke.AES256GCM(), info, padded)
	if err != nil {
		t.Fatal(err)
	}
	return valuePrefix + strconv.Itoa(k.generation) + "." + base64.RawURLEncoding.EncodeToString(box)
}

func valueVectors(t *testing.T) map[string]vector {
	admin := seedKey(t, Admin, 1, 1)
	k := seedKey(t, "dev.read", 1, 2)
	here := Place{App: NewAppID(admin.Public()), Environment: "dev", Kind: KindSecret, Name: "DATABASE_URL"}
	const plain = "postgres://example"
	seal := func(p Place, value string) string {
		s, err := sealValue(k.Public(), 1, p, NewSecret([]byte(value)))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	out := make(map[string]vector)
	add := func(name, expect string, p Place, generation int, sealed, value string) {
		v := vector{body: []byte(sealed), fields: []string{
			"expect", expect, "app", p.App.String(), "environment", p.Environment, "kind", p.Kind, "name", p.Name,
			"version", strconv.Itoa(int(p.Version)), "generation", strconv.Itoa(generation),
			"seed", hex.EncodeToString(k.hold().seed),
		}}
		if expect == "ok" {
			v.fields = append(v.fields, "plain", hex.EncodeToString([]byte(value)))
		}
		out[name] = v
	}
	sealed := seal(here, plain)
	add("example", "ok", here, 1, sealed, plain)
	for _, n := range []int{0, 1, 124, 125, 252, 253} {
		value := strings.Repeat("v", n)
		add("length-"+strconv.Itoa(n), "ok", here, 1, seal(here, value), value)
	}
	binaryValue := "\x00\xff\r\n\x1b[2J\x00"
	add("binary", "ok", here, 1, seal(here, binaryValue), binaryValue)
	key := Place{App: here.App, Environment: "dev", Kind: KindKey, Name: "FIELD_KEY", Version: 2}
	add("key-version", "ok", key, 1, seal(key, "AAAAAAAAAAAAAAAAAAAAAA=="), "AAAAAAAAAAAAAAAAAAAAAA==")

	moved := func(name string, change func(*Place)) {
		p := here
		change(&p)
		add("moved-"+name, "not authentic", p, 1, sealed, "")
	}
	moved("name", func(p *Place) { p.Name = "DATABASE_UR" })
	moved("environment", func(p *Place) { p.Environment = "prod" })
	moved("app", func(p *Place) { p.App[0] ^= 1 })
	moved("kind", func(p *Place) { p.Kind, p.Version = KindKey, 1 })
	add("moved-version", "not authentic", Place{App: here.App, Environment: "dev", Kind: KindKey, Name: "FIELD_KEY", Version: 1}, 1, seal(key, plain), "")
	add("moved-generation", "not authentic", here, 2, "s1.2."+sealed[len("s1.1."):], "")
	add("generation-mislabelled", "not authentic", here, 1, "s1.2."+sealed[len("s1.1."):], "")

	spelled := func(name, text string) { add("spelling-"+name, "not authentic", here, 1, text, "") }
	spelled("blank", "blank")
	spelled("plaintext", plain)
	spelled("empty", "")
	spelled("s0", "s0"+sealed[2:])
	spelled("s2", "s2"+sealed[2:])
	spelled("upper", "S1"+sealed[2:])
	spelled("generation-zero", "s1.0."+sealed[5:])
	spelled("generation-leading-zero", "s1.01."+sealed[5:])
	spelled("generation-65", "s1.65."+sealed[5:])
	spelled("generation-missing", "s1."+sealed[5:])
	spelled("padded", sealed+"==")
	spelled("newline-inside", sealed[:100]+"\n"+sealed[100:])
	spelled("newline-after", sealed+"\n")
	spelled("carriage-return", sealed[:100]+"\r"+sealed[100:])
	spelled("space-before", " "+sealed)
	spelled("alphabet", strings.NewReplacer("-", "+", "_", "/").Replace(sealed))
	spelled("truncated", sealed[:len(sealed)-4])
	spelled("extended", sealed+"AAAA")
	last := strings.IndexByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", sealed[len(sealed)-1])
	spelled("spare-bits", sealed[:len(sealed)-1]+string("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[last^1]))

	raw, _ := base64.RawURLEncoding.DecodeString(sealed[5:])
	for _, at := range []int{0, 1087, 1088, 1119, 1120, len(raw) - 17, len(raw) - 1} {
		flipped := bytes.Clone(raw)
		flipped[at] ^= 1
		add("bit-"+strconv.Itoa(at), "not authentic", here, 1, "s1.1."+base64.RawURLEncoding.EncodeToString(flipped), "")
	}

	padding := func(name string, padded []byte) {
		add("padding-"+name, "not authentic", here, 1, sealedAs(t, k, here.info(1), padded), "")
	}
	block := pad([]byte(plain))
	padding("long", append(bytes.Clone(block), make([]byte, padBlock)...))
	padding("not-zero", append(bytes.Clone(block[:len(block)-1]), 1))
	lie := bytes.Clone(block)
	binary.BigEndian.PutUint32(lie, 125)
	padding("length-over", lie)
	huge := bytes.Clone(block)
	binary.BigEndian.PutUint32(huge, 0xffffffff)
	padding("length-huge", huge)
	padding("not-a-block", block[:100])
	padding("none", nil)
	add("info-without-lengths", "not authentic", here, 1, sealedAs(t, k, []byte(labelValue+string(here.App[:])+"devsecretDATABASE_URL"), block), "")
	return out
}
