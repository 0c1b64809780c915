package serve

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"

	"pinseal/seal"
)

// made is what a key made of a body, and how JSON has it.
type made struct {
	bytes   []byte
	version uint32
	member  string // begins the object, with its quote
	length  int    // of the bytes in JSON
	encode  func(dst, part []byte) []byte
}

// encrypted clears the body, which is given up.
func encrypted(key *seal.NamedKey, body []byte) (made, error) {
	payload, err := key.Encrypt(nil, body)
	clear(body)
	return made{payload, key.Newest(), `{"value":"`, len(payload), appendBytes}, err
}

func decrypted(key *seal.NamedKey, body []byte) (made, error) {
	plain, version, err := key.Decrypt(nil, body)
	if err != nil {
		return made{}, err
	}
	if utf8.Valid(plain) {
		return made{plain, version, `{"value":"`, escapedLen(plain), appendEscaped}, nil
	}
	return made{plain, version, `{"value_base64":"`, base64.StdEncoding.EncodedLen(len(plain)), base64.StdEncoding.AppendEncode}, nil
}

const (
	madePart  = 12 << 10 // bytes that are encoded at once; base64 goes by three
	madePiece = 64 << 10 // and that are sent at once, or a little more
)

// sendMade replies piece by piece: in JSON what was made can be six times as large. Who
// takes none of a large reply for a while is given up, and so is who takes it all too
// slowly: it is in the room as long as that takes.
func (c *call) sendMade(m made) {
	after := appendVersion([]byte{'"'}, m.version)
	length := len(m.member) + m.length + len(after)
	h := c.w.Header()
	h["Cache-Control"], h["X-Content-Type-Options"], h["Content-Type"] = noStore, noSniff, typeJSON
	h["Content-Length"] = []string{strconv.Itoa(length)}
	buf := make([]byte, 0, min(length, madePiece+6*madePart))
	defer func() { clear(buf[:cap(buf)]) }()
	buf = append(buf, m.member...)
	end := time.Now().Add(c.server.times.body)
	for rest := m.bytes; len(rest) > 0; {
		part := rest[:min(len(rest), madePart)]
		buf, rest = m.encode(buf, part), rest[len(part):]
		if len(buf) >= madePiece && len(rest) > 0 {
			c.hasten(http.NewResponseController(c.w).SetWriteDeadline, end)
			if _, err := c.w.Write(buf); err != nil {
				return
			}
			buf = buf[:0]
		}
	}
	buf = append(buf, after...)
	if length > madePiece {
		c.hasten(http.NewResponseController(c.w).SetWriteDeadline, end)
	}
	c.w.Write(buf)
}

// hasten sets the deadline for one piece, of which the last has to be through at end.
func (c *call) hasten(set func(time.Time) error, end time.Time) {
	piece := time.Now().Add(c.server.times.stall)
	if piece.After(end) {
		piece = end
	}
	set(piece)
}

func appendBytes(dst, part []byte) []byte { return append(dst, part...) }

// escapedLen is how long appendEscaped makes a text.
func escapedLen(text []byte) int {
	size := len(text)
	for _, c := range text {
		switch {
		case c < ' ':
			size += 5
		case c == '"' || c == '\\':
			size++
		}
	}
	return size
}

// appendEscaped appends a part of a text as it stands between the quotes of JSON. The
// text is UTF-8; the part may end anywhere.
func appendEscaped(dst, part []byte) []byte {
	for _, c := range part {
		switch {
		case c < ' ':
			const hex = "0123456789abcdef"
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// appendVersion ends an object with the version of a key.
func appendVersion(dst []byte, version uint32) []byte {
	dst = strconv.AppendUint(append(dst, `,"key_version":`...), uint64(version), 10)
	return append(dst, '}', '\n')
}
