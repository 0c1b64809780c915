package versions

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"pinseal/repo"
	"pinseal/seal"
	"pinseal/seal/spelling"
)

// past is every value that was sealed in one environment.
type past struct {
	environment string
	values      map[[32]byte]*pastValue // by idOf
	files       map[pastBlob]*pastFile
	lines       map[string]*pastFile // by line of set.sum, without its end
	sets        map[[32]byte]*pastSet
	skipped     int  // files too large to be a secret's
	missing     bool // objects that are not here
}

// pastBlob is one content of a secret's file.
type pastBlob struct {
	name string
	blob repo.Hash
}

type pastFile struct {
	pastBlob
	values []*pastValue // none: blank, or nothing of ours
}

// pastSet is a set and the pins that are of it, newest first.
type pastSet struct {
	pins  []int
	files []*pastFile
}

// pastValue is a sealed value at its place, one however often it stands there.
type pastValue struct {
	of         *past
	name       string
	version    uint32 // of a named key, else 0
	generation int
	size       int       // of what is sealed, in characters: the same for equal plaintexts
	blob       repo.Hash // a file that holds it; "" when text has it
	text       string

	to        []*pastValue // those that may be the same, sealed anew or renamed
	from      []*pastValue // those that it may be, the other way
	explained bool         // history shows how it came in
	added     bool         // in a place without a value
}

// idOf names a sealed value at its place.
func idOf(name string, v KeyVersion) [32]byte {
	return sha256.Sum256(fmt.Appendf(nil, "%s %d %s", name, v.Number, v.Value))
}

// newValue is a value of which nothing but its text is known.
func (p *past) newValue(name string, v KeyVersion, generation int) *pastValue {
	return &pastValue{of: p, name: name, version: v.Number, generation: generation,
		size: sealedSize(v.Value)}
}

// find returns the values of a file that is in use, those of history where it
// has them.
func (p *past) find(name string, f *SecretFile) []*pastValue {
	versions := f.values()
	values := make([]*pastValue, len(versions))
	for i, v := range versions {
		if values[i] = p.values[idOf(name, v)]; values[i] == nil {
			generation, _ := seal.ParseSealed(v.Value) // a file that was read holds no other
			values[i] = p.newValue(name, v, generation)
			values[i].text = v.Value
		}
	}
	return values
}

// read reads all that was ever sealed in an environment, once.
func (h *History) read(ctx context.Context, env string) (*past, error) {
	if p := h.past[env]; p != nil {
		return p, nil
	}
	p := &past{environment: env, values: map[[32]byte]*pastValue{}, files: map[pastBlob]*pastFile{},
		lines: map[string]*pastFile{}, sets: map[[32]byte]*pastSet{}}
	var files []*pastFile
	for _, c := range h.commits {
		for _, f := range c.files {
			for _, blob := range append(f.olds, f.new) {
				at := pastBlob{f.name, blob}
				if f.environment != env || !h.apps[f.app] || blob == "" || p.files[at] != nil {
					continue
				}
				p.files[at] = &pastFile{pastBlob: at}
				files = append(files, p.files[at])
			}
		}
	}
	if err := p.parse(ctx, h.repo, files, nil); err != nil {
		return nil, err
	}
	if err := h.readSets(ctx, p); err != nil {
		return nil, err
	}
	p.linkCommits(h)
	h.past[env] = p
	return p, nil
}

// parse reads files. With lines, each must be what its line of set.sum says.
func (p *past) parse(ctx context.Context, r *repo.Repo, files []*pastFile, lines []string) error {
	type found struct {
		line   string
		values []*pastValue
		ids    [][32]byte
	}
	all := make([]found, len(files))
	errs := make([]error, len(files))
	err := InParallel(len(files), func(i int) error {
		f := files[i]
		_, data, err := r.Object(ctx, f.blob, MaxSecretFile)
		if err != nil {
			errs[i] = err
			_, err = passOver(err)
			return err
		}
		digest := digestOf(data)
		all[i].line = hex.EncodeToString(digest[:]) + "  " + FilePath(p.environment, f.name)
		for v, generation := range sealedIn(data) {
			all[i].values = append(all[i].values, p.newValue(f.name, v, generation))
			all[i].ids = append(all[i].ids, idOf(f.name, v))
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i, f := range files {
		switch {
		case all[i].line == "":
			p.missing = p.missing || errors.Is(errs[i], repo.ErrMissing)
			p.skipped++
			continue
		case lines != nil && all[i].line != lines[i]:
			p.missing = true // what was pinned is not here, whatever is in its place
			p.skipped++
			continue
		}
		p.lines[all[i].line] = f
		for j, v := range all[i].values {
			if known := p.values[all[i].ids[j]]; known != nil {
				v = known
			} else {
				v.blob = f.blob
				p.values[all[i].ids[j]] = v
			}
			f.values = append(f.values, v)
		}
	}
	return nil
}

// sealedIn yields the sealed values in a secret's file and their generations, also
// where the spelling is off or a merge has left its markers: who has the key opens
// them all the same.
func sealedIn(data []byte) iter.Seq2[KeyVersion, int] {
	return func(yield func(KeyVersion, int) bool) {
		for at := 0; ; {
			i := bytes.Index(data[at:], []byte("s1."))
			if i < 0 {
				return
			}
			start := at + i
			for at = start; at < len(data) && isSealedByte[data[at]]; at++ {
			}
			v := KeyVersion{Value: string(data[start:at])}
			line := data[bytes.LastIndexByte(data[:start], '\n')+1 : start]
			if _, number, ok := bytes.Cut(line, []byte("value.")); ok {
				n, _ := spelling.ParseNumber(string(bytes.TrimRight(number, "\"': \t")))
				v.Number = uint32(n)
			}
			if generation, err := seal.ParseSealed(v.Value); err == nil && !yield(v, generation) {
				return
			}
		}
	}
}

// isSealedByte is true for what a sealed value can hold.
var isSealedByte = func() (t [256]bool) {
	for _, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_." {
		t[c] = true
	}
	return t
}()

// readSets reads the pinned sets, and of their files those that no commit has.
func (h *History) readSets(ctx context.Context, p *past) error {
	var files []*pastFile
	var lines []string
	for _, e := range h.pins[p.environment] {
		if known := p.sets[e.Set]; known != nil {
			known.pins = append(known.pins, e.Number)
			continue
		}
		source, err := h.ledgers[p.environment].Source(ctx, e)
		if errors.Is(err, ErrNotAuthentic) {
			h.damage(e)
			continue
		}
		if err != nil {
			return err
		}
		set := &pastSet{pins: []int{e.Number}}
		p.sets[e.Set] = set
		tree := h.repo.TreeFS(ctx, e.tree)
		for line := range strings.Lines(string(source.Sum)) {
			line = strings.TrimSuffix(line, "\n")
			f := p.lines[line]
			if f == nil {
				at := line[hexDigest+2:]
				entry, err := tree.Entry(at)
				if err != nil {
					h.damage(e)
					continue
				}
				_, name, _ := secretPath(at)
				f = &pastFile{pastBlob: pastBlob{name, entry.Hash}}
				p.lines[line] = f
				files, lines = append(files, f), append(lines, line)
			}
			set.files = append(set.files, f)
		}
	}
	return p.parse(ctx, h.repo, files, slices.Clip(lines))
}
