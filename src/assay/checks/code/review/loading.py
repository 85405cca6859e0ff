"""Models and data whose loading runs programs: pickles, joblib, torch, NumPy object arrays, YAML, code of repositories."""

from __future__ import annotations

from collections.abc import Iterator

from assay.checks.code.review._spots import keyword, replaced, spot, who
from assay.kernel.severity import Severity
from assay.methods.review.python.program import Program
from assay.methods.review.python.values import Call
from assay.methods.review.spot import Edit, Spot, with_arguments

LANGUAGE = "python"
_PICKLES = (
    "pickle.load", "pickle.loads", "pickle.Unpickler", "cloudpickle.load", "cloudpickle.loads", "dill.load", "dill.loads", "_pickle.loads",
    "joblib.load", "pandas.read_pickle", "shelve.open", "marshal.loads", "marshal.load", "dill.Unpickler", "cloudpickle.Unpickler", "jsonpickle.unpickler.decode", "pandas.io.pickle.read_pickle", "jsonpickle.decode", "sklearn.externals.joblib.load",
)  # fmt: skip
_SAFE_YAML = ("SafeLoader", "CSafeLoader", "BaseLoader", "CBaseLoader")


def rule(program: Program) -> Iterator[Spot]:
    """Name each."""
    for call in program.calls:
        if call.name in _PICKLES:
            yield from _pickle(program, call)
        elif call.name == "torch.load":
            yield from _torch(program, call)
        elif call.name == "numpy.load" and call.says("allow_pickle", True):
            given = keyword(call, "allow_pickle")
            yield spot(
                program, call.node, "allow_pickle", _graver(call, Severity.MEDIUM), f"numpy.load with allow_pickle runs the program that {_from(call)} holds.",
                "leave allow_pickle out: arrays of numbers need no pickle", "CWE-502", replaced(program, given, "False") if given else (),
            )  # fmt: skip
        elif call.name in ("yaml.load", "yaml.load_all", "yaml.unsafe_load", "yaml.full_load"):
            yield from _yaml(program, call)
        elif call.says("trust_remote_code", True):
            fixed = _pinned(call)
            yield spot(
                program, call.node, "trust_remote_code", Severity.MEDIUM if fixed else Severity.HIGH,
                "trust_remote_code runs the repository's own Python" + (" (of the revision that is named)." if fixed else ", whatever it is that day."),
                "use a model whose code the library has, or name the commit that was read", "CWE-829",
            )  # fmt: skip
        elif call.name in ("keras.models.load_model", "tensorflow.keras.models.load_model") and call.says(
            "safe_mode", False
        ):
            yield spot(
                program, call.node, "keras_unsafe", Severity.HIGH, "safe_mode=False runs the Lambda layers of the file.",
                "leave safe_mode out", "CWE-502",
            )  # fmt: skip


def _pickle(program: Program, call: Call) -> Iterator[Spot]:
    source = call.args[0] if call.args else next(iter(call.keywords.values()), None)
    said = who(source, "caller", "network", "download", "operator") if source else ""
    severity = Severity.CRITICAL if source and source.has("caller", "network", "download") else Severity.LOW
    if source and source.has("operator"):
        severity = max(severity, Severity.MEDIUM)
    rule = "joblib_load" if "joblib" in call.name else "pickle_load"
    yield spot(
        program, call.node, rule, severity, f"{call.name} runs the program that {said or 'the file'} holds.",
        "have it scanned first (assay check model.scan), and keep models as skops, safetensors, ONNX or JSON", "CWE-502",
    )  # fmt: skip


def _torch(program: Program, call: Call) -> Iterator[Spot]:
    given = call.keywords.get("weights_only")
    if given is not None and given.literal is not False:
        return
    if call.spread and given is None:
        return
    node = keyword(call, "weights_only")
    edits = (
        replaced(program, node, "True")
        if node is not None
        else with_arguments(program.text, call.node, ["weights_only=True"])
    )
    severity = (
        Severity.CRITICAL
        if any(a.has("caller", "network", "download") for a in call.args)
        else Severity.MEDIUM
    )
    severity = Severity.HIGH if node is not None and severity is Severity.MEDIUM else severity
    yield spot(
        program, call.node, "torch_load", severity, f"torch.load without weights_only=True runs the program that {_from(call)} holds (always before torch 2.6).",
        "say weights_only=True, or keep weights as safetensors", "CWE-502", edits,
    )  # fmt: skip


def _yaml(program: Program, call: Call) -> Iterator[Spot]:
    if call.name in ("yaml.load", "yaml.load_all"):
        loader = call.arg(1, "Loader")
        if loader is not None and loader.name.rpartition(".")[2].removesuffix("()") in _SAFE_YAML:
            return
        if loader is None and call.spread:
            return
    elif call.name == "yaml.full_load":
        return
    edits: tuple[Edit, ...] = ()
    if len(call.node.args) == 1 and not call.node.keywords and call.node.end_col_offset:
        edits = replaced(
            program,
            call.node.func,
            program.segment(call.node.func).rpartition(".")[0]
            + ".safe_load"
            + ("_all" if call.name.endswith("_all") else ""),
        )
    yield spot(
        program, call.node, "yaml_load", _graver(call, Severity.MEDIUM), f"{call.name} makes the objects that {_from(call)} names.",
        "yaml.safe_load", "CWE-502", edits,
    )  # fmt: skip


def _from(call: Call) -> str:
    source = call.args[0] if call.args else None
    return (who(source, "caller", "network", "download", "operator") if source else "") or "the file"


def _graver(call: Call, plain: Severity) -> Severity:
    return Severity.CRITICAL if any(a.has("caller", "network", "download") for a in call.args) else plain


def _pinned(call: Call) -> bool:
    text = call.keywords["revision"].text if "revision" in call.keywords else None
    return text is not None and len(text) == 40 and all(c in "0123456789abcdef" for c in text.lower())
