// Package versions is secret sets at commits: it joins bytes at commits
// (package repo) with sealed bytes (package seal). It reads a set from any
// version, pins versions in a signed ledger, and packs a pin into a bundle.
//
// Nothing here prints, prompts, exits or reads the environment. Keys are
// arguments: what takes no identity cannot read a secret.
//
// # An app starts here
//
// An app reads one pinned set, from whichever of three sources it has:
//
//	OpenBundle, OpenBundleFile   a bundle that it carries, or that lies beside it
//	OpenPin                      the ledger of a clone or a bare repository
//	socket.FromEnviron           a server, pinseal serve (package pinseal/versions/socket)
//
// Each gives a [Reader]: Get, JSON, Encrypt, Decrypt, List, Version, Watch. The first two take [Options] with
// an identity, which [FindIdentity] finds, and return [*Secrets]. These names are all that
// an app needs; the others here are what pinseal itself is made of.
//
//	//go:embed production.bundle
//	var bundle []byte
//
//	func openSecrets() (versions.Reader, error) {
//		server, err := socket.FromEnviron(os.Environ(), socket.Options{Environment: "production", MinPin: 1})
//		if !errors.Is(err, socket.ErrNotSet) {
//			return server, err // the environment names a server: that one or none
//		}
//		identity, err := versions.FindIdentity(os.Environ(), os.ReadFile)
//		if err != nil {
//			return nil, err
//		}
//		return versions.OpenBundle(bundle, versions.Options{Identity: identity})
//		// or: versions.OpenPin(ctx, "/srv/shop.git", "production", versions.Options{Identity: identity})
//	}
//
//	url, err := secrets.Get(ctx, "DATABASE_URL") // a seal.Secret: prints as [secret]
//	db, err := sql.Open("pgx", string(url.Reveal()))
//
//	payload, err := secrets.Encrypt(ctx, "customer_data", []byte(email)) // by a named encryption key
//	email, err := secrets.Decrypt(ctx, "customer_data", payload)
//
// Make the bundle with: pinseal bundle production -o production.bundle --for web, where web
// is the service that the app runs as. testdata/app is a whole app. The module's path has no
// host: an app's go.mod says where its source is,
//
//	require pinseal v0.0.0
//	replace pinseal => ../pinseal
//
// and go mod tidy adds the rest.
//
// What is opened is one pin, never HEAD and never another in its place. All of it is
// verified, parsed and held in memory, and every value is opened once, before the first
// secret is read, at about 0.13 ms of a core each: a pin of which one value does not open
// is not opened at all. Then a plaintext is made by each Get and kept nowhere. A server has
// done this for who asks it.
//
// Nothing is remembered between two starts, so the app says what it is held to: a service
// identity or [Options].App whose app it is, MinPin, Seen and Note how old it may be. Watch
// puts a newer pin in the place of the open one, at once and whole, when it goes on from
// it, verifies, and opens. Else that is an error, and the one that was open stays.
//
// # One reader
//
// The work tree, a commit, a pin and a bundle are each a [Source]: an [fs.FS]
// of one shape, rooted at an app's directory, that the same code reads:
//
//	app.note                  signed: who may do what (package seal)
//	keys/SLOT.GEN/MEMBER.age  a slot's key, wrapped for one member
//	ENV/NAME.yaml             one secret
//	scan.baseline             what the leak scan lets pass; not in pins and bundles
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
// A key's text is standard base64 of exactly bits, or the key does not open. What its
// versions encrypt is a payload (package seal, "Named encryption key"). Versions are in the
// set, so a pin says which keys a release has: it decrypts what was written by any version
// up to its newest, and encrypts with that one. A payload of a later version is to it like
// one of another key; whoever has the later one at hand too can tell ([NewerKeyError]).
//
// Rotating adds the next version, at most 32 in all; resetting drops all and adds the next
// one. A number is used again only by a key that was removed and made anew.
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
// # Following
//
// A host without a clone reads the ledger's ref alone, at depth 1 ([Follower]). The pin
// at its tip is verified by itself, as a chain that is cut: its number is not below the
// one that was seen, an equal number has the equal hash, the next one names that pin as
// previous; a larger gap is accepted. Its tree is then taken into memory as a bundle and
// verified as one, and only then does it take the place of the set before ([Release]).
// What does not verify, went back or went away changes nothing, and neither does a
// remote that cannot be had. The note goes forward with the pins that name it: that a
// member was removed is known to a follower with the next pin.
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
// # Changing people and keys
//
// An [Amendment] makes the next app note and what follows from it; [Sync] what an
// unchanged note still asks for. The note asks for these wraps, and for no others:
//
//	SLOT.GEN of a read slot    every generation, for each who holds the slot
//	SLOT.GEN of one that signs the newest, for each who holds the slot: an older
//	                           key signs nothing that counts
//
// Taking a slot from somebody is followed by the next generation of it, which is
// wrapped for those who stay. Then every value of a read slot's environment is
// opened and sealed again to the new key, at the same place and with the same
// text beside it: who can read is never widened, and a binding never changed. A
// value that does not open where it stands ends the change. A publish key that is
// replaced gets until and head from the newest pin that counts, 0 when it is not
// by that key.
//
// Whoever makes the change may lack a key: an admin who does not read can make a
// new read key, and neither wrap an old one nor open a value. Each such part is
// [Pending], with the members who can finish it. An older key that no member has
// a wrap of is nothing to wait for.
//
// A slot that nobody holds gets a new generation before it is given to somebody.
// An app keeps an admin and an environment, an environment a reader. Dropping an
// environment takes its slots from everybody and retires its publish key; in its
// next life it goes on with further generations.
//
// Edits are written in this order, all or none: wraps, note, values, and then the
// wraps that go. A kill in between leaves a set that opens, and Sync finishes it.
//
// # Merging
//
// In the middle of a merge git keeps three versions of an unmerged file: the common
// one, ours and theirs. A side ([Sides]) is the directory with the unmerged files as
// that side has them, and all others as in the work tree.
//
// A secret is merged by what it says, each field and the plaintexts for themselves:
// what one side alone has changed is taken. Which key a value is sealed to is no
// change. What both have changed, or what cannot be opened to compare, a person
// decides.
//
// A named encryption key is merged by version, for each side may have encrypted with its
// own. A version is the same on two sides when its key is, under whatever number: numbers are
// order and name, and no payload has one.
//
//   - What one side dropped, of what both began with, goes; all else stays. Where what they
//     began with cannot be read, all stays.
//   - Ours keeps its numbers. What theirs added keeps its own where that is free, else it gets
//     one above all that a side has had, and is sealed anew.
//   - The result encrypts with the newest version of a side, of those that stay. That is not
//     one which the other side has too and has superseded. Of two that were made apart it is
//     that which is sealed to the newer read key, for who left since does not have it; else
//     that of theirs. If it is not the highest it gets a further number above all; one of ours
//     keeps the one it had as well.
//
// No more than 32 versions, all of one size, and none that does not open where it stands; and
// a version to encrypt with that not both have superseded: else a person decides. Who has
// decided for a side takes what stands beside its versions, and the versions of both.
//
// App notes are merged by an admin, who signs the result ([MergeNotes]):
//
//	version   one above the higher of the two
//	members   by name: added on either side is in, removed on either is out, and so
//	          with a member's slots; an environment that either has removed is gone
//	slots     the keys of both, each side's in its order, the block first whose
//	          first key is the smaller; where both have made a key of one slot, those
//	          of one side stay and the other's are dropped
//	until     and head, of a retired publish key: as the kept side has them
//
// Both are told against the newest note that stands in the history of both sides
// ([CommonNote]), not against git's base: on a branch of an older commit, or after a
// squash, that one may not know a member who was removed since.
//
// One name with two recipients, one recipient with two names, and a note without an
// admin or with an environment that nobody reads are refused. Instead of both, one
// side's members can be taken; the keys are merged in the same way.
//
// Then a slot gets a further generation when one of these holds:
//
//   - somebody who had its newest key, by the common note or that of a side, holds
//     the slot no more. So a removal on one side wins over a rekey or a wrap on the
//     other, which did not know of it;
//   - a key of it was dropped that had been made since the common note, and that
//     side's changes are taken: what it was made for is done again;
//   - its newest publish key is retired.
//
// Values that are sealed to a dropped key are sealed anew, and so is what is sealed
// to a retired one, as [Sync] does. A merge that would leave a value that nobody can
// open is refused. Which keys stay is the choice of who merges; it must be those that
// pins were published under, or the ledger would not verify. A client that remembers
// a note of which a key was dropped refuses the merged one until it is told to trust
// it. Two admins who settle one merge apart make the same note, unless a key is made.
//
// What a side's note says is taken ([SidesOf]) when it verifies; when it is not older
// than the common note, which would make an old note that somebody put back look like
// changes; when it is related to the remembered note as [seal.Compare] has it, except
// that two branches may have changed the note a different number of times; and when
// it has every admin key of the other side and of the remembered note, or is the
// remembered one. Of a side for which that does not hold nothing stays, not even a
// key. One of the sides must be the remembered note or go on from it.
//
// # What a member could open
//
// A member who was given ENV.read was given all generations up to the newest in that
// note, and keeps them. So his reach in ENV is the newest generation of ENV.read in
// any note that gave it to him, and he could open all that was ever sealed to his
// reach or below: in any commit of any ref, before or after, and in any pin. The
// member is each recipient that had the name, under whatever name later or before.
// Whether a wrap was really made, and what an admin may have kept of a key that he
// made for others, no note tells.
//
// The notes are those of history, of the pins and the newest. Each must verify, and
// be related to the newest ([seal.Compare]) or signed by its admin key; others are
// passed over and counted. An admin who was removed can still sign a note older than
// that: it can make a report longer, never shorter.
//
// In use is what the work tree and the newest pins hold, in all environments: what
// was copied to one that the member never read is found there. A value in use is
// exposed when its generation is within reach, or when its plaintext is that of a
// value within reach: of the same secret in the same environment; of one that a
// commit took away when it brought this one, which is a rename; or, from 8 bytes on,
// of any other. Every version of a named key counts. Where the keys at hand do not
// open both sides it may be exposed, unless history shows that it is another: a value
// came in with a new plaintext when it took the place of one of the same generation
// and version outside a merge, or of one that is not exposed, or was added where no
// value within reach ever stood (in a merge, a version of a key under a number that no
// parent has may be any of that key); none of it together with the removal of an exposed
// value of its environment; and, as sealing keeps the length to a multiple of 128
// bytes, always when that differs. What took the place of a higher generation, or
// came in where a shallow clone ends, shows nothing. So a copy to another name, and
// the same value set once more, are found with keys only, on both sides.
//
// In an environment that one of the member's recipients reads in the newest note
// nothing is to be rotated for that one; what the others could open is.
//
// An environment's leavers are the recipients that were given its read key and do
// not hold it in the newest note, and those that were given any read key and are no
// member's in it. A publish that requires rotated values refuses what is, or may be,
// exposed to one of them, and a repository that is not whole. A member who reads the
// same value elsewhere today, and never read it there, has left nothing. A publisher
// without the keys sees no copies.
//
// # Verifying without a key
//
// Without a key can be checked: the shape, the spelling, the note, that every value
// is sealed to a key that the note has, that wraps are armored and for a key that it
// has, every ledger, and the files of its newest pin. Not: that a value opens at its
// place, or who sealed it; that a wrap holds its key. A commit is judged under its own
// note, a ledger under the newest. A pushed ledger must be the one that is there with
// further pins, told by number and previous; none of them void, each with exactly the
// files that it names. Pins by a retired key that stand on top count as absent there
// too.
//
// A server holds an app, by its id and in whatever directory, to the note that HEAD has
// or had last, and to those of its ledgers. A branch that is not merged decides nothing.
// An app that was taken away comes back with the note it had, or a newer one.
//
// # Looking for values
//
// A scan knows every value that the keys at hand open: of the work tree, the index,
// HEAD, the commits that are pushed and the newest pins, whatever the spelling of the
// files; where commits are looked into also every one that was ever sealed, and those
// of apps and environments that were removed. Package leak says in what forms they are
// found. A text is a file, the header of a commit or a tag as it is, or its message; of
// a commit, the files are those that it brought: a merge has those that differ from
// every parent. A blob is read once, whatever paths it stands at. Names of files and
// refs are looked into too; what of them is a value is not printed.
//
// Two things let a value pass. A comment on its line, pinseal:allow NAME, and the
// file scan.baseline beside the app note, at most 4 MiB, of lines
//
//	ENV.GENERATION SP HEX-DIGEST SP NAME SP "PATH" LF
//
// DIGEST is the keyed digest (package seal, "Keyed digest") under the read key
// ENV.GENERATION, labelled "baseline", of NAME, the path from the top and the value:
// who does not read the environment can neither guess the value by it nor make a
// line. PATH is the path from the top, and lets NAME's value pass anywhere in that
// file, and in its commits. PATH@BLOBID lets it pass in the commits that have that
// blob there, and not in the file; PATH@ in the name itself; the id of a commit or a
// tag in its header and message. PATH is printable text with \" and \\ escaped, and
// empty where the path is not, or holds a value: the digest is always of the whole. A
// line that shows another place than its digest's lets nothing pass. Lines are sorted by
// path and read in any order, doubles too, so that two branches' lines merge as a
// union. Pins and bundles do not hold a baseline.
//
// # History
//
// A [SecretLog] follows a secret through renames, which seal its value anew. So a
// rename is told by what stays: in one commit one name goes and another comes, all
// beside the value is equal, and the value is as long (see [FindMoves]). That is
// likely, and nothing is decided by it. The app it follows from one directory to
// another by the app id of its signed note. Touching is the stricter walk for
// signatures: full history, and every merge that differs from any parent.
//
// # Reviewing a branch
//
// A branch is compared with the commit where it left its target ([Review]), by blob ids
// first: files of one content are not read. Its app note must be the one it began with
// or go on from it, or there is no review. Values are held to the newest read key that
// branch or target knows. A pin is compared with what the merge makes: each file as the
// branch has it where the branch changed it, else as the target has it. An unchanged
// file is taken for the pinned one by its blob id; set.sum is checked by who opens a pin.
//
// # Write order
//
// Publish builds all objects, writes them durably, pushes, and moves the local
// ref last, each by compare-and-swap. Killed anywhere, the ledger is the old
// one or the new one, here and on the remote.
package versions
