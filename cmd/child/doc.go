// Package child runs the user's program: [Exec] becomes it, [Run] supervises
// it, [Environ] builds its environment.
//
// # Finding the program
//
// A name with a slash is a path. Any other is looked for as env(1) does, in
// the PATH of the environment the program will get, not in our own; without a
// PATH, in /bin and /usr/bin. A file without "#!" is not handed to a shell.
//
// # Supervision
//
// [Run] has two modes, chosen by the streams it is given.
//
// At a terminal (any of the three is one, or none is and our group has our
// controlling one: what asks for a password asks there) the program stays in our
// process group, so that it can read the terminal and job control works. The terminal
// itself sends SIGINT, SIGQUIT and SIGWINCH to the whole foreground group, and
// the shell SIGCONT; while we are in that group they are not sent on, or the
// program would get each twice. Everything else is sent to the program alone, not to
// what it started. SIGTSTP (^Z) stops both, as any job of the shell. Where none of the
// three is one and SIGINT is ignored, as a shell without job control has it for what is
// in the background, there is no terminal.
//
// Without a terminal the program leads a process group of its own and every
// signal is sent to that group. SIGTSTP stops the group, then us.
//
// Sent on: SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH,
// SIGCONT, and without a terminal SIGTSTP. With one that asks to end (the first four)
// SIGCONT is sent too, since what is stopped would not; which one a program is told of
// first is open. A signal that was ignored when we
// started (nohup) stays ignored. There is no deadline after which the program
// is killed: the sender of the signal decides that. Windows has no signals to
// send on; a console interrupt reaches the program without us.
//
// A stream that is an *os.File is passed as it is, so the program sees the
// same terminal, pipe or file. Any other is copied through a pipe. After the
// program has ended, copying goes on until everyone who inherited the pipe has
// closed it, or until a signal or the context ends it. After [Process.Stop] nobody
// waits for them, and what they write is copied while this process lives. A Read of a stdin that
// is not a file and still blocks at that point is left behind, for nobody can
// interrupt it; its result is dropped.
//
// # Streams that are copied
//
// With a mask before them stdout and stderr are no files, and the program sees a
// pipe. What is a terminal is left one: the rest of it stays as it was, whichever of
// the three that is. Where stdout and stderr are one ([SameStream]), the mask has
// to be one too: the program then has one pipe as both, and what it writes keeps its
// order. The caller closes the mask after Run.
//
// When nobody reads what is copied any more, the pipe is closed, so that the program
// learns of it as it would without us. That is no failure: the exit code is the
// program's, 128+SIGPIPE as a rule.
//
// Orphans are not adopted: as process 1 of a container, use [Exec].
//
// # Errors
//
// Every error of this package has a method Code, the exit code to leave with:
// 127 not found, 126 found but cannot run, 125 anything else. Errors name
// variables and the program, never a value or an argument.
package child
