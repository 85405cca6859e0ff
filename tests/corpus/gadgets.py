"""Pickles that import one name they must not, each written in one of the ways there are to import and to call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from tests.corpus.sample import Sample
from tests.corpus.streams import P2, P4, body, framed, glob, short, stack

# module: names. Those of GADGETS are called with arguments that fail or do nothing; those of NAMED are imported only.
NAMED = """
os: _exit abort execv popen kill remove rmdir startfile
posix: execve fork
nt: system
subprocess: Popen check_call getoutput
_posixsubprocess: fork_exec
pty: spawn
commands: getstatusoutput
platform: popen _syscmd_ver
webbrowser: open
distutils.spawn: spawn
distutils.file_util: write_file
setuptools: setup
pip: main
pip._internal.cli.main: main
ensurepip: bootstrap
venv: create
code: interact InteractiveInterpreter
codeop: compile_command
runpy: run_path run_module _run_code
pdb: run Pdb
bdb: Bdb.run
timeit: timeit main
cProfile: run runctx
profile: run
trace: Trace.run
doctest: debug_script
lib2to3.pgen2.pgen: ParserGenerator
idlelib.pyshell: ModifiedInterpreter.runcode
idlelib.autocomplete: AutoComplete.get_entity
idlelib.calltip: get_entity
importlib: import_module reload
importlib.util: spec_from_file_location
imp: load_source
zipimport: zipimporter
pkgutil: resolve_name
pydoc: locate pipepager
modulefinder: ModuleFinder
site: main
builtins: exec eval compile __import__ open globals vars breakpoint input setattr map filter
__builtin__: apply reload execfile
types: FunctionType CodeType MethodType
functools: reduce partialmethod
operator: attrgetter methodcaller itemgetter
_operator: attrgetter methodcaller
marshal: loads load
pickle: loads Unpickler
_pickle: loads
cPickle: loads
dill: loads
cloudpickle: loads
shelve: open
yaml: load unsafe_load
joblib: load
numpy: load fromfile memmap
numpy.core: _ufunc_reconstruct
numpy.testing._private.utils: runstring
numpy.f2py.crackfortran: getlincoef param_eval
numpy.distutils.exec_command: exec_command
pandas: eval read_pickle
pandas.io.pickle: read_pickle
pandas.core.computation.eval: eval
torch: load
torch.serialization: load
torch.hub: load
torch._utils: _import_dotted_name
torch.utils.cpp_extension: load_inline
torch.jit.unsupported_tensor_ops: execWrapper
torch.utils._config_module: ConfigModule.load_config
torch.utils.bottleneck.__main__: run_cprofile run_autograd_prof
torch.utils.collect_env: run
torch.utils.data.datapipes.utils.decoder: basichandlers
torch._dynamo.guards: GuardBuilder.get
torch.fx.experimental.symbolic_shapes: ShapeEnv.evaluate_guards_expression
torch._inductor.codecache: compile_file
tensorflow.python.framework.load_library: load_op_library
keras.models: load_model
sklearn.utils._testing: assert_run_python_script
ctypes: CDLL
_ctypes: dlopen
cffi: FFI
multiprocessing: Process
multiprocessing.util: spawnv_passfds
concurrent.futures: ProcessPoolExecutor
threading: Thread
asyncio.unix_events: _UnixSubprocessTransport._start
signal: signal
sys: exit settrace
socket: socket create_connection
_socket: socket
ssl: SSLContext
smtplib: SMTP
ftplib: FTP
http.client: HTTPConnection HTTPSConnection
urllib.request: urlopen urlretrieve
requests.api: get
xmlrpc.client: ServerProxy
telnetlib: Telnet
shutil: rmtree copyfile
tempfile: mkstemp
io: open open_code FileIO
_io: FileIO
pathlib: Path.write_text Path.unlink Path.read_bytes
glob: glob
linecache: getline
fileinput: input
sqlite3: connect
_sqlite3: Connection
logging: FileHandler
logging.config: fileConfig dictConfig listen
configparser: ConfigParser.read
csv: reader
zipfile: ZipFile
tarfile: open
gettext: c2py
dataclasses: _create_fn make_dataclass
typing: get_type_hints
collections: namedtuple
cgitb: lookup
uuid: _get_command_stdout
string: Formatter
ctypes.util: find_library
atexit: register
gc: get_objects
weakref: finalize
inspect: getattr_static
contextlib: ExitStack
unittest.mock: _importer
test.support.script_helper: assert_python_ok
ipaddress: sys.exit
random: _os.getpid
logging: os.getpid
numpy: os.getpid
collections: _sys.modules namedtuple.__globals__ abc.sys.modules
datetime: sys.exit
sklearn.base: warnings.sys.modules
scipy.sparse: sys.modules
pandas: io.common.urlopen
pandas.core.frame: DataFrame.query DataFrame.to_pickle sys.modules
xgboost.core: os.getpid
builtins: object.__subclasses__ str.format object.__reduce_ex__ type.__call__
mymodule.steps: Clip
not_a_library: thing
"""

# What can be called and do nothing that lasts, or make the marker and nothing else.
GADGETS: list[tuple[str, str, Callable[[Path], tuple[Any, ...]]]] = [
    ("os", "getpid", lambda m: ()),
    ("posix", "getpid", lambda m: ()),
    ("posix", "mkdir", lambda m: (str(m),)),
    ("os", "mkdir", lambda m: (str(m),)),
    ("os", "system", lambda m: (f"touch '{m}'",)),
    ("posix", "system", lambda m: (f"touch '{m}'",)),
    ("subprocess", "call", lambda m: (["touch", str(m)],)),
    ("subprocess", "run", lambda m: (["touch", str(m)],)),
    ("subprocess", "getoutput", lambda m: (f"touch '{m}'",)),
    ("subprocess", "check_output", lambda m: (["touch", str(m)],)),
    ("builtins", "eval", lambda m: (f"open({str(m)!r}, 'w').close()",)),
    ("builtins", "exec", lambda m: (f"open({str(m)!r}, 'w').close()",)),
    ("builtins", "open", lambda m: (str(m), "w")),
    ("builtins", "__import__", lambda m: ("this_is_no_module",)),
    ("builtins", "compile", lambda m: ("1 + 1", "x", "eval")),
    ("builtins", "getattr", lambda m: ("", "join")),
    ("builtins", "print", lambda m: ()),
    ("io", "open", lambda m: (str(m), "w")),
    ("_io", "FileIO", lambda m: (str(m), "w")),
    ("io", "open_code", lambda m: ("/dev/null",)),
    ("codecs", "open", lambda m: (str(m), "w")),
    ("pathlib", "Path.touch", lambda m: ("x",)),
    ("importlib", "import_module", lambda m: ("this_is_no_module",)),
    ("pkgutil", "resolve_name", lambda m: ("os:getpid",)),
    ("pydoc", "locate", lambda m: ("os.getpid",)),
    ("runpy", "run_module", lambda m: ("this_is_no_module",)),
    ("timeit", "timeit", lambda m: (f"open({str(m)!r}, 'w').close()", "pass", None, 1)),
    ("profile", "run", lambda m: ("1 +",)),
    ("cProfile", "run", lambda m: ("1 +",)),
    ("code", "InteractiveInterpreter", lambda m: ()),
    ("marshal", "loads", lambda m: (b"N",)),
    ("pickle", "loads", lambda m: (b"N.",)),
    ("_pickle", "loads", lambda m: (b"N.",)),
    ("types", "FunctionType", lambda m: ()),
    ("functools", "reduce", lambda m: (max, (1, 2))),
    ("operator", "attrgetter", lambda m: ("x",)),
    ("operator", "methodcaller", lambda m: ("x",)),
    ("numpy", "load", lambda m: ("/dev/null",)),
    ("numpy", "fromfile", lambda m: ("/dev/null",)),
    ("numpy", "savetxt", lambda m: (str(m), [1])),
    ("numpy", "save", lambda m: (f"{m}.npy", [1])),
    ("numpy", "os.getpid", lambda m: ()),
    ("random", "_os.getpid", lambda m: ()),
    ("logging", "os.getpid", lambda m: ()),
    ("pandas", "eval", lambda m: ("1 + 1",)),
    ("pandas", "read_pickle", lambda m: ("/dev/null",)),
    ("pandas", "read_csv", lambda m: ("/dev/null",)),
    ("joblib", "load", lambda m: ("/dev/null",)),
    ("joblib", "dump", lambda m: (1, str(m))),
    ("collections", "namedtuple", lambda m: ("x", "y")),
    ("dataclasses", "make_dataclass", lambda m: ("x", ["y"])),
    ("typing", "get_type_hints", lambda m: (1,)),
    ("gettext", "c2py", lambda m: ("n != 1",)),
    ("uuid", "_get_command_stdout", lambda m: ("true",)),
    ("sqlite3", "connect", lambda m: (str(m),)),
    ("_sqlite3", "connect", lambda m: (":memory:",)),
    ("shutil", "copyfile", lambda m: ("/dev/null", str(m))),
    ("tempfile", "gettempdir", lambda m: ()),
    ("glob", "glob", lambda m: ("/nowhere/*",)),
    ("linecache", "getline", lambda m: ("/dev/null", 1)),
    ("logging", "FileHandler", lambda m: (str(m),)),
    ("logging.config", "fileConfig", lambda m: ("/nowhere",)),
    ("zipimport", "zipimporter", lambda m: ("/nowhere",)),
    ("zipfile", "ZipFile", lambda m: (f"{m}", "w")),
    ("ctypes", "CDLL", lambda m: ("/nowhere.so",)),
    ("_ctypes", "dlopen", lambda m: ("/nowhere.so", 2)),
    ("distutils.spawn", "find_executable", lambda m: ("true",)),
    ("multiprocessing.util", "spawnv_passfds", lambda m: ()),
    ("socket", "gethostname", lambda m: ()),
    ("sys", "getsizeof", lambda m: (1,)),
    ("gc", "get_count", lambda m: ()),
    ("signal", "getsignal", lambda m: (2,)),
    ("threading", "Timer", lambda m: (1, None)),
    ("webbrowser", "get", lambda m: ("no browser",)),
    ("platform", "node", lambda m: ()),
    ("string", "Formatter", lambda m: ()),
    ("weakref", "proxy", lambda m: (1,)),
    ("inspect", "getattr_static", lambda m: (1, "real")),
    ("contextlib", "ExitStack", lambda m: ()),
    ("collections", "_sys.getsizeof", lambda m: (1,)),
    ("pathlib", "os.getpid", lambda m: ()),
    ("datetime", "sys.getsizeof", lambda m: (1,)),
    ("sklearn.utils._testing", "SkipTest", lambda m: ()),
]  # fmt: skip


def _inst(module: str, name: str, args: tuple[Any, ...]) -> bytes:
    return b"(" + b"".join(body(a, 0) for a in args) + f"i{module}\n{name}\n.".encode()


WAYS: list[Callable[[str, str, tuple[Any, ...]], bytes]] = [
    lambda m, n, a: P2 + glob(m, n) + body(a) + b"R.",
    lambda m, n, a: P4 + stack(m, n) + body(a) + b"R.",
    lambda m, n, a: glob(m, n) + body(a, 0) + b"R.",
    lambda m, n, a: framed(short(m) + b"\x94" + short(n) + b"\x94\x93\x94" + body(a) + b"\x94R\x94"),
    _inst,
    lambda m, n, a: b"(" + glob(m, n) + b"".join(body(x, 1) for x in a) + b"o.",
    lambda m, n, a: P2 + b"(K\x01" + glob(m, n) + body(a) + b"R0t.",
    lambda m, n, a: P4 + b"}" + short("w") + stack(m, n) + body(a) + b"Rs.",
    lambda m, n, a: P2 + b"]" + glob(m, n) + b"q\x070h\x07" + body(a) + b"Ra.",
    lambda m, n, a: P4 + stack(m, n) + body(a) + b"}\x92.",
]
DOTTED = tuple(
    w for i, w in enumerate(WAYS) if i in (1, 3, 7, 9)
)  # GLOBAL goes through dots from protocol 4 on only


def _named() -> Iterator[tuple[str, str]]:
    for line in NAMED.strip().splitlines():
        module, _, names = line.partition(": ")
        for name in names.split():
            yield module, name


def _way(number: int, name: str) -> Callable[[str, str, tuple[Any, ...]], bytes]:
    ways = DOTTED if "." in name else WAYS
    return ways[number % len(ways)]


def samples(folder: Path) -> Iterator[Sample]:
    """Each gadget called, then each name imported and thrown away."""
    for number, (module, name, args) in enumerate(GADGETS):
        marker = folder / f"fired{number}"
        given = args(marker)
        path = folder / f"call{number}_{module}.{name}.pkl"
        path.write_bytes(_way(number, name)(module, name, given))
        marks = any(str(marker) in str(a) for a in given)
        yield Sample(path, True, "gadgets", f"calls {module}.{name}", "pickle", marker if marks else None)
    for number, (module, name) in enumerate(_named()):
        path = folder / f"name{number}_{module}.{name}.pkl"
        dots = "." in name
        path.write_bytes(
            P4 + stack(module, name) + b"0N." if dots or number % 2 else P2 + glob(module, name) + b"0N."
        )
        yield Sample(path, True, "gadgets", f"imports {module}.{name}", "pickle")


def quick(folder: Path) -> Iterator[Sample]:
    """A few."""
    yield from islice(samples(folder), 40)
