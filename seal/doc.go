// Package seal turns bytes into secrets: slots, sealed values, app notes, wraps
// and identities. It is the specification of their formats, version 1. It takes
// and returns bytes and never touches a file, an environment, a network, a
// clock or a person.
//
// What takes no [Key] cannot read. What takes no [Note] cannot know who is in.
//
// # Conventions
//
// Grammar is RFC 5234. ‖ joins bytes. u32 is 4 bytes, big-endian. Numbers in
// text are decimal, without leading zero, and below 2^31. BASE64URL is RFC 4648
// section 5 without padding, BASE64 section 4 with padding, both with spare bits
// zero and without line breaks. HEX is lower case. A text file has one spelling,
// see package [pinseal/seal/spelling]; another spelling of the same content MUST
// be refused. Every limit below MUST be enforced by readers and writers.
//
//	E(f…) = for each field f: u32 length of f ‖ f
//
// A number as a field of E is its u32, with its length prefix like any other.
// The first field is a label that fixes how many follow.
//
// # App id
//
//	app id = SHA-256(E("pinseal/v1/app", public key of the first admin key))[:16]
//
// In text it is RFC 4648 base32, lower case, without padding: 26 characters,
// the two spare bits zero.
//
// # Names and slots
//
//	secret      = (ALPHA / "_") *63(ALPHA / DIGIT / "_" / "." / "-") ; not ending in "."
//	environment = LOWER *31(LOWER / DIGIT / "-")
//	member      = environment
//	app         = LOWER *24(LOWER / DIGIT / "-")
//	slot        = "admin" / environment ".read" / environment ".publish"
//
// Reserved for all but secrets are default, keys and admin, and for all, case
// ignored and up to the first dot, con, prn, aux, nul, com1 to com9 and lpt1 to
// lpt9.
//
// A slot has generations 1 to 64. The private key of a generation is a 32-byte
// seed: of Ed25519 (RFC 8032) for admin and publish slots, of X-Wing
// (draft-connolly-cfrg-xwing-kem; HPKE KEM 0x647a) for read slots.
//
// # Sealed value
//
//	sealed = "s1." generation "." BASE64URL( enc[1120] ‖ ct )
//
//	ct    = HPKE (RFC 9180) base mode, single shot, aad empty,
//	        KEM 0x647a, KDF 0x0001 (HKDF-SHA256), AEAD 0x0002 (AES-256-GCM)
//	info  = E("pinseal/v1/value", app id, environment, kind, name, generation, version)
//	plain = u32 length of value ‖ value ‖ zeros up to the next multiple of 128
//
// app id is its 16 raw bytes, generation and version are numbers. kind is
// "secret" with version 0 or "key" with a version from 1. A value has at most
// 65,536 bytes. A reader MUST check that the padding is the shortest and zero,
// and MUST give one error for every failure.
//
// There is one suite and nothing to negotiate. info goes into the key schedule,
// so at another place the key is another. Values show their length in steps of
// 128 bytes and whether two of them are equal not at all.
//
// # Signed text
//
// App notes and pins are C2SP signed notes (c2sp.org/signed-note) with exactly
// one signature, of Ed25519:
//
//	signed    = text LF "— " app-id SP BASE64( keyid[4] ‖ signature[64] ) LF
//	keyid     = SHA-256(app-id ‖ LF ‖ 0x01 ‖ public key)[:4]
//	signature = Ed25519 over text
//
// text is UTF-8, ends with LF and has no other character below U+0020. The name
// of a signed text is the SHA-256 of text, never of the whole. At most 4 MiB.
//
// # App note
//
// The text of an app note, keys in this order, "?" what may be absent:
//
//	pinseal: app/v1
//	needs: 1
//	id: APPID
//	version: NUMBER                     ; from 1
//	slots:
//	  - slot: SLOT
//	    generation: NUMBER              ; 1, 2, … for each slot without gaps
//	    key: BASE64URL                  ; 32 or 1,216 bytes
//	  ? endorsed: BASE64URL             ; 64 bytes, admin from generation 2
//	  ? until: NUMBER                   ; publish slots that sign no more
//	  ? head: HEX                       ; 32 bytes, with until above 0
//	members:
//	  - name: MEMBER
//	  ? service: true
//	    recipient: RECIPIENT            ; canonical, see [ParseRecipient]
//	    slots: [SLOT, SLOT]             ; sorted, at least one, all of this note
//
// slots are in order of creation, and no key occurs twice. A publish key that
// has a successor has an until. members, at most 500, are sorted by name, and no
// recipient occurs twice. At least one holds admin.
//
//	endorsed = Ed25519 by admin key k-1 over
//	           E("pinseal/v1/succession", app id, k, public key of admin key k)
//
// A reader MUST check, besides the spelling and the rules above: that the app
// id is that of admin key 1, every endorsement, and the signature, by the newest
// admin key under the app id as name. needs is read before all else: a level
// above 1 is [NeedsError]. Note A precedes note B as [Note.Precedes] has it; what
// a reader does with a note that does not follow the one it remembers is
// [Compare]'s table.
//
// # Wrap
//
// A wrap is an armored age file (c2sp.org/age) of at most 8 KiB for one
// recipient, in the spelling that armoring gives. It holds
//
//	wrap = "pinseal/v1/wrap" LF app-id SP slot SP generation SP BASE64URL( seed ) LF
//
// age says nothing of who made a file, so a reader MUST check that app id, slot
// and generation are those asked for, and that the public key of the seed is the
// one in the app note. Then it does not matter where the wrap came from.
//
// # Service identity
//
//	service = "PINSEAL-SERVICE-1." app-id "." NUMBER "." "AGE-SECRET-KEY-PQ-1" …
//
// NUMBER is the version of the app note that added the service: the identity
// opens that one app, under a note of that version or a later one.
//
// # Keyed digest
//
// What only a holder of a key can make or compare, of anything:
//
//	key    = HKDF-SHA256( seed, no salt, info ), 32 bytes       (RFC 5869)
//	info   = E("pinseal/v1/digest", app id, slot, generation)
//	digest = HMAC-SHA256( key, E(label, field, …) )
//
// # Named encryption key
//
// A version of a named key is AES-128 or AES-256. What is sealed of it is the text
//
//	version = BASE64( key[16] ) / BASE64( key[32] )
//
// under kind "key" and its number. What it encrypts is one payload:
//
//	payload = BASE64( iv[12] ‖ ct ‖ tag[16] )
//
// AES-GCM (NIST SP 800-38D) with a random iv and no additional data. ct is as long as the
// plaintext, 0 to 2^30 bytes. 128 bits are the size with which keys and payloads can be
// exchanged with the hosted platform that has this format: there longer keys are cut to 16
// bytes, so those of 256 bits are for pinseal alone, and for who writes AES-256-GCM.
//
// The newest version encrypts. A payload does not name its version: a reader tries them
// from the newest to the oldest, 32 at most, and MUST give one error for whatever none of
// them decrypts. A payload has one spelling: a line break, another alphabet, padding that
// is missing or spare bits that are not zero are refused.
//
// A payload proves that a holder of the key made it. It does not prove when, or for which
// row of a table: who can write to where payloads are kept can put one in the place of
// another of the same key. Random IVs allow 2^32 payloads of one version.
//
// # What a sealed value does not prove
//
// Sealing needs public keys only. So a value proves its place, and neither who
// sealed it, nor that it is the newest, nor that its neighbours are still there.
// That is what a signed pin is for.
//
// # Worked example
//
// The admin key has the seed 0x01 32 times, the key of dev.read, generation 1,
// the seed 0x02 32 times. Then
//
//	app id   cb1514806c55e5a620aaba63d076365b, zmkrjadmkxs2mifkxjr5a5rwlm
//	info     00000010 70696e7365616c2f76312f76616c7565     "pinseal/v1/value"
//	         00000010 cb1514806c55e5a620aaba63d076365b     app id
//	         00000003 646576                               "dev"
//	         00000006 736563726574                         "secret"
//	         0000000c 44415441424153455f55524c             "DATABASE_URL"
//	         00000004 00000001                             generation
//	         00000004 00000000                             version
//
// for the secret DATABASE_URL in dev, and testdata/vectors/value/example.txt has
// a sealed value of it that opens to "postgres://example".
package seal
