"""Pickles by someone who had not read the others: each reaches further than it says, in a way of its own."""

from __future__ import annotations

import codecs
import marshal
import pickle
import struct
from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from tests.corpus.sample import Sample
from tests.corpus.streams import P2, P4, body, glob, make_empty, payload, short, stack, text

P0 = b""
DTYPE = stack("numpy", "dtype") + short("V8") + b"\x89\x88\x87R"  # dtype("V8", False, True)
ARRAY = stack("numpy._core.multiarray", "_reconstruct") + stack("numpy", "ndarray") + b"K\x00\x85C\x01b\x87R"
HUGE = 1 << 42


def call(module: str, name: str, *args: bytes) -> bytes:
    """A call of STACK_GLOBAL and REDUCE."""
    return stack(module, name) + b"(" + b"".join(args) + b"tR"


def const(*values: Any) -> bytes:
    return b"".join(map(body, values))


def opcodes(marker: Path) -> Iterator[tuple[str, bytes]]:
    """Each way in which an opcode makes or calls something."""
    mod, name, args = make_empty(marker)
    where = str(marker)
    yield "INST in protocol 0", b"(S" + repr(where).encode() + f"\ni{mod}\n{name}\n.".encode()
    yield (
        "INST in protocol 1, its arguments counted by two marks",
        b"((" + body(where, 1) + f"l0(V{where}\ni{mod}\n{name}\n.".encode(),
    )
    yield "OBJ", P2 + b"(" + glob(mod, name) + body(where) + b"o."
    yield (
        "OBJ of a builtin that it reads from the memo",
        P2 + glob(mod, name) + b"q\x070(h\x07" + body(where) + b"o.",
    )
    yield "NEWOBJ of Popen", P2 + glob("subprocess", "Popen") + b"(]" + text("true") + b"atq\x01\x81."
    yield (
        "NEWOBJ_EX of a thread",
        P4
        + stack("threading", "Timer")
        + b")}"
        + short("interval")
        + b"K\x00s"
        + short("function")
        + stack(mod, name)
        + b"s\x92.",
    )
    yield (
        "LONG_BINGET of a module's name",
        P4 + short(mod) + b"r\x00\x01\x00\x000j\x00\x01\x00\x00" + short(name) + b"\x93" + body(args) + b"R.",
    )
    yield (
        "unicode escapes in a name",
        P0
        + b"V"
        + b"".join(b"\\u%04x" % ord(c) for c in mod)
        + b"\nV"
        + b"".join(b"\\u%04x" % ord(c) for c in name)
        + b"\n\x93"
        + body(args, 1)
        + b"R.",
    )
    yield (
        "escapes in a STRING",
        b"S'"
        + b"".join(b"\\x%02x" % ord(c) for c in mod)
        + b"'\nS'"
        + b"".join(b"\\%03o" % ord(c) for c in name)
        + b"'\n\x93"
        + body(args, 1)
        + b"R.",
    )
    yield "a byte string of Python 2", b"\x80\x01U\x02osU\x05mkdir\x93" + body(args, 1) + b"R."
    yield (
        "names in a list that is taken apart by a mark",
        P4 + b"(" + short(mod) + short(name) + b"\x93" + body(args) + b"Rl.",
    )
    yield "called and thrown away before plain data", P4 + payload(marker) + b"0}" + short("weights") + b"]s."
    yield "called among items that POP_MARK throws away", P4 + b"(" + payload(marker) + b"K\x01K\x021N."
    yield "a frame that ends within a call", P4 + b"\x95" + struct.pack("<Q", 5) + payload(marker) + b"."
    yield (
        "PROTO twice, the second lower",
        P4 + b"\x80\x02" + glob("__builtin__", "eval") + text("1") + b"\x85R.",
    )
    yield "an opcode of no protocol after the call", P4 + payload(marker) + b"\xf7\xf7."
    yield "a text longer than the file after the call", P4 + payload(marker) + b"X\xff\xff\xff\x7fab"
    yield "a negative LONG4 after the call", P2 + payload(marker) + b"\x8b\xff\xff\xff\xff."
    yield "STOP with nothing after a call that was popped", P2 + payload(marker) + b"0."
    yield "a buffer from outside, then a call", b"\x80\x05\x97\x98" + payload(marker) + b"\x86."
    yield "after a STOP and zeros", pickle.dumps({"a": 1}) + bytes(70_000) + P2 + payload(marker) + b"."
    yield (
        "after a STOP and text",
        pickle.dumps([1, 2]) + b"# end of model\n" * 40 + P2 + payload(marker) + b".",
    )
    yield "as the third of four", 2 * pickle.dumps(0) + P2 + payload(marker) + b"." + pickle.dumps(1)
    yield "a module's name of bytes", P4 + b"C\x02os" + short(name) + b"\x93" + body(args) + b"R."


