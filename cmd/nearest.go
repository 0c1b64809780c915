package cmd

import (
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// nearest returns the names that are closest to what was typed, if one is close
// enough to have been meant: at most two letters, and half of it, away. It is
// for offering names that are known; what was typed is never shown again.
func nearest(typed string, names []string) []string {
	const most = 2
	var found []string
	best := most
	for _, name := range names {
		if abs(len(typed)-len(name)) > most {
			continue // whatever was typed may be long
		}
		switch d := distance(typed, name); {
		case d > best || 2*d > len(name):
		case d < best:
			best, found = d, []string{name}
		default:
			found = append(found, name)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func abs(n int) int { return max(n, -n) }

// distance is how many bytes have to be added, dropped, replaced or swapped with
// their neighbour to make one text the other.
func distance(a, b string) int {
	d := make([][]int, len(a)+1) // of the beginnings of a and b
	for i := range d {
		d[i] = make([]int, len(b)+1)
		for j := range d[i] {
			switch {
			case i == 0 || j == 0:
				d[i][j] = i + j
				continue
			case a[i-1] == b[j-1]:
				d[i][j] = d[i-1][j-1]
			default:
				d[i][j] = min(d[i-1][j-1], d[i-1][j], d[i][j-1]) + 1
			}
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(a)][len(b)]
}

// nearestCommands offers the commands below cmd that may have been meant, ready
// to paste, and then more.
func nearestCommands(cmd *cobra.Command, typed string, more ...string) []string {
	meant := map[string]string{}
	var names []string
	for _, sub := range cmd.Commands() {
		if sub.Hidden {
			continue
		}
		for _, name := range append([]string{sub.Name()}, sub.Aliases...) {
			names, meant[name] = append(names, name), sub.Name()
		}
	}
	var try []string
	for _, name := range nearest(typed, names) {
		try = append(try, cmd.CommandPath()+" "+meant[name])
	}
	return append(slices.Compact(try), more...)
}

// nearestFlags offers the flags of cmd that may have been meant.
func nearestFlags(cmd *cobra.Command, typed string, more ...string) []string {
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	})
	var try []string
	for _, name := range nearest(typed, names) {
		try = append(try, cmd.CommandPath()+" --"+name)
	}
	return append(try, more...)
}
