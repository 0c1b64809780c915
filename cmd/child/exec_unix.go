//go:build unix

package child

import "syscall"

// Exec replaces this process by the program argv[0], found as the package doc
// says, with the arguments argv and exactly the environment env. It returns
// only if that fails, and then nothing has happened: [*NotFoundError],
// [*NotExecutableError], [*TooLargeError] or [*Error].
func Exec(argv []string, env []string) error {
	if len(argv) == 0 {
		return &Error{"starting the program", errNoProgram}
	}
	file, err := lookPath(argv[0], env)
	if err != nil {
		return err
	}
	return startError(argv, env, syscall.Exec(file, argv, env))
}