def registry(marker: Path) -> Iterator[tuple[str, bytes]]:
    """Extension codes and persistent ids."""
    mod, name, args = make_empty(marker)
    yield (
        "EXT1 after it was entered",
        P2 + glob("copyreg", "add_extension") + body((mod, name, 240)) + b"R0\x82\xf0" + body(args) + b"R.",
    )
    yield "EXT2 that nobody entered", P2 + b"\x83\x10\x27" + body(args) + b"R."
    yield "EXT4, negative", P2 + b"\x84\xff\xff\xff\xff" + body(args) + b"R."
    yield (
        "the registry's own table changed",
        P2
        + glob("copyreg", "_inverted_registry")
        + b"K\x07"
        + body((mod, name))
        + b"s0\x82\x07"
        + body(args)
        + b"R.",
    )
    yield (
        "the cache of codes changed",
        P2 + glob("copyreg", "_extension_cache") + b"K\x07" + glob(mod, name) + b"s0.",
    )
    yield (
        "a reducer entered for numbers",
        P2 + glob("copyreg", "pickle") + b"(" + glob("builtins", "complex") + glob(mod, name) + b"tR.",
    )
    yield "a persistent id that is a call", P2 + payload(marker) + b"Q."
    yield "a persistent id whose object is called", P2 + text("os.mkdir") + b"Q" + body(args) + b"R."


