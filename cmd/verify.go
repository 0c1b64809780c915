package cmd

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"pinseal/seal"
	"pinseal/versions"
)

type verifyOptions struct {
	rev, env               string
	allowBlank, preReceive bool
	json                   bool
}

func newVerify(c *cli) *cobra.Command {
	var o verifyOptions
	cmd := &cobra.Command{
		Use:   "verify [REV]",
		Short: "Check everything that can be checked without a key",
		Long: `Check all apps of the work tree, or of REV (a git revision, pin or pin:N), and the
ledgers that are here. It needs no key and no trust, and asks no remote: for CI.
All that is wrong is listed, not only the first.

Exit code 5, and nothing on stdout: a stray file or link below .pinseal, a secret
file in another spelling or with a value that is not sealed, an app note or a
wrap that is none, a value sealed to a key that the note does not know, a ledger
that does not verify or is behind what was seen on this machine; in the work tree
also an app note that is older than one that was seen, or is in a ledger here.
Exit code 6: unmerged files, names that differ only in case.
Exit code 1: a blank that is not optional (--allow-blank), an expired secret, a
value sealed to a retired key, a reader without a wrap, a wrap for nobody.

With --pre-receive it checks what is pushed to the bare repository that it runs
in, and refuses the push with all that is wrong: on branches and tags each new
commit, an app note that went back, and below refs/pinseal/ all but a ledger with
further pins. This is the whole hook, hooks/pre-receive on the server:

  #!/bin/sh
  exec /usr/local/bin/pinseal verify --pre-receive

The server's HEAD must name the branch that counts: an app note must be of one line
with that branch's and with the ledgers'. Set receive.fsckObjects=true, as a malformed
tree can hide files from git's log, and receive.denyNonFastForwards=true where branches
are not rewritten. Not looked at are tags of files and directories, and refs other than
branches, tags and refs/pinseal/, such as refs/replace, refs/notes and refs/changes.`,
		Example: `  pinseal verify
  pinseal verify v1.4 -e production
  pinseal verify pin
  pinseal verify --allow-blank --json | jq '.problems[]'`,
		Args: rangeArgs(0, "REV"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				o.rev = args[0]
			}
			if !o.preReceive {
				return c.runVerify(cmd.Context(), o)
			}
			if o.rev != "" || o.env != "" || o.allowBlank || o.json || c.app != "" {
				return usage([]string{"pinseal verify --pre-receive"}, "--pre-receive checks what is pushed, and takes nothing else")
			}
			return c.runPreReceive(cmd.Context())
		},
		ValidArgsFunction: c.completeVersions,
	}
	f := cmd.Flags()
	f.StringVarP(&o.env, "env", "e", "", "look at the secrets and the ledger of this environment alone")
	completeFlag(cmd, "env", c.completeEnvironments)
	f.BoolVar(&o.allowBlank, "allow-blank", false, "let blanks pass that are not optional")
	f.BoolVar(&o.preReceive, "pre-receive", false, "check what is pushed, as a server's hook")
	f.BoolVar(&o.json, "json", false, "print JSON")
	return cmd
}

func (c *cli) runVerify(ctx context.Context, o verifyOptions) error {
	if o.env != "" && seal.CheckEnvironment(o.env) != nil {
		return usage([]string{"pinseal verify -e ENV"}, "that cannot be the name of an environment")
	}
	at, err := versions.ParseSelector(o.rev)
	if err != nil {
		return revError(o.rev, asUsage(err))
	}
	r, err := c.openRepo(ctx)
	if err != nil {
		return err
	}
	defer r.Close()
	v := &verifying{cli: c, ctx: ctx, repo: r, o: o, at: at, current: at.Kind == versions.AtWorkTree}
	if v.current && r.Bare() {
		v.at = versions.Selector{Kind: versions.AtRev, Rev: "HEAD"}
	}
	defer v.close()
	if err := v.open(); err != nil {
		return err
	}
	if at.Pinned() {
		err = v.pins()
	} else {
		err = v.store()
	}
	if err != nil {
		return err
	}
	if o.env != "" && !v.hasEnvironment() && len(v.faults) == 0 {
		return &versions.NotFoundError{What: "environment", Name: o.env, In: "any app of the " + v.what}
	}
	return v.verdict()
}

// revError is err, which says what is wrong with a revision and quotes it, where
// that cannot be a value in the wrong place.
func revError(rev string, err error) error {
	if err == nil || !strings.Contains(rev, "=") {
		return err
	}
	return usage([]string{"pinseal verify REV"}, "what was given is no revision here, nor a pin")
}
