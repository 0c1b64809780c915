package child

import (
	"context"
	"os"
)

// Exec supervises the program argv[0] on our own streams with exactly the
// environment env, for Windows cannot replace a process. It returns an
// [*ExitError] if the program ran and did not end with 0, nil if it did, and
// otherwise [*NotFoundError], [*NotExecutableError], [*TooLargeError] or
// [*Error].
func Exec(argv []string, env []string) error {
	code, err := Run(context.Background(), argv, env, os.Stdin, os.Stdout, os.Stderr)
	if err != nil {
		return err
	}
	if code != 0 {
		return &ExitError{code}
	}
	return nil
}
