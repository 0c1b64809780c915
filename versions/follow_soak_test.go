package versions

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"pinseal/repo"
	"pinseal/seal"
)

// soakLooks is a run of seconds. PINSEAL_SOAK=5760 is a day at one look in 15 seconds.
const soakLooks = 40

// soak is a follower, an app that publishes, and all that can go wrong between them.
type soak struct {
	*testApp
	f      *Follower
	rand   *rand.Rand
	mark   string // in the environment of every git of the follower's
	server *httptest.Server
	fault  atomic.Value  // string: what the server does instead of answering
	asked  chan struct{} // the server was asked, and hangs
	turns  chan struct{} // for readers

	honest  []*Entry // pin N is honest[N-1]
	retired []int    // generations of the publish key
	last    int      // number of the pin that was given last
	current atomic.Pointer[Release]
	count   map[string]int
}

// TestFollowerSoak follows a remote for as long as nobody watches: it flaps, lies, is
// repacked and rewound, and nothing of it stays or is believed.
func TestFollowerSoak(t *testing.T) {
	if testing.Short() || runtime.GOOS != "linux" {
		t.Skip("takes seconds, and looks into /proc")
	}
	looks := soakLooks
	if text := os.Getenv("PINSEAL_SOAK"); text != "" {
		var err error
		if looks, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("TMPDIR", t.TempDir())
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	s := newSoak(t, seed)
	s.publish(1)
	s.look("honest")
	before := s.measure()
	stop := s.read(4)
	for i := range looks {
		s.step(i, looks)
		if t.Failed() {
			t.Fatalf("at look %d of seed %d", i, seed)
		}
	}
	s.honestly()
	stop()
	s.server.CloseClientConnections()
	after := s.measure()
	t.Logf("looks %d, pins %d, %v", looks, len(s.honest), s.count)
	t.Logf("before %+v, after %+v", before, after)
	after.check(t, before)
}

func newSoak(t *testing.T, seed uint64) *soak {
	s := &soak{testApp: newApp(t), rand: rand.New(rand.NewPCG(seed, 0)), asked: make(chan struct{}), turns: make(chan struct{}, 10), count: map[string]int{}}
	s.f = s.follower(FollowOptions{})
	s.mark = fmt.Sprintf("SOAK=%d", os.Getpid())
	s.f.o.Git.Env = append(s.f.o.Git.Env, s.mark)
	s.fault.Store("")
	exec := tgit(t, s.dir, "--exec-path")
	backend := &cgi.Handler{Path: filepath.Join(exec, "git-http-backend"), Stderr: io.Discard,
		Env: append(testEnv(s.dir), "GIT_PROJECT_ROOT="+filepath.Dir(s.dir), "GIT_HTTP_EXPORT_ALL=1")}
	s.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch s.fault.Load() {
		case "500":
			http.Error(w, "not today", http.StatusInternalServerError)
		case "hang":
			select {
			case s.asked <- struct{}{}:
			case <-r.Context().Done():
			}
			<-r.Context().Done()
		case "cut":
			w.Header().Set("Content-Type", "application/x-git-upload-pack-advertisement")
			w.Write([]byte("001e# service=git-upload-pack\n0000"))
			http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		case "cut later":
			if r.Method == http.MethodPost {
				panic(http.ErrAbortHandler)
			}
			backend.ServeHTTP(w, r)
		default:
			backend.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(s.server.Close)
	return s
}

// publish makes pins by hand, as an honest publisher would.
func (s *soak) publish(n int) {
	s.t.Helper()
	for range n {
		var below *Entry
		if len(s.honest) > 0 {
			below = s.honest[len(s.honest)-1]
		}
		e := s.pin(below, nil)
		p := *e.Pin // without the files that it was made with
		e.Pin = &p
		s.honest = append(s.honest, e)
	}
	tgitIn(s.t, s.dir, fmt.Appendf(nil, "update %s %[2]s\nupdate refs/kept %[2]s\n", LedgerRef(s.id, prod), s.tip().LedgerCommit), "update-ref", "--stdin")
}

func (s *soak) tip() *Entry { return s.honest[len(s.honest)-1] }

// pin is one with a value of its own, and what opens it.
func (s *soak) pin(below *Entry, edit func(*handmade)) *Entry {
	return s.forge(below, func(h *handmade) {
		file := s.bytes(SecretFile{Kind: KindSecret, Value: s.sealed(prod, "A", "value "+strconv.Itoa(h.Number))})
		h.files[SumName] = MakeSum(prod, map[string][32]byte{"A": digestOf(file)})
		h.files[FilePath(prod, "A")] = file
		wrap := WrapPath(seal.ReadSlot(prod), 1, "web")
		data, err := os.ReadFile(filepath.Join(s.dir, appDir, wrap))
		s.must(err)
		h.files[wrap] = data
		if edit != nil {
			edit(h)
		}
	})
}

// step is what happens between two looks, and a look.
func (s *soak) step(i, looks int) {
	s.t.Helper()
	s.f.o.URL = "file://" + s.dir
	if s.rand.IntN(4) == 0 {
		s.f.o.URL = s.server.URL + "/" + filepath.Base(s.dir)
	}
	if len(s.retired) < 12 && (i+1)%max(looks/12, 10) == 0 {
		s.retired = append(s.retired, s.tip().Generation)
		s.rotate(seal.PublishSlot(prod), s.tip())
		s.publish(1)
	}
	if i%max(looks/40, 20) == 0 {
		s.honestly()
		tgit(s.t, s.dir, []string{"gc", "repack"}[i%2], []string{"--prune=now", "-ad"}[i%2], "-q")
	}
	switch n := s.rand.IntN(100); {
	case n < 45:
		s.publish(1 + s.rand.IntN(3))
		s.look("honest")
	case n < 55:
		s.honestly()
	case n < 65:
		s.unreachable()
	case n < 75:
		s.f.o.URL = s.server.URL + "/" + filepath.Base(s.dir)
		s.faulty([]string{"500", "hang", "cut", "cut later"}[s.rand.IntN(4)])
	default:
		s.attack()
	}
}

// honestly is a look at what the publishers published.
func (s *soak) honestly() {
	s.t.Helper()
	s.setRef(LedgerRef(s.id, prod), s.tip())
	s.look("honest")
}

func (s *soak) unreachable() {
	s.t.Helper()
	away := s.dir + ".away"
	s.must(os.Rename(s.dir, away))
	s.look("unreachable")
	s.must(os.Rename(away, s.dir))
}

func (s *soak) faulty(how string) {
	s.t.Helper()
	s.fault.Store(how)
	s.look(how)
	s.fault.Store("")
}

// attack puts something else in the place of the ledger.
func (s *soak) attack() {
	s.t.Helper()
	tip, ref := s.tip(), LedgerRef(s.id, prod)
	switch n := s.rand.IntN(7); n {
	case 0:
		s.setRef(ref, nil)
		s.look("refused")
	case 1:
		if s.last > 1 {
			s.setRef(ref, s.honest[s.rand.IntN(s.last-1)])
			s.look("refused")
		}
	case 2: // of a retired key, one on the other
		if len(s.retired) == 0 {
			return
		}
		void := tip
		for range 1 + s.rand.IntN(3) {
			void = s.pin(void, func(h *handmade) { h.Generation = s.retired[s.rand.IntN(len(s.retired))] })
		}
		s.setRef(ref, void)
		s.look("honest")
	default:
		stranger, err := seal.GenerateKey(seal.PublishSlot(prod), tip.Generation)
		s.must(err)
		evil := s.pin(tip, func(h *handmade) {
			switch n {
			case 3:
				h.key = stranger
			case 4:
				h.files[FilePath(prod, "A")] = []byte("x")
			case 5:
				h.files[NoteName] = []byte("x")
			case 6:
				h.Previous = [32]byte{1}
			}
		})
		s.setRef(ref, evil)
		// What a publisher's pin names below is not seen over a gap.
		if n != 6 || s.last == tip.Number {
			s.look("refused")
		}
	}
}

// look looks once, and holds what comes to what was published.
func (s *soak) look(how string) {
	s.t.Helper()
	s.count[how]++
	ctx, cancel := context.WithCancel(s.t.Context())
	defer cancel()
	if how == "hang" {
		go func() {
			select {
			case <-s.asked:
				cancel()
			case <-ctx.Done():
			}
		}()
	}
	for len(s.turns) < cap(s.turns) {
		s.turns <- struct{}{}
	}
	r, err := s.f.Next(ctx)
	switch how {
	case "honest":
		if err != nil {
			s.t.Errorf("honest: %v", err)
		}
	case "refused":
		if !errors.Is(err, ErrNotAuthentic) {
			s.t.Errorf("refused: %v", err)
		}
	case "hang":
		if !errors.Is(err, context.Canceled) {
			s.t.Errorf("hang: %v", err)
		}
	default:
		if !is[*repo.GitError](err) {
			s.t.Errorf("%s: %v", how, err)
		}
	}
	if r != nil {
		s.took(r)
	}
	if how == "honest" && s.last != s.tip().Number {
		s.t.Errorf("pin %d is the newest, and %d was given", s.tip().Number, s.last)
	}
}

func is[T error](err error) bool { _, ok := errors.AsType[T](err); return ok }

func (s *soak) took(r *Release) {
	s.t.Helper()
	n := r.Pin.Number
	if n < s.last || n > len(s.honest) || r.Pin.Hash() != s.honest[n-1].Hash() {
		s.t.Fatalf("pin %d was given after %d", n, s.last)
	}
	s.last = n
	s.current.Store(r)
}

// read has readers ask what is current until stop is called.
func (s *soak) read(readers int) (stop func()) {
	var running sync.WaitGroup
	over := make(chan struct{})
	for range readers {
		running.Go(func() {
			last := 0
			for {
				select {
				case <-over:
					return
				case <-s.turns:
				}
				r := s.current.Load()
				v, err := r.Get("A")
				if err != nil || r.Pin.Number < last || string(v.Secret.Reveal()) != "value "+strconv.Itoa(r.Pin.Number) {
					s.t.Errorf("pin %d after %d: %v", r.Pin.Number, last, err)
				}
				last = r.Pin.Number
			}
		})
	}
	return func() { close(over); running.Wait() }
}

// held is what a process holds.
type held struct {
	descriptors, goroutines, children, marked, directories, temporary int
	heap                                                              uint64
	disk                                                              int64
}

func (s *soak) measure() held {
	s.t.Helper()
	var h held
	s.r.Close()      // of the publishers
	for range 1000 { // what was told to end may take a moment
		if h.children, h.marked = s.processes(); h.children+h.marked == 0 {
			break
		}
	}
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	h.heap, h.goroutines = m.HeapAlloc, runtime.NumGoroutine()
	h.descriptors, h.directories, h.temporary = s.entries("/proc/self/fd"), s.entries(s.f.dir), s.entries(os.TempDir())
	h.disk = sizeOf(s.f.dir)
	return h
}

func (s *soak) entries(dir string) int {
	s.t.Helper()
	found, err := os.ReadDir(dir)
	s.must(err)
	return len(found)
}

// processes counts the children of this one, and all that began with the follower.
func (s *soak) processes() (children, marked int) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	s.must(err)
	for _, file := range stats {
		stat, _ := os.ReadFile(file) // those that are gone meanwhile are empty
		_, after, _ := bytes.Cut(stat, []byte(") "))
		if f := strings.Fields(string(after)); len(f) > 1 && f[1] == strconv.Itoa(os.Getpid()) {
			children++
		}
		environ, _ := os.ReadFile(filepath.Join(filepath.Dir(file), "environ"))
		if bytes.Contains(environ, []byte(s.mark+"\x00")) {
			marked++
		}
	}
	return children, marked
}

func (h held) check(t *testing.T, before held) {
	t.Helper()
	if h.descriptors > before.descriptors+2 || h.goroutines > before.goroutines+4 || h.children+h.marked > 0 ||
		h.directories > 1 || h.temporary > before.temporary || h.heap > before.heap+8<<20 || h.disk > before.disk+8<<20 {
		t.Errorf("before %+v, after %+v", before, h)
	}
}
