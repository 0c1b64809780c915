//go:build unix

package cmd_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// image is what a Dockerfile says of what it runs.
type image struct {
	entrypoint, cmd []string
	user            string
	files           map[string]string // in the image: what they were
}

// parseDockerfile reads the last stage, and holds what it copies to the stages before.
func parseDockerfile(t *testing.T, text string) image {
	t.Helper()
	var im image
	stages := map[string]bool{}
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		_, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch words[0] {
		case "FROM":
			im = image{files: map[string]string{}}
			if len(words) == 4 && words[2] == "AS" {
				stages[words[3]] = true
			}
		case "COPY":
			stage, from := strings.CutPrefix(words[1], "--from=")
			if from && !stages[stage] {
				t.Errorf("%q is of no stage", line)
			}
			im.files[words[len(words)-1]] = words[len(words)-2]
		case "USER":
			im.user = words[1]
		case "ENTRYPOINT", "CMD":
			var argv []string
			if err := json.Unmarshal([]byte(rest), &argv); err != nil {
				t.Errorf("%q: %v", line, err) // a shell's, which would be process 1
			}
			if words[0] == "CMD" {
				im.cmd = argv
			} else {
				im.entrypoint = argv
			}
		case "WORKDIR", "RUN":
		default:
			t.Errorf("%q is no instruction", line)
		}
	}
	return im
}

// argv is what the container's process 1 is started as, where its files are those of
// the test.
func (d *deployed) argv(t *testing.T, im image) []string {
	t.Helper()
	argv := append(slices.Clone(im.entrypoint), im.cmd...)
	for _, file := range []string{"/usr/bin/pinseal", "/app/server", "/app/prod.bundle"} {
		if im.files[file] == "" {
			t.Errorf("%s is not in the image", file)
		}
	}
	return d.replaced(argv, "pinseal", pinsealPath(t), "/app/prod.bundle", d.bundle, "/app/server", d.program("server", `printf %s "$DATABASE_URL"`+"\n"))
}

func TestDeployContainer(t *testing.T) {
	t.Parallel()
	d := newDeployed(t)
	im := parseDockerfile(t, snippet(t, "dockerfile", "ENTRYPOINT"))
	if im.user == "" || strings.HasPrefix(im.user, "0") || im.user == "root" {
		t.Errorf("it runs as %q", im.user)
	}
	argv := d.argv(t, im)
	if out, _ := d.runs(0, "/", bare("PINSEAL_IDENTITY_FILE="+d.identity), argv); out != "CANARY-one" {
		t.Errorf("the server got %q", out)
	}

	// Where compose mounts it, which is for root to try.
	if unshare, err := exec.LookPath("unshare"); err == nil && os.Getuid() == 0 && canMount(unshare) {
		mount := []string{unshare, "-m", "sh", "-ec", `mount -t tmpfs none /run; mkdir /run/secrets; cp "$0" /run/secrets/` + composeTarget(t) + `; exec "$@"`, d.identity}
		if out, _ := d.runs(0, "/", bare(), append(mount, argv...)); out != "CANARY-one" {
			t.Errorf("the server got %q", out)
		}
	}
	d.runs(5, "/", bare(), argv) // nobody's
}

func canMount(unshare string) bool {
	return exec.Command(unshare, "-m", "mount", "-t", "tmpfs", "none", "/run").Run() == nil
}

// composeTarget is the name below /run/secrets of the service's only secret.
func composeTarget(t *testing.T) string {
	t.Helper()
	doc := documents(t, snippet(t, "yaml", "# compose.yaml"))[0]
	names := doc.at("services", "shop", "secrets").texts()
	if len(names) != 1 || doc.at("secrets", names[0], "file").text() == "" {
		t.Fatalf("secrets: %q", names)
	}
	return names[0]
}

func TestDeployCompose(t *testing.T) {
	t.Parallel()
	text := snippet(t, "yaml", "# compose.yaml")
	checkSchema(t, "compose", "Compose", documents(t, text)[0])
	if name := composeTarget(t); name != "pinseal_identity" {
		t.Errorf("pinseal does not look for /run/secrets/%s", name)
	}
	docker, err := exec.LookPath("docker")
	if err != nil || exec.Command(docker, "compose", "version").Run() != nil {
		return
	}
	w := newWorld(t)
	w.write(w.path("shop", "compose.yaml"), []byte(text))
	c := exec.Command(docker, "compose", "config", "--quiet")
	c.Dir = w.path("shop")
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("docker compose config: %v\n%s", err, out)
	}
}
