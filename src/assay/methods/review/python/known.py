"""Which functions bring in what is untrusted, which let it through, and which end it.

A name is dotted and whole (``flask.request``); one that begins with a dot is a method of whatever object. ``*`` stands for
anything to the end.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache

_KEPT = 50_000  # names whose answers are kept

SOURCES: Mapping[str, str] = {
    # requests to a server
    "flask.request.*": "caller", "bottle.request.*": "caller", "quart.request.*": "caller", "sanic.request.*": "caller",
    "streamlit.text_input": "caller", "streamlit.text_area": "caller", "streamlit.chat_input": "caller",
    "streamlit.file_uploader": "caller", "cgi.FieldStorage": "caller",
    # whoever starts it
    "sys.argv": "operator", "builtins.input": "operator", "sys.stdin.*": "operator", "click.prompt": "operator",
    ".parse_args": "operator", ".parse_known_args": "operator", "docopt.docopt": "operator",
    "os.environ.*": "environment", "os.getenv": "environment", "os.environ": "environment",
    # the network
    "requests.get": "network", "requests.post": "network", "requests.request": "network", "httpx.get": "network",
    "httpx.post": "network", "urllib.request.urlopen": "network", "socket.socket().recv": "network", "socket.socket().accept": "network", "urllib3.*": "network",
    "requests.Session().get": "network", "requests.Session().post": "network", "httpx.Client().get": "network",
    "httpx.Client().post": "network", "httpx.AsyncClient().get": "network", "httpx.AsyncClient().post": "network",
    "aiohttp.ClientSession().get": "network", "aiohttp.ClientSession().post": "network", "requests.Session().request": "network",
    "boto3.client().get_object": "network", "boto3.resource().Object().get": "network", "websocket.create_connection": "network",
    # files that come over it
    "urllib.request.urlretrieve": "download", "gdown.download": "download", "wget.download": "download",
    "huggingface_hub.hf_hub_download": "download", "huggingface_hub.snapshot_download": "download",
    "tensorflow.keras.utils.get_file": "download", "keras.utils.get_file": "download", "torch.hub.download_url_to_file": "download",
    "torch.hub.load_state_dict_from_url": "download", "mlflow.artifacts.download_artifacts": "download", "pooch.retrieve": "download",
    "kagglehub.model_download": "download", "wandb.use_artifact": "download",
    # generators that can be foreseen
    "random.random": "foreseen", "random.randint": "foreseen", "random.choice": "foreseen", "random.choices": "foreseen",
    "random.getrandbits": "foreseen", "random.randrange": "foreseen", "random.sample": "foreseen", "random.randbytes": "foreseen",
    "numpy.random.randint": "foreseen", "numpy.random.bytes": "foreseen", "uuid.uuid1": "foreseen", "time.time": "foreseen",
}  # fmt: skip

# Files that these write to come over the network: place and name of the argument that holds the path.
FETCHED: Mapping[str, tuple[int, str]] = {
    ".download_file": (2, "Filename"), ".download_fileobj": (2, "Fileobj"), "urllib.request.urlretrieve": (1, "filename"),
    "wget.download": (1, "out"), "gdown.download": (1, "output"), "torch.hub.download_url_to_file": (1, "dst"),
    "sagemaker.s3.S3Downloader.download": (1, "local_path"), ".fget_object": (2, "file_path"),
}  # fmt: skip

# What comes out of these holds nothing that harms, whatever went in.
ENDS = frozenset(
    {
        "builtins.int", "builtins.float", "builtins.bool", "builtins.len", "builtins.abs", "builtins.hash", "builtins.id",
        "builtins.isinstance", "builtins.round", "builtins.sum", "builtins.ord", "shlex.quote", "html.escape", "re.escape",
        "markupsafe.escape", "uuid.UUID", "werkzeug.utils.secure_filename", "hashlib.*", "hmac.*", "datetime.*",
        "ipaddress.ip_address", "os.path.exists", "os.path.isfile", "os.path.getsize", "bleach.clean", "secrets.compare_digest",
        "decimal.Decimal", "builtins.type", "builtins.range", "numpy.array", "numpy.asarray", "torch.tensor", ".isdigit",
        ".predict", ".predict_proba", ".startswith", ".endswith", ".is_relative_to", ".exists", ".is_file", "os.getpid",
    }
)  # fmt: skip

# These end what a path may do, and nothing else.
PATHS_END = frozenset({"os.path.basename", "werkzeug.utils.secure_filename", "pathlib.PurePath().name"})

# Functions of these modules, and builtins, give out what was put in.
THROUGH = (
    "builtins.", "os.path.", "pathlib.", "json.", "urllib.parse.", "string.", "base64.", "copy.", "io.", "itertools.",
    "collections.", "functools.", "textwrap.", "re.", "codecs.", "typing.", "gzip.", "zlib.", "bz2.", "lzma.", "pandas.",
    "numpy.", "yaml.", "csv.", "os.fspath", "os.fsdecode", "dataclasses.", "tempfile.", "shutil.", "zipfile.", "tarfile.",
    "asyncio.", "contextlib.", "jinja2.", "requests.", "httpx.", "flask.", "fastapi.", "starlette.", "ast.",
)  # fmt: skip

# A function under one of these answers requests: its parameters are whatever a caller sends.
ROUTES = frozenset(
    {
        "route",
        "get",
        "post",
        "put",
        "patch",
        "delete",
        "websocket",
        "api_route",
        "endpoint",
        "app_route",
        "view_config",
        "api_view",
    }
)
# Classes whose methods of these names answer requests, and what their parameters say a caller sent.
VIEWS = frozenset({"MethodView", "Resource", "RequestHandler", "HTTPEndpoint", "APIView"})
VERBS = frozenset({"get", "post", "put", "patch", "delete", "dispatch_request"})
# Functions that a service calls by their names, and which of their parameters it fills with what a caller sent.
HANDLERS: Mapping[str, tuple[str, ...]] = {
    "lambda_handler": ("event",), "handler": ("event",), "input_fn": ("request_body", "input_data", "serialized_input_data", "body"),
    "transform_fn": ("input_data", "request_body", "data"), "handle": ("data", "request"), "do_GET": (), "do_POST": (),
}  # fmt: skip


# Other names of the same things; a name under one of these is the other's.
_SAME: Mapping[str, str] = {
    "_pickle": "pickle", "cPickle": "pickle", "pickle5": "pickle", "six.moves.cPickle": "pickle", "pickle._load": "pickle.load",
    "pickle._loads": "pickle.loads", "pickle._Unpickler": "pickle.Unpickler", "numpy.compat.py3k.pickle": "pickle",
    "numpy.lib.npyio.load": "numpy.load", "numpy.lib._npyio_impl.load": "numpy.load", "numpy.lib.npyio.np": "numpy",
    "torch.serialization.load": "torch.load", "pandas.io.pickle.read_pickle": "pandas.read_pickle", "pandas.io.api.read_pickle": "pandas.read_pickle",
    "joblib.numpy_pickle.load": "joblib.load", "dill._dill.load": "dill.load", "dill._dill.loads": "dill.loads", "cloudpickle.cloudpickle": "cloudpickle",
    "posix.system": "os.system", "nt.system": "os.system", "posix.popen": "os.popen", "sklearn.externals.joblib": "joblib", "sklearn.utils._joblib": "joblib",
    "six.moves.builtins": "builtins", "__builtin__": "builtins", "importlib.__import__": "builtins.__import__", "keras.saving.load_model": "keras.models.load_model",
    "keras.src.saving.saving_api.load_model": "keras.models.load_model", "tensorflow.keras.saving.load_model": "keras.models.load_model",
    "tensorflow.keras.models.load_model": "keras.models.load_model", "keras.api.models.load_model": "keras.models.load_model",
    "yaml.loader": "yaml", "yaml.cyaml": "yaml", "ruamel_yaml": "ruamel.yaml", "requests.api": "requests", "requests.sessions.Session": "requests.Session",
    "requests.session": "requests.Session", "subprocess32": "subprocess", "marshal.load": "marshal.load",
    "numpy.lib.npyio.format": "numpy.lib.format", "numpy.lib._format_impl": "numpy.lib.format",
}  # fmt: skip


@lru_cache(maxsize=_KEPT)
def canonical(name: str) -> str:
    """Return the name by which the rules know a thing, of several that it has."""
    found = _SAME.get(name)
    if found is not None:
        return found
    at = len(name)
    while (at := name.rfind(".", 0, at)) > 0:
        found = _SAME.get(name[:at])
        if found is not None and found != name[:at]:
            return canonical(found + name[at:])
    return name


# Functions that run what they read, whatever they are given: where a program hands one on, nobody sees what it is called with.
MENTIONED = frozenset(
    {
        "pickle.load", "pickle.loads", "cloudpickle.load", "cloudpickle.loads", "dill.load", "dill.loads", "joblib.load",
        "pandas.read_pickle", "marshal.load", "marshal.loads", "jsonpickle.decode", "torch.load", "yaml.load", "yaml.unsafe_load",
    }
)  # fmt: skip

# Functions that call a function which they are given: the place and the name of that argument. Those after it are handed on.
CALLERS: Mapping[str, tuple[int, str]] = {
    "builtins.map": (0, ""), "builtins.filter": (0, ""), "functools.reduce": (0, ""), "itertools.starmap": (0, ""), "builtins.iter": (0, ""),
    "itertools.filterfalse": (0, ""), "itertools.takewhile": (0, ""), "itertools.dropwhile": (0, ""), "builtins.sorted": (9, "key"),
    "builtins.max": (9, "key"), "builtins.min": (9, "key"), "threading.Thread": (9, "target"), "multiprocessing.Process": (9, "target"),
    "threading.Timer": (1, "function"), "asyncio.to_thread": (0, ""), "atexit.register": (0, ""), "functools.singledispatch": (0, ""),
    "contextvars.copy_context().run": (0, ""), "timeit.timeit": (0, "stmt"), "signal.signal": (1, "handler"), "weakref.finalize": (1, ""),
    ".submit": (0, ""), ".map": (0, ""), ".apply": (0, "func"), ".applymap": (0, "func"), ".apply_async": (0, "func"), ".map_async": (0, ""),
    ".starmap": (0, ""), ".starmap_async": (0, ""), ".imap": (0, ""), ".imap_unordered": (0, ""), ".run_in_executor": (1, ""), ".transform": (0, "func"),
    ".pipe": (0, "func"), ".agg": (0, "func"), ".aggregate": (0, "func"), ".foreach": (0, ""), ".mapPartitions": (0, ""), ".flatMap": (0, ""),
    ".call_soon": (0, ""), ".call_later": (1, ""), ".run_sync": (0, ""), ".add_done_callback": (0, ""),
}  # fmt: skip
CALLS = ("threading.Thread", "multiprocessing.Process")  # which hand on what their args= holds

# Classes whose subclasses are used as they are, and what a subclass defines that makes it another thing.
BASES: Mapping[str, str] = {
    "pickle.Unpickler": "find_class", "dill.Unpickler": "find_class", "cloudpickle.Unpickler": "find_class", "yaml.Loader": "",
    "yaml.UnsafeLoader": "", "yaml.CLoader": "", "yaml.FullLoader": "", "yaml.SafeLoader": "", "yaml.CSafeLoader": "", "subprocess.Popen": "__init__",
}  # fmt: skip

# Modules that are taken for themselves where a program imports them from a file beside it.
TAKEN = frozenset(
    {
        "pickle",
        "cPickle",
        "torch",
        "yaml",
        "joblib",
        "dill",
        "subprocess",
        "os",
        "numpy",
        "np",
        "marshal",
        "cloudpickle",
    }
)


@cache
def _split(table: frozenset[str]) -> tuple[frozenset[str], tuple[str, ...]]:
    return frozenset(n for n in table if not n.endswith("*")), tuple(n[:-1] for n in table if n.endswith("*"))


def within(name: str, table: frozenset[str]) -> bool:
    """Whether a name is in a table, whole, by a beginning, or as a method of any object."""
    if not name:
        return False
    exact, starts = _split(table)
    if name in exact or name.startswith(starts) or f"{name}." in starts:
        return True
    return f".{name.rpartition('.')[2]}" in exact


@lru_cache(maxsize=_KEPT)
def ends(name: str) -> bool:
    """Whether what comes out of a function holds nothing that harms."""
    return within(name, ENDS)


_SOURCES = frozenset(SOURCES)


@lru_cache(maxsize=_KEPT)
def source(name: str) -> str:
    """Return the label of what a name brings in, empty where it brings in nothing."""
    if not name:
        return ""
    if (found := SOURCES.get(name)) is not None:
        return found
    last = SOURCES.get(f".{name.rpartition('.')[2]}")
    if last is not None and "." in name:
        return last
    for start in _split(_SOURCES)[1]:
        if name.startswith(start) or name == start[:-1]:
            return SOURCES[f"{start}*"]
    return ""
