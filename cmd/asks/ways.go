package asks

import (
	"regexp"
	"slices"
	"sync"
)

// way is one way to ask. What follows the word must match after, whose group 1 is
// the name; group 2, where it is not empty, a default.
type way struct {
	word   string
	after  []*regexp.Regexp
	secret bool           // a secret's own name is meant, not a variable's
	build  []string       // names that the build tool gives a value
	member bool           // the word may come after a dot or a colon
	object bool           // names may be taken out of it by a pattern, see taken
	given  *regexp.Regexp // what a file must hold for the word to mean this
}

const (
	nameText   = `([A-Za-z_][A-Za-z0-9_.-]{0,63})`
	identText  = `([A-Za-z_][A-Za-z0-9_]{0,63})\b`
	quotedName = "[\"'`]" + nameText + "[\"'`]"
	// withDefault ends a call: another argument or a block is the default. A name that
	// goes on, as in "A_" + b, is put together at run time.
	withDefault = `\s*(?:(,\s*[^)\s]|\)\s*(?:\{|do\b))|[,)])`
)

// Shapes of what follows a word.
var (
	inCall     = anchored(`\s*\(\s*` + quotedName + withDefault)
	inCallOnly = anchored(`\s*\(\s*` + quotedName + `\s*[,)]`)
	inBrackets = anchored(`\s*\[\s*` + quotedName + `\s*\]`)
	inGet      = anchored(`\s*\.\s*(?:get|pop|setdefault)\s*\(\s*` + quotedName + withDefault)
	inFetch    = anchored(`\s*\.\s*fetch\s*\(\s*` + quotedName + withDefault)
	asProperty = anchored(`\s*(?:\?\.|\.)\s*` + identText)
	inOptional = anchored(`\s*(?:\?\.\s*)?\[\s*` + quotedName + `\s*\]`)
	afterEmpty = anchored(`\s*\(\s*\)\s*(?:\.\s*get\s*\(|\[)\s*` + quotedName + `\s*[,)\]]`)
	inTemplate = anchored(`\s+` + quotedName)
	withNo     = anchored(`,\s*(?:default\s*=\s*)?` + nothing + `\s*,?\s*\)`)
)

// nothing is what languages call no value.
const nothing = `(?:None|null|nil|undefined|void 0)\b`

// lazy is an expression that is compiled when it is first asked for: most commands
// never do.
type lazy = func() *regexp.Regexp

func compiled(text string) lazy {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}

func anchored(text string) lazy { return compiled(`^` + text) }

func one(shapes ...lazy) (all []*regexp.Regexp) {
	for _, shape := range shapes {
		all = append(all, shape())
	}
	return all
}

func ways() []way {
	return []way{
		{word: "process.env", after: one(asProperty, inOptional), member: true, object: true},
		{word: "Bun.env", after: one(asProperty, inOptional), object: true},
		{word: "import.meta.env", after: one(asProperty, inOptional), object: true, build: []string{"MODE", "DEV", "PROD", "SSR", "BASE_URL"}},
		{word: "Deno.env.get", after: one(inCall)},
		{word: "os.environ", after: one(inBrackets, inGet)},
		{word: "environ", after: one(inBrackets, inGet), given: importsEnviron()},
		{word: "getenv", after: one(inCall, afterEmpty), member: true},
		{word: "Getenv", after: one(inCallOnly), member: true},
		{word: "LookupEnv", after: one(inCallOnly), member: true},
		{word: "System.get_env", after: one(inCall)},
		{word: "System.fetch_env", after: one(inCallOnly)},
		{word: "System.fetch_env!", after: one(inCallOnly)},
		{word: "ENV", after: one(inBrackets, inFetch)},
		{word: "$_ENV", after: one(inBrackets)},
		{word: "env", after: one(inCall)},
		{word: "env!", after: one(inCallOnly)},
		{word: "env::var", after: one(inCallOnly), member: true},
		{word: "env::var_os", after: one(inCallOnly), member: true},
		{word: "GetEnvironmentVariable", after: one(inCallOnly), member: true},
		{word: "get_secret", after: one(inCall), secret: true, member: true},
		{word: "get_json", after: one(inCall), secret: true, member: true},
		{word: "pinseal.get", after: one(inCall), secret: true},
		{word: "secret", after: one(inTemplate), secret: true},
	}
}

// What may stand after the whole.
var (
	fallback = compiled(`^\s*(?:\|\||\?\?|\?:|or\b)=?\s*(\w*)`)
	assigned = compiled(`^\s*=[^=>~]`)
	called   = compiled(`^\s*\(`)
	giveUp   = []string{"throw", "die", "raise", "panic", "exit", "abort", "fail", "abort_if", "None", "null", "nil", "undefined", "void"}

	importsEnviron = compiled(`\bfrom\s+os\s+import\s*(?:\([^)]*|[^\n]*)\benviron\b`)
)

// hasFallback reports whether what follows an ask gives another value.
func hasFallback(rest []byte) bool {
	m := fallback().FindSubmatch(rest)
	return m != nil && !slices.Contains(giveUp, string(m[1]))
}
