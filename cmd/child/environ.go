package child

import (
	"bytes"
	"slices"
	"strings"
)

// Var is a secret on its way into the environment.
type Var struct {
	// Secret is the secret's name, for errors.
	Secret string
	// Name is the variable; if empty, [EnvName] of Secret.
	Name string
	// Value is exact; it cannot hold a NUL byte. Not kept.
	Value []byte
}

// EnvName returns the variable a secret becomes: every character outside
// [A-Za-z0-9_] is replaced by "_". Different secrets can give the same name.
func EnvName(secret string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '_', '0' <= r && r <= '9', 'A' <= r && r <= 'Z', 'a' <= r && r <= 'z':
			return r
		}
		return '_'
	}, secret)
}

// Environ returns parent, a list of "NAME=value", without the variables that
// drop is true for (nil: none), then set in its order. A variable of set
// replaces an inherited one; overridden lists, in the order of set, those
// that were there with a different value. drop is not asked about set.
//
// Nothing is taken from the process: an empty parent gives exactly set. env is
// never nil. Errors: [*VarError] for a value with a NUL byte or a name no
// variable can have, [*CollisionError] for two secrets with one variable.
// Size is the system's to judge when the program starts ([*TooLargeError]).
func Environ(parent []string, set []Var, drop func(name string) bool) (env []string, overridden []string, err error) {
	owner := make(map[string]string, len(set)) // folded variable → secret
	added := make([]string, 0, len(set))
	values := make(map[string]string, len(set))
	names := make([]string, 0, len(set))
	for _, v := range set {
		name := v.Name
		if name == "" {
			name = EnvName(v.Secret)
		}
		if name == "" || strings.ContainsAny(name, "=\x00") {
			return nil, nil, &VarError{v.Secret, "has a name no variable can have"}
		}
		if bytes.IndexByte(v.Value, 0) >= 0 {
			return nil, nil, &VarError{v.Secret, "holds a NUL byte, which no variable can"}
		}
		key := foldName(name)
		if first, taken := owner[key]; taken {
			return nil, nil, &CollisionError{name, first, v.Secret}
		}
		owner[key] = v.Secret
		values[key] = string(v.Value)
		names = append(names, name)
		added = append(added, name+"="+string(v.Value))
	}
	env = make([]string, 0, len(parent)+len(added))
	changed := make(map[string]bool)
	for _, kv := range parent {
		name, value := splitVar(kv)
		if drop != nil && drop(name) {
			continue
		}
		key := foldName(name)
		if _, replaced := owner[key]; !replaced {
			env = append(env, kv)
		} else if value != values[key] {
			changed[key] = true
		}
	}
	for _, name := range names {
		if changed[foldName(name)] {
			overridden = append(overridden, name)
		}
	}
	return append(env, added...), overridden, nil
}

// splitVar cuts "NAME=value". The name of one that starts with "=" (Windows
// keeps a directory per drive so) includes that sign.
func splitVar(kv string) (name, value string) {
	if i := strings.IndexByte(kv[min(1, len(kv)):], '='); i >= 0 {
		return kv[:i+1], kv[i+2:]
	}
	return kv, ""
}

// lookupVar returns the value of a variable; the last one counts.
func lookupVar(env []string, name string) (value string, ok bool) {
	for _, kv := range slices.Backward(env) {
		if n, v := splitVar(kv); foldName(n) == foldName(name) && len(kv) > len(n) {
			return v, true
		}
	}
	return "", false
}

// tooLarge explains a refusal for size.
func tooLarge(argv, env []string) *TooLargeError {
	const pointer = 8
	e := &TooLargeError{Limit: varLimit()}
	for _, arg := range argv {
		e.Total += len(arg) + 1 + pointer
	}
	for _, kv := range env {
		e.Total += len(kv) + 1 + pointer
		if len(kv)+1 > e.Largest {
			e.Largest = len(kv) + 1
			e.Name, _ = splitVar(kv)
		}
	}
	return e
}
