package cmd

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"pinseal/versions"
)

// reviewKinds are the kinds of change that --fail-on knows, beside anyKind.
var reviewKinds = []string{"readers", "keys", "apps", "values", "key-versions", "metadata", "resealed", "blanks", "expired", "pins", "files", "problems"}

const anyKind = "any"

// judge says which kinds of change there are, and which of them were asked for.
func (r *reviewReport) judge(failOn []string) {
	there := map[string]bool{"apps": r.Default != nil, "files": len(r.Files) > 0, "problems": len(r.Problems) > 0}
	for _, a := range r.Apps {
		there["apps"] = there["apps"] || a.Change != "same"
		there["readers"] = there["readers"] || len(a.Members) > 0 || a.Change == "removed"
		there["keys"] = there["keys"] || len(a.Keys) > 0
		for _, e := range a.Environments {
			there["pins"] = there["pins"] || e.Pin != nil && e.Pin.moves()
			for _, s := range e.Secrets {
				s.kinds(there, e.rekeyed)
			}
		}
	}
	r.Kinds = []string{}
	for _, kind := range reviewKinds {
		if there[kind] {
			r.Kinds = append(r.Kinds, kind)
		}
	}
	for _, kind := range r.Kinds {
		if slices.Contains(failOn, kind) || slices.Contains(failOn, anyKind) {
			r.Failed = append(r.Failed, kind)
		}
	}
	if len(r.Kinds) == 0 && !r.empty() && slices.Contains(failOn, anyKind) {
		r.Failed = append(r.Failed, anyKind) // a note that says the same in another version
	}
}

// kinds adds those of one secret. Without a key, that a value is the same is no more
// than likely: where the branch makes no read key, there is no need to seal it anew.
func (s *reviewSecret) kinds(there map[string]bool, rekeyed bool) {
	switch versions.Action(s.Action) {
	case versions.Resealed:
		there["resealed"] = true
		there["values"] = there["values"] || !rekeyed
	case versions.Edited:
	default:
		there["values"] = true
	}
	if v := s.Versions; v != nil && versions.Action(s.Action) != versions.Removed {
		there["key-versions"] = there["key-versions"] || len(v.Added)+len(v.Replaced) > 0 || len(v.Resealed) > 0 && !rekeyed
	}
	there["metadata"] = there["metadata"] || len(s.Fields) > 0
	there["blanks"] = there["blanks"] || s.Blank && !s.Optional
	there["expired"] = there["expired"] || s.Expired != ""
}

func (p *reviewPin) moves() bool { return len(p.Changes)+len(p.Readers) > 0 }

// completeKinds offers kinds after the last comma.
func completeKinds(_ *cobra.Command, _ []string, to string) ([]string, cobra.ShellCompDirective) {
	done := to[:strings.LastIndexByte(to, ',')+1]
	offers := make([]string, 0, len(reviewKinds)+1)
	for _, kind := range append(slices.Clone(reviewKinds), anyKind) {
		offers = append(offers, done+kind)
	}
	return offers, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}