def chains(marker: Path) -> Iterator[tuple[str, bytes]]:
    """Calls through something that calls, in names that sound harmless."""
    mod, name, args = make_empty(marker)
    fn, arg = stack(mod, name), body(args)
    yield "operator.call", P4 + call("operator", "call", fn, body(str(marker))) + b"."
    yield (
        "methodcaller on an imported module",
        P4
        + call("operator", "methodcaller", const(name, str(marker)))
        + call("importlib", "import_module", const(mod))
        + b"\x85R.",
    )
    yield (
        "attrgetter, of dots",
        P4 + call("operator", "attrgetter", const("__class__.__base__.__subclasses__")) + b")\x85R.",
    )
    yield (
        "a partial whose state is set again",
        P4 + stack("functools", "partial") + stack("builtins", "len") + b"\x85R(" + fn + arg + b"}Ntb)R.",
    )
    yield (
        "a partial over getattr, called",
        P4
        + call("functools", "partial", stack("builtins", "getattr"), stack("pathlib", "PurePath"))
        + const("__subclasses__")
        + b"\x85R)R.",
    )
    yield (
        "a default factory that calls when a key is missing",
        P4 + call("collections", "defaultdict", call("functools", "partial", fn, body(str(marker)))) + b".",
    )
    yield (
        "reduce over functions",
        P4 + call("functools", "reduce", stack("builtins", "getattr"), body(["a"]), fn) + b".",
    )
    yield (
        "map drained by a list",
        P4 + call("builtins", "list", call("builtins", "map", fn, body([str(marker)]))) + b".",
    )
    yield (
        "imap of Python 2",
        P2
        + glob("__builtin__", "list")
        + glob("itertools", "imap")
        + b"("
        + glob("posix", name)
        + body([str(marker)])
        + b"tR\x85R.",
    )
    yield (
        "reduce of Python 2",
        P2 + glob("__builtin__", "reduce") + b"(" + glob("posix", name) + body([]) + text("a") + b"tR.",
    )
    yield "commands of Python 2", P2 + glob("commands", "getoutput") + text("true") + b"\x85R."
    yield "urllib of Python 2", P2 + glob("urllib", "urlopen") + text("http://model.invalid/") + b"\x85R."
    yield (
        "starmap drained by a deque",
        P4 + call("collections", "deque", call("itertools", "starmap", fn, body([args]))) + b".",
    )
    yield (
        "sorted by a key",
        P4 + stack("builtins", "sorted") + body([str(marker)]) + b"\x85}" + short("key") + fn + b"s\x92.",
    )
    yield "__reduce_ex__ of a class", P4 + call("copyreg", "__reduce_ex__", fn, body(2)) + b"."
    yield (
        "__newobj__ of Popen",
        P4 + call("copyreg", "__newobj__", stack("subprocess", "Popen"), body(["true"])) + b".",
    )
    yield (
        "_reconstructor with a mapped file",
        P4
        + call(
            "copyreg",
            "_reconstructor",
            stack("numpy", "memmap"),
            stack("numpy", "memmap"),
            const("/etc/hostname"),
        )
        + b".",
    )
    yield "NEWOBJ of a mapped file", P4 + stack("numpy", "memmap") + const("/etc/hostname") + b"\x85\x81."
    yield (
        "an index made of a mapped file",
        P4
        + call(
            "pandas.core.indexes.base",
            "_new_Index",
            stack("numpy", "memmap"),
            body({"filename": "/etc/hostname"}),
        )
        + b".",
    )
    yield (
        "a generator's constructor that maps a file",
        P4
        + call("numpy.random._pickle", "__generator_ctor", const("/etc/hostname"), stack("numpy", "memmap"))
        + b".",
    )
    yield (
        "a generator's constructor that is a command",
        P4 + call("numpy.random._pickle", "__generator_ctor", const(str(marker)), fn) + b".",
    )
    yield (
        "a tensor's type that is called",
        P4 + call("torch._tensor", "_rebuild_from_type_v2", fn, stack("builtins", "int"), arg, b"N") + b".",
    )
    yield (
        "a tensor's type that maps a file",
        P4
        + call(
            "torch._tensor",
            "_rebuild_from_type_v2",
            stack("numpy", "memmap"),
            stack("torch", "Tensor"),
            body(("/etc/hostname",)),
            b"N",
        )
        + b".",
    )
    yield (
        "a partial of a mapped file in a default factory",
        P4
        + call(
            "collections",
            "defaultdict",
            call("functools", "partial", stack("numpy", "memmap"), const("/etc/hostname")),
        )
        + b".",
    )
    yield (
        "weakref.finalize",
        P4 + call("weakref", "finalize", call("collections", "deque"), fn, body(str(marker))) + b".",
    )
    yield "atexit", P4 + call("atexit", "register", fn, body(str(marker))) + b"."
    yield "a signal's handler", P4 + call("signal", "signal", body(14), fn) + b"."
    yield (
        "a formatter that reaches",
        P4
        + call("string", "Formatter")
        + b"0"
        + call("builtins", "getattr", const("{0.__class__.__mro__}"), const("format"))
        + b")R.",
    )
    yield (
        "a method of an allowed class, by getattr",
        P4
        + call("builtins", "getattr", call("pathlib", "PosixPath", const(str(marker))), const("mkdir"))
        + b")R.",
    )
    yield (
        "a method of an allowed class, by a dotted name",
        P4
        + stack("pathlib", "PosixPath.mkdir")
        + call("pathlib", "PosixPath", const(str(marker)))
        + b"\x85R.",
    )
    yield "the globals of a method", P4 + stack("sklearn.base", "BaseEstimator.get_params.__globals__") + b"."
    yield (
        "a class of three arguments with a hook",
        P4
        + call(
            "builtins",
            "type",
            const("X"),
            stack("builtins", "dict") + b"\x85",
            b"}" + short("__setitem__") + fn + b"s",
        )
        + b".",
    )
    yield "an enum made from text", P4 + call("enum", "Enum", const("X", "a b")) + b"."
    yield (
        "a named tuple, which is put together as code",
        P4 + call("collections", "namedtuple", const("X", "a b")) + b".",
    )
    yield "a forward reference", P4 + call("typing", "ForwardRef", const("__import__('os').getpid()")) + b"."
    yield (
        "code from marshal",
        P4 + call("marshal", "loads", body(marshal.dumps(compile("1", "x", "eval")))) + b".",
    )


