package cmd

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"pinseal/seal"
)

// Nothing but ENV.publish is needed to publish, and it opens nothing. Several
// such publishers of one clone at once lose no pin.
func TestPublishAlone(t *testing.T) {
	s := newShop(t)
	s.run(0, "one", "set", "A")
	file, recipient, err := seal.NewIdentity()
	s.check(err)
	ci := filepath.Join(t.TempDir(), "ci")
	s.check(os.WriteFile(ci, file, 0o600))
	publish := seal.PublishSlot("dev")
	s.add("ci", recipient, publish)
	s.wrap(s.key(publish, 1), "ci")
	s.commit()

	s.run(0, "", "publish", "dev", "--first", "--identity", ci)
	for _, at := range []string{"worktree", "HEAD", "pin"} {
		_, talk := s.run(4, "", "get", "A", "--identity", ci, "--at", at)
		s.has(talk, `member "ci" has not been given dev.read`)
	}
	s.run(4, "", "publish", "production", "--first", "--identity", ci)

	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 5 {
				s.run(0, "", "publish", "dev", "--identity", ci, "-q")
			}
		})
	}
	group.Wait()
	out, _ := s.run(0, "", "pins", "dev", "--limit", "0")
	s.has(out, "#21 *", "#1 ")
}
