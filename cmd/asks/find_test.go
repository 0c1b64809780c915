package asks

import (
	"fmt"
	"strings"
	"testing"
)

// found is what a text asks for: "NAME", "NAME=" with a default, "NAME!" a secret's.
func foundIn(file, text string) string {
	var names []string
	for _, a := range New().Find(file, []byte(text)) {
		mark := ""
		if a.Secret {
			mark = "!"
		}
		if a.Default {
			mark += "="
		}
		names = append(names, a.Name+mark)
	}
	return strings.Join(names, " ")
}

func TestFind(t *testing.T) {
	for _, tt := range []struct{ file, text, want string }{
		{"a.js", `x(process.env.API_KEY)`, "API_KEY"},
		{"a.js", `process.env["API-KEY"] + process.env[ 'B' ]`, "API-KEY B"},
		{"a.js", "globalThis.process.env?.A; process.env\n  .B; process.env?.[`C`]", "A B C"},
		{"a.js", `process.env.A || "d"; process.env.B ?? d; process.env.C ??= "x"`, "A= B= C="},
		{"a.js", `if (!process.env.A || !process.env.B) throw 1`, "A B"},
		{"a.js", `process.env.A || throw new Error("A")`, "A"},
		{"a.js", `process.env.A = "x"; process.env["B"] = "y"; if (process.env.C === "1" || process.env.D == 2) {}`, "C D"},
		{"a.js", `process.env.hasOwnProperty("X"); process.envy.A; myprocess.env.B; process.env[key]`, ""},
		{"a.ts", `import.meta.env.VITE_KEY; import.meta.env.MODE; import.meta.env.DEV`, "VITE_KEY"},
		{"a.ts", `Deno.env.get("A"); Bun.env.B`, "A B"},
		{"a.py", `os.environ["A"]; os.environ.get("B"); os.environ.get('C', "d"); os.getenv("D"); os.getenv("E", "d")`, "A B C= D E="},
		{"a.py", `os.environ["A"] = "x"; os.environ.setdefault("B", "x"); os.getenv("C") or "d"; os.environ[f"X_{a}"]`, "B= C="},
		{"a.go", `os.Getenv("A"); v, ok := os.LookupEnv("B"); os.Getenv(name)`, "A B"},
		{"a.rb", `ENV["A"]; ENV.fetch("B"); ENV.fetch("C", "d"); ENV.fetch('D') { 1 }; ENV['E'] = "x"; ENV['F'] || raise`, "A B C= D= F"},
		{"A.java", `System.getenv("A"); System.getenv().get("B")`, "A B"},
		{"a.php", `getenv('A'); $_ENV['B']; env('C'); env('D', 'x'); $_ENV['E'] ?? 'x'; getenv('F') ?: 'x'; getenv('G') ?: die('no')`, "A B C D= E= F= G"},
		{"a.rs", `env!("A", "set it"); std::env::var("B")?; env::var_os("C"); option_env!("D")`, "A B C"},
		{"a.cs", `Environment.GetEnvironmentVariable("A", EnvironmentVariableTarget.Process) ?? "x"`, "A"},
		{"a.c", `const char *p = getenv ("A"); #define B secure_getenv("B")`, "A"},
		{"a.py", `client.get_secret("A"); get_json('B'); pinseal.get("C")`, "A! B! C!"},
		{"conf.tmpl", `{{ secret "A" }} {{ with secret "B" }} {{ json (secret "C") }}`, "A! B! C!"},
		{"a.go", `s := secret "A"`, ""},
		{"a.py", "# os.environ['A']\n  // process.env.A\n * getenv('B')\nx = 1 # os.environ['C']", "C"},
		{"a.yaml", `${A}`, ""},
		{"compose.yaml", "x: ${A} ${B:-d} ${C-d} ${D:?no} ${E:+x} $${F} $$${G}\n# ${H}\n", "A B= C= D E= G"},
		{"deploy/docker-compose.prod.yml", `${A}`, "A"},
		{"compose-dev.yml", `${A}`, "A"},
		{"a.js", `config.env("A"); Cypress.env("B"); dotenv("C"); loadenv("D")`, ""},
		{"a.js", `process.env.` + strings.Repeat("A", 65), ""},
		{"a.js", `process.env.CON`, ""},
		{"a.bin", "\x00process.env.A", ""},
		{"a.go", `os.Getenv("A_" + b); getenv("B" . $c); os.environ["D" + e]; os.environ.get("E" + f, "x")`, ""},
		{"a.py", "os.getenv(\n  'A',\n); os.getenv('B' , )", "A B"},
		{"a.js", "const { A, B: b, C = 1, D: d = 'x, Y', ...E } = process.env;", "A B C= D="},
		{"a.ts", "const {\n  A, // the key, K = 1\n  'B-C': b, /* L, */\n  D = \"http://x\", E,\n}: Env = globalThis.process.env as Env", "A B-C D= E"},
		{"a.js", "let { A } = process.env\nlet { B = undefined, C = null } = process.env\n", "A B C"},
		{"a.js", "({ A, B } = process.env); f({ C } = process.env || {}); const { MODE, D } = import.meta.env", "A B C D"},
		{"a.js", "const { A } = process.env.B; const { C } = process.env\n  .D; const { E } = f(process.env); if ({ F } == process.env) {}\n// const { G } = process.env", "B D"},
		{"a.js", "const { A = f(b, 1), B } = process.env", "A= B"},
		{"a.js", `process.env.A || undefined; process.env.B ?? null; process.env.C || ""`, "A B C="},
		{"a.py", "from os import environ\nenviron['A']; environ.get('B'); environ.get('C', 'd'); environ['D'] = 1; x.environ['E']", "A B C="},
		{"a.py", "from os import (\n  path,\n  environ,\n)\nenviron['A']", "A"},
		{"a.py", "def app(environ, start):\n  environ['REQUEST_METHOD']", ""},
		{"a.py", `os.getenv("A", None); os.environ.get("B", default = None); os.getenv("C", default=""); os.environ.get("D", os.environ["E"]); os.getenv("F", Nones)`, "A B C= D= E F="},
		{"a.ex", `System.get_env("A"); System.get_env("B", "d"); System.fetch_env!("C"); System.fetch_env("D"); System.get_env("E") || raise "no"; System.get_env("F") || "d"`, "A B= C D E F="},
		{"compose.yaml", "x: $A $$B $$$C ${D:-${E}} ${F:-$G} ${H:-${I:-x}} ${J:?${K}} ${L:-a$$b} ^x$ $1 ${9} ${M", "A C D= E F= G H= I= J K L="},
		{"compose.yaml", "#$A\n  # ${B}\nx: '$C:$D' # $E\n", "C D E"},
		{"a.js", "", ""},
		{"a.js", `process.env.A; process.env.A; process.env.A || 1`, "A"},
	} {
		if got := foundIn(tt.file, tt.text); got != tt.want {
			t.Errorf("%s: %s\n got %q\nwant %q", tt.file, tt.text, got, tt.want)
		}
	}
}

