package cmd_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// refusal is a state of the table in which reading is refused; here is the
// directory that reads, id what it finds.
type refusal struct {
	name  string
	setup func(w *typist) (dir, id string)
	says  []string // of the refusal
	asks  bool     // a terminal is asked rather than refused
}

func refusals() []refusal {
	return []refusal{
		{"another app in this place", func(w *typist) (string, string) {
			w.seals("shop", "shop")
			id := w.seals("evil", "shop")
			w.replaces("shop/.pinseal", "evil/.pinseal")
			return "shop", id
		}, []string{"ANOTHER APP", "known:", "found:", "Nothing was sealed or opened"}, false},
		{"new app in a known place", func(w *typist) (string, string) {
			w.seals("shop", "shop")
			id := w.seals("evil", "blog")
			w.replaces("shop/.pinseal/blog", "evil/.pinseal/blog")
			w.writes("shop/.pinseal/default", "blog\n")
			w.env = append(w.env, "PINSEAL_APP=blog")
			return "shop", id
		}, []string{"is new in a place"}, false},
		{"changed default", func(w *typist) (string, string) {
			w.seals("shop", "shop")
			id := w.seals("shop", "blog") // both are known here
			w.writes("shop/.pinseal/default", "blog\n")
			return "shop", id
		}, []string{`was "shop" and is now "blog"`}, false},
		{"known app in a new place", func(w *typist) (string, string) {
			id := w.seals("shop", "shop")
			w.dir = "."
			w.git("clone", "-q", "shop", "copy")
			w.git("-C", "copy", "remote", "remove", "origin")
			return "copy", id
		}, []string{"is known, but not from here", "shop/.git", "copy/.git"}, true},
	}
}

func TestTrustRefusesAndReplaces(t *testing.T) {
	for _, test := range refusals() {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newTypist(t)
			dir, id := test.setup(w)
			w.dir = dir

			// Without a terminal, and whatever -y says, neither opening nor sealing.
			// exec is in the script: it would replace this process.
			for _, args := range [][]string{{"get", "KEY"}, {"get", "KEY", "-y"}, {"run", "--", "true"}, {"set", "KEY"}, {"trust", "-y"}} {
				w.must(5, args...)
				if args[0] != "trust" && w.out.Len() > 0 {
					t.Errorf("%s: stdout %q", args, &w.out)
				}
				w.says("pinseal trust")
			}
			w.must(5, "get", "KEY")
			for _, text := range test.says {
				w.says(text)
			}
			// A terminal alone changes nothing, nor does a wrong answer.
			w.tty, w.answers = true, ""
			w.must(5, "get", "KEY")
			w.answers = "n\n"
			w.must(5, "get", "KEY")
			w.must(5, "trust", "-y")
			w.says("Trust this app here? [y/N]")
			w.must(5, "trust", "--no-input")
			// The others still look.
			w.must(0, "identity", "show")

			w.tty = false
			w.must(5, "get", "KEY")
			// The id vouches.
			w.must(0, "get", "KEY", "--app", id)
			if w.out.String() != trustValue {
				t.Errorf("get --app ID: %q", &w.out)
			}
			if !test.asks {
				w.must(5, "get", "KEY") // for that command only
			}
			w.tty, w.answers = true, "y\n"
			w.must(0, "trust")
			w.tty, w.answers = false, ""
			w.must(0, "get", "KEY")
			w.must(0, "trust")
			w.says("Trusted already")
		})
	}
}

func TestTrustByID(t *testing.T) {
	for _, test := range refusals() {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newTypist(t)
			dir, id := test.setup(w)
			w.dir = dir
			w.must(5, "trust")
			w.says("pinseal trust --app " + id)
			w.must(5, "trust", "--app", "aaaaaaaaaaaaaaaaaaaaaaaaaa")
			w.says("does not stand in this repository")
			w.must(0, "trust", "--app", id)
			w.must(0, "get", "KEY")
		})
		t.Run(test.name+" in PINSEAL_APP", func(t *testing.T) {
			t.Parallel()
			w := newTypist(t)
			dir, id := test.setup(w)
			w.dir = dir
			env := w.env
			w.env = append(env, "PINSEAL_APP="+id)
			w.must(0, "get", "KEY")
			w.must(0, "trust")
			w.env = env
			w.must(0, "get", "KEY")
		})
	}
}

