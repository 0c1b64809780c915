package cmd

import (
	"bufio"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"pinseal/seal"
)

// place is where a clone is, by its names: the git common directory and the
// remotes' URLs. Only what is remembered under one of them makes a place known.
type place struct {
	dir  string
	urls []string // normalised; read only when dir is not remembered
}

// claim is what a command is about to believe: that app id stands in a
// directory of a place.
type claim struct {
	directory string
	id        seal.AppID
	def       string // what the place's default file says
	byDefault bool   // the default chose the app
	from      string // for people: where the app was found
}

// verdict is a row of the trust table.
type verdict int

const (
	goOn     verdict = iota // this place and directory, this id
	otherApp                // this place and directory, another id
	newApp                  // a known place, a directory that was not there
	newDef                  // a known place whose default has changed
	newPlace                // an id that is known from elsewhere
	nothing                 // neither place nor id
)

// judge finds the row. p.dir must be the name under which the place is known,
// if it is.
func (k *knownApps) judge(place string, c claim) verdict {
	known := k.place(place)
	id, ok := k.app(place, c.directory)
	switch {
	case ok && id != c.id:
		return otherApp
	case known != nil && c.byDefault && known.def != c.def:
		return newDef
	case ok:
		return goOn
	case known != nil:
		return newApp
	case len(k.placesOf(c.id)) > 0:
		return newPlace
	}
	return nothing
}

// nameOf returns the name under which a place is known, p.dir when it is not.
func (k *knownApps) nameOf(p place) string {
	if k.place(p.dir) == nil {
		for _, u := range p.urls {
			if k.place(u) != nil {
				return u
			}
		}
	}
	return p.dir
}

// trustError refuses to seal or open for an app that this place is not known
// for. It ends with exit code 5.
type trustError struct {
	row    verdict
	place  string
	claim  claim
	was    string   // the id or default remembered
	places []string // where the id is known

	declined bool // the user has just read all that, and said no
}

func (e *trustError) Error() string {
	c := e.claim
	if e.declined {
		return fmt.Sprintf("app %s is not used here: nothing was sealed or opened", c.id)
	}
	switch e.row {
	case otherApp:
		return fmt.Sprintf(`ANOTHER APP STANDS WHERE YOURS STOOD
  place:  %s, directory %s
  known:  %s
  found:  %s
Either this clone became a fork, or someone replaced the app to get at what you seal.
Nothing was sealed or opened`, e.place, c.directory, e.was, c.id)
	case newApp:
		return fmt.Sprintf("app %s (%s) is new in a place where you know other apps: %s", c.directory, c.id, e.place)
	case newDef:
		return fmt.Sprintf("the default app of %s was %q and is now %q (%s)", e.place, e.was, c.def, c.id)
	case newPlace:
		return fmt.Sprintf(`app %s is known, but not from here
  here:   %s
  known:  %s
A copied .pinseal looks like this. So does a second clone of yours`, c.id, e.place, strings.Join(e.places, "\n          "))
	}
	return fmt.Sprintf("app %s (%s) from %s has not been used on this machine", c.directory, c.id, c.from)
}

// trustApp settles whether a command may seal or open: by what is remembered, by
// a word of consent, or by asking. It records what was settled.
func (c *cli) trustApp(m *memory, p place, cl claim, vouched bool) error {
	name := m.known.nameOf(p)
	row := m.known.judge(name, cl)
	if row == goOn {
		if name != p.dir {
			m.remember(func(k *knownApps) bool { return k.copyPlace(name, p.dir) })
		}
		return nil
	}
	refusal := &trustError{row: row, place: name, claim: cl, places: m.known.placesOf(cl.id)}
	if id, ok := m.known.app(name, cl.directory); ok && row == otherApp {
		refusal.was = id.String()
	}
	if k := m.known.place(name); k != nil && row == newDef {
		refusal.was = k.def
	}
	try := []string{"pinseal trust       after you have looked at it", "pinseal --app " + cl.id.String() + " …     if you know that this is its id"}
	if row == newDef {
		try = append([]string{"pinseal --app " + refusal.was + " …     to stay with that one"}, try...)
	}
	for _, name := range identityVariables {
		if slices.Contains(c.Environ, name+"=") {
			try = append([]string{name + " is set and empty: was a service's identity meant?"}, try...)
		}
	}
	look := hint(refusal, try...)
	asks := row == newPlace || row == nothing
	switch {
	case vouched && !asks:
		return nil // for this command only: the place keeps what it is known for
	case vouched:
	case !c.interactive() || !asks:
		return look
	case row == nothing:
		c.say("First use of app %s\n  id:    %s\n  from:  %s\nRemembering it for this place.", cl.directory, cl.id, cl.from)
	default:
		fmt.Fprintln(c.Stderr, clean(refusal.Error()+".")) // -q or not: the question is about it
		if !c.ask("Use it here too?") {
			refusal.declined = true
			return look
		}
	}
	m.remember(func(k *knownApps) bool { return recordPlace(k, p, cl) })
	return nil
}

