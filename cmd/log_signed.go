package cmd

import (
	"pinseal/repo"
	"pinseal/versions"
)

// signatureJSON is what git makes of a commit's signature.
type signatureJSON struct {
	State  string `json:"state"`
	Format string `json:"format,omitempty"` // as gpg.format has it
	Signer string `json:"signer,omitempty"`
	Key    string `json:"key,omitempty"`
}

// signatures asks git about the commits that are shown, and no others.
func (s *session) signatures(shown []versions.LogEntry) (map[repo.Hash]*signatureJSON, error) {
	commits := make([]repo.Hash, len(shown))
	for i, e := range shown {
		commits[i] = e.Commit
	}
	found, err := s.repo.Signatures(s.ctx, commits)
	marks := make(map[repo.Hash]*signatureJSON, len(found))
	for h, sig := range found {
		marks[h] = signatureOf(sig)
	}
	return marks, err
}

func signatureOf(sig repo.CommitSignature) *signatureJSON {
	return &signatureJSON{string(sig.State), string(sig.Format), sig.Signer, sig.Key}
}

// text is what people read of a signature. Only of a good one it begins with
// "signed by".
func (s *signatureJSON) text() string {
	who := s.Signer
	if who == "" {
		who = s.Key
	}
	of := ""
	if who != "" {
		of = " of " + who
	}
	switch repo.SignatureState(s.State) {
	case repo.SignatureGood:
		return "signed by " + who
	case repo.SignatureNone:
		return "not signed"
	case repo.SignatureUnknown:
		return "signature by a key that git does not know" + inParens(s.Key)
	case repo.SignatureUntrusted:
		return "signature" + of + ", whose key is below gpg.minTrustLevel"
	case repo.SignatureExpired:
		return "expired signature" + of
	case repo.SignatureRevoked:
		return "signature" + of + " by a revoked key"
	}
	return "bad signature" + of
}

func inParens(s string) string {
	if s == "" {
		return ""
	}
	return " (" + s + ")"
}
