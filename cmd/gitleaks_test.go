package cmd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// gitleaks puts a gitleaks on PATH that says how it is called and ends with the
// code that CODE says, and returns its file.
func (s *shop) gitleaks() string {
	s.t.Helper()
	file := filepath.Join(s.t.TempDir(), "gitleaks")
	s.check(os.WriteFile(file, []byte("#!/bin/sh\necho \"told: $*\"\nenv\nexit ${CODE:-0}\n"), 0o700))
	s.environ = append([]string{"PATH=" + filepath.Dir(file) + string(filepath.ListSeparator) + os.Getenv("PATH")}, s.environ[1:]...)
	return file
}

// No private key gets to gitleaks, wherever it stands.
func TestGitleaksGetsNoKey(t *testing.T) {
	s := newShop(t)
	s.gitleaks()
	s.environ = append(s.environ, "PINSEAL_IDENTITY_NEXT=AGE-SECRET-KEY-1CANARYone", "PINSEAL_OLD=x age-secret-key-1CANARYtwo", "OWN=kept")
	_, talk := s.run(0, "", "scan", "--gitleaks")
	s.has(talk, "told: dir . ", "OWN=kept", "gitleaks: found nothing")
	if strings.Contains(talk, "CANARY") {
		t.Errorf("a key was passed on:\n%s", talk)
	}
}

// A gitleaks of the work tree is not run, by a link neither.
func TestGitleaksOfTheWorkTree(t *testing.T) {
	s := newShop(t)
	file := s.gitleaks()
	data, err := os.ReadFile(file)
	s.check(err)
	inside := filepath.Join(s.dir, "tool")
	s.check(os.WriteFile(inside, data, 0o700))
	s.check(os.Remove(file))
	s.check(os.Symlink(inside, file))
	_, talk := s.run(3, "", "scan", "--gitleaks")
	s.has(talk, `no program "gitleaks" in PATH`)
	if strings.Contains(talk, "told:") {
		t.Errorf("it was run:\n%s", talk)
	}
	link := filepath.Join(t.TempDir(), "link")
	s.check(os.Symlink(s.dir, link))
	s.check(os.Remove(file))
	s.check(os.Rename(inside, filepath.Join(s.dir, "gitleaks")))
	s.environ[0] = "PATH=" + link + string(filepath.ListSeparator) + os.Getenv("PATH")
	s.run(3, "", "scan", "--gitleaks")
}

// What gitleaks found is not mistaken for that it failed, nor the other way round.
func TestGitleaksExitCodes(t *testing.T) {
	s := newShop(t)
	s.gitleaks()
	s.commit()
	for code, want := range map[string]string{"77": "gitleaks: found something that looks like a secret", "1": "gitleaks: did not finish", "126": "gitleaks: did not finish"} {
		environ := s.environ
		s.environ = append(environ[:len(environ):len(environ)], "CODE="+code)
		_, talk := s.run(1, "", "scan", "--gitleaks")
		s.has(talk, want, "--exit-code 77")
		s.environ = environ
	}
	_, talk := s.run(0, "", "scan", "--gitleaks")
	s.has(talk, "gitleaks, of files:")
	_, talk = s.run(0, "", "scan", "--all", "--gitleaks")
	s.has(talk, "gitleaks, of commits alone:", "told: git ")
	_, talk = s.run(0, "", "scan", "--staged", "--gitleaks")
	s.has(talk, "gitleaks, of what is staged:")
}
