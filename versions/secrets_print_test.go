package versions

import (
	"bytes"
	"encoding/base64"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"pinseal/seal"
)

// printed is v in every way that an app may print, log or store it by accident, alone
// and as a part of what is the app's own.
func printed[T any](v T) map[string]string {
	type exported struct{ V T }
	type unexported struct{ v T }
	type deeper struct{ in unexported }
	out := map[string]string{}
	for shape, v := range map[string]any{
		"alone": v, "pointer": &v, "exported": exported{v}, "unexported": unexported{v}, "pointer to unexported": &unexported{v},
		"deeper": deeper{unexported{v}}, "slice": []T{v}, "structs": []unexported{{v}}, "map": map[string]T{"k": v}, "any": []any{v},
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%o", "%b", "%c", "%U", "%t", "%e", "%p", "%w"} {
			out[shape+" "+verb] = fmt.Sprintf(verb, v)
		}
		var text, lines, stored bytes.Buffer
		slog.New(slog.NewTextHandler(&text, nil)).Info("m", "v", v)
		slog.New(slog.NewJSONHandler(&lines, nil)).Info("m", "v", v)
		_ = gob.NewEncoder(&stored).Encode(v)
		j, _ := json.Marshal(v)
		x, _ := xml.Marshal(v)
		out[shape+" as slog text"], out[shape+" as slog JSON"], out[shape+" as gob"] = text.String(), lines.String(), stored.String()
		out[shape+" as JSON"], out[shape+" as XML"] = string(j), string(x)
		func() {
			defer func() { _ = recover() }() // yaml.v3 panics at what it cannot encode
			y, _ := yaml.Marshal(v)
			out[shape+" as YAML"] = string(y)
		}()
	}
	return out
}

// formsOf are what a text looks like when it does print.
func formsOf(text string) []string {
	b := []byte(text)
	return []string{text, fmt.Sprintf("%x", b), fmt.Sprintf("% x", b), strings.Trim(fmt.Sprint(b), "[]"), base64.StdEncoding.EncodeToString(b),
		strings.Trim(fmt.Sprintf("%o", b), "[]"), strings.Trim(fmt.Sprintf("%b", b), "[]"), strings.Trim(fmt.Sprintf("%U", b), "[]"),
		strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%#v", b), "[]byte{"), "}")}
}

func leaksInto(text string, forms []string) bool {
	text = strings.ToLower(text)
	for _, form := range forms {
		if strings.Contains(text, strings.ToLower(form)) {
			return true
		}
	}
	return false
}

// No type of this package that holds an identity, a key or a value shows it.
func TestSecretsDoNotPrint(t *testing.T) {
	const value = "corr3ct horse b4ttery"
	a := newApp(t)
	a.set(prod, "A", value)
	text := strings.TrimSpace(string(a.identityText("web")))
	forms := append(append(formsOf(text), formsOf(value)...), "AGE-SECRET-KEY-PQ-1")
	for how, shown := range printed([]byte(text)) { // the forms do find what prints
		if verb := how[len(how)-2:]; strings.Contains(" %v %s %x %d %o %b %U ", " "+verb+" ") && !leaksInto(shown, forms) {
			t.Errorf("a leak by %s would not be seen", how)
		}
	}
	environ := func() []string { return []string{"PINSEAL_IDENTITY=" + text} }
	o := Options{Identity: seal.NewSecret([]byte(text)), Environ: environ}
	identity, err := FindIdentity(environ(), nil)
	a.must(err)
	pin := a.publish("alice")
	bundle, err := OpenBundle(a.bundle(pin, "web"), o)
	a.must(err)
	ledger, err := a.openPin("web", nil)
	a.must(err)
	wantSecret(t, bundle, "A", value)
	wantSecret(t, ledger, "A", value) // the keys are open
	set := a.pinned(pin, "web")
	got, err := set.Get("A")
	a.must(err)
	all, _, err := set.All(t.Context())
	a.must(err)
	release := *ledger.now.Load().Release
	release.Bundle = nil // sealed, and long
	for kind, shown := range map[string]map[string]string{
		"Options": printed(o), "Identity": printed(identity), "Secrets": printed(bundle), "Secrets of a ledger": printed(ledger), "Snapshot": printed(ledger.Snapshot()),
		"Reader": printed[Reader](ledger), "Value": printed(got), "Values": printed(all), "Set": printed(*set), "Release": printed(release),
		"Keyring": printed(set.Keys), "FollowOptions": printed(FollowOptions{Identities: a.identities("web")}),
	} {
		for how, text := range shown {
			if leaksInto(text, forms) {
				t.Errorf("%s, %s", kind, how)
			}
		}
	}
}
