package cmd

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"pinseal/versions"
)

const (
	watchEvery  = time.Second      // how often a ledger or a bundle here is looked at
	followEvery = 15 * time.Second // how often a remote is, unless --follow says
	followLeast = time.Second
	lookTimeout = 2 * time.Minute // for one look at a remote
	// cacheTimeout is for the first, where a cache can stand in: who starts services
	// gives up after 90 seconds.
	cacheTimeout = 20 * time.Second
)

// feedOptions say where newer pins come from, for a command that goes on.
type feedOptions struct {
	watch  bool
	follow time.Duration
	remote string
	cache  string
}

func (o *feedOptions) bind(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&o.watch, "watch", false, "go on with each newer pin that comes here: into the ledger, or into the bundle's file")
	f.Var((*interval)(&o.follow), "follow", "fetch the ledger from the remote every `TIME` (15s), and go on with each newer pin")
	f.StringVar(&o.remote, "remote", "", "read the newest pin from a remote's `URL`; no clone is needed (wants -e)")
	f.StringVar(&o.cache, "cache", "", "with --remote: keep the newest pin in `FILE`, and start with it when the remote cannot be had")
}

// asked reports whether any of the flags was given.
func (o *feedOptions) asked() bool {
	return o.watch || o.follow != 0 || o.remote != "" || o.cache != ""
}

// interval is the value of --follow. What was given is never 0, which is for not at
// all: check refuses what is too short.
type interval time.Duration

// Set implements pflag.Value.
func (i *interval) Set(s string) error {
	d, err := time.ParseDuration(s)
	if d == 0 {
		d = 1
	}
	*i = interval(d)
	return err
}

// String implements pflag.Value.
func (i *interval) String() string { return "" }

// Type implements pflag.Value.
func (i *interval) Type() string { return "duration" }

// check holds the flags against one another and against what is read.
func (o *feedOptions) check(c *cli, r *reading) error {
	remote := o.remote != "" || o.follow != 0
	switch {
	case o.follow != 0 && o.follow < followLeast:
		return usage([]string{"pinseal … --follow 15s"}, "--follow wants a time of at least 1s")
	case o.remote != "" && (o.remote[0] == '-' || strings.ContainsAny(o.remote, "\n\x00")):
		return usage([]string{"pinseal … --remote https://git.example/shop.git"}, "--remote wants a URL or a path")
	case o.cache != "" && o.remote == "":
		return usage([]string{"pinseal … --remote URL --cache FILE"}, "--cache goes with --remote")
	case remote && r.bundle != "":
		return usage([]string{"pinseal … --bundle FILE --watch"}, "a bundle is one file: it excludes --remote and --follow")
	case remote && c.offline:
		return usage(nil, "--offline forbids --remote and --follow")
	}
	if !o.asked() || r.bundle != "" {
		return nil
	}
	at := r.at
	if at == "" {
		at = c.Getenv("PINSEAL_AT")
	}
	if at != "" && at != "pin" {
		return usage([]string{"pinseal … --at pin"}, "--watch, --follow and --remote read the newest pin, and --at or PINSEAL_AT says another version")
	}
	r.at = "pin"
	return nil
}

// feed gives the pinned sets of an environment one after another, each verified, held
// in memory, and never older than the one before.
type feed struct {
	now       *versions.Release // what was given last
	found     *versions.Release // by a look, and not given: it does not follow now
	unused    atomic.Bool       // now is to be given again
	missed    error             // of the look before the first Release
	following string
	every     time.Duration
	soon      bool // look at once: what there is may not be the newest
	look      func(context.Context) (*versions.Release, error)
	closers   []func()
}

// feedEvent is what a look came to. Without either there was nothing new. After an Err
// what there was stays.
type feedEvent struct {
	Release *versions.Release
	Err     error
}

// openFeed opens the pin that the flags ask for. Close the feed.
func (c *cli) openFeed(ctx context.Context, o reading, f feedOptions) (*feed, error) {
	if err := f.check(c, &o); err != nil {
		return nil, err
	}
	fd := &feed{}
	var err error
	switch {
	case f.remote != "":
		err = c.remoteFeed(ctx, fd, o, f)
	case o.bundle != "":
		err = c.bundleFeed(ctx, fd, o, f)
	default:
		err = c.repoFeed(ctx, fd, o, f)
	}
	if err != nil {
		fd.Close()
		return nil, err
	}
	return fd, nil
}

// Release is the set to begin with.
func (f *feed) Release() *versions.Release { return f.now }

// Following is the remote that is asked, without who logs in; "" for none.
func (f *feed) Following() string { return f.following }

// Close ends what the feed needs to look. Releases stay as they are.
func (f *feed) Close() {
	for i := len(f.closers) - 1; i >= 0; i-- {
		f.closers[i]()
	}
	f.closers = nil
}

// Unused says that the release that was given last could not be used. It is given again
// at the next look, unless there is a newer one then: until it can be used what there
// is is not the newest.
func (f *feed) Unused() { f.unused.Store(true) }

// Missed says why the release to begin with may not be the newest, which was told. It is
// nil where it is.
func (f *feed) Missed() error { return f.missed }

// Run looks until ctx ends, and calls event after each look. A feed that watches
// nothing waits.
func (f *feed) Run(ctx context.Context, event func(feedEvent)) error {
	if f.look == nil {
		<-ctx.Done()
		return ctx.Err()
	}
	for wait := f.wait(); ; wait = f.wait() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
		r, err := f.next(ctx, lookTimeout)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		event(feedEvent{Release: r, Err: err})
	}
}

// wait is the time to the next look. Hosts that started together do not ask together.
func (f *feed) wait() time.Duration {
	if f.soon {
		f.soon = false
		return 0
	}
	return f.every - f.every/10 + rand.N(f.every/5+1)
}

// next is one look.
func (f *feed) next(ctx context.Context, most time.Duration) (*versions.Release, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, most, errors.New("took longer than "+most.String()))
	defer cancel()
	r, err := f.look(ctx)
	if err != nil {
		return nil, err
	}
	if r != nil {
		f.found = r // the next look does not bring it again
	}
	return f.take()
}

// take gives what was found, if it is newer than what was given, or that again. What
// does not follow is refused each time, until something else is found.
func (f *feed) take() (*versions.Release, error) {
	r := f.found
	if r == nil || f.now != nil && r.Pin.Hash() == f.now.Pin.Hash() {
		f.found = nil
		if f.unused.Swap(false) {
			return f.now, nil
		}
		return nil, nil
	}
	if err := r.Follows(f.now); err != nil {
		return nil, err
	}
	f.now, f.found = r, nil
	f.unused.Store(false)
	return r, nil
}
