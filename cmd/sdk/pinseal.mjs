// pinseal.mjs: one file, no dependencies, Node 18 or newer.
// Printed by: pinseal sdk javascript (pinseal @VERSION@)
// Commit it with your app. It is yours to edit.

/**
 * Read the secrets of an app from pinseal.
 *
 *     import { getSecret } from "./pinseal.mjs";            // await import(…) in CommonJS
 *
 *     const url = await getSecret("DATABASE_URL");
 *
 * They come from the first of these that is set. One that does not work, or is empty, is
 * an error, and the next is not tried:
 *
 *     PINSEAL_SOCKET  the unix socket of `pinseal serve`
 *     PINSEAL_URL     its http address on this machine, with PINSEAL_TOKEN_FILE, which is
 *                     read at every request; its mode is not looked at
 *     PINSEAL_BIN     an absolute path of the program, else `pinseal` in PATH. It reads
 *                     what PINSEAL_APP, PINSEAL_ENV and PINSEAL_AT say, from the
 *                     repository of the working directory
 *
 * Every failure is a SecretError with a code:
 *
 *     not_found      there is no such secret; a set that cannot be had is "unavailable"
 *     blank          declared, and no value set
 *     no_key         the identity here does not open it
 *     not_authentic  it does not prove to be what it should be, or does not decrypt
 *     unauthorized   no token, or another
 *     forbidden      the server does not serve this user
 *     conflict       a state that a person has to sort out first
 *     not_json       the value is not JSON
 *     invalid        what was given: a name, a variable; or the value is not text
 *     unsupported    the source cannot do it
 *     unavailable    no answer, or there is no such environment, pin or repository
 *     failed         anything else
 *
 * A payload that a later release wrote is "not_authentic", as one that was changed is: an
 * older set cannot know which it is. Keys go by their names, secrets by name or, of a
 * server, id. A key takes 8 MiB at once.
 *
 * No message holds a value. Nothing is cached: ask once, at the start.
 */
import { spawn } from "node:child_process";
import { constants } from "node:fs";
import { access, open, stat } from "node:fs/promises";
import http from "node:http";
import { isIPv4 } from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** @typedef {"not_found"|"blank"|"no_key"|"not_authentic"|"unauthorized"|"forbidden"|"conflict"|"not_json"|"invalid"|"unsupported"|"unavailable"|"failed"} Code */
/** @typedef {{name: string, kind: string, description: string, expires: string, optional: boolean, blank: boolean, id?: string, version?: string, created?: string, updated?: string}} Info */
/** @typedef {{id: string, app?: string, environment?: string, commit?: string, [more: string]: unknown}} Version */
/** @typedef {{ref(name: string): string, get(ref: string): Promise<Buffer>, list(): Promise<Info[]>, version(): Promise<Version>, crypt(what: string, key: string, body: Buffer): Promise<Buffer>}} Source */

const NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/;
const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const URL_FORM = /^http:\/\/(localhost|[0-9.]{7,15}|\[::1\])(?::([0-9]{1,5}))?\/?$/;
const VALUE_LIMIT = 1 << 20, LIST_LIMIT = 16 << 20, CRYPT_LIMIT = 64 << 20, TALK_LIMIT = 64 << 10; // bytes of a reply
const PLAIN_LIMIT = 8 << 20, PAYLOAD_LIMIT = 11_184_848, PAYLOAD_MORE = 28; // bytes; a payload has an IV and a tag more, in base64
const AT_ONCE = 64 << 10; // bytes of a body that fit a socket, so that a server's reply is read in any case
const LONGEST = 86_400_000; // milliseconds of a timeout
/**
 * What a server says, with the status that it has to have, and the code that comes of it.
 * @type {Map<string, [number, Code]>}
 */
