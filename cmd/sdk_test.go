package cmd_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
)

// sdkApp is a directory with a client in one language, as `pinseal sdk` prints it,
// and the program that drives it.
type sdkApp struct {
	*world
	t        *testing.T
	language string
	program  []string
	dir      string
	sockets  string // a directory whose path is short, as those of sockets have to be
}

// sdkCall is one call of a client. Do is the name in snake_case; a value of Args is
// JSON or []byte; Client, where there is one, are the arguments of a Client.
type sdkCall struct {
	Do     string         `json:"do"`
	Args   []any          `json:"args"`
	Client map[string]any `json:"client,omitempty"`
}

// sdkAnswer is what came of it: a value, bytes, or an error with all that can be
// seen of it.
type sdkAnswer struct {
	Value   any    `json:"value"`
	Bytes   []byte `json:"bytes"`
	Code    string `json:"code"`
	Message string `json:"message"`
	Seen    string `json:"seen"`
}

// sdkCase is a call and what must come of it: Want, or an error with Code.
type sdkCase struct {
	call sdkCall
	want any
	code string
}

func sdkAsk(do string, args ...any) sdkCall {
	for i, arg := range args {
		if data, ok := arg.([]byte); ok {
			args[i] = map[string]string{"bytes": base64.StdEncoding.EncodeToString(data)}
		}
	}
	return sdkCall{Do: do, Args: append([]any{}, args...)}
}

// of is the same call of a client that is told where from.
func (c sdkCall) of(client map[string]any) sdkCall {
	c.Client = client
	return c
}

// eachSDK runs a test for every language that this machine has.
func eachSDK(t *testing.T, f func(a *sdkApp)) {
	slow(t)
	if runtime.GOOS == "windows" {
		t.Skip("its programs are scripts, and its servers on unix sockets")
	}
	for _, l := range sdkLanguages {
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			f(l.app(t))
		})
	}
}

// sdkLanguage is a language that there is a client in.
type sdkLanguage struct {
	name, file, driver string
	program, flags     []string
}

var sdkLanguages = []sdkLanguage{
	{"python", "pinseal.py", "drive.py", []string{"python3", "-c", "import sys; print(sys.executable)"}, []string{"-W", "error"}},
	{"javascript", "pinseal.mjs", "drive.cjs", []string{"node", "-p", "process.execPath"}, nil},
}

// app makes an app in the language, which this machine has or the test is skipped.
func (l sdkLanguage) app(t *testing.T) *sdkApp {
	t.Helper()
	// Asked for itself: what PATH has may be a shim that needs PATH.
	out, err := exec.Command(l.program[0], l.program[1:]...).Output()
	if err != nil {
		t.Skipf("%s is not on this machine: %v", l.program[0], err)
	}
	program := append([]string{strings.TrimSpace(string(out))}, l.flags...)
	driver, err := filepath.Abs("testdata/sdk/" + l.driver)
	if err != nil {
		t.Fatal(err)
	}
	a := &sdkApp{world: newWorld(t), t: t, language: l.name}
	a.dir = a.path("app")
	if a.sockets, err = os.MkdirTemp("", "sdk"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(a.sockets) })
	a.write(filepath.Join(a.dir, l.file), []byte(a.pinseal(a.root, "", "sdk", l.name)))
	a.program = append(program, driver, a.dir)
	return a
}

// calls makes the calls in one process of the app, in its directory or another.
// Nothing but answers may come out of it.
func (a *sdkApp) calls(dir, how string, env []string, calls ...sdkCall) (answers []sdkAnswer) {
	a.t.Helper()
	task, err := json.Marshal(map[string]any{"how": how, "calls": calls})
	if err != nil {
		a.t.Fatal(err)
	}
	c := exec.Command(a.program[0], a.program[1:]...)
	c.Dir, c.Env = dir, append(a.env[:len(a.env):len(a.env)], env...)
	var stderr bytes.Buffer
	c.Stdin, c.Stderr = bytes.NewReader(task), &stderr
	out, err := c.Output()
	if err != nil || stderr.Len() > 0 {
		a.t.Fatalf("the app: %v\n%s", err, stderr.String())
	}
	if err := json.Unmarshal(out, &answers); err != nil || len(answers) != len(calls) {
		a.t.Fatalf("the app printed %d answers to %d calls: %v", len(answers), len(calls), err)
	}
	return answers
}

// check makes the calls of a table, one after another, and holds what comes of them
// to it. No error may hold a canary.
func (a *sdkApp) check(dir string, env []string, cases []sdkCase) {
	a.t.Helper()
	calls := make([]sdkCall, len(cases))
	for i, c := range cases {
		calls[i] = c.call
	}
	for i, got := range a.calls(dir, "in turn", env, calls...) {
		a.t.Helper()
		a.one(cases[i], got)
	}
}

