// Package socket reads secrets from a server, pinseal serve, over a unix socket or over
// loopback TCP. What it speaks is specified in pinseal/cmd/serve. A [Client] is a
// [versions.Reader], so that an app reads in the same way from a server, a bundle and a
// repository.
//
// The server has verified what it serves, and holds the keys. The client proves nothing
// again: who can write the socket, or holds the token, is believed. [Options] says what it
// is held to all the same.
//
// Nothing is read from the environment, and no proxy and no redirect is followed. A reply
// is read up to a limit, 1 MiB for a value, 64 MiB for a list, and of what a key makes as
// much as there can be of what was sent. A server that answers in any
// way but the specified one is an error that is none of those of package versions.
package socket

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"pinseal/seal"
	"pinseal/versions"
)

// Options say what a server is asked with, and held to. Of every connection it is known
// what is served over it before a value that came over it is handed out: it is asked once,
// unless the value came with the id of a pin that was held to the options before.
type Options struct {
	// Token is the bearer token that TCP wants, see [seal.NewSecret]. Space around it is
	// cut off.
	Token seal.Secret
	// Timeout is how long one request may take; 0 is 10 seconds. A wait for news does
	// not count.
	Timeout time.Duration

	App         string // the id of the app that must be served; "" takes any
	Environment string // the one that must be served; "" takes any
	MinPin      int    // the lowest pin; from 1 on, a work tree is refused too
}

// Client reads from one server. Making one connects to nothing yet.
type Client struct {
	o         Options
	at        string      // for people: the path or the URL
	url       string      // begins each request's
	authorize seal.Secret // a header's value, empty for none
	transport *http.Transport

	last atomic.Pointer[versions.VersionInfo] // that was read, nil before
}

var _ versions.Reader = (*Client)(nil)

const (
	maxOne  = 1 << 20
	maxList = 64 << 20
)

// Get asks for one secret. It prints as [secret], and its Reveal gives the bytes. A name
// that is not there is a versions.ErrNotFound, one that has no value a
// *versions.BlankError. A server does not give out named encryption keys: those are a
// *ServerError.
func (c *Client) Get(ctx context.Context, name string) (seal.Secret, error) {
	if seal.CheckSecretName(name) != nil {
		// It may be a value in the wrong place: it is not sent.
		return seal.Secret{}, &versions.NotFoundError{What: "secret", In: "what is served at " + c.at}
	}
	r, err := c.proven(ctx, question{path: "/v1/secrets/" + name, max: maxOne})
	if err != nil {
		return seal.Secret{}, err
	}
	defer clear(r.body)
	if r.status != http.StatusOK {
		return seal.Secret{}, c.secretError(ctx, "secret", name, r, false)
	}
	var one struct {
		Name   string  `json:"name"`
		Value  *string `json:"value"`
		Base64 *string `json:"value_base64"`
	}
	if err := json.Unmarshal(r.body, &one); err != nil || one.Name != name || (one.Value == nil) == (one.Base64 == nil) {
		return seal.Secret{}, c.odd("it is not the secret that was asked for")
	}
	var value []byte
	if one.Value != nil {
		value = []byte(*one.Value)
	} else if value, err = decode64(*one.Base64); err != nil {
		return seal.Secret{}, c.odd("the value is not base64")
	}
	if len(value) > seal.MaxValue {
		return seal.Secret{}, c.odd("the value is larger than 64 KiB")
	}
	return seal.NewSecret(value), nil
}

// JSON asks for one secret and decodes it as encoding/json does. A value that does not
// fit is a *versions.JSONError, which says nothing of it.
func (c *Client) JSON(ctx context.Context, name string, into any) error {
	value, err := c.Get(ctx, name)
	if err != nil {
		return err
	}
	return versions.DecodeJSON(name, value, into)
}

