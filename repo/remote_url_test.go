package repo

import (
	"context"
	"strings"
	"testing"
)

// TestFetchURL: the URL is the one that git says.
func TestFetchURL(t *testing.T) {
	dir := newDir(t)
	for _, kv := range []string{"remote.plain.url /srv/hub", "remote.short.url gh:ada/shop", "remote.longer.url gh:ada/team/shop", "remote.two.url gh:x", "remote.odd.a.url gh:y",
		"remote.pushed.url /srv/hub", "remote.pushed.pushurl /srv/public", "url.https://github.com/.insteadOf gh:", "url.ssh://team/.insteadOf gh:ada/team/",
		"url.ssh://again/.insteadOf https://github.com/", "url./other/.pushInsteadOf /srv/"} {
		k, v, _ := strings.Cut(kv, " ")
		tgit(t, dir, "config", "--add", k, v)
	}
	tgit(t, dir, "config", "--add", "remote.two.url", "/second")
	config, err := openAt(t, dir).Config(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, remote := range config.Remotes() {
		if got, want := config.FetchURL(remote.Name), tgit(t, dir, "remote", "get-url", remote.Name); got != want {
			t.Errorf("%s: %q, want %q", remote.Name, got, want)
		}
	}
	if n := len(config.Remotes()); n != 6 {
		t.Errorf("%d remotes", n)
	}
	if got := config.FetchURL("none"); got != "" {
		t.Errorf("no remote: %q", got)
	}
}