// A name is in the hands of whoever wrote the directory.
func TestNameIsNoConsent(t *testing.T) {
	w := newTypist(t)
	w.seals("shop", "shop")
	w.seals("evil", "shop")
	w.replaces("shop/.pinseal", "evil/.pinseal")
	w.dir = "shop"
	w.must(5, "get", "KEY", "--app", "shop")
	w.must(5, "trust", "--app", "shop")
	env := w.env
	w.env = append(env, "PINSEAL_APP=shop")
	w.must(5, "get", "KEY")
	w.must(5, "trust")
	// An id in the environment is no consent to what a flag names.
	w.env = append(env, "PINSEAL_APP="+w.id("shop", "shop"))
	w.must(5, "get", "KEY", "--app", "shop")
	w.must(5, "trust", "--app", "shop")
}

func TestNothingKnown(t *testing.T) {
	for _, how := range []string{"terminal", "id", "PINSEAL_APP", "trust"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			w := newTypist(t)
			id := w.seals("shop", "shop")
			w.forgetsAll()
			w.dir = "shop"
			env := w.env
			w.must(5, "get", "KEY")
			w.says("has not been used on this machine")
			w.must(5, "get", "KEY", "-y", "--app", "shop")
			w.env = append(env, "PINSEAL_APP=shop")
			w.must(5, "get", "KEY")
			w.env = env
			w.must(5, "trust")
			w.says("neither this app nor this place")
			switch how {
			case "terminal": // the first use is shown, not asked
				w.tty = true
				w.must(0, "get", "KEY")
				w.says(id)
				w.says("First use")
				w.tty = false
			case "id":
				w.must(0, "get", "KEY", "--app", id)
			case "PINSEAL_APP":
				w.env = append(env, "PINSEAL_APP="+id)
				w.must(0, "get", "KEY")
				w.env = env
			case "trust":
				w.tty, w.answers = true, "yes\n"
				w.must(0, "trust")
				w.tty = false
			}
			w.must(0, "get", "KEY") // recorded
		})
	}
}

// A second clone is known by its remote, without a word.
func TestCloneIsKnownByItsRemote(t *testing.T) {
	w := newTypist(t)
	w.dir = "."
	w.git("init", "-q", "--bare", "hub")
	if err := os.Mkdir(filepath.Join(w.top, "shop"), 0o700); err != nil {
		t.Fatal(err)
	}
	w.git("init", "-q", "shop")
	w.git("-C", "shop", "remote", "add", "origin", filepath.Join(w.top, "hub"))
	w.seals("shop", "shop")
	w.git("-C", "shop", "push", "-q", "origin", "main")
	w.git("clone", "-q", "file://"+filepath.Join(w.top, "hub"), "second")
	w.dir = "second"
	w.must(0, "get", "KEY")
	if w.err.Len() > 0 {
		t.Errorf("a clone of a known remote is talked about: %s", &w.err)
	}
	w.git("remote", "remove", "origin") // its directory is known by now
	w.must(0, "get", "KEY")

	// The remote does not vouch for another app.
	w.dir = "."
	w.git("clone", "-q", "file://"+filepath.Join(w.top, "hub"), "third")
	w.seals("evil", "shop")
	w.replaces("third/.pinseal", "evil/.pinseal")
	w.dir = "third"
	w.must(5, "get", "KEY")
	w.says("ANOTHER APP")
}

