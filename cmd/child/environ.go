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
	// Name is the variable; if empty, [EnvName] of Secret, after the prefix.
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

// Options say how secrets and inherited variables meet. The zero value: names
// as they are, all of parent inherited, the secret wins.
type Options struct {
	// Prefix goes before every name made from a secret's, not before a
	// [Var.Name]. It is not mapped: what no variable can have is an error.
	Prefix string
	// Pristine leaves all of parent out; Drop and Preserve then mean nothing.
	Pristine bool
	// Drop says which variables of parent are left out (nil: none). It is not
	// asked about secrets.
	Drop func(name string) bool
	// Preserve lets the inherited variable win where both have one.
	Preserve bool
}

// Environ returns parent, a list of "NAME=value", then set in its order. A
// variable of set replaces an inherited one, or with Preserve is left out for
// it; overridden lists, in the order of set, those that both had with different
// values, once for each: Secret and Name are of set, Value is parent's.
//
// Nothing is taken from the process: an empty parent gives exactly set. env is
// never nil. Errors: [*VarError] for a value with a NUL byte or a name no
// variable can have, [*CollisionError] for two secrets with one variable.
// Both are errors too where the inherited variable would win. Size is the
// system's to judge when the program starts ([*TooLargeError]).
func Environ(parent []string, set []Var, o Options) (env []string, overridden []Var, err error) {
	vars, byName, err := named(set, o.Prefix)
	if err != nil {
		return nil, nil, err
	}
	env = make([]string, 0, len(parent)+len(set))
	for _, kv := range parent {
		name, value := splitVar(kv)
		if o.Pristine || o.Drop != nil && o.Drop(name) {
			continue
		}
		v, both := byName[foldName(name)]
		if both && len(kv) > len(name) { // without "=" it is no variable
			if value != string(v.Value) {
				v.theirs = append(v.theirs, value)
			}
			v.kept = v.kept || o.Preserve
		}
		if !both || v.kept {
			env = append(env, kv)
		}
	}
	for _, v := range vars {
		for _, value := range v.theirs {
			overridden = append(overridden, Var{v.Secret, v.Name, []byte(value)})
		}
		if !v.kept {
			env = append(env, v.Name+"="+string(v.Value))
		}
	}
	return env, overridden, nil
}

// namedVar is a variable with its final name, and what parent has of it.
type namedVar struct {
	Var
	theirs []string // values that differ
	kept   bool     // and parent wins
}

// named gives every variable its name, in the order of set and by folded name.
func named(set []Var, prefix string) (vars []*namedVar, byName map[string]*namedVar, err error) {
	vars, byName = make([]*namedVar, 0, len(set)), make(map[string]*namedVar, len(set))
	for _, v := range set {
		if v.Name == "" && v.Secret != "" {
			v.Name = prefix + EnvName(v.Secret)
		}
		if v.Name == "" || strings.ContainsAny(v.Name, "=\x00") {
			return nil, nil, &VarError{v.Secret, "has a name no variable can have"}
		}
		if bytes.IndexByte(v.Value, 0) >= 0 {
			return nil, nil, &VarError{v.Secret, "holds a NUL byte, which no variable can"}
		}
		key := foldName(v.Name)
		if first, taken := byName[key]; taken {
			return nil, nil, &CollisionError{v.Name, first.Secret, v.Secret}
		}
		byName[key] = &namedVar{Var: v}
		vars = append(vars, byName[key])
	}
	return vars, byName, nil
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
