package versions

import (
	"context"
	"iter"
	"time"
)

// Watch gives the version at once, then looks every [Options].Interval, and gives each
// newer pin once it is open in the place of the one before. An error says that there may
// be a newer one and it cannot be had, does not verify or does not open: the one that was
// open is open still, and its version comes with the error. An error comes once until it
// changes; when it has passed, the version comes again. The loop ends with ctx. A set
// that came from data alone ([OpenBundle]) never changes. Nobody looks but a Watch.
func (s *Secrets) Watch(ctx context.Context) iter.Seq2[VersionInfo, error] {
	return func(yield func(VersionInfo, error) bool) {
		for told := ""; ; {
			v, err := s.look(ctx)
			if ctx.Err() != nil {
				return
			}
			is := v.ID
			if err != nil {
				is += " " + err.Error()
			}
			if is != told && !yield(v, err) {
				return
			}
			told = is
			if !s.pause(ctx) {
				return
			}
		}
	}
}

// look puts a newer set in the place of the one that is open, if there is one that
// verifies and opens as a whole. It returns which one is open then.
func (s *Secrets) look(ctx context.Context) (VersionInfo, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	if s.from != nil {
		var newer *opened
		if newer, err = s.from.look(ctx); newer != nil {
			s.now.Store(newer)
		}
	}
	now := s.now.Load()
	if now == nil {
		return VersionInfo{}, err
	}
	return now.Pin.Info(), err
}

// pause waits until it is time to look again; false says that ctx has ended.
func (s *Secrets) pause(ctx context.Context) bool {
	var again <-chan time.Time
	if s.from != nil {
		timer := time.NewTimer(s.interval)
		defer timer.Stop()
		again = timer.C
	}
	select {
	case <-ctx.Done():
		return false
	case <-again:
		return true
	}
}
