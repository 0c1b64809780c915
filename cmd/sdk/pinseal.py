# pinseal.py: one file, no dependencies, Python 3.8 or newer.
# Printed by: pinseal sdk python (pinseal @VERSION@)
# Commit it with your app. It is yours to edit.
"""Read the secrets of an app from pinseal.

    import pinseal

    url = pinseal.get_secret("DATABASE_URL")

They come from the first of these that is set. One that does not work, or is empty, is
an error, and the next is not tried:

    PINSEAL_SOCKET  the unix socket of `pinseal serve`
    PINSEAL_URL     its http address on this machine, with PINSEAL_TOKEN_FILE, which is
                    read at every request; its mode is not looked at
    PINSEAL_BIN     an absolute path of the program, else `pinseal` in PATH. It reads
                    what PINSEAL_APP, PINSEAL_ENV and PINSEAL_AT say, from the
                    repository of the working directory

Every failure is a SecretError with a code:

    not_found      there is no such secret; a set that cannot be had is "unavailable"
    blank          declared, and no value set
    no_key         the identity here does not open it
    not_authentic  it does not prove to be what it should be, or does not decrypt
    unauthorized   no token, or another
    forbidden      the server does not serve this user
    conflict       a state that a person has to sort out first
    not_json       the value is not JSON
    invalid        what was given: a name, a variable; or the value is not text
    unsupported    the source cannot do it
    unavailable    no answer, or there is no such environment, pin or repository
    failed         anything else

A payload that a later release wrote is "not_authentic", as one that was changed is: an
older set cannot know which it is. Keys go by their names, secrets by name or, of a
server, id. A key takes 8 MiB at once.

No message holds a value. Nothing is cached: ask once, at the start. Functions may be
called from threads and after a fork.
"""
import base64
import functools
import http.client
import ipaddress
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from typing import Any, Callable, Dict, List, Optional, Tuple, TypeVar, Union, cast

# Not list, which would take the place of Python's own: pinseal.list.
__all__ = ["Client", "SecretError", "get_secret", "get_bytes", "get_json", "exists", "version",
           "encrypt_with_key", "decrypt_with_key", "decrypt_bytes_with_key"]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_URL = re.compile(r"http://(localhost|[0-9.]{7,15}|\[::1\])(?::([0-9]{1,5}))?/?")
_VALUE_LIMIT, _LIST_LIMIT, _CRYPT_LIMIT, _TALK_LIMIT = 1 << 20, 16 << 20, 64 << 20, 64 << 10  # bytes of a reply
_PLAIN_LIMIT, _PAYLOAD_LIMIT, _PAYLOAD_MORE = 8 << 20, 11184848, 28  # bytes; a payload has an IV and a tag more, in base64
_LONGEST = 86400  # seconds of a timeout
# What a server says, with the status that it has to have, and the code that comes of it.
_REFUSALS = {
    "invalid": (400, "invalid"), "unauthorized": (401, "unauthorized"), "forbidden": (403, "forbidden"),
    "not_found": (404, "not_found"), "blank": (404, "blank"), "read_only": (405, "unsupported"),
    "taken": (409, "conflict"), "conflict": (409, "conflict"), "changed": (412, "conflict"),
    "too_large": (413, "invalid"), "not_json": (422, "not_json"), "no_key": (403, "no_key"),
    "not_encrypted": (422, "not_authentic"), "not_authentic": (500, "not_authentic"), "busy": (503, "unavailable")}
_CODE_OF_EXIT = {2: "invalid", 3: "unavailable", 4: "no_key", 5: "not_authentic", 6: "conflict"}
# What is said of a refusal after a value went out: nothing that came back.
_SENTENCES = {
    "blank": "declared, and no value set", "no_key": "the identity here does not open it", "conflict": "a person has to sort something out first",
    "not_authentic": "it does not prove to be what it should be", "unauthorized": "the server knows another token",
    "busy": "the server is busy: ask again", "forbidden": "the server does not serve this user", "too_large": "larger than the server takes",
    "invalid": "refused as invalid", "unavailable": "there is no such environment, pin or repository",
    "unsupported": "the source cannot do it", "not_json": "the value is not JSON", "failed": "it did not work out"}
