// Package spelling holds the one spelling of all our text files: a small
// printer, a strict reader and a forgiving one.
//
// A signed or hashed text is only as good as the agreement about what it says.
// YAML has many spellings of one value and many readers that disagree, so a
// text of ours has exactly one: the bytes that [Printer] writes. A caller reads
// with [Parse], takes the fields, prints them again and compares with [Same].
// Whatever YAML can do beyond the grammar below cannot survive that.
//
// # Grammar (RFC 5234, plus %x ranges of Unicode code points in text)
//
//	file    = 1*(field / list)
//	field   = key ":" SP value LF
//	list    = key ":" LF 1*item
//	item    = "  - " key ":" SP value LF *("    " key ":" SP value LF)
//	key     = (ALPHA / "_") *63(ALPHA / DIGIT / "_" / "." / "-")
//	value   = plain / quoted / words
//	plain   = 1*(ALPHA / DIGIT / "_" / "." / ":" / "+" / "/" / "=" / "@" / SP / "-")
//	quoted  = DQUOTE *(text / "\" DQUOTE / "\\") DQUOTE
//	text    = any code point for which Go's unicode.IsPrint holds, but DQUOTE and "\"
//	words   = "[" word *("," SP word) "]"
//	word    = (ALPHA / DIGIT / "_") *(ALPHA / DIGIT / "_" / "." / "-")
//
// A plain value neither begins nor ends with a space, does not begin with "@",
// does not begin with "-" or ":" before a space or the end, does not contain
// ": " and does not end in ":". So a YAML reader sees the same string.
// Numbers are plain, decimal, without leading zero, and below 2^31. Keys are
// unique in their mapping. There are no comments, anchors, aliases, tags,
// directives, document marks, empty lines, tabs or carriage returns. The file
// is UTF-8 without a byte order mark and ends with its last LF.
//
// # Limits
//
// The caller names the largest size in bytes. LF and "," together occur at most
// 100,000 times.
//
// # Reading
//
// [Parse] reads the grammar above line by line and nothing else. What it accepts
// a YAML library reads to the same keys and values; the fuzz targets compare.
//
// [ParseLoose] reads other YAML spellings of the same shape with a YAML library,
// after a guard that keeps it linear, and into nodes, never into structs or
// maps, whose duplicate check is quadratic (40 kB of "k: 1" takes 10 GB). It is
// for repair only; nothing that was read with it may be trusted as if it were
// ours.
package spelling