func TestFindLines(t *testing.T) {
	var got []string
	for _, a := range New().Find("a.js", []byte("\nprocess.env.B\n\n  getenv('A') + process.env.B\r\nlast process.env.C")) {
		got = append(got, fmt.Sprint(a.Name, a.Line))
	}
	if want := "B2 A4 B4 C5"; strings.Join(got, " ") != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPassedOver(t *testing.T) {
	for _, file := range []string{"README.md", "a/node_modules/b/c.js", "vendor/x.go", ".pinseal/shop/app.note", "go.lock", "a.min.js"} {
		if !Skips(file) {
			t.Errorf("%s is read", file)
		}
	}
	for _, file := range []string{"main.go", "vendor.go", "src/app.ts", "Dockerfile"} {
		if Skips(file) {
			t.Errorf("%s is passed over", file)
		}
	}
	for _, name := range []string{"PATH", "LC_ALL", "NODE_ENV", "GITHUB_SHA", "PINSEAL_ENV"} {
		if !WellKnown(name) {
			t.Errorf("%s is asked for", name)
		}
	}
	for _, name := range strings.Fields("DATABASE_URL PATHS GITHUB_TOKEN CI_DEPLOY_TOKEN RUNNER_SECRET LC_KEY XDG_TOKEN npm_config__authToken PINSEAL_X") {
		if WellKnown(name) {
			t.Errorf("%s is well known", name)
		}
	}
}
