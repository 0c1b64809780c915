package cmd

import (
	"strings"
	"testing"
)

func TestParseCopyPlace(t *testing.T) {
	for in, want := range map[string]copyPlace{
		"dev":                            {"", "dev"},
		"shop/dev":                       {"shop", "dev"},
		"o36fxmkexpjfpukywkliomujbe/dev": {"o36fxmkexpjfpukywkliomujbe", "dev"},
	} {
		got, err := parseCopyPlace("--from", in)
		if err != nil || got != want {
			t.Errorf("%s: %v, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "/", "/dev", "shop/", "a/b/c", "s3cr3t!", "s3cr3t!/dev", "shop/s3cr3t!", "dev\n", "keys"} {
		_, err := parseCopyPlace("--from", in)
		if exitCode(err) != exitUsage {
			t.Errorf("%q: %v, want a usage error", in, err)
		} else if strings.Contains(err.Error(), "s3cr3t") || !strings.Contains(err.Error(), "--from") {
			t.Errorf("%q: %v", in, err)
		}
	}
}

func TestChooseFormat(t *testing.T) {
	for _, test := range []struct{ format, file, want string }{
		{"", "-", "dotenv"}, {"", ".env", "dotenv"}, {"", "a.json", "json"}, {"", "A.JSON", "json"},
		{"dotenv", "a.json", "dotenv"}, {"json", "-", "json"}, {"toml", "a.json", ""}, {"JSON", "-", ""},
	} {
		got, err := chooseFormat(test.format, test.file)
		if got != test.want || (test.want == "") != (exitCode(err) == exitUsage) {
			t.Errorf("%q for %q: %q, %v, want %q", test.format, test.file, got, err, test.want)
		}
	}
}
