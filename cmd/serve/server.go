package serve

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"pinseal/versions"
)

// Limits, see the package's documentation.
const (
	maxHeaders = 16 << 10 // bytes
	maxWait    = 60       // seconds
)

// times are how long a client may take, and a server to end.
type times struct{ header, body, idle, reply, turn, stall, shutdown time.Duration }

// Options of a Server.
type Options struct {
	UIDs      []int     // who may ask over a unix socket, beside the user of this process
	Token     []byte    // what TCP wants, at least [MinToken] bytes; nil for no TCP
	Audit     io.Writer // one Write per line
	Following string    // the remote, without a user; "" for none
	Watched   bool      // newer pins are looked for
	Write     bool      // whether a [Writer] is written to
	Now       func() time.Time
	// Log is told what a client is not: why something failed. It never holds a value.
	Log func(error)
}

// MinToken is the shortest token, in bytes.
const MinToken = 16

// Server answers requests. Make it with [New].
type Server struct {
	o       Options
	times   times
	uids    map[int]bool
	token   [sha256.Size]byte
	current atomic.Pointer[served]
	audit   *audit
	denials denials
	silent  atomic.Bool // the audit could not be written, and that was said
	meters  *meters
	health  health
	room    *room
	running sync.RWMutex  // held for reading by each request
	now     chan struct{} // closed by Stop
	stop    sync.Once
}

// served is what is served until it is replaced.
type served struct {
	store    Store
	pinned   *Pinned // the same, where it is one
	version  versions.VersionInfo
	id       []string      // the version's, as a header's value
	fixed    string        // for people, which version does not change; "" for a work tree
	replaced chan struct{} // closed
}

// New makes a server of a store. What it is given is verified; it is fresh.
func New(store Store, o Options) *Server {
	s := &Server{o: o, uids: map[int]bool{os.Getuid(): true}, token: sha256.Sum256(o.Token), audit: newAudit(o.Audit, o.Now), now: make(chan struct{}), room: newRoom(),
		times: times{header: 5 * time.Second, body: 10 * time.Second, idle: 2 * time.Minute, reply: 30 * time.Second, turn: 4 * time.Second, stall: 2 * time.Second, shutdown: 10 * time.Second}}
	for _, uid := range o.UIDs {
		s.uids[uid] = true
	}
	s.meters = newMeters(s)
	s.Swap(store)
	s.Fresh()
	return s
}

// Swap replaces what is served, at once and whole: a request gets all of the one or
// all of the other.
func (s *Server) Swap(store Store) {
	pinned, _ := store.(*Pinned)
	version := store.Version()
	before := s.current.Swap(&served{store: store, pinned: pinned, version: version, id: []string{version.ID}, fixed: fixedAt(version), replaced: make(chan struct{})})
	if before != nil {
		close(before.replaced)
	}
}

// fixedAt is what the decrypting of a payload did not go beyond.
func fixedAt(v versions.VersionInfo) string {
	switch v.Kind {
	case "pin":
		return fmt.Sprintf("pin %d of %s", v.Number, v.Environment)
	case "commit":
		return fmt.Sprintf("commit %.12s", v.Commit)
	}
	return ""
}

// Serve answers what comes in by a listener, a unix socket or one of TCP on a loopback
// address, until ctx ends, and then lets what runs finish, until Stop. It closes the
// listener. nil is an end that ctx asked for.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	gate, err := s.newGate(l)
	if err != nil {
		l.Close()
		return err
	}
	server := &http.Server{
		Handler:           &front{server: s, done: ctx.Done()},
		MaxHeaderBytes:    maxHeaders - 4<<10, // net/http adds that
		ReadHeaderTimeout: s.times.header,
		IdleTimeout:       s.times.idle,
		WriteTimeout:      s.times.reply,
		ErrorLog:          log.New(logLine(s.o.Log), "", 0),
		// OPTIONS * is asked of us as everything else is.
		DisableGeneralOptionsHandler: true,
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, peerKey{}, c.(*guest).peer)
		},
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(gate) }()
	select {
	case err := <-ended:
		server.Close()
		return err
	case <-ctx.Done():
	}
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.times.shutdown)
	defer cancel()
	go func() {
		select {
		case <-s.now:
			server.Close()
			cancel()
		case <-late.Done():
		}
	}()
	if err := server.Shutdown(late); err != nil {
		s.giveUp(server)
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// giveUp ends what still runs, and waits for it: what a write came to is in the audit
// before Serve returns. Only what does not end by itself either is left behind.
func (s *Server) giveUp(server *http.Server) {
	if w, ok := s.current.Load().store.(Writer); ok {
		w.GiveUp()
	}
	late, cancel := context.WithTimeout(context.Background(), s.times.shutdown)
	defer cancel()
	ended := make(chan struct{})
	go func() {
		s.running.Lock() // and never unlocked: nothing begins any more
		close(ended)
	}()
	select {
	case <-ended:
	case <-late.Done():
	}
	server.Close()
}

// Stop ends what still runs after the context of Serve has ended.
func (s *Server) Stop() { s.stop.Do(func() { close(s.now) }) }

// logLine takes what net/http has to say, such as that no connection can be accepted.
type logLine func(error)

// Write implements [io.Writer].
func (l logLine) Write(line []byte) (int, error) {
	l(errors.New(string(line)))
	return len(line), nil
}