const REFUSALS = new Map([
  ["invalid", [400, "invalid"]], ["unauthorized", [401, "unauthorized"]], ["forbidden", [403, "forbidden"]],
  ["not_found", [404, "not_found"]], ["blank", [404, "blank"]], ["read_only", [405, "unsupported"]],
  ["taken", [409, "conflict"]], ["conflict", [409, "conflict"]], ["changed", [412, "conflict"]],
  ["too_large", [413, "invalid"]], ["not_json", [422, "not_json"]], ["no_key", [403, "no_key"]],
  ["not_encrypted", [422, "not_authentic"]], ["not_authentic", [500, "not_authentic"]], ["busy", [503, "unavailable"]],
]);
/** What is said of a refusal after a value went out: nothing that came back. */
const SENTENCES = new Map([
  ["blank", "declared, and no value set"], ["no_key", "the identity here does not open it"], ["conflict", "a person has to sort something out first"],
  ["not_authentic", "it does not prove to be what it should be"], ["unauthorized", "the server knows another token"],
  ["busy", "the server is busy: ask again"], ["forbidden", "the server does not serve this user"], ["too_large", "larger than the server takes"],
  ["invalid", "refused as invalid"], ["unavailable", "there is no such environment, pin or repository"],
  ["unsupported", "the source cannot do it"], ["not_json", "the value is not JSON"], ["failed", "it did not work out"],
]);
const FIXED = /(pin [0-9]{1,10} of [a-z0-9-]{1,32}|commit [0-9a-f]{12}) has version ([0-9]{1,10})$/;
/** @type {Map<number, Code>} */
const CODE_OF_EXIT = new Map([[2, "invalid"], [3, "unavailable"], [4, "no_key"], [5, "not_authentic"], [6, "conflict"]]);

/** Why there is no answer: code is one of those above. */
export class SecretError extends Error {
  /** @param {Code} code @param {string} message */
  constructor(code, message) {
    super(message);
    this.name = "SecretError";
    this.code = code;
  }
}

/** Asks one source: the one that is given, or, with none, what the environment says. */
export class Client {
  /** @type {Record<string, string|undefined>} */
  #given;
  #tokenFile;
  #timeout;

  /**
   * timeout is in milliseconds, above 0 and at most a day, for each request as a whole.
   * @param {{socketPath?: string, url?: string, tokenFile?: string, binary?: string, timeout?: number}} [options]
   */
  constructor({ socketPath, url, tokenFile, binary, timeout = 10_000 } = {}) {
    const given = Object.entries({ PINSEAL_SOCKET: socketPath, PINSEAL_URL: url, PINSEAL_BIN: binary })
      .filter(([, value]) => value !== undefined);
    if (given.length > 1 || given.some(([, value]) => !value)) {
      throw new SecretError("invalid", "give one of socketPath, url and binary");
    }
    if (!(typeof timeout === "number" && timeout > 0 && timeout <= LONGEST)) {
      throw new SecretError("invalid", `timeout is a number of milliseconds, above 0 and at most ${LONGEST}`);
    }
    this.#given = Object.fromEntries(given);
    this.#tokenFile = tokenFile;
    this.#timeout = timeout;
  }

  /** The value of a secret, by name or id, that is UTF-8 text. @param {string} name @returns {Promise<string>} */
  getSecret(name) {
    return this.#do(async (source) => text(name, await source.get(source.ref(name)), "getBytes"));
  }

  /** The exact bytes of a secret. @param {string} name @returns {Promise<Buffer>} */
  getBytes(name) {
    return this.#do((source) => source.get(source.ref(name)));
  }

  /** What the value of a secret means as JSON. @param {string} name @returns {Promise<any>} */
  getJson(name) {
    return this.#do(async (source) => json(await source.get(source.ref(name)), "not_json", name + ": the value is not JSON"));
  }

