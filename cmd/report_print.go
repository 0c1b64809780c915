package cmd

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"pinseal/versions"
)

// reportJSON is an exposure for programs.
type reportJSON struct {
	Schema     int                 `json:"schema"`
	App        string              `json:"app"`
	Member     string              `json:"member"`
	Recipients []string            `json:"recipients"`
	Reads      []string            `json:"reads"` // environments, today
	Reach      map[string]int      `json:"reach"` // newest generation of ENV.read, by environment
	Complete   bool                `json:"complete"`
	Closed     []string            `json:"not_compared"` // environments with values that do not open here
	Short      int                 `json:"short"`        // values, not looked for under other names
	Secrets    []exposedSecretJSON `json:"secrets"`
	Removed    []exposedSecretJSON `json:"removed"`
	Notes      int                 `json:"notes_passed_over,omitempty"`
	Files      int                 `json:"files_passed_over,omitempty"`
}

type exposedSecretJSON struct {
	Environment string              `json:"environment"`
	Name        string              `json:"name"`
	Kind        string              `json:"kind,omitempty"`
	State       string              `json:"state"`
	As          []string            `json:"as,omitempty"`
	Reason      string              `json:"reason,omitempty"`
	Can         []string            `json:"can,omitempty"` // members who can tell
	KeyVersions []uint32            `json:"key_versions,omitempty"`
	KeyBefore   uint32              `json:"key_before,omitempty"` // for key rm --before, when all is rewrapped
	Versions    int                 `json:"versions"`
	Commits     []exposedCommitJSON `json:"commits"`
	Pins        []int               `json:"pins"`
	Pinned      int                 `json:"pinned,omitempty"` // the newest pin, when it has such a value
}

type exposedCommitJSON struct {
	Commit string `json:"commit"`
	When   string `json:"when"`
}

// printExposure prints what is to be rotated, for people or programs, and says how
// much it is.
func (s *session) printExposure(e *versions.Exposure, asJSON bool) error {
	var err error
	if asJSON {
		err = s.printJSON(s.toReportJSON(e))
	} else {
		err = printTable(s.Stdout, exposureTable(e))
	}
	if err != nil {
		return err
	}
	s.sayLimits(e)
	s.sayRotate(e)
	return nil
}

func (s *session) toReportJSON(e *versions.Exposure) reportJSON {
	r := reportJSON{Schema: 1, App: s.id.String(), Member: e.Member, Recipients: e.Recipients, Reads: append([]string{}, e.Reads...), Reach: e.Reach,
		Complete: e.Complete, Closed: append([]string{}, e.Closed...), Short: e.Short, Secrets: []exposedSecretJSON{}, Removed: []exposedSecretJSON{}, Notes: e.Passed, Files: e.Skipped}
	for _, one := range e.Secrets {
		x := exposedSecretJSON{Environment: one.Environment, Name: one.Name, Kind: one.Kind, State: string(one.State), As: one.As, Reason: one.Reason, Can: one.Can,
			KeyVersions: one.KeyVersions, KeyBefore: one.Before, Versions: one.Versions, Commits: []exposedCommitJSON{}, Pins: append([]int{}, one.Pins...), Pinned: one.Pinned}
		for _, c := range one.Commits {
			x.Commits = append(x.Commits, exposedCommitJSON{string(c.Commit), c.When.Format(time.RFC3339)})
		}
		if one.State == versions.RemovedSince {
			r.Removed = append(r.Removed, x)
		} else {
			r.Secrets = append(r.Secrets, x)
		}
	}
	return r
}

func exposureTable(e *versions.Exposure) [][]string {
	words := map[versions.ExposureState]string{versions.MustRotate: "ROTATE", versions.MayRotate: "ROTATE?",
		versions.MustRewrap: "REWRAP", versions.StillPinned: "PUBLISH", versions.StillReads: "READS", versions.RemovedSince: "REMOVED"}
	var table [][]string
	for i := range e.Secrets {
		one := &e.Secrets[i]
		table = append(table, []string{words[one.State], one.Environment, one.Name, strings.Join(exposureDetails(one), "; ")})
	}
	return table
}

