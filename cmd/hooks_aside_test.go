package cmd

import (
	"os"
	"path/filepath"
	"testing"
)

func TestCannotMove(t *testing.T) {
	for text, want := range map[string]string{
		`case $(basename "$0") in pre-commit) exit 1 ;; esac`: "",
		`case ${0##*/} in pre-commit) exit 1 ;; esac`:         "",
		`echo "usage: $0 [-v]"; echo at 10:00:00`:             "",
		`. "$(dirname "$0")/common.sh"`:                       "looks for files beside itself",
		`. "${0%/*}/common.sh"`:                               "looks for files beside itself",
		`for h in "$0".d/*; do "$h"; done`:                    "looks for files beside itself",
		`exec "$0.local" "$@"`:                                "looks for files beside itself",
		`exec "${0}-local" "$@"`:                              "looks for files beside itself",
		`source ${0:A:h}/x.zsh`:                               "looks for files beside itself",
		`cd "${BASH_SOURCE[0]}"`:                              "looks for files beside itself",
		`sys.path.insert(0, Path(__file__).parent)`:           "looks for files beside itself",
		`require(path.join(__dirname, 'x'))`:                  "looks for files beside itself",
	} {
		f := hookFile{path: filepath.Join(t.TempDir(), "pre-commit"), data: []byte("#!/bin/sh\n" + text + "\n")}
		if got := f.cannotMove(); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

// A link to another hook would lead to ours, unless that is set aside as well.
func TestCannotMoveLinks(t *testing.T) {
	const script, call = "#!/bin/sh\nexit 1\n", "#!/bin/sh\npinseal hook pre-commit\n"
	for _, test := range []struct{ target, other, want string }{
		{"pre-commit", script, ""},
		{"pre-commit", call, "is a link to another hook"},
		{"pre-commit", "", "is a link to another hook"},
		{"./pre-commit", script, "is a link to another hook"},
		{"../hooks/pre-commit", script, "is a link to another hook"},
		{"dispatch", script, ""},
		{"../../scripts/pre-commit", script, ""},
	} {
		dir := filepath.Join(t.TempDir(), "hooks")
		if err := os.Mkdir(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		if test.other != "" {
			if err := os.WriteFile(filepath.Join(dir, "pre-commit"), []byte(test.other), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		link := filepath.Join(dir, "pre-push")
		if err := os.Symlink(test.target, link); err != nil {
			t.Fatal(err)
		}
		if got := (hookFile{path: link}).cannotMove(); got != test.want {
			t.Errorf("to %s, with %q: %q, want %q", test.target, test.other, got, test.want)
		}
	}
}
