package child

// Find returns the file that a program is, as the package doc says, by the PATH of
// env. The errors are [*NotFoundError] and [*NotExecutableError].
func Find(program string, env []string) (file string, err error) { return lookPath(program, env) }

// Check returns the error with which a start would fail, as far as that can be known
// before: [*NotFoundError], [*NotExecutableError] or [*TooLargeError].
func Check(argv, env []string) error {
	if len(argv) == 0 {
		return &Error{"starting the program", errNoProgram}
	}
	if _, err := lookPath(argv[0], env); err != nil {
		return err
	}
	if e := tooLarge(argv, env); refusesSize(e) {
		return e
	}
	return nil
}
