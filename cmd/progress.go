package cmd

import (
	"fmt"
	"time"

	"pinseal/versions"
)

// How often progress is shown: on a terminal on one line, elsewhere in lines of
// their own.
const (
	progressOnTerminal = 200 * time.Millisecond
	progressElsewhere  = 10 * time.Second
)

// progress shows how far a scan is. -q silences it.
type progress struct {
	*cli
	total int // commits; 0 for files
	every time.Duration
	next  time.Time
	shown bool
}

func (sc *scanning) newProgress(where scanWhere) *progress {
	p := &progress{cli: sc.cli, total: where.total, every: progressElsewhere}
	if p.StderrTTY {
		p.every = progressOnTerminal
	}
	p.next = p.Now().Add(max(p.every, time.Second))
	return p
}

// step is told of every item.
func (p *progress) step(at versions.ScanStats) {
	if p.quiet {
		return
	}
	now := p.Now()
	if now.Before(p.next) {
		return
	}
	p.next = now.Add(p.every)
	text := fmt.Sprintf("scanning: %s, %s", count(at.Items, "text"), bytesText(at.Bytes))
	if p.total > 0 {
		text = fmt.Sprintf("scanning: %d of %s, %s", min(at.Commits, p.total), count(p.total, "commit"), bytesText(at.Bytes))
	}
	if p.StderrTTY {
		p.shown = true
		fmt.Fprintf(p.Stderr, "\r\x1b[K%s", text)
		return
	}
	fmt.Fprintln(p.Stderr, text)
}

// end clears the line on a terminal.
func (p *progress) end() {
	if p.shown {
		fmt.Fprint(p.Stderr, "\r\x1b[K")
	}
}
