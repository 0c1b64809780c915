//go:build unix

package child

import (
	"errors"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// defaultPath is where execvp looks when there is no PATH.
const defaultPath = "/bin:/usr/bin"

// foldName returns the form in which two names of one variable are equal.
func foldName(name string) string { return name }

// varLimit returns the size the system allows one variable, with its end:
// MAX_ARG_STRLEN in Linux, 32 pages; elsewhere only the sum is limited.
func varLimit() int {
	if runtime.GOOS == "linux" {
		return 32 * os.Getpagesize()
	}
	return 0
}

// refusesSize reports whether the system is known to refuse what e says: Linux, which
// has a quarter of the stack for arguments and variables, 6 MiB at most and 128 KiB at
// least.
func refusesSize(e *TooLargeError) bool {
	var stack unix.Rlimit
	if runtime.GOOS != "linux" || unix.Getrlimit(unix.RLIMIT_STACK, &stack) != nil {
		return false
	}
	most := max(min(uint64(stack.Cur)/4, 6<<20), 128<<10)
	return e.Largest > e.Limit || uint64(e.Total) > most
}

// lookPath finds the file to run for program, as execvp does: the first that
// can be run, and "permission denied" only if nothing else is found. An empty
// element of PATH is the working directory.
func lookPath(program string, env []string) (string, error) {
	if strings.Contains(program, "/") {
		if err := executable(program); err != nil {
			return "", refused(program, err)
		}
		return program, nil
	}
	if program == "" {
		return "", &NotFoundError{program, "is no program"}
	}
	path, ok := lookupVar(env, "PATH")
	if !ok {
		path = defaultPath
	}
	var denied error
	for dir := range strings.SplitSeq(path, ":") {
		if dir == "" {
			dir = "."
		}
		file := strings.TrimSuffix(dir, "/") + "/" + program
		err := executable(file)
		if err == nil {
			return file, nil
		}
		if errors.Is(err, fs.ErrPermission) {
			denied = err
		}
	}
	if denied != nil {
		return "", refused(program, denied)
	}
	return "", &NotFoundError{program, "not found in PATH"}
}

// executable reports whether file is there and can be run; the error is a
// bare errno.
func executable(file string) error {
	var st unix.Stat_t
	if err := unix.Stat(file, &st); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT == unix.S_IFDIR {
		return syscall.EACCES
	}
	return unix.Faccessat(unix.AT_FDCWD, file, unix.X_OK, unix.AT_EACCESS)
}

// refused types an errno about a program that was not yet known to exist.
func refused(program string, err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return &NotFoundError{program, "no such file"}
	}
	return &NotExecutableError{program, err}
}

// startError types the error of starting a program that lookPath has found.
func startError(argv, env []string, err error) error {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return &Error{"starting the program", err}
	}
	switch errno {
	case syscall.E2BIG:
		return tooLarge(argv, env)
	case syscall.ENOENT, syscall.ENOTDIR:
		// The file was there a moment ago, so it is what its first line or
		// its loader names.
		return &NotFoundError{argv[0], "its interpreter is not found"}
	case syscall.EACCES, syscall.EPERM, syscall.ENOEXEC, syscall.EISDIR, syscall.ETXTBSY, syscall.ELOOP, syscall.ENAMETOOLONG:
		return &NotExecutableError{argv[0], errno}
	}
	return &Error{"starting the program", errno}
}
