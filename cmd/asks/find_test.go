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
	if WellKnown("DATABASE_URL") || WellKnown("PATHS") || WellKnown("GITHUB_TOKEN") {
		t.Error("a secret is well known")
	}
}
