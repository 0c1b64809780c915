package cmd

import (
	"strconv"
	"strings"
	"testing"
)

func TestCryptLines(t *testing.T) {
	s := newKeyShop(t)
	long := strings.Repeat("x", 3*linesAtOnce)
	for _, in := range []string{"", "\n", "a", "a\n", "a\nb", "\n\na\r\n\n", "ümlaut\n\x00\xff\n", long, "a\n" + long + "\n" + long[:linesAtOnce] + "\n" + long[:linesAtOnce-1] + "\nb\n"} {
		encrypted, talk := s.run(0, in, "encrypt", "-k", "K", "--lines")
		want := in
		if in != "" && !strings.HasSuffix(in, "\n") {
			want += "\n"
		}
		if strings.Count(encrypted, "\n") != strings.Count(want, "\n") || talk != "" {
			t.Errorf("%.20q became %d lines, said %q", in, strings.Count(encrypted, "\n"), talk)
		}
		for _, payloads := range []string{encrypted, strings.TrimSuffix(encrypted, "\n"), strings.ReplaceAll(encrypted, "\n", "\r\n")} {
			if out, _ := s.run(0, payloads, "decrypt", "-k", "K", "--lines"); out != want {
				t.Errorf("%.20q became %.20q", in, out)
			}
			out, talk := s.run(0, payloads, "rewrap", "-k", "K")
			if out != encrypted {
				t.Errorf("%.20q: under the newest version already, rewrap made another payload of it", in)
			}
			if n := strings.Count(want, "\n"); n > 0 {
				s.has(talk, count(n, "value")+": "+strconv.Itoa(n)+" already under version 1\n")
			} else {
				s.has(talk, "0 values\n")
			}
		}
	}
}

func TestRewrap(t *testing.T) {
	s := newKeyShop(t)
	first, _ := s.run(0, "CANARYa\nCANARYb\n", "encrypt", "-k", "K", "--lines")
	s.run(0, "", "key", "rotate", "K")
	second, _ := s.run(0, "CANARYc\n", "encrypt", "-k", "K", "--lines")
	s.run(0, "", "key", "rotate", "K")
	s.commit()
	s.run(0, "", "publish", "dev")
	third, _ := s.run(0, "\n", "encrypt", "-k", "K", "--lines")
	out, talk := s.run(0, first+third+second, "rewrap", "-k", "K")
	if want := "4 values: 2 from version 1, 1 from version 2, 1 already under version 3\n"; talk != want {
		t.Errorf("said %q, want %q", talk, want)
	}
	if lines := strings.SplitAfter(out, "\n"); len(lines) != 5 || lines[2] != third {
		t.Errorf("printed %q", out)
	}
	plain, _ := s.run(0, out, "decrypt", "-k", "K", "--lines")
	if plain != "CANARYa\nCANARYb\n\nCANARYc\n" {
		t.Errorf("came out as %q", plain)
	}
	if _, talk := s.run(0, out, "rewrap", "-k", "K"); talk != "4 values: 4 already under version 3\n" {
		t.Errorf("again it said %q", talk)
	}
	if _, talk := s.run(0, first, "rewrap", "-k", "K", "-q"); talk != "" {
		t.Errorf("with -q it said %q", talk)
	}
	// Without the versions before, all that is left of them is one error.
	s.run(0, "", "key", "rm", "K", "--before", "3", "--yes")
	if plain, _ := s.run(0, out, "decrypt", "-k", "K", "--lines"); plain != "CANARYa\nCANARYb\n\nCANARYc\n" {
		t.Errorf("without the versions before it came out as %q", plain)
	}
	for _, command := range [][]string{{"decrypt", "--lines"}, {"rewrap"}} {
		out, talk := s.run(5, first, append(command, "-k", "K")...)
		if out != "" || talk != "error: line 1: not a valid encrypted value of key \"K\"; written before it: 0 lines\n" {
			t.Errorf("%v without the versions before: %q, said %q", command, out, talk)
		}
	}
}

// The lines before a bad one are printed whole, and it is named by its number.
func TestBadLine(t *testing.T) {
	s := newKeyShop(t)
	good, _ := s.run(0, "CANARYa\nCANARYb\n", "encrypt", "-k", "K", "--lines")
	two := s.encrypt("CANARYtwo\nlines")
	tests := []struct {
		name, in string
		code     int
		want     string
		printed  int // lines
	}{
		{"first", "CANARYbad\n", 5, "error: line 1: not a valid encrypted value of key \"K\"; written before it: 0 lines\n", 0},
		{"third", good + "CANARYbad\n" + good, 5, "error: line 3: not a valid encrypted value of key \"K\"; written before it: 2 lines\n", 2},
		{"empty", good + "\n" + good, 5, "error: line 3: not a valid", 2},
		{"empty at the end", good + "\n", 5, "error: line 3: not a valid", 2},
		{"white", good + " \n", 5, "error: line 3: not a valid", 2},
		{"cut", good + good[:40], 5, "error: line 3: not a valid", 2},
		{"two CRs", strings.ReplaceAll(good, "\n", "\r\r\n"), 5, "error: line 1: not a valid", 0},
		{"a line end in it", good + two + "\n", 1, "error: line 3: the value has a line end in it, and so is not one line; written before it: 2 lines\n" +
			"  try:  sed -n 3p FILE | pinseal decrypt -k K -e dev      decrypts it alone\n", 2},
	}
	for _, test := range tests {
		for _, command := range [][]string{{"decrypt", "--lines"}, {"rewrap"}} {
			if command[0] == "rewrap" && test.code == 1 {
				s.run(0, test.in, "rewrap", "-k", "K")
				continue
			}
			out, talk := s.run(test.code, test.in, append(command, "-k", "K")...)
			if strings.Count(out, "\n") != test.printed || out != "" && !strings.HasSuffix(out, "\n") {
				t.Errorf("%s: %v printed %q", test.name, command, out)
			}
			if !strings.HasPrefix(talk, test.want) || strings.Contains(talk, "CANARY") {
				t.Errorf("%s: %v said %q", test.name, command, talk)
			}
		}
	}
}
