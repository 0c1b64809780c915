package cmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

// maxTemplate is the largest template in bytes.
const maxTemplate = 1 << 20

type injectOptions struct {
	reading
	in, out string // "-" is stdin and stdout
	mode    fileMode
	delims  string
}

// delims stand around the actions of a template.
type delims struct{ left, right string }

// parseDelims reads two delimiters with a comma between them: signs alone, without
// those that an action can have.
func parseDelims(text string) (d delims, err error) {
	d.left, d.right, _ = strings.Cut(text, ",")
	for _, part := range []string{d.left, d.right} {
		if len(part) < 2 || len(part) > 8 || strings.Trim(part, "!#%&*+-/;<>?@[]\\^{}~") != "" {
			return delims{}, usage([]string{"--delims '[[,]]'", "--delims '<%,%>'"}, "--delims wants two groups of signs, with a comma between them")
		}
	}
	return d, nil
}

func newInject(c *cli) *cobra.Command {
	o := injectOptions{mode: 0o600}
	cmd := &cobra.Command{
		Use:     "inject",
		Aliases: []string{"template"},
		Short:   "Fill a template with values",
		Long: `Fill a Go template (text/template) with values, in plain text. Nothing is written
unless all of it can be: a secret that cannot be had or is blank is an error, and so
is a key that is not there. Only the secrets that the template asks for are opened.

  {{ secret "NAME" }}           the exact value
  {{ (json "NAME").host }}      a value that is JSON, and one field of it
  {{ base64 "NAME" }}           the value in base64
  {{ if has (json "NAME") "port" }}   whether it has the field
  {{ secret "NAME" | tojson }}  in JSON's quotes and escapes, which are YAML's too
  {{ secret "NAME" | indent 4 }}   with 4 spaces before every line but the first

Beside these there is what every Go template has: if, range, with, define, eq, index,
printf and so on, but index takes JSON alone. A template does not call itself.
Messages have the line of the template and never a value. In a file that has {{ }} of
its own, as those of Helm and GitHub Actions, choose others: --delims '[[,]]'.

` + overrideLong,
		Example: `  pinseal inject -i app.conf.tmpl -o app.conf -e production --at pin
  pinseal inject -i values.yaml.tmpl -o values.yaml --delims '[[,]]'
  pinseal inject -i app.conf.tmpl | ssh web 'cat > app.conf'
  echo 'url: {{ secret "DATABASE_URL" | tojson }}' | pinseal inject -o config.yaml`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.runInject(cmd.Context(), o)
		},
	}
	o.bind(c, cmd)
	o.override.bind(c, cmd)
	f := cmd.Flags()
	f.StringVarP(&o.in, "input", "i", "-", "read the template from `FILE`")
	f.StringVarP(&o.out, "output", "o", "-", "write to `FILE`")
	f.StringVar(&o.delims, "delims", "{{,}}", "what actions stand in: `LEFT,RIGHT`")
	f.Var(&o.mode, "mode", "the `MODE` of the file that is written")
	completeFlag(cmd, "mode", cobra.FixedCompletions([]string{"0400", "0600", "0640"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (c *cli) runInject(ctx context.Context, o injectOptions) error {
	if o.mode&0o400 == 0 || o.mode&0o022 != 0 {
		return usage([]string{"--mode 0600", "--mode 0440"}, "--mode wants a file that you can read and nobody else can write")
	}
	d, err := parseDelims(o.delims)
	if err != nil {
		return err
	}
	text, err := c.readTemplate(o)
	if err != nil {
		return err
	}
	t, err := parseTemplate(text, d)
	if err != nil {
		return err
	}
	v, err := c.view(ctx, o.reading, use)
	if err != nil {
		return err
	}
	defer v.Close()
	data, err := orDone(c.done, func() ([]byte, error) { return t.fill(ctx, v) })
	if err != nil {
		return c.readHint(v, err)
	}
	if o.out == "-" {
		return c.writeStdout(data)
	}
	if err := c.writeOutput(o.out, data, fs.FileMode(o.mode)); err != nil {
		return fmt.Errorf("output %q: %w", o.out, err)
	}
	c.say("Wrote %s of %s, in plain text, to %s", count(len(t.opened), "value"), v.Environment, quoteShell(o.out))
	c.warnPlaintext(ctx, o.out)
	return nil
}

// readTemplate reads the template, which the output must not overwrite.
func (c *cli) readTemplate(o injectOptions) ([]byte, error) {
	if o.in == "-" {
		if c.StdinTTY {
			return nil, usage([]string{"pinseal inject -i TEMPLATE -o FILE"}, "there is no template: name a file, or pipe one in")
		}
		data, err := orDone(c.done, func() ([]byte, error) { return readAtMost(c.Stdin, maxTemplate) })
		if err != nil && !errors.Is(err, context.Canceled) {
			err = usage(nil, "stdin %s", err)
		}
		return data, err
	}
	if o.out != "-" {
		from, err := os.Stat(c.path(o.in))
		to, outErr := os.Stat(c.path(o.out))
		if err == nil && outErr == nil && os.SameFile(from, to) {
			return nil, usage(nil, "--input and --output are one file: the values would take the template's place")
		}
	}
	return c.readInput(o.in, maxTemplate)
}