_LATER = "newer key version needed"
_FIXED = re.compile(r"(pin [0-9]{1,10} of [a-z0-9-]{1,32}|commit [0-9a-f]{12}) has version ([0-9]{1,10})\Z")
_F = TypeVar("_F", bound=Callable[..., Any])


class SecretError(Exception):
    """Why there is no answer: code is one of those above."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code

    def __str__(self) -> str:
        return self.args[1]


def _bare(method: _F) -> _F:
    """The method, whose failures begin here: frames below hold values, and so do the
    errors of the library, and reporters of errors look into both."""

    @functools.wraps(method)
    def call(self: "Client", *args: Any, **kwargs: Any) -> Any:
        try:
            return method(self, *args, **kwargs)
        except SecretError as error:
            failure: BaseException = SecretError(error.code, str(error))
        except Exception as error:
            failure = SecretError("failed", "unexpected " + type(error).__name__)
            if isinstance(error, TypeError) and error.__traceback__ and not error.__traceback__.tb_next:
                failure = TypeError(str(error))  # the call itself is wrong
        except BaseException as error:  # an interrupt
            failure = error.with_traceback(None)
            failure.__context__ = None
        del args, kwargs
        raise failure

    return cast(_F, call)


class Client:
    """Asks one source: the one that is given, or, with none, what the environment says."""

    def __init__(self, *, socket_path: Optional[str] = None, url: Optional[str] = None,
                 token_file: Optional[str] = None, binary: Optional[str] = None, timeout: float = 10.0) -> None:
        """timeout is in seconds, above 0 and at most a day, for each request as a whole."""
        given = {"PINSEAL_SOCKET": socket_path, "PINSEAL_URL": url, "PINSEAL_BIN": binary}
        self._given = {key: value for key, value in given.items() if value is not None}
        self._token_file = token_file
        self._timeout = timeout
        if len(self._given) > 1 or "" in self._given.values():
            raise SecretError("invalid", "give one of socket_path, url and binary")
        if isinstance(timeout, bool) or not isinstance(timeout, (int, float)) or not 0 < timeout <= _LONGEST:
            raise SecretError("invalid", "timeout is a number of seconds, above 0 and at most %d" % _LONGEST)

    def __repr__(self) -> str:
        return "Client(%s)" % ("".join(self._given) or "environment")

    @_bare
    def get_secret(self, name: str) -> str:
        """The value of a secret, by name or id, that is UTF-8 text."""
        source = self._source()
        return _text(name, source.get(source.ref(name)), "get_bytes")

    @_bare
    def get_bytes(self, name: str) -> bytes:
        """The exact bytes of a secret."""
        source = self._source()
        return source.get(source.ref(name))

    @_bare
    def get_json(self, name: str) -> Any:
        """What the value of a secret means as JSON."""
        source = self._source()
        return _json(source.get(source.ref(name)), "not_json", name + ": the value is not JSON")

    @_bare
    def exists(self, name: str) -> bool:
        """Whether there is a value to get. A blank has none. Reads no value, and any
        failure but that there is no such secret is raised."""
        source = self._source()
        return _has(source.ref(name), source.list())

    @_bare
    def list(self) -> List[Dict[str, Any]]:
        """The secrets, sorted by name, without values: name, kind, description,
        expires ("" or a date), optional, blank; and, where the source knows them, id,
        version, created, updated."""
        return self._source().list()

    @_bare
    def version(self) -> Dict[str, Any]:
        """Which set it is: id, app, environment, and more for a pin of a server. The id
        changes when a pin does; the program's is what `pinseal list` calls it."""
        return self._source().version()

    @_bare
    def encrypt_with_key(self, key: str, value: Union[str, bytes]) -> str:
        """The value, of at most 8 MiB, encrypted with the named key: a payload, which is
        base64."""
        body = _bytes(value)
        payload = self._crypt("encrypt", key, body, _PLAIN_LIMIT)
        if _raw_length(payload) != len(body) + _PAYLOAD_MORE:
            raise _strange()
        return payload.decode("ascii")

    @_bare
    def decrypt_with_key(self, key: str, payload: Union[str, bytes]) -> str:
        """The text that encrypt_with_key made the payload of."""
        return _text(key, self._decrypt(key, payload), "decrypt_bytes_with_key")

    @_bare
    def decrypt_bytes_with_key(self, key: str, payload: Union[str, bytes]) -> bytes:
        """The bytes that encrypt_with_key made the payload of."""
        return self._decrypt(key, payload)

    def _decrypt(self, key: str, payload: Union[str, bytes]) -> bytes:
        body = _bytes(payload)
        plain = self._crypt("decrypt", key, body, _PAYLOAD_LIMIT)
        if len(plain) != _raw_length(body) - _PAYLOAD_MORE:
            raise _strange()
        return plain

    def _crypt(self, what: str, key: str, body: bytes, limit: int) -> bytes:
        source = self._source()
        _checked(key, "key", _NAME)
        if len(body) > limit:
            raise SecretError("invalid", key + ": larger than 8 MiB")
        if what == "decrypt" and _raw_length(body) < _PAYLOAD_MORE:  # the program would take a line end
            raise _not_encrypted(key, "")
        return source.crypt(what, key, body)

    def _source(self) -> "Union[_Server, _Program]":
        env = self._given or os.environ
        path = _set(env, "PINSEAL_SOCKET")
        if path is not None:
            if not hasattr(socket, "AF_UNIX"):
                raise SecretError("unsupported", "PINSEAL_SOCKET: this system's Python has no unix sockets")
            return _Server(socket.AF_UNIX, path, ("localhost", 80), None, self._timeout)
        url = _set(env, "PINSEAL_URL")
        if url is not None:
            host, port = _loopback(url)
            own = {} if self._token_file is None else {"PINSEAL_TOKEN_FILE": self._token_file}
            token = _token(_set(own or os.environ, "PINSEAL_TOKEN_FILE"))
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            return _Server(family, (host, port), (host, port), token, self._timeout)
        return _Program(_program(_set(env, "PINSEAL_BIN")), self._timeout)


