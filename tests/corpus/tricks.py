"""Pickles that hide a call from whoever reads names and not opcodes: memo, order, nesting, chains, endings, codings."""

from __future__ import annotations

import pickle
import struct
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from tests.corpus.sample import Sample
from tests.corpus.streams import P2, P4, body, framed, glob, make_empty, payload, short, stack, text

PROTO5 = b"\x80\x05"


def unicode8(value: str) -> bytes:
    """BINUNICODE8."""
    raw = value.encode()
    return b"\x8d" + struct.pack("<Q", len(raw)) + raw


def memo(marker: Path) -> Iterator[tuple[str, bytes]]:
    """What lies in the memo is what was put there last, wherever it was put."""
    mod, name, args = make_empty(marker)
    rest = body(args) + b"R."
    yield "the module taken from the memo", P4 + short(mod) + b"\x940h\x00" + short(name) + b"\x93" + rest
    yield "both names from the memo", P4 + short(mod) + b"\x94" + short(name) + b"\x9400h\x00h\x01\x93" + rest
    yield (
        "the names put in the wrong order",
        P4 + short(name) + b"\x94" + short(mod) + b"\x9400h\x01h\x00\x93" + rest,
    )
    yield (
        "a slot put twice",
        P4 + short("math") + b"q\x050" + short(mod) + b"q\x050h\x05" + short(name) + b"\x93" + rest,
    )
    yield (
        "a decoy between name and call",
        P4 + short(mod) + short(name) + short("math") + short("sqrt") + b"00\x93" + rest,
    )
    yield (
        "a decoy called before",
        P4 + stack("math", "sqrt") + b"0" + short(mod) + b"\x940h\x00" + short(name) + b"\x93" + rest,
    )
    yield (
        "a far slot",
        P4 + short(mod) + b"r\xff\xff\xff\x7f0j\xff\xff\xff\x7f" + short(name) + b"\x93" + rest,
    )
    yield "a slot of protocol 0", P4 + short(mod) + b"p77\n0g77\n" + short(name) + b"\x93" + rest
    yield "an index with a plus and blanks", P4 + short(mod) + b"p +7 \n0g7\n" + short(name) + b"\x93" + rest
    yield "an index with an underscore", P4 + short(mod) + b"p1_0\n0h\x0a" + short(name) + b"\x93" + rest
    yield "the callable from the memo", P2 + glob(mod, name) + b"q\x090h\x09" + rest
    yield "the arguments from the memo", P2 + body(args) + b"q\x010" + glob(mod, name) + b"h\x01R."
    yield "the callable from within a tuple's memo", P2 + glob(mod, name) + b"q\x01N\x86q\x020h\x01" + rest
    yield (
        "MEMOIZE after gaps",
        P4 + b"Nq\x010Nq\x020" + short(mod) + b"\x940h\x02" + short(name) + b"\x93" + rest,
    )
    yield "the callable doubled", P2 + glob(mod, name) + b"20" + rest
    yield "the names doubled and dropped", P4 + short(mod) + b"20" + short(name) + b"20\x93" + rest
    yield (
        "the memo filled by BINGET of itself",
        P4 + short(mod) + b"q\x00h\x00q\x0100h\x01" + short(name) + b"\x93" + rest,
    )
    yield "a mark thrown away", P2 + b"(KK1" + glob(mod, name) + rest
    yield "a mark popped", P2 + b"(0" + glob(mod, name) + rest
    yield "the name in a long text opcode", P4 + unicode8(mod) + unicode8(name) + b"\x93" + rest
    yield "the names in text of protocol 1", P4 + text(mod) + text(name) + b"\x93" + rest
    yield "the names in a line of text", P4 + f"V{mod}\nV{name}\n".encode() + b"\x93" + rest
    yield "the names with escapes", P4 + b"V\\u006fs\nV\\u006dkdir\n\x93" + rest
    yield "the names in string opcodes", P4 + f"S'{mod}'\nS'{name}'\n".encode() + b"\x93" + rest
    yield "the names in escaped strings", P4 + b"S'\\x6f\\x73'\nS'\\155kdir'\n\x93" + rest
    yield "the names in binary strings", P4 + b"U\x02osU\x05mkdir\x93" + rest
    yield "GET before any PUT", P4 + glob(mod, name) + rest[:-1] + b"h\x05" + b"."
    yield "GET of protocol 0 before any PUT", glob(mod, name) + rest[:-1] + b"g5\n."


