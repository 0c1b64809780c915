package cmd_test

import (
	"strings"
	"testing"

	"pinseal/seal"
)

// Who reads dev opens nothing of production, whatever is asked and wherever the
// set comes from.
func TestReaderOfOneEnvironment(t *testing.T) {
	t.Parallel()
	tm := newTeam(t)
	tm.ada.sets("CANARYsecond", "KEY", "-e", "production")
	tm.ada.shares("second")
	tm.ada.ok("publish", "production")
	tm.ada.ok("bundle", "production", "-o", tm.ada.path("b"))
	bob := tm.joins("bob", "dev.read")
	bundle := bob.path("b")
	bob.write(bundle, tm.ada.read(tm.ada.path("b")))
	bob.ok("fetch")
	opening := [][]string{
		{"get", "KEY"}, {"get", "KEY", "--json"}, {"export"}, {"export", "--format", "json"}, {"export", "-o", "leak"},
		{"run", "--", "sh", "-c", "echo started"}, {"exec", "--", "sh", "-c", "echo started"},
	}
	for _, at := range []string{"worktree", "HEAD", "HEAD~2", "pin", "pin:1"} {
		if !strings.HasPrefix(at, "pin:") {
			bob.opens(devValue, "get", "KEY", "--at", at)
		}
		for _, args := range opening {
			talk := bob.refused(4, append([]string{args[0], "-e", "production", "--at", at}, args[1:]...)...)
			bob.says(talk, `member "bob" has not been given production.read; who can: ada`)
		}
	}
	for _, args := range opening {
		bob.refused(4, append([]string{args[0], "--bundle", bundle}, args[1:]...)...)
	}
	for _, args := range [][]string{
		{"copy", "KEY", "--from", "production", "--to", "dev", "--as", "STOLEN"},
		{"copy", "--all", "--from", "production", "--to", "dev", "--force"},
		{"mv", "KEY", "OTHER", "-e", "production"},
		{"diff", "HEAD~2", "worktree", "-e", "production", "--reveal"},
		{"diff", "pin:1", "pin:2", "-e", "production", "--reveal"},
		{"publish", "production"}, {"publish", "dev"},
		{"rollback", "production", "1"},
		{"promote", "dev", "production"},
	} {
		bob.refused(4, args...)
	}
	bob.cannotAdmit("production")
}

// cannotAdmit tries all that changes who is in, or which keys there are.
func (p *person) cannotAdmit(env string) {
	p.Helper()
	_, other, err := seal.NewIdentity()
	if err != nil {
		p.Fatal(err)
	}
	for _, args := range [][]string{
		{"member", "add", p.name, "--can", env + ".read"},
		{"member", "add", p.name, "--can", "admin"},
		{"member", "add", "mallory", other, "--can", env + ".read"},
		{"member", "add", "robot", "--service", "--can", env + ".read"},
		{"member", "add", "robot", "--service", "--can", env + ".read", "-o", "robot.identity"},
		{"member", "rm", "ada"},
		{"member", "rm", "ada", "--can", env + ".read"},
		{"member", "rm", p.name},
		{"rekey", env}, {"rekey", "--all"}, {"rekey", env, "--dry-run"},
		{"env", "add", "staging"}, {"env", "add", "staging", "--like", env},
		{"env", "rm", env, "--yes"},
	} {
		p.says(p.refused(4, args...), "ada")
	}
}

// What publishes alone publishes, opens nothing and lets nobody in: a member
// with a key of its own, and a service.
func TestPublisherOfOneEnvironment(t *testing.T) {
	t.Parallel()
	for _, as := range []string{"member", "service"} {
		t.Run(as, func(t *testing.T) {
			t.Parallel()
			tm := newTeam(t)
			var ci *person
			if as == "service" {
				ci = tm.service("ci", "production.publish")
			} else {
				ci = tm.joins("ci", "production.publish")
			}
			ci.ok("fetch")
			ci.ok("publish", "production", "-m", "by ci")
			for _, at := range []string{"worktree", "HEAD", "HEAD~1", "pin", "pin:1", "pin:2"} {
				for _, env := range []string{"dev", "production"} {
					if env == "dev" && strings.HasPrefix(at, "pin:") {
						continue
					}
					for _, args := range [][]string{{"get", "KEY"}, {"export"}, {"run", "--", "echo", "started"}, {"exec", "--", "echo", "started"}} {
						talk := ci.refused(4, append([]string{args[0], "-e", env, "--at", at}, args[1:]...)...)
						ci.says(talk, `member "ci" has not been given `+env+".read")
					}
				}
			}
			ci.ok("bundle", "production", "-o", ci.path("b"))
			ci.refused(4, "get", "KEY", "--bundle", ci.path("b"))
			ci.refused(4, "copy", "KEY", "--from", "production", "--to", "dev", "--force")
			ci.refused(4, "publish", "dev")
			ci.cannotAdmit("production")
			tm.ada.ok("fetch")
			tm.ada.opens(prodValue, "get", "KEY", "-e", "production", "--at", "pin:2")
			ci.ok("rollback", "production", "1")
		})
	}
}
