package cmd

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// canary is in every value that is not something else, and in no message.
const canary = "s3cr3tCANARY"

// injectShop has values of every kind.
func injectShop(t *testing.T) *shop {
	t.Helper()
	s := newShop(t)
	for name, value := range map[string]string{
		"A": canary, "NAMED": "Xs3cr3tCANARY", "REF": "A", "PEM": "-----\n" + canary + "\n\nend\n", "BIN": canary + "\xff\x00", "dotted.name-x": canary,
		"J":    `{"host":"` + canary + `","port":5432,"big":12345678901234567890.10,"on":true,"n":null,"list":["` + canary + `",2],"s3cr3tCANARYkey":1,"String":"x"}`,
		"HALF": `{"a":"` + canary + `\ud800"}`, "NOTJSON": `{"` + canary + `"`, "TRAIL": `"` + canary + `" "x"`,
		"PERCENT": "%d" + canary + "%", "HUGE": strings.Repeat(`\`, 60_000),
	} {
		file := filepath.Join(s.dir, "..", "value")
		s.check(os.WriteFile(file, []byte(value), 0o600))
		s.run(0, "", "set", name, "--file", file)
	}
	s.run(0, "", "set", "BLANK", "--blank")
	s.run(0, "", "set", "OPT", "--blank", "--optional")
	return s
}

func TestInject(t *testing.T) {
	if testing.Short() {
		t.Skip("left out of a short run")
	}
	s := injectShop(t)
	for _, test := range []struct{ in, want string }{
		{"", ""},
		{"plain \xff\x00\r\n", "plain \xff\x00\r\n"},
		{`{{ secret "A" }}|{{ secret "dotted.name-x" }}`, canary + "|" + canary},
		{`{{ secret "BIN" }}`, canary + "\xff\x00"},
		{`{{ base64 "BIN" }}`, "czNjcjN0Q0FOQVJZ/wA="},
		{`{{ secret (secret "REF") }}`, canary},
		{`{{ (json "J").host }}:{{ (json "J").port }} {{ (json "J").big }} {{ (json "J").on }} {{ (json "J").String }}`, canary + ":5432 12345678901234567890.10 true x"},
		{`{{ $j := json "J" }}{{ range $j.list }}<{{ . }}>{{ end }}{{ with $j }}{{ .port }}{{ end }}{{ index $j.list 1 }}`, "<" + canary + "><2>54322"},
		{`{{ (json "J").list | tojson }} {{ (json "J").n | tojson }}`, `["` + canary + `",2] null`},
		{`{{ secret "PEM" | tojson }}`, `"-----\n` + canary + `\n\nend\n"`},
		{"k: |\n    {{ secret \"PEM\" | indent 4 }}", "k: |\n    -----\n    " + canary + "\n\n    end\n"},
		{`{{ define "x" }}<{{ . }}>{{ end }}{{ template "x" secret "A" }}{{ template "x" 7 }}`, "<" + canary + "><7>"},
		{`{{ block "x" (secret "A") }}<{{ . }}>{{ end }}`, "<" + canary + ">"},
		{`{{ printf "%s=%5d%%!%q" "x" 3 "y" }}{{ printf "%s" (json "J").port }}{{ printf "%s!" (secret "PERCENT") }}`, `x=    3%!"y"5432%d` + canary + "%!"},
		{`{{ print "a" 1 true }}{{ html "<" }}{{ js "'" }}{{ urlquery " " }}{{ println "x" }}`, "a1 true&lt;\\'+x\n"},
		{`{{ if and (json "J").on (eq (secret "REF") "A") (not (json "J").n) }}yes{{ else }}no{{ end }}{{ len (secret "A") }}`, "yes12"},
		{`{{ index (json "J") "list" 0 }} {{ index (json "J") "port" }}{{ with index (json "J") "n" }}no{{ end }}{{ index (json "J").list 1 }}`, canary + " 54322"},
		{`{{ if has (json "J") "nope" }}no{{ end }}{{ if has (json "J") "n" }}null{{ end }}{{ if not (has (json "J") "x") }} else{{ end }}`, "null else"},
		{"a\n{{- /* note */ -}}\nb{{ range 3 }}{{ . }}{{ if eq . 1 }}{{ break }}{{ end }}{{ end }}{{ 1.5 }}{{ 'x' }}", "ab011.5120"},
	} {
		got, talk := s.run(0, test.in, "inject", "-q")
		if got != test.want || talk != "" {
			t.Errorf("%s: %q, want %q\n%s", test.in, got, test.want, talk)
		}
	}
}

// A template that asks for what cannot be had prints nothing, and no message has a
// value or a text of the template.
func TestInjectRefuses(t *testing.T) {
	if testing.Short() {
		t.Skip("left out of a short run")
	}
	s := injectShop(t)
	for _, test := range []struct {
		in   string
		code int
		want string
	}{
		{"a\n\n{{ secret \"NOPE\" }}", exitNotFound, `the template, line 3: no secret "NOPE" in dev`},
		{`{{ secret "BLANK" }}`, exitNotFound, `line 1: secret "BLANK" is blank in dev`},
		{`{{ secret "OPT" }}`, exitNotFound, `"OPT" is blank`},
		{`{{ secret (secret "A") }}`, exitNotFound, "no secret of the name that is computed there in dev"},
		{`{{ secret "A" | secret }}`, exitNotFound, "computed there"},
		{`{{ json (secret "NAMED") }}`, exitNotFound, "computed there"},
		{`{{ secret "A" | base64 }}`, exitNotFound, "computed there"},
		{`{{ secret (secret "PEM") }}`, exitUsage, "want the name of a secret"},
		{`{{ secret (json "J") }}`, exitUsage, "want the name of a secret"},
		{`{{ secret "s3cr3tCANARY=x" }}`, exitUsage, "want the name of a secret"},
		{`{{ secret }}`, exitUsage, "wrong kind or number"},
		{`{{ secret "A" "REF" }}`, exitUsage, "wrong kind or number"},
		{`{{ secret "A" | len "x" }}`, exitUsage, "wrong kind or number"},
		{`{{ json "A" }}`, exitFailed, `the value of "A" is not JSON`},
		{`{{ json "NOTJSON" }}`, exitFailed, "is not JSON"},
		{`{{ json "TRAIL" }}`, exitFailed, "is not JSON"},
		{`{{ json "BIN" }}`, exitFailed, "is not JSON"},
		{`{{ json "HALF" }}`, exitFailed, "surrogate"},
		{`{{ (json "J").nope }}`, exitUsage, "a key that the JSON does not have"},
		{`{{ (json "J").s3cr3tCANARYx }}`, exitUsage, "a key that the JSON does not have"},
		{`{{ (json "J").host.x }}`, exitUsage, "a field of what is not a JSON object"},
		{`{{ (json "J").port.Int64 }}{{ (json "J").big.Int64 }}`, exitUsage, "wrong kind"},
		{`{{ (json "J").n }}`, exitFailed, "nothing to print"},
		{`{{ (json "J").n.x }}`, exitUsage, "line 1"},
		{`{{ json "J" }}`, exitFailed, "cannot be printed as it is"},
		{`{{ (json "J").list }}`, exitFailed, "cannot be printed as it is"},
		{`{{ print (json "J") }}`, exitFailed, "cannot be printed as it is"},
		{`{{ printf "%v" (json "J").list }}`, exitFailed, "cannot be printed as it is"},
		{`{{ index (json "J").list 7 }}`, exitUsage, "line 1"},
		{`{{ index (json "J") (secret "A") }}`, exitUsage, "a key that the JSON does not have"},
		{`{{ with index (json "J") "nope" }}{{ end }}`, exitUsage, "line 1: asks for a key that the JSON does not have"},
		{`{{ if index (json "J") "nope" }}{{ end }}`, exitUsage, "a key that the JSON does not have"},
		{`{{ index (json "J") "nope" | tojson }}`, exitUsage, "a key that the JSON does not have"},
		{`{{ if not (index (json "J") "list" 2) }}{{ end }}`, exitUsage, "asks for an element that is not there"},
		{`{{ index (json "J").list -1 }}`, exitUsage, "asks for an element that is not there"},
		{`{{ index (json "J").list "0" }}`, exitUsage, "asks for an element that is not there"},
		{`{{ index (json "J").list (json "J").port }}`, exitUsage, "asks for an element that is not there"},
		{`{{ index (json "J") 1 }}`, exitUsage, "index wants the name of a key"},
		{`{{ index (json "J").n "x" }}`, exitUsage, "index wants an object or a list"},
		{`{{ index }}`, exitUsage, "wrong kind or number"},
		{`{{ has (json "J").n "x" }}`, exitUsage, "has wants an object"},
		{`{{ has (json "J") 1 }}`, exitUsage, "has wants an object"},
		{`{{ has (secret "A") "x" }}`, exitUsage, "has wants an object"},
		{`{{ index (secret "A") "x" }}`, exitUsage, "line 1"},
		{`{{ slice (secret "A") 100 }}`, exitUsage, "not there"},
		{`{{ eq (json "J").port 5432 }}`, exitUsage, "compares"},
		{`{{ lt (secret "A") 1 }}`, exitUsage, "compares"},
		{`{{ call (secret "A") }}`, exitUsage, "line 1"},
		{`{{ . }}`, exitFailed, "nothing to print"},
		{`{{ .A }}`, exitUsage, "a field of nothing"},
		{`{{ printf "%d" (secret "A") }}`, exitUsage, "do not go together"},
		{`{{ printf "%d" (json "J").port }}`, exitUsage, "do not go together"},
		{`{{ printf "%s" }}`, exitUsage, "do not go together"},
		{`{{ printf "x" (secret "A") }}`, exitUsage, "do not go together"},
		{`{{ printf (secret "PERCENT") }}`, exitUsage, "do not go together"},
		{`{{ printf "%[1]s%[1]s" (secret "A") }}`, exitUsage, "printf takes no"},
		{`{{ printf "%*s" 1000000 (secret "A") }}`, exitUsage, "printf takes no"},
		{`{{ printf "%1000000s" (secret "A") }}`, exitUsage, "printf takes no"},
		{`{{ secret "BIN" | tojson }}`, exitFailed, "not UTF-8"},
		{`{{ indent 1000000000 "a\nb" }}`, exitUsage, "indent wants"},
		{`{{ range (secret "A") }}{{ end }}`, exitUsage, "line 1"},
		{`{{ template "s3cr3tCANARY" }}`, exitUsage, "line 1"},
		// What is no template is told by its line alone.
		{"\n{{ s3cr3tCANARY }}", exitUsage, "line 2: names a function or variable"},
		{"\n{{ $s3cr3tCANARY }}", exitUsage, "line 2: names a function or variable"},
		{"{{ \"s3cr3tCANARY }}", exitUsage, "line 1: is not in the language"},
		{"{{ if }}s3cr3tCANARY", exitUsage, "line 1"},
		{"{{ 's3cr3tCANARY' }}", exitUsage, "line 1"},
		// Without an end.
		{`{{ define "x" }}{{ template "x" }}{{ end }}{{ template "x" }}`, exitUsage, "calls itself"},
		{`{{ define "x" }}{{ template "y" }}{{ end }}{{ define "y" }}{{ if 1 }}{{ template "x" }}{{ end }}{{ end }}`, exitUsage, "calls itself"},
		{`{{ template "template" }}`, exitUsage, "calls itself"},
		{`{{ range 100000000 }}xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx{{ end }}`, exitFailed, "larger than 67108864 bytes"},
		{`{{ $x := secret "A" }}{{ range 100 }}{{ $x = print $x $x }}{{ end }}`, exitFailed, "more than 268435456 bytes"},
		{`{{ $x := secret "HUGE" }}{{ range 100 }}{{ $x = js $x }}{{ end }}`, exitFailed, "more than 268435456 bytes"},
		{`{{ $x := secret "A" }}{{ range 100 }}{{ $x = printf "%q%q" $x $x }}{{ end }}`, exitFailed, "more than 268435456 bytes"},
		{`{{ $x := "a\nb" }}{{ range 100 }}{{ $x = indent 100 $x | printf "%s\n%s" $x }}{{ end }}`, exitFailed, "more than 268435456 bytes"},
		{`{{ $x := secret "HUGE" }}{{ range 100000000 }}{{ $y := base64 "HUGE" }}{{ $z := tojson $x }}{{ end }}`, exitFailed, "more than 268435456 bytes"},
		{strings.Repeat("x", maxTemplate+1), exitUsage, "larger than 1048576 bytes"},
	} {
		name := test.in[:min(len(test.in), 70)]
		out, talk := s.run(test.code, "first "+test.in, "inject")
		switch {
		case out != "":
			t.Errorf("%s: %d bytes come out", name, len(out))
		case !strings.Contains(talk, test.want):
			t.Errorf("%s: no %q in\n%s", name, test.want, talk)
		case strings.Contains(talk, "s3cr3t"):
			t.Errorf("%s: the message has a value or the template's text:\n%s", name, talk)
		}
	}
}

// With other delimiters a file keeps the braces that it has.
func TestInjectDelims(t *testing.T) {
	if testing.Short() {
		t.Skip("left out of a short run")
	}
	s := newShop(t)
	s.run(0, canary, "set", "A")
	for delims, test := range map[string][2]string{
		"[[,]]":        {`[[ secret "A" ]] {{ .Values.a }} ${{ env.B }} [x] [[- /* note */ -]] ]`, canary + ` {{ .Values.a }} ${{ env.B }} [x]]`},
		"<%,%>":        {`<%- if eq (secret "A") "x" %>no<% else %>{{<% secret "A" %>}}<% end %>`, "{{" + canary + "}}"},
		"<!--,-->":     {`<a><!-- secret "A" --></a>`, "<a>" + canary + "</a>"},
		"%%,%%":        {`100% %%secret "A"%%`, "100% " + canary},
		"{{,}}":        {`{{ secret "A" }}`, canary},
		"{{{,}}}":      {`{{{ printf "%s" (secret "A") }}} {{ x }}`, canary + " {{ x }}"},
		"{{,}} ":       {},
		"[[":           {},
		"[[,":          {},
		",":            {},
		"[,]":          {},
		"[[,]],":       {},
		"((,))":        {},
		"aa,bb":        {},
		"[[ , ]]":      {},
		canary:         {},
		`"",""`:        {},
		"[[,]]]]]]]]]": {},
	} {
		code := exitOK
		if test[0] == "" {
			code = exitUsage
		}
		out, talk := s.run(code, test[0], "inject", "--delims", delims)
		if out != test[1] || strings.Contains(talk, canary) {
			t.Errorf("%s: %q, want %q\n%s", delims, out, test[1], talk)
		}
		if code == exitUsage {
			s.has(talk, "--delims wants two groups of signs", "try:  --delims '[[,]]'")
		}
	}
}

// Deep templates end, whatever the depth of the stack that they want.
func TestInjectDeep(t *testing.T) {
	if testing.Short() {
		t.Skip("left out of a short run")
	}
	s := newShop(t)
	const n = maxTemplate / 30
	var chain strings.Builder
	chain.WriteString(`{{ template "0" }}`)
	for i := range n / 2 {
		fmt.Fprintf(&chain, `{{define "%d"}}{{template "%d"}}{{end}}`, i, i+1)
	}
	for name, in := range map[string]string{
		"if":     strings.Repeat("{{if 1}}", n*2) + strings.Repeat("{{end}}", n*2),
		"parens": "{{" + strings.Repeat("(", n) + "1" + strings.Repeat(")", n) + "}}",
		"calls":  chain.String() + fmt.Sprintf(`{{define "%d"}}x{{end}}`, n/2),
		"else":   "{{if 0}}" + strings.Repeat("{{else if 0}}", n*2) + "{{end}}",
		"pipe":   `{{ 1 ` + strings.Repeat("|print", n*4) + `}}`,
	} {
		t.Run(name, func(t *testing.T) {
			env := &Env{Environ: s.environ, Dir: s.dir, Stdin: strings.NewReader(in), Stdout: &strings.Builder{}, Stderr: &strings.Builder{}}
			if code := Run(t.Context(), env, []string{"inject"}); code != exitOK && code != exitUsage {
				t.Errorf("exit code %d: %s", code, env.Stderr)
			}
		})
	}
}

// A template that never ends does not keep the command from ending.
func TestInjectInterrupted(t *testing.T) {
	s := newShop(t)
	s.run(0, "x", "set", "A")
	ctx, cancel := context.WithCancel(t.Context())
	in := `{{ $x := secret "A" }}{{ range 10000000 }}{{ end }}`
	out := &strings.Builder{}
	env := &Env{Environ: append(s.environ, "PINSEAL__SECRETS__A=y"), Dir: s.dir, Stdin: strings.NewReader(in), Stdout: out, Stderr: &cancelling{cancel}}
	if code := Run(ctx, env, []string{"inject"}); code != 130 || out.String() != "" {
		t.Errorf("exit code %d, %q", code, out)
	}
}

// cancelling ends a command as soon as it says something: of the value that stands in
// for a sealed one, while the template is filled.
type cancelling struct{ cancel func() }

func (c *cancelling) Write(b []byte) (int, error) {
	c.cancel()
	return len(b), nil
}
