// Package repo reads bytes at commits of a git repository, and writes objects,
// refs and files of the work tree.
//
// # Who does what
//
// Reading is done in process where that is safe and fast; everything that other
// git processes or the user's settings have a say in is git's (2.31 or newer):
//
//	opening, refs          in process for a plain layout (see Open), else git
//	objects                in process for SHA-1; git cat-file --batch for SHA-256, for what
//	                       a partial clone lacks, and for what this package does not know
//	revisions              git, except a full commit id and HEAD
//	objects of a publish   one pack to git unpack-objects, core.fsync=all
//	refs                   git update-ref, compare-and-swap
//	signatures             whether there is one, and of what format, in process; whose, as
//	                       git verify-commit judges
//	its own config         read by git; written in process under git's lock
//	commits of files       git commit --only, compared in process afterwards: identity,
//	                       hooks and signing are the user's
//	push, fetch, index, ignore rules, history: git
//
// A child gets the caller's environment without the variables that locate a
// repository, without any PINSEAL_ variable, and with GIT_NO_REPLACE_OBJECTS=1, an
// empty GIT_GRAFT_FILE (what one clone says of a commit's parents is no part of history)
// and LC_ALL=C, and without GIT_*_PATHSPECS. Ids go to git by stdin: a push can have
// more of them than a command line holds. What the environment located when the repository was opened is
// passed on as absolute paths.
//
// A repository of pinseal's own ([Init]) has no templates and runs no hooks. Git is told
// where it is, so that a damaged one is an error and never one of a directory above; and it
// takes at most 16 MiB for one object. What a clone says of reaching remotes goes there by
// the environment ([Repo.TransportEnv]).
//
// # What holds
//
//   - Every object is hashed again after reading, whoever read it; SHA-1 with
//     collision detection. Git does not do that for loose objects.
//   - Missing is not absent: an object that cannot be found is ErrMissing, a path
//     that an existing tree lacks is fs.ErrNotExist, and neither matches the other.
//   - A ref that is empty or odd is an error, never an older value.
//   - A ref moves by compare-and-swap or not at all (ErrMoved, ErrLocked).
//   - A file of the work tree is the old or the new one after a crash. Several are
//     changed all or none; after a kill, the first ones in the order given.
//   - What a commit would hold is asked of the index that git made for it.
//   - A revision that git would have to choose a ref for is refused: a tag may have the
//     name of a remote's branch.
//   - A walk of a range passes over no commit and no file. A word that names no
//     commit is an error, and none that a user typed is an option.
//   - A streamed blob is whole and its own only when reading ends in io.EOF.
//   - The repository's own configuration is written in process under git's lock, and
//     only over what was read, so that it can be put back to the byte.
//   - What is added to the index is the bytes of the file, past every filter.
//   - A commit of named files holds exactly the bytes that were asked for, or is taken
//     back while HEAD is still at it; where it cannot be, it is named and nothing else is
//     touched.
//   - No symlink is followed below the top of the work tree, nor in a commit.
//   - Sizes are checked before memory is taken. Malformed input is an error.
//
// # Formats read in process
//
// Object ids are lower-case hex, 40 digits or 64. In the grammars, ID is that
// and RAWID its 20 or 32 bytes.
//
//	loose object  = zlib( TYPE SP SIZE NUL CONTENT )     id = hash of what is inside zlib
//	TYPE          = "commit" / "tree" / "blob" / "tag"
//	SIZE          = decimal length of CONTENT, no leading zero
//
//	tree          = *( MODE SP NAME NUL RAWID )          sorted; a directory as if NAME "/"
//	MODE          = "40000" / "100644" / "100755" / "120000" / "160000"
//	NAME          = 1*( any byte but NUL and "/" )       not "." or ".."; no name twice
//
//	commit        = "tree" SP ID LF *( "parent" SP ID LF )
//	                "author" SP IDENT LF "committer" SP IDENT LF *( other header LF ) LF MESSAGE
//	IDENT         = NAME SP "<" MAIL ">" SP SECONDS SP ZONE
//
//	loose ref     = ID LF / "ref: refs/" … LF
//	packed-refs   = [ "# pack-refs with:" … LF ] *( ID SP NAME LF [ "^" ID LF ] )
//	alternates    = *( [ PATH / "#" … ] LF )             relative to the objects directory
//
// Pack index: version 2 with 31-bit and 64-bit offsets. Pack: version 2 and 3
// entries, whole or as offset or reference delta within the pack. See
// gitformat-pack(5).
//
// # Limits
//
//	blob or file read by TreeFS, WorkTree     64 MiB (MaxBlob)
//	blob read by Blob                         any; above 4 MiB streamed from git
//	commit                                     4 MiB
//	message of a commit in Range               1 MiB, then cut
//	tree object                               64 MiB
//	delta chain                               4,096 deltas; 256 MiB in one base or all deltas, else git
//	packs                                     10,000, else git
//	alternates                                nesting 5, 1,000 directories
//	symbolic refs                             5 steps
//	ref name                                  1,024 bytes
//	git's output kept in memory               64 MiB
//	delta bases kept                          16 MiB
//	open files                                24 at rest
package repo
