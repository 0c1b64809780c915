package versions

import (
	"context"
	"iter"
	"time"
)

// Watch implements [Reader]. A set that came from data alone never changes.
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
