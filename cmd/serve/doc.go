// Package serve answers apps over HTTP: the secrets of one environment, at a pin
// or in a work tree. It is handed a [Store] and a listener; it finds no repository
// and no identity, and decides nothing about trust.
//
// # Who may ask
//
// On a unix socket the peer's user id, which the system tells (SO_PEERCRED,
// LOCAL_PEERCRED), must be that of the server or one that was allowed. Any other
// is told 403. Over TCP, on a loopback address only, a request carries
// "Authorization: Bearer TOKEN", compared in constant time, and its Host is a
// loopback name or address; else 401 or 403. There /v1/health alone asks for no token:
// it tells nothing that the repository does not. To writes the socket has its own user
// alone, 403 for those that were allowed; over TCP it is whoever has the token. After each reply to who is not served,
// or has shown no token with the request, the connection is closed.
//
// # Requests
//
//	GET    /v1/secrets                  names and what stands beside them, never a value
//	GET    /v1/secrets/REF              one secret with its value
//	GET    /v1/secrets/REF/value        the exact bytes, application/octet-stream
//	GET    /v1/secrets/REF/json         the value itself, which must be JSON
//	GET    /v1/version                  which set this is
//	GET    /v1/version?not=TEXT&wait=S  the same, once it is another than TEXT, or 204 after
//	                                    S seconds (at most 60)
//	POST   /v1/keys/REF/encrypt         what the body is, encrypted with a named encryption key
//	POST   /v1/keys/REF/decrypt         what a payload, which the body is, was made of
//	GET    /v1/health                   whether what is served is fresh
//	GET    /metrics                     Prometheus text format
//
// With a [Writer] also:
//
//	POST   /v1/secrets                  create; 201
//	PATCH  /v1/secrets/REF              change what the body has; a name renames
//	DELETE /v1/secrets/REF              204
//
// REF is the name of a secret or key, or its id; what is both is the name. Replies are
// JSON in UTF-8 with "Cache-Control: no-store", unless the table says otherwise. A request for another
// method, HEAD and OPTIONS too, is 405, for another path 404. Paths are taken as they are
// sent: one with a percent sign, a dot segment, an empty segment or a slash at the end is
// none of these. Query parameters that are not listed, or stand there twice, are 400, and
// so are a body where none belongs and one without a Content-Length. There is no CORS.
//
// # Replies
//
// A list:
//
//	{"schema":1,"version":VERSION,"secrets":[INFO,…]}
//
// VERSION, see [versions.VersionInfo]:
//
//	{"id":"pin:3:HEX","app":"APPID","environment":"production","kind":"pin","number":3,
//	 "hash":"HEX","commit":"HEX","set":"HEX","time":"RFC3339","publisher":"ada",
//	 "message":"…","rollback_of":2,"note_version":7}
//	{"id":"worktree","app":"APPID","environment":"dev","kind":"worktree"}
//
// INFO, see [versions.Info], sorted by name:
//
//	{"id":"UUID","name":"DATABASE_URL","kind":"secret","description":"Primary Postgres",
//	 "expires":"2027-01-31","optional":true,"blank":true,"version":"HEX",
//	 "created":"RFC3339","updated":"RFC3339"}
//	{…,"kind":"key","bits":128,"key_versions":[1,2],…}
//
// Dates are there where the commit that the set was taken from is at hand: not of a
// bundle, nor of a remote without a clone. A named encryption key is listed, and its
// value is not told: whoever had it could decrypt for ever. The last of its versions
// encrypts, all of them decrypt.
//
// One secret is INFO with one of two more members:
//
//	"value":"TEXT"                 when the bytes are UTF-8
//	"value_base64":"BASE64"        when they are not; standard, padded
//
// Its ETag is its version in double quotes. Encrypting and decrypting have, with the
// version of the key that did it,
//
//	{"value":"PAYLOAD","key_version":2}
//	{"value":"TEXT","key_version":1}   or "value_base64", as above
//
// What tells a value, or comes of a key, has a header "Pinseal-Version" too, with the id
// of VERSION. An error has the status and
//
//	{"error":{"code":"CODE","message":"…","try":["…"]}}
//
// without anything that the request held. What net/http itself does not take for a
// request, such as two lengths or headers that are too large, it answers in plain text.
//
//	invalid        400   the request; the value of a named encryption key
//	unauthorized   401   no token, or another
//	forbidden      403   not a user, or not a Host, that is served
//	not_found      404   no such secret or path
//	blank          404   declared without a value
//	method         405   another method than the path takes
//	read_only      405   a write where nothing may be written
//	taken          409   there is a secret of that name
//	conflict       409   a state that a person has to sort out first
//	changed        412   If-Match was of an older version
//	too_large      413   the body
//	not_json       422   the value is not JSON
//	not_encrypted  422   no version of the key decrypts it: changed, foreign, or no payload
//	no_key         403   the identity here does not open it
//	not_authentic  500   it does not prove to be what it should be; nothing of it is told
//	busy           503   other large bodies are under way
//	failed         500   anything else; what happened is in the server's log
//
// That of not_encrypted has "newest" too, which version of the key is the newest here, and
// for a pin or a commit "in", which one that is: what a later release wrote does not
// decrypt there. Nothing is wrong with the server then, and its log says nothing of it.
//
// Health is 200, or with ?strict=1 503 when status is "stale" or "refused":
//
//	{"status":"ok|fixed|stale|refused","version":"pin:3:HEX","following":"URL without user",
//	 "last_success":"RFC3339","failures":0,"error":"…"}
//
// ok: the newest pin is served. fixed: nothing looks for a newer one, so nobody knows of
// any; there is no last_success. stale: the newest cannot be had, or is not for this
// identity. refused: it does not verify, a value of it does not, or it went back. In both the last good pin is
// served, until a look finds a better one. error is one sentence that says which of the two;
// what happened is in the server's log. last_success is when the last look worked, at
// first the start.
//
// # Encrypting
//
// A body is the bytes themselves, Content-Type application/octet-stream: to encrypt, any,
// at most [MaxPlaintext], 8 MiB; to decrypt, a payload as encrypting gives it,
// without a line break: standard base64 of the IV, ciphertext and tag, see
// [seal.NamedKey]. What is larger is for pinseal encrypt. A request is answered by one
// set: while a newer pin takes its place, by the keys of the one or those of the other.
//
// # Writing
//
// A body is JSON (Content-Type application/json) of at most [MaxBody] bytes, without
// unknown or repeated members, null, or U+FFFD in a text, which would hide a character
// that is none:
//
//	{"name":"…","description":"…","expires":"2027-01-31","optional":true,
//	 "value":"TEXT" | "value_base64":"BASE64" | "generate":"base64:32"}
//
// Create takes a name that is free, and a blank when nothing of the last line is given.
// Update changes what is given; an empty description or expires takes it away. With
// If-Match, which is one ETag as it was given or "*", the secret must be at that version.
// Replies to both are INFO, never a value; the audit of a write comes after the commit.
//
// Each is one commit, which holds that and nothing else, or nothing has changed: 409. A
// commit that a hook changes, or that gets an edit by hand, is taken back, HEAD, index and
// files; what a hook staged besides, or sent elsewhere, is not. Where somebody has built on
// it already it stands: 500, and the log names it. Writers to one work tree wait for each
// other, other servers too, 25 s at most; those who edit by hand, with pinseal set too, do
// not, and are not overwritten: 409. So is what HEAD has not as the work tree.
//
// # Limits
//
// Headers 16 KiB; read within 5 s; a body within 10 s; an idle connection 2 min; a reply is
// written within 30 s after its wait. 1024 connections at once; further ones wait. Of users
// that are not served 16, further ones are closed. Over TCP 512 that have not shown the
// token: for a further one the oldest is closed, at the earliest 1 s after it came. On
// shutdown no new request is taken, waits end with 204, and what runs has 10 s; then a
// commit under way is ended, and the audit has what became of it. Of a body that is
// refused 12 MiB are read before the connection is closed.
//
// Bodies to encrypt or decrypt of over 64 KiB, and what is made of them, share 64 MiB, in
// pieces of 1 MiB: three of 8 MiB are worked on at once. The garbage of a busy server is
// about as much again. A request comes in with its first 64 KiB, when its key,
// its type and its length are found good; it waits 4 s at most, and is refused then: 503.
// From then on it is given up when nothing comes of its body, or nothing is taken of its
// reply, for 2 s, and when either takes more than 10 s. So who is connected and idle
// holds up nobody; who may ask, and is slow on purpose, can hold up other large bodies,
// and no small one.
//
// # Audit
//
// One JSON object on a line per read of a value, per use of a key, and per write, before
// the reply:
//
//	{"time":"RFC3339","event":"read","name":"DATABASE_URL","version":"pin:3:HEX",
//	 "uid":1000,"pid":4242,"result":"ok"}
//
// event is read, create, update, delete, encrypt, decrypt or denied; result an error
// code or "ok"; over TCP "remote" stands in place of uid and pid. name is that of a secret
// that is there; any other is left out, for it may be a value in the wrong place. An update
// that gave another name has "renamed_from" too, and what a key did has "key_version". A line
// that cannot be written is a reply of 500, and the value is not told.
//
// For requests that are denied each user, and all of TCP together, has 5 lines at once
// and then one a second. "count" is how many a line stands for: its own and those before
// it that had none. Whether a line can be written changes nothing of the reply.
//
// # Metrics
//
//	pinseal_reads_total{result="…"}        values that were asked for, by error code or "ok"
//	pinseal_encrypts_total{result="…"}     and pinseal_decrypts_total
//	pinseal_writes_total{result="…"}
//	pinseal_denied_total{result="…"}       unauthorized, forbidden
//	pinseal_audit_failures_total           lines that could not be written
//	pinseal_pin_number                     what is served; 0 for what is no pin
//	pinseal_fresh                          1 when health is "ok", else 0; none when it is "fixed"
//	pinseal_follow_failures_total          looks for a newer pin that failed
//	pinseal_last_success_timestamp_seconds of the last that worked; none when it is "fixed"
//	pinseal_connections                    open now
//
// and what the Go runtime and the file descriptors of the process come to.
package serve
