package child

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestEnvName(t *testing.T) {
	tests := []struct{ secret, want string }{
		{"STRIPE_KEY", "STRIPE_KEY"},
		{"db.url-2", "db_url_2"},
		{"a+b=c", "a_b_c"},
		{"clé", "cl_"},
		{"日本", "__"},
		{"", ""},
	}
	for _, tt := range tests {
		if got := EnvName(tt.secret); got != tt.want {
			t.Errorf("EnvName(%q) = %q, want %q", tt.secret, got, tt.want)
		}
	}
}

func TestEnviron(t *testing.T) {
	parent := []string{"HOME=/h", "OLD=1", "SAME=x", "PINSEAL_IDENTITY=k", "EMPTY=", "MULTI=a=b"}
	set := []Var{
		{Secret: "db.url", Value: []byte("postgres://")},
		{Secret: "SAME", Value: []byte("x")},
		{Secret: "OLD", Value: []byte("2")},
		{Secret: "cert", Name: "APP_CERT", Value: []byte("l1\nl2=\n")},
		{Secret: "PINSEAL_IDENTITY", Value: []byte("mine")},
	}
	drop := func(name string) bool { return strings.HasPrefix(name, "PINSEAL_") }
	env, overridden, err := Environ(parent, set, Options{Drop: drop})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"HOME=/h", "EMPTY=", "MULTI=a=b", "db_url=postgres://", "SAME=x", "OLD=2", "APP_CERT=l1\nl2=\n", "PINSEAL_IDENTITY=mine"}
	if !slices.Equal(env, want) {
		t.Errorf("env %q, want %q", env, want)
	}
	if !slices.Equal(texts(overridden), []string{"OLD=1"}) {
		t.Errorf("overridden %q, want OLD", overridden)
	}
	if env, _, err := Environ(nil, nil, Options{}); err != nil || env == nil || len(env) != 0 {
		t.Errorf("nothing: %v, %v, want an empty list that is not nil", env, err)
	}
}

// Who wins, and who is named, where both have a variable.
func TestEnvironOptions(t *testing.T) {
	parent := []string{"HOME=/h", "OLD=1", "SAME=x", "OLD=1b", "EMPTY=", "BARE", "app_OLD=3", "GONE=4"}
	set := []Var{
		{Secret: "OLD", Value: []byte("2")}, {Secret: "SAME", Value: []byte("x")}, {Secret: "EMPTY", Value: []byte("e")},
		{Secret: "BARE", Value: []byte("b")}, {Secret: "GONE", Value: []byte("g")}, {Secret: "cert", Name: "CERT", Value: []byte("c")},
	}
	gone := func(name string) bool { return name == "GONE" }
	tests := []struct {
		name string
		o    Options
		env  []string
		over []string
	}{
		{"preserve", Options{Preserve: true, Drop: gone},
			[]string{"HOME=/h", "OLD=1", "SAME=x", "OLD=1b", "EMPTY=", "app_OLD=3", "BARE=b", "GONE=g", "CERT=c"}, []string{"OLD=1", "OLD=1b", "EMPTY="}},
		{"pristine", Options{Pristine: true, Preserve: true, Drop: gone},
			[]string{"OLD=2", "SAME=x", "EMPTY=e", "BARE=b", "GONE=g", "CERT=c"}, nil},
		{"prefix", Options{Prefix: "app_", Drop: gone},
			[]string{"HOME=/h", "OLD=1", "SAME=x", "OLD=1b", "EMPTY=", "BARE", "app_OLD=2", "app_SAME=x", "app_EMPTY=e", "app_BARE=b", "app_GONE=g", "CERT=c"}, []string{"app_OLD=3"}},
		{"prefix and preserve", Options{Prefix: "app_", Preserve: true, Pristine: false},
			[]string{"HOME=/h", "OLD=1", "SAME=x", "OLD=1b", "EMPTY=", "BARE", "app_OLD=3", "GONE=4", "app_SAME=x", "app_EMPTY=e", "app_BARE=b", "app_GONE=g", "CERT=c"}, []string{"app_OLD=3"}},
	}
	for _, tt := range tests {
		env, over, err := Environ(parent, set, tt.o)
		if err != nil || !slices.Equal(env, tt.env) || !slices.Equal(texts(over), tt.over) {
			t.Errorf("%s: %q, overridden %q, %v, want %q and %q", tt.name, env, over, err, tt.env, tt.over)
		}
	}
	for _, prefix := range []string{"A=", "\x00"} {
		if _, _, err := Environ(nil, set, Options{Prefix: prefix}); !errors.As(err, new(*VarError)) {
			t.Errorf("prefix %q: %v", prefix, err)
		}
	}
	var collision *CollisionError
	if _, _, err := Environ([]string{"A_B=1"}, []Var{{Secret: "A.B"}, {Secret: "A-B"}}, Options{Preserve: true}); !errors.As(err, &collision) {
		t.Errorf("collision that the inherited one would hide: %v", err)
	}
}

func texts(vars []Var) (list []string) {
	for _, v := range vars {
		list = append(list, v.Name+"="+string(v.Value))
	}
	return list
}

func TestEnvironRefuses(t *testing.T) {
	const canary = "hunter2hunter2"
	value := []byte(canary)
	var collision *CollisionError
	_, _, err := Environ(nil, []Var{{Secret: "a.b", Value: value}, {Secret: "c"}, {Secret: "a-b", Value: value}}, Options{})
	if !errors.As(err, &collision) || *collision != (CollisionError{"a_b", "a.b", "a-b"}) {
		t.Errorf("collision: %v", err)
	}
	for _, v := range []Var{
		{Secret: "BAD", Value: []byte(canary + "\x00")},
		{Secret: "BAD", Name: "A=B", Value: value},
		{Secret: "BAD", Name: "A\x00B", Value: value},
		{Secret: "", Value: value},
	} {
		env, _, verr := Environ([]string{"A=1"}, []Var{{Secret: "OK"}, v}, Options{})
		var bad *VarError
		if !errors.As(verr, &bad) || bad.Secret != v.Secret || env != nil {
			t.Errorf("%+v: %v, %v, want *VarError", v, env, verr)
			continue
		}
		if Code(verr) != CodeFailed || strings.Contains(verr.Error(), canary) {
			t.Errorf("code %d, error %v", Code(verr), verr)
		}
	}
	if Code(err) != CodeFailed || strings.Contains(err.Error(), canary) {
		t.Errorf("code %d, error %v", Code(err), err)
	}
}

func TestCode(t *testing.T) {
	tests := []struct {
		err  error
		want int
	}{
		{nil, 0},
		{errors.New("x"), 125},
		{&Error{"op", errors.New("x")}, 125},
		{&TooLargeError{}, 125},
		{&NotExecutableError{"p", errors.New("x")}, 126},
		{&NotFoundError{"p", "not found"}, 127},
		{fmt.Errorf("run: %w", &NotFoundError{"p", "not found"}), 127},
		{&ExitError{42}, 42},
	}
	for _, tt := range tests {
		if got := Code(tt.err); got != tt.want {
			t.Errorf("Code(%v) = %d, want %d", tt.err, got, tt.want)
		}
	}
}

func BenchmarkEnviron(b *testing.B) {
	var parent []string
	var set []Var
	for i := range 100 {
		parent = append(parent, fmt.Sprintf("P_%d=value", i))
		set = append(set, Var{Secret: fmt.Sprintf("s.%d", i), Value: []byte("value")})
	}
	for b.Loop() {
		if _, _, err := Environ(parent, set, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
