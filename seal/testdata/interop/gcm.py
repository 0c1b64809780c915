"""Payloads of a named encryption key with the cryptography package, or, as
`gcm.py openssl`, with OpenSSL's libcrypto. The first line says "ready", or
"absent" and why; the lines of stdin and their answers are those of gcm.mjs.
"""

import base64
import ctypes
import ctypes.util
import os
import sys


def field(text):
    return b"" if text == "-" else base64.b64decode(text, validate=True)


class Package:
    def __init__(self):
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self.aes = AESGCM

    def seal(self, key, nonce, plain):
        return self.aes(key).encrypt(nonce, plain, None)

    def open(self, key, nonce, sealed):
        from cryptography.exceptions import InvalidTag

        try:
            return self.aes(key).decrypt(nonce, sealed, None)
        except InvalidTag:
            return None


class OpenSSL:
    GET_TAG, SET_TAG = 0x10, 0x11

    def __init__(self):
        name = sys.platform == "linux" and ctypes.util.find_library("crypto")
        if not name:
            raise ImportError("no libcrypto")
        self.lib = ctypes.CDLL(name)
        for f in ("EVP_CIPHER_CTX_new", "EVP_aes_128_gcm", "EVP_aes_256_gcm"):
            getattr(self.lib, f).restype = ctypes.c_void_p

    def run(self, way, key, nonce, data, tag):
        """Returns data the other way round, and the tag of it or None."""
        lib = self.lib
        cipher = {16: lib.EVP_aes_128_gcm, 32: lib.EVP_aes_256_gcm}[len(key)]()
        ctx = ctypes.c_void_p(lib.EVP_CIPHER_CTX_new())
        try:
            out, n = ctypes.create_string_buffer(len(data) + 16), ctypes.c_int()
            assert getattr(lib, f"EVP_{way}Init_ex")(ctx, ctypes.c_void_p(cipher), None, key, nonce) == 1
            assert getattr(lib, f"EVP_{way}Update")(ctx, out, ctypes.byref(n), data, len(data)) == 1
            if tag:
                assert lib.EVP_CIPHER_CTX_ctrl(ctx, self.SET_TAG, 16, tag) == 1
            end = getattr(lib, f"EVP_{way}Final_ex")(ctx, ctypes.create_string_buffer(16), ctypes.byref(n))
            if end == 1 and not tag:
                tag = ctypes.create_string_buffer(16)
                assert lib.EVP_CIPHER_CTX_ctrl(ctx, self.GET_TAG, 16, tag) == 1
            return out.raw[: len(data)], bytes(tag) if end == 1 else None
        finally:
            lib.EVP_CIPHER_CTX_free(ctx)

    def seal(self, key, nonce, plain):
        return b"".join(self.run("Encrypt", key, nonce, plain, None))

    def open(self, key, nonce, sealed):
        plain, tag = self.run("Decrypt", key, nonce, sealed[:-16], sealed[-16:])
        return plain if tag else None


def answer(aes, op, key, *fields):
    if op == "seal":
        nonce = field(fields[0]) or os.urandom(12)
        return nonce + aes.seal(field(key), nonce, field(fields[1]))
    payload = field(fields[0])
    return aes.open(field(key), payload[:12], payload[12:])


def main():
    try:
        aes = OpenSSL() if sys.argv[1:] == ["openssl"] else Package()
    except (ImportError, OSError) as e:
        print("absent:", e)
        return
    print("ready", flush=True)
    for line in sys.stdin:
        out = answer(aes, *line.split())
        print("refused" if out is None else base64.b64encode(out).decode() or "-", flush=True)


main()
