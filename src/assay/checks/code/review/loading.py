"""Models and data whose loading runs programs: pickles, joblib, torch, NumPy object arrays, YAML, code of repositories."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from assay.checks.code.review._spots import WHO, keyword, replaced, spot, who
from assay.kernel.severity import Severity
from assay.methods.review.python.program import Program
from assay.methods.review.python.values import Call
from assay.methods.review.spot import Edit, Spot, with_arguments

LANGUAGE = "python"
_PICKLES = (
    "pickle.load", "pickle.loads", "pickle.Unpickler", "cloudpickle.load", "cloudpickle.loads", "dill.load", "dill.loads",
    "joblib.load", "pandas.read_pickle", "shelve.open", "marshal.loads", "marshal.load", "dill.Unpickler", "cloudpickle.Unpickler", "jsonpickle.unpickler.decode", "jsonpickle.unpickler.Unpickler",
    "jsonpickle.decode", "dill.load_session", "dill.load_module", "dill.load_module_asdict", "fastai.learner.load_learner", "fastai.vision.all.load_learner",
    "fastai.basics.load_learner", "torch.package.PackageImporter", "mlflow.pyfunc.load_model", "mlflow.sklearn.load_model", "mlflow.pytorch.load_model",
    "zodbpickle.loads", "srsly.read_pickle", "srsly.pickle_loads",
)  # fmt: skip
_ARRAYS = {
    "numpy.load": 2,
    "numpy.lib.format.read_array": 1,
    "numpy.lib.npyio.NpzFile": 2,
    "numpy.lib.format.open_memmap": 9,
}
_SAFE_YAML = ("SafeLoader", "CSafeLoader", "BaseLoader", "CBaseLoader")


def rule(program: Program) -> Iterator[Spot]:
    """Name each."""
    for call in program.calls:
        if call.name in _PICKLES:
            yield from _pickle(program, call)
        elif call.name == "torch.load":
            yield from _torch(program, call)
        elif call.name in _ARRAYS:
            yield from _array(program, call)
        elif call.method == "load_from_checkpoint":
            yield from _checkpoint(program, call)
        elif call.name in ("skops.io.load", "skops.io.loads"):
            yield from _skops(program, call)
        elif call.name in (
            "yaml.load",
            "yaml.load_all",
            "yaml.unsafe_load",
            "yaml.unsafe_load_all",
            "yaml.full_load",
        ):
            yield from _yaml(program, call)
        elif call.name == "ruamel.yaml.YAML" and (
            "unsafe" in {(v.text or "") for v in (call.arg(0, "typ"),) if v is not None}
        ):
            yield spot(
                program, call.node, "yaml_load", Severity.MEDIUM, "typ='unsafe' makes the objects that a document names.", "typ='safe'", "CWE-502",
            )  # fmt: skip
        elif call.says("trust_remote_code", True):
            fixed = _pinned(call)
            yield spot(
                program, call.node, "trust_remote_code", Severity.MEDIUM if fixed else Severity.HIGH,
                "trust_remote_code runs the repository's own Python" + (" (of the revision that is named)." if fixed else ", whatever it is that day."),
                "use a model whose code the library has, or name the commit that was read", "CWE-829",
            )  # fmt: skip
        elif (call.name == "keras.models.load_model" and call.says("safe_mode", False)) or call.name.endswith(
            "keras.config.enable_unsafe_deserialization"
        ):
            yield spot(
                program, call.node, "keras_unsafe", Severity.HIGH, "Without safe mode the Lambda layers of a file are run.",
                "leave it out", "CWE-502",
            )  # fmt: skip


def _pickle(program: Program, call: Call) -> Iterator[Spot]:
    source = call.args[0] if call.args else next(iter(call.keywords.values()), None)
    said = who(source, "caller", "network", "download", "operator") if source else ""
    if (
        source
        and not said
        and any(re.match(r"(?i)(?:https?|ftp)://", way.text or "") for way in source.may())
    ):
        said = WHO["download"]  # pandas reads from an address itself
    far = source and (source.has("caller", "network", "download") or said == WHO["download"])
    severity = Severity.CRITICAL if far else Severity.LOW
    if source and source.has("operator"):
        severity = max(severity, Severity.MEDIUM)
    rule = "joblib_load" if "joblib" in call.name else "pickle_load"
    yield spot(
        program, call.node, rule, severity, f"{call.name} runs the program that {said or 'the file'} holds.",
        "have it scanned first (assay check model.scan), and keep models as skops, safetensors, ONNX or JSON", "CWE-502",
    )  # fmt: skip


def _array(program: Program, call: Call) -> Iterator[Spot]:
    value = call.arg(_ARRAYS[call.name], "allow_pickle")
    unseen = value is None and call.spread
    if not unseen and (value is None or (value.known and not value.literal)):
        return
    given = keyword(call, "allow_pickle")
    may = value is not None and value.may_hold()
    yield spot(
        program, call.node, "allow_pickle", _graver(call, Severity.MEDIUM) if may else Severity.LOW,
        f"{call.name} with allow_pickle runs the program that {_from(call)} holds." if may
        else f"{call.name} may be called with allow_pickle: what says so does not stand here.",
        "leave allow_pickle out: arrays of numbers need no pickle", "CWE-502", replaced(program, given, "False") if given else (),
    )  # fmt: skip


def _checkpoint(program: Program, call: Call) -> Iterator[Spot]:
    given = call.keywords.get("weights_only")
    if given is not None and given.known and given.literal:
        return
    yield spot(
        program, call.node, "torch_load", _graver(call, Severity.LOW), f"load_from_checkpoint runs the program that {_from(call)} holds.",
        "have it scanned first (assay check model.scan), or say weights_only=True where the library knows it", "CWE-502",
    )  # fmt: skip


def _skops(program: Program, call: Call) -> Iterator[Spot]:
    given = call.arg(1, "trusted")
    if given is None or not (
        (given.may_hold() and given.says_true()) or given.name.endswith("get_untrusted_types()")
    ):
        return
    yield spot(
        program, call.node, "skops_trusted", _graver(call, Severity.MEDIUM), "The file is asked which types it wants to be trusted with, and is trusted with them.",
        "name the types that you have read, one by one", "CWE-502",
    )  # fmt: skip


def _torch(program: Program, call: Call) -> Iterator[Spot]:
    given = call.keywords.get("weights_only")
    if given is not None and given.known and given.literal:
        return
    node = keyword(call, "weights_only")
    edits = (
        replaced(program, node, "True")
        if node is not None
        else ()
        if given is not None or call.spread
        else with_arguments(program.text, call.node, ["weights_only=True"])
    )
    unseen = (call.spread and given is None) or (
        given is not None and not given.may_fail() and given.literal is not None
    )
    plain = (
        Severity.LOW
        if unseen
        else Severity.HIGH
        if given is not None and given.may_fail()
        else Severity.MEDIUM
    )
    yield spot(
        program, call.node, "torch_load", _graver(call, plain), f"torch.load without weights_only=True runs the program that {_from(call)} holds (always before torch 2.6)."
        if not unseen else "torch.load may be called without weights_only=True: what says so does not stand here.",
        "say weights_only=True, or keep weights as safetensors", "CWE-502", edits,
    )  # fmt: skip


def _yaml(program: Program, call: Call) -> Iterator[Spot]:
    if call.name in ("yaml.load", "yaml.load_all"):
        loader = call.arg(1, "Loader")
        if loader is not None and all(
            way.name.startswith("yaml.") and way.name.rpartition(".")[2].removesuffix("()") in _SAFE_YAML
            for way in loader.may()
        ):
            return
        if loader is None and call.spread:
            return
    elif call.name == "yaml.full_load":
        return
    edits: tuple[Edit, ...] = ()
    if len(call.node.args) == 1 and not call.node.keywords and call.node.end_col_offset:
        edits = (
            ()
            if not isinstance(call.node.func, ast.Attribute)
            else replaced(
                program,
                call.node.func,
                program.segment(call.node.func).rpartition(".")[0]
                + ".safe_load"
                + ("_all" if call.name.endswith("_all") else ""),
            )
        )
    elif isinstance(way := _loader(call), ast.Attribute):  # a bare name may need an import that is not there
        safe = "CSafeLoader" if way.attr.startswith("C") else "SafeLoader"
        edits = replaced(program, way, program.segment(way).rpartition(".")[0] + "." + safe)
    yield spot(
        program, call.node, "yaml_load", _graver(call, Severity.MEDIUM), f"{call.name} makes the objects that {_from(call)} names.",
        "yaml.safe_load", "CWE-502", edits,
    )  # fmt: skip


def _loader(call: Call) -> ast.expr | None:
    """Return the expression of the loader of yaml.load where it is one of PyYAML's own, by its place or its name."""
    known = call.arg(1, "Loader")
    if known is None or not known.name.startswith("yaml."):
        return None
    named = keyword(call, "Loader")
    if (
        named is not None
        or len(call.node.args) != 2
        or any(isinstance(a, ast.Starred) for a in call.node.args)
    ):
        return named
    return call.node.args[1]


def _from(call: Call) -> str:
    source = call.args[0] if call.args else None
    return (who(source, "caller", "network", "download", "operator") if source else "") or "the file"


def _graver(call: Call, plain: Severity) -> Severity:
    return Severity.CRITICAL if any(a.has("caller", "network", "download") for a in call.args) else plain


def _pinned(call: Call) -> bool:
    text = call.keywords["revision"].text if "revision" in call.keywords else None
    return text is not None and len(text) == 40 and all(c in "0123456789abcdef" for c in text.lower())
