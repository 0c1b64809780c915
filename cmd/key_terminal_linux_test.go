package cmd_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// hidden waits until the prompt has turned the echo off.
func (s *screen) hidden() {
	s.t.Helper()
	for {
		mode, err := unix.IoctlGetTermios(int(s.slave.Fd()), unix.TCGETS)
		if err != nil {
			s.t.Fatal(err)
		}
		if mode.Lflag&unix.ECHO == 0 {
			return
		}
	}
}

// keyShop is shop with named key K.
func keyShop(t *testing.T) (dir string, env []string) {
	t.Helper()
	dir, env = shop(t)
	s := atScreen(t, dir, env, "pinseal", "key", "create", "K")
	s.ends(0)
	return dir, env
}

// A terminal keeps 4095 bytes of a line and says nothing of the rest: what may have been
// cut is not encrypted, nor sealed, nor called no payload.
func TestTypedLineIsCut(t *testing.T) {
	dir, env := keyShop(t)
	for _, test := range []struct {
		length int
		code   int
		try    string
		args   []string
	}{
		{4094, 0, "", []string{"encrypt", "-k", "K"}},
		{4095, 2, "  try:  pinseal encrypt -k K -e dev < FILE", []string{"encrypt", "-k", "K", "-e", "dev"}},
		{5000, 2, "  try:  pinseal encrypt -k K < FILE", []string{"encrypt", "-k", "K"}},
		{5000, 2, "  try:  pinseal decrypt -k K < FILE", []string{"decrypt", "-k", "K"}},
		{5000, 2, "  try:  pinseal set LONG -e dev < FILE", []string{"set", "LONG"}},
		{5000, 2, "  try:  pinseal key import LONG -e dev < FILE", []string{"key", "import", "LONG"}},
	} {
		s := atScreen(t, dir, env, append([]string{"pinseal"}, test.args...)...)
		s.until(": ")
		s.hidden()
		s.types(strings.Repeat("x", test.length))
		s.types("\n")
		if test.try != "" {
			if seen := s.until("< FILE"); !strings.Contains(seen, "error: a terminal takes no more than 4095 bytes in a line") || !strings.Contains(seen, test.try) {
				t.Errorf("%v: %q", test.args, seen)
			}
		}
		s.ends(test.code)
	}
	if _, err := os.Stat(filepath.Join(dir, ".pinseal", "shop", "dev", "LONG.yaml")); err == nil {
		t.Error("a value that was cut was sealed")
	}
}

// ^C at a question ends the command as at a hidden prompt.
func TestInterruptAtQuestion(t *testing.T) {
	dir, env := keyShop(t)
	for _, args := range [][]string{{"key", "reset", "K"}, {"key", "rm", "K"}, {"env", "rm", "production"}} {
		s := atScreen(t, dir, env, append([]string{"pinseal"}, args...)...)
		s.until("[y/N] ")
		s.types("\x03")
		s.ends(130)
	}
	s := atScreen(t, dir, env, "pinseal", "key", "reset", "K", "--yes")
	s.until("Type the name of the key: ")
	s.types("\x03")
	s.ends(130)
}