def assembled(marker: Path) -> Iterator[tuple[str, bytes]]:
    """Names that stand nowhere in the file."""
    mod, name, args = make_empty(marker)
    rest = body(args) + b"R."
    rot = codecs.encode(mod, "rot13")
    yield (
        "a name by rot13",
        P4 + call("_codecs", "encode", const(rot, "rot13")) + short(name) + b"\x93" + rest,
    )
    yield (
        "a name by str of bytes",
        P4 + call("builtins", "str", body(mod.encode(), 3), const("ascii")) + short(name) + b"\x93" + rest,
    )
    yield (
        "a name by join",
        P4
        + call("builtins", "getattr", const(""), const("join"))
        + body(list(mod))
        + b"\x85R"
        + short(name)
        + b"\x93"
        + rest,
    )
    yield (
        "a name by replace, of a method called on it",
        P4
        + stack("builtins", "str.replace")
        + const("xs", "x", "o")
        + b"\x87R"
        + short(name)
        + b"\x93"
        + rest,
    )
    yield (
        "a name by an index into a text",
        P4
        + call("operator", "getitem", const("oops"), call("builtins", "slice", const(0, 4, 3)))
        + short(name)
        + b"\x93"
        + rest,
    )
    yield "a name by chr", P4 + call("builtins", "chr", body(111)) + short(name) + b"\x93" + rest
    yield "a name by repr", P4 + short("builtins") + call("builtins", "repr", body(1)) + b"\x93" + rest
    yield "a name from a persistent id", P4 + const("module") + b"Q" + short(name) + b"\x93" + rest
    yield (
        "a name from a dictionary that it filled",
        P4 + call("operator", "getitem", body({"a": mod}), const("a")) + short(name) + b"\x93" + rest,
    )


def changed(marker: Path) -> Iterator[tuple[str, bytes]]:
    """State and items put where they change what is already there."""
    mod, name, args = make_empty(marker)
    fn = stack(mod, name)
    yield "an entry of os.environ", P4 + stack("os", "environ") + const("LD_PRELOAD", "/tmp/x.so") + b"s."
    yield "an entry of sys.modules", P4 + stack("sys", "modules") + const("json") + fn + b"s."
    yield "an item of sys.path", P4 + stack("sys", "path") + const("/tmp/x") + b"a."
    yield "items of sys.meta_path", P4 + stack("sys", "meta_path") + b"(" + fn + b"e."
    yield (
        "the code of a function, by slots",
        P4 + stack("sklearn.base", "clone") + b"N}" + short("__code__") + fn + b"s\x86b.",
    )
    yield (
        "the attribute of a class, by slots",
        P4 + stack("sklearn.base", "BaseEstimator") + b"N}" + short("__setstate__") + fn + b"s\x86b.",
    )
    yield (
        "an allowed class's own reducer",
        P4
        + stack("collections", "OrderedDict")
        + b"N}"
        + short("__reduce__")
        + stack("builtins", "len")
        + b"s\x86b.",
    )
    yield (
        "__setstate__ in the state, and then state",
        P4 + call("types", "SimpleNamespace") + b"}" + short("__setstate__") + fn + b"sb}b.",
    )
    yield (
        "the class of an object, changed by its state",
        P4
        + call("types", "SimpleNamespace")
        + b"N}"
        + short("__class__")
        + stack("subprocess", "Popen")
        + b"s\x86b.",
    )
    yield "a filter put into warnings", P4 + stack("warnings", "filters") + b"]a."
    yield "a handler put into logging", P4 + stack("logging", "root.handlers") + fn + b"a."


