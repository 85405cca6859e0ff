"""One attempt to get out, and how attempts are run: each in a process of its own, inside the walls and outside of them."""

from __future__ import annotations

import json
from dataclasses import dataclass

# What an attempt may use. It has got out where its code sets ``out`` to something true, or calls a refused call that the
# kernel then looks at: any answer but EPERM and ENOSYS.
PRELUDE = '''
import ctypes, errno, fcntl, json, mmap, os, resource, signal, socket, struct, sys, time
libc = ctypes.CDLL(None, use_errno=True)
X86 = os.uname().machine == "x86_64"

class Absent(Exception): pass

def call(number, *arguments):
    held = [a if isinstance(a, (bytes, ctypes.Array)) else ctypes.c_long(a) for a in arguments]
    found = libc.syscall(number, *held)
    if found == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return found

def looked_at(x86, arm, *arguments):
    """Whether the kernel looked at a call, whatever it thought of its arguments."""
    number = x86 if X86 else arm
    if number is None: raise Absent
    try:
        call(number, *arguments)
    except OSError as error:
        if error.errno == errno.ENOSYS and OUTSIDE: raise Absent
        return error.errno not in (errno.EPERM, errno.ENOSYS)
    return True

def connected(family, address, kind=socket.SOCK_STREAM):
    with socket.socket(family, kind) as made:
        made.settimeout(2)
        made.connect(address)
        return True

def made(family, kind, number=0):
    try:
        socket.socket(family, kind, number).close()
    except OSError as error:
        if OUTSIDE and error.errno in (errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT, errno.ESOCKTNOSUPPORT): raise Absent
        raise
    return True

def text(path):
    with open(path, "rb") as source:
        return source.read(1 << 16)
'''
RUNNER = """
world, attempts, OUTSIDE = json.loads(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3] == "outside"
for name, code in attempts:
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ours)
        signal.alarm(20)
        said = "held"
        try:
            scope = {**globals(), "out": False}
            exec(code, scope)
            said = "ESCAPED" if scope["out"] else "held"
        except Absent:
            said = "absent"
        except BaseException as error:
            said = "held: " + repr(error)[:120]
        os.write(theirs, said.encode())
        os._exit(0)
    os.close(theirs)
    said = os.read(ours, 1000).decode() or "held: it was killed"
    os.close(ours)
    os.waitpid(child, 0)
    print(json.dumps([name, said]), flush=True)
"""


@dataclass(frozen=True)
class Attempt:
    """code: what is tried. outside: who succeeds with it without walls: anyone, root, or nobody may, and why.

    quick: one of the essential. partial: whether partial isolation, without namespaces, must hold it too.
    """

    name: str
    code: str
    outside: str = "anyone"
    why: str = ""
    quick: bool = False
    partial: bool = True


def program(attempts, world, where):
    """Return the arguments of a Python that runs attempts."""
    given = [(a.name, a.code) for a in attempts]
    return ["-I", "-c", PRELUDE + RUNNER, json.dumps(world), json.dumps(given), where]


def results(printed):
    """Return what each attempt came to."""
    return dict(json.loads(line) for line in printed.splitlines() if line.startswith("["))
