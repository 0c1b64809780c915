package leak

// digits is a value written in base64 or hexadecimal, character by character,
// without writing it out: a base64 text holds it in one of three alignments,
// and its first and last character may hold bits of what stands beside it.
type digits struct {
	value []byte
	width int // bits of a character: 6 or 4
	skew  int // bits of the first character that come before the value
}

// size returns how many characters hold bits of the value.
func (d digits) size() int { return (d.skew + 8*len(d.value) + d.width - 1) / d.width }

// whole returns the range of the characters that hold bits of the value alone.
func (d digits) whole() (from, to int) {
	if d.skew > 0 {
		from = 1
	}
	return from, (d.skew + 8*len(d.value)) / d.width
}

// at returns character i, and which of its bits belong to the value.
func (d digits) at(i int) (bits, mask byte) {
	from := d.width*i - d.skew // -4 at least
	b, m := d.pair((from + 8) >> 3)
	shift := 16 - d.width - (from+8)&7
	all := uint16(1)<<d.width - 1
	return byte(b >> shift & all), byte(m >> shift & all)
}

// pair returns two bytes from index i-1 on, and ones for those that exist.
func (d digits) pair(i int) (b, mask uint16) {
	if i > 0 && i <= len(d.value) {
		b, mask = uint16(d.value[i-1])<<8, 0xff00
	}
	if i < len(d.value) {
		b, mask = b|uint16(d.value[i]), mask|0xff
	}
	return b, mask
}

const (
	base64Std = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	base64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	hexLower  = "0123456789abcdef"
	hexUpper  = "0123456789ABCDEF"
)

// notDigit is what values has for a byte that is no character of the alphabets.
const notDigit = 0xff

// valuesOf returns the number of each byte in the alphabets.
func valuesOf(alphabets ...string) (t [256]byte) {
	for i := range t {
		t[i] = notDigit
	}
	for _, a := range alphabets {
		for i := range len(a) {
			t[a[i]] = byte(i)
		}
	}
	return t
}

var (
	base64Values = valuesOf(base64Std, base64URL)
	hexValues    = valuesOf(hexLower, hexUpper)
)

// alphabets returns the two ways to write the characters, and the way back.
func (d digits) alphabets() (first, second string, values *[256]byte) {
	if d.width == 4 {
		return hexLower, hexUpper, &hexValues
	}
	return base64Std, base64URL, &base64Values
}

const (
	maxGap  = 256     // bytes between two characters
	maxBack = 4 << 10 // bytes of a match before the window that found it
)

// isBlank reports whether c is stepped over between two characters. A backslash
// is: it continues a line, and stands before a slash or a line break that JSON
// escapes.
func isBlank(c byte) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\\'
}

// isBreak reports whether c after a backslash is part of an escape for white
// space, and not a character.
func isBreak(c byte) bool { return c == 'n' || c == 'r' || c == 't' }

// before steps back over blanks to a character, and returns where it is; -1 if
// there is none at or after low.
func before(data []byte, i, low int) int {
	for stop := i - maxGap; i > low && i >= stop; i-- {
		switch {
		case isBlank(data[i-1]):
		case isBreak(data[i-1]) && i-2 >= low && data[i-2] == '\\':
			i--
		default:
			return i - 1
		}
	}
	return -1
}

// after steps over blanks to a character at or after i, and returns where it
// is; len(data) if data ends before it is known, -1 if there is none within reach.
func after(data []byte, i int) int {
	for stop := i + maxGap; i <= stop; i++ {
		switch {
		case i == len(data) || data[i] == '\\' && i+1 == len(data):
			return len(data)
		case !isBlank(data[i]):
			return i
		case data[i] == '\\' && isBreak(data[i+1]):
			i++
		}
	}
	return -1
}

// matchBack matches the characters before number n, which is at i, and returns
// where the first is.
func (d digits) matchBack(data []byte, i, n int) (start int, ok bool) {
	if i > 0 && data[i-1] == '\\' && isBreak(data[i]) {
		return 0, false
	}
	_, _, values := d.alphabets()
	low := max(0, i-maxBack)
	for n--; n >= 0; n-- {
		if i = before(data, i, low); i < 0 || !d.is(n, values[data[i]]) {
			return 0, false
		}
	}
	return i, true
}

// matchOn matches the characters from number n on, which is expected at i or
// after blanks. The verdict is more if it depends on what follows data.
func (d digits) matchOn(data []byte, i, n int) (end int, v verdict) {
	_, _, values := d.alphabets()
	size := d.size()
	high := i + 4*size + maxBack
	for ; n < size; n++ {
		if i = after(data, i); i < 0 || i > high {
			return 0, no
		}
		if i == len(data) {
			return 0, more
		}
		if !d.is(n, values[data[i]]) {
			return 0, no
		}
		i++
	}
	return i, yes
}

// is reports whether character n may be the one with this number.
func (d digits) is(n int, number byte) bool {
	bits, mask := d.at(n)
	return number != notDigit && (number^bits)&mask == 0
}