def libraries(marker: Path) -> Iterator[tuple[str, bytes]]:
    """Frameworks' own functions, with arguments that reach out."""
    nested = P2 + payload(marker) + b"."
    where = str(marker)
    calls: tuple[tuple[str, str, tuple[Any, ...]], ...] = (
        ("numpy", "load", ("/tmp/x.npy", None, True)),
        ("numpy", "fromfile", ("/etc/hostname",)),
        ("numpy", "save", (where, [1])),
        ("numpy.lib._datasource", "open", ("http://model.invalid/",)),
        ("numpy.lib.stride_tricks", "as_strided", ([1], (1 << 20,))),
        ("numpy.ctypeslib", "load_library", ("x", "/tmp")),
        ("numpy.f2py", "compile", ("",)),
        ("numpy.testing._private.utils", "rundocs", ("/tmp/x.py",)),
        ("numpy", "apply_along_axis", (len, 0, [])),
        ("pandas", "read_pickle", ("http://model.invalid/x.pkl",)),
        ("pandas", "read_sql", ("select 1", "sqlite:////tmp/x")),
        ("pandas.core.computation.eval", "eval", ("@x.y",)),
        ("pandas.io.common", "get_handle", (where, "w")),
        ("pandas.compat.pickle_compat", "loads", (nested,)),
        ("pandas", "DataFrame.to_pickle", ([], where)),
        ("sklearn.datasets", "fetch_openml", ("x",)),
        ("sklearn.datasets", "load_svmlight_file", ("/etc/hostname",)),
        ("sklearn.datasets", "get_data_home", (where,)),
        ("sklearn.utils._testing", "check_skip_network", ()),
        ("joblib", "load", ("/tmp/x.pkl",)),
        ("joblib.memory", "Memory", (where,)),
        ("joblib.numpy_pickle_compat", "NDArrayWrapper", ("../../x.npy", list)),
        ("joblib.parallel", "Parallel", (2,)),
        ("xgboost.core", "_load_lib", ()),
        ("xgboost.core", "Booster.load_model", (None, "/tmp/x")),
        ("xgboost.callback", "TrainingCheckPoint", (where,)),
        ("lightgbm.basic", "Booster", (None, None, "/etc/hostname")),
        ("catboost.core", "CatBoost", ()),
        ("torch", "load", ("/tmp/x.pt",)),
        ("torch.hub", "load", ("a/b", "c")),
        ("torch.jit._serialization", "load", ("/tmp/x.pt",)),
        ("torch._ops", "_Ops.load_library", (None, "/tmp/x.so")),
        ("torch.utils.cpp_extension", "load_inline", ("x", "int x;")),
        ("torch.fx.graph_module", "reduce_graph_module", ({"_code": "import os"}, "")),
        ("torch.storage", "_load_from_bytes", (nested,)),
        ("torch.storage", "UntypedStorage.from_file", ("/etc/hostname", True, 8)),
        ("torch.multiprocessing.reductions", "rebuild_storage_filename", (list, b"x", b"y", 1)),
        ("torch.package.package_importer", "PackageImporter", ("/tmp/x.pt",)),
        ("torch._inductor.codecache", "PyCodeCache.load", ("import os",)),
        ("cloudpickle.cloudpickle", "subimport", ("os",)),
        ("cloudpickle.cloudpickle", "_builtin_type", ("CodeType",)),
        ("dill._dill", "_import_module", ("os",)),
        ("dill._dill", "_eval_repr", ("1",)),
        ("keras.src.saving.serialization_lib", "enable_unsafe_deserialization", ()),
        ("tensorflow.python.framework.load_library", "load_op_library", ("/tmp/x.so",)),
        ("transformers.dynamic_module_utils", "get_class_from_dynamic_module", ("x.Y", "a/b")),
        ("onnxruntime.capi.onnxruntime_inference_collection", "InferenceSession", ("/tmp/x.onnx",)),
        ("mlflow.pyfunc", "load_model", ("/tmp/x",)),
        ("yaml", "unsafe_load", ("!!python/name:os.getpid",)),
        ("skops.io", "load", ("/tmp/x.skops",)),
        ("scipy.io", "loadmat", ("/tmp/x.mat",)),
        ("scipy.io._fortran", "FortranFile", (where, "w")),
        ("pyarrow.lib", "memory_map", ("/etc/hostname",)),
        ("pyarrow.plasma", "connect", ("/tmp/x",)),
        ("polars", "scan_csv", ("/etc/hostname",)),
        ("uuid", "_get_command_stdout", ("true",)),
        ("idlelib.run", "Executive.runcode", (None, "1")),
        ("pydoc", "locate", ("os.getpid",)),
        ("ctypes", "CDLL", ("libc.so.6",)),
    )
    for module, name, args in calls:
        yield f"{module}.{name}", P4 + stack(module, name) + body(args) + b"R."