class _Socket(socket.socket):
    """A socket that is given up at one time, however slowly the other side sends."""

    end = 0.0

    def left(self) -> float:
        left = self.end - time.monotonic()
        if left <= 0:
            raise socket.timeout("timed out")
        return left

    def open(self, address: Any) -> None:
        while True:
            self.settimeout(self.left())
            try:
                return self.connect(address)
            except BlockingIOError:
                time.sleep(0.005)  # the queue of a unix socket is full

    def sendall(self, *args: Any) -> None:
        self.settimeout(self.left())
        super().sendall(*args)

    def recv_into(self, *args: Any) -> int:
        self.settimeout(self.left())
        return super().recv_into(*args)


class _Server:
    """A connection per request: nothing is shared between threads or over a fork."""

    def __init__(self, family: int, address: Any, host: Tuple[str, int], token: Optional[str], timeout: float) -> None:
        self._family, self._address, self._host, self._timeout = family, address, host, timeout
        self._headers = {"Accept": "application/json", "Connection": "close"}
        if token:
            self._headers["Authorization"] = "Bearer " + token

    def ref(self, name: str) -> str:
        return _checked(name, "secret", _NAME, _ID)

    def get(self, ref: str) -> bytes:
        reply = self._ask("GET", "/v1/secrets/" + ref, _VALUE_LIMIT)
        if ref not in (reply.get("name"), reply.get("id")):
            raise _strange()
        return _value(reply)

    def list(self) -> List[Dict[str, Any]]:
        return _infos(self._ask("GET", "/v1/secrets", _LIST_LIMIT), "description")

    def version(self) -> Dict[str, Any]:
        reply = self._ask("GET", "/v1/version", _VALUE_LIMIT)
        if not isinstance(reply.get("id"), str):
            raise _strange()
        return reply

    def crypt(self, what: str, key: str, body: bytes) -> bytes:
        reply = self._ask("POST", "/v1/keys/%s/%s" % (key, what), _CRYPT_LIMIT, body)
        version = reply.get("key_version")
        if type(version) is not int or not 1 <= version < 1 << 32 or what == "encrypt" and "value" not in reply:
            raise _strange()
        return _value(reply)

    def _ask(self, method: str, path: str, limit: int, body: Optional[bytes] = None) -> Dict[str, Any]:
        try:
            status, kind, data = self._exchange(method, path, limit, body)
        except socket.timeout:
            raise SecretError("unavailable", "the server did not answer in time")
        except (ConnectionError, FileNotFoundError, PermissionError) as error:
            raise SecretError("unavailable", "the server cannot be reached: " + (error.strerror or "the connection broke"))
        except OSError:
            raise SecretError("unavailable", "the server cannot be reached")
        except http.client.IncompleteRead:
            raise SecretError("unavailable", "the server's reply was cut off")
        except http.client.HTTPException:
            raise _strange()
        reply = _json(data, "failed", _STRANGE)
        if not isinstance(reply, dict):
            raise _strange()
        if status != 200:
            raise _refusal(status, reply, path, body is not None)
        if not re.fullmatch("application/json(; *charset=utf-8)?", kind, re.IGNORECASE):
            raise _strange()
        return reply

    def _exchange(self, method: str, path: str, limit: int, body: Optional[bytes]) -> Tuple[int, str, bytes]:
        connection = http.client.HTTPConnection(*self._host)
        connection.set_debuglevel(0)  # it prints the token
        with _Socket(self._family, socket.SOCK_STREAM) as sock:
            sock.end = time.monotonic() + self._timeout
            sock.open(self._address)
            connection.sock = sock
            try:
                headers = dict(self._headers)
                if body is not None:
                    headers["Content-Type"] = "application/octet-stream"
                try:
                    connection.request(method, path, body, headers)
                except (BrokenPipeError, ConnectionResetError):
                    pass  # it did not want all of it, and may have said why
                with connection.getresponse() as response:
                    _framed(response)
                    return response.status, response.headers.get("Content-Type", ""), _body(response, limit)
            finally:
                connection.close()


