package child

import (
	"context"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// pipes carries the streams that are not files.
type pipes struct {
	theirs  []*os.File // the program's ends, ours to close once it has them
	stdin   *os.File   // our end of its stdin, or nil
	source  io.Reader  // copied to stdin
	output  []*os.File // our ends of its stdout and stderr
	writers []io.Writer
	copied  chan struct{}  // closed when every copy to a writer has ended
	broken  chan os.Signal // SIGPIPE while we copy; never read

	mu        sync.Mutex
	abandoned bool
	err       error // the first failure of a writer
}

// connect sets the streams of cmd, through a pipe where they are no file.
// Nothing is copied before start.
func connect(cmd *exec.Cmd, stdin io.Reader, stdout, stderr io.Writer) (*pipes, error) {
	p := &pipes{copied: make(chan struct{}), broken: make(chan os.Signal, 1)}
	err := p.connectInput(cmd, stdin)
	if err == nil {
		err = p.connectOutput(cmd, stdout, stderr)
	}
	if err != nil {
		p.closeAll()
		return nil, err
	}
	return p, nil
}

func (p *pipes) connectInput(cmd *exec.Cmd, stdin io.Reader) error {
	if stdin == nil {
		return nil
	}
	if f, ok := stdin.(*os.File); ok {
		if f != nil {
			cmd.Stdin = f
		}
		return nil
	}
	theirs, ours, err := os.Pipe()
	if err != nil {
		return err
	}
	p.theirs = append(p.theirs, theirs)
	p.stdin, p.source, cmd.Stdin = ours, stdin, theirs
	return nil
}

func (p *pipes) connectOutput(cmd *exec.Cmd, stdout, stderr io.Writer) error {
	out, err := p.outlet(stdout)
	if err != nil {
		return err
	}
	errOut := out
	if !sameWriter(stdout, stderr) {
		if errOut, err = p.outlet(stderr); err != nil {
			return err
		}
	}
	// A nil *os.File is no nil io.Writer.
	if out != nil {
		cmd.Stdout = out
	}
	if errOut != nil {
		cmd.Stderr = errOut
	}
	return nil
}

// outlet returns the file the program writes to for w: w itself or a pipe to
// be copied to it; nil for nil.
func (p *pipes) outlet(w io.Writer) (*os.File, error) {
	switch w := w.(type) {
	case nil:
		return nil, nil
	case *os.File:
		return w, nil
	}
	ours, theirs, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	p.theirs = append(p.theirs, theirs)
	p.output = append(p.output, ours)
	p.writers = append(p.writers, w)
	return theirs, nil
}

// start closes the ends that the program now has, and begins to copy.
func (p *pipes) start() {
	closeFiles(p.theirs)
	if p.source != nil {
		go func() {
			// A program that ends or closes its stdin early is no failure.
			_, _ = io.Copy(p.stdin, p.source)
			p.stdin.Close()
		}()
	}
	if len(p.writers) > 0 && !signal.Ignored(syscall.SIGPIPE) {
		// Uncaught, it would end us, not the program, when stdout breaks.
		signal.Notify(p.broken, syscall.SIGPIPE)
	}
	var copies sync.WaitGroup
	for i, w := range p.writers {
		r := p.output[i]
		copies.Go(func() {
			_, err := io.Copy(onlyWriter{w}, r)
			// Closing tells the program that nobody reads any more (EPIPE).
			r.Close()
			p.failed(err)
		})
	}
	go func() {
		copies.Wait()
		signal.Stop(p.broken)
		close(p.copied)
	}()
}

// closeAll undoes connect for a program that did not start.
func (p *pipes) closeAll() {
	closeFiles(p.theirs)
	closeFiles(p.output)
	if p.stdin != nil {
		p.stdin.Close()
	}
}

func closeFiles(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}

// onlyWriter hides ReadFrom, so that io.Copy hands each chunk on at once.
type onlyWriter struct{ io.Writer }

// failed keeps the first failure of a writer. That nobody reads any more is
// none: the program learns of it, as it would without us.
func (p *pipes) failed(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil && p.err == nil && !p.abandoned && !nobodyReads(err) {
		p.err = err
	}
}

// abandon gives up reading; what the program's heirs still write is lost.
func (p *pipes) abandon() {
	p.mu.Lock()
	p.abandoned = true
	p.mu.Unlock()
	closeFiles(p.output)
}

// heirsGrace is how long those who inherited the output of a program that was told to
// end are waited for. What the program itself wrote is in the pipe, which holds little,
// and is copied by then.
const heirsGrace = time.Second

// drain waits, after the program has ended, until its output is at its end, or a
// signal says to give up those who inherited it. When the program was to stop they are
// not waited for long: they go on, or are given up if ctx has ended.
func (p *pipes) drain(ctx, stopping context.Context, signals <-chan os.Signal) {
	if p.stdin != nil {
		p.stdin.Close()
	}
	told := stopping.Done() // which ends with ctx
	var over <-chan time.Time
	for {
		select {
		case <-p.copied:
			return
		case <-told:
			told, over = nil, time.After(heirsGrace)
			continue
		case <-over:
			if ctx.Err() == nil {
				return
			}
		case sig := <-signals:
			if !ends(sig) {
				continue
			}
		}
		p.abandon()
		<-p.copied
		return
	}
}

// failure returns the first failure of a writer so far.
func (p *pipes) failure() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}