def endings(marker: Path) -> Iterator[tuple[str, bytes]]:
    """A call runs when it is read: what comes after it does not take it back."""
    run = payload(marker)
    yield "after it no STOP", P2 + run
    yield "after it a byte that is no opcode", P2 + run + b"\xff."
    yield "after it an unknown protocol", P2 + run + b"\x80\x09."
    yield "after it a GET of nothing", P2 + run + b"h\xee."
    yield "after it an empty stack", P2 + run + b"000."
    yield "after it a text longer than the file", P2 + run + b"X\xff\xff\xff\x7fabc."
    yield "after it bytes longer than any file", P4 + run + b"\x8e" + b"\xff" * 8 + b"."
    yield "after it a frame longer than the file", P4 + run + b"\x95" + b"\xff" * 7 + b"\x7f."
    yield "after it a number that is none", P2 + run + b"Iabc\n."
    yield "after it a long of negative length", P2 + run + b"\x8b\xff\xff\xff\xff."
    yield "after it TUPLE without a mark", P2 + run + b"t."
    yield "after it STACK_GLOBAL of numbers", P4 + run + b"K\x01K\x02\x93."
    yield "after it a call of a number", P2 + run + b"K\x01)R."
    yield "after it BUILD on a number", P2 + run + b"K\x01}b."
    yield "after it an extension of no name", P2 + run + b"\x82\x01."
    yield "after it a persistent id", P2 + run + b"Pabc\n."
    yield "after it text that is not UTF-8", P2 + run + b"X\x02\0\0\0\xff\xfe."
    yield "after it a buffer that is not there", PROTO5 + run + b"\x97."
    yield "in a second pickle", P2 + b"N." + P2 + run + b"."
    yield "in a third of protocol 0", P2 + b"N." + b"I1\n." + run + b"."
    yield "in a pickle after zeros", P2 + b"N." + P2 + run + b"." + bytes(64)
    yield "in a second, after blanks", P2 + b"N.\n\n " + P2 + run + b"."
    yield "in a second, after junk", P2 + b"N." + b"\0\0\0\0" * 2000 + P2 + run + b"."
    yield "after many pickles", (P2 + b"N.") * 300 + P2 + run + b"."
    yield (
        "after a STOP in the middle of a frame",
        P4 + b"\x95" + struct.pack("<Q", 2) + b"N." + P4 + run + b".",
    )
    yield "in a frame that is too short", P4 + b"\x95" + struct.pack("<Q", 1) + run + b"."
    yield "in a frame of nothing", P4 + b"\x95" + bytes(8) + run + b"."
    yield "before a PROTO in the middle", run + b"0" + P2 + b"N."
    yield "with PROTO of the wrong number", b"\x80\x00" + run + b"."
    yield "with PROTO many times", P2 * 50 + run + b"."
    yield "with a protocol that falls back", P4 + P2 + b"\x80\x01" + run + b"."


