package versions

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"

	"filippo.io/age/armor"

	"pinseal/seal"
)

func isNotExist(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// Allow is what a publisher accepts knowingly.
type Allow struct {
	First   bool     // the first pin of an environment
	Expired []string // names that may be past their date
	Retired bool     // values sealed to a generation that was retired
	Blank   bool     // rollback: the set was judged when it was pinned
}

// Problem is one reason of the gate against publishing.
type Problem struct {
	Name   string // the secret, or "" for the set as a whole
	Reason string
	Try    string   // what would help, as a command; may be ""
	Flag   string   // of publish, which lets it pass all the same; may be ""
	Left   []string // who left and could open it, or may; nil when it is not about that

	kind string // the same for problems that differ in names and numbers only
}

// GateError has every problem found. It is an ErrRefused.
type GateError struct {
	Environment string
	Problems    []Problem
}

func (e *GateError) Error() string {
	const most = 5 // of a kind
	var lines []string
	more := 0
	kinds := map[string]int{}
	for _, p := range e.Problems {
		switch kinds[p.kind]++; {
		case kinds[p.kind] > most:
			more++
		case p.Name != "":
			lines = append(lines, fmt.Sprintf("%s: %s", p.Name, p.Reason))
		default:
			lines = append(lines, p.Reason)
		}
	}
	if more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	return fmt.Sprintf("%s cannot be published: %s", e.Environment, strings.Join(lines, "; "))
}

// Is makes a GateError an ErrRefused.
func (e *GateError) Is(target error) bool { return target == ErrRefused }

// gate judges a set that is about to be pinned.
type gate struct {
	environment string
	set         *Source
	parsed      map[string]*SecretFile // by name, what judge read
	note        *seal.Note
	allow       Allow
	now         time.Time
	problems    []Problem
}

func (g *gate) refuse(name, try, format string, args ...any) {
	g.refuseUnless("", name, try, format, args...)
}

func (g *gate) refuseUnless(flag, name, try, format string, args ...any) {
	g.problems = append(g.problems, Problem{Name: name, Try: try, Flag: flag, Reason: fmt.Sprintf(format, args...), kind: format})
}

// judge checks every file and returns what set.sum and the ledger's tree need:
// the bytes by name, and the read generations that are in use, newest included.
func (g *gate) judge() (files map[string][]byte, generations []int, err error) {
	newest, ok := g.note.Newest(seal.ReadSlot(g.environment))
	if !ok {
		return nil, nil, &NotFoundError{What: "environment", Name: g.environment, In: "the app note"}
	}
	generations = []int{newest.Generation}
	files, err = rawFiles(g.set, g.environment)
	if err != nil {
		return nil, nil, err
	}
	g.parsed = make(map[string]*SecretFile, len(files))
	for _, name := range unionKeys(files, nil) {
		f, err := g.set.parse(g.environment, name, files[name])
		if err != nil {
			return nil, nil, err
		}
		g.parsed[name] = f
		for _, generation := range f.Generations() {
			if _, known := g.note.Entry(newest.Slot, generation); !known {
				return nil, nil, &AuthError{What: fmt.Sprintf("value of %q", name),
					Reason: fmt.Sprintf("is sealed to generation %d, which the app note does not know", generation)}
			}
			generations = append(generations, generation)
		}
		g.judgeFile(name, f, newest.Generation)
	}
	slices.Sort(generations)
	return files, slices.Compact(generations), nil
}

func (g *gate) judgeFile(name string, f *SecretFile, newest int) {
	env := g.environment
	switch blank := f.Blank() && !g.allow.Blank; {
	case blank && f.Kind == KindKey:
		g.refuse(name, createKey(name, env), blankKey)
	case blank && !f.Optional:
		g.refuse(name, fmt.Sprintf("pinseal set %s -e %s", name, env), "is blank and not optional")
	case len(f.Versions) > seal.MaxKeyVersions:
		g.refuse(name, dropVersions(name, env, f), manyVersions, len(f.Versions), seal.MaxKeyVersions)
	}
	if f.Expired(g.now) && !g.allow.Blank && !slices.Contains(g.allow.Expired, name) {
		g.refuseUnless("--allow-expired "+name, name, "", "expired on %s", f.Expires)
	}
	for _, generation := range f.Generations() {
		if generation < newest && !g.allow.Retired {
			g.refuseUnless("--allow-retired", name, "pinseal rekey "+env+" --values",
				"is sealed to read key %d, retired since; key %d is the newest", generation, newest)
		}
	}
}

// wraps finds, for every reader of the day, the wraps of every generation in
// use. The first source that has one gives it.
func (g *gate) wraps(generations []int, sources []*Source, keys *Keyring) (map[string][]byte, error) {
	slot := seal.ReadSlot(g.environment)
	found := map[string][]byte{}
	notes := make([]*seal.Note, len(sources))
	for i, s := range sources {
		var err error
		if notes[i], err = s.noteUnder(g.note); err != nil {
			return nil, err
		}
	}
	for _, generation := range generations {
		for _, member := range g.note.Readers(g.environment) {
			p := WrapPath(slot, generation, member.Name)
			var bad error
			for i, s := range sources {
				// Nobody else can try it, so it must at least be meant for them.
				if !sameRecipient(notes[i], g.note, member.Name) {
					continue
				}
				data, err := s.Wrap(slot, generation, member.Name)
				if isNotExist(err) {
					continue
				}
				if err != nil {
					return nil, err
				}
				if err := checkArmor(data); err != nil {
					return nil, &StructureError{Path: s.where(p), Reason: "in the " + s.What + " is not a wrap", Err: err}
				}
				if keys.disproves(data, slot, generation, member.Name) {
					bad = &AuthError{What: p + " of the " + s.What, Reason: "is not a wrap of that key"}
					continue
				}
				found[p] = data
				break
			}
			if found[p] == nil && bad != nil {
				return nil, bad
			}
			if found[p] == nil {
				g.refuse("", "pinseal member sync", "reader %q has no wrap of read key %d and could not open this pin", member.Name, generation)
			}
		}
	}
	return found, nil
}

// checkArmor is all that can be said of somebody else's wrap: that it is armored
// in the one spelling that its reader will take.
func checkArmor(data []byte) error {
	file, err := io.ReadAll(armor.NewReader(bytes.NewReader(data)))
	if err != nil {
		return errors.New("it is not armored") // what age says quotes the file
	}
	var again bytes.Buffer
	w := armor.NewWriter(&again)
	if _, err := w.Write(file); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	if !bytes.Equal(again.Bytes(), data) {
		return errors.New("is not in the one spelling")
	}
	return nil
}

// openAll opens every value, older versions of named keys too, for which the
// publisher has the key: what does not open for the publisher would not open
// for the app. Values of a generation that the publisher cannot read are left.
func (g *gate) openAll(ctx context.Context, keys *Keyring) error {
	set := &Set{Source: g.set, Environment: g.environment, Keys: keys}
	type value struct {
		file *SecretFile
		placed
	}
	var values []value
	for _, name := range unionKeys(g.parsed, nil) {
		f := g.parsed[name]
		for _, p := range f.places(keys.Note().ID, g.environment, name) {
			values = append(values, value{f, p})
		}
	}
	return InParallel(len(values), func(i int) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		_, err := set.openPlaced(values[i].file, values[i].placed)
		if errors.Is(err, seal.ErrNoKey) {
			return nil
		}
		return err
	})
}

func (g *gate) verdict() error {
	if len(g.problems) == 0 {
		return nil
	}
	return &GateError{Environment: g.environment, Problems: g.problems}
}