def _framed(response: http.client.HTTPResponse) -> None:
    """Refuse a reply that does not say, or says twice, where it ends: where it was cut
    off would pass for its end."""
    lengths = response.headers.get_all("Content-Length") or []
    codings = response.headers.get_all("Transfer-Encoding") or []
    if response.chunked:
        good = len(codings) == 1 and not lengths
    else:
        good = not codings and len(lengths) == 1 and re.fullmatch("[0-9]{1,15}", lengths[0])
    if not good:
        raise _strange()


def _body(response: http.client.HTTPResponse, limit: int) -> bytes:
    want, data = response.length, bytearray()
    while want is None or len(data) < want:
        part = response.read(65536)
        if not part:
            break
        data += part
        if len(data) > limit:
            raise SecretError("failed", "the server's reply is too large")
    if want is not None and len(data) != want:
        raise SecretError("unavailable", "the server's reply was cut off")
    return bytes(data)


def _refusal(status: int, reply: Dict[str, Any], path: str, private: bool) -> SecretError:
    error = reply.get("error")
    told, message = (error.get("code"), error.get("message")) if isinstance(error, dict) else (None, None)
    if status < 400 or not isinstance(told, str) or not isinstance(message, str):
        return _strange()
    wanted, code = _REFUSALS.get(told, (status, "failed"))
    if status != wanted:
        return _strange()
    if code == "not_found" and not path.startswith(("/v1/secrets/", "/v1/keys/")):
        code = "unavailable"  # it was the set
    ref = (path.split("/") + [""])[3]  # of /v1/secrets/REF
    if private and told == "not_encrypted":
        return _not_encrypted(ref, "%s: %s has version %s" % (_LATER, error["in"], error.get("newest")) if isinstance(error.get("in"), str) else "")
    if private:
        return _about(code, "encryption key", ref, told)
    if ref and code in ("not_found", "blank"):
        return _about(code, "secret", ref)
    return SecretError(code, (ref + ": " if ref else "") + _clean(message))