  /**
   * Whether there is a value to get. A blank has none. Reads no value, and any failure
   * but that there is no such secret is thrown.
   * @param {string} name @returns {Promise<boolean>}
   */
  exists(name) {
    return this.#do(async (source) => {
      const ref = source.ref(name);
      return (await source.list()).some((info) => (info.name === ref || info.id === ref) && !info.blank);
    });
  }

  /**
   * The secrets, sorted by name, without values. expires is "" or a date; id, version,
   * created and updated are there where the source knows them.
   * @returns {Promise<Info[]>}
   */
  list() {
    return this.#do((source) => source.list());
  }

  /**
   * Which set it is, and more for a pin of a server. The id changes when a pin does;
   * the program's is what `pinseal list` calls it.
   * @returns {Promise<Version>}
   */
  version() {
    return this.#do((source) => source.version());
  }

  /**
   * The value, of at most 8 MiB, encrypted with the named key: a payload, which is base64.
   * @param {string} key @param {string|Uint8Array} value @returns {Promise<string>}
   */
  encryptWithKey(key, value) {
    return this.#do(async (source) => {
      const body = bytes(value);
      fits(checked(key, "key", NAME), body, PLAIN_LIMIT);
      const payload = await source.crypt("encrypt", key, body);
      if (rawLength(payload) !== body.length + PAYLOAD_MORE) throw strange();
      return payload.toString("latin1");
    });
  }

  /** The text that encryptWithKey made the payload of. @param {string} key @param {string|Uint8Array} payload @returns {Promise<string>} */
  decryptWithKey(key, payload) {
    return this.#do(async (source) => text(key, await decrypted(source, key, payload), "decryptBytesWithKey"));
  }

  /** The bytes that encryptWithKey made the payload of. @param {string} key @param {string|Uint8Array} payload @returns {Promise<Buffer>} */
  decryptBytesWithKey(key, payload) {
    return this.#do((source) => decrypted(source, key, payload));
  }

  /**
   * What is thrown begins here: errors of Node hold what they are about.
   * @template T @param {(source: Source) => Promise<T>} work @returns {Promise<T>}
   */
  async #do(work) {
    try {
      return await work(await this.#source());
    } catch (error) {
      if (error instanceof SecretError) throw error;
      throw new SecretError("failed", "unexpected " + (error instanceof Error ? error.name : typeof error));
    }
  }

  /** @returns {Promise<Source>} */
  async #source() {
    const env = Object.keys(this.#given).length > 0 ? this.#given : process.env;
    const socket = variable(env, "PINSEAL_SOCKET");
    if (socket !== undefined) {
      return server({ socketPath: socketPath(socket) }, { Host: "localhost" }, this.#timeout);
    }
    const url = variable(env, "PINSEAL_URL");
    if (url !== undefined) {
      const target = loopback(url);
      const own = this.#tokenFile === undefined ? process.env : { PINSEAL_TOKEN_FILE: this.#tokenFile };
      const token = await readToken(variable(own, "PINSEAL_TOKEN_FILE"));
      const Host = (target.host.includes(":") ? `[${target.host}]` : target.host) + ":" + target.port;
      return server(target, { Host, Authorization: "Bearer " + token }, this.#timeout);
    }
    return program(await findProgram(variable(env, "PINSEAL_BIN")), this.#timeout);
  }
}

/** @param {Source} source @param {string} key @param {string|Uint8Array} payload */
async function decrypted(source, key, payload) {
  const body = bytes(payload);
  fits(checked(key, "key", NAME), body, PAYLOAD_LIMIT);
  const length = rawLength(body) - PAYLOAD_MORE;
  if (length < 0) throw notEncrypted(key, ""); // the program would take a line end
  const plain = await source.crypt("decrypt", key, body);
  if (plain.length !== length) throw strange();
  return plain;
}

/** Refuse what is too large before it is sent. @param {string} key @param {Buffer} body @param {number} limit */
function fits(key, body, limit) {
  if (body.length > limit) throw new SecretError("invalid", key + ": larger than 8 MiB");
}

/**
 * A variable, undefined when it is not there. An empty one is a mistake, not another way.
 * @param {Record<string, string|undefined>} env @param {string} name
 */
function variable(env, name) {
  if (env[name] === "") throw new SecretError("invalid", name + " is set, and empty");
  return env[name];
}

/**
 * A server of pinseal. Each request has a connection of its own.
 * @param {http.RequestOptions} target @param {Record<string, string>} who @param {number} timeout @returns {Source}
 */
function server(target, who, timeout) {
  /** @param {string} method @param {string} path @param {number} limit @param {Buffer} [body] */
  async function ask(method, path, limit, body) {
    /** @type {Record<string, string|number>} */
    const headers = { ...who, Accept: "application/json", Connection: "close" };
    if (body) Object.assign(headers, { "Content-Type": "application/octet-stream", "Content-Length": body.length });
    // Once it writes to a server that has closed, Node reads no more: the server is asked first.
    if (body && body.length > AT_ONCE) headers.Expect = "100-continue";
    const { status, kind, data } = await exchange({ ...target, method, path, headers, agent: false }, body, limit, timeout);
    const reply = json(data, "failed", STRANGE);
    if (!isObject(reply)) throw strange();
    if (status !== 200) throw refusal(status, reply, path, body !== undefined);
    if (!/^application\/json(; *charset=utf-8)?$/i.test(kind)) throw strange();
    return reply;
  }
  return {
    ref: (name) => checked(name, "secret", NAME, ID),
    async get(ref) {
      const reply = await ask("GET", "/v1/secrets/" + ref, VALUE_LIMIT);
      if (reply.name !== ref && reply.id !== ref) throw strange();
      return valueOf(reply);
    },
    list: async () => infos(await ask("GET", "/v1/secrets", LIST_LIMIT), "description"),
    async version() {
      const reply = await ask("GET", "/v1/version", VALUE_LIMIT);
      if (typeof reply.id !== "string") throw strange();
      return reply;
    },
    async crypt(what, key, body) {
      const reply = await ask("POST", `/v1/keys/${key}/${what}`, CRYPT_LIMIT, body);
      const version = reply.key_version;
      if (!Number.isInteger(version) || version < 1 || version >= 2 ** 32 || (what === "encrypt" && reply.value === undefined)) throw strange();
      return valueOf(reply);
    },
  };
}

/**
 * One request and its whole reply.
 * @param {http.RequestOptions} options @param {Buffer|undefined} body @param {number} limit @param {number} timeout
 * @returns {Promise<{status: number, kind: string, data: Buffer}>}
 */
async function exchange(options, body, limit, timeout) {
  for (const end = performance.now() + timeout; ; await sleep(5)) {
    const result = await attempt(options, body, limit, end - performance.now());
    if (result) return result; // else the queue of a unix socket is full
  }
}

/**
 * @param {http.RequestOptions} options @param {Buffer|undefined} body @param {number} limit @param {number} timeout
 * @returns {Promise<{status: number, kind: string, data: Buffer}|undefined>}
 */
function attempt(options, body, limit, timeout) {
  return new Promise((resolve, reject) => {
    const request = http.request(options);
    const late = () => fail("unavailable", "the server did not answer in time");
    const timers = [setTimeout(late, Math.max(timeout, 0))];
    const done = () => {
      timers.forEach(clearTimeout);
      request.destroy();
    };
    /** @param {Code} code @param {string} message */
    const fail = (code, message) => {
      done();
      reject(new SecretError(code, message));
    };
    const cut = () => fail("unavailable", "the server's reply was cut off");
    let answered = false;
    request.on("close", () => answered || cut());
    request.on("error", (/** @type {NodeJS.ErrnoException} */ error) => {
      if (error.code === "EAGAIN" && timeout > 0) {
        done();
        resolve(undefined);
      } else if (error.code?.startsWith("HPE_")) {
        fail("failed", STRANGE);
      } else {
        fail("unavailable", "the server cannot be reached: " + (error.code ?? "the connection broke"));
      }
    });
    request.on("response", (response) => {
      answered = true;
      const { "content-length": length, "transfer-encoding": coding } = response.headers;
      if (length === undefined && coding !== "chunked") {
        fail("failed", STRANGE); // where it was cut off would pass for its end
      }
      /** @type {Buffer[]} */
      const parts = [];
      let size = 0;
      response.on("data", (part) => {
        size += part.length;
        if (size > limit) fail("failed", "the server's reply is too large");
        else parts.push(part);
      });
      response.on("error", cut);
      response.on("close", cut);
      response.on("end", () => {
        done();
        resolve({ status: response.statusCode ?? 0, kind: response.headers["content-type"] ?? "", data: Buffer.concat(parts) });
      });
    });
    if (!body || body.length <= AT_ONCE) {
      request.end(body);
      return;
    }
    const send = () => answered || request.writableEnded || request.end(body);
    request.on("continue", send);
    timers.push(setTimeout(send, 1000)); // to a server that does not know of Expect
    request.flushHeaders();
  });
}

/** @param {number} status @param {any} reply @param {string} path @param {boolean} hidden */
function refusal(status, reply, path, hidden) {
  const error = isObject(reply.error) ? reply.error : {};
  if (status < 400 || typeof error.code !== "string" || typeof error.message !== "string") return strange();
  let [wanted, code] = REFUSALS.get(error.code) ?? [status, /** @type {Code} */ ("failed")];
  if (status !== wanted) return strange();
  if (code === "not_found" && !/^\/v1\/(secrets|keys)\//.test(path)) code = "unavailable"; // it was the set
  const ref = path.split("/")[3]; // of /v1/secrets/REF
  if (error.code === "not_encrypted" && hidden) return notEncrypted(ref, typeof error.in !== "string" ? "" : `${LATER}: ${error.in} has version ${error.newest}`);
  if (hidden) return about(code, "encryption key", ref, error.code);
  if (ref && (code === "not_found" || code === "blank")) return about(code, "secret", ref);
  return new SecretError(code, (ref ? ref + ": " : "") + clean(error.message));
}

/** A refusal in words of our own. @param {Code} code @param {string} what @param {string} name @param {string} [told] what the server calls it */
function about(code, what, name, told = code) {
  if (code === "not_found") return new SecretError(code, `there is no such ${what}: ${name}`);
  return new SecretError(code, name + ": " + (SENTENCES.get(told) ?? SENTENCES.get(code)));
}

const LATER = "newer key version needed";

/** What did not decrypt. Of what is told of it, only what is known to be ours is shown. @param {string} key @param {string} told */
function notEncrypted(key, told) {
  const [, where, newest] = FIXED.exec(told) ?? [];
  const later = told.includes(LATER) ? "; if a later release wrote it, " + LATER + (where ? `: ${where} has version ${newest}` : "") : "";
  return new SecretError("not_authentic", key + ": not a valid encrypted value" + later);
}

/**
 * The pinseal program.
 * @param {string} file @param {number} timeout @returns {Source}
 */
function program(file, timeout) {
  /** @param {string[]} args @param {number} limit @param {Buffer} [body] */
  const run = (args, limit, body) => start(file, args, limit, timeout, body);

  async function listed() {
    const { exit, out, message } = await run(["list", "--no-input", "--json"], LIST_LIMIT);
    if (exit !== 0) throw new SecretError(CODE_OF_EXIT.get(exit) ?? "failed", message);
    const reply = json(out, "failed", STRANGE);
    if (!isObject(reply)) throw strange();
    return reply;
  }
  /** @param {number} exit @param {string} name @param {string[]} kinds @returns {Promise<Code>} */
  async function codeOf(exit, name, ...kinds) {
    if (exit !== 3) return CODE_OF_EXIT.get(exit) ?? "failed";
    const found = infos(await listed(), "about").find((info) => info.name === name && kinds.includes(info.kind)); // what was not found?
    return !found ? "not_found" : found.blank ? "blank" : "failed";
  }
  return {
    ref(name) {
      if (ID.test(checked(name, "secret", NAME, ID))) {
        throw new SecretError("unsupported", "the pinseal program takes names; an id is for pinseal serve");
      }
      return name;
    },
    async get(ref) {
      const { exit, out, message } = await run(["get", "--no-input", ref], VALUE_LIMIT);
      if (exit === 0) return out;
      const code = await codeOf(exit, ref, "secret", "key");
      throw code === "not_found" || code === "blank" ? about(code, "secret", ref) : new SecretError(code, message);
    },
    list: async () => infos(await listed(), "about"),
    async version() {
      const { version: id, app, environment, commit } = await listed();
      if ([id, app, environment].some((value) => typeof value !== "string")) throw strange();
      return commit === undefined ? { id, app, environment } : { id, app, environment, commit };
    },
    async crypt(what, key, body) {
      const { exit, out, message } = await run([what, "--no-input", "--key", key], CRYPT_LIMIT, body);
      if (exit === 0) return what === "encrypt" && out.at(-1) === 10 ? out.subarray(0, -1) : out; // a line
      if (/^(not a valid encrypted value|newer key version needed)/.test(message)) throw notEncrypted(key, message);
      throw about(await codeOf(exit, key, "key"), "encryption key", key);
    },
  };
}

/**
 * Runs the program to its end. message is what it says is wrong.
 * @param {string} file @param {string[]} args @param {number} limit @param {number} timeout @param {Buffer} [body]
 * @returns {Promise<{exit: number, out: Buffer, message: string}>}
 */
function start(file, args, limit, timeout, body) {
  return new Promise((resolve, reject) => {
    const group = process.platform !== "win32"; // which has no groups
    const child = spawn(file, args, { stdio: "pipe", detached: group, windowsHide: true });
    /** @param {Code} code @param {string} message */
    const fail = (code, message) => {
      clearTimeout(timer);
      end(child, group);
      reject(new SecretError(code, message));
    };
    const timer = setTimeout(() => fail("unavailable", `pinseal ${args[0]} did not end in time`), timeout);
    child.on("error", () => fail("unavailable", "the pinseal program cannot be started"));
    if (!child.stdin) return; // there were no pipes for it: the error comes
    const out = gather(child.stdout, limit, () => fail("failed", `pinseal ${args[0]} printed too much`));
    const talk = gather(child.stderr, TALK_LIMIT, () => {}); // the rest is dropped
    child.on("close", (code) => {
      clearTimeout(timer);
      const exit = code ?? -1; // a signal ended it
      const told = Buffer.concat(talk).toString("utf8").split("\n").find((line) => line.startsWith("error: "));
      const message = told ? clean(told.slice("error: ".length)) : `pinseal ${args[0]} ended with exit code ${exit}`;
      resolve({ exit, out: Buffer.concat(out), message });
    });
    child.stdin.on("error", () => {}); // it did not want it, and says why
    child.stdin.end(body);
  });
}

/**
 * Ends a program with what it started, and waits for none of it.
 * @param {import("node:child_process").ChildProcessWithoutNullStreams} child @param {boolean} group
 */
function end(child, group) {
  try {
    if (group && child.pid) process.kill(-child.pid, "SIGKILL");
  } catch {
    // it is gone
  }
  child.kill("SIGKILL");
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
}

/**
 * What a stream gives, up to a limit.
 * @param {import("node:stream").Readable} stream @param {number} limit @param {() => void} over
 */
function gather(stream, limit, over) {
  /** @type {Buffer[]} */
  const parts = [];
  let size = 0;
  stream.on("data", (part) => {
    size += part.length;
    if (size > limit) over();
    else parts.push(part);
  });
  return parts;
}

/**
 * The program: never one of the working directory, which may be anybody's.
 * @param {string|undefined} named
 */
async function findProgram(named) {
  if (named !== undefined) {
    if (!path.isAbsolute(named)) throw new SecretError("invalid", "PINSEAL_BIN is not an absolute path");
    return named;
  }
  for (const folder of (process.env.PATH ?? "").split(path.delimiter)) {
    const file = path.join(folder, process.platform === "win32" ? "pinseal.exe" : "pinseal");
    if (path.isAbsolute(folder) && (await isProgram(file))) return file;
  }
  throw new SecretError("unavailable", "PINSEAL_SOCKET, PINSEAL_URL and PINSEAL_BIN are not set, and there is no pinseal in PATH");
}

/** @param {string} file */
async function isProgram(file) {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}

/** @param {string} file */
function socketPath(file) {
  if (process.platform === "win32") throw new SecretError("unsupported", "PINSEAL_SOCKET: Node has no unix sockets here");
  // The system's limit: a longer path would be cut, and be another.
  if (Buffer.byteLength(file) > (process.platform === "linux" ? 107 : 103)) {
    throw new SecretError("invalid", "PINSEAL_SOCKET is too long a path for a socket");
  }
  return file;
}

/** @param {string} url */
function loopback(url) {
  const [match, name, digits] = URL_FORM.exec(url) ?? [];
  const host = name === "localhost" ? "127.0.0.1" : name === "[::1]" ? "::1" : name; // whatever a resolver says
  const port = Number(digits ?? 80);
  if (match && (host === "::1" || (isIPv4(host) && host.startsWith("127."))) && port > 0 && port < 65536) {
    return { host, port };
  }
  throw new SecretError("invalid", "PINSEAL_URL is not http://HOST:PORT with a loopback address");
}

/** @param {string|undefined} file */
async function readToken(file) {
  if (file === undefined) throw new SecretError("unauthorized", "PINSEAL_URL needs a token: PINSEAL_TOKEN_FILE is not set");
  let token = "";
  try {
    const handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)); // without waiting, as one would for a pipe
    try {
      if (!(await handle.stat()).isFile()) throw new SecretError("unauthorized", "PINSEAL_TOKEN_FILE is not a plain file");
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(4097), 0, 4097);
      token = buffer.toString("latin1", 0, bytesRead).trim();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof SecretError) throw error;
    throw new SecretError("unauthorized", "PINSEAL_TOKEN_FILE cannot be read: " + /** @type {any} */ (error).code);
  }
  if (!/^[!-~]{1,4096}$/.test(token)) throw new SecretError("unauthorized", "PINSEAL_TOKEN_FILE does not hold one line with a token");
  return token;
}

