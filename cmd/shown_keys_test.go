package cmd

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"

	"pinseal/versions"
)

// edit changes a key's file in the work tree by hand, as whoever can commit does.
func (s *mergedKeys) edit(name string, f func(*versions.SecretFile)) {
	s.t.Helper()
	p := versions.FilePath("production", name)
	file, err := versions.ParseSecretFile(s.read(p))
	s.check(err)
	f(file)
	data, err := file.Bytes()
	s.check(err)
	s.check(os.WriteFile(s.path(p), data, 0o644))
}

func (s *mergedKeys) head() string {
	s.t.Helper()
	cmd := exec.Command("git", "rev-parse", "HEAD")
	cmd.Dir, cmd.Env = s.dir, s.environ
	out, err := cmd.Output()
	s.check(err)
	return strings.TrimSpace(string(bytes.TrimSpace(out)))
}

// Every way of looking says what became of the versions, and review and publish have a
// line of their own for one that an app would encrypt with.
func TestKeysShown(t *testing.T) {
	s := newMergedKeys(t)
	first := s.head()
	s.run(0, "", "publish", "production", "--first")

	s.keyRun("rotate", "K")()
	out, _ := s.run(0, "", "blame", "-e", "production")
	s.has(out, "not committed", "changed  (version 2 added)")
	out, _ = s.run(0, "", "diff", "-e", "production")
	s.has(out, "~ K  (version 2 added)\n")
	out, _ = s.run(0, "", "diff", "-e", "production", "--json")
	s.has(out, `"versions": {
        "added": [
          2
        ]
      }`)
	out, _ = s.run(0, "", "diff", "-e", "production", "--reveal")
	s.has(out, `    + version 2: "`)
	if strings.Contains(out, "version 1:") {
		t.Errorf("what is the same is shown:\n%s", out)
	}
	s.commit()
	rotated := s.head()
	out, _ = s.run(0, "", "log", "K", "-e", "production")
	s.has(out, "(version 2 added)")
	out, _ = s.run(0, "", "log", "K", "-e", "production", "--json")
	s.has(out, `"added": [`)
	encrypts := "! K encrypts with version 2 from the next pin on, and with 1 before: whoever made that knows it"
	out, talk := s.run(exitFailed, "", "review", first+"..HEAD", "--fail-on", "key-versions")
	s.has(out, "~ K  (version 2 added)", encrypts)
	s.has(talk, "stopped by --fail-on: key-versions")
	out, _ = s.run(0, "", "review", first+"..HEAD", "--format", "markdown")
	s.has(out, "- changed `K` (version 2 added)", "- **`K` encrypts with version 2 from the next pin on")
	_, talk = s.run(0, "", "publish", "production", "-n")
	s.has(talk, "~ K  (version 2 added)", "! K encrypts with version 2 from this pin on, and with 1 before")

	// A new read key seals both anew, and that is all.
	s.run(0, "", "rekey", "production")
	s.commit()
	out, _ = s.run(0, "", "log", "K", "-e", "production", "--limit", "1")
	s.has(out, "(sealed to a newer key)")
	s.run(0, "", "review", rotated+"..HEAD", "--fail-on", "key-versions")
	_, talk = s.run(0, "", "publish", "production")
	s.has(talk, "~ K  (version 2 added, version 1 sealed to a newer key)")
	rekeyed := s.head()

	s.keyRun("reset", "K", "--confirm", "K", "--bits", "256")()
	s.commit()
	out, _ = s.run(0, "", "review", rekeyed+"..HEAD")
	s.has(out, "~ K  (bits 128 to 256; versions 1-2 dropped, version 3 added)", "! K does not decrypt any more what versions 1-2 encrypted")
	_, talk = s.run(0, "", "publish", "production")
	s.has(talk, "~ K  (bits 128 to 256; versions 1-2 dropped, version 3 added)", "! K does not decrypt any more what versions 1-2 encrypted")

	// Back to what was: to who reviews, these are versions that were not there.
	s.git("revert", "--no-edit", "HEAD")
	out, _ = s.run(0, "", "review", "HEAD~1..HEAD")
	s.has(out, "! K encrypts with version 2 from the next pin on, and with 3 before: whoever made that knows it")
	s.edit("K", func(f *versions.SecretFile) { f.Versions = f.Versions[:1] })
	s.commit()
	out, _ = s.run(0, "", "review", "HEAD~1..HEAD")
	s.has(out, "! K goes back to version 1 from 2, and encrypts with that from the next pin on")
}

