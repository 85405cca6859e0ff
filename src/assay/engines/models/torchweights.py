"""PyTorch's files: weights alone, never objects; and the code that they are weights of. Runs inside the sandbox only."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
import zipfile
from pathlib import Path
from typing import Any

from assay.engines.models.needed import needed
from assay.engines.models.spec import NAME, Spec

_HELD = ("state_dict", "model_state_dict", "model", "module", "weights")
_NAMED = 3
_TYPES = {
    "F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16", "I64": "int64", "I32": "int32",
    "I16": "int16", "I8": "int8", "U8": "uint8", "BOOL": "bool",
}  # fmt: skip
OLD = (
    b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."  # the magic number that PyTorch's files before 1.6 begin with
)


def torch() -> Any:
    """Return PyTorch; ValueError with what to install where it is not there."""
    return needed("torch", "torch", "a PyTorch model")


def kind(path: Path) -> str:
    """Return what a zip of PyTorch's or Keras's is: script, exported, weights, keras, or nothing of the kind."""
    try:
        with zipfile.ZipFile(path) as opened:
            names = {n.split("/", 1)[-1] for n in opened.namelist()}
    except (zipfile.BadZipFile, ValueError, OSError):
        return ""
    if "model.weights.h5" in names and "config.json" in names:
        return "keras"
    if "archive_format" in names:
        return "exported"
    if "data.pkl" in names:
        return "script" if "constants.pkl" in names else "weights"
    return ""


def opened(path: Path, what: str, spec: Spec) -> tuple[Any, Spec]:
    """Return a module that needs no code beside it, TorchScript or torch.export's; and what it says of its input."""
    library = torch()
    try:
        if what == "script":
            said: dict[str, Any] = {NAME: ""}
            module = library.jit.load(str(path), map_location="cpu", _extra_files=said)
            own = said[NAME].decode() if isinstance(said[NAME], bytes) else said[NAME]
        else:
            extra = {NAME: ""}
            module = library.export.load(str(path), extra_files=extra).module()
            own = extra[NAME]
    except (RuntimeError, ValueError, OSError) as error:
        first = str(error).strip().splitlines()[0][:150] if str(error).strip() else type(error).__name__
        raise ValueError(f"{path.name} cannot be read by PyTorch {library.__version__}: {first}") from None
    return module, Spec.parsed(own) if own and spec == Spec() else spec


def weights(path: Path) -> dict[str, Any]:
    """Return name → tensor of a file; ValueError where it holds anything else."""
    if path.suffix == ".safetensors":
        return _safetensors(path)
    library = torch()
    import pickle

    try:
        found = library.load(str(path), map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        named = re.search(r"GLOBAL (\S+)", str(error))
        raise ValueError(
            f"{path.name} holds more than weights, and that is never loaded; save model.state_dict(), "
            f"or the model as TorchScript{f' ({named.group(1)[:80]})' if named else ''}"
        ) from None
    except (RuntimeError, EOFError, ValueError) as error:
        raise ValueError(f"{path.name} cannot be read: {str(error).splitlines()[0][:150]}") from None
    for name in _HELD:
        if isinstance(found, dict) and isinstance(found.get(name), dict):
            found = found[name]
    if not isinstance(found, dict) or not found or not all(hasattr(v, "shape") for v in found.values()):
        raise ValueError(f"{path.name} holds no state dict")
    if all(str(n).startswith("module.") for n in found):  # as DataParallel writes them
        found = {str(n)[7:]: v for n, v in found.items()}
    return {str(n): v for n, v in found.items()}


def _safetensors(path: Path) -> dict[str, Any]:
    """Read the format by its description: a length, a JSON header, then the tensors' bytes."""
    library = torch()
    raw = path.read_bytes()
    length = int.from_bytes(raw[:8], "little")
    try:
        header = json.loads(raw[8 : 8 + length])
        header.pop("__metadata__", None)
        out = {}
        for name, about in header.items():
            start, end = (8 + length + at for at in about["data_offsets"])
            kind_ = getattr(library, _TYPES[about["dtype"]])
            flat = (
                library.frombuffer(bytearray(raw[start:end]), dtype=kind_)
                if end > start
                else library.empty(0, dtype=kind_)
            )
            out[name] = flat.reshape(about["shape"])
    except (ValueError, KeyError, TypeError, AttributeError, RuntimeError) as error:
        raise ValueError(f"{path.name} is no safetensors file: {str(error)[:100]}") from None
    return out


def code(path: Path, folder: Path) -> Path | None:
    """Return the model.py that lies beside a file of weights, at the top, or under code/."""
    places = (path.parent / "model.py", folder / "model.py", folder / "code" / "model.py")
    return next((p for p in places if p.is_file()), None)


def built(path: Path, folder: Path, spec: Spec) -> Any:
    """Return the module that the code beside a file of weights builds, with these weights. ValueError where they do not fit."""
    source = code(path, folder)
    if source is None:
        raise ValueError(f"{path.name} holds weights alone")
    found = weights(path)
    module = _made(source, spec)
    _fit(module, found, path.name, source.name)
    module.load_state_dict(found)
    return module


def _made(code: Path, spec: Spec) -> Any:
    library = torch()
    sys.path.insert(0, str(code.parent))
    described = importlib.util.spec_from_file_location("model", code)
    if described is None or described.loader is None:
        raise ValueError(f"{code.name} cannot be loaded")
    source = importlib.util.module_from_spec(described)
    sys.modules["model"] = source
    described.loader.exec_module(source)
    classes = [
        c
        for c in vars(source).values()
        if isinstance(c, type) and issubclass(c, library.nn.Module) and c.__module__ == "model"
    ]
    maker = getattr(source, spec.made_of or "build", None)
    if maker is None and not spec.made_of and len(classes) == 1:
        maker = classes[0]
    if maker is None:
        names = ", ".join(c.__name__ for c in classes[:8]) or "no module class"
        wanted = spec.made_of or "build()"
        raise ValueError(
            f'{code.name} has no {wanted} (it has {names}); name one in {NAME}: {{"class": "…"}}'
        )
    made = maker(**spec.arguments)
    if not isinstance(made, library.nn.Module):
        raise ValueError(f"{code.name} makes a {type(made).__name__}, and no module")
    return made


def _fit(module: Any, found: dict[str, Any], file: str, code: str) -> None:
    """Say in one sentence in what weights differ from what a module has; nothing where they fit."""
    own = {n: tuple(v.shape) for n, v in module.state_dict().items()}
    missing, extra = [n for n in own if n not in found], [n for n in found if n not in own]
    other = [n for n in own if n in found and tuple(found[n].shape) != own[n]]
    said = [
        f"{len(names)} {word} ({_some(names)})"
        for names, word in ((missing, "missing"), (extra, "too many"))
        if names
    ]
    said += [f"{n} is {_by(found[n].shape)} and not {_by(own[n])}" for n in other[:_NAMED]]
    if said:
        raise ValueError(
            f"the weights of {file} do not fit {type(module).__name__} of {code}: {', '.join(said)}"
        )


def _some(names: list[str]) -> str:
    return ", ".join(names[:_NAMED]) + (" …" if len(names) > _NAMED else "")


def _by(shape: Any) -> str:
    return "×".join(str(s) for s in shape) or "one number"
