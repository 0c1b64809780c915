package versions

import (
	"context"
	"errors"
	"iter"
	"sync"
	"sync/atomic"
	"time"

	"pinseal/seal"
)

// Reader is how an app reads its secrets: from a bundle or a repository ([Secrets]), or
// from a server (package pinseal/versions/socket). It is safe for concurrent use.
//
// Its errors are told apart with errors.Is and errors.As:
//
//	ErrNotFound        there is no secret of that name, no such environment or pin
//	*BlankError        it is declared, and has no value
//	seal.ErrNoKey      the identity does not open it
//	ErrNotAuthentic    something does not prove to be what it should be
//	*JSONError         the value is not the JSON that is wanted
//	*NotEncryptedError no version of the key decrypts it: changed, foreign, or no payload
type Reader interface {
	// Get opens one secret; of a named key, the newest version, which a server does
	// not give out. Each call gives a plaintext of its own, which is kept nowhere. It
	// prints as [secret]; what sends it on asks it to Reveal.
	Get(ctx context.Context, name string) (seal.Secret, error)
	// JSON opens one secret and decodes it as encoding/json does. After an error into
	// may be filled in part.
	JSON(ctx context.Context, name string, into any) error
	// Encrypt encrypts with the newest version of a named encryption key, which goes by
	// its name. The payload is standard base64 of a 12-byte IV, AES-GCM ciphertext and
	// tag. More than 1 GiB of plaintext is refused, by a server more than 8 MiB.
	Encrypt(ctx context.Context, key string, plaintext []byte) (payload string, err error)
	// Decrypt gives what a payload of that key was made of, whichever of its versions
	// made it. Before the first pin that has that version it is an error, and so is
	// whatever is not exactly a payload, such as one with a line break behind it.
	Decrypt(ctx context.Context, key, payload string) (seal.Secret, error)
	// List says what secrets there are, sorted by name, never a value.
	List(ctx context.Context) ([]Info, error)
	// Version says which set it is.
	Version(ctx context.Context) (VersionInfo, error)
	// Watch gives the version at once, and then each one that takes its place, until
	// ctx or the loop ends. What is read in the loop is that version or a later one.
	// An error says that there may be a newer set and it cannot be had or does not
	// verify: the one that was open is open still. It comes once until it changes;
	// when it has passed, the version comes again.
	Watch(ctx context.Context) iter.Seq2[VersionInfo, error]
}

// Options say whose secrets are opened, and what is held against them.
type Options struct {
	// Identity is the text of an identity file, as [seal.ParseIdentities] takes it: a
	// service identity, age identities, or an ssh key. Nobody is asked for a
	// passphrase, and no plugin is run. [FindIdentity] looks in the usual places;
	// [seal.NewSecret] makes one of bytes.
	Identity seal.Secret

	// App is the id that the app must have. A service identity vouches for it by
	// itself; with any other it is required: whoever has keys of two apps must not be
	// given the one for the other.
	App string

	// Environment is the one that a bundle must be of; "" takes any.
	Environment string

	// MinPin is the lowest pin that is opened.
	MinPin int

	// Pin is the number of the one pin that [OpenPin] opens; 0 is the newest.
	Pin int

	// Note is a signed app note that is known, such as the one in the source that an
	// app was built from: an older one counts no more. Optional.
	Note []byte

	// Seen is the newest pin that was opened before, from [Secrets.Seen]: none below
	// it is opened, and no other of its number. This package remembers nothing itself.
	Seen Seen

	// Interval is how often Watch looks; 0 is 5 seconds.
	Interval time.Duration

	// Environ is os.Environ, where [OpenPin] has to run git: a plain clone of this user
	// is read in process, and does without. It is called once. No variable whose name
	// begins with PINSEAL_ reaches git.
	Environ func() []string
}

// Secrets is the set of one pin, in memory: verified, and every value opened once to
// see that it does. It holds the keys, and the values sealed. Only Watch ever puts a
// newer pin in its place, at once and as a whole. It is a [Reader], and safe for
// concurrent use.
type Secrets struct {
	now      atomic.Pointer[opened]
	from     supply // nil: there is nothing to look at again
	interval time.Duration
	mu       sync.Mutex // who looks
}

