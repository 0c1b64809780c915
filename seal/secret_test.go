package seal

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

const canary = "c4n4ry-plaintext"

// leaks reports whether text shows the canary in any of the forms that printing
// gives bytes.
func leaks(text string, forms ...string) bool {
	for _, f := range forms {
		if strings.Contains(strings.ToLower(text), strings.ToLower(f)) {
			return true
		}
	}
	return false
}

// formsOf returns what a byte slice looks like when it does print.
func formsOf(b []byte) []string {
	return []string{string(b), fmt.Sprintf("%x", b[:4]), fmt.Sprintf("% x", b[:4]), fmt.Sprintf("%d %d %d", b[0], b[1], b[2]),
		fmt.Sprintf("0x%x, 0x%x", b[0], b[1]), fmt.Sprintf("%o %o", b[0], b[1]), fmt.Sprintf("%b %b", b[0], b[1]), fmt.Sprintf("%U %U", b[0], b[1])}
}

func shapes[T any](v T) map[string]any {
	type exported struct{ V T }
	type unexported struct{ v T }
	type pointer struct{ v *T }
	type embedded struct {
		n     int
		inner unexported
	}
	return map[string]any{
		"value": v, "pointer": &v, "exported": exported{v}, "unexported": unexported{v}, "pointer to unexported": &unexported{v},
		"pointer field": pointer{&v}, "nested": embedded{1, unexported{v}}, "slice": []T{v}, "slice of structs": []unexported{{v}},
		"map": map[string]T{"k": v}, "map of structs": map[string]unexported{"k": {v}}, "array": [1]T{v}, "any": []any{v, &v},
	}
}

func TestNothingPrintsSecrets(t *testing.T) {
	seed := []byte("c4n4ry-seed-of-thirty-two-bytes!")
	key, err := NewKey("dev.read", 1, seed)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := NewKey(Admin, 1, seed)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]map[string]any{
		"secret": shapes(NewSecret([]byte(canary))), "key": shapes(*key), "signer": shapes(*signer), "key pointer": shapes(key),
	}
	forms := append(formsOf([]byte(canary)), formsOf(seed)...)
	verbs := []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%#x", "%d", "%o", "%b", "%c", "%U", "%T", "%p", "%t", "%e", "%10.3s", "%w"}
	for kind, values := range all {
		for shape, v := range values {
			for _, verb := range verbs {
				if text := fmt.Sprintf(verb, v); leaks(text, forms...) {
					t.Errorf("%s in %s leaks under %s", kind, shape, verb)
				}
			}
			if text := fmt.Sprint(v, v) + fmt.Sprintln(v); leaks(text, forms...) {
				t.Errorf("%s in %s leaks under Print", kind, shape)
			}
			for name, text := range marshalled(v) {
				if leaks(text, forms...) {
					t.Errorf("%s in %s leaks through %s", kind, shape, name)
				}
			}
		}
	}
	// The forms do find a plaintext that prints.
	for _, verb := range []string{"%s", "%x", "%d", "%v"} {
		if !leaks(fmt.Sprintf(verb, struct{ b []byte }{[]byte(canary)}), forms...) {
			t.Errorf("the test would not see a leak under %s", verb)
		}
	}
}

func marshalled(v any) map[string]string {
	out := make(map[string]string)
	j, _ := json.Marshal(v)
	out["json"] = string(j)
	x, _ := xml.Marshal(v)
	out["xml"] = string(x)
	var g bytes.Buffer
	_ = gob.NewEncoder(&g).Encode(v)
	out["gob"] = g.String()
	func() {
		defer func() { _ = recover() }() // yaml.v3 panics on unexported shapes it cannot encode
		y, _ := yaml.Marshal(v)
		out["yaml"] = string(y)
	}()
	var l bytes.Buffer
	slog.New(slog.NewTextHandler(&l, nil)).Info("m", "v", v)
	slog.New(slog.NewJSONHandler(&l, nil)).Info("m", "v", v)
	out["slog"] = l.String()
	return out
}

func TestSecretRefusesToMarshal(t *testing.T) {
	s := NewSecret([]byte(canary))
	k := seedKey(t, "dev.read", 1, 2)
	for _, v := range []any{s, &s, k, *k} {
		if _, err := json.Marshal(v); err == nil {
			t.Errorf("%T marshals as JSON", v)
		}
		if _, err := yaml.Marshal(v); err == nil {
			t.Errorf("%T marshals as YAML", v)
		}
		if err := gob.NewEncoder(new(bytes.Buffer)).Encode(v); err == nil {
			t.Errorf("%T marshals as gob", v)
		}
	}
	if s.String() != "[secret]" || fmt.Sprintf("%d", s) != "[secret]" || fmt.Sprint(k) != "[key]" || fmt.Sprintf("%#v", *k) != "[key]" {
		t.Error("prints as something else")
	}
	if s.LogValue().String() != "[secret]" || k.LogValue().String() != "[key]" {
		t.Error("logs as something else")
	}
}

func TestSecret(t *testing.T) {
	var zero Secret
	s := NewSecret([]byte(canary))
	if zero.Len() != 0 || zero.Reveal() != nil || !zero.Equal(NewSecret(nil)) {
		t.Error("zero value is not the empty secret")
	}
	if s.Len() != len(canary) || string(s.Reveal()) != canary {
		t.Error("reveals another value")
	}
	if !s.Equal(NewSecret([]byte(canary))) || s.Equal(zero) || s.Equal(NewSecret([]byte("c4n4ry-plaintexT"))) {
		t.Error("Equal is wrong")
	}
}
