package cmd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pinseal/seal"
	"pinseal/versions"
)

// put writes a file of the work tree.
func (s *shop) put(name, text string) {
	s.t.Helper()
	p := filepath.Join(s.dir, filepath.FromSlash(name))
	s.check(os.MkdirAll(filepath.Dir(p), 0o755))
	s.check(os.WriteFile(p, []byte(text), 0o644))
}

// asking is a shop whose code and example ask for some of everything.
func asking(t *testing.T) *shop {
	s := newShop(t)
	s.run(0, "v", "set", "API_KEY")
	s.run(0, "v", "set", "db.url")
	s.run(0, "v", "set", "SPARE")
	s.run(0, "", "set", "BLANK", "--blank")
	s.run(0, "", "set", "MAYBE", "--blank", "--optional")
	s.put(".env.example", "# what it takes\nAPI_KEY=hunter2\nexport BLANK=\nMAYBE=\nPATH=/bin\nNEEDED='x'\n")
	s.put("src/app.py", "import os\nos.environ['API_KEY']\nos.environ['db_url']\nos.getenv('FALLBACK', 'x')\nget_secret('db_url')\nos.environ['NEEDED']\n")
	s.put("src/a.js", "process.env.API_KEY || x; process.env.NODE_ENV\n")
	s.put("src/node_modules/x/a.js", "process.env.OTHERS\n")
	s.put("README.md", "process.env.TOLD\n")
	s.put("ignored.js", "process.env.IGNORED\n")
	s.put(".gitignore", "ignored.js\n")
	return s
}

func TestCheckExample(t *testing.T) {
	s := asking(t)
	out, talk := s.run(1, "", "check")
	want := `NAME     STATE          ASKED FOR
NEEDED   missing        .env.example:6
PATH     missing        .env.example:5
BLANK    blank          .env.example:3
MAYBE    optional       .env.example:4
API_KEY  present        .env.example:2
SPARE    not asked for
db.url   not asked for
`
	if out != want {
		t.Errorf("got\n%s\nwant\n%s", out, want)
	}
	s.has(talk, "dev: 2 missing, 1 blank, 1 there", "try:  pinseal set NEEDED -e dev")
	s.run(0, "v", "set", "NEEDED")
	s.run(0, "", "set", "PATH", "--blank", "--optional") // a statement, not the system's
	s.run(1, "", "check")
	s.run(0, "", "check", "--ignore", "BLANK")
	s.run(0, "", "check", "--ignore", "BL*,X")
	s.run(0, "v", "set", "BLANK")
	s.run(0, "", "check")
	s.run(1, "", "check", "-e", "production")

	s.check(os.Rename(filepath.Join(s.dir, ".env.example"), filepath.Join(s.dir, ".env.dist")))
	out, _ = s.run(0, "", "check")
	s.has(out, ".env.dist:2")
	s.put(".env.dist", "A=1\nbroken hunter2\n")
	_, talk = s.run(2, "", "check")
	s.has(talk, `".env.dist": line 2`)
}

func TestCheckCode(t *testing.T) {
	s := asking(t)
	out, _ := s.run(1, "", "check", "--code", ".")
	want := `NAME      STATE                   ASKED FOR
NEEDED    missing                 src/app.py:6
FALLBACK  not set, has a default  src/app.py:4
API_KEY   present                 src/a.js:1, src/app.py:2
db_url    present, as db.url      src/app.py:3, src/app.py:5
BLANK     not asked for
MAYBE     not asked for
SPARE     not asked for
`
	if out != want {
		t.Errorf("got\n%s\nwant\n%s", out, want)
	}
	// A secret's own name is no variable.
	s.put("src/app.py", "get_secret('db_url')\n")
	out, _ = s.run(1, "", "check", "--code", "src")
	s.has(out, "db_url   missing")
	s.run(0, "", "check", "--code", "src", "--ignore", "db_url")
}

func TestCheckJSON(t *testing.T) {
	s := asking(t)
	out, _ := s.run(1, "", "check", "--code", "src", "--names", "SPARE,PATH", "--json")
	want, err := os.ReadFile(filepath.Join("testdata", "check.json"))
	s.check(err)
	if masked(out) != string(want) {
		t.Errorf("testdata/check.json differs from\n%s", masked(out))
	}
	out, _ = s.run(0, "", "check", "--names", "SPARE", "--json")
	s.has(out, `"sources": []`)
}

func TestCheckList(t *testing.T) {
	s := asking(t)
	s.run(0, "", "check", "--names", "API_KEY,db_url,db.url")
	s.put("names", "API_KEY # the key\n\n# none\n  SPARE\r\nLOST\n")
	out, _ := s.run(1, "", "check", "--names", "names")
	s.has(out, "LOST     missing        names:5\n", "SPARE    present        names:4\n")
	s.put("names", "API_KEY\nhunter2!\n")
	for _, args := range [][]string{{"--names", "names"}, {"--names", "API_KEY,hunter2!"}, {"--names", "-"}, {"--ignore", "hunter2!"},
		{"--example", "nosuch"}, {"--example", "-"}, {"--code", "nosuch"}, {"--code", ".."}, {"--code", "names"}, {"--bundle", "x", "--at", "pin"}} {
		_, talk := s.run(2, "", append([]string{"check"}, args...)...)
		if talk == "" || strings.Contains(talk, "hunter2") {
			t.Errorf("%q: %q", args, talk)
		}
	}
	s.check(os.Remove(filepath.Join(s.dir, ".env.example")))
	_, talk := s.run(2, "", "check")
	s.has(talk, "nothing to compare with", "pinseal check --code .", "pinseal check --names DATABASE_URL,API_KEY")
}

