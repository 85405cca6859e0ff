"""Names known to do harm when a pickle calls them, and what each can do, in words.

A name not listed here is not harmless: it is unknown. Sources: the gadget lists of the published advisories on
pickle scanners (GHSA-7wx9-6375-f5wh and those before it), arXiv 2508.19774, and reading the libraries.
"""

from __future__ import annotations

_SHELL = "runs commands"
_CODE = "runs Python code"
_IMPORT = "imports any module"
_FILE = "reads or writes files"
_NET = "opens network connections"
_LOAD = "loads another pickle or other code"
_NATIVE = "runs native code"
_REACH = "reaches any other name"
_PROCESS = "starts or controls processes"
_ENVIRONMENT = "reads or changes the environment"
_OS = ("os", "posix", "nt")  # their other names run commands, or are told as if they did

# (module, name): the most exact entry wins; a module entry covers the modules below it.
_EXACT: dict[tuple[str, str], str] = {
    **dict.fromkeys(
        [("builtins", n) for n in ("eval", "exec", "compile", "execfile", "breakpoint", "help")], _CODE
    ),
    ("builtins", "__import__"): _IMPORT,
    **dict.fromkeys([("builtins", n) for n in ("open", "input", "raw_input", "file", "print")], _FILE),
    **dict.fromkeys(
        [
            ("builtins", n)
            for n in (
                "getattr", "setattr", "delattr", "hasattr", "globals", "locals", "vars", "dir", "map", "filter",
                "apply", "reduce", "super", "property", "classmethod", "staticmethod", "memoryview", "iter", "next",
                "sorted", "max", "min", "zip", "reload", "exit", "quit", "__build_class__", "__loader__", "__spec__",
                "__dict__", "callable", "all", "any", "sum", "enumerate", "type",
            )
        ],
        _REACH,
    ),
    **dict.fromkeys([(m, n) for m in _OS for n in ("getenv", "getenvb", "putenv", "unsetenv", "environ")], _ENVIRONMENT),
    **dict.fromkeys(
        [
            (m, n)
            for m in _OS
            for n in (
                "open", "read", "write", "remove", "unlink", "rename", "replace", "mkdir", "makedirs", "rmdir", "removedirs",
                "chmod", "chown", "chdir", "chroot", "link", "symlink", "listdir", "scandir", "stat", "walk", "truncate",
                "utime", "mkfifo", "mknod", "access", "getcwd",
            )
        ],
        _FILE,
    ),
    **dict.fromkeys(
        [(m, n) for m in _OS for n in ("fork", "forkpty", "kill", "killpg", "abort", "_exit", "nice", "setuid", "setgid")],
        _PROCESS,
    ),
    ("types", "FunctionType"): _CODE,
    ("types", "LambdaType"): _CODE,
    ("types", "CodeType"): _CODE,
    ("types", "MethodType"): _REACH,
    ("types", "DynamicClassAttribute"): _REACH,
    ("types", "coroutine"): _REACH,
    ("functools", "reduce"): _REACH,
    ("functools", "partialmethod"): _REACH,
    ("functools", "cached_property"): _REACH,
    ("functools", "singledispatch"): _REACH,
    ("collections", "namedtuple"): _CODE,
    ("dataclasses", "_create_fn"): _CODE,
    ("dataclasses", "make_dataclass"): _CODE,
    ("typing", "get_type_hints"): _CODE,
    ("typing", "ForwardRef"): _CODE,
    ("gettext", "c2py"): _CODE,
    ("uuid", "_get_command_stdout"): _SHELL,
    ("joblib", "load"): _LOAD,
    ("joblib", "dump"): _FILE,
    ("joblib", "Memory"): _LOAD,
    ("joblib.numpy_pickle", "load"): _LOAD,
    ("joblib.numpy_pickle", "dump"): _FILE,
    ("joblib.numpy_pickle", "read_zfile"): _FILE,
    ("joblib.memory", "*"): _LOAD,
    ("numpy", "load"): _LOAD,
    ("numpy", "save"): _FILE,
    ("numpy", "savez"): _FILE,
    ("numpy", "savetxt"): _FILE,
    ("numpy", "loadtxt"): _FILE,
    ("numpy", "genfromtxt"): _FILE,
    ("numpy", "fromfile"): _FILE,
    ("numpy", "memmap"): _FILE,
    ("numpy", "fromregex"): _FILE,
    ("numpy", "vectorize"): _REACH,
    ("numpy", "apply_along_axis"): _REACH,
    ("numpy", "fromfunction"): _REACH,
    ("numpy.core", "_ufunc_reconstruct"): _IMPORT,
    ("numpy._core", "_ufunc_reconstruct"): _IMPORT,
    ("numpy.core.records", "fromfile"): _FILE,
    ("pandas", "eval"): _CODE,
    ("pandas", "read_pickle"): _LOAD,
    ("pandas", "read_sql"): _FILE,
    ("pandas", "read_csv"): _FILE,
    ("pandas.core.frame", "DataFrame.query"): _CODE,
    ("torch", "load"): _LOAD,
    ("torch.serialization", "load"): _LOAD,
    ("torch._utils", "_import_dotted_name"): _IMPORT,
    ("cgitb", "lookup"): _REACH,
    ("copyreg", "add_extension"): _REACH,
    ("copyreg", "pickle"): _REACH,
    ("sklearn.utils._testing", "*"): _CODE,
    ("scipy._lib._util", "*"): _REACH,
    ("string", "Formatter"): _REACH,
}  # fmt: skip

