package leak

// percent is a value as a part of a URL. Who writes URLs leaves many characters
// as they are or not, so each byte may be itself or a percent sign and two
// hexadecimal digits, and a space may be a plus sign. But the window that it is
// found by is of letters and digits as they are.
type percent struct {
	value []byte
}

// wordRun returns where the first window of letters and digits alone is: every
// writer leaves those as they are. -1 if there is none within reach.
func wordRun(v []byte) int {
	run := 0
	for i, c := range v[:min(len(v), reach)] {
		if run++; !isWord(c) {
			run = 0
		}
		if run == window {
			return i + 1 - window
		}
	}
	return -1
}

// coded reports whether b begins with a percent sign and the digits of c.
func coded(b []byte, c byte) bool {
	if len(b) < 3 || b[0] != '%' {
		return false
	}
	high, low := hexValues[b[1]], hexValues[b[2]]
	return high != notDigit && low != notDigit && high<<4|low == c
}

func plain(b, c byte) bool { return b == c || b == '+' && c == ' ' }

// matchBack matches the bytes before number n, which is at i, and returns where
// the first is.
func (p percent) matchBack(data []byte, i, n int) (start int, ok bool) {
	for n--; n >= 0; n-- {
		switch c := p.value[n]; {
		case i >= 3 && coded(data[i-3:i], c):
			i -= 3
		case i >= 1 && plain(data[i-1], c):
			i--
		default:
			return 0, false
		}
	}
	return i, true
}

// matchOn matches the bytes from number n on, the first at i. The verdict is
// more if it depends on what follows data, of which there is none with end.
func (p percent) matchOn(data []byte, i, n int, end bool) (int, verdict) {
	for ; n < len(p.value); n++ {
		c := p.value[n]
		if !end && (i == len(data) || data[i] == '%' && i+3 > len(data)) {
			return 0, more
		}
		switch {
		case coded(data[i:], c):
			i += 3
		case i < len(data) && plain(data[i], c):
			i++
		default:
			return 0, no
		}
	}
	return i, yes
}
