package serve

import (
	"errors"
	"net/http"
	"strings"

	"pinseal/repo"
	"pinseal/seal"
	"pinseal/seal/spelling"
	"pinseal/versions"
)

// failure is an error as a client is told it. Its words are ours: nothing that a
// request held is in them.
type failure struct {
	status  int
	code    string
	message string
	try     []string
	cause   error  // for the server's log; nil when there is nothing to add
	newest  uint32 // of codeNotEncrypted: those of [versions.NotEncryptedError]
	in      string
}

// Codes of failures, which are results in the audit and the metrics too.
const (
	codeOK           = "ok"
	codeInvalid      = "invalid"
	codeUnauthorized = "unauthorized"
	codeForbidden    = "forbidden"
	codeNotFound     = "not_found"
	codeMethod       = "method"
	codeBlank        = "blank"
	codeReadOnly     = "read_only"
	codeTaken        = "taken"
	codeConflict     = "conflict"
	codeChanged      = "changed"
	codeTooLarge     = "too_large"
	codeNotJSON      = "not_json"
	codeNoKey        = "no_key"
	codeNotAuthentic = "not_authentic"
	codeNotEncrypted = "not_encrypted"
	codeBusy         = "busy"
	codeFailed       = "failed"
)

// storeCodes are those that failureOf gives.
var storeCodes = []string{codeInvalid, codeNotFound, codeBlank, codeTaken, codeConflict, codeChanged, codeNoKey, codeNotAuthentic, codeFailed}

func invalid(reason string, try ...string) *failure {
	return &failure{status: http.StatusBadRequest, code: codeInvalid, message: reason, try: try}
}

func noPath(path string) *failure {
	fail := &failure{status: http.StatusNotFound, code: codeNotFound, message: "there is no such path here", try: []string{"/v1/secrets", "/v1/secrets/NAME"}}
	if strings.HasPrefix(path, "/v1/keys") {
		fail.try = []string{"/v1/secrets", "/v1/keys/NAME/encrypt", "/v1/keys/NAME/decrypt"}
	}
	return fail
}

func noSecret(version versions.VersionInfo) *failure {
	return &failure{status: http.StatusNotFound, code: codeNotFound, message: "there is no such secret in " + version.Environment, try: []string{"/v1/secrets"}}
}

func noNamedKey(version versions.VersionInfo) *failure {
	return &failure{status: http.StatusNotFound, code: codeNotFound, message: "there is no such encryption key in " + version.Environment, try: []string{"/v1/secrets"}}
}

func failed(err error) *failure {
	return &failure{status: http.StatusInternalServerError, code: codeFailed, message: "it did not work out; the server's log says why", cause: err}
}

// failureOf is what a Store's error is to a client.
func failureOf(err error, version versions.VersionInfo) *failure {
	var bad *InvalidError
	var name *seal.NameError
	var blank *versions.BlankError
	var missing *versions.NotFoundError
	is := func(targets ...error) bool {
		for _, t := range targets {
			if errors.Is(err, t) {
				return true
			}
		}
		return false
	}
	switch {
	case errors.As(err, &bad):
		return invalid(bad.Reason)
	case is(ErrTaken):
		return &failure{status: http.StatusConflict, code: codeTaken, message: "there is a secret of that name in " + version.Environment}
	case is(ErrChanged):
		return &failure{status: http.StatusPreconditionFailed, code: codeChanged, message: "the secret is at another version than If-Match has"}
	case is(versions.ErrNotAuthentic, seal.ErrAuth, spelling.ErrSpelling), errors.As(err, new(*repo.OddEntryError)), errors.As(err, new(*repo.CorruptError)):
		return &failure{status: http.StatusInternalServerError, code: codeNotAuthentic,
			message: "what is there does not prove to be what it should be; the server's log says more", cause: err}
	case errors.As(err, &name): // of a request: one in a file is not authentic
		return invalid(name.Error())
	case is(seal.ErrTooLarge):
		return invalid("the value is larger than 64 KiB")
	case is(seal.ErrRecipe):
		return invalid("generate wants a recipe of at least 128 bits and at most 64 KiB, such as base64:32, hex:32 or alnum:32")
	case errors.As(err, &blank):
		return &failure{status: http.StatusNotFound, code: codeBlank, message: "it is declared in " + version.Environment + ", and no value has been set",
			try: []string{"pinseal set " + blank.Name + " -e " + version.Environment}}
	case is(seal.ErrNoKey, seal.ErrPassphrase, seal.ErrPlugin):
		return &failure{status: http.StatusForbidden, code: codeNoKey, message: "the identity of this server does not open it", cause: err}
	case is(versions.ErrConflict, repo.ErrMoved, repo.ErrChanged, repo.ErrLocked), errors.As(err, new(*repo.UnmergedError)):
		return &failure{status: http.StatusConflict, code: codeConflict, message: "a person has to sort something out first; the server's log says what", cause: err}
	case errors.As(err, &missing) && (missing.What == "secret" || missing.What == "encryption key"): // and not the app note or a pin
		return noSecret(version)
	}
	return failed(err)
}

// send tells the client.
func (f *failure) send(w http.ResponseWriter) {
	type told struct {
		Code    string   `json:"code"`
		Message string   `json:"message"`
		Try     []string `json:"try,omitempty"`
		Newest  uint32   `json:"newest,omitempty"`
		In      string   `json:"in,omitempty"`
	}
	r, err := jsonReply(struct {
		Error told `json:"error"`
	}{told{f.code, f.message, f.try, f.newest, f.in}})
	if err != nil {
		r = reply{}
	}
	r.status = f.status
	r.send(w)
}