// exposureDetails says what is behind a line of the report.
func exposureDetails(e *versions.ExposedSecret) []string {
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	if e.State == versions.StillPinned {
		here := "changed here"
		if e.Kind == "" {
			here = "gone here"
		}
		add("%s; pin %d still has it", here, e.Pinned)
	}
	if len(e.As) > 0 {
		add("the same value as %s", strings.Join(e.As, ", "))
	}
	if len(e.KeyVersions) > 0 {
		add("key version %s", strings.Trim(fmt.Sprint(e.KeyVersions), "[]"))
	}
	in := "in no commit here"
	if len(e.Commits) > 0 {
		last := e.Commits[0]
		in = fmt.Sprintf("last in %s (%s)", shortHash(last.Commit), last.When.Format(time.DateOnly))
	}
	switch {
	case e.Versions > 0:
		add("%s, %s", count(e.Versions, "version"), in)
	case len(e.As) > 0:
		add("%s", in)
	case e.State == versions.MustRotate || e.State == versions.MustRewrap || e.State == versions.StillReads:
		add("not committed yet")
	}
	if len(e.Pins) > 0 {
		add("%s", pinNumbers(e.Pins))
	}
	if e.Pinned > 0 && e.State != versions.StillPinned {
		add("pinned now")
	}
	if e.Reason != "" {
		add("%s", e.Reason)
	}
	return parts
}

// sayLimits says what the report may lack, and whom it is about.
func (s *session) sayLimits(e *versions.Exposure) {
	switch {
	case e.Complete:
	case s.repo.Shallow():
		s.warn("this clone is shallow: what older commits hold is not in this report\n  try:  %s fetch --unshallow", s.git(s.top))
	default:
		s.warn("not all commits and pins are here: this report may lack some")
	}
	if len(e.Damaged) > 0 {
		s.warn("what these pins hold is not here, or is not what they name: %s", someOf(e.Damaged))
	}
	if e.Passed > 0 {
		s.warn("%s passed over that would give somebody more, and no admin of this app can be told to have signed", count(e.Passed, "app note"))
	}
	if e.Skipped > 0 {
		s.warn("%s passed over: too large for a secret's, or not here", count(e.Skipped, "file"))
	}
	if len(e.Recipients) > 1 {
		s.say("%s has been the name of %d recipients; this is about all of them.", e.Member, len(e.Recipients))
	}
	if len(e.Closed) > 0 {
		s.say("Not all values open here: a copy in %s, or of what stood there, would not be seen.", strings.Join(e.Closed, ", "))
	}
	if e.Short > 0 {
		s.say("%s too short to be looked for under the names of others.", areMany(e.Short, "value"))
	}
}

// sayRotate says how much there is to do, and how.
func (s *session) sayRotate(e *versions.Exposure) {
	n := map[versions.ExposureState]int{}
	envs := map[versions.ExposureState][]string{}
	var can []string
	for _, one := range e.Secrets {
		n[one.State]++
		if !slices.Contains(envs[one.State], one.Environment) {
			envs[one.State] = append(envs[one.State], one.Environment)
			can = append(can, one.Can...)
		}
	}
	if n[versions.MayRotate] > 0 {
		slices.Sort(can)
		s.say("ROTATE? in %s: only who reads it can tell: %s", strings.Join(envs[versions.MayRotate], ", "), someOf(slices.Compact(can)))
	}
	if n[versions.RemovedSince] > 0 {
		s.say("%s not in use any more: end what is REMOVED at its source, if it still counts there.", areMany(n[versions.RemovedSince], "secret"))
	}
	if len(e.Reads) > 0 {
		s.say("%s still reads %s: %s", e.Member, strings.Join(e.Reads, ", "), count(n[versions.StillReads], "secret"))
	}
	secrets, keys := s.sayKeysKnown(e)
	switch {
	case secrets > 0:
		s.say("%s to rotate: at the source first, then  %s, commit and publish.", count(secrets, "secret"), s.here("pinseal set NAME -e ENV"))
	case keys > 0:
	case n[versions.StillPinned] > 0:
		line := "pinseal publish " + strings.Join(envs[versions.StillPinned], " && pinseal publish ")
		s.say("Nothing to rotate here, but %s still pinned with what %s could open: %s", areMany(n[versions.StillPinned], "secret"), e.Member, s.here(line))
	case len(e.Reads) > 0:
		s.say("Nothing to rotate: no other value in use is one that %s could open%s.", e.Member, asFar(e))
	default:
		s.say("Nothing to rotate: no value in use is one that %s could open%s.", e.Member, asFar(e))
	}
}

// asFar keeps a sentence from saying more than was looked at.
func asFar(e *versions.Exposure) string {
	if len(e.Closed) > 0 || !e.Complete {
		return ", as far as can be told here"
	}
	return ""
}

// areMany is count as a subject: "1 secret is", "3 secrets are".
func areMany(n int, what string) string {
	if n == 1 {
		return count(n, what) + " is"
	}
	return count(n, what) + " are"
}
