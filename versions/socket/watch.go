package socket

import (
	"context"
	"iter"
	"math/rand/v2"
	"time"

	"pinseal/versions"
)

// How a server is asked again.
const (
	longestWait = 50 * time.Second // that one request waits for news; the server allows 60
	leastPause  = 100 * time.Millisecond
	mostPause   = 10 * time.Second
)

// Watch gives the version that is served at once, and then each one that takes its place;
// what is read in the loop is of that one or a later one. With an error comes the version
// that was told last; it comes once until it changes, and when it has passed, the version
// comes again. The loop ends with ctx. The server tells of a new set as soon as it has it.
// While it cannot be reached, or answers without waiting, it is asked less and less often,
// down to every ten seconds.
func (c *Client) Watch(ctx context.Context) iter.Seq2[versions.VersionInfo, error] {
	return func(yield func(versions.VersionInfo, error) bool) {
		var now versions.VersionInfo
		told, not, pause := "", "", leastPause
		for {
			began := time.Now()
			v, same, err := c.version(ctx, not, longestWait)
			if ctx.Err() != nil {
				return
			}
			is := now.ID
			switch {
			case err != nil:
				is, not = is+" "+err.Error(), "" // once it is back, it is to say so at once
			case !same:
				now = v
				is, not = v.ID, v.ID
			}
			news := is != told
			if news && !yield(now, err) {
				return
			}
			told = is
			if err == nil && (news || time.Since(began) >= longestWait/2) {
				pause = leastPause
			} else {
				pause = min(2*pause, mostPause)
			}
			if !sleep(ctx, pause) {
				return
			}
		}
	}
}

// sleep waits for half of d to d, so that many clients do not come at once; false says
// that ctx has ended.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d/2 + rand.N(d/2))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
