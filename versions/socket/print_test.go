package socket

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"pinseal/seal"
	"pinseal/versions"
)

// No way of printing or storing a client, or its options, shows the token.
func TestClientDoesNotPrint(t *testing.T) {
	type exported struct{ V any }
	type options struct{ o Options }
	type client struct {
		c *Client
		o Options
	}
	type clients struct{ C Client }
	token := []byte("sixteen-l3tters!")
	forms := []string{string(token), fmt.Sprintf("%x", token), fmt.Sprintf("% x", token), strings.Trim(fmt.Sprint(token), "[]"), "Bearer"}
	o := Options{Token: seal.NewSecret(bytes.Clone(token))}
	c := open(t, "http://127.0.0.1:1", o)
	var reader versions.Reader = c
	for shape, v := range map[string]any{
		"options": o, "their pointer": &o, "in a field": exported{o}, "in a hidden field": options{o}, "in a slice": []options{{o}},
		"client": c, "reader": reader, "in fields": client{c, o}, "pointer to fields": &client{c, o}, "in a map": map[string]*Client{"c": c},
		"in an exported field": exported{c}, "nested": exported{[]any{client{c, o}}}, "hidden in options": c.o,
		"by value": &clients{Client{o: c.o, at: c.at, url: c.url, authorize: c.authorize}},
	} {
		shown := map[string]string{}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%c", "%w"} {
			shown[verb] = fmt.Sprintf(verb, v)
		}
		var text, lines, stored bytes.Buffer
		slog.New(slog.NewTextHandler(&text, nil)).Info("m", "v", v)
		slog.New(slog.NewJSONHandler(&lines, nil)).Info("m", "v", v)
		_ = gob.NewEncoder(&stored).Encode(v)
		j, _ := json.Marshal(v)
		shown["slog text"], shown["slog JSON"], shown["gob"], shown["JSON"] = text.String(), lines.String(), stored.String(), string(j)
		for how, text := range shown {
			for _, form := range forms {
				if strings.Contains(strings.ToLower(text), strings.ToLower(form)) {
					t.Errorf("%s shows %s by %s", shape, form, how)
				}
			}
		}
	}
}
