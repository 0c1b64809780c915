package versions

import (
	"fmt"
	"os"
	"testing"

	"pinseal/seal"
)

// Shop is an app in a real repository, for tests and examples outside of the package.
type Shop struct {
	Dir      string
	App      string
	Identity seal.Secret // of the service web

	app *testApp
}

// NewShop makes a Shop with pin 1 of production. done removes it.
func NewShop(values map[string]string) (s *Shop, done func()) {
	t := &exampleTB{}
	a := newApp(t)
	s = &Shop{Dir: a.dir, App: a.id.String(), Identity: seal.NewSecret(a.identityText("web")), app: a}
	s.Publish(values)
	return s, t.done
}

// Rotate adds a version of a named encryption key, and publishes.
func (s *Shop) Rotate(key string) {
	s.app.addVersions(key, 128, 1)
	s.app.publish("ci")
}

// Publish sets values and publishes.
func (s *Shop) Publish(values map[string]string) {
	for name, value := range values {
		s.app.set(prod, name, value)
	}
	s.app.publish("ci")
}

// Rewind sets the ledger back by one pin.
func (s *Shop) Rewind() {
	s.app.setRef(LedgerRef(s.app.id, prod), &Entry{LedgerCommit: s.app.ledger().Tip().parent})
}

// Bundle is the newest pin for the service web.
func (s *Shop) Bundle() []byte { return s.app.bundle(s.app.ledger().Tip(), "web") }

// exampleTB is what an example, which has no testing.TB, needs of one.
type exampleTB struct {
	testing.TB
	cleanups []func()
}

func (t *exampleTB) Helper()                      {}
func (t *exampleTB) Cleanup(f func())             { t.cleanups = append(t.cleanups, f) }
func (t *exampleTB) Fatal(args ...any)            { panic(fmt.Sprint(args...)) }
func (t *exampleTB) Fatalf(f string, args ...any) { panic(fmt.Sprintf(f, args...)) }

func (t *exampleTB) TempDir() string {
	dir, err := os.MkdirTemp("", "shop")
	if err != nil {
		panic(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func (t *exampleTB) done() {
	for i := len(t.cleanups) - 1; i >= 0; i-- {
		t.cleanups[i]()
	}
}
