package leak

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"encoding/xml"
	"fmt"
	"html"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"
)

// awkward are values with something to escape in every form.
var awkward = []string{
	"p4ssw0rX",
	"zJ8vQ2mT7xR4kW9pL3nB6cY1",
	`it's "quoted" $HOME \back` + "`tick`!",
	"100%sure&<b>a/b</b>?q=1+1;x#frag[0]",
	"pässwörd→😀 ünïcode",
	"\x00\x01\x02\xff\xfe\x00\x7f\x80binary\x00",
	"tab\tand bell\a and esc\x1b del\x7f \b\f\v",
	"first line of it\nsecond: 'line'\n",
	"first line of it\r\nsecond: \"line\"\r\n",
	"~#start *?[x]{y} a,b:c=d|e^f(g)",
	"sep\u2028para\u2029end <&>",
	"AKIA/+wJalrXUtnFEMI/K7MDENG+bPxRfiCY==",
	"-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj\nAgEAAoIBAQC7VJTUt9Us8cKj\n-----END PRIVATE KEY-----\n",
}

// find returns the hits of one value in data.
func find(t testing.TB, value string, data []byte) []Hit {
	t.Helper()
	p, skipped := New([][]byte{[]byte(value)})
	if len(skipped) > 0 {
		t.Fatalf("skipped: %v", skipped)
	}
	return scanAll(t, p, data)
}

func scanAll(t testing.TB, p *Patterns, data []byte) []Hit {
	t.Helper()
	var hits []Hit
	if err := p.ScanBytes(data, func(h Hit) error { hits = append(hits, h); return nil }); err != nil {
		t.Fatal(err)
	}
	return hits
}

func inner(s string) string { return s[1 : len(s)-1] }

// writers are encoders of the standard library. Those of text are given valid
// UTF-8 alone: they lose the rest.
var writers = []struct {
	form  Form
	text  bool
	write func(v string) string
}{
	{Raw, false, func(v string) string { return v }},
	{JSON, true, func(v string) string { b, _ := json.Marshal(v); return inner(string(b)) }},
	{JSON, true, func(v string) string {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		e.Encode(v)
		return inner(strings.TrimSuffix(b.String(), "\n"))
	}},
	{JSON, true, func(v string) string {
		b, _ := json.Marshal(v)
		return strings.ReplaceAll(inner(string(b)), "/", `\/`)
	}},
	{URL, false, url.QueryEscape},
	{URL, false, func(v string) string { return lowerPercent(url.QueryEscape(v)) }},
	{URL, false, url.PathEscape},
	{URL, false, func(v string) string { return (&url.URL{Scheme: "x", Host: "h", Path: "/" + v}).String() }},
	{URL, false, func(v string) string { return url.UserPassword("app", v).String() }},
	{URL, false, func(v string) string { return url.Values{"k": {v}}.Encode() }},
	{HTML, false, html.EscapeString},
	{HTML, true, func(v string) string {
		if strings.ContainsFunc(v, func(r rune) bool { return r < ' ' && !strings.ContainsRune("\t\r\n", r) }) {
			return v // XML cannot hold them
		}
		var b bytes.Buffer
		xml.EscapeText(&b, []byte(v))
		return b.String()
	}},
	{Quoted, false, func(v string) string { return inner(strconv.Quote(v)) }},
	{Quoted, false, func(v string) string { return inner(strconv.QuoteToASCII(v)) }},
	{Quoted, false, func(v string) string { return strings.ReplaceAll(v, "'", "''") }},
	{UTF16, true, func(v string) string { return wide(binary.LittleEndian, v) }},
	{UTF16, true, func(v string) string { return wide(binary.BigEndian, v) }},
	{Hex, false, func(v string) string { return hex.EncodeToString([]byte(v)) }},
	{Hex, false, func(v string) string { return fmt.Sprintf("%X", v) }},
	{Base64, false, func(v string) string { return base64.StdEncoding.EncodeToString([]byte(v)) }},
	{Base64, false, func(v string) string { return base64.RawURLEncoding.EncodeToString([]byte(v)) }},
	{Base64, false, func(v string) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: "X", Bytes: []byte("some bytes before " + v + " and after")}))
	}},
}

func wide(order binary.AppendByteOrder, v string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(v)) {
		b = order.AppendUint16(b, u)
	}
	return string(b)
}

func lowerPercent(s string) string {
	b := []byte(s)
	for i := range b {
		if b[i] == '%' {
			copy(b[i:], bytes.ToLower(b[i:i+3]))
		}
	}
	return string(b)
}

