package serve

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"pinseal/repo"
	"pinseal/seal"
	"pinseal/versions"
)

// paper is a Writer that keeps what it was told and says what it should.
type paper struct {
	Store
	told string
	err  error
}

func (p *paper) note(what, ref, ifMatch string, c Change) {
	text := func(s *string) string {
		if s == nil {
			return "-"
		}
		return fmt.Sprintf("%q", *s)
	}
	p.told = fmt.Sprintf("%s %s %s name=%s description=%s expires=%s", what, ref, ifMatch, text(c.Name), text(c.Description), text(c.Expires))
	if c.Optional != nil {
		p.told += fmt.Sprintf(" optional=%v", *c.Optional)
	}
	if c.Value != nil {
		p.told += fmt.Sprintf(" value=%q", c.Value.Reveal())
	}
	if c.Generate != "" {
		p.told += " generate=" + c.Generate
	}
}

func (p *paper) info() (versions.Info, error) {
	if p.err != nil {
		return versions.Info{}, p.err
	}
	return versions.Info{ID: "an-id", Name: "NEW", Version: strings.Repeat("0b", 32)}, nil
}

func (p *paper) Create(_ context.Context, c Change) (versions.Info, error) {
	p.note("create", "", "", c)
	return p.info()
}

func (p *paper) Update(_ context.Context, ref, ifMatch string, c Change) (versions.Info, error) {
	p.note("update", ref, ifMatch, c)
	return p.info()
}

func (p *paper) Find(ctx context.Context, ref string) (versions.Info, error) {
	info, _, err := p.Get(ctx, ref)
	if blank := (*versions.BlankError)(nil); errors.As(err, &blank) {
		err = nil
	}
	return info, err
}

func (p *paper) GiveUp() {}

func (p *paper) Delete(_ context.Context, ref, ifMatch string) error {
	p.note("delete", ref, ifMatch, Change{})
	return p.err
}

func TestWrites(t *testing.T) {
	p := &paper{Store: testPin(t, 1, testValues)}
	r := start(t, p, "tcp", Options{Write: true})
	body, header := r.do(r.request("POST", "/v1/secrets", `{"name":"NEW","value":"`+canary+` \u00e9\u0000","description":"","optional":true,"expires":"2027-01-31"}`), 201)
	if p.told != `create   name="NEW" description="" expires="2027-01-31" optional=true value="`+canary+` é\x00"` {
		t.Error(p.told)
	}
	if !strings.HasPrefix(body, `{"id":"an-id","name":"NEW",`) || header.Get("Etag") != `"`+strings.Repeat("0b", 32)+`"` {
		t.Error(body, header)
	}
	r.do(r.request("POST", "/v1/secrets", `{"name":"NEW"}`), 201)
	r.do(r.request("POST", "/v1/secrets", ` { "generate" : "hex:32", "name" : "NEW" } `, "Content-Type", "application/json; charset=UTF-8"), 201)
	if !strings.HasSuffix(p.told, " generate=hex:32") {
		t.Error(p.told)
	}
	r.do(r.request("PATCH", "/v1/secrets/DATABASE_URL", `{"value_base64":"/wA="}`, "If-Match", `"`+strings.Repeat("ab", 32)+`"`), 200)
	if p.told != `update DATABASE_URL `+strings.Repeat("ab", 32)+` name=- description=- expires=- value="\xff\x00"` {
		t.Error(p.told)
	}
	r.do(r.request("PATCH", "/v1/secrets/DATABASE_URL", `{"name":"OTHER"}`, "If-Match", "*"), 200)
	if p.told != `update DATABASE_URL  name="OTHER" description=- expires=-` {
		t.Error(p.told)
	}
	if body, _ = r.do(r.request("DELETE", "/v1/secrets/DATABASE_URL", ""), 204); body != "" || p.told != `delete DATABASE_URL  name=- description=- expires=-` {
		t.Error(body, p.told)
	}
	// The largest value, every byte of it escaped.
	r.do(r.request("POST", "/v1/secrets", `{"name":"NEW","value":"`+strings.Repeat(`\u0001`, seal.MaxValue)+`"}`), 201)
	for _, want := range []string{`"event":"create","name":"NEW"`, `"event":"update","name":"NEW"`, `"event":"delete","name":"DATABASE_URL"`} {
		if !strings.Contains(r.audit.String(), want) {
			t.Errorf("no %s in\n%s", want, r.audit)
		}
	}
	if !strings.Contains(r.get("/metrics", 200), `pinseal_writes_total{result="ok"} 7`+"\n") {
		t.Error("the writes are not counted")
	}
	r.audit.fail(errors.New("disk full"))
	if body, _ = r.do(r.request("PATCH", "/v1/secrets/DATABASE_URL", `{}`), 500); strings.Contains(body, "an-id") {
		t.Error(body)
	}
}