// At a pin and in a bundle it is what was pinned that counts; no identity is asked.
func TestCheckPinned(t *testing.T) {
	s := asking(t)
	s.run(0, "", "rm", "BLANK")
	s.commit()
	s.run(0, "", "publish", "dev", "--first")
	s.run(0, "", "bundle", "dev", "-o", "b")
	s.run(0, "", "rm", "API_KEY")
	s.check(os.RemoveAll(filepath.Join(s.dir, "..", "home", ".config")))
	s.run(1, "", "check", "--names", "API_KEY")
	s.run(0, "", "check", "--names", "API_KEY", "--at", "pin")
	s.run(0, "", "check", "--names", "API_KEY", "--at", "HEAD")
	out, _ := s.run(1, "", "check", "--bundle", "b")
	s.has(out, "NEEDED   missing", ".env.example:6", "API_KEY  present")
}

// A named key is there, and is not what run passes by itself.
func TestCheckKey(t *testing.T) {
	s := asking(t)
	newest, _ := s.note.Newest(seal.ReadSlot("dev"))
	sealer, err := seal.NewSealer(newest.Key, newest.Generation)
	s.check(err)
	value, err := sealer.Seal(seal.Place{App: s.note.ID, Environment: "dev", Kind: seal.KindKey, Name: "K", Version: 1}, seal.NewSecret([]byte("AAAAAAAAAAAAAAAAAAAAAA==")))
	s.check(err)
	file := versions.SecretFile{Kind: versions.KindKey, Bits: 128, Versions: []versions.KeyVersion{{Number: 1, Value: value}}}
	data, err := file.Bytes()
	s.check(err)
	s.check(os.WriteFile(s.path("dev/K.yaml"), data, 0o644))
	out, _ := s.run(0, "", "check", "--names", "K")
	s.has(out, "K        present, a key: run passes it with --only")
}

// What an example states is told, whatever the name; what code asks of the system is
// not.
func TestCheckStated(t *testing.T) {
	s := newShop(t)
	long := strings.Repeat("L", 70)
	s.put(".env.example", "CI_DEPLOY_TOKEN=\nRUNNER_SECRET=\nDEBUG=\nHOST=\nMAIL=\nCON=\nA.=\n"+long+"=\n")
	s.put("src/a.js", "const { CI, CI_DEPLOY_TOKEN, HOST } = process.env")
	out, talk := s.run(1, "", "check")
	for _, name := range strings.Fields("CI_DEPLOY_TOKEN RUNNER_SECRET DEBUG HOST MAIL") {
		s.has(out, "\n"+name+" ")
	}
	s.has(out, "\nCON ", "\nA. ", long+"  no secret can have this name  .env.example:8\n")
	s.has(talk, "5 missing, 0 blank, 0 there, 3 wrong", "try:  pinseal check --ignore A.      where it is no secret")
	s.run(1, "", "check", "--ignore", "CI_DEPLOY_TOKEN,RUNNER_SECRET,DEBUG,HOST,MAIL,A.,"+long[:40]+"*")
	s.run(0, "", "check", "--ignore", "CI_DEPLOY_TOKEN,RUNNER_SECRET,DEBUG,HOST,MAIL,A.,CON,"+long[:40]+"*")
	out, _ = s.run(1, "", "check", "--code", ".")
	if want := "NAME             STATE    ASKED FOR\nCI_DEPLOY_TOKEN  missing  src/a.js:1\n"; out != want {
		t.Errorf("got\n%s\nwant\n%s", out, want)
	}
}

// Two secrets that become one variable are no answer: run refuses them.
func TestCheckClash(t *testing.T) {
	s := newShop(t)
	s.run(0, "v", "set", "db.url")
	s.run(0, "v", "set", "db_url")
	for _, name := range []string{"db_url", "db.url"} {
		out, talk := s.run(1, "", "check", "--names", name)
		s.has(out, name+"  clash: db.url and db_url become it\n")
		s.has(talk, "0 missing, 0 blank, 0 there, 1 wrong", "try:  pinseal rm db.url -e dev")
		if strings.Contains(out, "not asked for") {
			t.Errorf("%s", out)
		}
	}
	out, _ := s.run(1, "", "check", "--names", "db_url", "--json")
	s.has(out, `"state": "clash"`, "\"clash\": [\n        \"db.url\",\n        \"db_url\"\n      ]")
	// A name that is no variable is its own secret's.
	s.put("a.py", "get_secret('db_url')")
	s.run(0, "", "check", "--code", ".")
	// What run leaves out is in nobody's way.
	s.run(0, "", "rm", "db.url")
	s.run(0, "", "set", "db.url", "--blank", "--optional")
	out, _ = s.run(0, "", "check", "--names", "db_url")
	s.has(out, "db_url  present\n")
	s.run(0, "", "rm", "db_url")
	s.run(0, "", "set", "db_url", "--blank", "--optional")
	s.run(0, "", "check", "--names", "db_url")
}
