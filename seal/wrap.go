package seal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"

	"filippo.io/age"
	"filippo.io/age/armor"

	"pinseal/seal/spelling"
)

const (
	// MaxWrap is the largest wrap in bytes.
	MaxWrap = 8 << 10
	// wrapHeader is the first line of what a wrap holds.
	wrapHeader = "pinseal/v1/wrap\n"
	// maxWrapText is above the longest: header, id 26, slot 40, generation 2,
	// seed 43, three spaces and LF.
	maxWrapText = 256
)

// WrapKey returns the key wrapped for one member: an armored age file of at
// most [MaxWrap] bytes for one recipient.
func WrapKey(k *Key, id AppID, to age.Recipient) ([]byte, error) {
	if k == nil || k.hold == nil || to == nil || id.IsZero() {
		return nil, errors.New("wrap key: key, app id or recipient is missing")
	}
	wrap, err := encryptArmored(k.wrapText(id), to)
	if err != nil {
		// What a plugin says is not ours to vouch for, but the caller has to
		// tell a missing one.
		return nil, fmt.Errorf("wrap key of slot %q: %w", k.slot, err)
	}
	if len(wrap) > MaxWrap {
		return nil, fmt.Errorf("wrap key of slot %q: wrap is larger than 8 KiB", k.slot)
	}
	return wrap, nil
}

// UnwrapKey opens a wrap and proves it: what it holds must name the app, slot
// and generation that are asked for, and its public key must be the one that
// the note has there. So it does not matter where a wrap came from.
//
// [ErrNoKey] says that no identity opens it, [ErrPassphrase] and [ErrPlugin]
// that an identity that might could not be used, [ErrAuth] everything else. A
// wrap that was damaged where it says whom it is for is [ErrNoKey] too: age has
// no way to tell. Identities are tried in order.
func UnwrapKey(wrap []byte, n *Note, slot Slot, generation int, ids ...age.Identity) (*Key, error) {
	entry, ok := n.Entry(slot, generation)
	if !ok {
		return nil, fmt.Errorf("wrap is for a key that the app note does not have: %w", ErrAuth)
	}
	file, err := dearmor(wrap)
	if err != nil {
		return nil, err
	}
	text, err := decryptWrap(file, ids)
	if err != nil {
		return nil, err
	}
	k, err := parseWrapText(text, n.ID)
	if err != nil {
		return nil, err
	}
	if k.slot != slot || k.generation != generation || !bytes.Equal(k.hold().public, entry.Key) {
		return nil, fmt.Errorf("wrap holds another key: %w", ErrAuth)
	}
	return k, nil
}

// dearmor undoes the armor and accepts nothing that armoring does not give: the
// library skips white space around it and takes CRLF.
func dearmor(wrap []byte) ([]byte, error) {
	if len(wrap) > MaxWrap {
		return nil, fmt.Errorf("wrap is larger than 8 KiB: %w", ErrAuth)
	}
	file, err := io.ReadAll(armor.NewReader(bytes.NewReader(wrap)))
	if err != nil {
		return nil, fmt.Errorf("wrap is not an armored file: %w", ErrAuth)
	}
	var again bytes.Buffer
	w := armor.NewWriter(&again)
	if _, err := w.Write(file); err != nil {
		return nil, fmt.Errorf("wrap is not an armored file: %w", ErrAuth)
	}
	if err := w.Close(); err != nil || !bytes.Equal(again.Bytes(), wrap) {
		return nil, fmt.Errorf("wrap is not in its one spelling: %w", ErrAuth)
	}
	return file, nil
}

// decryptWrap tries the identities one by one, so that one that fails, for want
// of a plugin or a passphrase, does not keep the next from being tried.
func decryptWrap(file []byte, ids []age.Identity) ([]byte, error) {
	result := fmt.Errorf("wrap: %w", ErrNoKey)
	damaged := false
	for _, id := range ids {
		if id == nil {
			continue
		}
		r, err := age.Decrypt(bytes.NewReader(file), id)
		noMatch := new(age.NoIdentityMatchError)
		switch {
		case errors.As(err, &noMatch):
			continue
		case errors.Is(err, ErrPassphrase), errors.Is(err, ErrPlugin):
			result = fmt.Errorf("wrap: %w", err)
			continue
		case err != nil:
			damaged = true
			continue
		}
		text, err := io.ReadAll(io.LimitReader(r, maxWrapText+1))
		if err != nil || len(text) > maxWrapText {
			damaged = true
			continue
		}
		return text, nil
	}
	if damaged {
		return nil, fmt.Errorf("wrap does not open: %w", ErrAuth)
	}
	return nil, result
}

// wrapText is what a wrap holds.
func (k Key) wrapText(id AppID) []byte {
	out := []byte(wrapHeader)
	out = append(out, id.String()...)
	out = append(out, ' ')
	out = append(out, k.slot...)
	out = append(out, ' ')
	out = strconv.AppendInt(out, int64(k.generation), 10)
	out = append(out, ' ')
	out = url64().AppendEncode(out, k.hold().seed)
	return append(out, '\n')
}

// parseWrapText is the inverse of wrapText and accepts nothing else.
func parseWrapText(text []byte, id AppID) (*Key, error) {
	refuse := func(reason string) (*Key, error) { return nil, fmt.Errorf("wrap %s: %w", reason, ErrAuth) }
	line, ok := bytes.CutPrefix(text, []byte(wrapHeader))
	if !ok {
		return refuse("is of an unknown format")
	}
	part := bytes.Split(bytes.TrimSuffix(line, []byte("\n")), []byte(" "))
	if len(part) != 4 {
		return refuse("is malformed")
	}
	if string(part[0]) != id.String() {
		return refuse("is of another app")
	}
	slot, err := ParseSlot(string(part[1]))
	if err != nil {
		return refuse("is malformed")
	}
	generation, ok := spelling.ParseNumber(string(part[2]))
	if !ok {
		return refuse("is malformed")
	}
	seed, err := decode64(url64(), part[3])
	if err != nil {
		return refuse("is malformed")
	}
	k, err := NewKey(slot, generation, seed)
	if err != nil {
		return refuse("is malformed")
	}
	if !bytes.Equal(k.wrapText(id), text) {
		return refuse("is not in its one spelling")
	}
	return k, nil
}
