package repo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// SignatureState is what git makes of a commit's signature.
type SignatureState string

// The states of a CommitSignature. git verify-commit accepts the first alone.
const (
	SignatureGood      SignatureState = "good"
	SignatureNone      SignatureState = "none"
	SignatureBad       SignatureState = "bad"       // the commit is not what was signed
	SignatureUnknown   SignatureState = "unknown"   // by a key that git does not know, or has no way to check
	SignatureUntrusted SignatureState = "untrusted" // good, by a key below gpg.minTrustLevel
	SignatureExpired   SignatureState = "expired"   // the signature or, of OpenPGP, its key
	SignatureRevoked   SignatureState = "revoked"   // the key, of OpenPGP
)

// SignatureFormat is who checks a signature, in the words of gpg.format.
type SignatureFormat string

// The formats that git knows.
const (
	OpenPGP SignatureFormat = "openpgp"
	X509    SignatureFormat = "x509"
	SSH     SignatureFormat = "ssh"
)

// armors begin signatures. Git ends at one that begins otherwise.
var armors = []struct {
	line   string
	format SignatureFormat
}{
	{"-----BEGIN PGP SIGNATURE-----", OpenPGP},
	{"-----BEGIN PGP MESSAGE-----", OpenPGP},
	{"-----BEGIN SIGNED MESSAGE-----", X509},
	{"-----BEGIN SSH SIGNATURE-----", SSH},
}

// CommitSignature is a commit's signature. Format is "" for none, and for what is no
// signature and stands in the place of one. Signer is who git says made it, the
// OpenPGP user id or the principal of the allowed signers file, and Key the key id
// or fingerprint; either is "" where git knows none. Both are text of others.
type CommitSignature struct {
	State       SignatureState
	Format      SignatureFormat
	Signer, Key string
}

// Signatures returns what git verify-commit makes of the signatures of commits,
// with the programs, keys and settings that it uses: gpg.program, gpg.format,
// gpg.minTrustLevel, gpg.ssh.allowedSignersFile and so on. Each commit has an
// entry. Commits without a signature, or with one of no format, which is bad, are
// told in process; for all others it is one git log, which starts gpg or ssh-keygen for each, and, where
// gpg.minTrustLevel is set, a second one. That a program is missing is an error.
//
// The letters of git's %G? do not say it all:
//
//	G    good. Of OpenPGP, the key is trusted marginally or better
//	U    of OpenPGP: good, the key's trust is undefined or never, which verify-commit
//	     takes unless gpg.minTrustLevel is set. Of ssh: the key is in no allowed
//	     signers file, or not at that date, which verify-commit refuses
//	B    bad            E    no key to check it with
//	X Y  expired        R    by a revoked key
//	N    none; of ssh also: there is no allowed signers file
//
// %GT, the trust, is asked for only of G and U: git 2.39 aborts at it where nothing
// could be checked.
func (r *Repo) Signatures(ctx context.Context, commits []Hash) (map[Hash]CommitSignature, error) {
	found := make(map[Hash]CommitSignature, len(commits))
	var ask []Hash
	for _, h := range commits {
		if _, twice := found[h]; twice {
			continue
		}
		found[h] = CommitSignature{State: SignatureNone}
		data, err := r.typed(ctx, h, CommitObject, maxCommit)
		if err != nil {
			return nil, err
		}
		if signature := r.signatureIn(data); signature != nil {
			sig := CommitSignature{State: SignatureBad, Format: formatOf(signature)}
			if found[h] = sig; sig.Format != "" {
				ask = append(ask, h)
			}
		}
	}
	if len(ask) == 0 {
		return found, nil
	}
	items, err := r.signatureItems(ctx, ask, "%G?", "%GS", "%GK")
	if err != nil {
		return nil, err
	}
	var trusted []Hash // those whose trust decides
	for h, f := range items {
		format := found[h].Format
		state, trust := judgeSignature(f[0], format == SSH)
		if trust {
			trusted = append(trusted, h)
		}
		found[h] = CommitSignature{state, format, cutText(f[1]), cutText(f[2])}
	}
	return found, r.distrust(ctx, found, trusted)
}

// signatureIn is the first line of a commit's signature, nil when it has none.
func (r *Repo) signatureIn(commit []byte) []byte {
	header := []byte("gpgsig ")
	if r.loc.format == "sha256" {
		header = []byte("gpgsig-sha256 ")
	}
	for line := range bytes.Lines(commit) {
		if len(line) == 1 {
			break // the message follows
		}
		if signature, ok := bytes.CutPrefix(line, header); ok {
			return signature
		}
	}
	return nil
}

