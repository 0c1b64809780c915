//go:build unix

package cmd_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/template"

	"gopkg.in/yaml.v3"
)

// container holds a container to its pod's volumes, and returns what it starts and its
// environment.
func container(t *testing.T, c, volumes node) (argv, env []string, mounts map[string]string) {
	t.Helper()
	known := map[string]bool{}
	for _, v := range volumes.items() {
		known[v.at("name").text()] = true
	}
	mounts = map[string]string{} // volumes by path
	for _, m := range c.at("volumeMounts").items() {
		name := m.at("name").text()
		if !known[name] {
			t.Errorf("%s mounts %s, which is no volume", c.at("name").text(), name)
		}
		mounts[m.at("mountPath").text()] = name
	}
	for _, v := range c.at("env").items() {
		env = append(env, v.at("name").text()+"="+v.at("value").text())
	}
	return append(c.at("command").texts(), c.at("args").texts()...), env, mounts
}

// volume is where a Secret that holds the identity, and what else is given, is mounted.
func (d *deployed) volume(name string, files ...string) string {
	d.Helper()
	dir := d.dirOf(name, 0o755)
	d.write(filepath.Join(dir, "pinseal.identity"), d.read(d.identity))
	for i := 0; i < len(files); i += 2 {
		d.write(filepath.Join(dir, files[i]), []byte(files[i+1]))
		if err := os.Chmod(filepath.Join(dir, files[i]), 0o400); err != nil {
			d.Fatal(err)
		}
	}
	return dir
}

func TestDeployKubernetesFiles(t *testing.T) {
	t.Parallel()
	d := newDeployed(t)
	doc := documents(t, snippet(t, "yaml", "kind: Deployment"))[0]
	checkSchema(t, "kubernetes", "Deployment", doc)
	spec := doc.at("spec", "template")
	for key, value := range doc.at("spec", "selector", "matchLabels").members() {
		if spec.at("metadata", "labels", key).text() != value.text() {
			t.Errorf("the selector wants %s", key)
		}
	}
	pod := spec.at("spec")
	argv, env, mounts := container(t, pod.at("initContainers").items()[0], pod.at("volumes"))
	if mounts["/identity"] != "identity" || mounts["/secrets"] != "secrets" {
		t.Fatalf("the init container has %v", mounts)
	}
	secrets := d.dirOf("secrets", 0o777|os.ModeSetgid)
	argv = d.replaced(argv, "pinseal", pinsealPath(t), "/app/prod.bundle", d.bundle, "/secrets", secrets)
	env = bare(strings.ReplaceAll(strings.Join(env, ""), "/identity", d.volume("identity")))
	for range 2 { // an init container may run again
		d.runs(0, "/", env, argv)
	}
	_, env, mounts = container(t, pod.at("containers").items()[0], pod.at("volumes"))
	file, ok := strings.CutPrefix(strings.Join(env, ""), "DATABASE_URL_FILE=/secrets/")
	if !ok || len(mounts) != 1 || mounts["/secrets"] != "secrets" {
		t.Fatalf("the app has %v %v", env, mounts)
	}
	if got := string(d.read(filepath.Join(secrets, file))); got != "CANARY-one" {
		t.Errorf("the app finds %q", got)
	}
	for _, m := range pod.at("containers").items()[0].at("volumeMounts").items() {
		if m.at("readOnly").text() != "true" {
			t.Error("the app can write the secrets")
		}
	}
}

func TestDeployKubernetesSecret(t *testing.T) {
	t.Parallel()
	d := newDeployed(t)
	d.bytes()
	d.env = append(d.env, "PINSEAL_IDENTITY_FILE="+d.identity)
	text := d.pinseal(d.dir, "", "export", "-e", "production", "--at", "pin", "--format", "k8s-secret")
	doc := documents(t, text)[0]
	checkSchema(t, "kubernetes", "Secret", doc)
	data := doc.at("data").members()
	for name, want := range map[string]string{"DATABASE_URL": "CANARY-one", "SESSION_KEY": "CANARY-two", "BLOB": "\x00CANARY\xff"} {
		if got, err := base64.StdEncoding.DecodeString(data[name].text()); err != nil || string(got) != want {
			t.Errorf("%s is %q, %v", name, got, err)
		}
	}
	if got := doc.at("metadata", "annotations", "pinseal/pin").text(); got != "2" {
		t.Errorf("it says that it is pin %q", got)
	}
}

// operator does what the webhook provider of the External Secrets Operator does for a
// SecretStore.
type operator struct {
	t       *testing.T
	webhook node
	secrets map[string]map[string]string // the Secrets that templates see, by their name there
	base    string                       // of the server that stands at the shown address
}

// render executes a template with the functions of it that are used.
func (o *operator) render(text string, data map[string]map[string]string) string {
	o.t.Helper()
	tmpl, err := template.New("").Funcs(template.FuncMap{"trim": strings.TrimSpace}).Parse(text)
	var out strings.Builder
	if err == nil {
		err = tmpl.Execute(&out, data)
	}
	if err != nil {
		o.t.Fatal(err)
	}
	return out.String()
}

