// Package versions is secret sets at commits: it joins bytes at commits
// (package repo) with sealed bytes (package seal). It reads a set from any
// version, pins versions in a signed ledger, and packs a pin into a bundle.
//
// Nothing here prints, prompts, exits or reads the environment. Keys are
// arguments: what takes no identity cannot read a secret.
//
// # One reader
//
// The work tree, a commit, a pin and a bundle are each a [Source]: an [fs.FS]
// of one shape, rooted at an app's directory, that the same code reads:
//
//	app.note                  signed: who may do what (package seal)
//	keys/SLOT.GEN/MEMBER.age  a slot's key, wrapped for one member
//	ENV/NAME.yaml             one secret
//	pin.note, set.sum         in pins and bundles only
//
// Directories and regular, non-executable files, nothing else. A link, a
// submodule or a name outside this shape is a [*StructureError]. Reading one
// secret checks the path to it; listing, verifying and publishing check all.
// At most 500 wraps of a key, 10,000 keys and 100,000 wraps in all.
// Two names that differ only in case are a [*TwinsError]: they appear after a
// merge, and a file system that folds case cannot hold both.
//
// # The secret file
//
// One spelling (package spelling), at most 128 KiB, keys in this order:
//
//	kind: secret | key
//	about: "TEXT"              optional, at most 500 bytes
//	expires: YYYY-MM-DD        optional; expired when the UTC date is later
//	optional: true             optional, kind secret only; may be blank at publish
//	generate: RECIPE           optional, kind secret only; what generate made it with
//	bits: 128 | 256            kind key only
//	value: SEALED | blank      kind secret; kind key: only blank
//	value.N: SEALED            kind key, N ascending from 1 to 2³¹-1
//
// SEALED is bound to app, environment, kind, name, generation and N (package
// seal, "Sealed value"). It authenticates its place and nothing else: not its
// age, not its neighbours, not its author. Whoever can commit can put back an
// old value, drop a secret, or seal a value of their own. The signed pin, which
// fixes every byte of the set, and the human reading the diff before signing
// are what stops that.
//
// # set.sum
//
// The environment's secret files, one line each, sorted by bytes:
//
//	HEX-SHA256 SP SP ENV/NAME.yaml LF
//
// This is what sha256sum prints and sha256sum -c checks. At most 4 MiB.
//
// # The pin
//
// A signed note (package seal, "Signed text") under name = app id, signed by
// the newest generation of ENV.publish. Its text, at most 8 KiB, lines in this
// order:
//
//	pinseal: pin/v1
//	app: APPID
//	environment: ENV
//	number: N                  1, 2, …; without gap
//	previous: HEX              SHA-256 of the previous pin's text; absent at 1
//	commit: sha1:HEX           or sha256:HEX; the commit the set was taken from
//	set: HEX                   SHA-256 of set.sum
//	note_version: N            the newest note when this was signed,
//	note: HEX                  and the SHA-256 of its text
//	generation: N              of ENV.publish, the key that signs
//	time: RFC3339 UTC          whole seconds, information
//	publisher: "NAME"          information
//	message: "TEXT"            optional, one line, at most 500 bytes
//	rollback_of: N             optional; the pin whose set this repeats
//
// The hash of a pin is the SHA-256 of its text, never of the signed bytes.
//
// # The ledger
//
// The ref refs/pinseal/APPID/ENV. Each commit has one parent, the pin before
// (none at 1), and a tree: pin.note, set.sum, app.note, ENV/NAME.yaml…, and
// keys/ENV.read.G/MEMBER.age for every G that a value uses and the newest, for
// the readers of the day. So one ref, at depth 1, is all a host needs.
//
// A chain verifies with the newest note alone, newest pin first: the signature
// is by (ENV.publish, generation); numbers fall by one; previous is the hash of
// the pin below; generation and note_version never rise on the way down. A
// retired generation that signed its last pin at until, head: pins above it by
// that generation are void, as if absent, and pin number until must hash to
// head. The chain must reach what the reader remembers ([Seen]), or pin 1; in a
// shallow repository it may end where the objects do, if the number is not
// below the remembered one, an equal number has the equal hash, and the next
// number names the remembered pin as previous.
//
// Pins make the chain, not commits: whoever can push can put the same pins into
// other commits. Two ledgers are one chain when the newest pin of one is in the
// other, by number and hash; where both are the same, the local commits stay.
//
// A pin is opened in this order, so that nothing unproven is parsed further:
// note, pin signature, app, environment and number, set.sum against the pin,
// the file against set.sum, spelling, seal.
//
// # The bundle
//
// The tree of one pin as txtar. First line:
//
//	pinseal bundle/v1 HEX LF
//
// HEX is the SHA-256 of all that follows it. Files sorted by path, no duplicates, no
// other names than the shape above; formatting what was parsed gives the same
// bytes again, or it is refused. At most 64 MiB. It opens with an identity
// alone: no git, no network. A pin without its chain is held to what the newest
// note says of retired keys: none above until, and until is head. One below
// until is not told from a forgery by the retired key: that takes a memory, or a
// number that was asked for.
//
// # Which note, which wrap
//
// Secrets are versioned, membership is not. Secret files come from the version
// that was asked for. The note is the newest of the version's own, the work
// tree's, the remembered one, and the ledger tip's where pins are read or
// published; each must precede or follow the others ([seal.Compare]). Wraps
// come from the same places in that order, the first that proves itself. Who is not a
// member in the newest note cannot read, even if an old wrap would open.
//
// # Write order
//
// Publish builds all objects, writes them durably, pushes, and moves the local
// ref last, each by compare-and-swap. Killed anywhere, the ledger is the old
// one or the new one, here and on the remote.
package versions