def memory(marker: Path) -> Iterator[tuple[str, bytes]]:
    """Nothing but allowed names: what they are given breaks the reader's memory."""
    lie = b"(K\x03" + const("|", None, ("a",)) + b"}" + short("a") + b"%sK\x00\x86sK\x08K\x01K\x00t"
    objects = stack("numpy", "dtype") + const("O8") + b"\x89\x88\x87R"
    dtype = DTYPE + lie.replace(b"%s", objects) + b"b"
    yield (
        "a NumPy type that hides that it holds objects: bytes become pointers",
        P4 + ARRAY + b"(K\x01K\x01\x85" + dtype + b"\x89C\x08AAAAAAAAtb.",
    )
    yield (
        "the same, as protocol 2 writes it",
        P2
        + glob("numpy.core.multiarray", "_reconstruct")
        + glob("numpy", "ndarray")
        + b"K\x00\x85U\x01b\x87R(K\x01K\x01\x85"
        + dtype
        + b"\x89U\x08AAAAAAAAtb.",
    )
    yield (
        "the same, two types deep",
        P4 + ARRAY + b"(K\x01K\x01\x85" + DTYPE + lie.replace(b"%s", dtype) + b"b" + b"\x89C\x08AAAAAAAAtb.",
    )
    plain = b"(K\x03" + const("|", None, None, None, -1, -1, 0) + b"t"
    yield (
        "objects that say they are none",
        P4 + ARRAY + b"(K\x01K\x01\x85" + objects + plain + b"b\x89C\x08AAAAAAAAtb.",
    )
    far = (
        DTYPE
        + b"(K\x03"
        + const("|", None, ("a",))
        + b"}"
        + short("a")
        + stack("numpy", "dtype")
        + const("f8")
        + b"\x89\x88\x87RJ\x00\x00\x10\x00\x86sK\x08K\x01K\x00tb"
    )
    yield (
        "a field that lies a megabyte past its type",
        P4 + ARRAY + b"(K\x01K\x01\x85" + far + b"\x89C\x08AAAAAAAAtb.",
    )
    late = b"(K\x03" + const("|", None, ("a",)) + b"}" + short("a") + objects + b"K\x00\x86sK\x08K\x01K\x1bt"
    yield (
        "a type that holds objects once the array is made",
        P4 + DTYPE + b"\x94" + ARRAY + b"(K\x01K\x01\x85h\x00\x89C\x08AAAAAAAAtb0" + late + b"b.",
    )
    inner = b"(K\x03" + const("|", None, ("a",)) + b"}" + short("a") + b"h\x00K\x00\x86sK\x08K\x01K\x00tb"
    yield (
        "a field's type that holds objects once the field is made",
        P4 + DTYPE + b"\x94" + DTYPE + inner + b"0" + late + b"b.",
    )
    parts = b"(K\x03" + const("|") + objects + const((1,)) + b"\x86" + const(None, None, 8, 1, 0) + b"tb"
    yield (
        "an inner array of objects",
        P4 + ARRAY + b"(K\x01K\x01\x85" + DTYPE + parts + b"\x89C\x08AAAAAAAAtb.",
    )
    wide = b"(K\x03" + const("|", None, None, None, 16, 1, 0) + b"t"
    wrapper = (
        stack("joblib.numpy_pickle", "NumpyArrayWrapper")
        + b")\x81}("
        + short("subclass")
        + stack("numpy", "ndarray")
        + const("shape", (1,), "order", "C", "dtype")
        + DTYPE
        + wide
        + b"b"
        + const("allow_mmap", False)
        + b"ub"
    )
    hidden = payload(marker) + b"0."
    yield (
        "a type wider than it says: what follows joblib's bytes lies elsewhere",
        P4
        + b"]"
        + wrapper
        + bytes(8)
        + (b"B" + struct.pack("<I", 3 + len(hidden)) + bytes(3) + hidden + b"a."),
    )
    for module, name in (
        ("builtins", "bytearray"),
        ("builtins", "bytes"),
        ("torch", "FloatTensor"),
        ("torch.storage", "UntypedStorage"),
    ):
        yield f"{module}.{name} of 4 TiB", P4 + call(module, name, body(HUGE)) + b"."
    for name in ("list", "tuple", "set"):
        yield (
            f"a {name} of a range of 4 T numbers",
            P4 + call("builtins", name, call("builtins", "range", body(HUGE))) + b".",
        )
    yield (
        "counted, a range of 4 T numbers",
        P4 + call("collections", "Counter", call("builtins", "range", body(HUGE))) + b".",
    )
    yield (
        "an array of 4 TiB made whole",
        P4
        + call(
            "numpy._core.multiarray", "_reconstruct", stack("numpy", "ndarray"), body((HUGE,)), body(b"b", 3)
        )
        + b".",
    )
    yield "an array of 4 TiB", P4 + call("numpy", "ndarray", body((1 << 21, 1 << 21))) + b"."
    yield "a fraction of a billion digits", P4 + call("fractions", "Fraction", const("1e1000000000")) + b"."
    yield (
        "a decimal of a billion digits made whole",
        P4 + call("builtins", "int", call("decimal", "Decimal", const("1e999999999"))) + b".",
    )


