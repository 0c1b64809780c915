package serve

import (
	"io"
	"log/slog"
	"mime"
	"net/http"
	"os"
	"strings"
	"time"

	"pinseal/versions"
)

// MaxBody is the largest body of a write, in bytes: a value of 64 KiB, every byte of
// it escaped, and what stands beside it.
const MaxBody = 512 << 10

// maxDrain bounds what is read of a body after it was refused, in bytes: more than a
// good one has.
const maxDrain = 12 << 20

// writer is where the request may write. A socket that others may read from is written
// to by the user of this process alone.
func (c *call) writer() (Writer, *failure) {
	w, ok := c.store.(Writer)
	if !ok || !c.server.o.Write {
		c.w.Header().Set("Allow", http.MethodGet)
		return nil, &failure{status: http.StatusMethodNotAllowed, code: codeReadOnly, message: "nothing may be written here",
			try: []string{"pinseal serve --write …      on a work tree"}}
	}
	if c.peer.unix && c.peer.uid != os.Getuid() {
		fail := &failure{status: http.StatusForbidden, code: codeForbidden, message: "only the user of this server may write"}
		c.deny(fail)
		return nil, fail
	}
	_, fail := c.query()
	return w, fail
}

func (c *call) create() *failure {
	w, fail := c.writer()
	if fail != nil {
		return fail
	}
	change, fail := c.change()
	if fail == nil && change.Name == nil {
		fail = invalid("a new secret wants a name")
	}
	if fail != nil {
		return c.wrote(eventCreate, versions.Info{}, fail)
	}
	info, err := w.Create(c.r.Context(), change)
	if err != nil {
		return c.wrote(eventCreate, versions.Info{}, failureOf(err, c.served.version))
	}
	return c.changed(eventCreate, http.StatusCreated, info)
}

func (c *call) update() *failure {
	w, fail := c.writer()
	if fail != nil {
		return fail
	}
	match, fail := c.ifMatch()
	var change Change
	if fail == nil {
		change, fail = c.change()
	}
	if fail != nil {
		return c.wrote(eventUpdate, versions.Info{}, fail)
	}
	var was versions.Info
	var err error
	if change.Name != nil {
		was, err = w.Find(c.r.Context(), c.ref)
	}
	info := was
	if err == nil {
		info, err = w.Update(c.r.Context(), c.ref, match, change)
	}
	switch {
	case err != nil && was.Name != "":
		return c.wrote(eventUpdate, was, failureOf(err, c.served.version))
	case err != nil:
		return c.wrote(eventUpdate, info, failureOf(err, c.served.version))
	case was.Name != "" && was.Name != info.Name:
		return c.changed(eventUpdate, http.StatusOK, info, slog.String("renamed_from", was.Name))
	}
	return c.changed(eventUpdate, http.StatusOK, info)
}

func (c *call) remove() *failure {
	w, fail := c.writer()
	if fail != nil {
		return fail
	}
	match, fail := c.ifMatch()
	if fail != nil {
		return c.wrote(eventDelete, versions.Info{}, fail)
	}
	// What is gone cannot be asked for its name.
	info, err := w.Find(c.r.Context(), c.ref)
	if err == nil {
		err = w.Delete(c.r.Context(), c.ref, match)
	}
	if err != nil {
		return c.wrote(eventDelete, info, failureOf(err, c.served.version))
	}
	if fail := c.wrote(eventDelete, info, nil); fail != nil {
		return fail
	}
	(&reply{status: http.StatusNoContent}).send(c.w)
	return nil
}

// changed replies with what a secret is now.
func (c *call) changed(event string, status int, info versions.Info, more ...slog.Attr) *failure {
	if fail := c.wrote(event, info, nil, more...); fail != nil {
		return fail
	}
	r, err := infoReply(info)
	if err != nil {
		return failed(err)
	}
	r.status = status
	r.send(c.w)
	return nil
}

// wrote audits a write, and gives fail back.
func (c *call) wrote(event string, info versions.Info, fail *failure, more ...slog.Attr) *failure {
	result := codeOK
	if fail != nil {
		result = fail.code
	}
	// What has taken its time, such as a commit with its hooks, is still replied to.
	http.NewResponseController(c.w).SetWriteDeadline(time.Now().Add(c.server.times.reply))
	if err := c.audited(event, info.Name, result, more...); err != nil {
		return err
	}
	c.server.meters.writes[result].Inc()
	return fail
}

// ifMatch is the version that a secret must have, "" for any.
func (c *call) ifMatch() (string, *failure) {
	if !isRef(c.ref) {
		return "", noSecret(c.served.version)
	}
	header := c.r.Header["If-Match"]
	if len(header) == 0 || len(header) == 1 && header[0] == "*" {
		return "", nil
	}
	match, quoted := strings.CutPrefix(header[0], `"`)
	match, closed := strings.CutSuffix(match, `"`)
	if len(header) > 1 || !quoted || !closed || len(match) != 64 || !isHexAndDashes(match) {
		return "", invalid(`If-Match is one ETag as this server gives it, in double quotes`)
	}
	return match, nil
}

// change reads the body.
func (c *call) change() (Change, *failure) {
	if fail := c.isJSON(); fail != nil {
		return Change{}, fail
	}
	body, fail := c.body(MaxBody, "a body has at most 512 KiB")
	if fail != nil {
		return Change{}, fail
	}
	change, err := parseChange(body)
	if err != nil {
		return Change{}, invalid(err.Error())
	}
	return change, nil
}

// isJSON wants a body that says it is.
func (c *call) isJSON() *failure {
	kinds := c.r.Header["Content-Type"]
	if len(kinds) != 1 {
		return invalid("a body is JSON", "Content-Type: application/json")
	}
	kind, params, err := mime.ParseMediaType(kinds[0])
	charset, given := params["charset"]
	if err != nil || kind != "application/json" || given && !strings.EqualFold(charset, "utf-8") {
		return invalid("a body is JSON", "Content-Type: application/json")
	}
	return nil
}

// body reads the body. limit says that it has at most most bytes.
func (c *call) body(most int64, limit string) ([]byte, *failure) {
	if c.r.ContentLength > most {
		return nil, &failure{status: http.StatusRequestEntityTooLarge, code: codeTooLarge, message: limit}
	}
	body := make([]byte, c.r.ContentLength)
	if _, err := io.ReadFull(c.r.Body, body); err != nil {
		return nil, invalid("the body did not come whole")
	}
	return body, nil
}

// drain reads what is left of a body that is refused: whoever is still sending would
// not see the reply. One who waits for a word to go on, and had none, sends nothing.
func (c *call) drain() {
	if c.r.Header.Get("Expect") != "" && !c.begun {
		return
	}
	http.NewResponseController(c.w).SetReadDeadline(time.Now().Add(c.server.times.body))
	io.CopyN(io.Discard, c.r.Body, maxDrain)
}
