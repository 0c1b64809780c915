package child

// Find returns the file that a program is, as the package doc says, by the PATH of
// env. The errors are [*NotFoundError] and [*NotExecutableError].
func Find(program string, env []string) (file string, err error) { return lookPath(program, env) }