// A place is known whatever its name and its remotes' are.
func TestPlaceThatDoesNotPrint(t *testing.T) {
	w := newTypist(t)
	const dir = "my\u00a0shop \u200d 100%"
	w.seals(dir, "shop")
	w.dir = dir
	w.must(0, "get", "KEY")
	w.git("remote", "add", "origin", "https://me:CANARYpass^@host/my\u00a0shop")
	w.dir = "."
	w.git("clone", "-q", dir, "second")
	w.dir = "second"
	w.git("remote", "set-url", "origin", "https://host/my\u00a0shop")
	w.must(5, "get", "KEY")
	w.dir = dir
	w.must(0, "trust", "--forget", "--app", w.id(dir, "shop"))
	w.must(0, "trust", "--app", w.id(dir, "shop"))
	w.dir = "second"
	w.must(0, "get", "KEY")
	state, err := os.ReadFile(filepath.Join(w.top, "home", ".local", "state", "pinseal", "known_apps.yaml"))
	if err != nil || strings.Contains(string(state), "CANARY") {
		t.Errorf("a password is remembered: %v", err)
	}
}

func TestTrustForget(t *testing.T) {
	w := newTypist(t)
	id := w.seals("shop", "shop")
	w.dir = "shop"
	w.must(5, "trust", "--forget")
	w.says("try:  pinseal trust --forget --app " + id)
	w.tty, w.answers = true, "\n"
	w.must(5, "trust", "--forget")
	w.must(0, "get", "KEY")
	w.answers = "y\n"
	w.must(0, "trust", "--forget")
	w.tty = false
	w.must(5, "get", "KEY")
	w.says("has not been used on this machine")
	w.must(0, "trust", "--forget", "--app", id)
	w.says("Nothing is remembered")
	state, err := os.ReadFile(filepath.Join(w.top, "home", ".local", "state", "pinseal", "known_apps.yaml"))
	if err != nil || strings.Contains(string(state), id) {
		t.Errorf("still remembered: %v\n%s", err, state)
	}
	notes, err := os.ReadDir(filepath.Join(w.top, "home", ".local", "state", "pinseal", "notes"))
	if err != nil || len(notes) > 0 {
		t.Errorf("notes are left: %v, %v", notes, err)
	}
}

// Only trust replaces a ledger that went back, and a ledger that is gone.
func TestTrustReplacesPins(t *testing.T) {
	for _, gone := range []bool{false, true} {
		w := newTypist(t)
		id := w.seals("shop", "shop")
		w.dir = "shop"
		w.must(0, "publish", "dev", "--first")
		ref := "refs/pinseal/" + id + "/dev"
		w.git("update-ref", "refs/heads/first", ref)
		w.must(0, "publish", "dev")
		if gone {
			w.git("update-ref", "-d", ref)
		} else {
			w.git("update-ref", ref, "refs/heads/first")
		}
		w.must(5, "get", "KEY", "--at", "pin", "--offline=false")
		w.must(0, "get", "KEY")
		w.must(5, "trust")
		w.says("#2 is remembered")
		w.must(0, "trust", "--app", id)
		want := 0
		if gone {
			want = 3
		}
		w.must(want, "get", "KEY", "--at", "pin")
	}
}

func TestTrustNeedsToRemember(t *testing.T) {
	w := newTypist(t)
	id := w.seals("shop", "shop")
	w.forgetsAll()
	w.dir = "shop"
	w.writes("state", "a file where a directory should be")
	w.env = append(w.env, "XDG_STATE_HOME="+filepath.Join(w.top, "state", "x"))
	if w.run("trust", "--app", id) != 1 {
		t.Errorf("trust that cannot be remembered: want 1\n%s", &w.err)
	}
}

// A note that does not verify is not shown as anything, and not trusted.
func TestTrustVerifies(t *testing.T) {
	w := newTypist(t)
	id := w.seals("shop", "shop")
	w.dir = "shop"
	file := "shop/.pinseal/shop/app.note"
	note, err := os.ReadFile(filepath.Join(w.top, file))
	if err != nil {
		t.Fatal(err)
	}
	w.writes(file, strings.Replace(string(note), "name: ada", "name: eve", 1))
	w.tty, w.answers = true, "y\n"
	w.must(5, "trust")
	w.must(5, "trust", "--app", id)
	if w.out.Len() > 0 {
		t.Errorf("stdout %q", &w.out)
	}
}