def protocol0(marker: Path) -> Iterator[tuple[str, bytes]]:
    """The oldest spelling has the most freedom."""
    mod, name, _ = make_empty(marker)
    where = str(marker)
    yield "no PROTO", f"c{mod}\n{name}\n(S'{where}'\ntR.".encode()
    yield "INST", f"(S'{where}'\ni{mod}\n{name}\n.".encode()
    yield "INST after a value", f"I1\n(S'{where}'\ni{mod}\n{name}\n.".encode()
    yield "OBJ", f"(c{mod}\n{name}\nS'{where}'\no.".encode()
    yield "OBJ in a list", f"](c{mod}\n{name}\nS'{where}'\noa.".encode()
    yield "a string in double quotes", f'c{mod}\n{name}\n(S"{where}"\ntR.'.encode()
    yield "a line of text", f"c{mod}\n{name}\n(V{where}\ntR.".encode()
    yield "a Python 2 module", f"c__builtin__\nopen\n(S'{where}'\nS'w'\ntR.".encode()
    yield "a Python 2 name that is mapped", b"c__builtin__\napply\n(cos\ngetpid\n(ttR."
    yield "a Python 2 module that is mapped", b"cUserDict\nos.getpid\n."
    yield "commands", b"ccommands\ngetoutput\n(S'true'\ntR."
    yield "a list by LIST", f"(c{mod}\n{name}\n(S'{where}'\ntRl.".encode()
    yield "a dict by DICT", f"(S'a'\nc{mod}\n{name}\n(S'{where}'\ntRd.".encode()
    yield "APPEND", f"(lc{mod}\n{name}\n(S'{where}'\ntRa.".encode()
    yield "SETITEM", f"(dS'a'\nc{mod}\n{name}\n(S'{where}'\ntRs.".encode()
    yield "a windows end of line in a number", f"I1\r\n0c{mod}\n{name}\n(S'{where}'\ntR.".encode()
    yield (
        "what begins as text does",
        f"Vhello world, this is a README\n0c{mod}\n{name}\n(S'{where}'\ntR.".encode(),
    )
    yield "what begins as XML does", f"V<?xml version='1.0'?>\n0c{mod}\n{name}\n(S'{where}'\ntR.".encode()
    yield "a number in hexadecimal", f"I0x10\n0c{mod}\n{name}\n(S'{where}'\ntR.".encode()