_MODULES: dict[str, str] = {
    **dict.fromkeys(
        ["os", "posix", "nt", "subprocess", "_posixsubprocess", "commands", "popen2", "pty", "distutils",
         "setuptools", "pip", "ensurepip", "venv", "_osx_support", "_aix_support", "pexpect", "invoke", "fabric",
         "platform", "webbrowser", "antigravity", "numpy.distutils", "numpy.f2py", "sh", "plumbum", "paramiko",
         "ptyprocess"],
        _SHELL,
    ),
    **dict.fromkeys(
        ["code", "codeop", "runpy", "pdb", "bdb", "timeit", "cProfile", "profile", "trace", "doctest", "idlelib",
         "lib2to3", "this", "rlcompleter", "IPython", "numexpr", "numba", "pandas.core.computation", "jinja2", "mako",
         "numpy.testing", "torch._dynamo", "torch._inductor", "torch.fx", "torch.jit", "tensorflow", "sympy",
         "pytest", "_pytest", "unittest", "test", "ast", "symtable", "dis", "inspect", "cloudpickle.cloudpickle",
         "lambdify", "scipy.stats"],
        _CODE,
    ),
    **dict.fromkeys(
        ["importlib", "imp", "_imp", "zipimport", "pkgutil", "pydoc", "_frozen_importlib",
         "_frozen_importlib_external", "modulefinder", "site", "sitecustomize", "usercustomize", "pkg_resources",
         "stevedore", "hydra", "werkzeug", "django"],
        _IMPORT,
    ),
    **dict.fromkeys(
        ["shutil", "tempfile", "io", "_io", "_pyio", "glob", "fileinput", "linecache", "sqlite3", "_sqlite3", "dbm",
         "shelve", "zipfile", "tarfile", "gzip", "bz2", "lzma", "mmap", "logging", "configparser", "csv", "codecs",
         "fsspec", "h5py", "wave", "mailbox", "netrc", "filecmp", "compileall", "py_compile", "tokenize", "posixpath",
         "ntpath", "pathlib.Path", "numpy.lib.npyio", "pandas.io", "stat"],
        _FILE,
    ),
    **dict.fromkeys(
        ["socket", "_socket", "ssl", "_ssl", "smtplib", "ftplib", "http", "httplib", "urllib", "urllib2", "urllib3",
         "requests", "httpx", "aiohttp", "telnetlib", "poplib", "imaplib", "nntplib", "xmlrpc", "socketserver",
         "asyncore", "asynchat", "wsgiref", "select", "selectors", "boto3", "botocore", "s3fs", "uvicorn"],
        _NET,
    ),
    **dict.fromkeys(
        ["pickle", "_pickle", "cPickle", "marshal", "dill", "cloudpickle", "jsonpickle", "yaml", "ruamel",
         "torch.hub", "torch.package", "torch.utils.cpp_extension", "torch.utils.model_zoo", "sklearn.datasets",
         "torch.distributed", "torch.serialization", "keras", "shelve", "pickletools"],
        _LOAD,
    ),
    **dict.fromkeys(
        ["ctypes", "_ctypes", "_ctypes_test", "cffi", "cython", "Cython", "pyximport", "_testcapi", "_testinternalcapi",
         "numpy.ctypeslib", "llvmlite", "tvm", "torch.ops", "torch.classes", "torch._C"],
        _NATIVE,
    ),
    **dict.fromkeys(
        ["multiprocessing", "_multiprocessing", "concurrent", "threading", "_thread", "thread", "signal", "_signal",
         "asyncio", "sched", "atexit", "faulthandler", "resource", "loky", "joblib.externals", "joblib.parallel",
         "dask", "ray", "queue", "gc"],
        _PROCESS,
    ),
    **dict.fromkeys(
        ["sys", "operator", "_operator", "types", "weakref", "contextlib", "traceback", "frame", "optparse", "argparse",
         "_collections_abc", "abc", "_abc", "__main__.__builtins__", "tkinter", "_tkinter", "turtle", "curses",
         "readline", "random._os", "getpass"],
        _REACH,
    ),
}  # fmt: skip


def danger(module: str, name: str) -> str:
    """Return what a name known to be dangerous can do, or the empty string."""
    if (module, name) in _EXACT:
        return _EXACT[module, name]
    if (module, "*") in _EXACT:
        return _EXACT[module, "*"]
    parts = (f"{module}.{name}" if "." in name else module).split(".")  # pathlib.Path.write_text
    for length in range(len(parts), 0, -1):
        what = _MODULES.get(".".join(parts[:length]))
        if what:
            return what
    if "." in name:  # what the name reaches through: numpy.os.getpid, collections._sys.modules
        for part in name.split("."):
            bare = part.lstrip("_")
            if part in _MODULES or bare in _MODULES:
                return _MODULES.get(part) or _MODULES[bare]
            if ("builtins", part) in _EXACT:
                return _EXACT["builtins", part]
            if part.startswith("__") and part.endswith("__"):
                return _REACH
    if name.startswith("__") and name.endswith("__"):
        return _REACH
    return ""
