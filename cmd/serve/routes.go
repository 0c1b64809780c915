package serve

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// front is a Server at one listener.
type front struct {
	server *Server
	done   <-chan struct{} // closed when no more is to be waited for
}

// call is one request.
type call struct {
	*served
	server *Server
	done   <-chan struct{}
	w      http.ResponseWriter
	r      *http.Request
	peer   *peer
	ref    string
	begun  bool // to read the body
}

// route is what a path is for: by method, what answers.
type route struct {
	get, post, patch, del func(*call) *failure
	open                  bool   // asks for no token
	ref                   string // of a secret or a key, as it was sent
}

// ServeHTTP implements [http.Handler].
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !f.server.running.TryRLock() { // it has ended
		panic(http.ErrAbortHandler)
	}
	defer f.server.running.RUnlock()
	p, ok := r.Context().Value(peerKey{}).(*peer)
	if !ok {
		p = &peer{unix: true, uid: -1} // nobody
	}
	c := &call{served: f.server.current.Load(), server: f.server, done: f.done, w: w, r: r, peer: p}
	defer c.caught()
	path, _, _ := strings.Cut(r.RequestURI, "?")
	to, known := routeOf(path)
	c.ref = to.ref
	trusted := p.unix && p.allowed || !p.unix && f.server.knows(r.Header["Authorization"])
	if !trusted {
		w.Header().Set("Connection", "close") // who may not ask, or has no token, holds no connection
	}
	if fail := f.server.admit(r, p, known && to.open, trusted); fail != nil {
		w.Header().Set("Connection", "close")
		if fail.status == http.StatusUnauthorized {
			w.Header().Set("WWW-Authenticate", "Bearer")
		}
		c.denied(fail)
		return
	}
	if trusted && !p.unix {
		p.welcome()
	}
	if fail := c.answer(to, known); fail != nil {
		c.tell(fail)
	}
}

// answer calls what answers the request.
func (c *call) answer(to route, known bool) *failure {
	if c.r.ContentLength != 0 || len(c.r.TransferEncoding) > 0 {
		http.NewResponseController(c.w).SetReadDeadline(time.Now().Add(c.server.times.body))
	}
	if !known {
		return noPath(c.r.RequestURI)
	}
	handle, allowed := to.handler(c.r.Method)
	switch {
	case handle == nil:
		c.w.Header().Set("Allow", strings.Join(allowed, ", "))
		return &failure{status: http.StatusMethodNotAllowed, code: codeMethod, message: "this path takes " + strings.Join(allowed, ", ")}
	case len(c.r.TransferEncoding) > 0:
		return invalid("a body comes with a Content-Length")
	case c.r.ContentLength != 0 && (c.r.Method == http.MethodGet || c.r.Method == http.MethodDelete):
		return invalid("this request has no body")
	}
	return handle(c)
}

func (to route) handler(method string) (handle func(*call) *failure, allowed []string) {
	for _, way := range []struct {
		method string
		handle func(*call) *failure
	}{{http.MethodGet, to.get}, {http.MethodPost, to.post}, {http.MethodPatch, to.patch}, {http.MethodDelete, to.del}} {
		if way.handle == nil {
			continue
		}
		if way.method == method {
			return way.handle, nil
		}
		allowed = append(allowed, way.method)
	}
	return nil, allowed
}

// routeOf finds what a path is for, as it was sent: nothing is decoded or cleaned, so
// a path with an escape, a dot segment or an empty one is none of ours.
func routeOf(path string) (route, bool) {
	switch path {
	case "/v1/secrets":
		return route{get: (*call).list, post: (*call).create}, true
	case "/v1/version":
		return route{get: (*call).version}, true
	case "/v1/health":
		return route{get: (*call).health, open: true}, true
	case "/metrics":
		return route{get: (*call).metrics}, true
	}
	if rest, ok := strings.CutPrefix(path, "/v1/secrets/"); ok {
		ref, tail, more := strings.Cut(rest, "/")
		to := route{ref: ref}
		switch {
		case ref == "":
			return route{}, false
		case !more:
			to.get, to.patch, to.del = (*call).whole, (*call).update, (*call).remove
		case tail == "value":
			to.get = (*call).value
		case tail == "json":
			to.get = (*call).jsonValue
		default:
			return route{}, false
		}
		return to, true
	}
	if rest, ok := strings.CutPrefix(path, "/v1/keys/"); ok {
		switch name, tail, _ := strings.Cut(rest, "/"); {
		case name == "":
		case tail == eventEncrypt:
			return route{post: (*call).encrypt, ref: name}, true
		case tail == eventDecrypt:
			return route{post: (*call).decrypt, ref: name}, true
		}
	}
	return route{}, false
}

// query returns the parameters, of which each must be known and may stand once.
func (c *call) query(known ...string) (map[string]string, *failure) {
	if c.r.URL.RawQuery == "" {
		return nil, nil
	}
	values, err := url.ParseQuery(c.r.URL.RawQuery)
	if err != nil {
		return nil, invalid("the query does not parse")
	}
	query := map[string]string{}
	for name, list := range values {
		if !slices.Contains(known, name) || len(list) != 1 {
			reason := "this path has no query parameters"
			if len(known) > 0 {
				reason = "query parameters of this path, each at most once: " + strings.Join(known, ", ")
			}
			return nil, invalid(reason)
		}
		query[name] = list[0]
	}
	return query, nil
}

// tell sends a failure, after what is only for the log.
func (c *call) tell(fail *failure) {
	if fail.cause != nil {
		c.server.o.Log(fail.cause)
	}
	if c.r.ContentLength != 0 {
		c.w.Header().Set("Connection", "close") // what is left of the body is no request
		c.drain()
	}
	fail.send(c.w)
}

func (c *call) denied(fail *failure) {
	c.deny(fail)
	c.tell(fail)
}

// deny counts and audits what is denied.
func (c *call) deny(fail *failure) {
	c.server.meters.denied[fail.code].Inc()
	if count := c.server.denials.count(c.peer, fail.code, c.server.o.Now()); count > 0 {
		// It says no with a line and without one.
		if err := c.audited(eventDenied, "", fail.code, slog.Int("count", count)); err != nil && err.cause != nil {
			c.server.o.Log(err.cause)
		}
	}
}

// caught ends a request that went wrong in a way that nobody foresaw. What was thrown
// may hold anything and is not told.
func (c *call) caught() {
	thrown := recover()
	if thrown == nil {
		return
	}
	if thrown != http.ErrAbortHandler {
		c.server.o.Log(fmt.Errorf("a request ended in a panic of type %T\n%s", thrown, debug.Stack()))
	}
	panic(http.ErrAbortHandler)
}
