package cmd

import (
	"runtime/debug"
	"strings"
	"testing"
)

func TestVersionOf(t *testing.T) {
	vcs := []debug.BuildSetting{{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.time", Value: "2026-01-02T03:04:05Z"}, {Key: "vcs.modified", Value: "true"}}
	tests := []struct {
		info *debug.BuildInfo
		want string
	}{
		{nil, "pinseal dev\ngo "},
		{&debug.BuildInfo{}, "pinseal dev\ngo "},
		{&debug.BuildInfo{Main: debug.Module{Version: "(devel)"}, Settings: vcs}, "pinseal dev\ncommit   abc  2026-01-02T03:04:05Z  with changes\ngo "},
		{&debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}, Settings: vcs[:1]}, "pinseal v1.2.3\ncommit   abc\ngo "},
	}
	for _, test := range tests {
		if got := versionOf(test.info).text(); !strings.HasPrefix(got, test.want) {
			t.Errorf("%q, want it to begin with %q", got, test.want)
		}
	}
}

func TestWithoutIdentity(t *testing.T) {
	in := []string{
		"PATH=/bin", "PINSEAL_IDENTITY=x", "PINSEAL_IDENTITY_FILE=x", "pinseal_identity=x", "PINSEAL_IDENTITY_NEXT=x",
		"PINSEAL_X=# note\nage-secret-key-pq-1abc", "PINSEAL_Y=AGE-PLUGIN-YUBI-1ABC", "PINSEAL_Z=PINSEAL-SERVICE-1.a.1.b",
		"PINSEAL_ENV=dev", "PINSEAL_APP=shop", "OTHER=AGE-SECRET-KEY-1", "PINSEAL_IDENTITY",
	}
	want := "PATH=/bin PINSEAL_ENV=dev PINSEAL_APP=shop OTHER=AGE-SECRET-KEY-1"
	if got := strings.Join(withoutIdentity(in), " "); got != want {
		t.Errorf("withoutIdentity = %q, want %q", got, want)
	}
	if len(in) != 12 || in[1] != "PINSEAL_IDENTITY=x" {
		t.Error("the list that was given has changed")
	}
}
