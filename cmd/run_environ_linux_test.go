package cmd_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The identity that is in the variables of run is not to be had from it by the program,
// though it is of the same user. Who may look at every process is left out.
func TestRunHidesItsEnvironment(t *testing.T) {
	dir, env := shop(t)
	line, err := os.ReadFile(filepath.Join(dir, "..", "home", ".config", "pinseal", "identity"))
	if err != nil {
		t.Fatal(err)
	}
	argv := []string{"pinseal", "run", "--", "sh", "-c", `test -r /proc/$$/environ && ! grep -aq PINSEAL_IDENTITY /proc/$$/environ && ! cat /proc/$PPID/environ && echo hidden`}
	if os.Getuid() == 0 {
		if _, err := exec.LookPath("setpriv"); err != nil {
			t.Skip("no setpriv")
		}
		argv = append([]string{"setpriv", "--bounding-set=-all"}, argv...)
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir, cmd.Env = dir, append(env, "PINSEAL_IDENTITY="+string(line))
	if out, err := cmd.Output(); err != nil || string(out) != "hidden\n" {
		t.Errorf("%v, %d bytes of output", err, len(out))
	}
}
