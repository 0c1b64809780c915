package seal

import (
	"errors"
	"strings"
)

// Slot names a key that an app owns: "admin", "ENV.read" or "ENV.publish".
type Slot string

// Admin is the slot of the keys that say who is in.
const Admin Slot = "admin"

const (
	readSuffix    = ".read"
	publishSuffix = ".publish"
)

// ReadSlot returns the slot whose keys open the values of an environment.
func ReadSlot(environment string) Slot { return Slot(environment + readSuffix) }

// PublishSlot returns the slot whose keys sign the pins of an environment.
func PublishSlot(environment string) Slot { return Slot(environment + publishSuffix) }

// Power is what the holder of a slot can do.
type Power int

const (
	// Administer is saying who is in: signing app notes.
	Administer Power = iota + 1
	// Read is opening values.
	Read
	// Publish is signing pins.
	Publish
)

// String returns "admin", "read" or "publish".
func (p Power) String() string {
	switch p {
	case Administer:
		return "admin"
	case Read:
		return "read"
	case Publish:
		return "publish"
	}
	return "none"
}

// ParseSlot reads the name of a slot. The error does not hold the text.
func ParseSlot(s string) (Slot, error) {
	slot := Slot(s)
	if slot == Admin {
		return slot, nil
	}
	if slot.Power() == 0 {
		return "", errors.New("slot is not admin, ENV.read or ENV.publish")
	}
	if err := CheckEnvironment(slot.Environment()); err != nil {
		return "", err
	}
	return slot, nil
}

// Environment returns the environment of the slot, "" for [Admin].
func (s Slot) Environment() string {
	env, _, _ := strings.Cut(string(s), ".")
	if s.Power() == Administer || s.Power() == 0 {
		return ""
	}
	return env
}

// Power returns what the slot is for, 0 when it is no slot.
func (s Slot) Power() Power {
	env, power, _ := strings.Cut(string(s), ".")
	switch {
	case s == Admin:
		return Administer
	case env == "":
		return 0
	case "."+power == readSuffix:
		return Read
	case "."+power == publishSuffix:
		return Publish
	}
	return 0
}

// signs reports whether the keys of the slot are Ed25519 keys; the others are
// X-Wing keys.
func (s Slot) signs() bool { return s.Power() == Administer || s.Power() == Publish }