/** @param {string} name @param {string} what @param {RegExp[]} patterns */
function checked(name, what, ...patterns) {
  // Not shown: what stands where a name should may be a value.
  if (typeof name === "string" && patterns.some((pattern) => pattern.test(name))) return name;
  throw new SecretError("invalid", "that is not the name of a " + what);
}

/** @param {string|Uint8Array} value */
function bytes(value) {
  if (typeof value === "string") {
    const data = Buffer.from(value, "utf8");
    if (data.toString("utf8") === value) return data;
    throw new SecretError("invalid", "the value is not text: it has half of a surrogate pair");
  } else if (value instanceof Uint8Array) {
    return Buffer.from(value);
  }
  throw new SecretError("invalid", "the value is neither text nor bytes");
}

/** @param {string} name @param {Uint8Array} data @param {string} other */
function text(name, data, other) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    throw new SecretError("invalid", name + ": the value is not UTF-8 text: use " + other);
  }
}

/** @param {Uint8Array} data @param {Code} code @param {string} message */
function json(data, code, message) {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data));
  } catch {
    throw new SecretError(code, message);
  }
}

/** @param {any} reply @returns {Buffer} */
function valueOf({ value, value_base64: packed }) {
  const [given, coding] = value === undefined ? [packed, /** @type {const} */ ("base64")] : [value, /** @type {const} */ ("utf8")];
  if (typeof given === "string" && (value === undefined || packed === undefined)) {
    const data = Buffer.from(given, coding);
    if (data.toString(coding) === given) return data;
  }
  throw strange();
}

