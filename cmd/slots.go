package cmd

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"pinseal/seal"
	"pinseal/versions"
)

// slots reads what --can says, each once, sorted. command is the one it was given
// to, without it.
func (s *session) slots(command string, can []string) ([]seal.Slot, error) {
	known := []string{string(seal.Admin)}
	for _, env := range s.note.Environments() {
		known = append(known, string(seal.ReadSlot(env)), string(seal.PublishSlot(env)))
	}
	list := command + " --can SLOTS      of: " + strings.Join(known, ", ")
	if len(can) == 0 {
		return nil, usage([]string{list}, "say what for with --can")
	}
	var slots []seal.Slot
	for i, text := range can {
		slot, err := seal.ParseSlot(text)
		if err != nil {
			which := fmt.Sprintf("number %d", i+1)
			if len(text) <= 64 && strings.Trim(text, "abcdefghijklmnopqrstuvwxyz0123456789.-") == "" {
				which = strconv.Quote(text)
			}
			return nil, usage([]string{list}, "--can %s: %s", which, err)
		}
		if !slices.Contains(known, text) {
			return nil, hint(&versions.NotFoundError{What: "environment", Name: slot.Environment(), In: "app " + s.dir}, list)
		}
		slots = append(slots, slot)
	}
	slices.Sort(slots)
	return slices.Compact(slots), nil
}

// joinSlots lists slots as --can takes them.
func joinSlots(slots []seal.Slot) string {
	words := make([]string, len(slots))
	for i, s := range slots {
		words[i] = string(s)
	}
	return strings.Join(words, ",")
}