func TestEveryWriterIsFound(t *testing.T) {
	for _, v := range awkward {
		p, _ := New([][]byte{[]byte(v)})
		for i, w := range writers {
			if w.text && !utf8.ValidString(v) {
				continue
			}
			text := w.write(v)
			for _, frame := range [][2]string{{"", ""}, {"key = ", " # end"}, {"\xff\x00", "\x00"}, {`"`, `"`}} {
				hits := scanAll(t, p, []byte("first\n"+frame[0]+text+frame[1]))
				if len(hits) == 0 || hits[0].Line < 2 {
					t.Errorf("%q written by %d as %q: %v", v, i, text, hits)
					continue
				}
				// A line in it may be found as it is.
				if f := hits[0].Form; f != w.form && f != Raw && f != Line && !strings.Contains(text, string(trim([]byte(v)))) && !sameBySeveral(f, w.form) {
					t.Errorf("%q written by %d as %q: found as %s, not %s", v, i, text, f, w.form)
				}
			}
		}
	}
}

// sameBySeveral reports whether two forms often spell a value alike.
func sameBySeveral(a, b Form) bool {
	like := []Form{JSON, Shell, Quoted}
	return slices.Contains(like, a) && slices.Contains(like, b)
}

// fixed are forms that no encoder of the standard library writes, as bash,
// Python, a browser and others do.
var fixed = []struct {
	form        Form
	value, text string
}{
	{URL, "a b'c(d)*!~e/f", "a%20b'c(d)*!~e%2Ff"},      // encodeURIComponent
	{URL, "a b'c(d)?x=y#z", "a%20b'c(d)?x=y#z"},        // encodeURI
	{URL, "a b~c*d/e.f-g", "a+b%7Ec*d%2Fe.f-g"},        // URLSearchParams
	{URL, "a b~c*d/e.f-g", "a+b%7ec%2ad%2fe.f-g"},      // urlencode, small digits
	{JSON, "é😀/<x>long", `\u00e9\ud83d\ude00/<x>long`}, // json.dumps
	{JSON, "é😀/<x>long", `\u00E9\uD83D\uDE00\/\u003Cx\u003Elong`},
	{JSON, `it's "q"+more`, `it\u0027s \u0022q\u0022\u002Bmore`},
	{JSON, "del\x7fäend long", `del\u007f\u00e4end long`},
	{Shell, `it's long enough`, `it'\''s long enough`},
	{Shell, `it's long enough`, `it'"'"'s long enough`},
	{Shell, "a $b `c` \"d\" \\e", "a \\$b \\`c\\` \\\"d\\\" \\\\e"},
	{Shell, "a $b `c`\nmore", "a \\$b \\`c\\`\\nmore"},
	{Shell, `a b'c"d$e&f;g#h~i`, `a\ b\'c\"d\$e\&f\;g#h~i`}, // printf %q
	{Shell, "#a b~c=d:e,f", `\#a\ b~c=d:e\,f`},
	{Shell, "tab\tesc\x1bend'q", `tab\tesc\Eend\'q`}, // $'…'
	{Shell, "bé\x01ytes 'x'", `b\303\251\001ytes \'x\'`},
	{Shell, "a=b@c d\nnext", "a\\=b@c\\ d'\n'next"}, // shellescape
	{Shell, "é\xffytes 'x'", `é\377ytes \'x\'`},
	{JSON, "é/\u2028line", `é\/\u2028line`}, // JSON in a script
	{Quoted, `say "hello" twice`, `say ""hello"" twice`},
	{Quoted, "b\x00\xffytes 'x'", `b\x00\xffytes \'x\'`},
	{HTML, `<a href="x">it's</a>`, `&lt;a href=&quot;x&quot;&gt;it&#x27;s&lt;/a&gt;`},
	{HTML, `<a href="x">it's</a>`, `&lt;a href=&quot;x&quot;&gt;it&#039;s&lt;/a&gt;`},
	{HTML, `<a href="x">it's</a>`, `&lt;a href="x"&gt;it's&lt;/a&gt;`},
	{HTML, `<a href="x">it's</a>`, `&lt;a href=&quot;x&quot;&gt;it&apos;s&lt;/a&gt;`},
	{HTML, `<a href="x">it's</a>`, `&lt;a href=&quot;x&quot;&gt;it&#39;s&lt;&#x2F;a&gt;`},
	{Raw, "one line\ntwo line", "one line\r\ntwo line"},
	{Raw, "one line\r\ntwo line", "one line\ntwo line"},
	{Raw, "  padded value \n", "[padded value]"},
	{Line, "short\nbut this one is long\nx", "\tbut this one is long;"},
}

func TestFixedFormsAreFound(t *testing.T) {
	for _, f := range fixed {
		hits := find(t, f.value, []byte("\n\n<<"+f.text+">>\n"))
		if len(hits) == 0 || hits[0].Line != 3 || hits[0].Form != f.form {
			t.Errorf("%q as %q: %v, want %s", f.value, f.text, hits, f.form)
		}
	}
}
