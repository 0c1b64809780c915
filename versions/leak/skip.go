package leak

import (
	"bytes"
	"strings"
)

// minLen is the shortest value that is looked for, in bytes without the white
// space around it.
const minLen = 8

const (
	tooShort = "shorter than 8 bytes"
	tooPlain = "one byte over and over"
	tooUsual = "a common word"
)

// usual are values that would be found in every repository. Whole values, case
// ignored.
const usual = `
	0.0.0.0:8080 12345678 123456789 1234567890 127.0.0.1 admin@example.com administrator
	application application/json changeme database development disabled eu-central-1 eu-west-1
	example.com http://localhost http://localhost:3000 http://localhost:5000 http://localhost:8000
	http://localhost:8080 https://example.com localhost localhost:3000 localhost:5432 localhost:6379
	localhost:8080 mongodb:// password password1 password123 postgres postgresql postgresql:// production
	rabbitmq redis://localhost redis://localhost:6379 sqlite:// test@example.com undefined us-east-1
	us-east-2 us-west-1 us-west-2 username
`

// constants are whole lines of files that are often values: of a Google service
// account, a cluster's configuration, an encrypted key. Without a comma at the end.
const constants = `
"type": "service_account"
"auth_uri": "https://accounts.google.com/o/oauth2/auth"
"token_uri": "https://oauth2.googleapis.com/token"
"token_uri": "https://accounts.google.com/o/oauth2/token"
"auth_provider_x509_cert_url": "https://www.googleapis.com/oauth2/v1/certs"
"universe_domain": "googleapis.com"
apiVersion: v1
kind: Config
kind: Secret
type: Opaque
preferences: {}
Proc-Type: 4,ENCRYPTED
set -euo pipefail
`

// openSSH is how the first line of every OpenSSH private key begins. For keys
// without a passphrase the whole line is the same for all of one kind.
const openSSH = "b3BlbnNzaC1rZXktdjEA"

// anybody knows words and lines that are no one's secret.
type anybody struct {
	words, lines map[string]bool
}

func newAnybody() anybody {
	a := anybody{words: map[string]bool{}, lines: map[string]bool{}}
	for _, w := range strings.Fields(usual) {
		a.words[w] = true
	}
	for l := range strings.Lines(constants) {
		a.lines[strings.TrimSpace(l)] = true
	}
	return a
}

// trim removes white space around a value or a line. ASCII only: other bytes of
// a binary value are never taken for space.
func trim(b []byte) []byte { return bytes.Trim(b, " \t\r\n\v\f") }

// skip returns why a trimmed value is not looked for, "" if it is.
func (a anybody) skip(v []byte) string {
	switch {
	case len(v) < minLen:
		return tooShort
	case bytes.Count(v, v[:1]) == len(v):
		return tooPlain
	case len(v) < 64 && a.words[strings.ToLower(string(v))]:
		return tooUsual
	}
	return ""
}

// owns reports whether a trimmed line of a longer value is anybody's.
func (a anybody) owns(line []byte) bool {
	return a.skip(line) != "" || a.lines[string(bytes.TrimSuffix(line, []byte{','}))] ||
		bytes.HasPrefix(line, []byte(openSSH)) || isFrame(line)
}

// isFrame reports whether a line only says what comes next: a PEM boundary, an
// interpreter, an XML declaration, the head of a section, a key without value.
func isFrame(line []byte) bool {
	s := string(line)
	switch {
	case strings.HasPrefix(s, "-----") && strings.HasSuffix(s, "-----"),
		strings.HasPrefix(s, "#!"), strings.HasPrefix(s, "<?xml "),
		strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]") && isKey(s[1:len(s)-1]):
		return true
	}
	s = strings.TrimLeft(strings.TrimRight(s, " {[|>-"), " -")
	key, ok := strings.CutSuffix(s, ":")
	return ok && isKey(key)
}

// isKey reports whether s is a name, perhaps quoted: letters, spaces and "-_.".
func isKey(s string) bool {
	for _, c := range []byte(strings.Trim(s, `"`)) {
		if !isLetter(c) && !strings.ContainsRune(" -_.", rune(c)) {
			return false
		}
	}
	return true
}

// secretLines yields the trimmed lines of a value of several that are looked
// for by themselves. What stands in a PEM block of a certificate, a public key or
// parameters is handed out to anyone, so its lines are not.
func (a anybody) secretLines(v []byte, yield func(line []byte)) {
	if bytes.IndexByte(v, '\n') < 0 {
		return
	}
	public := false
	for line := range bytes.Lines(v) {
		line = trim(line)
		if label, ok := bytes.CutPrefix(line, []byte("-----BEGIN ")); ok {
			public = isPublic(string(bytes.TrimRight(label, "-")))
		} else if bytes.HasPrefix(line, []byte("-----END ")) {
			public = false
		}
		if !public && !a.owns(line) {
			yield(line)
		}
	}
}

func isPublic(label string) bool {
	for _, end := range []string{"CERTIFICATE", "CERTIFICATE REQUEST", "PUBLIC KEY", "PARAMETERS", "X509 CRL"} {
		if strings.HasSuffix(label, end) {
			return true
		}
	}
	return false
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isWord(c byte) bool { return isLetter(c) || isDigit(c) }
