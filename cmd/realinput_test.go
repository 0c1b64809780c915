package cmd_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestRealInput is the main job on real input, in a clone of a repository with
// real history: import, commit on a branch, merge, publish twice, roll back, and
// read every version byte for byte, at last from a bundle where there is no git.
func TestRealInput(t *testing.T) {
	slow(t)
	t.Parallel()
	w := newWorld(t)
	hub, dir := w.path("hub"), w.path("clone")
	w.cloneHistory(hub)
	w.git(w.root, "clone", "-q", hub, dir)
	before := w.git(dir, "rev-parse", "HEAD")
	m := idPattern.FindStringSubmatch(w.run(dir, "", "init", "shop").stderr)
	if m == nil {
		t.Fatal("init told no id")
	}
	id := m[1]
	w.commit(dir, "start sealed secrets")

	first, second, third := realValues(t), realValues(t), realValues(t)
	w.git(dir, "checkout", "-qb", "import")
	w.seal(dir, first)
	w.commit(dir, "import the first values")
	w.git(dir, "checkout", "-q", "-")
	w.pinseal(dir, "of main", "set", "OTHER", "-e", "production")
	w.commit(dir, "another secret meanwhile")
	w.git(dir, "merge", "-q", "--no-ff", "--no-edit", "import")
	w.git(dir, "tag", "-a", "v1", "-m", "v1")
	w.git(dir, "push", "-q", "origin", "HEAD")
	w.pinseal(dir, "", "publish", "production", "--first", "-m", "first")

	w.seal(dir, second)
	w.commit(dir, "change every value")
	w.git(dir, "push", "-q", "origin", "HEAD")
	w.pinseal(dir, "", "publish", "production", "-m", "second")
	w.seal(dir, third)

	w.reads(dir, w.env, first, "--at", "v1")
	w.reads(dir, w.env, first, "--at", "HEAD~1")
	w.reads(dir, w.env, first, "--at", "import")
	w.reads(dir, w.env, first, "--at", "pin:1")
	w.reads(dir, w.env, second, "--at", "HEAD")
	w.reads(dir, w.env, second, "--at", "pin")
	w.reads(dir, w.env, second, "--at", "pin:2")
	w.reads(dir, w.env, third, "--at", "worktree")
	w.reads(dir, w.env, third)
	w.pinseal(dir, "", "bundle", "production", "-o", w.path("second.bundle"))

	w.pinseal(dir, "", "rollback", "production", "-y", "-m", "second is broken")
	w.reads(dir, w.env, first, "--at", "pin")
	w.reads(dir, w.env, second, "--at", "pin:2")
	w.reads(dir, w.env, third, "--at", "worktree")
	w.pinseal(dir, "", "bundle", "production", "-o", w.path("first.bundle"))

	fresh := w.path("fresh")
	w.git(w.root, "clone", "-q", hub, fresh)
	w.reads(fresh, w.env, first, "--at", "pin")
	w.reads(fresh, w.env, second, "--at", "pin:2")

	// A machine with an identity and a bundle: no git, no repository, no memory.
	none := w.path("none")
	bare := []string{"PATH=" + none, "HOME=" + none, "PINSEAL_APP=" + id, "PINSEAL_IDENTITY_FILE=" + w.path("home", ".config", "pinseal", "identity")}
	w.write(filepath.Join(none, "notes"), nil)
	w.reads(none, bare, first, "--bundle", w.path("first.bundle"))
	w.reads(none, bare, second, "--bundle", "../second.bundle")

	if n := w.git(dir, "rev-list", "--count", before); n == "0" || n == "1" {
		t.Errorf("a history of %s commits is not a real one", n)
	}
	w.git(dir, "fsck", "--strict", "--connectivity-only")
}

// cloneHistory makes a bare clone of this very repository. Where that is not to
// be had, or is shallow or young, it makes a history of 200 commits instead.
func (w *world) cloneHistory(hub string) {
	w.Helper()
	const enough = 20
	here := func(args ...string) string {
		c := exec.Command("git", args...)
		out, err := c.Output()
		if err != nil {
			return ""
		}
		return strings.TrimSpace(string(out))
	}
	top := here("rev-parse", "--show-toplevel")
	commits, err := strconv.Atoi(here("rev-list", "--count", "HEAD"))
	if err == nil && commits >= enough && here("rev-parse", "--is-shallow-repository") == "false" {
		if _, err := w.tryGit(w.root, nil, "clone", "-q", "--bare", "file://"+filepath.ToSlash(top), hub); err == nil {
			w.Logf("in a clone of this repository, %d commits", commits)
			return
		}
	}
	w.Log("this repository has no whole history of its own here: in a generated one of 200 commits")
	w.git(w.root, "init", "-q", "--bare", hub)
	c := exec.Command("git", "fast-import", "--quiet")
	c.Dir, c.Env, c.Stdin = hub, w.env, generatedHistory(200)
	if out, err := c.CombinedOutput(); err != nil {
		w.Fatalf("fast-import: %v\n%s", err, out)
	}
}