// supply is where a set came from, and where a newer one would be.
type supply interface {
	// look returns a newer set, or nil when there is none. What it returns goes forward
	// from what it returned before; after an error it is as if it had not been asked.
	look(ctx context.Context) (*opened, error)
	seen() Seen
	close() error
}

// opened is a release whose files are parsed, and of which every value opens.
type opened struct {
	*Release
	files map[string]*SecretFile
	keys  map[string]*seal.NamedKey // those that are not blank
}

// newOpened reads a whole release, and opens every value once, on all cores: one whose
// key is not at hand, or that stands where it was not sealed for, is an error now, and
// not when it is asked for.
func newOpened(ctx context.Context, r *Release) (*opened, error) {
	names, files, err := r.Source.Files(r.Environment)
	if err != nil {
		return nil, err
	}
	o := &opened{Release: r, files: make(map[string]*SecretFile, len(names)), keys: map[string]*seal.NamedKey{}}
	for i, f := range files {
		o.files[names[i]] = f
	}
	keys := make([]*seal.NamedKey, len(files))
	// An identity that reads nothing here is told so before the first secret is added.
	if _, err := r.Keys.candidates(seal.ReadSlot(r.Environment)); err != nil {
		return nil, err
	}
	err = InParallel(len(files), func(i int) (err error) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if files[i].Kind == KindKey && !files[i].Blank() {
			keys[i], err = r.OpenKey(names[i], files[i])
			return err
		}
		return r.Opens(names[i], files[i])
	})
	if err != nil {
		return nil, err
	}
	for i, key := range keys {
		if key != nil {
			o.keys[names[i]] = key
		}
	}
	return o, nil
}

// newSecrets opens what there is to begin with.
func newSecrets(ctx context.Context, from supply, o Options) (*Secrets, error) {
	s := &Secrets{from: from, interval: o.Interval}
	if s.interval <= 0 {
		s.interval = 5 * time.Second
	}
	if _, err := s.look(ctx); err != nil {
		return nil, errors.Join(err, from.close())
	}
	return s, nil
}

// Get opens one secret; of a named key, the newest version. Each call gives a plaintext
// of its own: it prints as [secret], and its Reveal gives the bytes. A name that is not
// there is an ErrNotFound, one that has no value a *BlankError.
func (s *Secrets) Get(ctx context.Context, name string) (seal.Secret, error) {
	if err := ctx.Err(); err != nil {
		return seal.Secret{}, err
	}
	now := s.now.Load()
	f, ok := now.files[name]
	if !ok {
		return seal.Secret{}, now.missing("secret", name)
	}
	v, err := now.Open(name, f)
	return v.Secret, err
}

func (o *opened) missing(what, name string) error {
	e := &NotFoundError{What: what, Name: name, In: o.Environment + " of the " + o.Source.What}
	if seal.CheckSecretName(name) != nil {
		e.Name = "" // it may be a value in the wrong place
	}
	return e
}

// JSON opens one secret and decodes it as encoding/json does. A value that does not fit
// is a *JSONError, which says nothing of it; into may be filled in part then.
func (s *Secrets) JSON(ctx context.Context, name string, into any) error {
	value, err := s.Get(ctx, name)
	if err != nil {
		return err
	}
	return DecodeJSON(name, value, into)
}

// List says what secrets there are, sorted by name, blanks too, and never a value. It
// has no dates: those are in git's history.
func (s *Secrets) List(ctx context.Context) ([]Info, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return s.now.Load().Infos()
}

// Version says which pin is open: its number, hash, publisher and message.
func (s *Secrets) Version(ctx context.Context) (VersionInfo, error) {
	return s.now.Load().Pin.Info(), ctx.Err()
}

// Snapshot is the set as it is now, which no Watch changes: for who reads several
// secrets that belong together.
func (s *Secrets) Snapshot() *Secrets {
	frozen := &Secrets{interval: s.interval}
	frozen.now.Store(s.now.Load())
	return frozen
}

// Seen is what to remember of the pin that is open, for [Options.Seen].
func (s *Secrets) Seen() Seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.from == nil {
		return seenOfPin(s.now.Load().Pin)
	}
	return s.from.seen()
}

// Close lets go of the repository. What is open can still be read.
func (s *Secrets) Close() error {
	if s.from == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.from.close()
}
