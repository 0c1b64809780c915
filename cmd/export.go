package cmd

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"pinseal/seal"
)

type exportOptions struct {
	reading
	format string
	only   []string
	out    string // "-" is stdout
	dir    string // "" for none
	mode   fileMode
	replace,
	outGiven, modeGiven bool
	k8s   k8sMeta
	typed typedFlags
}

func newExport(c *cli) *cobra.Command {
	o := exportOptions{mode: 0o400}
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Print or write every value of a set, in a format that others read",
		Long: `Print the values of a set, in plain text. Everything is opened before anything is
printed or written. A blank is an error unless it is optional; then it is left out.
A value that the format cannot carry exactly is an error that names it.

  dotenv      a .env file that import reads back byte for byte
  json, yaml  one flat map of strings; so do these
  shell       export lines for eval in sh, dash, bash and zsh
  k8s-secret  a Kubernetes Secret, with the pin, the commit and the app as
              annotations: pipe it to kubectl
  docker      NAME=value lines for docker run --env-file, which knows no quotes
  github-env  in a step of GitHub Actions: masks every line of every value in the
              log, then sets the variables of the steps that follow (it writes the
              file that GITHUB_ENV names)

In shell, docker and github-env a character that no variable can have becomes "_".

--dir writes one file per secret instead, with its exact bytes, which only you can
read. The directory must be empty, or not exist; with --replace it may hold an older
export, and nothing else. Which files those are is in the file .pinseal-export beside
them: an app that takes every file of a directory has to skip hidden ones, as most do.
Choose a directory in memory, as below /run: files on a disk stay there after they are
deleted.

To run a program with the secrets, run and exec do it without a file.

` + overrideLong,
		Example: `  pinseal export -e production --at pin --format json | jq -r .DATABASE_URL
  pinseal export --only DATABASE_URL,REDIS_URL -o .env
  pinseal export --bundle prod.bundle -o prod.json
  eval "$(pinseal export --format shell || echo false)"
  pinseal export -e production --at pin --format k8s-secret | kubectl apply --server-side -f -
  pinseal export -e production --at pin --format github-env
  pinseal export -e production --at pin --dir /run/shop/secrets`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.outGiven, o.modeGiven = cmd.Flags().Changed("output"), cmd.Flags().Changed("mode")
			o.typed = typedFlags{cmd.Flags()}
			return c.runExport(cmd.Context(), o)
		},
	}
	o.bind(c, cmd)
	o.override.bind(c, cmd)
	f := cmd.Flags()
	f.StringVar(&o.format, "format", "", "`FORMAT`: "+strings.Join(exportFormats(), ", ")+" (default: as the name of --output ends, else dotenv)")
	f.StringSliceVar(&o.only, "only", nil, "only these `NAMES`, separated by commas")
	f.StringVarP(&o.out, "output", "o", "-", "write to `FILE`, which only you can read")
	f.StringVar(&o.dir, "dir", "", "write one file per secret to `DIR`")
	f.BoolVar(&o.replace, "replace", false, "with --dir: take the place of an older export")
	f.Var(&o.mode, "mode", "with --dir: the files' `MODE`: 0400, 0440 or 0444")
	f.StringVar(&o.k8s.name, "name", "", "with k8s-secret: the Secret's `NAME` (default: APP-ENV)")
	f.StringVar(&o.k8s.namespace, "namespace", "", "with k8s-secret: its `NAMESPACE`")
	completeFlag(cmd, "format", cobra.FixedCompletions(exportFormats(), cobra.ShellCompDirectiveNoFileComp))
	completeFlag(cmd, "only", c.completeOnly)
	completeFlag(cmd, "mode", cobra.FixedCompletions([]string{"0400", "0440", "0444"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (c *cli) runExport(ctx context.Context, o exportOptions) error {
	format, err := o.check(c.Getenv("GITHUB_ENV"))
	if err != nil {
		return err
	}
	v, err := c.view(ctx, o.reading, use)
	if err != nil {
		return err
	}
	defer v.Close()
	pairs, err := c.exported(ctx, v, o.only)
	if err != nil {
		return c.readHint(v, err)
	}
	switch {
	case o.dir != "":
		return c.exportDir(ctx, v, o, pairs)
	case format == formatGitHub:
		return o.pasted(c.exportGitHub(c.Getenv("GITHUB_ENV"), pairs))
	case format == formatK8s:
		if o.k8s, err = o.k8s.of(v); err != nil {
			return err
		}
	}
	data, err := formatPairs(format, pairs, o.k8s)
	if err != nil {
		return o.pasted(err)
	}
	if format == formatDotenv {
		c.warnNotVariables(pairs)
	}
	if o.out == "-" {
		return c.writeStdout(data)
	}
	if err := c.writeOutput(o.out, data, 0o600); err != nil {
		return fmt.Errorf("output %q: %w", o.out, err)
	}
	c.say("Wrote %s of %s, in plain text, to %s", count(len(pairs), "value"), v.Environment, quoteShell(o.out))
	c.warnPlaintext(ctx, o.out)
	return nil
}

// check refuses flags that do not go together, and returns the format. githubEnv is
// the variable GITHUB_ENV.
func (o *exportOptions) check(githubEnv string) (format string, err error) {
	for _, name := range o.only {
		if err := seal.CheckSecretName(name); err != nil {
			return "", err
		}
	}
	if format, err = chooseExportFormat(o.format, o.out); err != nil {
		return "", err
	}
	toDir := o.dir != ""
	switch {
	case toDir && (o.format != "" || o.outGiven):
		return "", usage(nil, "--dir writes values as they are: it goes with neither --format nor --output")
	case !toDir && (o.replace || o.modeGiven):
		return "", usage([]string{"pinseal export --dir DIR --replace", "pinseal export --dir DIR --mode 0440"}, "--replace and --mode go with --dir")
	case o.mode&^0o444 != 0 || o.mode&0o400 == 0:
		return "", usage([]string{"--mode 0400", "--mode 0440", "--mode 0444"}, "--mode of --dir wants files that you can read and nobody can write")
	case format != formatK8s && o.k8s != k8sMeta{}:
		return "", usage([]string{"--format k8s-secret"}, "--name and --namespace go with --format k8s-secret")
	case format == formatGitHub && o.outGiven:
		return "", usage(nil, "--format github-env writes the file that GITHUB_ENV names: it does not go with --output")
	case format == formatGitHub && githubEnv == "":
		return "", usage([]string{"pinseal run -- CMD      needs no variables of later steps"}, "GITHUB_ENV is not set: --format github-env is for a step of GitHub Actions")
	case format == formatK8s:
		return format, o.k8s.check()
	}
	return format, nil
}

// exported opens what is to be printed, sorted by name, and says what it leaves
// out.
func (c *cli) exported(ctx context.Context, v *view, only []string) ([]plainPair, error) {
	chosen, err := v.choose(ctx, only)
	if err != nil {
		return nil, err
	}
	if len(chosen.blanks) > 0 {
		c.say("Left out: %s (blank and optional)", strings.Join(chosen.blanks, ", "))
	}
	if len(chosen.keys) > 0 {
		c.say("Left out: %s (named encryption keys; --only takes them)", strings.Join(chosen.keys, ", "))
	}
	pairs := make([]plainPair, len(chosen.values))
	for i, value := range chosen.values {
		pairs[i] = plainPair{name: value.Name, value: value.Secret}
	}
	return pairs, nil
}
