package cmd_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// listed is what `go list` says about a package.
type listed struct {
	ImportPath   string
	Standard     bool
	Imports      []string
	Deps         []string
	TestImports  []string
	XTestImports []string
}

func goList(t *testing.T, env []string, args ...string) (packages []listed) {
	t.Helper()
	c := exec.Command("go", append([]string{"list", "-json=ImportPath,Standard,Imports,Deps,TestImports,XTestImports"}, args...)...)
	c.Dir, c.Env = "..", append(os.Environ(), env...)
	c.Stderr = os.Stderr
	data, err := c.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	for {
		var p listed
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			return packages
		}
		if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}

const goGit = "github.com/go-git/go-git/v5"

// within reports whether a package is one of paths, or below one.
func within(pkg string, paths ...string) bool {
	return slices.ContainsFunc(paths, func(p string) bool { return pkg == p || strings.HasPrefix(pkg, p+"/") })
}

// offends says why a package may not import another, directly; "" if it may.
func offends(from, to string) string {
	switch {
	case within(from, "pinseal/repo") && within(to, "pinseal") && !within(to, "pinseal/repo"),
		within(from, "pinseal/seal") && within(to, "pinseal") && !within(to, "pinseal/seal"):
		return "a leaf imports nothing of ours"
	case within(from, "pinseal/seal") && within(to, "os", "net", "time", "os/exec"):
		return "seal is bytes in, bytes out"
	case within(from, "pinseal/versions/socket") && within(to, "net"):
		return "" // what it is for
	case within(from, "pinseal/versions") && within(to, "pinseal/cmd", "os/exec", "net", "github.com/spf13"):
		return "versions is pure apart from repo"
	case !within(from, "pinseal/cmd") && from != "pinseal" && within(to, "github.com/spf13", "golang.org/x/term", "pinseal/cmd"):
		return "nothing below cmd talks"
	case !within(from, "pinseal/repo") && within(to, goGit):
		return "git is repo's business"
	case within(to, goGit) && to != goGit+"/plumbing" && !within(to, goGit+"/plumbing/format", goGit+"/plumbing/hash"):
		return "of go-git only the plumbing, its hashes and its formats are taken"
	case within(to, "net/http") && !within(from, "pinseal/cmd/serve"):
		return "only serve and its client speak HTTP"
	}
	return ""
}

func TestImports(t *testing.T) {
	for _, system := range []string{"linux", "darwin", "windows"} {
		env := []string{"GOOS=" + system, "CGO_ENABLED=0"}
		seen := map[string]bool{}
		for _, p := range goList(t, env, "./...") {
			seen[p.ImportPath] = true
			for _, to := range p.Imports {
				if why := offends(p.ImportPath, to); why != "" {
					t.Errorf("%s: %s imports %s: %s", system, p.ImportPath, to, why)
				}
			}
			// What is not direct must not come in by another door.
			for _, dep := range p.Deps {
				leaf := within(p.ImportPath, "pinseal/repo", "pinseal/seal")
				if leaf && within(dep, "pinseal") && offends(p.ImportPath, dep) != "" {
					t.Errorf("%s: %s depends on %s", system, p.ImportPath, dep)
				}
				if within(dep, "net/http") && !within(p.ImportPath, "pinseal/cmd", "pinseal/versions/socket") && p.ImportPath != "pinseal" {
					t.Errorf("%s: %s depends on %s", system, p.ImportPath, dep)
				}
				if within(dep, "runtime/cgo", goGit+"/plumbing/object", "testing") || dep == goGit {
					t.Errorf("%s: %s depends on %s", system, p.ImportPath, dep)
				}
			}
			for _, to := range slices.Concat(p.TestImports, p.XTestImports) {
				if within(to, "github.com/stretchr") {
					t.Errorf("tests of %s import %s, whose diffs print what String hides", p.ImportPath, to)
				}
			}
		}
		for _, name := range []string{"pinseal", "pinseal/cmd", "pinseal/versions", "pinseal/repo", "pinseal/seal"} {
			if !seen[name] {
				t.Errorf("%s: package %s was not looked at", system, name)
			}
		}
	}
}

