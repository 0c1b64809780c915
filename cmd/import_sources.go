package cmd

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"pinseal/seal"
)

// decrypted refuses values that another tool has encrypted and not decrypted, by
// name, and leaves out that tool's public keys, which say nothing here. data is what
// the pairs were read from.
func (c *cli) decrypted(pairs []plainPair, file string, data []byte) ([]plainPair, error) {
	var left []string
	kept := slices.DeleteFunc(pairs, func(p plainPair) bool {
		if isPublicKey(p.name) && printedByDotenvx(p, data) {
			left = append(left, p.label())
			return true
		}
		return false
	})
	var sops, dotenvx []string
	for _, p := range kept {
		switch value := p.value.Reveal(); {
		case p.name == "sops_mac", bytes.HasPrefix(value, []byte("ENC[AES256_GCM,")):
			sops = append(sops, p.label())
		case bytes.HasPrefix(value, []byte("encrypted:")):
			dotenvx = append(dotenvx, p.label())
		}
	}
	if len(sops) > 0 {
		return nil, encryptedBySops(file)
	}
	if len(dotenvx) > 0 {
		from := ""
		if file != "-" {
			from = " -f " + quoteShell(file)
		}
		return nil, usage([]string{"dotenvx get" + from + " | pinseal import -"}, "still encrypted, by dotenvx: %s", strings.Join(dotenvx, ", "))
	}
	if len(left) > 0 {
		c.warn("left out, as a public key of dotenvx: %s", strings.Join(left, ", "))
	}
	return kept, nil
}

// isPublicKey reports whether dotenvx keeps a public key under this name.
func isPublicKey(name string) bool {
	return name == "DOTENV_PUBLIC_KEY" || strings.HasPrefix(name, "DOTENV_PUBLIC_KEY_")
}

// printedByDotenvx reports whether a value is a public key, a compressed point of 33
// bytes in hexadecimal, and stands in data as dotenvx writes it: in double quotes in a
// .env file, without a blank in JSON. Export writes neither.
func printedByDotenvx(p plainPair, data []byte) bool {
	value := p.value.Reveal()
	point, err := hex.DecodeString(string(value))
	if err != nil || len(point) != 33 || point[0]&^1 != 2 {
		return false
	}
	return bytes.Contains(data, fmt.Appendf(nil, "%s=\"%s\"", p.name, value)) || bytes.Contains(data, fmt.Appendf(nil, "\"%s\":\"%s\"", p.name, value))
}

func encryptedBySops(file string) error {
	if file == "-" {
		file = "FILE"
	} else {
		file = quoteShell(file)
	}
	return usage([]string{"sops decrypt --output-type json " + file + " | pinseal import -"}, "the values are still encrypted, by sops")
}

// isVault reports whether a document is an answer of Vault's: its data beside a
// request or a lease.
func isVault(root *plainNode) bool {
	return root.member("data") != nil && (root.holds("request_id", kindText) || root.holds("lease_id", kindText))
}

// vaultData finds the values in an answer of Vault's. Version 2 of KV has them in
// data.data, beside data.metadata with the number of the version; version 1 has
// them in data. What was deleted or destroyed has null there.
func vaultData(root *plainNode) (*plainNode, error) {
	shape := []string{"vault kv get -format=json MOUNT/PATH | pinseal import --format vault -"}
	if !isVault(root) {
		return nil, usage(shape, "the file is not what vault kv get -format=json prints: it has no data beside a request_id")
	}
	data := root.member("data")
	if meta := data.member("metadata"); len(data.members) == 2 && meta != nil && meta.holds("version", kindNumber) && data.member("data") != nil {
		data = data.member("data")
	}
	switch data.kind {
	case kindObject:
		return data, nil
	case kindNull:
		return nil, usage([]string{"vault kv get -version=N -format=json MOUNT/PATH | pinseal import --format vault -", "vault kv undelete -versions=N MOUNT/PATH"},
			"that version was deleted or destroyed in Vault: it holds no values")
	}
	return nil, usage(shape, "the file is not what vault kv get -format=json prints: its data are %s", data.kind)
}

// secretData reads a Kubernetes Secret: the values of data are base64, those of
// stringData are text.
func secretData(root *plainNode) ([]plainPair, error) {
	one := []string{"kubectl get secret NAME -o yaml | pinseal import --format k8s-secret -"}
	if root.holds("items", kindList) {
		return nil, usage(one, "the file holds a list: import takes one Secret")
	}
	if !root.says("apiVersion", "v1") || !root.says("kind", "Secret") {
		return nil, usage(one, "the file is not a Kubernetes Secret of apiVersion v1")
	}
	var pairs []plainPair
	for _, part := range []string{"data", "stringData"} {
		n := root.member(part)
		if n == nil || n.kind == kindNull {
			continue
		}
		if n.kind != kindObject {
			return nil, usage(one, "%s is %s, not an object of strings", part, n.kind)
		}
		found, err := flatten{}.pairs(n)
		if err != nil {
			return nil, usage(nil, "in %s %s", part, err)
		}
		for i := range found {
			if part != "data" {
				continue
			}
			if found[i].value, err = fromBase64(found[i]); err != nil {
				return nil, err
			}
		}
		pairs = append(pairs, found...)
	}
	seen := map[string]bool{}
	for _, p := range pairs {
		if seen[p.name] {
			return nil, usage(nil, "%s is given twice, in data and in stringData", p.label())
		}
		seen[p.name] = true
	}
	return pairs, nil
}

func fromBase64(p plainPair) (seal.Secret, error) {
	value, err := base64.StdEncoding.Strict().DecodeString(string(p.value.Reveal()))
	if err != nil {
		return seal.Secret{}, usage([]string{"stringData:      is for text as it is"}, "%s in data is not base64", p.label())
	}
	return seal.NewSecret(value), nil
}
