package cmd

import (
	"context"
	"net"

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
  POST /v1/keys/NAME/encrypt       the body, encrypted; and /decrypt
  GET /v1/version?not=ID&wait=60   which pin it is, once it is another
  GET /v1/health, /metrics         whether it is the newest; Prometheus

A unix socket serves your own user and those of --allow-uid, told by the system and
not by what they say. Without --socket it is pinseal.sock in $RUNTIME_DIRECTORY or
$XDG_RUNTIME_DIR. With --listen it is TCP on a loopback address, and each request
carries the token of --token-file, which is read once. One line of JSON goes to stderr or
--audit FILE for each value that is read, before it is told; FILE is opened anew on SIGHUP,
which ends nothing.

Named encryption keys encrypt and decrypt bodies, application/octet-stream, of up to 8
MiB; the keys themselves are not told. One line of the audit says which version did it.

With --watch or --follow each newer pin takes the place of the one before, at once and
whole. When the remote is gone or lies, the last good pin stays and /v1/health says so.

With --write a work tree takes changes, each of which is a commit: POST /v1/secrets, and
PATCH or DELETE /v1/secrets/NAME, from your own user or with the token. SIGTERM and
SIGINT end the server with exit code 0, once what runs has ended; a second one does not wait for it.

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
	f.StringVar(&o.audit, "audit", "", "append who read what to `FILE`, or - for stdout, instead of stderr")
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
	c.keepHandedOver()
	options := serve.Options{UIDs: o.uids, Write: o.write, Now: c.Now, Log: c.logServed}
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
	audit, err := c.openAudit(ctx, o.audit)
	if err != nil {
		source.Close()
		return err
	}
	defer audit.Close() // last: it has what became of a change under way
	defer source.Close()
	options.Audit, options.Following, options.Watched = audit, source.following, source.watched
	server := serve.New(source.store, options)
	source.begin(server)
	if err := ctx.Err(); err != nil {
		return err
	}
	again := catchSecondEnd()
	defer again.release()
	at, err := c.listenFor(ctx, o)
	if err != nil {
		return err
	}
	defer at.Close()
	again.then(func() {
		<-ctx.Done() // by the first
		at.Close()
		server.Stop()
	})
	c.say("Serving %s: export %s", source.what, at.export)
	return c.serveUntil(ctx, server, at.Listener, source)
}

// logServed tells what a client is not: why something failed, and what would help.
func (c *cli) logServed(err error) {
	var try lines
	for i, line := range hints(err) {
		label := "      "
		if i == 0 {
			label = "try:  "
		}
		try = append(try, label+c.here(line))
	}
	c.warn("%s%v", err, try)
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