def chains(marker: Path) -> Iterator[tuple[str, bytes]]:
    """Harmless names, put together."""
    where = str(marker)
    get = glob("builtins", "getattr")
    yield "getattr of a module's", P2 + get + glob("os", "path") + text("os") + b"\x86R."
    yield (
        "getattr twice",
        P2
        + get
        + get
        + glob("collections", "OrderedDict")
        + text("__init__")
        + b"\x86R"
        + text("__globals__")
        + b"\x86R.",
    )
    yield (
        "getattr of an allowed class",
        P2 + get + glob("collections", "OrderedDict") + text("__subclasses__") + b"\x86R)R.",
    )
    yield "getattr of a text", P2 + get + text("{0.__class__}") + text("format") + b"\x86R(K\x01tR."
    yield (
        "getattr with a default",
        P2 + get + glob("datetime", "date") + text("x") + glob("os", "getpid") + b"\x87R)R.",
    )
    yield (
        "getattr by reduce",
        P2
        + glob("functools", "reduce")
        + get
        + b"]("
        + glob("datetime", "datetime")
        + text("__class__")
        + text("__base__")
        + b"e\x86R.",
    )
    yield "attrgetter", P2 + glob("operator", "attrgetter") + text("__class__.__base__") + b"\x85RK\x01\x85R."
    yield (
        "methodcaller",
        P2
        + glob("operator", "methodcaller")
        + text("__subclasses__")
        + b"\x85R"
        + glob("builtins", "object")
        + b"\x85R.",
    )
    yield (
        "itemgetter of globals",
        P2
        + glob("operator", "itemgetter")
        + text("eval")
        + b"\x85R"
        + glob("builtins", "globals")
        + b")R\x85R.",
    )
    yield (
        "partial of a gadget",
        P2 + glob("functools", "partial") + glob("os", "mkdir") + text(where) + b"\x86R)R.",
    )
    yield (
        "partial of a partial",
        P2
        + glob("functools", "partial")
        + glob("functools", "partial")
        + glob("os", "mkdir")
        + b"\x86R"
        + text(where)
        + b"\x85R)R.",
    )
    yield (
        "partial changed by its state",
        (
            P2
            + glob("functools", "partial")
            + glob("builtins", "int")
            + b"\x85R("
            + glob("os", "mkdir")
            + text(where)
            + b"\x85}Ntb)R."
        ),
    )
    yield (
        "map",
        P2
        + glob("builtins", "list")
        + glob("builtins", "map")
        + glob("os", "mkdir")
        + body([where])
        + b"\x86R\x85R.",
    )
    yield (
        "filter by NEWOBJ",
        P2
        + glob("builtins", "bytes")
        + glob("builtins", "filter")
        + glob("os", "mkdir")
        + body([where])
        + b"\x86\x81\x85\x81.",
    )
    yield (
        "map by bytes.__new__",
        P2
        + glob("builtins", "bytes")
        + glob("builtins", "map")
        + glob("os", "mkdir")
        + body([where])
        + b"\x86\x81\x85\x81.",
    )
    yield "a default factory", P2 + glob("collections", "defaultdict") + glob("os", "getpid") + b"\x85R."
    yield (
        "sorted by a key",
        P2
        + glob("functools", "partial")
        + glob("builtins", "sorted")
        + body([1])
        + b"\x86R}"
        + text("key")
        + glob("os", "mkdir")
        + b"sb.",
    )
    yield (
        "starmap",
        P2
        + glob("builtins", "list")
        + glob("itertools", "starmap")
        + glob("os", "mkdir")
        + body([(where,)])
        + b"\x86R\x85R.",
    )
    yield (
        "a class made by type",
        P2 + glob("builtins", "type") + text("X") + b")}" + text("f") + glob("os", "getpid") + b"s\x87R.",
    )
    yield "a property", P2 + glob("builtins", "property") + glob("os", "getpid") + b"\x85R."
    yield "sum of lists by operator", P2 + glob("operator", "add") + body(([1], [2])) + b"R."
    yield "apply_along_axis", P2 + glob("numpy", "apply_along_axis") + glob("os", "getpid") + b"K\x00]\x87R."
    yield (
        "vectorize",
        P2 + glob("numpy", "vectorize") + glob("os", "mkdir") + b"\x85R" + text(where) + b"\x85R.",
    )
    yield (
        "an index of pandas' made by a gadget",
        P2
        + glob("pandas.core.indexes.base", "_new_Index")
        + glob("os", "mkdir")
        + b"}"
        + text("path")
        + text(where)
        + b"s\x86R.",
    )
    yield (
        "the names given by _reconstructor",
        P2
        + glob("copyreg", "_reconstructor")
        + glob("io", "FileIO")
        + glob("builtins", "object")
        + b"N\x87R.",
    )
    yield (
        "__newobj__ of a gadget",
        P2 + glob("copyreg", "__newobj__") + glob("subprocess", "Popen") + text("true") + b"\x86R.",
    )


def assembled(marker: Path) -> Iterator[tuple[str, bytes]]:
    """Names that stand nowhere in the file: they come about while it is read."""
    where = body((str(marker),))
    join = glob("builtins", "str")
    yield (
        "the module decoded",
        P4
        + glob("_codecs", "encode")
        + text("os")
        + text("rot13")
        + b"\x86R"
        + short("getpid")
        + b"\x93"
        + where
        + b"R.",
    )
    yield (
        "the module made by str",
        P4 + join + b"C\x02os" + text("ascii") + b"\x86R" + short("mkdir") + b"\x93" + where + b"R.",
    )
    yield (
        "the name made by str",
        P4 + short("os") + join + b"C\x05mkdir" + text("ascii") + b"\x86R\x93" + where + b"R.",
    )
    yield "the name from a tuple", P4 + short("os") + short("mkdir") + b"\x85\x93" + where + b"R."
    yield (
        "the name by a partial",
        P4
        + short("os")
        + glob("functools", "partial")
        + join
        + text("mkdir")
        + b"\x86R)R\x93"
        + where
        + b"R.",
    )
    yield "the module from bytes", P4 + b"C\x02os" + short("mkdir") + b"\x93" + where + b"R."
    yield (
        "the name joined",
        P4
        + short("os")
        + glob("builtins", "str.join")
        + text("")
        + body(["mk", "dir"])
        + b"\x86R\x93"
        + where
        + b"R.",
    )
    yield (
        "the name from a list's place",
        P4 + short("os") + glob("operator", "getitem") + body((["mkdir"], 0)) + b"R\x93" + where + b"R.",
    )
    yield "the name as a persistent id", P4 + short("os") + b"K\x01Q\x93" + where + b"R."