// recordPlace remembers an app under every name of its place.
func recordPlace(k *knownApps, p place, c claim) bool {
	changed := k.setApp(p.dir, c.directory, c.id, c.def)
	for _, u := range p.urls {
		changed = k.setApp(u, c.directory, c.id, c.def) || changed
	}
	return changed
}

// ask puts a yes-or-no question, where the default is no.
func (c *cli) ask(question string) bool {
	fmt.Fprintf(c.Stderr, "%s [y/N] ", question)
	answer, err := c.readLine()
	answer = strings.ToLower(strings.TrimSpace(answer))
	return err == nil && (answer == "y" || answer == "yes")
}

// readLine reads one line byte by byte: what follows it is somebody else's.
func (c *cli) readLine() (string, error) {
	r := bufio.NewReaderSize(oneByte{c.Stdin}, 16)
	line, err := orDone(c.done, func() ([]byte, error) { return r.ReadBytes('\n') })
	if err == io.EOF && len(line) > 0 {
		err = nil
	}
	return string(line), err
}

type oneByte struct{ r io.Reader }

func (o oneByte) Read(p []byte) (int, error) { return o.r.Read(p[:min(1, len(p))]) }

// say prints talk for people; -q leaves it out.
func (c *cli) say(format string, args ...any) {
	if !c.quiet {
		fmt.Fprintln(c.Stderr, talk(format, args...))
	}
}

// warn prints what should not be missed, -q or not.
func (c *cli) warn(format string, args ...any) {
	fmt.Fprintln(c.Stderr, "warning: "+talk(format, args...))
}

// normalURL makes the spellings of one remote equal, without a password: who
// logs in is kept for ssh only, where a path may be below a home. An absolute path
// is itself. What is not the same everywhere, such as a relative path, or cannot
// be told apart, such as a URL that does not parse, is "".
func normalURL(raw string) string {
	if path := strings.TrimPrefix(raw, "file://"); filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	if scheme, rest, ok := strings.Cut(raw, "://"); ok {
		return normalRemote(scheme, rest)
	}
	login, p, ok := strings.Cut(raw, ":") // as ssh has it: [USER@]HOST:PATH
	at := strings.LastIndex(login, "@") + 1
	if !ok || strings.ContainsAny(login, "/\\") || len(login[at:]) < 2 || strings.Contains(raw, "::") {
		return ""
	}
	if first, _, _ := strings.Cut(p, "/"); strings.Contains(first, "@") {
		return "" // a URL that was mistyped, with who logs in where a path is meant
	}
	user, host := login[:at], strings.ToLower(login[at:])
	if strings.HasPrefix(p, "/") && host != "http" && host != "https" {
		return "ssh://" + user + host + trimRepo(p)
	}
	return user + host + ":" + trimRepo(p)
}

// normalRemote is normalURL of SCHEME://REST. The login is cut off by hand: git
// takes some that url.Parse does not.
func normalRemote(scheme, rest string) string {
	authority, _, _ := strings.Cut(rest, "/")
	at := strings.LastIndex(authority, "@") + 1
	u, err := url.Parse(scheme + "://" + authority[at:])
	if err != nil || u.Host == "" || strings.ContainsAny(authority, "?#\\") {
		return ""
	}
	user, _, _ := strings.Cut(strings.TrimSuffix(authority[:at], "@"), ":")
	if user != "" && strings.Contains(scheme, "ssh") {
		user += "@"
	} else {
		user = ""
	}
	host := strings.ToLower(u.Host)
	usual := map[string]string{"https": "443", "http": "80", "ssh": "22", "git": "9418"}
	if p := u.Port(); p == "" || p == usual[scheme] {
		host = strings.TrimSuffix(host, ":"+p)
	}
	return scheme + "://" + user + host + trimRepo(rest[len(authority):])
}

func trimRepo(p string) string {
	return strings.TrimSuffix(strings.TrimRight(p, "/"), ".git")
}
