package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"pinseal/versions"
)

func (c *cli) runHooksInstall(ctx context.Context, o hooksOptions) error {
	if o.chain && o.manual || o.chain && o.write || o.manual && o.write {
		return usage([]string{"pinseal hooks install --help"}, "--chain, --manual and --write are three ways to install: say one")
	}
	h, err := c.lookAtHooks(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	program, err := c.program(ctx, h.repo)
	if err != nil {
		return err
	}
	want := hookConfig{program: program, hooks: h.git.ConfigHooks(), textconv: h.othersTextconv() == ""}
	switch {
	case o.manual:
		return c.writeStdout([]byte(h.manual(want)))
	case h.git.ConfigHooks():
		if o.chain || o.write {
			return usage([]string{"pinseal hooks install"}, "git %s takes hooks from its configuration: no hook is in the way, and no file needs them", h.git.Text)
		}
		return h.installConfig(want)
	case h.tool != nil && !o.write && h.ownsFiles(): // they are brought up to date, whatever came later
		return h.installFiles(want, o.chain)
	case h.tool != nil && o.chain:
		return usage([]string{"pinseal hooks install", "pinseal hooks install --write"}, "%s rules the hooks here and would replace files of hooks", h.tool.name)
	case h.tool != nil:
		return h.installTool(want, o.write)
	case o.write:
		return usage([]string{"pinseal hooks install"}, "there is no file of pre-commit, lefthook or husky here to write to")
	}
	return h.installFiles(want, o.chain)
}

// installConfig makes git take the hooks from the configuration. Files of ours,
// of a time with an older git, would run them twice.
func (h *hooked) installConfig(want hookConfig) error {
	steps, _, err := h.removeFiles()
	if err != nil {
		return err
	}
	if err := h.carryOut(steps, want); err != nil {
		return err
	}
	h.say("Installed %s in the configuration of this repository", strings.Join(hookNames, ", "))
	return h.sayInstalled()
}

// installTool prints what the tool's file lacks, or adds it.
func (h *hooked) installTool(want hookConfig, write bool) error {
	t := h.tool
	calls, err := t.calls(h.repo.Top())
	if err != nil {
		return err
	}
	missing := false
	for _, hook := range hookNames {
		missing = missing || !calls[hook]
	}
	if missing && !write {
		if err := h.writeStdout([]byte(t.snippet())); err != nil {
			return err
		}
		h.say("%s rules the hooks here, so nothing was changed. Add the lines above to %s, or:%s", t.name, t.file,
			lines{h.here("pinseal hooks install --write")})
		return nil
	}
	var steps []fileStep
	if missing {
		if steps, err = t.write(h.repo.Top()); err != nil {
			if err := h.writeStdout([]byte(t.snippet())); err != nil {
				return err
			}
			return hint(fmt.Errorf("nothing was changed: %w: %w", err, versions.ErrConflict), "pinseal hooks install      once the lines above are in "+t.file)
		}
	}
	if err := h.carryOut(steps, want); err != nil {
		return err
	}
	if missing {
		h.say("Added %s to %s. Next:%s", strings.Join(hookNames, ", "), t.file, lines{t.next, h.gitFor("add", t.file)})
	} else {
		h.say("%s calls pinseal already", t.file)
	}
	return h.sayInstalled()
}

// installFiles writes a file for each hook, all or none.
func (h *hooked) installFiles(want hookConfig, chain bool) error {
	steps, err := h.writeFiles(want.program, chain)
	if err != nil {
		return err
	}
	if err := h.carryOut(steps, want); err != nil {
		return err
	}
	h.say("Installed %s in %s", strings.Join(hookNames, ", "), h.shown(h.dir.Path))
	if in, err := isInWorkTree(h.repo.Top(), h.dir.Path); err == nil && in && !h.inGitDir(h.dir.Path) {
		h.warn("core.hooksPath is in the work tree: do not commit these files, which name a path of this machine")
	}
	return h.sayInstalled()
}

// carryOut does the steps, with the configuration last.
func (h *hooked) carryOut(steps []fileStep, want hookConfig) error {
	config, err := changeConfig(h.config, want)
	if err != nil {
		return err
	}
	if !bytes.Equal(config, h.config) {
		steps = append(steps, fileStep{do: func() error { return h.repo.ReplaceLocalConfig(h.config, config) }})
	}
	return carryOut(steps)
}

// othersTextconv is a value of diff.pinseal.textconv that is not ours, "" for none.
func (h *hooked) othersTextconv() string {
	if v, ok := h.settings.Get(textconvKey); ok && !strings.HasPrefix(v, "pinseal_textconv()") {
		return v
	}
	return ""
}

// inGitDir reports whether a path is in the repository, and not a user's.
func (h *hooked) inGitDir(file string) bool {
	in, err := isBelow(h.repo.CommonDir(), file)
	return err == nil && in
}

// sayInstalled says what holds after every way to install.
func (h *hooked) sayInstalled() error {
	if other := h.othersTextconv(); other != "" {
		h.say("%s is set already and was left alone: %q", textconvKey, other)
	} else {
		h.say("git diff shows secret files by their state")
	}
	if _, err := os.Lstat(filepath.Join(h.repo.Top(), storeDir)); errors.Is(err, fs.ErrNotExist) {
		h.say("There is no app here: until pinseal init makes one the hooks have nothing to check")
	}
	return nil
}

// manual is what to add by hand where install does not go.
func (h *hooked) manual(want hookConfig) string {
	var b strings.Builder
	switch {
	case want.hooks:
		b.WriteString("# to the configuration of this repository\n")
	case h.tool != nil:
		return h.tool.snippet()
	default:
		for _, hook := range hookNames {
			fmt.Fprintf(&b, "# to %s, before what is there\n%s", filepath.ToSlash(filepath.Join(h.dir.Path, hook)), manualText(hook, want.program))
		}
		b.WriteString("# to the configuration of this repository\n")
	}
	want.textconv = true
	b.WriteString(want.text(false))
	return b.String()
}

// manualText is a call that can stand in a hook of somebody else, who may read
// the pushed refs from stdin too.
func manualText(hook, program string) string {
	if hook != "pre-push" {
		return fmt.Sprintf("%s hook %s \"$@\" || exit\n", alwaysQuote(program), hook)
	}
	return pushText(alwaysQuote(program))
}
