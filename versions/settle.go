package versions

import (
	"context"
	"strings"

	"pinseal/seal"
)

// Settled is what an unmerged secret becomes.
type Settled struct {
	Environment, Name string
	// File is nil when it is removed. The versions of a named key that were moved are
	// not in it yet: they are sealed with what it is written with.
	File *SecretFile
	Took Side // whose values they are; Both for a key with versions of each
	// Of a named encryption key that both sides have:
	Moved    []MovedVersion    // versions that theirs has under other numbers, ascending
	Dropped  []DroppedVersion  // of ours, then of theirs, ascending
	Encrypts EncryptingVersion // zero for a blank one

	toSeal []seal.NamedKeyVersion // ascending, above those of File
}

// UnmergedSecret is a secret whose file is unmerged.
type UnmergedSecret struct {
	Environment, Name string
	Kind              string // KindKey where either side is a named key; "" before Settle
	Why               string // what a person has to decide; "" before Settle
}

// Secrets lists the unmerged secrets, by environment and name. What is unmerged
// and no file of ours is a *StructureError.
func (s *Sides) Secrets() ([]UnmergedSecret, error) {
	var found []UnmergedSecret
	for _, p := range s.Unmerged {
		env, name, isSecret := secretAt(p)
		switch {
		case isSecret:
			found = append(found, UnmergedSecret{Environment: env, Name: name})
		case p != NoteName && !isWrapPath(p):
			return nil, &StructureError{Path: s.Ours.where(p), Reason: "has no place here"}
		}
	}
	return found, nil
}

// Settle merges every unmerged secret by what each side has done to it, with keys
// that open the values of either side. Which key a value is sealed to is no
// change. What both have changed, or cannot be opened to compare, is undecided; of a
// named key each version is merged by itself.
// keys must not be empty; who has none has keyrings without identities, which
// tell only what is the same to the byte.
func (s *Sides) Settle(ctx context.Context, keys ...*Keyring) (settled []Settled, undecided []UnmergedSecret, err error) {
	found, err := s.Secrets()
	if err != nil {
		return nil, nil, err
	}
	results := make([]Settled, len(found))
	err = InParallel(len(found), func(i int) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		env, name := found[i].Environment, found[i].Name
		base := openSecretSide(s.Base, env, name, keys)
		ours := openSecretSide(s.Ours, env, name, keys)
		theirs := openSecretSide(s.Theirs, env, name, keys)
		m, why := mergeSecret(base, ours, theirs)
		results[i] = Settled{Environment: env, Name: name, File: m.file, Took: m.took}
		results[i].tell(m, base, ours, theirs)
		found[i].Why, found[i].Kind = why, KindSecret
		if ours.isKey() || theirs.isKey() {
			found[i].Kind = KindKey
		}
		return nil
	})
	for i, u := range found {
		if u.Why != "" {
			undecided = append(undecided, u)
		} else {
			settled = append(settled, results[i])
		}
	}
	return settled, undecided, err
}

// secretAt is the inverse of [FilePath].
func secretAt(p string) (env, name string, ok bool) {
	env, file, ok := strings.Cut(p, "/")
	if !ok || seal.CheckEnvironment(env) != nil {
		return "", "", false
	}
	name, ok = strings.CutSuffix(file, fileSuffix)
	return env, name, ok && seal.CheckSecretName(name) == nil
}

// isWrapPath reports whether a path is one that [WrapPath] can give.
func isWrapPath(p string) bool {
	dir, file, _ := strings.Cut(strings.TrimPrefix(p, KeysDir+"/"), "/")
	_, _, ok := keyDir(dir)
	return ok && strings.HasPrefix(p, KeysDir+"/") && isWrapName(file)
}