// generatedHistory is a stream of commits on main with a side branch merged now
// and then, over files in several directories.
func generatedHistory(n int) *bytes.Buffer {
	var b bytes.Buffer
	for i := 1; i <= n; i++ {
		merge := i%17 == 0
		fmt.Fprintf(&b, "commit refs/heads/main\nmark :%d\ncommitter Ada <ada@example.com> %d +0000\ndata <<END\nchange %d\nEND\n", i, 1600000000+i*1000, i)
		if merge {
			fmt.Fprintf(&b, "merge :%d\n", i-5)
		}
		fmt.Fprintf(&b, "M 100644 inline src/part%d/file%d.go\ndata <<END\npackage part // %d\nEND\n\n", i%7, i%23, i)
	}
	return &b
}

const (
	randomName = "RANDOM_BYTES"
	emptyName  = "EMPTY"
)

// realValues is what apps keep: keys in PEM with their last newline, a service
// account of 2 KiB, a URL with everything that quoting can break, 64 KiB of any
// bytes, nothing at all.
func realValues(t *testing.T) map[string][]byte {
	t.Helper()
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	edBytes, err := x509.MarshalPKCS8PrivateKey(edKey)
	if err != nil {
		t.Fatal(err)
	}
	rsaPEM := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(rsaKey)})
	salt := rand.Text()
	account, err := json.MarshalIndent(map[string]string{"type": "service_account", "private_key_id": salt,
		"private_key": string(rsaPEM), "client_email": "deploy@example.iam.test"}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	account = append(bytes.TrimSuffix(account, []byte("\n}")), ",\n  \"pad\": \""...)
	account = append(append(account, bytes.Repeat([]byte("p"), 2048-len(account)-3)...), "\"\n}"...)
	random := make([]byte, 64<<10)
	rand.Read(random)
	return map[string][]byte{
		"RSA_KEY": rsaPEM, "ED25519_KEY": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: edBytes}),
		"SERVICE_ACCOUNT": account, emptyName: nil, randomName: random,
		"DATABASE_URL": []byte(`postgres://ünï:p$w&'"#` + "`" + salt + `\n@db.example/shöp?a=1&b='2'#日本 🔑`),
	}
}

// seal brings values into production: from a .env what it can carry, the rest
// from a file.
func (w *world) seal(dir string, values map[string][]byte) {
	w.Helper()
	// Every quote and escape is written here, so that reading is not tested
	// against its own writer.
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`, "`", "\\`")
	var env bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(values)) {
		value := values[name]
		switch {
		case name == randomName:
		case len(value) == 0:
			fmt.Fprintf(&env, "%s=\n", name)
		case bytes.ContainsRune(value, '\''):
			fmt.Fprintf(&env, "%s=\"%s\"\n", name, escape.Replace(string(value)))
		default:
			fmt.Fprintf(&env, "export %s='%s' # as it is\n", name, value)
		}
	}
	file := w.path("values", ".env")
	w.write(file, env.Bytes())
	w.pinseal(dir, "", "import", file, "-e", "production", "--allow-empty")
	w.write(w.path("values", "random"), values[randomName])
	w.pinseal(dir, "", "set", randomName, "-e", "production", "--file", w.path("values", "random"))
	w.pinseal(dir, "", "set", emptyName, "-e", "production", "--allow-empty")
}

// reads reads every value of a version and compares it byte for byte.
func (w *world) reads(dir string, env []string, want map[string][]byte, how ...string) {
	w.Helper()
	on := &world{w.TB, w.root, env}
	for name, value := range want {
		r := on.run(dir, "", append([]string{"get", name, "-e", "production"}, how...)...)
		if r.code != 0 || r.stdout != string(value) {
			w.Errorf("%s %v: exit code %d, %d bytes, want %d\n%s", name, how, r.code, len(r.stdout), len(value), r.stderr)
		}
	}
}