def registered(marker: Path) -> Iterator[tuple[str, bytes]]:
    """Extension codes, and ids that the loader looks up."""
    run = payload(marker)
    yield "an extension of one byte", P2 + b"\x82\x05)R."
    yield "an extension of two bytes", P2 + b"\x83\x05\x01)R."
    yield "an extension of four bytes", P2 + b"\x84\x05\x01\x00\x00)R."
    yield (
        "an extension that is registered first",
        (
            P2
            + glob("copyreg", "add_extension")
            + text("os")
            + text("mkdir")
            + b"K\x05\x87R0\x82\x05"
            + body((str(marker),))
            + b"R."
        ),
    )
    yield "a persistent id that calls", P2 + run + b"Q."
    yield "a call inside a persistent id", P2 + b"(" + text("storage") + run + b"tQ."
    yield (
        "a reducer registered",
        P2 + glob("copyreg", "pickle") + glob("builtins", "int") + glob("os", "getpid") + b"\x86R.",
    )


def changed(marker: Path) -> Iterator[tuple[str, bytes]]:
    """BUILD writes into what it finds, and calls __setstate__ where there is one."""
    where = str(marker)
    yield (
        "a module's names overwritten",
        P2 + glob("collections", "OrderedDict") + b"}" + text("__reduce__") + glob("os", "getpid") + b"sb.",
    )
    yield (
        "a class given a __setstate__",
        (
            P2
            + glob("sklearn.base", "BaseEstimator")
            + b"}"
            + text("__setstate__")
            + glob("os", "mkdir")
            + b"sb)\x81"
            + text(where)
            + b"b."
        ),
    )
    yield "a function's code overwritten", P2 + glob("numpy", "mean") + b"N}" + text("__code__") + b"Ns\x86b."
    yield (
        "an instance given a class",
        (
            P2
            + glob("sklearn.base", "BaseEstimator")
            + b")\x81N}"
            + text("__class__")
            + glob("subprocess", "Popen")
            + b"s\x86b."
        ),
    )
    yield (
        "an instance given a method",
        (
            P2
            + glob("sklearn.pipeline", "Pipeline")
            + b")\x81}"
            + text("predict")
            + glob("os", "getpid")
            + b"sb."
        ),
    )
    yield (
        "slots set to a gadget",
        P2
        + glob("sklearn.pipeline", "Pipeline")
        + b")\x81N}"
        + text("steps")
        + glob("os", "system")
        + b"s\x86b.",
    )
    yield (
        "a factory changed",
        P2 + glob("collections", "defaultdict") + b")R}" + text("x") + glob("os", "getpid") + b"sb.",
    )
    yield (
        "a state that calls",
        P2 + glob("sklearn.pipeline", "Pipeline") + b")\x81}" + text("x") + payload(marker) + b"sb.",
    )
    yield "by a state setter", P5_SETTER(marker)


def P5_SETTER(marker: Path) -> bytes:  # noqa: N802
    """A sixth item of __reduce__: a callable that sets the state, called with object and state."""
    return P4 + glob("os", "symlink") + text("/nowhere") + text(str(marker)) + b"\x86R0N."


