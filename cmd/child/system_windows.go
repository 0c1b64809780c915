package child

import (
	"errors"
	"io/fs"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// foldName returns the form in which two names of one variable are equal.
func foldName(name string) string { return strings.ToUpper(name) }

// varLimit returns the size Windows allows one variable, in its own unit of
// 16-bit characters, which is at most the number of bytes.
func varLimit() int { return 32767 }

// refusesSize reports whether the system is known to refuse what e says: bytes are
// not its unit.
func refusesSize(*TooLargeError) bool { return false }

// lookPath finds the file to run for program in the PATH of env, with the
// extensions of PATHEXT. Unlike cmd.exe it does not look in the working
// directory unless PATH names it.
func lookPath(program string, env []string) (string, error) {
	if program == "" {
		return "", &NotFoundError{program, "is no program"}
	}
	if strings.ContainsAny(program, `/\:`) {
		file, err := exec.LookPath(program)
		if err != nil && !errors.Is(err, exec.ErrDot) {
			return "", refused(program, err)
		}
		return file, nil
	}
	path, _ := lookupVar(env, "PATH")
	for _, dir := range filepath.SplitList(path) {
		if dir == "" {
			continue
		}
		file, err := exec.LookPath(filepath.Join(dir, program))
		if err == nil || errors.Is(err, exec.ErrDot) {
			return file, nil
		}
	}
	return "", &NotFoundError{program, "not found in PATH"}
}

func refused(program string, err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return &NotExecutableError{program, fs.ErrPermission}
	}
	return &NotFoundError{program, "no such file"}
}

// startError types the error of starting a program that lookPath has found.
func startError(argv, env []string, err error) error {
	const (
		badExeFormat       = syscall.Errno(193)
		filenameExceedsMax = syscall.Errno(206) // also a command line over its limit
	)
	var errno syscall.Errno
	switch {
	case !errors.As(err, &errno):
		return &Error{"starting the program", err}
	case errno == filenameExceedsMax:
		return tooLarge(argv, env)
	case errno == badExeFormat || errors.Is(errno, fs.ErrPermission):
		return &NotExecutableError{argv[0], errno}
	case errors.Is(errno, fs.ErrNotExist):
		return &NotFoundError{argv[0], "no such file"}
	}
	return &Error{"starting the program", errno}
}