// The rules themselves: each catches what it is there for.
func TestImportRules(t *testing.T) {
	for _, bad := range [][2]string{
		{"pinseal/repo", "pinseal/seal"}, {"pinseal/seal", "pinseal/repo"}, {"pinseal/seal/spelling", "pinseal/versions"},
		{"pinseal/seal", "os"}, {"pinseal/seal", "time"}, {"pinseal/seal", "net/url"},
		{"pinseal/versions", "pinseal/cmd"}, {"pinseal/versions", "os/exec"}, {"pinseal/versions", "github.com/spf13/cobra"},
		{"pinseal/repo", goGit}, {"pinseal/repo", goGit + "/plumbing/object"}, {"pinseal/versions", goGit + "/plumbing"},
		{"pinseal/cmd", "net/http"}, {"pinseal/versions", "net/http"}, {"pinseal/repo", "golang.org/x/term"},
	} {
		if offends(bad[0], bad[1]) == "" {
			t.Errorf("%s may import %s", bad[0], bad[1])
		}
	}
	for _, good := range [][2]string{
		{"pinseal/versions", "pinseal/seal"}, {"pinseal/versions", "time"}, {"pinseal/seal", "pinseal/seal/spelling"},
		{"pinseal/repo", goGit + "/plumbing/format/idxfile"}, {"pinseal/repo", "os/exec"}, {"pinseal", "pinseal/cmd"}, {"pinseal/cmd", "net/url"},
		{"pinseal/cmd/serve", "net/http"}, {"pinseal/versions/socket", "net/http"},
	} {
		if why := offends(good[0], good[1]); why != "" {
			t.Errorf("%s may not import %s: %s", good[0], good[1], why)
		}
	}
}

// TestSources reads every source file of ours: no init functions, and below cmd
// nothing that exits, prints, or reads the environment.
func TestSources(t *testing.T) {
	files := 0
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && path != ".." && (strings.HasPrefix(name, ".") || name == "testdata") {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		files++
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, complaint := range sourceComplaints(file, filepath.ToSlash(path)) {
			t.Errorf("%s: %s", set.Position(complaint.pos), complaint.text)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 50 {
		t.Errorf("only %d files were read", files)
	}
}

type complaint struct {
	pos  token.Pos
	text string
}

var talks = map[string][]string{
	"os":  {"Exit", "Getenv", "LookupEnv", "Environ", "Setenv", "Stdin", "Stdout", "Stderr"},
	"fmt": {"Print", "Printf", "Println"},
	"log": {"Fatal", "Fatalf", "Print", "Printf", "Println", "Panic"},
}

func sourceComplaints(file *ast.File, path string) (found []complaint) {
	// A child that takes this process's place takes its streams.
	speaks := path == "../main.go" || path == "../cmd/root.go" || path == "../cmd/child/exec_windows.go"
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Recv == nil && n.Name.Name == "init" {
				found = append(found, complaint{n.Pos(), "an init function costs every start"})
			}
		case *ast.SelectorExpr:
			pkg, ok := n.X.(*ast.Ident)
			if ok && !speaks && slices.Contains(talks[pkg.Name], n.Sel.Name) {
				found = append(found, complaint{n.Pos(), pkg.Name + "." + n.Sel.Name + " is for main.go and cmd/root.go"})
			}
		}
		return true
	})
	return found
}

func TestSourceComplaints(t *testing.T) {
	for text, want := range map[string]int{
		"package p\nfunc init() {}":                             1,
		"package p\nimport \"os\"\nfunc f() { os.Exit(1) }":     1,
		"package p\nimport \"os\"\nvar x = os.Getenv(\"HOME\")": 1,
		"package p\ntype t int\nfunc (t) init() {}":             0,
	} {
		file, err := parser.ParseFile(token.NewFileSet(), "f.go", text, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := sourceComplaints(file, "../repo/f.go"); len(got) != want {
			t.Errorf("%q: %v, want %d", text, got, want)
		}
	}
}