/** How many bytes it is the base64 of, in its one spelling, or -1. @param {Buffer} data */
function rawLength(data) {
  const text = data.toString("latin1");
  const raw = Buffer.from(text, "base64");
  return raw.toString("base64") === text ? raw.length : -1;
}

/** @param {any} reply @param {string} member @returns {Info[]} */
function infos(reply, member) {
  const rows = reply.secrets;
  if (!Array.isArray(rows) || !rows.every((row) => isObject(row) && typeof row.name === "string")) throw strange();
  return rows.map((row) => {
    const { name, kind = "secret", [member]: description = "", expires = "", optional = false, state } = row;
    const blank = row.blank === true || state === "blank" || state === "blank, optional";
    /** @type {any} */
    const info = { name, kind, description, expires, optional, blank };
    if (isObject(row.changed)) info.updated = row.changed.when;
    for (const key of ["id", "version", "created", "updated"]) {
      if (row[key] !== undefined) info[key] = row[key];
    }
    return info;
  });
}

/** @param {any} value */
function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @param {string} message */
function clean(message) {
  return message.slice(0, 500).replace(/(?! )[\p{C}\p{Z}]/gu, "?");
}

const STRANGE = "that is not what pinseal answers";

function strange() {
  return new SecretError("failed", STRANGE);
}

const client = new Client();
/** @param {string} name */
export const getSecret = (name) => client.getSecret(name);
/** @param {string} name */
export const getBytes = (name) => client.getBytes(name);
/** @param {string} name */
export const getJson = (name) => client.getJson(name);
/** @param {string} name */
export const exists = (name) => client.exists(name);
export const list = () => client.list();
export const version = () => client.version();
/** @param {string} key @param {string|Uint8Array} value */
export const encryptWithKey = (key, value) => client.encryptWithKey(key, value);
/** @param {string} key @param {string|Uint8Array} payload */
export const decryptWithKey = (key, payload) => client.decryptWithKey(key, payload);
/** @param {string} key @param {string|Uint8Array} payload */
export const decryptBytesWithKey = (key, payload) => client.decryptBytesWithKey(key, payload);
// The names that every client of pinseal has.
export {
  getSecret as get_secret, getBytes as get_bytes, getJson as get_json, encryptWithKey as encrypt_with_key,
  decryptWithKey as decrypt_with_key, decryptBytesWithKey as decrypt_bytes_with_key,
};
