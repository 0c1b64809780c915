# What is Python's own: names, calls that are wrong, and interrupts.
import builtins
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
import pinseal
from pinseal import *

assert list is builtins.list and get_secret is pinseal.get_secret
assert all(getattr(pinseal, name) for name in pinseal.__all__)
assert get_secret.__name__ == "get_secret" and "UTF-8" in get_secret.__doc__


def frames(error):
    trace = error.__traceback__.tb_next  # after this file's
    while trace:
        yield trace.tb_frame
        trace = trace.tb_next


def fails(kind, call):
    try:
        call()
    except kind as error:
        assert type(error) is kind and error.__context__ is None, error.__context__
        assert "CANARY" not in str(error)
        for frame in frames(error):
            assert "CANARY" not in repr(frame.f_locals), frame
    else:
        raise AssertionError(kind)


fails(TypeError, lambda: get_secret())
fails(TypeError, lambda: encrypt_with_key("KEY", "CANARY", "CANARY"))


def interrupted(*_):
    try:
        raise OSError("CANARY")
    except OSError:
        raise KeyboardInterrupt


def broken(*_):
    raise TypeError("CANARY")


client = Client(binary="/bin/cat")
pinseal._Program._run = interrupted
fails(KeyboardInterrupt, lambda: client.encrypt_with_key("KEY", "CANARY"))
fails(KeyboardInterrupt, lambda: client.get_secret("CANARY"))
pinseal._Program._run = broken
fails(SecretError, lambda: client.encrypt_with_key("KEY", "CANARY"))
