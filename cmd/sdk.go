package cmd

import (
	_ "embed" // the clients are in the program as they are
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"pinseal/versions"
)

//go:embed sdk/pinseal.py
var sdkPython string

//go:embed sdk/pinseal.mjs
var sdkJavaScript string

// sdkLanguages are those that sdkClient knows.
func sdkLanguages() []string { return []string{"python", "javascript"} }

// sdkClient returns the client for a language and the usual name of its file; "" for
// a language that has none.
func sdkClient(language string) (text, file string) {
	switch language {
	case "python":
		text, file = sdkPython, "pinseal.py"
	case "javascript":
		text, file = sdkJavaScript, "pinseal.mjs"
	}
	return strings.Replace(text, "@VERSION@", versionHere().Version, 1), file
}

type sdkOptions struct {
	language, out string
	force         bool
}

func newSDK(c *cli) *cobra.Command {
	var o sdkOptions
	languages := strings.Join(sdkLanguages(), "|")
	cmd := &cobra.Command{
		Use:   "sdk " + languages,
		Short: "Print a client for your app: one file, no dependencies",
		Long: `Print a client that an app reads its secrets with: one file that you commit with the
app and may edit. It needs nothing but the language: Python 3.8 or newer, Node 18 or
newer (an ES module; CommonJS imports it with await import).

It asks pinseal serve where PINSEAL_SOCKET, or PINSEAL_URL and PINSEAL_TOKEN_FILE, say
where that is, else it runs this program. One that is set and does not work, or is
empty, is an error, and the next is not tried.

A FILE that is there and differs may have been edited: it is replaced with --force only.`,
		Example: `  pinseal sdk python -o pinseal.py
  pinseal sdk javascript -o src/pinseal.mjs
  pinseal serve --socket /run/shop.sock -e production --at pin
  PINSEAL_SOCKET=/run/shop.sock python3 app.py`,
		Args: func(cmd *cobra.Command, args []string) error {
			if err := exactArgs("LANG")(cmd, args); err != nil {
				return err
			}
			if !slices.Contains(sdkLanguages(), args[0]) {
				return usage([]string{"pinseal sdk " + strings.Join(sdkLanguages(), " | ")}, "there is no client for that language")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.language = args[0]
			return c.runSDK(o)
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return sdkLanguages(), cobra.ShellCompDirectiveNoFileComp
		},
	}
	cmd.Flags().StringVarP(&o.out, "output", "o", "", "write to `FILE` (- is stdout)")
	cmd.Flags().BoolVar(&o.force, "force", false, "replace a FILE that differs")
	return cmd
}

func (c *cli) runSDK(o sdkOptions) error {
	text, file := sdkClient(o.language)
	if o.out == "" || o.out == "-" {
		return c.writeStdout([]byte(text))
	}
	if err := c.keepEdited(o, text); err != nil {
		return err
	}
	if err := c.writeOutput(o.out, []byte(text), 0o644); err != nil {
		return fmt.Errorf("output %q: %w", o.out, err)
	}
	c.say("Wrote %s, the %s client\nNext: git add %s && git commit", o.out, file, quoteShell(o.out))
	return nil
}

// keepEdited refuses a plain file that differs from what would be written.
func (c *cli) keepEdited(o sdkOptions, text string) error {
	info, err := os.Lstat(c.path(o.out))
	if o.force || err != nil || !info.Mode().IsRegular() {
		return nil // writing it says what is wrong
	}
	var there []byte
	if info.Size() == int64(len(text)) {
		if there, err = c.readFile(c.path(o.out), len(text)); err != nil {
			return fmt.Errorf("output %q: %w", o.out, errors.New(reasonOf(err)))
		}
	}
	if string(there) == text {
		return nil
	}
	command := "pinseal sdk " + o.language
	return hint(fmt.Errorf("output %q is there and differs, so it may have been edited: %w", o.out, versions.ErrConflict),
		command+" | diff "+quoteShell(o.out)+" -", command+" --force -o "+quoteShell(o.out))
}
