package serve

import (
	"context"
	"io"
	"log/slog"
	"time"
)

// Events of the audit.
const (
	eventRead    = "read"
	eventCreate  = "create"
	eventUpdate  = "update"
	eventDelete  = "delete"
	eventEncrypt = "encrypt"
	eventDecrypt = "decrypt"
	eventDenied  = "denied"
)

// audit writes one line per event.
type audit struct {
	lines slog.Handler
	now   func() time.Time
}

func newAudit(w io.Writer, now func() time.Time) *audit {
	shape := func(_ []string, a slog.Attr) slog.Attr {
		switch a.Key {
		case slog.LevelKey:
			return slog.Attr{}
		case slog.MessageKey:
			a.Key = "event"
		}
		return a
	}
	return &audit{slog.NewJSONHandler(w, &slog.HandlerOptions{ReplaceAttr: shape}), now}
}

// line writes who did what with which secret of which version, and what came of it.
// name is that of a secret that is there, or "": any other may be a value in the
// wrong place.
func (a *audit) line(event, name, version string, p *peer, result string, more ...slog.Attr) error {
	r := slog.NewRecord(a.now().UTC(), slog.LevelInfo, event, 0)
	if name != "" {
		r.AddAttrs(slog.String("name", name))
	}
	r.AddAttrs(slog.String("version", version))
	if p.unix {
		r.AddAttrs(slog.Int("uid", p.uid), slog.Int("pid", p.pid))
	} else {
		r.AddAttrs(slog.String("remote", p.remote))
	}
	r.AddAttrs(slog.String("result", result))
	r.AddAttrs(more...)
	return a.lines.Handle(context.Background(), r)
}