def _about(code: str, what: str, name: str, told: str = "") -> SecretError:
    """A refusal in words of our own. told is what the server calls it."""
    if code == "not_found":
        return SecretError(code, "there is no such %s: %s" % (what, name))
    return SecretError(code, name + ": " + _SENTENCES.get(told, _SENTENCES[code]))


def _not_encrypted(key: str, told: str) -> SecretError:
    """What did not decrypt. Of what is told of it, only what is known to be ours is shown."""
    message, fixed = key + ": not a valid encrypted value", _FIXED.search(told)
    if _LATER in told:
        message += "; if a later release wrote it, " + _LATER + (": " + fixed.group(0) if fixed else "")
    return SecretError("not_authentic", message)


class _Program:
    def __init__(self, program: str, timeout: float) -> None:
        self._program, self._timeout = program, timeout

    def ref(self, name: str) -> str:
        if _ID.fullmatch(_checked(name, "secret", _NAME, _ID)):
            raise SecretError("unsupported", "the pinseal program takes names; an id is for pinseal serve")
        return name

    def get(self, ref: str) -> bytes:
        exit_code, out, message = self._run(["get", "--no-input", ref], _VALUE_LIMIT)
        if exit_code != 0:
            code = self._code(exit_code, ref, "secret", "key")
            raise _about(code, "secret", ref) if code in ("not_found", "blank") else SecretError(code, message)
        return out

    def _code(self, exit_code: int, name: str, *kinds: str) -> str:
        if exit_code != 3:
            return _CODE_OF_EXIT.get(exit_code, "failed")
        found = [s for s in self.list() if s["name"] == name and s["kind"] in kinds]  # what was not found?
        return "not_found" if not found else "blank" if found[0]["blank"] else "failed"

    def list(self) -> List[Dict[str, Any]]:
        return _infos(self._listed(), "about")

    def version(self) -> Dict[str, Any]:
        listed = self._listed()
        known = {"id": listed.get("version"), "app": listed.get("app"), "environment": listed.get("environment")}
        if not all(isinstance(value, str) for value in known.values()):
            raise _strange()
        if "commit" in listed:
            known["commit"] = listed["commit"]
        return known

    def crypt(self, what: str, key: str, body: bytes) -> bytes:
        exit_code, out, message = self._run([what, "--no-input", "--key", key], _CRYPT_LIMIT, body)
        if exit_code != 0:
            if message.startswith(("not a valid encrypted value", "newer key version needed")):
                raise _not_encrypted(key, message)
            raise _about(self._code(exit_code, key, "key"), "encryption key", key)
        return out[:-1] if what == "encrypt" and out.endswith(b"\n") else out

    def _listed(self) -> Dict[str, Any]:
        exit_code, out, message = self._run(["list", "--no-input", "--json"], _LIST_LIMIT)
        if exit_code != 0:
            raise SecretError(_CODE_OF_EXIT.get(exit_code, "failed"), message)
        listed = _json(out, "failed", _STRANGE)
        if not isinstance(listed, dict):
            raise _strange()
        return listed

    def _run(self, args: List[str], limit: int, body: bytes = b"") -> Tuple[int, bytes, str]:
        end = time.monotonic() + self._timeout
        pipe = subprocess.PIPE
        try:
            child = subprocess.Popen([self._program] + args, stdin=pipe, stdout=pipe, stderr=pipe,
                                     start_new_session=True)
        except (OSError, ValueError):
            raise SecretError("unavailable", "the pinseal program cannot be started")
        out: List[bytes] = []
        talk: List[bytes] = []
        pumps = [threading.Thread(target=work, args=args, daemon=True) for work, args in (
            (_drain, (child.stdout, limit, out)), (_feed, (child.stdin, body)), (_drain, (child.stderr, _TALK_LIMIT, talk)))]
        try:
            for pump in pumps:
                pump.start()
            for pump in pumps:
                pump.join(max(end - time.monotonic(), 0))
                if out and len(out[0]) > limit:
                    raise SecretError("failed", "pinseal %s printed too much" % args[0])
            if any(pump.is_alive() for pump in pumps):
                raise SecretError("unavailable", "pinseal %s did not end in time" % args[0])
            exit_code = child.wait(max(end - time.monotonic(), 0.01))
        except subprocess.TimeoutExpired:
            raise SecretError("unavailable", "pinseal %s did not end in time" % args[0])
        finally:
            _end(child)
        message = "pinseal %s ended with exit code %d" % (args[0], exit_code)
        for line in talk[0].decode("utf-8", "replace").splitlines():
            if line.startswith("error: "):
                message = _clean(line[len("error: "):])
                break
        return exit_code, out[0], message


