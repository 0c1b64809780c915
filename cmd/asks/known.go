package asks

import (
	"path"
	"slices"
	"strings"
)

// systemNames are variables that a system, a shell, a host or a tool sets, or that
// say how a program runs rather than what it keeps to itself.
var systemNames = strings.Fields(`
	PATH HOME USER USERNAME LOGNAME SHELL PWD OLDPWD HOSTNAME LANG LANGUAGE TZ TERM COLORTERM
	TMPDIR TMP TEMP EDITOR VISUAL PAGER BROWSER DISPLAY MAIL UID GID PS1 SHLVL
	USERPROFILE APPDATA LOCALAPPDATA PROGRAMFILES PROGRAMDATA SYSTEMROOT WINDIR COMSPEC PATHEXT
	CI NO_COLOR FORCE_COLOR CLICOLOR DEBUG VERBOSE
	HTTP_PROXY HTTPS_PROXY NO_PROXY ALL_PROXY http_proxy https_proxy no_proxy all_proxy
	PORT HOST NODE_ENV NODE_OPTIONS NODE_PATH RAILS_ENV RACK_ENV FLASK_ENV APP_ENV DJANGO_SETTINGS_MODULE
	PYTHONPATH VIRTUAL_ENV JAVA_HOME GOPATH GOROOT GOOS GOARCH CARGO_HOME OUT_DIR DOTNET_ENVIRONMENT ASPNETCORE_ENVIRONMENT
	GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_EDITOR SSH_AUTH_SOCK SSH_AGENT_PID SSH_CONNECTION SSH_CLIENT SSH_TTY
	GITHUB_ACTIONS GITHUB_ACTOR GITHUB_BASE_REF GITHUB_ENV GITHUB_EVENT_NAME GITHUB_EVENT_PATH GITHUB_HEAD_REF GITHUB_JOB GITHUB_OUTPUT
	GITHUB_PATH GITHUB_REF GITHUB_REF_NAME GITHUB_REPOSITORY GITHUB_RUN_ID GITHUB_RUN_NUMBER GITHUB_SERVER_URL GITHUB_SHA
	GITHUB_STEP_SUMMARY GITHUB_WORKFLOW GITHUB_WORKSPACE GITLAB_CI KUBERNETES_SERVICE_HOST KUBERNETES_SERVICE_PORT
	CREDENTIALS_DIRECTORY INVOCATION_ID NOTIFY_SOCKET LISTEN_FDS LISTEN_PID`)

// systemPrefixes begin such names.
var systemPrefixes = strings.Fields(`LC_ XDG_ CI_ RUNNER_ CARGO_PKG_ npm_package_ npm_config_ npm_lifecycle_ PINSEAL_`)

// WellKnown reports whether a name is the system's, a host's or a tool's: no app
// keeps a secret in it.
func WellKnown(name string) bool {
	return slices.Contains(systemNames, name) || slices.ContainsFunc(systemPrefixes, func(p string) bool { return strings.HasPrefix(name, p) })
}

// Skips reports whether a file, a slash path, is passed over: sealed secrets, what
// others wrote (node_modules, vendor), what only tells of programs (.md, .rst, .adoc,
// .txt), and what was generated (.lock, .map, .min.js, .svg).
func Skips(file string) bool {
	parts := strings.Split(file, "/")
	for _, dir := range parts[:len(parts)-1] {
		if dir == "node_modules" || dir == "vendor" || dir == ".pinseal" {
			return true
		}
	}
	switch strings.ToLower(path.Ext(file)) {
	case ".md", ".markdown", ".rst", ".adoc", ".txt", ".lock", ".map", ".svg":
		return true
	}
	return strings.HasSuffix(file, ".min.js")
}
