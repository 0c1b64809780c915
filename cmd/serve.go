package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/spf13/cobra"

	"pinseal/cmd/serve"
)

type serveOptions struct {
	reading
	feed      feedOptions
	socket    string
	listen    string
	tokenFile string
	uids      []int
	write     bool
	audit     string
}

func newServe(c *cli) *cobra.Command {
	var o serveOptions
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Answer apps over a unix socket or loopback HTTP",
		Long: `Serve the secrets of one environment over HTTP. Everything is verified and opened
before there is anything to connect to, and a pin that cannot be had is never replaced
by anything else.

  GET /v1/secrets                  names and what stands beside them, no values
  GET /v1/secrets/NAME             one secret with its value; by id too
  GET /v1/secrets/NAME/value       its bytes; with /json the value as JSON
  GET /v1/version?not=ID&wait=60   which pin it is, once it is another
  GET /v1/health, /metrics         whether it is the newest; Prometheus

A unix socket serves your own user and those of --allow-uid, told by the system and
not by what they say. Without --socket it is pinseal.sock in $RUNTIME_DIRECTORY or
$XDG_RUNTIME_DIR. With --listen it is TCP on a loopback address, and each request
carries the token of --token-file. One line of JSON goes to stderr or --audit FILE for
each value that is read, before it is told; FILE is opened anew on SIGHUP.

With --watch or --follow each newer pin takes the place of the one before, at once and
whole. When the remote is gone or lies, the last good pin stays and /v1/health says so.

With --write a work tree takes changes, each of which is a commit: POST /v1/secrets, and
PATCH or DELETE /v1/secrets/NAME. SIGTERM and SIGINT end the server with exit code 0.

` + overrideLong,
		Example: `  pinseal serve -e production --at pin
  pinseal serve -e production --follow 15s --socket /run/shop/pinseal.sock
  pinseal serve --bundle prod.bundle --app APPID --listen 127.0.0.1:7465 --token-file token
  pinseal serve --remote https://git.example/shop.git -e production --follow 15s
  curl --unix-socket "$PINSEAL_SOCKET" http://localhost/v1/secrets/DATABASE_URL`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.runServe(cmd.Context(), o)
		},
	}
	o.reading.bind(c, cmd)
	o.reading.override.bind(c, cmd)
	o.feed.bind(cmd)
	f := cmd.Flags()
	f.StringVar(&o.socket, "socket", "", "the unix socket's `PATH` (default: pinseal.sock in $RUNTIME_DIRECTORY or $XDG_RUNTIME_DIR)")
	f.StringVar(&o.listen, "listen", "", "serve TCP on `ADDRESS`, which is a loopback one: 127.0.0.1:7465")
	f.StringVar(&o.tokenFile, "token-file", "", "with --listen: requests carry the token of `FILE`, which only you can read")
	f.Var((*userIDs)(&o.uids), "allow-uid", "serve the user with this `ID` too; repeatable")
	f.BoolVar(&o.write, "write", false, "take changes of the work tree, each of which is a commit")
	f.StringVar(&o.audit, "audit", "", "append who read what to `FILE` instead of stderr")
	return cmd
}

// check holds the flags against one another.
func (o *serveOptions) check() error {
	try := []string{"pinseal serve --help"}
	switch {
	case o.socket != "" && o.listen != "":
		return usage(try, "--socket and --listen exclude each other: start two servers")
	case o.listen != "" && o.tokenFile == "":
		return usage([]string{"openssl rand -hex 32 > token && chmod 600 token", "pinseal serve --listen ADDRESS --token-file token"},
			"--listen wants --token-file: everybody on this machine can connect")
	case o.listen == "" && o.tokenFile != "":
		return usage(try, "--token-file goes with --listen: on a socket the system tells who asks")
	case o.listen != "" && len(o.uids) > 0:
		return usage(try, "--allow-uid goes with a unix socket: over TCP nobody tells who asks")
	case o.write && (o.bundle != "" || o.feed.asked()):
		return usage([]string{"pinseal serve --write -e ENV"}, "--write changes the work tree, and a pin is what it is")
	}
	return nil
}

// runServe opens everything before there is anything to connect to.
func (c *cli) runServe(ctx context.Context, o serveOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	c.hardenProcess()
	options := serve.Options{UIDs: o.uids, Write: o.write, Now: c.Now, Log: func(err error) { c.warn("%s", err) }}
	if o.tokenFile != "" {
		var err error
		if options.Token, err = c.readToken(o.tokenFile); err != nil {
			return err
		}
	}
	source, err := c.openServed(ctx, o)
	if err != nil {
		return err
	}
	defer source.Close()
	audit, err := c.openAudit(ctx, o.audit)
	if err != nil {
		return err
	}
	defer audit.Close()
	options.Audit, options.Following = audit, source.following
	server := serve.New(source.store, options)
	if err := ctx.Err(); err != nil {
		return err
	}
	at, err := c.listenFor(ctx, o)
	if err != nil {
		return err
	}
	defer at.Close()
	c.say("Serving %s: export %s", source.what, at.export)
	return c.serveUntil(ctx, server, at.Listener, source)
}

// serveUntil serves until ctx ends, which is what a server is told to do and no error.
func (c *cli) serveUntil(ctx context.Context, server *serve.Server, l net.Listener, source *servedSource) error {
	ctx, cancel := context.WithCancel(ctx)
	c.notifySystemd("READY=1\nSTATUS=serving " + source.what)
	fed := make(chan struct{})
	go func() {
		defer close(fed)
		source.feed(ctx, server)
	}()
	err := server.Serve(ctx, l)
	c.notifySystemd("STOPPING=1")
	cancel()
	<-fed
	return err
}

// readToken reads what requests over TCP carry. What the file holds is never shown.
func (c *cli) readToken(file string) ([]byte, error) {
	f, err := os.Open(c.path(file))
	if err != nil {
		return nil, usage(nil, "--token-file %s: %s", quoteShell(file), reasonOf(err))
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	// systemd's credentials and Kubernetes' volumes are root's, and for a group to read.
	if !private(info) && (info.Mode().Perm()&0o007 != 0 || !ofRoot(info)) {
		return nil, hint(fmt.Errorf("token file %q can be read by others", file), "chmod 600 "+quoteShell(file))
	}
	data, err := orDone(c.done, func() ([]byte, error) { return readAtMost(f, maxToken) })
	if errors.Is(err, context.Canceled) {
		return nil, err
	}
	token := bytes.TrimSuffix(bytes.TrimSuffix(data, []byte("\n")), []byte("\r"))
	wants := fmt.Sprintf("token file %q wants one line of %d to %d visible characters", file, serve.MinToken, maxToken-2)
	if err != nil || len(token) < serve.MinToken {
		return nil, usage([]string{"openssl rand -hex 32 > " + quoteShell(file)}, "%s", wants)
	}
	for _, b := range token {
		if b <= ' ' || b > '~' {
			return nil, usage([]string{"openssl rand -hex 32 > " + quoteShell(file)}, "%s", wants)
		}
	}
	return token, nil
}
