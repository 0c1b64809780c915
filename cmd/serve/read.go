package serve

import (
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"pinseal/seal"
	"pinseal/versions"
)

// How a value is asked for.
const (
	asWhole = iota
	asValue
	asJSON
)

func (c *call) whole() *failure     { return c.read(asWhole) }
func (c *call) value() *failure     { return c.read(asValue) }
func (c *call) jsonValue() *failure { return c.read(asJSON) }

// read replies with a value, once the audit has it.
func (c *call) read(how int) *failure {
	if _, fail := c.query(); fail != nil {
		return fail
	}
	name, r, fail := c.replyTo(how)
	result := codeOK
	if fail != nil {
		result = fail.code
	}
	if err := c.audited(eventRead, name, result); err != nil {
		fail, result = err, codeFailed
	}
	c.server.meters.reads[result].Inc()
	if fail == nil {
		c.w.Header()["Pinseal-Version"] = c.served.id
		r.send(c.w)
	}
	return fail
}

// replyTo finds or makes what is replied to a read. name is "" unless there is such a
// secret.
func (c *call) replyTo(how int) (name string, r *reply, fail *failure) {
	if c.pinned != nil {
		e, ok := c.pinned.byRef[c.ref]
		switch {
		case !ok:
			return "", nil, noSecret(c.served.version)
		case e.err != nil:
			return e.info.Name, nil, failureOf(e.err, c.served.version)
		case how == asWhole:
			return e.info.Name, &e.whole, nil
		case how == asValue:
			return e.info.Name, &e.value, nil
		case e.json == nil:
			return e.info.Name, nil, notJSON()
		}
		return e.info.Name, e.json, nil
	}
	if !isRef(c.ref) {
		return "", nil, noSecret(c.served.version)
	}
	info, secret, err := c.store.Get(c.r.Context(), c.ref)
	if info.Kind == versions.KindKey {
		err = errKey
	}
	if err != nil {
		return info.Name, nil, failureOf(err, c.served.version)
	}
	made := bytesReply(typeBytes, info, secret)
	switch {
	case how == asWhole:
		if made, err = secretReply(info, secret); err != nil {
			return info.Name, nil, failed(err)
		}
	case how == asJSON && !isJSON(secret):
		return info.Name, nil, notJSON()
	case how == asJSON:
		made.kind = typeJSON
	}
	return info.Name, &made, nil
}

// isRef reports whether a text can be the name or the id of a secret.
func isRef(ref string) bool {
	return seal.CheckSecretName(ref) == nil || len(ref) == len("00000000-0000-0000-0000-000000000000") && isHexAndDashes(ref)
}

func isHexAndDashes(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') && c != '-' {
			return false
		}
	}
	return true
}

func notJSON() *failure {
	return &failure{status: http.StatusUnprocessableEntity, code: codeNotJSON, message: "the value is not JSON", try: []string{"/v1/secrets/NAME/value"}}
}

// audited writes a line of the audit, without which nothing is told.
func (c *call) audited(event, name, result string, more ...slog.Attr) *failure {
	err := c.server.audit.line(event, name, c.served.version.ID, c.peer, result, more...)
	if err == nil {
		c.server.silent.Store(false)
		return nil
	}
	c.server.meters.unaudited.Inc()
	fail := failed(nil)
	if !c.server.silent.Swap(true) { // once, not for each of thousands
		fail.cause = errors.New("the audit cannot be written, and so no value is told: " + err.Error())
	}
	return fail
}

func (c *call) list() *failure {
	if _, fail := c.query(); fail != nil {
		return fail
	}
	if c.pinned != nil {
		c.pinned.list.send(c.w)
		return nil
	}
	infos, err := c.store.List(c.r.Context())
	if err != nil {
		return failureOf(err, c.served.version)
	}
	r, err := listReply(c.served.version, infos)
	if err != nil {
		return failed(err)
	}
	r.send(c.w)
	return nil
}

// version replies with which set is served, with not= once it is another than that.
func (c *call) version() *failure {
	query, fail := c.query("not", "wait")
	if fail != nil {
		return fail
	}
	not, some := query["not"]
	wait, err := strconv.Atoi(query["wait"])
	if _, given := query["wait"]; given && (err != nil || wait < 0 || wait > maxWait || !some) {
		return invalid("wait is a number of seconds from 0 to 60, together with not", "/v1/version?not=ID&wait=60")
	}
	now, other := c.await(not, time.Duration(wait)*time.Second)
	if some && !other {
		(&reply{status: http.StatusNoContent}).send(c.w)
		return nil
	}
	r, err := jsonReply(now)
	if err != nil {
		return failed(err)
	}
	r.send(c.w)
	return nil
}

// await waits until what is served is another than not.
func (c *call) await(not string, wait time.Duration) (now versions.VersionInfo, other bool) {
	if wait > 0 {
		http.NewResponseController(c.w).SetWriteDeadline(time.Now().Add(wait + c.server.times.reply))
	}
	over := time.NewTimer(wait)
	defer over.Stop()
	for {
		current := c.server.current.Load()
		if current.version.ID != not || wait == 0 {
			return current.version, current.version.ID != not
		}
		select {
		case <-current.replaced:
		case <-over.C:
			return current.version, false
		case <-c.r.Context().Done():
			return current.version, false
		case <-c.done:
			return current.version, false
		}
	}
}