// formatOf is the format of a signature by its first line, "" for none.
func formatOf(signature []byte) SignatureFormat {
	for _, a := range armors {
		if bytes.HasPrefix(signature, []byte(a.line)) {
			return a.format
		}
	}
	return ""
}

// judgeSignature reads git's letter for a commit that has a signature. trust says
// that it is good if the key's trust is enough.
func judgeSignature(letter string, ssh bool) (state SignatureState, trust bool) {
	switch {
	case letter == "U" && ssh:
		return SignatureUnknown, false
	case letter == "G", letter == "U":
		return SignatureGood, true
	case letter == "X", letter == "Y":
		return SignatureExpired, false
	case letter == "R":
		return SignatureRevoked, false
	case letter == "E", letter == "N":
		return SignatureUnknown, false
	}
	return SignatureBad, false
}

// trustLevels are those of git, from the lowest.
var trustLevels = []string{"undefined", "never", "marginal", "fully", "ultimate"}

// distrust holds good signatures to gpg.minTrustLevel.
func (r *Repo) distrust(ctx context.Context, found map[Hash]CommitSignature, good []Hash) error {
	if len(good) == 0 {
		return nil
	}
	config, err := r.Config(ctx)
	if err != nil {
		return err
	}
	want, ok := config.Get("gpg.minTrustLevel")
	if !ok {
		return nil
	}
	least := slices.Index(trustLevels, strings.ToLower(want))
	if least < 0 {
		return fmt.Errorf("gpg.minTrustLevel is none of %s", strings.Join(trustLevels, ", "))
	}
	items, err := r.signatureItems(ctx, good, "%GT")
	if err != nil {
		return err
	}
	for _, h := range good {
		if slices.Index(trustLevels, items[h][0]) < least {
			s := found[h]
			s.State = SignatureUntrusted
			found[h] = s
		}
	}
	return nil
}

// signatureItems asks git log for some of its %G items of commits. Every commit
// has an entry. Git dies of SIGPIPE where ssh-keygen refuses a signature before it has
// read what was signed: the first commit without an answer then is bad, and the ones
// after it are asked for again.
func (r *Repo) signatureItems(ctx context.Context, commits []Hash, items ...string) (map[Hash][]string, error) {
	answers := make(map[Hash][]string, len(commits))
	for rest := commits; len(rest) > 0; {
		err := r.signatureAnswers(ctx, rest, items, answers)
		i := slices.IndexFunc(rest, func(h Hash) bool { return answers[h] == nil })
		if e, ok := errors.AsType[*GitError](err); ok && e.Signal == brokenPipe && i >= 0 {
			answers[rest[i]] = append([]string{"B"}, make([]string, len(items)-1)...)
			rest = rest[i+1:]
			continue
		}
		if err != nil {
			return nil, err
		}
		if i >= 0 {
			return nil, errors.New("git log printed something odd")
		}
		break
	}
	return answers, nil
}

// signatureAnswers is one git log, whose answers it adds also when git failed after them.
func (r *Repo) signatureAnswers(ctx context.Context, commits []Hash, items []string, answers map[Hash][]string) error {
	var in bytes.Buffer
	for _, h := range commits {
		in.WriteString(string(h) + "\n")
	}
	out, said, err := r.gitBoth(ctx, &in, "log", "--no-walk=unsorted", "--stdin", "-z", "--no-patch", "--no-show-signature",
		"--no-notes", "--no-color", "--encoding=UTF-8", "--format=%H%x00"+strings.Join(items, "%x00"))
	// Git takes what it could not check for bad.
	if strings.Contains(said, "cannot run ") || strings.Contains(said, "cannot exec ") || strings.Contains(said, "could not create temporary file") {
		return fmt.Errorf("git cannot check signatures: %s", onceEach(said))
	}
	fields := strings.Split(string(out), "\x00")
	for width := len(items) + 1; len(fields) > width; fields = fields[width:] {
		answers[Hash(fields[0])] = fields[1:width]
	}
	return err
}

// onceEach leaves out lines that were there before: git says them of each commit. The
// first may be the end of one.
func onceEach(text string) string {
	var lines []string
	all := strings.Split(text, "\n")
	for i, line := range all {
		cut := i == 0 && slices.ContainsFunc(all[1:], func(l string) bool { return l != line && strings.HasSuffix(l, line) })
		if !cut && !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// cutText keeps maxLogText bytes of somebody's text.
func cutText(s string) string {
	if len(s) <= maxLogText {
		return strings.ToValidUTF8(s, "\uFFFD")
	}
	return strings.ToValidUTF8(s[:maxLogText], "\uFFFD") + "…"
}
