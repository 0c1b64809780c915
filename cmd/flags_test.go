package cmd

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// allCommandPaths returns every command, with those below it.
func allCommandPaths(root *cobra.Command) (all []*cobra.Command) {
	for _, cmd := range root.Commands() {
		all = append(all, cmd)
		all = append(all, allCommandPaths(cmd)...)
	}
	return all
}

func runQuietly(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	env := &Env{Dir: t.TempDir(), Stdin: strings.NewReader(""), Stdout: &out, Stderr: &err, Now: time.Now}
	code = Run(context.Background(), env, args)
	return code, out.String(), err.String()
}

// An empty flag or argument is a variable that was not set, wherever it stands.
func TestEmptyIsUsage(t *testing.T) {
	commands := allCommandPaths(newRoot(&cli{Env: &Env{}}, nil))
	if len(commands) < 25 {
		t.Fatalf("only %d commands", len(commands))
	}
	flags := 0
	for _, cmd := range commands {
		path := strings.Fields(cmd.CommandPath())[1:]
		if code, _, stderr := runQuietly(t, append(path, "")...); code != 2 {
			t.Errorf("%s '': exit code %d\n%s", path, code, stderr)
		}
		cmd.InheritedFlags() // merges them
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if kind := f.Value.Type(); kind != "string" && kind != "stringSlice" {
				return
			}
			flags++
			code, _, stderr := runQuietly(t, append(path, "--"+f.Name, "")...)
			refused := strings.Contains(stderr, "--"+f.Name+" is empty")
			says := f.Name == "about" || f.Name == "expires" || f.Name == "message"
			if refused == says || refused && code != 2 {
				t.Errorf("%s --%s '': exit code %d\n%s", path, f.Name, code, stderr)
			}
		})
	}
	if flags < 100 {
		t.Errorf("only %d flags", flags)
	}
	if code, _, stderr := runQuietly(t, ""); code != 2 {
		t.Errorf("'': exit code %d\n%s", code, stderr)
	}
	if code, _, stderr := runQuietly(t, "help", ""); code != 2 {
		t.Errorf("help '': exit code %d\n%s", code, stderr)
	}
}

func TestNumberFlags(t *testing.T) {
	for _, test := range []struct{ args, want string }{
		{"publish dev --expect -3", "--expect wants a number from 0"},
		{"publish dev --expect -1", "--expect wants a number from 0"},
		{"rollback dev --expect=-1", "--expect wants a number from 0"},
		{"promote dev production --expect x", "--expect wants a number from 0"},
		{"publish dev --expect", "--expect needs a value"},
		{"get KEY --min-pin -1", "--min-pin wants a number from 0"},
		{"run --min-pin=-1 -- true", "--min-pin wants a number from 0"},
	} {
		code, _, stderr := runQuietly(t, strings.Fields(test.args)...)
		if code != 2 || !strings.Contains(stderr, test.want) {
			t.Errorf("%s: exit code %d, want 2 and %q\n%s", test.args, code, test.want, stderr)
		}
	}
	_, help, _ := runQuietly(t, "publish", "--help")
	if !strings.Contains(help, "--expect N") || strings.Contains(help, "(default") {
		t.Errorf("help of --expect:\n%s", help)
	}
}

// What was mistyped is answered with a known name and not shown again, but for the
// name of a flag that can hardly be anything else.
func TestNearestIsOffered(t *testing.T) {
	for _, test := range []struct {
		args  string
		want  string // the first hint, or the error
		never string
	}{
		{"lst", "  try:  pinseal list\n", "lst"},
		{"-q pubish", "  try:  pinseal publish\n", "pubish"},
		{"histroy", "  try:  pinseal log\n", "histroy"},
		{"hunter22", "  try:  pinseal help commands\n", "hunter22"},
		{"x", "  try:  pinseal help commands\n", ""},
		{"identity shwo", "  try:  pinseal identity show\n", "shwo"},
		{"identity nosuch", "  try:  pinseal identity --help\n", "nosuch"},
		{"help pubish", "  try:  pinseal help publish\n", "pubish"},
		{"help exit-code", "  try:  pinseal help exit-codes\n", ""},
		{"get KEY --jsno", "error: there is no flag --jsno\n  try:  pinseal get --json\n", ""},
		{"get KEY --correct-horse-battery", "a flag is not known", "horse"},
		{"get KEY --jSno", "a flag is not known", "jSno"},
		{"get KEY --evn=hunter22", "  try:  pinseal get --env\n", "hunter22"},
		{"get KEY --evn=hunter", "error: a flag is not known, or has a value it cannot take\n", "hunter"},
		{"get KEY --evn=hunter --env x", "a flag is not known", "evn="},
		{"run --onyl A -- true", "error: there is no flag --onyl\n  try:  pinseal run [flags] -- CMD", ""},
		{"get KEY --hunter22", "  try:  pinseal get --help\n", "hunter22"},
		{"get KEY -zhunter22", "  try:  pinseal get --help\n", "hunter22"},
	} {
		code, stdout, stderr := runQuietly(t, strings.Fields(test.args)...)
		if code != 2 || stdout != "" || !strings.Contains(stderr, test.want) {
			t.Errorf("%s: exit code %d, want 2 and %q\n%s%s", test.args, code, test.want, stdout, stderr)
		}
		if test.never != "" && strings.Contains(stderr, test.never) {
			t.Errorf("%s is shown again:\n%s", test.never, stderr)
		}
	}
}

func TestNearest(t *testing.T) {
	names := []string{"get", "set", "list", "log", "rm", "mv", "publish", "identity"}
	for _, test := range []struct{ typed, want string }{
		{"get", "get"}, {"gte", "get"}, {"gett", "get"}, {"ge", "get"}, {"let", "get set"}, {"ls", "list"}, {"lisst", "list"},
		{"publsih", "publish"}, {"pulbsih", "publish"}, {"pubsih", "publish"}, {"pulsihb", ""}, {"", ""}, {"r", "rm"}, {"xy", ""}, {"dentiti", "identity"},
		{strings.Repeat("publish", 1000), ""},
	} {
		if got := strings.Join(nearest(test.typed, names), " "); got != test.want {
			t.Errorf("nearest(%.20q) = %q, want %q", test.typed, got, test.want)
		}
	}
}

func TestVersionFlag(t *testing.T) {
	_, long, _ := runQuietly(t, "version")
	code, short, stderr := runQuietly(t, "--version")
	first, _, _ := strings.Cut(long, "\n")
	if code != 0 || short != first+"\n" || stderr != "" {
		t.Errorf("--version: exit code %d, %q, want %q\n%s", code, short, first, stderr)
	}
}

func TestEveryCommandHasAnExample(t *testing.T) {
	for _, cmd := range allCommandPaths(newRoot(&cli{Env: &Env{}}, nil)) {
		if cmd.Example == "" {
			t.Errorf("%s has none", cmd.CommandPath())
		}
	}
}
