package cmd

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"pinseal/seal"
	"pinseal/versions"
)

// Values of the demo, which are obviously nobody's.
const (
	demoOldURL = "postgres://demo:not-a-secret-1@db.invalid/shop"
	demoNewURL = "postgres://demo:not-a-secret-2@db.invalid/shop"
	demoToken  = "not-a-token-000"
)

func (d *demo) acts() []func() error {
	return []func() error{d.actSeal, d.actPublish, d.actRollback, d.actBundle, d.actCopy, d.actFlip}
}

// all does one thing after the other until one fails.
func all(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) pipe(value string, args ...string) func() error {
	return func() error {
		return d.pinseal(step{args: args, stdin: value + "\n", show: "echo " + quoteShell(value) + " | "})
	}
}

func (d *demo) does(args ...string) func() error {
	return func() error { return d.pinseal(step{args: args}) }
}

func (d *demo) prints(want string, args ...string) func() error {
	return func() error { return d.pinseal(step{args: args, want: want}) }
}

func (d *demo) refuses(args ...string) func() error {
	return func() error { return d.pinseal(step{args: args, code: exitNotAuthentic}) }
}

func (d *demo) runs(args ...string) func() error { return func() error { return d.sh(args...) } }

func (d *demo) says(text string) func() error { return func() error { return d.say(text) } }

func (d *demo) makes(name string) func() error { return func() error { return d.mkdir(name) } }

func (d *demo) goes(name string) func() error { return func() error { return d.cd(name) } }

func (d *demo) actSeal() error {
	return all(
		d.says("A repository, and an app in it. The keys are its own."),
		d.makes("shop"),
		d.goes("shop"),
		d.runs("init", "-q"),
		d.does("init", "shop"),
		d.says("Two secrets, sealed into files of the repository, and committed like code."),
		d.pipe(demoOldURL, "set", "DATABASE_URL", "-e", "production"),
		d.pipe(demoToken, "set", "API_TOKEN", "-e", "production"),
		d.runs("add", storeDir),
		d.runs("commit", "-q", "-m", "seal secrets"),
	)
}

func (d *demo) actPublish() error {
	return all(
		d.says("Publishing pins the exact set of this commit."),
		d.does("publish", "production", "--first", "-m", "release 1"),
		d.says("Work goes on: a value changes. Who reads at the pin does not notice."),
		d.pipe(demoNewURL, "set", "DATABASE_URL", "-e", "production"),
		d.prints(demoOldURL, "get", "DATABASE_URL", "-e", "production", "--at", "pin"),
		d.prints(demoNewURL, "get", "DATABASE_URL", "-e", "production"),
		d.says("Until it is published too."),
		d.runs("commit", "-q", "-a", "-m", "new database"),
		d.does("publish", "production", "-m", "release 2"),
		d.prints(demoNewURL, "get", "DATABASE_URL", "-e", "production", "--at", "pin"),
	)
}

func (d *demo) actRollback() error {
	return all(
		d.says("Release 2 was a mistake: back to the set of pin 1, as a new pin."),
		d.does("rollback", "production", "1"),
		d.prints(demoOldURL, "get", "DATABASE_URL", "-e", "production", "--at", "pin"),
	)
}

// actBundle goes to a host: another home, nothing remembered, no git in PATH.
func (d *demo) actBundle() error {
	id, err := d.appID()
	if err != nil {
		return err
	}
	return all(
		d.says("For a host without git: one file, opened with an identity alone."),
		d.makes("../host"),
		d.does("bundle", "production", "-o", "../host/production.bundle"),
		d.goes("host"),
		func() error { d.host = true; return nil },
		d.prints(demoToken, "get", "API_TOKEN", "--bundle", "production.bundle", "--identity", "../home/.config/pinseal/identity", "--app", id),
		func() error { d.host = false; return nil },
	)
}

// actCopy moves a sealed value to an app of the same person, who has the keys
// to both.
func (d *demo) actCopy() error {
	return all(
		d.says("Another repository, another app, the same owner. A sealed value copied there\n# is useless: it was sealed for its app, environment and name."),
		d.makes("../blog"),
		d.goes("blog"),
		d.runs("init", "-q"),
		d.does("init", "blog"),
		d.makes(".pinseal/blog/production"),
		d.copies("../shop/.pinseal/shop/production/DATABASE_URL.yaml", ".pinseal/blog/production/DATABASE_URL.yaml"),
		d.refuses("get", "DATABASE_URL", "-e", "production"),
	)
}

func (d *demo) actFlip() error {
	return all(
		d.says("And one bit of a sealed value flipped, in its own place."),
		d.goes("shop"),
		d.flips(".pinseal/shop/production/DATABASE_URL.yaml"),
		d.refuses("get", "DATABASE_URL", "-e", "production"),
		d.says("The pin is not touched by that."),
		d.prints(demoOldURL, "get", "DATABASE_URL", "-e", "production", "--at", "pin"),
	)
}

// copies copies a file of the session.
func (d *demo) copies(from, to string) func() error {
	return func() error {
		if err := d.print("$ cp " + from + " " + to + "\n"); err != nil {
			return err
		}
		data, err := os.ReadFile(filepath.Join(d.dir, from))
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(d.dir, to), data, 0o600)
	}
}

// flips changes a bit of a file of the session.
func (d *demo) flips(name string) func() error {
	return func() error {
		if err := d.print("(one bit of the value in " + name + " is flipped)\n"); err != nil {
			return err
		}
		return flipBit(filepath.Join(d.dir, name))
	}
}

// appID reads the id of the app in the session's directory.
func (d *demo) appID() (string, error) {
	signed, err := os.ReadFile(filepath.Join(d.dir, storeDir, "shop", versions.NoteName))
	if err != nil {
		return "", err
	}
	note, err := seal.ParseNote(signed)
	if err != nil {
		return "", err
	}
	return note.ID.String(), nil
}

// flipBit changes one bit in the middle of a sealed value. The file keeps its
// spelling, so that it is the seal that must notice.
func flipBit(file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	head, sealed, ok := bytes.Cut(data, []byte("value: s1.1."))
	if !ok {
		return fmt.Errorf("%s holds no sealed value", file)
	}
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimSuffix(string(sealed), "\n"))
	if err != nil || len(raw) == 0 {
		return fmt.Errorf("%s holds no sealed value", file)
	}
	raw[len(raw)/2] ^= 1
	text := string(head) + "value: s1.1." + base64.RawURLEncoding.EncodeToString(raw) + "\n"
	return os.WriteFile(file, []byte(text), 0o600)
}
