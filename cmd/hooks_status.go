package cmd

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
)

// hookStatus is what makes git call us for one hook, or for the diff.
type hookStatus struct {
	Hook    string `json:"hook,omitempty"`
	Via     string `json:"via"`          // "config", "file", "by hand", "pre-commit", "lefthook", "husky" or "none"
	Live    bool   `json:"live"`         // git calls us
	At      string `json:"at,omitempty"` // file, from the top of the work tree if below it
	Program string `json:"program,omitempty"`
	Chained bool   `json:"chained,omitempty"`
	Other   bool   `json:"other_program,omitempty"` // Program is not the one that says this
	Problem string `json:"problem,omitempty"`       // why it is not live
	Aside   string `json:"set_aside,omitempty"`     // a hook that was set aside and that nothing calls
}

func (c *cli) runHooksStatus(ctx context.Context, asJSON bool) error {
	h, err := c.lookAtHooks(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	calls := map[string]bool{}
	if h.tool != nil {
		if calls, err = h.tool.calls(h.repo.Top()); err != nil {
			return err
		}
	}
	out := struct {
		Schema   int          `json:"schema"`
		Live     bool         `json:"live"` // all of it
		Git      string       `json:"git"`
		Dir      string       `json:"hooks_dir"`
		Hooks    []hookStatus `json:"hooks"`
		Textconv hookStatus   `json:"textconv"`
	}{Schema: 1, Git: h.git.Text, Dir: h.dir.Path}
	for _, hook := range hookNames {
		out.Hooks = append(out.Hooks, h.status(hook, calls[hook]))
	}
	out.Textconv = h.textconvStatus()
	out.Live = out.Textconv.Live
	for _, s := range out.Hooks {
		out.Live = out.Live && s.Live
	}
	if asJSON {
		err = c.printJSON(out)
	} else {
		err = h.printStatus(append(out.Hooks, out.Textconv))
	}
	if err == nil && !out.Live {
		c.say("Not everything is live. Next:%s", lines{c.here("pinseal hooks install")})
		err = &exitError{exitFailed}
	}
	return err
}

// status finds what calls us for a hook: the first that is live, else the first
// that is there.
func (h *hooked) status(hook string, toolCalls bool) hookStatus {
	found := hookStatus{Hook: hook, Via: "none", Problem: "not installed"}
	consider := func(s hookStatus) {
		if s.Via != "" && !found.Live && (s.Live || found.Via == "none") {
			s.Hook = hook
			found = s
		}
	}
	consider(h.configStatus(hook))
	for _, dir := range h.dirs() {
		consider(h.fileStatus(dir, hook))
	}
	if toolCalls {
		consider(h.toolStatus(hook))
	}
	for _, dir := range h.dirs() {
		if aside := hookFileIn(dir, hook).forgotten(); aside != "" {
			found.Aside = h.shown(aside)
		}
	}
	return found
}

// configStatus is of a hook in git's configuration.
func (h *hooked) configStatus(hook string) hookStatus {
	command, ok := h.settings.Get(hookKey(hook, "command"))
	if !ok {
		return hookStatus{}
	}
	s := hookStatus{Via: "config"}
	if h.ours.hooks && command == hookCommand(hook, h.ours.program) {
		s = h.calling(s, h.ours.program)
	}
	switch {
	case !h.git.ConfigHooks():
		s.Problem = "git " + h.git.Text + " is older than 2.54 and does not run it"
	case !slices.Contains(h.settings.HookCommands(hook), command):
		s.Problem = "the configuration has it for another event, or switched off"
	}
	s.Live = s.Problem == ""
	return s
}

// fileStatus is of a hook file that calls us.
func (h *hooked) fileStatus(dir, hook string) hookStatus {
	f := hookFileIn(dir, hook)
	s := hookStatus{Via: "file", At: h.shown(f.path)}
	switch {
	case f.is == ourHook:
		s = h.calling(s, f.stub.program)
		s.Chained = f.stub.chained && f.aside
	case f.is == changedHook:
		s.Problem = "it was written by another version of pinseal, or edited since"
	case f.is == strangerHook && callsHook(f.data, hook):
		s.Via = "by hand"
	case f.is == strangerHook && dir == h.dir.Path && h.tool == nil:
		return hookStatus{Via: "none", At: s.At, Problem: "a hook of somebody else is there"}
	default:
		return hookStatus{}
	}
	switch {
	case dir != h.dir.Path:
		s.Problem = "core.hooksPath makes git look in " + h.dir.Path
	case !isExecutable(f.mode):
		s.Problem = "it is not executable"
	}
	s.Live = s.Problem == ""
	return s
}

// toolStatus is of a hook that the tool's file has.
func (h *hooked) toolStatus(hook string) hookStatus {
	s := hookStatus{Via: h.tool.name, At: h.tool.file}
	f := hookFileIn(h.dir.Path, hook)
	ran := f.is != noHook && isExecutable(f.mode) && (h.tool.isIn(string(f.data)) || h.tool.name == "husky" && strings.Contains(filepath.ToSlash(h.dir.Path)+"/", "/.husky/"))
	for _, command := range h.settings.HookCommands(hook) {
		ran = ran || h.git.ConfigHooks() && h.tool.isIn(command)
	}
	if s.Live = ran; !ran {
		s.Problem = "git does not run " + h.tool.name + " here: " + h.tool.next
	}
	return s
}

// textconvStatus is of how git diff shows secret files.
func (h *hooked) textconvStatus() hookStatus {
	value, ok := h.settings.Get(textconvKey)
	s := hookStatus{Via: "config", Live: true}
	switch {
	case !ok:
		return hookStatus{Via: "none", Problem: "not installed"}
	case h.othersTextconv() != "":
		s.Via = "by hand"
	case value == textconvCommand(h.ours.program):
		s = h.calling(s, h.ours.program)
		s.Live = s.Problem == ""
	}
	return s
}

// calling adds what there is to say about the recorded program.
func (h *hooked) calling(s hookStatus, program string) hookStatus {
	s.Program = program
	s.Problem = programProblem(program, h.repo.Top())
	s.Other = s.Problem == "" && !isThisProgram(program)
	return s
}

func (h *hooked) printStatus(all []hookStatus) error {
	rows := make([][]string, len(all))
	for i, s := range all {
		name, live := s.Hook, "live"
		if name == "" {
			name = "git diff"
		}
		if !s.Live {
			live = "not live"
		}
		said := []string{}
		for _, part := range []string{s.At, s.Problem} {
			if part != "" {
				said = append(said, part)
			}
		}
		if s.Chained {
			said = append(said, "after the hook that was there")
		}
		if s.Other {
			said = append(said, "calls another pinseal: "+s.Program)
		}
		if s.Aside != "" {
			said = append(said, "set aside and not called: "+s.Aside)
		}
		rows[i] = []string{name, live, s.Via, strings.Join(said, "; ")}
	}
	return printTable(h.Stdout, rows)
}
