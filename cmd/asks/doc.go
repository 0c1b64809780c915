// Package asks finds the names that programs ask their environment, or pinseal, for.
// It reads text and knows no language: what it finds is what a reader would take for
// a question, and it can miss one that is put together at run time.
//
// # What is found
//
//	process.env.NAME  process.env["NAME"]  process.env?.NAME    also Bun.env, import.meta.env
//	const { NAME, OTHER: o = 1 } = process.env
//	Deno.env.get("NAME")
//	os.environ["NAME"]  os.environ.get("NAME")  os.getenv("NAME")
//	environ["NAME"]  environ.get("NAME")      in a file that imports it from os
//	os.Getenv("NAME")  os.LookupEnv("NAME")
//	ENV["NAME"]  ENV.fetch("NAME")
//	System.getenv("NAME")  System.getenv().get("NAME")
//	System.get_env("NAME")  System.fetch_env!("NAME")
//	getenv('NAME')  $_ENV['NAME']
//	env("NAME")  env!("NAME")
//	std::env::var("NAME")  env::var_os("NAME")
//	Environment.GetEnvironmentVariable("NAME")
//	${NAME}  $NAME                   in files named like compose.yaml
//	get_secret("NAME")  get_json("NAME")  pinseal.get("NAME")
//	{{ secret "NAME" }}              in templates
//
// Quotes are ", ' or `. NAME must be one that a secret can have. What is assigned to,
// as in process.env.NAME = "x", is not asked for, nor what stands in a line that is a
// comment from its beginning: //, #, or * and a blank.
//
// # Defaults
//
// An ask has a default where the text gives one: a second argument, ||, ??, ?: or a
// Python or after it, = in a pattern, ${NAME:-x}. A second argument that only says what
// goes wrong, as in env!, is none, nor is || or ?? before throw, die, raise, panic, exit
// or abort, or after !, nor what a language calls no value: None, null, nil, undefined.
// What a default asks for, as B in ${A:-${B}}, is asked for.
//
// # What is passed over
//
// [Skips] says which files are no programs of the app's own, and [WellKnown] which
// names are the system's.
package asks
