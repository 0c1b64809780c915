package cmd

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
)

// maxK8sSecret is the most that the values of a Kubernetes Secret may have, in
// bytes: 1 MiB, before base64.
const maxK8sSecret = 1 << 20

// k8sMeta is what a Kubernetes Secret says of itself.
type k8sMeta struct {
	name        string // a DNS subdomain
	namespace   string // a DNS label; "" leaves it to kubectl
	app         string // the app's id
	environment string
	commit      string // "" for the work tree
	pin         int    // 0 for none
}

// check refuses names that Kubernetes would refuse, without showing them.
func (m k8sMeta) check() error {
	if m.name != "" && (len(m.name) > 253 || !isDNSName(strings.Split(m.name, ".")...)) {
		return usage([]string{"--name shop-production"}, "--name wants at most 253 small letters, digits, \"-\" and \".\", with a letter or digit at both ends of every part")
	}
	if m.namespace != "" && (len(m.namespace) > 63 || !isDNSName(m.namespace)) {
		return usage([]string{"--namespace shop"}, "--namespace wants at most 63 small letters, digits and \"-\", with a letter or digit at both ends")
	}
	return nil
}

// isDNSName reports whether a name of these labels is one as Kubernetes has it after
// RFC 1123, whatever its length.
func isDNSName(labels ...string) bool {
	for _, label := range labels {
		if label == "" || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
	}
	return true
}

// of completes what was asked for with what was read.
func (m k8sMeta) of(v *view) (k8sMeta, error) {
	m.app, m.environment, m.commit = v.Note.ID.String(), v.Environment, string(v.Commit)
	if v.Pin != nil {
		m.pin = v.Pin.Number
	}
	if m.name != "" {
		return m, nil
	}
	if v.app == "" {
		return m, usage([]string{"pinseal export --format k8s-secret --name shop-" + v.Environment + " --bundle " + quoteShell(v.asked.bundle)},
			"a bundle does not have the app's name: --name is needed")
	}
	m.name = v.app + "-" + v.Environment
	return m, nil
}

// formatK8sSecret writes a v1 Secret in YAML, in one spelling: every text is between
// double quotes, and none needs an escape. Names of secrets are keys that Kubernetes
// takes. It is not immutable, for the next pin is to take its place.
func formatK8sSecret(m k8sMeta, pairs []plainPair) ([]byte, error) {
	total := 0
	for _, p := range pairs {
		total += p.value.Len()
	}
	if total > maxK8sSecret {
		return nil, hint(fmt.Errorf("the values have %d bytes; a Kubernetes Secret takes %d", total, maxK8sSecret),
			"pinseal export --format k8s-secret --only A,B --name ONE       and the others in another")
	}
	var out bytes.Buffer
	line := func(indent, key, value string) {
		if value != "" {
			fmt.Fprintf(&out, "%s%s: \"%s\"\n", indent, key, value)
		}
	}
	out.WriteString("apiVersion: v1\nkind: Secret\nmetadata:\n")
	line("  ", "name", m.name)
	line("  ", "namespace", m.namespace)
	out.WriteString("  labels:\n")
	line("    ", "app.kubernetes.io/managed-by", "pinseal")
	out.WriteString("  annotations:\n")
	line("    ", "pinseal/app", m.app)
	line("    ", "pinseal/environment", m.environment)
	line("    ", "pinseal/commit", m.commit)
	if m.pin > 0 {
		line("    ", "pinseal/pin", strconv.Itoa(m.pin))
	}
	out.WriteString("type: Opaque\ndata:")
	if len(pairs) == 0 {
		out.WriteString(" {}")
	}
	out.WriteString("\n")
	for _, p := range pairs {
		fmt.Fprintf(&out, "  \"%s\": \"%s\"\n", p.name, base64.StdEncoding.EncodeToString(p.value.Reveal()))
	}
	return out.Bytes(), nil
}