// Somebody who does not read puts two versions of their own in the place of a key: to a
// review that is a rename, and not passed over. Nor is what looks sealed anew.
func TestKeysShownInThePlace(t *testing.T) {
	s := newMergedKeys(t)
	s.keyRun("rotate", "K")()
	s.run(0, "", "key", "create", "OTHER", "-e", "production")
	own, _ := s.run(0, "", "key", "export", "OTHER", "-e", "production", "--reveal")
	s.commit()
	s.keyRun("rm", "K")()
	s.run(0, own, "key", "import", "L", "-e", "production")
	s.run(0, own, "key", "import", "L", "-e", "production", "--add")
	s.commit()
	out, _ := s.run(exitFailed, "", "review", "HEAD~1..HEAD", "--fail-on", "key-versions")
	s.has(out, "> L  (likely moved from K)", "! L encrypts with version 2, likely that of K: only a reader can tell")

	s.run(0, "", "rekey", "production")
	s.commit()
	file := s.read(versions.FilePath("production", "L"))
	s.git("checkout", "-q", "HEAD~1", "--", storeDir+"/shop/production/L.yaml")
	s.commit()
	s.check(os.WriteFile(s.path(versions.FilePath("production", "L")), file, 0o644))
	s.commit()
	out, _ = s.run(exitFailed, "", "review", "HEAD~1..HEAD", "--fail-on", "key-versions")
	s.has(out, "! L encrypts with version 2, sealed anew and likely the same: only a reader can tell")
}

// An older number with another key is no way back.
func TestKeyEncryptsWithAnother(t *testing.T) {
	one := func(value string, numbers ...uint32) *versions.SecretFile {
		f := &versions.SecretFile{Kind: versions.KindKey, Bits: 128}
		for _, n := range numbers {
			f.Versions = append(f.Versions, versions.KeyVersion{Number: n, Value: value})
		}
		return f
	}
	for _, c := range []struct {
		old, new *versions.SecretFile
		change   versions.VersionsChange
		want     string
	}{
		{one("a", 1, 2), one("a", 1), versions.VersionsChange{Dropped: []uint32{2}}, "goes back to version 1 from 2"},
		{one("a", 1, 2), one("b", 1), versions.VersionsChange{Dropped: []uint32{2}, Replaced: []uint32{1}}, "encrypts with another version 1"},
		{one("a", 2, 3), one("b", 1), versions.VersionsChange{Dropped: []uint32{2, 3}, Added: []uint32{1}}, "encrypts with version 1 from the next pin on, and with 3 before: whoever made that knows it"},
		{one("a", 1, 2), one("b", 1, 2), versions.VersionsChange{Replaced: []uint32{2}}, "encrypts with another version 2"},
		{one("a", 1, 2), one("b", 1, 3), versions.VersionsChange{Renumbered: []versions.MovedVersion{{Was: 2, Is: 3}}}, ""},
	} {
		got := strings.Join(encryptionLines(&versions.Change{Old: c.old, New: c.new, Versions: c.change}), "; ")
		if !strings.HasPrefix(got, c.want) || c.want == "" && got != "" {
			t.Errorf("%+v: %q, want %q", c.change, got, c.want)
		}
	}
}

// Without a key nobody can tell a rename from a key of somebody's own under a new name.
func TestKeysShownMoved(t *testing.T) {
	s := newMergedKeys(t)
	s.run(0, "", "mv", "K", "L", "-e", "production")
	s.commit()
	out, talk := s.run(exitFailed, "", "review", "HEAD~1..HEAD", "--fail-on", "key-versions")
	s.has(out, "> L  (likely moved from K)", "! L encrypts with version 1, likely that of K: only a reader can tell")
	s.has(talk, "stopped by --fail-on: key-versions")
	out, _ = s.run(0, "", "review", "HEAD~1..HEAD", "--json")
	s.has(out, `"from": "K",
              "versions": {
                "added": [
                  1
                ]
              }`)
	out, _ = s.run(0, "", "review", "HEAD~1..HEAD", "--format", "markdown")
	s.has(out, "- **`L` encrypts with version 1, likely that of `K`: only a reader can tell**")
	s.run(0, "", "key", "create", "NEW", "-e", "production")
	s.commit()
	out, _ = s.run(exitFailed, "", "review", "HEAD~1..HEAD", "--fail-on", "key-versions")
	s.has(out, "+ NEW  (encryption key of 128 bits, version 1)", "! NEW encrypts with version 1 from the next pin on: whoever made that knows it")
}

// Whoever can commit can put a version of another key there: that is not published.
func TestKeyVersionReplaced(t *testing.T) {
	s := newMergedKeys(t)
	s.keyRun("rotate", "K")()
	s.commit()
	s.run(0, "", "publish", "production", "--first")
	s.run(0, "", "rekey", "production")
	s.run(0, "", "key", "create", "OTHER", "-e", "production")
	s.commit()
	_, talk := s.run(0, "", "publish", "production", "-n")
	s.has(talk, "= K  (sealed anew)")

	// The older of both versions: the newest alone would not show it.
	own, _ := s.run(0, "", "key", "export", "OTHER", "-e", "production", "--reveal")
	s.run(0, own, "key", "import", "FAKE", "-e", "production")
	fake, err := versions.ParseSecretFile(s.read(versions.FilePath("production", "FAKE")))
	s.check(err)
	s.edit("K", func(f *versions.SecretFile) { f.Versions[0].Value = fake.Versions[0].Value })
	s.commit()
	_, talk = s.run(exitNotAuthentic, "", "publish", "production", "-n")
	s.has(talk, `value of "K" in production`)
}