def _end(child: Any) -> None:
    """End what has not ended by itself, with what it started."""
    if child.returncode is None:  # it has not been waited for, so the number is its own
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except (AttributeError, OSError):
            pass  # Windows has no groups
        child.kill()
        child.wait()


def _feed(stream: Any, data: bytes) -> None:
    try:
        with stream:
            stream.write(data)
    except OSError:
        pass  # it did not want it, and says why


def _drain(stream: Any, limit: int, into: List[bytes]) -> None:
    with stream:
        into.append(stream.read(limit + 1))


def _set(env: Any, name: str) -> Optional[str]:
    """A variable, None when it is not there. An empty one is a mistake, not another way."""
    value: Optional[str] = env.get(name)
    if value == "":
        raise SecretError("invalid", name + " is set, and empty")
    return value


def _program(named: Optional[str]) -> str:
    """The program: never one of the working directory, which may be anybody's."""
    if named is not None:
        if not os.path.isabs(named):
            raise SecretError("invalid", "PINSEAL_BIN is not an absolute path")
        return named
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        file = os.path.join(folder, "pinseal.exe" if sys.platform == "win32" else "pinseal")
        if os.path.isabs(folder) and os.path.isfile(file) and os.access(file, os.X_OK):
            return file
    raise SecretError("unavailable", "PINSEAL_SOCKET, PINSEAL_URL and PINSEAL_BIN are not set, and there is no pinseal in PATH")


def _loopback(url: str) -> Tuple[str, int]:
    match = _URL.fullmatch(url)
    if match:
        host, port = match.group(1).strip("[]"), int(match.group(2) or 80)
        host = "127.0.0.1" if host == "localhost" else host  # whatever a resolver says
        try:
            if ipaddress.ip_address(host).is_loopback and 0 < port < 65536:
                return host, port
        except ValueError:
            pass
    raise SecretError("invalid", "PINSEAL_URL is not http://HOST:PORT with a loopback address")


