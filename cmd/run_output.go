package cmd

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"syscall"

	"pinseal/cmd/child"
	"pinseal/cmd/mask"
	"pinseal/versions"
)

// Ways to mask what a program prints.
const (
	maskAuto   = "auto"
	maskAlways = "always"
	maskNever  = "never"
)

// outputs are the streams of a program that is run.
type outputs struct {
	stdout, stderr io.Writer
	masks          []*mask.Writer
}

// outputs puts a mask before stdout and stderr: always, never, or where it is not a
// terminal. Streams that are one file share one, so that what is printed keeps its
// order. Values that cannot be masked are named, once.
func (r *supervisor) outputs(when string, values []versions.Value) (*outputs, error) {
	out := &outputs{stdout: r.Stdout, stderr: r.Stderr}
	maskOut := when == maskAlways || when == maskAuto && !r.StdoutTTY
	maskErr := when == maskAlways || when == maskAuto && !r.StderrTTY
	if !maskOut && !maskErr {
		return out, nil
	}
	plain := make([][]byte, len(values))
	for i, value := range values {
		plain[i] = value.Secret.Reveal()
	}
	m, err := mask.New(plain)
	if err != nil {
		return nil, hint(&child.Error{Op: "masking the output", Err: err},
			r.o.path+" --only A,B -- CMD       names those that the program needs", r.o.path+" --mask never -- CMD       if nobody keeps what it prints")
	}
	r.sayUnmasked(m.Skipped(), values)
	if m.Empty() {
		return out, nil
	}
	through := func(w io.Writer, printing *sync.Mutex) io.Writer {
		masked := m.Writer(&printer{printing, w})
		out.masks = append(out.masks, masked)
		return masked
	}
	one := maskOut && maskErr && child.SameStream(r.Stdout, r.Stderr)
	if maskOut {
		out.stdout = through(r.Stdout, &r.printing[0])
	}
	switch {
	case one:
		out.stderr = out.stdout
	case maskErr:
		out.stderr = through(r.Stderr, &r.printing[1])
	}
	return out, nil
}

// printer writes one piece at a time: programs may overlap, see program.wait. Each stream
// has its own turn: who reads one may wait for the other.
type printer struct {
	*sync.Mutex
	w io.Writer
}

func (p *printer) Write(data []byte) (int, error) {
	p.Lock()
	defer p.Unlock()
	return p.w.Write(data)
}

// sayUnmasked names the secrets that come out as they are.
func (r *supervisor) sayUnmasked(skipped []mask.Skipped, values []versions.Value) {
	var names []string
	for _, s := range skipped {
		name := values[s.Value].Name
		if !r.unmasked[name] {
			if r.unmasked == nil {
				r.unmasked = map[string]bool{}
			}
			r.unmasked[name] = true
			names = append(names, fmt.Sprintf("%s (%s)", name, s.Reason))
		}
	}
	if len(names) > 0 {
		r.warn("not masked in the output: %s", strings.Join(names, ", "))
	}
}

// close prints what the masks still hold. That nobody reads it any more is no failure:
// the program learnt of it as it would have without us.
func (o *outputs) close(code int, err error) (int, error) {
	for _, m := range o.masks {
		if failed := m.Close(); failed != nil && err == nil && !errors.Is(failed, syscall.EPIPE) {
			err = &child.Error{Op: "copying the program's output", Err: failed}
			code = child.Code(err)
		}
	}
	return code, err
}
