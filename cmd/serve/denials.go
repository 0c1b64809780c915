package serve

import (
	"sync"
	"time"
)

// Lines of the audit for requests that are denied: so many at once, then one a second,
// for each of so many users. A disk is not to be filled by who may not ask.
const (
	deniedLines = 5
	deniedUsers = 256
)

// denials counts the requests that are denied.
type denials struct {
	mu sync.Mutex
	by map[deniedBy]*tally
}

// deniedBy is a user and what is told; whoever is at a loopback address is one, and so
// are those who came when there were too many.
type deniedBy struct {
	uid  int // -1 over TCP, -2 for the many
	code string
}

// tally is the lines that are left to a user, and what had none.
type tally struct {
	lines  int
	filled time.Time // when lines was right
	held   int
}

// count returns how many requests a line stands for, with those before that had none;
// 0 when this one has none either.
func (d *denials) count(p *peer, code string, now time.Time) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	who := deniedBy{-1, code}
	if p.unix {
		who.uid = p.uid
	}
	t := d.of(who, now)
	t.fill(now)
	t.held++
	if t.lines == 0 {
		return 0
	}
	count := t.held
	t.lines, t.held = t.lines-1, 0
	return count
}

// of finds a tally, or begins it. Users who have been quiet are forgotten.
func (d *denials) of(who deniedBy, now time.Time) *tally {
	if t, ok := d.by[who]; ok {
		return t
	}
	if len(d.by) >= deniedUsers {
		for old, t := range d.by {
			if t.fill(now); t.lines == deniedLines {
				delete(d.by, old)
			}
		}
	}
	if len(d.by) >= deniedUsers {
		who.uid = -2
		if t, ok := d.by[who]; ok {
			return t
		}
	}
	if d.by == nil {
		d.by = map[deniedBy]*tally{}
	}
	t := &tally{lines: deniedLines, filled: now}
	d.by[who] = t
	return t
}

// fill adds a line for each second that has gone.
func (t *tally) fill(now time.Time) {
	gone := max(0, int(now.Sub(t.filled)/time.Second))
	t.lines += gone
	t.filled = t.filled.Add(time.Duration(gone) * time.Second)
	if t.lines >= deniedLines {
		t.lines, t.filled = deniedLines, now
	}
}
