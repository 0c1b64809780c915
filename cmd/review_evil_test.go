package cmd

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pinseal/seal"
	"pinseal/versions"
)

// What a branch would rather not have seen.

// After merges both ways, each of two common commits hides a part of what the branch
// does.
func TestReviewCrossed(t *testing.T) {
	s := newShop(t)
	s.git("branch", "-M", "main")
	s.run(0, "one", "set", "A")
	s.commit()
	old := s.read("dev/A.yaml")
	s.git("checkout", "-q", "-b", "pr")
	s.run(0, "two", "set", "A")
	s.commit()
	s.git("checkout", "-q", "main")
	s.git("commit", "-q", "--allow-empty", "-m", "main")
	s.git("branch", "was")
	s.git("merge", "-q", "--no-ff", "-m", "there", "pr")
	s.git("checkout", "-q", "pr")
	s.git("merge", "-q", "--no-ff", "--no-commit", "was")
	s.check(os.WriteFile(s.path("dev/A.yaml"), old, 0o644))
	s.commit()
	for _, kind := range []string{"values", "problems", "any"} {
		out, _ := s.run(1, "", "review", "main", "--fail-on", kind)
		s.has(out, "\n  ~ A", "! the two have 2 common commits of which none is newer")
	}
	out, _ := s.run(0, "", "review", "main", "--json")
	var report reviewReport
	s.check(json.Unmarshal([]byte(out), &report))
	if len(report.Bases) != 2 || report.Base != report.Target || report.Problems[0].Kind != versions.ProblemBases {
		t.Errorf("got\n%s", out)
	}
}

// A value that is sealed to a newer key need not be the same one.
func TestReviewResealed(t *testing.T) {
	s := newShop(t)
	s.git("branch", "-M", "main")
	names := []string{"A", "B", "C", "D", "E", "F"}
	for _, name := range names {
		s.run(0, "one", "set", name)
	}
	s.commit()
	s.git("checkout", "-q", "-b", "rekey")
	s.run(0, "", "rekey", "dev", "--yes")
	s.commit()
	out, _ := s.run(0, "", "review", "main", "--fail-on", "values")
	s.has(out, "\n  = 6 values, likely the same, sealed to a newer key\n")
	s.run(1, "", "review", "main", "--fail-on", "resealed")

	// The key alone, and later another value.
	sealed := map[string][]byte{}
	for _, name := range names {
		sealed[name] = s.read("dev/" + name + ".yaml")
	}
	s.git("checkout", "-q", "main", "--", storeDir+"/shop/dev")
	s.commit()
	s.git("checkout", "-q", "-b", "swap")
	for _, name := range names {
		s.check(os.WriteFile(s.path("dev/"+name+".yaml"), sealed[name], 0o644))
	}
	s.run(0, "two", "set", "A")
	s.commit()
	out, _ = s.run(1, "", "review", "rekey", "--fail-on", "values")
	for _, name := range names {
		s.has(out, "\n  = "+name+"  (likely the same value, sealed to a newer key)")
	}
}

// Whatever else there is in the store is listed, and is one of any.
func TestReviewOtherFiles(t *testing.T) {
	s := newShop(t)
	s.git("branch", "-M", "main")
	s.run(0, "one", "set", "A")
	s.commit()
	for path, kind := range map[string]string{".gitattributes": "problems", ".gitignore": "problems", "shop/scan.baseline": "files"} {
		s.git("checkout", "-q", "-B", "pr", "main")
		s.check(os.WriteFile(filepath.Join(s.dir, storeDir, filepath.FromSlash(path)), nil, 0o644))
		s.git("add", "-A")
		s.git("commit", "-q", "-m", "other")
		for _, format := range []string{"text", "markdown", "json"} {
			out, talk := s.run(1, "", "review", "main", "--fail-on", "any", "--format", format)
			s.has(out, ".pinseal/"+path)
			s.has(talk, "stopped by --fail-on: "+kind+"\n")
		}
	}
}

