package serve

import (
	"errors"
	"net/http"
	"sync"
	"time"

	"pinseal/seal"
	"pinseal/seal/spelling"
	"pinseal/versions"
)

// health is whether what is served is the newest there is.
type health struct {
	mu       sync.Mutex
	success  time.Time // zero before the first
	failures int       // since
	err      error
}

// Fresh says that what is served was just found to be the newest.
func (s *Server) Fresh() {
	s.health.mu.Lock()
	defer s.health.mu.Unlock()
	s.health.success, s.health.failures, s.health.err = s.o.Now(), 0, nil
}

// Failed says that the newest could not be had, or does not verify. What is served
// stays.
func (s *Server) Failed(err error) {
	s.health.mu.Lock()
	defer s.health.mu.Unlock()
	s.health.failures++
	s.health.err = err
	s.meters.failures.Inc()
}

// healthReport is the reply.
type healthReport struct {
	Status      string    `json:"status"`
	Version     string    `json:"version"`
	Following   string    `json:"following,omitempty"`
	LastSuccess time.Time `json:"last_success,omitzero"`
	Failures    int       `json:"failures"`
	Error       string    `json:"error,omitempty"`
}

func (s *Server) report() healthReport {
	s.health.mu.Lock()
	defer s.health.mu.Unlock()
	r := healthReport{Status: "ok", Version: s.current.Load().version.ID, Following: s.o.Following, Failures: s.health.failures}
	if !s.health.success.IsZero() && s.o.Watched {
		r.LastSuccess = s.health.success.UTC().Truncate(time.Second)
	}
	switch err := s.health.err; {
	case err == nil && !s.o.Watched:
		r.Status = "fixed"
	case err == nil:
	case errors.Is(err, versions.ErrNotAuthentic), errors.Is(err, seal.ErrAuth), errors.Is(err, spelling.ErrSpelling):
		r.Status, r.Error = "refused", "what the remote has does not verify, or went back; the server's log says more"
	default: // its text may hold more of the remote than everybody may know
		r.Status, r.Error = "stale", "the newest pin cannot be had; the server's log says why"
	}
	return r
}

func (c *call) health() *failure {
	query, fail := c.query("strict")
	if fail != nil {
		return fail
	}
	strict, given := query["strict"]
	if given && strict != "1" {
		return invalid("strict can only be 1", "/v1/health?strict=1")
	}
	report := c.server.report()
	r, err := jsonReply(report)
	if err != nil {
		return failed(err)
	}
	if given && report.Error != "" {
		r.status = http.StatusServiceUnavailable
	}
	r.send(c.w)
	return nil
}
