package cmd

import (
	"context"
	"errors"
	"slices"

	"pinseal/cmd/child"
	"pinseal/versions"
)

// watcher is a run that goes on with each newer pin.
type watcher struct {
	*supervisor
	pin    *versions.Pin // whose values the program has
	values []versions.Value
	told   string // the last error of a look
	unfit  string // why the newest pin is not used
	unused func() // the feed is to give that pin again
}

// successor is what the program is started with again.
type successor struct {
	*given
	pin    *versions.Pin
	values []versions.Value
}

// follow runs the program with the pin that the feed begins with, and starts it again
// for newer ones.
func (r *supervisor) follow(ctx context.Context) error {
	r.ignoreOverrides(r.o.override)
	feed, err := r.openFeed(ctx, r.o.reading, r.o.feed)
	if err != nil {
		return err
	}
	defer feed.Close()
	w := &watcher{supervisor: r, pin: feed.Release().Pin, unused: feed.Unused}
	if err := feed.Missed(); err != nil {
		w.told = err.Error()
	}
	if w.values, err = w.openRelease(ctx, feed.Release()); err != nil {
		return err
	}
	p, err := r.first(ctx, w.pin.Environment, w.values)
	if err != nil {
		return err
	}
	looking, stop := context.WithCancel(ctx)
	events, over := make(chan feedEvent), make(chan struct{})
	go func() {
		defer close(over)
		_ = feed.Run(looking, func(e feedEvent) { // which ends with looking
			select {
			case events <- e:
			case <-looking.Done():
			}
		})
	}()
	defer func() { <-over }() // the feed is not closed under it
	defer stop()
	return w.supervise(ctx, p, events)
}

// openRelease opens what the program is to have of a pin.
func (r *supervisor) openRelease(ctx context.Context, release *versions.Release) ([]versions.Value, error) {
	asked := r.o.reading
	if asked.bundle == "" {
		asked.at = "pin"
	}
	v := &view{Set: release.Set, Note: release.Keys.Note(), Commit: release.Pin.Commit, Pin: release.Pin, asked: asked}
	return r.forChild(ctx, v, r.o.childOptions)
}

// ending is how a program ended.
type ending struct {
	code int
	err  error
}

// supervise waits for the program, and replaces it when there is another pin to run it
// with. It ends when a program does that was not told to.
func (w *watcher) supervise(ctx context.Context, p *program, events <-chan feedEvent) error {
	for {
		ended := make(chan ending, 1)
		go func() {
			code, err := p.wait(ctx)
			ended <- ending{code, err}
		}()
		var n *successor
		for n == nil {
			select {
			case e := <-ended:
				return w.ended(e.code, e.err, p.remove())
			case event := <-events:
				select {
				case <-p.Ended(): // by itself: so does the run, when nobody holds the output
				default:
					n = w.consider(ctx, event)
				}
			}
		}
		var err error
		if p, err = w.replace(ctx, p, ended, n); p == nil {
			return err
		}
	}
}

// replace has the program end, however long that takes, and starts it again with what
// is next. A signal that comes meanwhile, or an end or a SIGTERM that came before, is the
// run's end: then there is no program, and the error says how.
func (w *watcher) replace(ctx context.Context, p *program, ended <-chan ending, n *successor) (*program, error) {
	var e ending
	var stop error
	select {
	case e = <-ended:
		stop = &exitError{e.code}
	default:
		if stop = w.stops.came(); isTerm(stop) { // it is about to end, and so are we
			e = <-ended
			break
		}
		w.say("pin %d -> %d: restarting", w.pin.Number, n.pin.Number)
		p.Stop()
		e = <-ended
		stop = w.stops.came()
	}
	if exit, ok := errors.AsType[*exitError](stop); ok && e.code == 0 {
		e.code = exit.code // a program that ends well at a signal was to go on
	}
	w.keepHeirs(p)
	left := p.remove()
	if stop != nil || e.err != nil || ctx.Err() != nil {
		return nil, w.ended(e.code, e.err, errors.Join(left, n.remove()))
	}
	if left != nil {
		w.sayLeft(left)
	}
	again, err := w.again(n)
	if err != nil && !errors.As(err, new(*exitError)) {
		err = errors.Join(n.remove(), err)
		w.warn("the program does not start with pin %d, and starts again with pin %d: %s", n.pin.Number, w.pin.Number, oneLine(err.Error()))
		if n, err = w.before(); err == nil {
			again, err = w.again(n)
		}
	}
	if err != nil {
		return nil, w.ended(0, err, n.remove())
	}
	return again, nil
}

// keepHeirs keeps a program that has ended while its output may go on.
func (w *watcher) keepHeirs(p *program) {
	w.heirs = slices.DeleteFunc(append(w.heirs, p), func(p *program) bool {
		select {
		case <-p.printed:
			return true
		default:
			return p.printed == nil
		}
	})
}

// before is what the program had.
func (w *watcher) before() (*successor, error) {
	g, err := w.give(w.pin.Environment, w.values)
	if err != nil {
		g = &given{}
	}
	return &successor{g, w.pin, w.values}, err
}

// again starts the program with what is next. A signal that comes while there is none
// ends the run.
func (w *watcher) again(n *successor) (*program, error) {
	known := append(slices.Clone(n.values), w.values...) // what was may still be printed
	p, err := w.start(n.given, known, w.stops.came)
	if err != nil {
		return nil, err
	}
	w.pin, w.values = n.pin, n.values
	return p, nil
}

// consider returns what to start the program with again, nil to leave it alone.
func (w *watcher) consider(ctx context.Context, event feedEvent) *successor {
	if event.Err != nil {
		if text := event.Err.Error(); text != w.told {
			w.told = text
			w.warn("no newer pin can be had, and the program goes on with pin %d: %s", w.pin.Number, oneLine(text))
		}
		return nil
	}
	w.told = ""
	if event.Release == nil {
		return nil
	}
	pin := event.Release.Pin
	if pin.Set == w.pin.Set {
		return w.same(pin)
	}
	n, err := w.succeed(ctx, event.Release)
	switch {
	case err != nil:
		w.unused()
		if text := err.Error(); text != w.unfit {
			w.unfit = text
			w.warn("pin %d cannot be used, and the program goes on with pin %d: %s", pin.Number, w.pin.Number, oneLine(text))
		}
		return nil
	case n == nil:
		return w.same(pin)
	}
	w.unfit = ""
	return n
}

// succeed opens a release, and makes ready what the program is started with then: nil
// if it has all that already. What is known to make a start fail is an error.
func (w *watcher) succeed(ctx context.Context, release *versions.Release) (*successor, error) {
	values, err := w.openRelease(ctx, release)
	if err != nil || slices.EqualFunc(values, w.values, sameValue) {
		return nil, err
	}
	g, err := w.give(release.Pin.Environment, values)
	if err != nil {
		return nil, err
	}
	if err := child.Check(w.argv, g.env); err != nil {
		return nil, errors.Join(err, g.remove())
	}
	return &successor{g, release.Pin, values}, nil
}

// same takes a pin that changes nothing for the program.
func (w *watcher) same(pin *versions.Pin) *successor {
	w.say("pin %d -> %d: nothing changes for the program", w.pin.Number, pin.Number)
	w.pin, w.unfit = pin, ""
	return nil
}

func sameValue(a, b versions.Value) bool {
	return a.Name == b.Name && string(a.Secret.Reveal()) == string(b.Secret.Reveal())
}