// get reads a secret; ok is false for one that is not there.
func (o *operator) get(key string) (value string, ok bool) {
	o.t.Helper()
	raw := map[string]map[string]string{"remoteRef": {"key": key}}
	escaped := map[string]map[string]string{"remoteRef": {"key": url.QueryEscape(key)}}
	for name, data := range o.secrets {
		raw[name], escaped[name] = data, data
	}
	at, ok := strings.CutPrefix(o.render(o.webhook.at("url").text(), escaped), "http://127.0.0.1:7465")
	if !ok {
		o.t.Fatal("the store asks another server")
	}
	req, err := http.NewRequest("GET", o.base+at, strings.NewReader(""))
	if err != nil {
		o.t.Fatal(err)
	}
	for name, value := range o.webhook.at("headers").members() {
		req.Header.Add(name, o.render(value.text(), raw))
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		o.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if res.StatusCode == 404 {
		return "", false
	}
	if err != nil || res.StatusCode < 200 || res.StatusCode > 299 {
		o.t.Fatalf("%s: %s %v", key, res.Status, err)
	}
	path, ok := strings.CutPrefix(o.webhook.at("result", "jsonPath").text(), "$.")
	if !ok {
		return string(body), true
	}
	var reply map[string]any
	if err := json.Unmarshal(body, &reply); err != nil {
		o.t.Fatal(err)
	}
	value, ok = reply[path].(string)
	if !ok {
		o.t.Fatalf("%s: no text at %s", key, path)
	}
	return value, true
}

func TestDeployExternalSecrets(t *testing.T) {
	slow(t)
	t.Parallel()
	d := newDeployed(t)
	d.bytes()
	values := documents(t, snippet(t, "yaml", "extraContainers:"))[0]
	checkSchema(t, "kubernetes", "ChartValues", values)
	docs := documents(t, snippet(t, "yaml", "kind: SecretStore\n"))
	store, external := docs[0], docs[1]
	checkSchema(t, "kubernetes", "SecretStore", store)
	checkSchema(t, "kubernetes", "ExternalSecret", external)

	// The server beside the controller.
	argv, env, mounts := container(t, values.at("extraContainers").items()[0], values.at("extraVolumes"))
	if mounts["/run/pinseal"] != "pinseal" || mounts["/tmp"] == "" {
		t.Fatalf("the container has %v", mounts)
	}
	const token = "0123456789abcdef0123456789abcdef\n" // as openssl prints it
	volume := d.volume("pinseal", "token", token)
	argv = d.replaced(argv, "pinseal", pinsealPath(t), "https://git.example/shop.git", "file://"+d.hub, "127.0.0.1:7465", "127.0.0.1:0", "/run/pinseal", volume)
	c := exec.Command(argv[0], argv[1:]...)
	c.Dir, c.Env = "/", bare("TMPDIR="+t.TempDir(), strings.ReplaceAll(strings.Join(env, ""), "/run/pinseal", volume))
	s := d.serveBy(c)

	// The operator takes a store for ready when the port of its url, templates and all,
	// answers.
	webhook := store.at("spec", "provider", "webhook")
	if u, err := url.Parse(webhook.at("url").text()); err != nil || u.Host != "127.0.0.1:7465" {
		t.Errorf("the store asks %v, %v", u, err)
	}
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	o := &operator{t, webhook, map[string]map[string]string{}, s.base}
	for _, secret := range webhook.at("secrets").items() {
		o.secrets[secret.at("name").text()] = map[string]string{"token": token}
	}
	if ref := external.at("spec", "secretStoreRef"); ref.at("name").text() != store.at("metadata", "name").text() || ref.at("kind").text() != "SecretStore" {
		t.Error("the ExternalSecret names another store")
	}
	data := external.at("spec", "data").items()
	if len(data) != 1 {
		t.Fatalf("%d secrets", len(data))
	}
	if got, ok := o.get(data[0].at("remoteRef", "key").text()); !ok || got != "CANARY-one" {
		t.Errorf("the operator reads %q, %v", got, ok)
	}
	if _, ok := o.get("OTHER"); ok {
		t.Error("it reads what is not there")
	}

	// The other way, for bytes that are no text.
	other := documents(t, strings.Replace(snippet(t, "yaml", "kind: SecretStore\n"), ".remoteRef.key }}", ".remoteRef.key }}/value", 1))[0].at("spec", "provider", "webhook")
	i := slices.IndexFunc(other.Content, func(n *yaml.Node) bool { return n.Value == "result" })
	other.Content[i+1].Content = nil
	o.webhook = other
	if got, ok := o.get("BLOB"); !ok || got != "\x00CANARY\xff" {
		t.Errorf("the operator reads %q, %v", got, ok)
	}
}
