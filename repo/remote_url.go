package repo

import (
	"slices"
	"strings"
)

// FetchURL is where git fetches a remote from: its first URL, rewritten as
// url.BASE.insteadOf says. It is "" for what is no remote, and where one of its URLs
// is empty, which means another thing to each version of git.
func (c *Config) FetchURL(remote string) string {
	urls := c.values["remote."+remote+".url"]
	if len(urls) == 0 || slices.Contains(urls, "") {
		return ""
	}
	url, base, longest := urls[0], "", ""
	for _, k := range c.keys {
		to, ok := strings.CutPrefix(k, "url.")
		if ok {
			to, ok = strings.CutSuffix(to, ".insteadof")
		}
		if !ok {
			continue
		}
		for _, from := range c.values[k] {
			if strings.HasPrefix(url, from) && len(from) > len(longest) {
				base, longest = to, from
			}
		}
	}
	return base + url[len(longest):]
}
