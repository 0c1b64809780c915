// Command pinseal keeps sealed secrets in an app's own git repository and pins
// the exact set of a commit. See README.md.
package main

import (
	"os"

	"pinseal/cmd"
)

func main() { os.Exit(cmd.Main()) }
