// Package mask replaces values in a stream of output, in the forms in which
// programs print them. It is a leaf: it knows neither secrets nor processes, and
// prints nothing. It guards against slips, not against a program that means to
// give a value away.
//
// # What is masked
//
// Of each value, without the white space around it:
//
//	raw     the bytes, with the line ends of the value, all LF or all CRLF, as a
//	        terminal makes them
//	line    each line of a value of several, without the white space around it,
//	        also as JSON
//	base64  standard or URL-safe, padded or not, alone or inside a longer text;
//	        alone also broken at 64 or 76 characters
//	hex     either case
//	url     as seven usual writers spell it, a space also as +
//	json    with or without \u003c and its like, \/, \uXXXX in either case; what is
//	        not ASCII as it is or all of it as \uXXXX
//	shell   in '…', "…" and $'…', as printf %q and set -x write it
//	quoted  quotes doubled, as in YAML, SQL and CSV
//
// In place of it stands "[secret]". A value is masked wherever it begins, also as
// a part of a word, the longest one where several begin. Values that overlap have
// one mask for all: nothing of any of them stays. Those that only touch have one
// each.
//
// # What is not
//
// Listed by [Masker.Skipped], with one reason for all: values shorter than 4 bytes
// without the white space around them, and a short list of words that stand in
// everybody's output (forms.go), case ignored: a mask would say what the value is, and
// so would a reason of its own.
//
// Of a value of several lines, not masked by themselves are lines shorter than 8
// bytes, those words, lines without a letter or digit, PEM boundaries, and keys
// without a value. With the rest of the value they are masked.
//
// In base64 inside a longer text, a character at either end that holds bits of the
// value and of what stands beside it is left: 4 bits of the value at most. So is
// white space around the value, however it is written.
//
// Not masked are values in HTML, UTF-16, base64 written twice or broken otherwise,
// hexadecimal with something between the bytes; parts of a value that are printed
// by themselves, but for its lines; what is compressed, encrypted or hidden on
// purpose; and what a terminal's control sequences stand in the middle of.
//
// Of a value over 4 KiB no more is masked than raw; its lines, but not as JSON; base64,
// URL-safe only alone; and JSON as encoding/json and JSON.stringify write it, if that is
// no more than twice as long. Not masked are then hexadecimal, URLs and quotes.
//
// Where a form begins with one text of up to 128 bytes again and again, for 512 bytes
// or more, as a value of "=" alone does, 256 bytes of that are masked wherever they
// stand.
//
// # Streams
//
// After each write everything has gone on but the longest end of the text that
// some form begins with, and is longer than: so a prompt appears at once, and
// nothing waits for a clock. The mask itself is written as soon as it is certain.
// At the end what was held goes on. Where a text is cut into writes has no influence
// on what comes out. Nothing else is changed, dropped or put in another order.
//
// # How
//
// All forms are written out once, sorted, and found by their first 4 bytes. A
// filter with two bits for each such window, small enough for a cache, is asked at
// every byte; what passes is looked up among the forms of that window by halving.
// Of 100 values it masks 450 to 630 MB/s of logs, source, base64 and random bytes,
// and is made in 3 ms. Measured beside it: a full Aho-Corasick automaton of the same
// forms, without the writing, 140 to 230 MB/s, made in 400 ms; strings.Replacer, 80 to
// 125 MB/s; one search for each form, 2 to 9 MB/s.
//
// # Limits
//
// A [Writer] holds no more than the longest form, and 32 KiB to work on. The time is
// linear in the data, unless long values repeat what is over 128 bytes long, or are
// parts of each other, and so does the data: then it is some 10 MB/s. A [Masker] holds
// about 20 times the length of a value of letters and digits, 30 to 80 times that of
// one with something to escape, 10 times that of one over 4 KiB. [New] refuses what
// would be much more than that of a large set: [ErrTooLarge]. That is plaintext in
// memory, for as long as the Masker is. No error holds any of it, and both print as "[mask]".
package mask
