// Package leak finds known values in any bytes, in the forms that values take
// when they are pasted into a file. It is a leaf: it knows neither secrets nor
// repositories, and prints nothing.
//
// # What is looked for
//
// Of each value, without the white space around it:
//
//	raw     the bytes, with the line ends of the value, all LF or all CRLF
//	line    each line of a value of several, without the white space around it
//	base64  standard or URL-safe, padded or not, alone or inside a longer text
//	hex     either case
//	url     what is no letter, digit, _, - or . as itself or %XX in either case, a
//	        space also as +
//	json    with or without \u003c and its like, \/, \uXXXX in either case
//	shell   in '…', "…" and $'…', and as printf %q writes it
//	quoted  in a string of Go, Python or C; quotes doubled, as in SQL, YAML and CSV
//	html    and XML, with the entities that usual writers use
//	utf-16  either byte order
//
// The forms of text are looked for where the value is UTF-8. Of lines there is
// only the raw form. In "url", a value without five letters or digits in a row
// is looked for as ten usual writers spell it. In "json", a value over 4 KiB is
// looked for in plain JSON and with <, > and & coded.
//
// Base64 and hexadecimal may be broken: between two characters there may be up
// to 256 bytes of white space, backslashes, and the n, r and t after one. So
// PEM, indented blocks of YAML, continued lines and \n in JSON are read
// through. It must be lines of at least 10 characters, and in all no more than
// four times as long as the characters, and 4 KiB.
//
// A value is found wherever it begins and whatever comes before and after,
// also as a part of a word. Nothing is reported unless all of it is there: in
// base64 to the last bit.
//
// # What is not
//
// Not looked for, and listed by [New]: values shorter than 8 bytes without the
// white space around them, values of one byte over and over, and a short list of
// words that would be found in every repository, case ignored (skip.go).
//
// The same goes for lines. And lines that many files have are left out: PEM
// boundaries and what stands between those of a certificate, a public key or
// parameters; the first line of an OpenSSH key; the constant lines of a Google
// service account and of a cluster's configuration; an interpreter, a heading in
// brackets, a key without a value. The value as a whole is still found.
//
// Not found are values with letters or digits, or all of it, as %XX, where no URL
// needs it; base64 of which each line begins with something besides white space,
// as in a comment; hexadecimal with colons, spaces, \x or 0x between the bytes;
// and values that are compressed, encrypted, written in base64 twice, split
// between strings of source code, or hidden on purpose.
//
// # Allow comments
//
//	pinseal:allow NAME[,NAME…]
//
// on the line where a match begins, at most 4 KiB before or behind the match.
// Names are [A-Za-z_][A-Za-z0-9_.-]*, separated by commas, spaces or tabs; what
// cannot be a name ends the list. Without a name nothing is allowed. The match
// itself is never read for names. The names come from the text: compare them,
// do not print them.
//
// # How
//
// Each needle is found by a window of 5 bytes that it must contain, the rarest
// of its first 512; base64 and hexadecimal by two side by side, since a line
// break spoils one at most. A filter with two bits per window, small enough for a
// cache, is asked at every byte, four at a time; what passes is looked up, and
// the needle compared in both directions. That is one pass whatever the number
// of values. Measured beside it, on source, base64 and random bytes: Aho-Corasick
// as a full automaton (coregx/ahocorasick) and as a compact one
// (petar-dambovaliev/aho-corasick), of whole needles and of their first 8 bytes.
// For 200 values this was 1.5 to 2.5 times as fast as the fastest of them, a full
// automaton of whole needles, which took 400 times the memory and 200 times as
// long to build. For 20,000 values it was 1.1 to 14 times as fast as one of first
// bytes, which leaves the comparing still to do. Neither steps over line breaks.
//
// # Limits
//
// A stream is read in pieces of 256 KiB; more is held only while a needle
// matches as far as was read, and no more than the needle is long, with the
// white space that it may be broken by. Where a line ends has no influence:
// lines of megabytes and binary files are read as any other. The time is linear
// in the data, unless a long value repeats itself and so does the data.
//
// [Patterns] hold about 1 KiB for a value of 40 letters and digits, 2.5 KiB for
// one with something to escape, and up to 150 times the length of a long one. That is plaintext in memory, for as long as the Patterns are. No
// error and no [Hit] holds any of it, and Patterns print as "[patterns]".
package leak
