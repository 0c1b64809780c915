//go:build unix

package cmd_test

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// tagged pushes a release with a script that says what it has got, and returns its
// commit.
func (d *deployed) tagged() string {
	d.Helper()
	d.write(d.path("shop", "deploy.sh"), []byte("#!/bin/sh\necho \"url $DATABASE_URL\"\nprintf %s \"$DATABASE_URL\" >\"$OUT\"\nenv | grep PINSEAL_IDENTITY >>\"$OUT\"; true\n"))
	if err := os.Chmod(d.path("shop", "deploy.sh"), 0o755); err != nil {
		d.Fatal(err)
	}
	d.publish()
	d.git(d.dir, "tag", "v1.0")
	d.git(d.dir, "push", "-q", "origin", "v1.0")
	return d.git(d.dir, "rev-parse", "HEAD")
}

// runner is a machine of its own, with a checkout as a CI makes it.
func (d *deployed) runner(fetch ...string) (work string, env []string) {
	d.Helper()
	vars, err := makeHome(d.path("runner"))
	if err != nil {
		d.Fatal(err)
	}
	env = append(bare("TMPDIR="+d.dirOf("runner/tmp", 0o700)), vars...)
	work = d.path("runner", "work")
	d.git(d.root, "init", "-q", work)
	d.git(work, "remote", "add", "origin", "file://"+d.hub)
	d.git(work, append([]string{"-c", "protocol.version=2", "fetch", "-q", "--no-tags", "--prune"}, fetch...)...)
	return work, env
}

// gitHub runs the steps of a job and returns its log.
func (d *deployed) gitHub(t *testing.T, work string, env []string, steps []node) string {
	t.Helper()
	secret := regexp.MustCompile(`\$\{\{ *secrets\.PINSEAL_IDENTITY *\}\}`)
	file := d.path("runner", "github_env")
	d.write(file, nil)
	var log strings.Builder
	for _, step := range steps {
		if step.at("run").text() == "" {
			continue // the checkout, which is there
		}
		vars := append(slices.Clone(env), "CI=true", "GITHUB_ACTIONS=true", "GITHUB_ENV="+file, "OUT="+d.path("out"))
		for name, value := range step.at("env").members() {
			vars = append(vars, name+"="+secret.ReplaceAllString(value.text(), strings.TrimSpace(string(d.read(d.identity)))))
		}
		for name, value := range gitHubEnv(t, string(d.read(file))) {
			vars = append(vars, name+"="+value)
		}
		d.write(d.path("runner", "step.sh"), []byte(step.at("run").text()))
		out, talk := d.runs(0, work, vars, []string{"bash", "-e", d.path("runner", "step.sh")})
		log.WriteString(out + talk)
	}
	return log.String()
}

// gitHubEnv reads what steps have set for those after them, as the runner does.
func gitHubEnv(t *testing.T, text string) map[string]string {
	t.Helper()
	vars := map[string]string{}
	for text != "" {
		head, rest, _ := strings.Cut(text, "\n")
		name, end, ok := strings.Cut(head, "<<")
		value, after, found := strings.Cut(rest, "\n"+end+"\n")
		if !ok || !found {
			t.Fatalf("the runner would not take %q", text)
		}
		vars[name], text = value, after
	}
	return vars
}

func TestDeployGitHub(t *testing.T) {
	slow(t)
	t.Parallel()
	d := newDeployed(t)
	sha := d.tagged()
	work, env := d.runner("--no-recurse-submodules", "--depth=1", "origin", "+"+sha+":refs/tags/v1.0")
	d.git(work, "checkout", "-q", "--force", "refs/tags/v1.0")
	doc := documents(t, snippet(t, "yaml", "# .github/"))[0]
	checkSchema(t, "ci", "Workflow", doc)
	if got := doc.at("permissions").members(); len(got) != 1 || got["contents"].text() != "read" {
		t.Errorf("it may do more than it needs: %v", slices.Collect(maps.Keys(got)))
	}
	log := d.gitHub(t, work, env, doc.at("jobs", "deploy", "steps").items())
	if got := string(d.read(d.path("out"))); got != "CANARY-one" {
		t.Errorf("the step got %q", got)
	}
	if !strings.Contains(log, "url [secret]\n") || strings.Contains(log, "CANARY") {
		t.Errorf("the log is\n%s", log)
	}

	// The second way: a step sets the variables of those after it.
	steps := documents(t, snippet(t, "yaml", "--format github-env"))[0].items()
	for _, step := range steps {
		checkSchema(t, "ci", "Step", step)
	}
	log = d.gitHub(t, work, env, append(steps, documents(t, "run: ./deploy.sh\n")[0]))
	if got := string(d.read(d.path("out"))); got != "CANARY-one" {
		t.Errorf("the step after it got %q", got)
	}
	mask, rest, _ := strings.Cut(log, "\n")
	if mask != "::add-mask::CANARY-one" || !strings.Contains(rest, "url CANARY-one\n") {
		t.Errorf("the log is\n%s", log)
	}
}

func TestDeployGitLab(t *testing.T) {
	slow(t)
	t.Parallel()
	d := newDeployed(t)
	d.tagged()
	work, env := d.runner("--depth", "20", "origin", "+refs/tags/v1.0:refs/tags/v1.0")
	d.git(work, "checkout", "-q", "--force", "--detach", "v1.0")
	doc := documents(t, snippet(t, "yaml", "# .gitlab-ci.yml"))[0]
	checkSchema(t, "ci", "GitLab", doc)
	file := d.path("runner", "work.tmp", "PINSEAL_IDENTITY_FILE")
	d.write(file, []byte(strings.TrimSpace(string(d.read(d.identity))))) // without a newline, for all to read
	env = append(env, "CI=true", "GITLAB_CI=true", "CI_PROJECT_DIR="+work, "CI_COMMIT_TAG=v1.0", "PINSEAL_IDENTITY_FILE="+file, "OUT="+d.path("out"))
	out, _ := d.runs(0, work, env, []string{"bash", "-eo", "pipefail", "-c", strings.Join(doc.at("deploy", "script").texts(), "\n")})
	if got := string(d.read(d.path("out"))); got != "CANARY-one" {
		t.Errorf("the job got %q", got)
	}
	if out != "url [secret]\n" {
		t.Errorf("the log is %q", out)
	}
}
