package versions

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pinseal/seal"
)

var _ Reader = (*Secrets)(nil)

// identityText is what a person's identity file holds.
func (a *testApp) identityText(name string) []byte {
	line := a.person(name).String()
	if v := a.since[name]; v > 0 {
		line = seal.FormatService(a.id, v, line)
	}
	return []byte(line + "\n")
}

func (a *testApp) optionsOf(name string) Options {
	return Options{Identity: seal.NewSecret(a.identityText(name))}
}

// wantSecret reads through the library.
func wantSecret(t testing.TB, r Reader, name, want string) {
	t.Helper()
	got, err := r.Get(t.Context(), name)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if string(got.Reveal()) != want {
		t.Fatalf("%s is another value than expected", name)
	}
}

func wantPin(t testing.TB, r Reader, want int) {
	t.Helper()
	if v, err := r.Version(t.Context()); err != nil || v.Number != want {
		t.Fatalf("pin %d, %v; want %d", v.Number, err, want)
	}
}

// pinnedApp has two pins of two secrets and a blank.
func pinnedApp(t testing.TB) (a *testApp, one, two *Entry) {
	t.Helper()
	a = newApp(t)
	a.set(prod, "A", "one")
	a.putFile(prod, "J", SecretFile{Kind: KindSecret, About: "a pair", Value: a.sealed(prod, "J", `{"user":"ada","port":5432}`)})
	a.putFile(prod, "LATER", SecretFile{Kind: KindSecret, Optional: true})
	one = a.publish("alice")
	a.set(prod, "A", "two")
	return a, one, a.publish("ci")
}

func TestSecretsReader(t *testing.T) {
	a, _, two := pinnedApp(t)
	ctx := t.Context()
	file := filepath.Join(t.TempDir(), "production.bundle")
	a.must(os.WriteFile(file, a.bundle(two, ""), 0o600))
	a.set(prod, "A", "committed, not published")
	a.commit()
	a.set(prod, "A", "in the work tree")
	open := map[string]func() (*Secrets, error){
		"bundle": func() (*Secrets, error) { return OpenBundle(a.bundle(two, "web"), a.optionsOf("web")) },
		"file":   func() (*Secrets, error) { return OpenBundleFile(file, a.optionsOf("web")) },
		"pin":    func() (*Secrets, error) { return OpenPin(ctx, a.dir, prod, a.optionsOf("web")) },
	}
	for from, open := range open {
		s, err := open()
		a.must(err)
		a.must(s.Close()) // what is open can still be read
		wantPin(t, s, 2)
		wantSecret(t, s, "A", "two")
		var pair struct {
			User string
			Port int
		}
		if err := s.JSON(ctx, "J", &pair); err != nil || pair.User != "ada" || pair.Port != 5432 {
			t.Errorf("%s: %v", from, err)
		}
		infos, err := s.List(ctx)
		if err != nil || len(infos) != 3 || infos[1].Name != "J" || infos[1].Description != "a pair" || !infos[2].Blank {
			t.Errorf("%s: %v, %v", from, infos, err)
		}
		blank, err := s.Get(ctx, "LATER")
		if !errors.As(err, new(*BlankError)) || blank.Len() != 0 {
			t.Errorf("%s: %v", from, err)
		}
		_, err = s.Get(ctx, "ABSENT")
		wantErr(t, err, ErrNotFound, `no secret "ABSENT" in production`)
		_, err = s.Get(ctx, "p@ssw0rd, typed here")
		wantErr(t, err, ErrNotFound, "no secret in production")
		over, cancel := context.WithCancel(ctx)
		cancel()
		if _, err := s.Get(over, "A"); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", from, err)
		}
		got, _ := s.Get(ctx, "A")
		again, _ := s.Get(ctx, "A")
		if fmt.Sprint(got) != "[secret]" || &got.Reveal()[0] == &again.Reveal()[0] {
			t.Errorf("%s: prints, or is shared", from)
		}
		if seen := s.Seen(); seen.Number != 2 || seen.Hash != two.Hash() {
			t.Errorf("%s: seen %v", from, seen)
		}
	}
}

// What is wrong with a value as JSON is said without the value.
func TestSecretsJSON(t *testing.T) {
	for value, into := range map[string]any{
		`hunter2`: new(map[string]any), `{"port":"hunter2"}`: new(struct{ Port int }), `31337`: new(int8),
		`{"a":1} hunter2`: new(map[string]int), ``: new(string), "\xff": new(string), `["hunter2"]`: new([]json.Number),
		`{"hunter2":{"port":"x"}}`: new(map[string]struct{ Port int }),
	} {
		err := DecodeJSON("A", seal.NewSecret([]byte(value)), into)
		if !errors.As(err, new(*JSONError)) || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "31337") || errors.Unwrap(err) != nil {
			t.Errorf("%q: %v", value, err)
		}
	}
	err := DecodeJSON("A", seal.NewSecret([]byte(`{"port":"x"}`)), new(struct{ Port int }))
	if err == nil || !strings.Contains(err.Error(), "at Port") {
		t.Error(err)
	}
	if err := DecodeJSON("A", seal.NewSecret([]byte(`1`)), nil); !errors.As(err, new(*json.InvalidUnmarshalError)) {
		t.Error(err)
	}
}