func (a *sdkApp) one(c sdkCase, got sdkAnswer) {
	a.t.Helper()
	if strings.Contains(got.Seen, "CANARY") || findForm([]byte(got.Seen), "CANARY") != "" {
		a.t.Errorf("%v: an error shows a value: %s", c.call, got.Seen)
	}
	if got.Code != "" && (got.Message == "" || strings.ContainsAny(got.Message, "\n\r\t\x1b")) {
		a.t.Errorf("%v: the message %q", c.call, got.Message)
	}
	if want, ok := c.want.([]byte); ok && c.code == "" {
		if got.Code != "" || !bytes.Equal(got.Bytes, want) {
			a.t.Errorf("%v: %.80q, %s %s; want %.80q", c.call, got.Bytes, got.Code, got.Message, want)
		}
		return
	}
	if got.Code != c.code || !reflect.DeepEqual(got.Value, c.want) {
		a.t.Errorf("%v: %.300v, %s %s; want %.300v, %s", c.call, got.Value, got.Code, got.Message, c.want, c.code)
	}
}

// says holds what errors say to be the same wherever they come from.
func (a *sdkApp) says(dir string, env []string, calls map[string]sdkCall) {
	a.t.Helper()
	for want, call := range calls {
		if got := a.calls(dir, "in turn", env, call)[0]; got.Message != want {
			a.t.Errorf("%s: %q, want %q", got.Code, got.Message, want)
		}
	}
}

// The client is the language's own: Python of 3.8, an ES module that Node checks.
func TestSDKParses(t *testing.T) {
	eachSDK(t, func(a *sdkApp) {
		args := []string{"--check", filepath.Join(a.dir, "pinseal.mjs")}
		if a.language == "python" {
			args = []string{"-W", "error", "-c", "import ast, sys; ast.parse(sys.stdin.buffer.read(), feature_version=(3, 8))"}
		}
		c := exec.Command(a.program[0], args...)
		c.Stdin = strings.NewReader(a.pinseal(a.root, "", "sdk", a.language))
		if out, err := c.CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s: %v\n%s", a.language, err, out)
		}
	})
}

// Names that a client refuses before anything is asked, and does not show.
func TestSDKNames(t *testing.T) {
	eachSDK(t, func(a *sdkApp) {
		var cases []sdkCase
		for _, name := range []any{"", "A=CANARYvalue", "../CANARY", "CANARY/x", "CANARY\n", "CANARY x", "CANARY?", "CANARYä", "%41CANARY",
			"-CANARY", "9CANARY", "C" + strings.Repeat("A", 64), 5, nil, []string{"CANARY"}, "ABCDEF01-0000-0000-0000-00000000000/"} {
			for _, do := range []string{"get_secret", "get_bytes", "get_json", "exists"} {
				cases = append(cases, sdkCase{sdkAsk(do, name), nil, "invalid"})
			}
			cases = append(cases, sdkCase{sdkAsk("encrypt_with_key", name, "CANARY"), nil, "invalid"})
		}
		cases = append(cases,
			sdkCase{sdkAsk("encrypt_with_key", "00000000-0000-0000-0000-000000000000", "CANARY"), nil, "invalid"},
			sdkCase{sdkAsk("encrypt_with_key", "KEY", 5), nil, "invalid"},
			sdkCase{sdkAsk("encrypt_with_key", "KEY", json.RawMessage(`"CANARY\ud800"`)), nil, "invalid"},
			sdkCase{sdkAsk("list").of(map[string]any{"socket_path": "/a", "binary": "/b"}), nil, "invalid"},
			sdkCase{sdkAsk("list").of(map[string]any{"socket_path": ""}), nil, "invalid"},
		)
		hub := newSDKServer(a)
		a.check(a.dir, []string{"PINSEAL_SOCKET=" + hub.socket}, cases)
		if n := hub.asked.Load(); n != 0 {
			t.Errorf("the server was asked %d times", n)
		}
	})
}

// What only Python has: names, calls that are wrong, and interrupts, which hold no value
// either.
func TestSDKOfPython(t *testing.T) {
	eachSDK(t, func(a *sdkApp) {
		if a.language != "python" {
			return
		}
		bare := filepath.Join(filepath.Dir(a.program[len(a.program)-2]), "bare.py")
		c := exec.Command(a.program[0], "-W", "error", bare, a.dir)
		if out, err := c.CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%v\n%s", err, out)
		}
	})
}
