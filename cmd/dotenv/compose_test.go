package dotenv

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// composeDiffers lists where docker compose reads a golden file as something else,
// all of which the package doc tells; the file alone where it reports an error.
var composeDiffers = []string{
	"bash/blanks.env COMMENT",          // a tab before a comment
	"bash/escapes.env TICK",            // \` stays as it is
	"bash/hash.env",                    // 'a\' is not closed
	"node/crlf.env C",                  // CR LF in quotes
	"node/crlf.env D",                  //
	"node/literal.env BRACE",           // expanded
	"node/literal.env NAME",            //
	"ours/escapes.env ALL",             // \`
	"ours/escapes.env UNKNOWN",         // \a and \0
	"written/hard.env TICK_APOSTROPHE", // \`
}

// testdata/compose.json holds what the parser of docker compose reads in each golden
// file: run to make the file, not in the test. "reader" in it says which, and how.
func TestComposeGolden(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "compose.json"))
	if err != nil {
		t.Fatal(err)
	}
	var compose struct {
		Reader string
		Read   map[string]map[string]string
	}
	if err := json.Unmarshal(data, &compose); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join("testdata", "golden", "*", "*.env"))
	if err != nil || len(files) < 10 || compose.Reader == "" {
		t.Fatalf("%d golden files, read by %q (%v)", len(files), compose.Reader, err)
	}
	var differs []string
	for _, file := range files {
		name := filepath.ToSlash(strings.TrimPrefix(file, filepath.Join("testdata", "golden")+string(filepath.Separator)))
		got, ok := compose.Read[name]
		switch {
		case !ok:
			t.Errorf("%s: what compose reads is not known", name)
		case got == nil:
			differs = append(differs, name)
		default:
			differs = append(differs, composeDiff(name, got, readGolden(t, strings.TrimSuffix(file, ".env")+".json"))...)
		}
	}
	slices.Sort(differs)
	for _, d := range differs {
		if strings.HasPrefix(d, "all/") || !slices.Contains(composeDiffers, d) {
			t.Errorf("%s: compose reads something else", d)
		}
	}
	for _, d := range composeDiffers {
		if !slices.Contains(differs, d) {
			t.Errorf("%s: compose reads the same", d)
		}
	}
}

func composeDiff(file string, got, want map[string]string) (differs []string) {
	for name, value := range want {
		if g, ok := got[name]; !ok || g != value {
			differs = append(differs, file+" "+name)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			differs = append(differs, file+" "+name)
		}
	}
	return differs
}