def _token(file: Optional[str]) -> str:
    if file is None:
        raise SecretError("unauthorized", "PINSEAL_URL needs a token: PINSEAL_TOKEN_FILE is not set")
    try:
        # Without waiting, as one would for a pipe.
        with open(file, "rb", opener=lambda path, flags: os.open(path, flags | getattr(os, "O_NONBLOCK", 0))) as f:
            regular = stat.S_ISREG(os.fstat(f.fileno()).st_mode)
            token = f.read(4097).strip() if regular else b""
    except OSError as error:
        raise SecretError("unauthorized", "PINSEAL_TOKEN_FILE cannot be read: " + (error.strerror or "unknown"))
    if not regular:
        raise SecretError("unauthorized", "PINSEAL_TOKEN_FILE is not a plain file")
    if not re.fullmatch(rb"[!-~]{1,4096}", token):
        raise SecretError("unauthorized", "PINSEAL_TOKEN_FILE does not hold one line with a token")
    return token.decode("ascii")


def _checked(name: str, what: str, *patterns: "re.Pattern[str]") -> str:
    # Not shown: what stands where a name should may be a value.
    if isinstance(name, str) and any(pattern.fullmatch(name) for pattern in patterns):
        return name
    raise SecretError("invalid", "that is not the name of a " + what)


def _bytes(value: Union[str, bytes]) -> bytes:
    try:
        return value.encode("utf-8") if isinstance(value, str) else bytes(memoryview(value))
    except UnicodeError:
        raise SecretError("invalid", "the value is not text: it has half of a surrogate pair")
    except (TypeError, ValueError):
        raise SecretError("invalid", "the value is neither text nor bytes")


def _text(name: str, data: bytes, other: str) -> str:
    try:
        return data.decode("utf-8")
    except ValueError:
        raise SecretError("invalid", name + ": the value is not UTF-8 text: use " + other)


def _json(data: bytes, code: str, message: str) -> Any:
    try:
        return json.loads(data.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise SecretError(code, message)


def _refuse(constant: str) -> None:
    raise ValueError("NaN and Infinity are not JSON")


def _value(reply: Dict[str, Any]) -> bytes:
    text, packed = reply.get("value"), reply.get("value_base64")
    try:
        if isinstance(text, str) and packed is None:
            return text.encode("utf-8")
        if isinstance(packed, str) and text is None and _raw_length(packed.encode("ascii")) >= 0:
            return base64.b64decode(packed)
    except UnicodeError:
        pass  # half of a surrogate pair
    raise _strange()


def _raw_length(data: bytes) -> int:
    """How many bytes it is the base64 of, in its one spelling, or -1."""
    try:
        raw = base64.b64decode(data)
    except ValueError:
        return -1
    return len(raw) if base64.b64encode(raw) == data else -1


def _infos(reply: Dict[str, Any], about: str) -> List[Dict[str, Any]]:
    rows = reply.get("secrets")
    if not isinstance(rows, List) or not all(isinstance(row, dict) and isinstance(row.get("name"), str) for row in rows):
        raise _strange()
    infos = []
    for row in rows:
        info = {"name": row["name"], "kind": row.get("kind", "secret"), "description": row.get(about, ""),
                "expires": row.get("expires", ""), "optional": row.get("optional", False),
                "blank": row.get("blank", False) or row.get("state") in ("blank", "blank, optional")}
        if isinstance(row.get("changed"), dict):
            info["updated"] = row["changed"].get("when")
        info.update((key, row[key]) for key in ("id", "version", "created", "updated") if key in row)
        infos.append(info)
    return infos


def _has(ref: str, infos: List[Dict[str, Any]]) -> bool:
    return any(ref in (info["name"], info.get("id")) and not info["blank"] for info in infos)


def _clean(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text[:500])


_STRANGE = "that is not what pinseal answers"


def _strange() -> SecretError:
    return SecretError("failed", _STRANGE)


_default = Client()
get_secret, get_bytes, get_json = _default.get_secret, _default.get_bytes, _default.get_json
exists, list, version = _default.exists, _default.list, _default.version
encrypt_with_key, decrypt_with_key = _default.encrypt_with_key, _default.decrypt_with_key
decrypt_bytes_with_key = _default.decrypt_bytes_with_key
