package versions

import (
	"context"
	"errors"
	"fmt"
)

// wraps checks all wraps, and who lacks one.
func (c *verification) wraps(ctx context.Context) error {
	paths, err := c.source.wraps()
	if err != nil {
		return nil // as the survey says
	}
	errs := make([]error, len(paths))
	err = InParallel(len(paths), func(i int) error {
		if p := c.source.where(paths[i]); !c.skips(p) {
			errs[i] = c.wrap(paths[i])
		}
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	for i, p := range paths {
		slot, _, _ := wrapAt(p)
		if errs[i] != nil {
			c.add(c.source.where(p), slot.Environment(), errs[i])
		}
	}
	if c.o.Structure || c.Note == nil || c.source.Sum != nil {
		return nil // a pin has wraps for its own readers, and other places have the rest
	}
	missing, err := MissingWraps(c.Note, c.source)
	if err != nil {
		return nil // said above of the wrap itself
	}
	for _, m := range missing {
		if env := m.Slot.Environment(); c.o.Environment == "" || env == "" || env == c.o.Environment {
			c.Faults = append(c.Faults, refusal("", env, "pinseal member sync", "%s", m))
		}
	}
	return nil
}

// wrap checks one wrap: what nobody but its reader can open can still be armored
// otherwise than its reader will take, or be for nobody.
func (c *verification) wrap(p string) error {
	where := c.source.where(p)
	slot, generation, name := wrapAt(p)
	data, err := c.source.Wrap(slot, generation, name)
	if err != nil {
		return err
	}
	if err := checkArmor(data); err != nil {
		return &StructureError{Path: where, Reason: "is not a wrap", Err: err}
	}
	if c.Note == nil || mayHave(c.Note, p) {
		return nil
	}
	if _, known := c.Note.Entry(slot, generation); !known {
		return &StructureError{Path: where, Reason: "is of a key that the app note does not know"}
	}
	if c.o.Structure {
		return nil
	}
	return &CheckError{Path: where, Reason: fmt.Sprintf("is for %q, who does not hold %s: a stale reader", name, slot), Try: "pinseal member sync"}
}

// baseline reads what the leak scan lets pass.
func (c *verification) baseline() {
	p := c.source.where(BaselineName)
	if c.source.Sum != nil || c.skips(p) {
		return
	}
	data, err := c.source.read(BaselineName, maxBaseline)
	if err == nil {
		_, err = ParseBaseline(data)
	}
	unmerged, odd := (*UnmergedError)(nil), (*StructureError)(nil)
	switch {
	case err == nil || isNotExist(err):
		return
	case errors.As(err, &unmerged):
		unmerged.Paths, unmerged.In = []string{p}, c.source.What
	case errors.As(err, &odd):
		odd.Path = p
	}
	c.add(p, "", err)
}