def within(marker: Path) -> Iterator[tuple[str, bytes]]:
    """Pickles held as bytes, and calls deep inside plain data."""
    inner = P4 + payload(marker) + b"."
    run = payload(marker)
    yield "in bytes", P4 + b"B" + struct.pack("<I", len(inner)) + inner + b"."
    yield (
        "in short bytes",
        P4 + b"C" + bytes([len(inner)]) + inner + b"." if len(inner) < 256 else P4 + body(inner) + b".",
    )
    yield "in bytes of eight", P4 + b"\x8e" + struct.pack("<Q", len(inner)) + inner + b"."
    yield "in a bytearray", PROTO5 + b"\x96" + struct.pack("<Q", len(inner)) + inner + b"."
    yield (
        "in bytes within bytes",
        P4
        + b"B"
        + struct.pack("<I", len(inner) + 8)
        + P4
        + b"B"
        + struct.pack("<I", len(inner))
        + inner
        + b"."
        + b".",
    )
    yield "in a string of protocol 1", P2 + b"T" + struct.pack("<I", len(inner)) + inner + b"."
    yield (
        "loaded from bytes",
        P4 + glob("pickle", "loads") + b"B" + struct.pack("<I", len(inner)) + inner + b"\x85R.",
    )
    yield (
        "in protocol 0 within bytes",
        P4 + b"B" + struct.pack("<I", 19) + b"cos\ngetpid\n(t" + b"R0N00" + b"." + b".",
    )
    yield "a hundred tuples deep", P2 + run + b"\x85" * 100 + b"."
    yield "a thousand lists deep", P2 + b"]" * 1000 + run + b"a" * 1000 + b"."
    yield "as a dict's key", P2 + b"}" + run + b"Ns."
    yield "among ten thousand numbers", P2 + b"](" + b"K\x01" * 10_000 + run + b"e."
    yield (
        "after a thousand unknown names",
        P2 + b"".join(glob("mine", f"n{i}") + b"0" for i in range(1500)) + run + b".",
    )
    yield "as what a set holds", P4 + b"\x8f(" + run + b"\x90."
    yield "as what a frozen set holds", P4 + b"(" + run + b"\x91."
    yield "as arguments of a harmless class", P2 + glob("collections", "OrderedDict") + run + b"\x85R."
    yield (
        "in the keywords of NEWOBJ_EX",
        P4 + glob("collections", "OrderedDict") + b")}" + text("x") + run + b"s\x92.",
    )
    yield "in a frame", framed(run)
    yield "in two frames", framed(b"N0" + run)[:-1] + b"0" + b"\x95" + struct.pack("<Q", 2) + b"N."


def laughs(marker: Path) -> Iterator[tuple[str, bytes]]:
    """A billion laughs: each level is the one before, several times, from the memo."""
    for protocol in (0, 2, 4):
        listed: Any = ["lol"] * 10
        held: Any = ("lol",) * 3
        for _ in range(30):
            listed, held = [listed] * 10, (held,) * 4
        yield f"lists, protocol {protocol}", pickle.dumps(listed, protocol)
        yield f"tuples, protocol {protocol}", pickle.dumps(held, protocol)
    yield "tuples by DUP", P2 + b"N" + b"222\x87\x85" * 60 + b"."


KINDS = (memo, endings, protocol0, chains, assembled, registered, changed, within, laughs)


def samples(folder: Path) -> Iterator[Sample]:
    """Each trick in a file of its own."""
    for kind in KINDS:
        count = len(list(kind(folder / "x")))
        for number in range(count):
            marker = folder / f"fired_{kind.__name__}{number}"
            why, data = next(islice(kind(marker), number, None))
            path = folder / f"{kind.__name__}{number}.pkl"
            path.write_bytes(data)
            marks = str(marker).encode() in data and kind not in (within, changed)
            fires = "" if kind is laughs else "pickle"
            yield Sample(path, True, "tricks", f"{kind.__name__}: {why}", fires, marker if marks else None)


def quick(folder: Path) -> Iterator[Sample]:
    """Every fifth."""
    yield from islice(samples(folder), 0, None, 5)
