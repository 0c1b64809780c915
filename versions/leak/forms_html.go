package leak

import "strings"

// entities are the habits of writing HTML and XML: pairs of a character and its
// code, besides "&" and "<".
var entities = [][]string{
	{}, // text of XML
	{">", "&gt;"},
	{">", "&gt;", `"`, "&quot;"},
	{">", "&gt;", `"`, "&quot;", "'", "&apos;"},
	{">", "&gt;", `"`, "&quot;", "'", "&#39;"},
	{">", "&gt;", `"`, "&quot;", "'", "&#039;"}, // htmlspecialchars
	{">", "&gt;", `"`, "&quot;", "'", "&#x27;"}, // html.escape
	{">", "&gt;", `"`, "&quot;", "'", "&#x27;", "/", "&#x2F;"},
	{">", "&gt;", `"`, "&quot;", "'", "&#39;", "/", "&#x2F;"},
	{">", "&gt;", `"`, "&#34;", "'", "&#39;"},                                              // html.EscapeString
	{">", "&gt;", `"`, "&#34;", "'", "&#39;", "\n", "&#xA;", "\r", "&#xD;", "\t", "&#x9;"}, // xml.EscapeText
	{`"`, "&quot;", "\n", "&#xA;", "\r", "&#xD;", "\t", "&#x9;"},                           // canonical XML
	{">", "&gt;", `"`, "&quot;", "\n", "&#10;", "\r", "&#13;", "\t", "&#9;"},
}

func (sp speller) inHTML(v []byte, yield func(Form, []byte)) {
	s := string(v)
	if !strings.ContainsAny(s, "&<>\"'/\r\n\t") {
		return
	}
	for _, r := range sp.html {
		yield(HTML, []byte(r.Replace(s)))
	}
}