// TestWritesAreRefused holds that nothing of what was refused is told or kept.
func TestWritesAreRefused(t *testing.T) {
	p := &paper{Store: testPin(t, 1, testValues)}
	r := start(t, p, "tcp", Options{Write: true})
	long := base64.StdEncoding.EncodeToString(make([]byte, seal.MaxValue+1))
	for name, c := range map[string]struct {
		body   string
		header []string
		want   int
	}{
		"no body":                            {"", nil, 400},
		"not JSON":                           {canary, nil, 400},
		"cut":                                {`{"name":"NEW","value":"` + canary, nil, 400},
		"two documents":                      {`{"name":"NEW"}{"value":"` + canary + `"}`, nil, 400},
		"list":                               {`["` + canary + `"]`, nil, 400},
		"null":                               {`null`, nil, 400},
		"unknown member":                     {`{"name":"NEW","` + canary + `":"x"}`, nil, 400},
		"member in capitals":                 {`{"name":"NEW","Value":"` + canary + `"}`, nil, 400},
		"repeated member":                    {`{"name":"NEW","value":"a","value":"` + canary + `"}`, nil, 400},
		"repeated text":                      {`{"name":"NEW","description":"a","description":"b"}`, nil, 400},
		"repeated, escaped":                  {`{"name":"NEW","value":"a","valu\u0065":"` + canary + `"}`, nil, 400},
		"two values":                         {`{"name":"NEW","value":"` + canary + `","generate":"hex:32"}`, nil, 400},
		"value is a number":                  {`{"name":"NEW","value":7}`, nil, 400},
		"value is null":                      {`{"name":"NEW","value":null}`, nil, 400},
		"value is empty":                     {`{"name":"NEW","value":""}`, nil, 400},
		"value is too large":                 {`{"name":"NEW","value_base64":"` + long + `"}`, nil, 400},
		"half a character":                   {`{"name":"NEW","value":"` + canary + `\ud800"}`, nil, 400},
		"not UTF-8":                          {"{\"name\":\"NEW\",\"value\":\"" + canary + "\xff\"}", nil, 400},
		"loose base64":                       {`{"name":"NEW","value_base64":"` + canary + `x"}`, nil, 400},
		"lines in base64":                    {`{"name":"NEW","value_base64":"/w\nA="}`, nil, 400},
		"no name":                            {`{"value":"` + canary + `"}`, nil, 400},
		"name with a value":                  {`{"name":"NEW=` + canary + `"}`, nil, 400},
		"name is a list":                     {`{"name":["NEW"]}`, nil, 400},
		"optional is text":                   {`{"name":"NEW","optional":"true"}`, nil, 400},
		"optional is null":                   {`{"name":"NEW","optional":null}`, nil, 400},
		"no recipe":                          {`{"name":"NEW","generate":""}`, nil, 400},
		"form":                               {`name=NEW&value=` + canary, []string{"Content-Type", "application/x-www-form-urlencoded"}, 400},
		"text, as a page in a browser sends": {`{"name":"NEW"}`, []string{"Content-Type", "text/plain"}, 400},
		"another charset":                    {`{"name":"NEW"}`, []string{"Content-Type", "application/json; charset=utf-16"}, 400},
		"no type":                            {`{"name":"NEW"}`, []string{"Content-Type", ""}, 400},
		"too large":                          {`{"name":"NEW","description":"` + strings.Repeat(canary, MaxBody) + `"}`, nil, 413},
		"deep":                               {`{"name":"NEW","value":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}`, nil, 400},
	} {
		t.Run(name, func(t *testing.T) {
			at := *r
			at.t = t
			body, _ := at.do(at.request("POST", "/v1/secrets", c.body, c.header...), c.want)
			if code(t, body) == "" || strings.Contains(body, "CANARY") || p.told != "" {
				t.Errorf("%s\n%s", body, p.told)
			}
		})
	}
	for _, match := range []string{strings.Repeat("ab", 32), `W/"` + strings.Repeat("ab", 32) + `"`, `"x"`, `"` + strings.Repeat("ab", 32) + `", "x"`, `"` + strings.Repeat("AB", 32) + `"`, `""`} {
		r.do(r.request("PATCH", "/v1/secrets/A", `{}`, "If-Match", match), 400)
		r.do(r.request("DELETE", "/v1/secrets/A", "", "If-Match", match), 400)
	}
	r.do(r.request("DELETE", "/v1/secrets/DATABASE_URL", `{}`), 400)
	chunked := r.raw("POST /v1/secrets HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + testToken +
		"\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nd\r\n{\"name\":\"NEW\"}\r\n0\r\n\r\n")
	if !strings.HasPrefix(chunked, "HTTP/1.1 400 ") {
		t.Error(chunked)
	}
	r.do(r.request("DELETE", "/v1/secrets/NOT_THERE", ""), 404)
	r.do(r.request("POST", "/v1/secrets?name=x", `{}`), 400)
	if p.told != "" {
		t.Error(p.told)
	}
}