// Whose bundle it is, and how old it may be.
func TestSecretsBundleTrust(t *testing.T) {
	a, one, two := pinnedApp(t)
	other := newApp(t)
	other.set(prod, "A", "other")
	foreign := other.bundle(other.publish("alice"), "")
	old, newest := a.bundle(one, ""), a.bundle(two, "")
	forked := a.forge(one, func(h *handmade) { h.files = a.tree(one); h.Set, h.Message = one.Set, "fork" })
	empty := newApp(t)
	nothing := empty.bundle(empty.publish("alice"), "")
	noteBefore := a.note.Signed()
	a.add("late", true, "production.read")
	noteNow := a.note.Signed()
	three := a.bundle(a.publish("alice"), "")
	a.remove("bob")
	without := a.note.Signed()
	for name, c := range map[string]struct {
		data []byte
		o    Options
		is   error
		part string
	}{
		"service":                     {newest, a.optionsOf("web"), nil, ""},
		"plain, id given":             {newest, Options{Identity: seal.NewSecret(a.identityText("bob")), App: a.id.String()}, nil, ""},
		"environment given":           {newest, Options{Identity: seal.NewSecret(a.identityText("web")), Environment: prod}, nil, ""},
		"at the lowest pin":           {newest, Options{Identity: seal.NewSecret(a.identityText("web")), MinPin: 2}, nil, ""},
		"pin that was seen":           {newest, Options{Identity: seal.NewSecret(a.identityText("web")), Seen: seenOf(two)}, nil, ""},
		"after the pin seen":          {newest, Options{Identity: seal.NewSecret(a.identityText("web")), Seen: seenOf(one)}, nil, ""},
		"newer note given":            {newest, Options{Identity: seal.NewSecret(a.identityText("web")), Note: noteNow}, nil, ""},
		"older note given":            {three, Options{Identity: seal.NewSecret(a.identityText("late")), Note: noteBefore}, nil, ""},
		"plain, no id":                {newest, a.optionsOf("bob"), ErrNotAuthentic, "nothing says which app"},
		"plain, another id":           {newest, Options{Identity: seal.NewSecret(a.identityText("bob")), App: other.id.String()}, ErrNotAuthentic, "is of app"},
		"another app's bundle":        {foreign, a.optionsOf("web"), ErrNotAuthentic, "is of app"},
		"another app's service":       {newest, other.optionsOf("web"), ErrNotAuthentic, "is of app"},
		"service and another id":      {newest, Options{Identity: seal.NewSecret(a.identityText("web")), App: other.id.String()}, ErrNotAuthentic, "is for app"},
		"note of another app":         {newest, Options{Identity: seal.NewSecret(a.identityText("web")), Note: other.note.Signed()}, ErrNotAuthentic, "is of app"},
		"another environment":         {newest, Options{Identity: seal.NewSecret(a.identityText("web")), Environment: "dev"}, ErrNotFound, `no environment "dev"`},
		"below the lowest pin":        {old, Options{Identity: seal.NewSecret(a.identityText("web")), MinPin: 2}, ErrNotAuthentic, "lowest that is allowed, 2"},
		"older than the pin seen":     {old, Options{Identity: seal.NewSecret(a.identityText("web")), Seen: seenOf(two)}, ErrNotAuthentic, "went back from pin 2 to pin 1"},
		"other pin of that number":    {a.bundleOf(forked), Options{Identity: seal.NewSecret(a.identityText("web")), Seen: seenOf(two)}, ErrNotAuthentic, "not of the chain"},
		"service came after the note": {newest, a.optionsOf("late"), ErrNotAuthentic, "older than version 2"},
		"left by the note given":      {three, Options{Identity: seal.NewSecret(a.identityText("bob")), App: a.id.String(), Note: without}, seal.ErrNoKey, "not a member"},
		"does not read it":            {newest, Options{Identity: seal.NewSecret(a.identityText("ci")), App: a.id.String()}, seal.ErrNoKey, "has not been given"},
		"stranger":                    {newest, Options{Identity: seal.NewSecret(other.identityText("bob")), App: a.id.String()}, seal.ErrNoKey, "not a member"},
		"bundle for somebody else":    {a.bundle(two, "bob"), a.optionsOf("web"), seal.ErrNoKey, "pending"},
		"empty set":                   {nothing, empty.optionsOf("web"), nil, ""},
		"stranger to an empty set":    {nothing, Options{Identity: seal.NewSecret(a.identityText("bob")), App: empty.id.String()}, seal.ErrNoKey, "not a member"},
		"no identity":                 {newest, Options{}, seal.ErrNoKey, "cannot be used"},
		"not a bundle":                {[]byte("x"), a.optionsOf("web"), ErrNotAuthentic, "does not begin like"},
		"nothing":                     {nil, a.optionsOf("web"), ErrNotAuthentic, "does not begin like"},
	} {
		s, err := OpenBundle(c.data, c.o)
		if c.is == nil {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if s != nil || !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.part) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// bundleOf packs any ledger commit.
func (a *testApp) bundleOf(e *Entry) []byte {
	a.t.Helper()
	files, err := filesOf(a.r.TreeFS(context.Background(), e.tree))
	a.must(err)
	return rebundle(files)
}

// A bit flipped in any line, with the digest made right again: what opens all the
// same has the same values.
func TestSecretsBundleFlips(t *testing.T) {
	a, _, two := pinnedApp(t)
	data := a.bundle(two, "web")
	head, body, _ := bytes.Cut(data, []byte("\n"))
	flipped, refused := 0, 0
	start := 0
	for line := range bytes.Lines(body) {
		at := start + len(line)/2
		start += len(line)
		bad := slices.Clone(body)
		bad[at] ^= 1
		flipped++
		if _, err := OpenBundle(append(append(slices.Clone(head), '\n'), bad...), a.optionsOf("web")); !errors.Is(err, ErrNotAuthentic) {
			t.Fatalf("byte %d, digest as it was: %v", at, err)
		}
		s, err := OpenBundle(withDigest(bad), a.optionsOf("web"))
		switch {
		case errors.Is(err, ErrNotAuthentic), errors.Is(err, seal.ErrNoKey):
			refused++
		case err != nil:
			t.Errorf("byte %d: %v", at, err)
		default:
			wantPin(t, s, 2)
			wantSecret(t, s, "A", "two")
		}
	}
	if flipped < 50 || refused < flipped {
		t.Errorf("%d of %d flips were refused", refused, flipped)
	}
}

// What was read from a set is opened without a look at it.
func TestSetOpen(t *testing.T) {
	a, _, _ := pinnedApp(t)
	source := a.workTree()
	set := &Set{Source: source, Environment: prod, Keys: a.keyring("alice", source)}
	names, files, err := source.Files(prod)
	a.must(err)
	wantValue(t, set, "A", "two") // its key is open now
	a.must(os.RemoveAll(filepath.Join(a.dir, appDir)))
	if v, err := set.Open(names[0], files[0]); err != nil || string(v.Secret.Reveal()) != "two" || v.Name != "A" || v.File != files[0] {
		t.Error(err)
	}
	if _, err := set.Open("B", files[0]); !errors.Is(err, ErrNotAuthentic) {
		t.Errorf("as another secret: %v", err)
	}
	if v, err := set.Open(names[2], files[2]); !errors.As(err, new(*BlankError)) || v.Secret.Len() != 0 {
		t.Error(err)
	}
}

func TestFindIdentity(t *testing.T) {
	files := map[string]string{"/f": "from a file\n", "/creds/pinseal.identity": "from systemd\n", "/run/secrets/pinseal_identity": "from a container\n"}
	read := func(without ...string) func(string) ([]byte, error) {
		return func(name string) ([]byte, error) {
			name = filepath.ToSlash(name)
			if name == "/denied" || name == "/denied/pinseal.identity" {
				return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
			}
			if text, ok := files[name]; ok && !slices.Contains(without, name) {
				return []byte(text), nil
			}
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		}
	}
	container := "/run/secrets/pinseal_identity"
	for name, c := range map[string]struct {
		env  []string
		read func(string) ([]byte, error)
		want string // "" is an error
	}{
		"file first":          {[]string{"PINSEAL_IDENTITY_FILE=/f", "PINSEAL_IDENTITY=text", "CREDENTIALS_DIRECTORY=/creds"}, read(), "from a file\n"},
		"text":                {[]string{"PINSEAL_IDENTITY=text=", "CREDENTIALS_DIRECTORY=/creds"}, read(), "text="},
		"empty is none":       {[]string{"PINSEAL_IDENTITY_FILE=", "PINSEAL_IDENTITY=", "CREDENTIALS_DIRECTORY=/creds"}, read(), "from systemd\n"},
		"systemd":             {[]string{"CREDENTIALS_DIRECTORY=/creds"}, read(), "from systemd\n"},
		"other credentials":   {[]string{"CREDENTIALS_DIRECTORY=/other"}, read(), "from a container\n"},
		"container":           {nil, read(), "from a container\n"},
		"none":                {[]string{"HOME=/root"}, read(container), ""},
		"named, not there":    {[]string{"PINSEAL_IDENTITY_FILE=/absent"}, read(), ""},
		"named, a key":        {[]string{"PINSEAL_IDENTITY_FILE=AGE-SECRET-KEY-1X"}, read(), ""},
		"there, denied":       {[]string{"CREDENTIALS_DIRECTORY=/denied"}, read(), ""},
		"the last one counts": {[]string{"PINSEAL_IDENTITY=a", "PINSEAL_IDENTITY=b"}, read(), "b"},
	} {
		got, err := FindIdentity(c.env, c.read)
		if string(got.Reveal()) != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if name == "none" && !strings.Contains(err.Error(), "set PINSEAL_IDENTITY_FILE") {
			t.Error(err)
		}
		if err != nil && (!errors.Is(err, seal.ErrNoKey) || strings.Contains(err.Error(), "SECRET-KEY")) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
