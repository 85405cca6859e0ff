"""A loaded model in a form that holds no code: skops, a booster's own text, safetensors, or JSON. Runs inside the sandbox only."""

from __future__ import annotations

import json
from typing import Any

from assay.engines.models.contents import ContentsModel
from assay.engines.models.wire import MAX_MESSAGE

_PLAIN = {
    "onnx": "ONNX",
    "catboost": "CatBoost's own form",
    "sagemaker-linear-learner": "arrays",
}


def converted(loaded: Any) -> tuple[dict[str, Any], bytes]:
    """Return what it became (name of the file, form, types that must be trusted to read it, what is lost) and its bytes.

    ValueError for a model that has no such form, or whose new form is larger than what is passed on.
    """
    said, raw = _converted(loaded)
    if len(raw) + 65_536 > MAX_MESSAGE:
        raise ValueError(
            f"its new form has {len(raw):,} bytes, and {MAX_MESSAGE - 65_536:,} is the most that is passed on"
        )
    return said, raw


def _converted(loaded: Any) -> tuple[dict[str, Any], bytes]:
    from assay.engines.models.boosters import LightgbmModel, XgboostModel
    from assay.engines.models.estimator import EstimatorModel

    if isinstance(loaded, XgboostModel):
        _numbered(loaded.classes, "XGBoost")
        return _said("model.json", "xgboost-json"), bytes(loaded.booster.save_raw("json"))
    if isinstance(loaded, LightgbmModel):
        return _said("model.txt", "lightgbm-text"), loaded.booster.model_to_string().encode()
    if isinstance(loaded, EstimatorModel):
        return _estimator(loaded)
    if isinstance(loaded, ContentsModel):
        return _contents(loaded)
    if getattr(loaded, "framework", "") == "pytorch" and getattr(loaded, "format", "") == "weights":
        return _weights(loaded)
    framework = str(loaded.describe().get("framework", "")) if hasattr(loaded, "describe") else ""
    if framework in _PLAIN:
        raise ValueError(f"it is {_PLAIN[framework]} already, which holds no code")
    raise ValueError(
        f"a {framework or type(loaded).__name__} model has no form without code that is known here"
    )


def _said(name: str, form: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "form": form, "types": [], **more}


def _numbered(classes: list[Any], whose: str) -> None:
    """A booster's own file holds no names of classes."""
    if classes and [str(c) for c in classes] != [str(i) for i in range(len(classes))]:
        shown = ", ".join(map(str, classes[:4]))
        raise ValueError(
            f"its classes are called {shown[:60]}, and {whose}'s own file holds numbers alone: fit it to 0, 1, …"
        )


def _estimator(loaded: Any) -> tuple[dict[str, Any], bytes]:
    from skops import io

    estimator = loaded.estimator
    if type(estimator).__module__.startswith("lightgbm.") and hasattr(estimator, "booster_"):
        _numbered(loaded.classes, "LightGBM")
        return _said("model.txt", "lightgbm-text"), estimator.booster_.model_to_string().encode()
    raw = io.dumps(estimator)
    types = [str(t) for t in io.get_untrusted_types(data=raw)]
    return _said("model.skops", "skops") | {"types": types}, raw


def _weights(loaded: Any) -> tuple[dict[str, Any], bytes]:
    import numpy as np

    from assay.methods.modelfiles.tensors import dumped

    torch = loaded.torch
    arrays, types = {}, {}
    for name, tensor in loaded.module.state_dict().items():
        held = tensor.detach().cpu().contiguous()
        if held.dtype == torch.bfloat16:
            types[name] = "bfloat16"
            held = held.view(torch.int16)
        arrays[name] = np.asarray(held.numpy())
    return _said("model.safetensors", "safetensors"), dumped(arrays, types)


def _contents(loaded: ContentsModel) -> tuple[dict[str, Any], bytes]:
    """Arrays become safetensors, with the plain values beside them as its metadata; plain values alone become JSON."""
    from assay.methods.modelfiles.tensors import dumped

    if loaded.format == "safetensors":
        raise ValueError("it is safetensors already, which holds no code")
    arrays, types, plain = loaded.arrays()
    counts = {"arrays": len(arrays), "values": len(plain)}
    try:
        if not arrays:
            return _said("contents.json", "json", **counts), json.dumps(
                loaded.found, allow_nan=False
            ).encode()
        metadata = {n: v if isinstance(v, str) else json.dumps(v, allow_nan=False) for n, v in plain.items()}
    except ValueError as error:
        raise ValueError(f"it holds a number that JSON has no form for: {error}") from None
    # a value of its own that is called so stays
    metadata.setdefault("format", "pt" if loaded.framework == "pytorch" else "np")
    return _said("model.safetensors", "safetensors", **counts), dumped(arrays, types, metadata)