def arrays() -> Iterator[tuple[str, Any]]:
    """Values whose pickles say much of types and sizes, and nothing that is not so."""
    import numpy as np

    yield "record", np.rec.array([(1, 2.0, "x")] * 5, dtype=[("a", "i4"), ("b", "f8"), ("c", "U3")])
    yield "fields", np.zeros(3, [("a", "f8", (2, 3)), ("b", "O")])
    yield "nested", np.zeros(3, [("a", [("x", "i2"), ("y", "S5")]), ("b", "?")])
    yield "aligned", np.zeros(2, np.dtype([("a", "i1"), ("b", "f8")], align=True))
    yield "overlaid", np.zeros(2, {"names": ["a", "b"], "formats": ["i4", "i2"], "offsets": [0, 2]})
    yield "titled", np.zeros(2, [(("Title", "a"), "f8"), ("b", "M8[ns]")])
    yield "objects", np.array([1, "a", None], dtype=object)
    yield "strings", [np.array(["abc", "d"]), np.array([b"x"]), np.zeros(2, "V7")]
    yield "foreign", [np.zeros(3, ">f8"), np.zeros(2, "g"), np.ma.array([1, 2], mask=[0, 1])]
    yield "shared", [np.zeros(2, [("a", "i4")])] * 3 + [np.zeros(1, [("a", "i4")])]
    yield "numbers", [range(1000), bytearray(100), Fraction(3, 7), Decimal("1e-300"), 1 << 4000]


def _written(folder: Path) -> Iterator[Sample]:
    import joblib

    for name, value in arrays():
        for protocol in (2, 5):
            path = folder / f"{name}{protocol}.pkl"
            path.write_bytes(pickle.dumps(value, protocol))
            yield Sample(path, False, "uninvited arrays", f"{name}, protocol {protocol}")
        path = folder / f"{name}.joblib"
        joblib.dump(value, path)
        yield Sample(path, False, "uninvited arrays", f"{name}, by joblib")


GROUPS = (opcodes, registry, chains, assembled, changed, libraries, memory)


def samples(folder: Path) -> Iterator[Sample]:
    """Every one, each in a file of its own."""
    for group in GROUPS:
        yield from _made(folder, group)
    yield from _written(folder)


def quick(folder: Path) -> Iterator[Sample]:
    """What nobody else has."""
    yield from _made(folder, memory)
    yield from _written(folder)


def _made(folder: Path, group: Callable[[Path], Iterator[tuple[str, bytes]]]) -> Iterator[Sample]:
    for number, (why, raw) in enumerate(group(folder / f"{group.__name__}.mark")):
        path = folder / f"{group.__name__}{number}.pkl"
        path.write_bytes(raw)
        yield Sample(path, True, f"uninvited {group.__name__}", why)
