package cmd

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func newVersion(c *cli) *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version of the program and of its formats",
		Example: `  pinseal version
  pinseal version --json | jq -r .version`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			v := versionHere()
			if asJSON {
				return c.printJSON(v)
			}
			_, err := fmt.Fprint(c.Stdout, v.text())
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// versionFacts is what version prints. The formats are those that this program
// writes; their specifications are the package docs.
type versionFacts struct {
	Schema   int            `json:"schema"`
	Version  string         `json:"version"`
	Commit   string         `json:"commit,omitempty"`
	Date     string         `json:"date,omitempty"` // of the commit, RFC 3339
	Modified bool           `json:"modified,omitempty"`
	Go       string         `json:"go"`
	Platform string         `json:"platform"`
	Formats  versionFormats `json:"formats"`
}

type versionFormats struct {
	App    string `json:"app"`
	Pin    string `json:"pin"`
	Bundle string `json:"bundle"`
}

// versionHere is the version of the program that runs.
func versionHere() versionFacts {
	info, _ := debug.ReadBuildInfo()
	return versionOf(info)
}

// versionOf reads what the build recorded; info may be nil. A build that is of
// no released version is "dev".
func versionOf(info *debug.BuildInfo) versionFacts {
	v := versionFacts{Schema: 1, Version: "dev", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
		Formats: versionFormats{App: "app/v1", Pin: "pin/v1", Bundle: "bundle/v1"}}
	if info == nil {
		return v
	}
	if info.Main.Version != "" && info.Main.Version != "(devel)" {
		v.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Commit = s.Value
		case "vcs.time":
			v.Date = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	return v
}

// line is what --version prints.
func (v versionFacts) line() string { return "pinseal " + v.Version + "\n" }

func (v versionFacts) text() string {
	s := v.line()
	if v.Commit != "" {
		s += "commit   " + v.Commit
		if v.Date != "" {
			s += "  " + v.Date
		}
		if v.Modified {
			s += "  with changes"
		}
		s += "\n"
	}
	return s + fmt.Sprintf("go       %s %s\nformats  %s %s %s\n", v.Go, v.Platform, v.Formats.App, v.Formats.Pin, v.Formats.Bundle)
}
