package socket

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"

	"pinseal/versions"
)

// ServerError is a refusal that is none of those of package versions, such as a token
// that is wrong. A conflict is a versions.ErrConflict.
type ServerError struct {
	At      string // the path or the URL of the server
	Status  int    // of HTTP
	Code    string // "unauthorized", "forbidden", "failed", …; "" when it did not say
	Message string // at most 500 bytes of printable text; after a value went out, of our own
}

func (e *ServerError) Error() string {
	s := fmt.Sprintf("server at %s: status %d", e.At, e.Status)
	if e.Code != "" {
		s = fmt.Sprintf("server at %s: %s", e.At, e.Code)
	}
	if e.Message != "" {
		s += ": " + e.Message
	}
	return s
}

// Is makes a conflict a versions.ErrConflict.
func (e *ServerError) Is(target error) bool {
	return target == versions.ErrConflict && (e.Code == "conflict" || e.Code == "taken")
}

// odd is an answer that the specification does not have. Nothing of it is repeated.
func (c *Client) odd(reason string) error {
	return fmt.Errorf("server at %s: the answer is odd: %s", c.at, reason)
}

// failure is an answer that is an error, whatever was asked. hidden says that a value went
// out before it, which a text in it may hold.
func (c *Client) failure(r *reply, hidden bool) error {
	e := &ServerError{At: c.at, Status: r.status}
	var told struct {
		Error struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	}
	if json.Unmarshal(r.body, &told) == nil {
		e.Code, e.Message = printable(told.Error.Code, 40), printable(told.Error.Message, 500)
	}
	if hidden {
		e.Message = sentence(e.Code)
		if e.Message == "" {
			e.Code = ""
		}
	}
	switch e.Code {
	case "no_key":
		return &versions.NoKeyError{Reason: e.Error()}
	case "not_authentic":
		return &versions.AuthError{What: "server at " + c.at, Reason: e.Message}
	}
	return e
}

// sentence is what is said of a code, and "" of one that is not specified.
func sentence(code string) string {
	switch code {
	case "busy":
		return "other large bodies are under way; ask again"
	case "too_large":
		return "it is larger than the server takes, 8 MiB"
	case "unauthorized":
		return "it wants another token"
	case "forbidden":
		return "it does not serve this user"
	case "no_key":
		return "its identity does not open it"
	case "not_authentic":
		return "what it has does not prove to be what it should be"
	case "taken", "conflict", "changed":
		return "a person has to sort something out first"
	case "invalid", "not_found", "blank", "method", "read_only", "not_json", "not_encrypted", "failed":
		return "it refuses"
	}
	return ""
}

// secretError is an answer that is an error about one secret or key, which what says.
// hidden is that of failure.
func (c *Client) secretError(ctx context.Context, what, name string, r *reply, hidden bool) error {
	err := c.failure(r, hidden)
	e, ok := err.(*ServerError)
	if !ok {
		return err
	}
	switch e.Code {
	case "not_found":
		return &versions.NotFoundError{What: what, Name: name, In: "what is served at " + c.at}
	case "blank":
		return &versions.BlankError{Name: name, Environment: c.environment(ctx)}
	}
	return err
}

// environment is the one that is served, for people.
func (c *Client) environment(ctx context.Context) string {
	if v := c.last.Load(); v != nil {
		return v.Environment
	}
	if v, err := c.Version(ctx); err == nil {
		return v.Environment
	}
	return "what is served at " + c.at
}

// printable is what can be shown of a text that the server made up.
func printable(s string, max int) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, s)
	if len(s) > max {
		s = strings.ToValidUTF8(s[:max], "")
	}
	return s
}