// The commits of one name are shown up to a number and counted from there.
func TestReviewManyCommits(t *testing.T) {
	s := newShop(t)
	s.git("branch", "-M", "main")
	s.run(0, "one", "set", "A")
	s.commit()
	one := s.read("dev/A.yaml")
	s.run(0, "two", "set", "A")
	two := s.read("dev/A.yaml")
	s.git("checkout", "-q", "-b", "pr")
	for i := range maxCommits + 3 {
		s.check(os.WriteFile(s.path("dev/A.yaml"), [][]byte{two, one}[i%2], 0o644))
		s.commit()
	}
	out, _ := s.run(0, "", "review", "main", "--json")
	var report reviewReport
	s.check(json.Unmarshal([]byte(out), &report))
	if got := report.Apps[0].Environments[0].Secrets[0]; len(got.Commits) != maxCommits || got.More != 3 {
		t.Errorf("%d commits and %d more", len(got.Commits), got.More)
	}
	out, _ = s.run(0, "", "review", "main")
	s.has(masked(out), fmt.Sprintf("~ A  Ada ID, Ada ID, Ada ID, and %d more\n", maxCommits))
}

// Who comes to read stands above the apps that the branch adds, and above what it
// adds to look at.
func TestReviewOrder(t *testing.T) {
	s := newShop(t)
	s.git("branch", "-M", "main")
	s.git("rm", "-qr", "--cached", "--ignore-unmatch", storeDir+"/default")
	s.check(os.Remove(filepath.Join(s.dir, storeDir, "default")))
	s.commit()
	s.git("checkout", "-q", "-b", "pr")
	s.add("bob", quantumRecipient(t), seal.ReadSlot("dev"))
	other := newShop(t)
	s.check(os.CopyFS(filepath.Join(s.dir, storeDir, "aaa"), os.DirFS(filepath.Join(other.dir, storeDir, "shop"))))
	s.check(os.WriteFile(filepath.Join(s.dir, storeDir, "default"), []byte("aaa\n"), 0o644))
	for i := range maxProblems + 2 {
		dir := filepath.Join(s.dir, storeDir, fmt.Sprintf("b%d", i))
		s.check(os.Mkdir(dir, 0o755))
		s.check(os.WriteFile(filepath.Join(dir, "x"), nil, 0o644))
	}
	s.commit()
	out, _ := s.run(1, "", "review", "main", "--fail-on", "apps")
	var at []int
	for _, part := range []string{"! a bare command means aaa, and meant no app\n", "! bob reads dev", "+ aaa is a new app", `! ".pinseal/b0" is`, "! and 2 more problems"} {
		at = append(at, strings.Index(out, part))
	}
	if !slices.IsSorted(at) || at[0] < 0 {
		t.Errorf("at %d in\n%s", at, out)
	}
	out, _ = s.run(0, "", "review", "main", "--format", "markdown")
	s.has(out, "\n- **and 2 more**\n")
}

// -e shows what happens to a member of that environment, slots or not.
func TestReviewMembersOfEnvironment(t *testing.T) {
	s := newShop(t)
	s.add("web", quantumRecipient(t), seal.ReadSlot("dev"))
	s.commit()
	s.git("branch", "-M", "main")
	s.git("checkout", "-q", "-b", "pr")
	s.change(func(n *seal.Note) {
		web := slices.IndexFunc(n.Members, func(m seal.Member) bool { return m.Name == "web" })
		n.Members[web].Service = true
	})
	s.commit()
	out, _ := s.run(0, "", "review", "main", "-e", "dev")
	s.has(out, "~ web (was a person, service)\n")
	out, _ = s.run(0, "", "review", "main", "-e", "production")
	if strings.Contains(out, "web") {
		t.Errorf("of another environment:\n%s", out)
	}
}

// Each error that the range can have says how to go on.
func TestReviewHints(t *testing.T) {
	s := newShop(t)
	s.git("branch", "-M", "main")
	s.run(0, "one", "set", "A")
	s.commit()
	for _, tt := range []struct {
		args []string
		hint string
	}{
		{[]string{"review", "origin/next"}, "  try:  git fetch origin next\n"},
		{[]string{"review", "main..next~2"}, "  try:  git fetch origin next\n"},
		{[]string{"review", "main..@{upstream}"}, "  try:  git log --oneline --all\n"},
		{[]string{"review", "main", "-e", "nope"}, "  try:  pinseal review main -e dev\n        pinseal review main -e production\n"},
		{[]string{"--app", "nope", "review", "main"}, "  try:  pinseal --app shop review main\n"},
	} {
		_, talk := s.run(3, "", tt.args...)
		s.has(talk, tt.hint)
	}
	s.git("update-ref", "refs/remotes/origin/main", "HEAD")
	s.git("tag", "origin/main")
	_, talk := s.run(3, "", "review", "origin/main")
	s.has(talk, "is ambiguous", "  try:  pinseal review refs/remotes/origin/main..HEAD\n")
	_, talk = s.run(3, "", "publish", "dev", "origin/main", "--first")
	s.has(talk, "is ambiguous")
}
