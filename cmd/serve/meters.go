package serve

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	runtimemetrics "runtime/metrics"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/VictoriaMetrics/metrics"
)

// meters are the numbers of a server, in a set of their own.
type meters struct {
	set         *metrics.Set
	reads       map[string]*metrics.Counter // by result
	writes      map[string]*metrics.Counter
	crypts      map[string]map[string]*metrics.Counter // by event and result
	denied      map[string]*metrics.Counter
	unaudited   *metrics.Counter
	failures    *metrics.Counter
	connections atomic.Int64
}

func newMeters(s *Server) *meters {
	set := metrics.NewSet()
	m := &meters{set: set}
	by := func(name string, results ...string) map[string]*metrics.Counter {
		counters := map[string]*metrics.Counter{}
		for _, r := range results {
			counters[r] = set.NewCounter(fmt.Sprintf("%s{result=%q}", name, r))
		}
		return counters
	}
	m.reads = by("pinseal_reads_total", slices.Concat(storeCodes, []string{codeOK, codeNotJSON})...)
	m.writes = by("pinseal_writes_total", slices.Concat(storeCodes, []string{codeOK, codeTooLarge})...)
	m.crypts = map[string]map[string]*metrics.Counter{}
	for _, event := range []string{eventEncrypt, eventDecrypt} {
		m.crypts[event] = by("pinseal_"+event+"s_total", slices.Concat(storeCodes, []string{codeOK, codeTooLarge, codeNotEncrypted, codeBusy})...)
	}
	m.denied = by("pinseal_denied_total", codeUnauthorized, codeForbidden)
	m.unaudited = set.NewCounter("pinseal_audit_failures_total")
	m.failures = set.NewCounter("pinseal_follow_failures_total")
	metrics.ExposeMetadata(true)
	set.NewGauge("pinseal_connections", func() float64 { return float64(m.connections.Load()) })
	set.NewGauge("pinseal_pin_number", func() float64 { return float64(s.current.Load().version.Number) })
	if !s.o.Watched {
		return m
	}
	set.NewGauge("pinseal_fresh", func() float64 {
		if s.report().Status == "ok" {
			return 1
		}
		return 0
	})
	set.NewGauge("pinseal_last_success_timestamp_seconds", func() float64 { return float64(s.report().LastSuccess.Unix()) })
	return m
}

// metrics replies with the numbers. Those of the process are read when they are asked for.
func (c *call) metrics() *failure {
	if _, fail := c.query(); fail != nil {
		return fail
	}
	var text bytes.Buffer
	c.server.meters.set.WritePrometheus(&text)
	writeRuntime(&text)
	metrics.WriteFDMetrics(&text)
	r := newReply(typeMetrics, text.Bytes())
	r.send(c.w)
	return nil
}

// writeRuntime writes what a leak would show in. The library reads more of /proc than
// a process may that keeps debuggers out, and logs that itself.
func writeRuntime(w io.Writer) {
	names := map[string]string{
		"go_goroutines":              "/sched/goroutines:goroutines",
		"go_memory_bytes":            "/memory/classes/total:bytes",
		"go_heap_objects_bytes":      "/memory/classes/heap/objects:bytes",
		"go_gc_cycles_total":         "/gc/cycles/total:gc-cycles",
		"go_heap_allocs_bytes_total": "/gc/heap/allocs:bytes",
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		sample := []runtimemetrics.Sample{{Name: names[name]}}
		runtimemetrics.Read(sample)
		switch {
		case sample[0].Value.Kind() != runtimemetrics.KindUint64:
		case strings.HasSuffix(name, "_total"):
			metrics.WriteCounterUint64(w, name, sample[0].Value.Uint64())
		default:
			metrics.WriteGaugeUint64(w, name, sample[0].Value.Uint64())
		}
	}
}