// TestNoWriteWithoutTheWord holds that a Writer alone is not written to.
func TestNoWriteWithoutTheWord(t *testing.T) {
	p := &paper{Store: testPin(t, 1, testValues)}
	r := start(t, p, "tcp", Options{})
	for method, path := range map[string]string{"POST": "/v1/secrets", "PATCH": "/v1/secrets/A", "DELETE": "/v1/secrets/A"} {
		body, _ := r.do(r.request(method, path, ""), 405)
		if code(t, body) != codeReadOnly || p.told != "" {
			t.Error(body, p.told)
		}
	}
}

func TestErrorsOfAStore(t *testing.T) {
	p := &paper{Store: testPin(t, 1, testValues)}
	r := start(t, p, "tcp", Options{Write: true})
	for _, c := range []struct {
		err    error
		status int
		code   string
	}{
		{&InvalidError{Reason: "a description has at most 500 bytes"}, 400, codeInvalid},
		{fmt.Errorf("set: %w", ErrTaken), 409, codeTaken},
		{ErrChanged, 412, codeChanged},
		{&versions.NotFoundError{What: "secret", Name: canary}, 404, codeNotFound},
		{&versions.NotFoundError{What: "app note", In: "work tree"}, 500, codeFailed},
		{&versions.NotFoundError{What: "environment", Name: "dev"}, 500, codeFailed},
		{fmt.Errorf("%w: %w", versions.ErrConflict, &versions.NotFoundError{What: "pin"}), 409, codeConflict},
		{&versions.BlankError{Name: "A", Environment: "production"}, 404, codeBlank},
		{&versions.UnmergedError{Paths: []string{"A"}}, 409, codeConflict},
		{&versions.TwinsError{Environment: "production", Names: []string{"A", "a"}}, 409, codeConflict},
		{repo.ErrMoved, 409, codeConflict},
		{seal.ErrNoKey, 403, codeNoKey},
		{&versions.AuthError{What: "value", Reason: "x"}, 500, codeNotAuthentic},
		{seal.ErrAuth, 500, codeNotAuthentic},
		{&repo.OddEntryError{}, 500, codeNotAuthentic},
		{fmt.Errorf("%w: %w", &seal.NameError{Reason: "x"}, versions.ErrNotAuthentic), 500, codeNotAuthentic},
		{seal.ErrTooLarge, 400, codeInvalid},
		{errors.New("anything"), 500, codeFailed},
		{context.Canceled, 500, codeFailed},
	} {
		p.err = c.err
		body, _ := r.do(r.request("PATCH", "/v1/secrets/A", `{}`), c.status)
		if code(t, body) != c.code || strings.Contains(body, "CANARY") {
			t.Errorf("%v: %s", c.err, body)
		}
		if !json.Valid([]byte(body)) {
			t.Error(body)
		}
	}
	p.err = seal.ErrRecipe
	if body, _ := r.do(r.request("PATCH", "/v1/secrets/A", `{}`), 400); !strings.Contains(body, "at most 64 KiB") {
		t.Error(body)
	}
	if !strings.Contains(r.log.String(), "anything\n") {
		t.Errorf("the log does not say why: %s", r.log)
	}
}
