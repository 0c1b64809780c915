// Package dotenv reads and writes one dialect of the dotenv format, for
// import and export. There is no standard: bash, docker compose and node each
// read it differently. This page is the specification of ours. It reads what
// those three agree on as they do, it never expands anything, and what it
// writes it reads back byte for byte, or refuses to write.
//
// # Grammar
//
//	file     = [BOM] *( line NEWLINE ) [ line ]
//	line     = blanks [ comment / pair ]
//	pair     = [ "export" 1*blank ] name blanks "=" blanks value
//	name     = ( letter / "_" ) *( letter / digit / "_" / "." / "-" )
//	value    = ( single / double ) blanks [ comment ] / bare
//	single   = "'" *( any but "'" ) "'"
//	double   = DQUOTE *( escape / any but DQUOTE ) DQUOTE
//	bare     = *( any but NEWLINE )      ; trimmed, ends before blank "#"
//	escape   = "\" ( "n" / "r" / "t" / DQUOTE / "\" / "$" / "`" )
//	comment  = "#" *( any but NEWLINE )
//	blank    = SPACE / TAB
//	NEWLINE  = LF / CR LF
//	BOM      = EF BB BF
//
// letter and digit are ASCII. A comment after a value needs a blank before
// it: in a bare value a "#" that follows anything else is part of the value.
//
// # Values
//
// Between single quotes every byte stands for itself. Between double quotes
// the escapes above are read; a backslash before anything else stands for
// itself, and so does the character after it. Both may span lines. A bare
// value stands for itself, backslashes and inner quotes included, without the
// blanks around it; it cannot start with a backtick, which is a command to
// bash and a quote to node.
//
// CR LF reads as LF everywhere, between quotes too, so that a file saved on
// Windows gives the same values (node does so too; bash and compose keep the
// CR in a quoted value). A lone CR stands for itself between quotes
// and is refused outside them, except at the end of the file. The escape \r
// is the only way to write a CR before an LF.
//
// Nothing is interpolated. Where bash or compose would expand a "$" or a
// backtick, the text is taken as it stands and [Pair.Unexpanded] says so.
//
// # Limits and refusals
//
// A file has at most [MaxSize] bytes and [MaxPairs] names, a name at most
// [MaxName] bytes. A name given twice is a [*DuplicateError]; every other bad
// line is a [*SyntaxError]. Both carry line numbers and never any text of the
// line, for a broken line is likely to be part of a secret. A NUL byte is
// refused in both directions. Format also refuses a value that is not UTF-8;
// Parse takes such bytes as they are.
//
// # What others read
//
// [Format] writes single quotes where bash, compose and node then read the
// same bytes: no "'", no CR, no backslash at the end. Anything else goes in
// double quotes with \\, \", \$, \` and \r escaped, and LF as itself unless the
// value has a double quote; then it is \n. bash reads those the same too, unless
// there is a CR, or an LF and a double quote: \r and \n are two characters each to
// bash. compose reads them the same unless there is a backtick. node knows no
// escape but \n and so reads them the same only when nothing else was escaped: its
// value ends at the first double quote.
//
// Whatever they read as the value, no reader sees a name that is not there: what
// stands behind that double quote is to node the rest of a line, and nothing. That
// is why there is no LF: what follows one would be the next variable, NODE_OPTIONS
// if somebody means harm. node reads values of several lines from 20.12 on; before,
// every line was a variable.
//
// No value that Format writes is expanded or run by bash, but a name with a dot or
// a dash is no variable to bash, which takes the line for a command and prints it,
// value and all: [NotVariables] finds them. compose and node take them.
//
// Where the three disagree on input, ours is:
//
//	A=b#c        b#c, as bash and compose; node: b
//	A=b c        b c, as compose and node; bash runs c
//	A = b        b, as compose and node; bash runs A
//	A=C:\new     C:\new, as compose and node; bash: C:new
//	A="a\nb"     a, LF, b, as compose and node; bash: a\nb
//	A="a\"b"     a"b, as bash and compose; node: a\
//	A='a\'       a\, as bash and node; compose: not terminated
//	A='x'y       refused; bash: xy, node and compose: x or an error
//	A            refused (no value)
//	A="\a\0"     \a\0, as bash and node; compose: two control characters
//	A=b<TAB>#c   b, as bash; compose: b, TAB, #c
//	A=1 B=2      1 B=2, as compose and node; bash: 1. [Pair.Inline] says so
//
// compose here is its parser, compose-go v2.16.2; bash is 5 and node 20, or what
// the tests find.
//
// node also misreads a comment that is indented, and a tab after export or a
// value; we and bash do not.
package dotenv