// List says what secrets there are, sorted by name, blanks too, and never a value. It has
// the dates that the server knows.
func (c *Client) List(ctx context.Context) ([]versions.Info, error) {
	r, err := c.ask(ctx, question{path: "/v1/secrets", max: maxList})
	if err != nil {
		return nil, err
	}
	if r.status != http.StatusOK {
		return nil, c.failure(r, false)
	}
	var list struct {
		Schema  int                  `json:"schema"`
		Version versions.VersionInfo `json:"version"`
		Secrets []versions.Info      `json:"secrets"`
	}
	if err := json.Unmarshal(r.body, &list); err != nil || list.Schema != 1 || list.Secrets == nil || len(list.Secrets) > versions.MaxSecrets {
		return nil, c.odd("it is not a list of secrets")
	}
	for i, info := range list.Secrets {
		if seal.CheckSecretName(info.Name) != nil || i > 0 && info.Name <= list.Secrets[i-1].Name {
			return nil, c.odd("it is not a list of secrets")
		}
	}
	return list.Secrets, c.check(r, &list.Version)
}

// Version says which set is served now.
func (c *Client) Version(ctx context.Context) (versions.VersionInfo, error) {
	v, _, err := c.version(ctx, "", 0)
	return v, err
}

// version is what is served now or, with not, within wait. same says that it still is
// the one with that id.
func (c *Client) version(ctx context.Context, not string, wait time.Duration) (v versions.VersionInfo, same bool, err error) {
	path := "/v1/version"
	if not != "" {
		path = fmt.Sprintf("%s?not=%s&wait=%d", path, url.QueryEscape(not), wait/time.Second)
	}
	r, err := c.ask(ctx, question{path: path, max: maxOne, wait: wait})
	switch {
	case err != nil:
		return v, false, err
	case r.status == http.StatusNoContent && not != "":
		return v, true, nil
	case r.status != http.StatusOK:
		return v, false, c.failure(r, false)
	}
	if err := json.Unmarshal(r.body, &v); err != nil || v.ID == "" {
		return versions.VersionInfo{}, false, c.odd("it is not a version")
	}
	if err := c.check(r, &v); err != nil {
		return versions.VersionInfo{}, false, err
	}
	return v, v.ID == not, nil
}

// check holds what is served to the options, and then the connection it was asked over
// is good for values.
func (c *Client) check(r *reply, v *versions.VersionInfo) error {
	what := "server at " + c.at
	switch {
	case c.o.App != "" && v.App != c.o.App:
		return &versions.AuthError{What: what, Reason: "serves another app than " + c.o.App}
	case c.o.Environment != "" && v.Environment != c.o.Environment:
		return &versions.NotFoundError{What: "environment", Name: c.o.Environment, In: "what is served at " + c.at}
	case c.o.MinPin > 0 && v.Kind != "pin":
		return &versions.AuthError{What: what, Reason: "serves no pin"}
	case v.Number < c.o.MinPin:
		return &versions.AuthError{What: what, Reason: fmt.Sprintf("serves pin %d, below the lowest that is allowed, %d", v.Number, c.o.MinPin)}
	}
	c.last.Store(v)
	r.over.checked.Store(true)
	return nil
}

// proven asks over a connection of which it is known what it serves.
func (c *Client) proven(ctx context.Context, q question) (*reply, error) {
	if c.o.App == "" && c.o.Environment == "" && c.o.MinPin == 0 {
		return c.ask(ctx, q)
	}
	if c.last.Load() == nil { // the first one
		if _, err := c.Version(ctx); err != nil {
			return nil, err
		}
	}
	for range 5 {
		r, err := c.ask(ctx, q)
		if err != nil || r.over.checked.Load() {
			return r, err
		}
		if was := c.last.Load(); was.Kind == "pin" && r.version == was.ID { // which has been checked
			r.over.checked.Store(true)
			return r, nil
		}
		clear(r.body)
		if _, err := c.Version(ctx); err != nil {
			return nil, err
		}
	}
	return nil, c.odd("each time over another connection")
}

// Close closes the connections that are not in use.
func (c *Client) Close() error {
	c.transport.CloseIdleConnections()
	return nil
}
