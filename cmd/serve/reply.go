package serve

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"unicode/utf8"

	"pinseal/seal"
	"pinseal/versions"
)

// Content types, as a header's values.
var (
	typeJSON    = []string{"application/json"}
	typeBytes   = []string{"application/octet-stream"}
	typeMetrics = []string{"text/plain; version=0.0.4; charset=utf-8"}
	noStore     = []string{"no-store"}
	noSniff     = []string{"nosniff"}
)

// reply is a body with its headers. None of it is modified once it is made.
type reply struct {
	status int // 0 is 200
	kind   []string
	length []string
	etag   []string
	body   []byte
}

func newReply(kind []string, body []byte) reply {
	return reply{kind: kind, length: []string{strconv.Itoa(len(body))}, body: body}
}

// send writes the reply. That the client is gone is nobody's error.
func (r *reply) send(w http.ResponseWriter) {
	h := w.Header()
	h["Cache-Control"], h["X-Content-Type-Options"] = noStore, noSniff
	if r.body != nil {
		h["Content-Type"], h["Content-Length"] = r.kind, r.length
	}
	if r.etag != nil {
		h["Etag"] = r.etag
	}
	if r.status != 0 {
		w.WriteHeader(r.status)
	}
	if len(r.body) > 0 {
		w.Write(r.body)
	}
}

// jsonLine is one line of JSON. v holds nothing that JSON cannot.
func jsonLine(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return b.Bytes(), err
}

func jsonReply(v any) (reply, error) {
	body, err := jsonLine(v)
	return newReply(typeJSON, body), err
}

func listReply(version versions.VersionInfo, infos []versions.Info) (reply, error) {
	if infos == nil {
		infos = []versions.Info{}
	}
	return jsonReply(struct {
		Schema  int                  `json:"schema"`
		Version versions.VersionInfo `json:"version"`
		Secrets []versions.Info      `json:"secrets"`
	}{1, version, infos})
}

// infoReply is INFO alone.
func infoReply(info versions.Info) (reply, error) {
	r, err := jsonReply(info)
	r.etag = []string{etagOf(info)}
	return r, err
}

// secretReply is INFO with the value.
func secretReply(info versions.Info, secret seal.Secret) (reply, error) {
	out := struct {
		versions.Info
		Value  *string `json:"value,omitempty"`
		Base64 *string `json:"value_base64,omitempty"`
	}{Info: info}
	if data := secret.Reveal(); utf8.Valid(data) {
		text := string(data)
		out.Value = &text
	} else {
		text := base64.StdEncoding.EncodeToString(data)
		out.Base64 = &text
	}
	r, err := jsonReply(out)
	r.etag = []string{etagOf(info)}
	return r, err
}

// bytesReply is the value itself.
func bytesReply(kind []string, info versions.Info, secret seal.Secret) reply {
	r := newReply(kind, secret.Reveal())
	r.etag = []string{etagOf(info)}
	return r
}

func etagOf(info versions.Info) string { return `"` + info.Version + `"` }

func isJSON(secret seal.Secret) bool {
	data := secret.Reveal()
	return utf8.Valid(data) && json.Valid(data)
}
