//go:build unix

package cmd_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// Who outlives the program that was told to end, and holds its output, does not keep
// the next from starting: what it prints comes all the same, masked, and the end of the
// run does not wait for it.
func TestRunWatchLeavesHeirs(t *testing.T) {
	t.Parallel()
	w := newWatchShop(t)
	for _, name := range []string{"first", "second"} {
		if err := syscall.Mkfifo(filepath.Join(w.dir, name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	release := func(name string) error {
		gate, err := os.OpenFile(filepath.Join(w.dir, name), os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		_, err = gate.WriteString("CANARYone\n")
		return errors.Join(err, gate.Close())
	}
	script := `if test "$API_KEY" = CANARYone; then
for gate in first second; do (trap '' TERM; read line <$gate; echo "heir $line") & done
fi; echo "have ${API_KEY#CANARY} pid $$"; exec cat`
	s := w.watch(script, "--watch", "--only", "API_KEY")
	s.have("one")
	w.set("API_KEY", "CANARYtwo")
	w.publish()
	s.expect("pin 1 -> 2: restarting")
	s.have("two")
	if err := release("first"); err != nil {
		t.Fatal(err)
	}
	s.expect("heir [secret]")
	s.in.Close()
	s.ends(0)
	if err := release("second"); err != nil {
		t.Error(err)
	}
}

// A pin with which the program cannot start leaves it alone, for as long as that is so.
func TestRunWatchCannotStart(t *testing.T) {
	t.Parallel()
	w := newWatchShop(t)
	s := w.watch(followed(1, 6), "--watch")
	pid := s.have("one")
	w.set("PATH", "CANARYpath")
	w.publish()
	s.expect(`warning: pin 2 cannot be used, and the program goes on with pin 1: "sh": not found in PATH`)
	w.pinseal("", "rm", "PATH", "-y")
	w.publish()
	s.expect("pin 1 -> 3: nothing changes for the program")
	if err := syscall.Kill(pid, 0); err != nil {
		t.Errorf("the program that went on: %v", err)
	}
	s.signal(syscall.SIGTERM)
	s.expect("term 1")
	s.ends(6)
}

// A program that is not there when a pin comes is started with it when it is.
func TestRunWatchProgramAway(t *testing.T) {
	t.Parallel()
	w := newWatchShop(t)
	program, away := filepath.Join(w.dir, "program"), filepath.Join(w.dir, "away")
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"+followed(1, 6)), 0o700); err != nil {
		t.Fatal(err)
	}
	s := startIn(t, w.dir, w.env, "sh", "-c", `exec pinseal run --watch --only API_KEY -- ./program 2>&1`)
	s.have("one")
	if err := os.Rename(program, away); err != nil {
		t.Fatal(err)
	}
	w.set("API_KEY", "CANARYtwo")
	w.publish()
	s.expect(`warning: pin 2 cannot be used, and the program goes on with pin 1: "./program": no such file`)
	if err := os.Rename(away, program); err != nil {
		t.Fatal(err)
	}
	s.expect("pin 1 -> 2: restarting")
	s.expect("term 1")
	s.have("two")
	s.signal(syscall.SIGTERM)
	s.expect("term 1")
	s.ends(6)
}
