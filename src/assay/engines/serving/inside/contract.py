"""SageMaker's inference contract: model_fn, input_fn, predict_fn, output_fn, or transform_fn, each of them optional.

What is left out is done as SageMaker's toolkit does it: a body of CSV, JSON or NPY becomes an array, predict is asked, and what
it gives becomes JSON, CSV or NPY as Accept says. In three things it is done better, and each is what happens where the
toolkit would fail: without a model_fn a model of a known format is opened; rows whose columns are named, by the payload or
by the model, become a DataFrame, as model.validate gave them; JSON's envelopes ("instances") are looked into.
Runs inside the sandbox only.
"""

from __future__ import annotations

import importlib.util
import inspect
import io
import json
import sys
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assay.engines.models.spec import Spec


_TEXTS = ("text/csv", "application/json", "application/jsonlines", "text/plain")
_NPY = "application/x-npy"


class Unsupported(ValueError):
    """A content type, of a question or an answer, that nothing here reads or writes."""

    def __init__(self, what: str, status: int) -> None:
        super().__init__(what)
        self.status = status


class Contract:
    """A script and the model that it made."""

    def __init__(self, folder: Path, script: Path) -> None:
        sys.path.insert(0, str(script.parent))
        spec = importlib.util.spec_from_file_location("inference", script)
        if spec is None or spec.loader is None:
            raise ValueError(f"{script.name} cannot be loaded")
        self.module = importlib.util.module_from_spec(spec)
        sys.modules["inference"] = self.module
        spec.loader.exec_module(self.module)
        self.folders = (folder, script.parent)
        self.known: Any = None
        made = getattr(self.module, "model_fn", None)
        if made is None:
            from assay.engines.models.load import load_file

            self.known = load_file(folder)
            self.model: Any = self.known
        else:
            self.model = _called(made, str(folder))

    @cached_property
    def spec(self) -> Spec | None:
        """Return what assay.json says; None where there is none."""
        if not any((folder / "assay.json").is_file() for folder in self.folders):
            return None
        from assay.engines.models.spec import Spec

        return Spec.read(*self.folders)

    def describe(self) -> dict[str, Any]:
        """Return what the model that it made says of itself."""
        if self.known is not None:
            said: dict[str, Any] = self.known.describe()
            return {**said, "format": "script"}
        return {
            "framework": "pytorch" if self._torch() is not None else "script",
            "format": "script",
            "features": self._names(),
            "classes": self.spec.classes if self.spec else [],
            "task": self.spec.task if self.spec else "unknown",
            "detail": {},
        }

    def answer(self, body: bytes, content_type: str, accept: str) -> tuple[bytes, str]:
        """Return the answer's body and content type."""
        media = content_type.partition(";")[0].strip().lower()
        accept = accept if accept and accept != "*/*" else (media if media in (*_TEXTS, _NPY) else _TEXTS[1])
        given: Any = body.decode() if media in _TEXTS else body
        whole = getattr(self.module, "transform_fn", None)
        if whole is not None:
            return _response(_called(whole, self.model, given, content_type, accept), accept)
        read = getattr(self.module, "input_fn", None)
        data = _called(read, given, content_type) if read else self._input(body, content_type, media)
        predict = getattr(self.module, "predict_fn", None)
        made = _called(predict, data, self.model) if predict else self._predict(data)
        write = getattr(self.module, "output_fn", None)
        return _response(_called(write, made, accept) if write else written(made, accept), accept)

    def _names(self) -> list[str]:
        if self.known is not None:
            return [str(n) for n in self.known.describe().get("features", ())]
        named = self.spec.features if self.spec else []
        return [str(n) for n in named or list(getattr(self.model, "feature_names_in_", []))]

    def _input(self, body: bytes, content_type: str, media: str) -> Any:
        """Return a body as an array, or as a DataFrame where its columns have names; a tensor for a network."""
        import numpy as np
        import pandas as pd

        from assay.methods.payloads import read

        if media == _NPY:
            return np.load(io.BytesIO(body), allow_pickle=False)
        names = self._names()
        rows = read(body, content_type, features=names)
        if rows.table is not None:
            return rows.table.to_pandas()
        named = rows.names or (names if names and len(names) == len((rows.cells or [[]])[0]) else ())
        torch = self._torch()
        if torch is not None:
            if self.spec is not None and self.spec.features:
                import pyarrow as pa

                frame = pd.DataFrame(rows.cells, columns=list(named))
                return torch.from_numpy(self.spec.tensor(pa.Table.from_pandas(frame, preserve_index=False)))
            return torch.tensor(np.asarray(rows.cells, dtype=np.float32))
        if named:
            return pd.DataFrame(rows.cells, columns=list(named))
        try:
            return np.asarray(rows.cells, dtype=np.float64)
        except (TypeError, ValueError):
            return np.asarray(rows.cells, dtype=object)

    def _predict(self, data: Any) -> Any:
        torch = self._torch()
        if torch is not None:
            self.model.eval()
            with torch.no_grad():
                return self.model(data)
        if self.known is not None:
            import pandas as pd
            import pyarrow as pa

            frame = (
                data if isinstance(data, pd.DataFrame) else pd.DataFrame(data, columns=self._names() or None)
            )
            frame.columns = [str(c) for c in frame.columns]
            return self.known.predict(pa.Table.from_pandas(frame, preserve_index=False))
        if not hasattr(self.model, "predict"):
            raise ValueError(
                f"model_fn made a {type(self.model).__name__}, and there is no predict_fn to ask it with"
            )
        return self.model.predict(data)

    def _torch(self) -> Any:
        torch = sys.modules.get("torch")
        return torch if torch is not None and isinstance(self.model, torch.nn.Module) else None


def written(made: Any, accept: str) -> bytes:
    """Return what a model gave as JSON, CSV or NPY; Unsupported for another Accept."""
    if hasattr(made, "column_names"):  # what a model of a known format answers
        from assay.methods.payloads import write

        return write(
            {n: c.to_pylist() for n, c in zip(made.column_names, made.columns, strict=True)}, accept
        )[0]
    if hasattr(made, "detach"):
        made = made.detach().cpu().numpy()
    if hasattr(made, "to_numpy"):
        made = made.to_numpy()
    media = accept.partition(";")[0].strip().lower()
    if media == _NPY:
        import numpy as np

        np.save(held := io.BytesIO(), np.asarray(made), allow_pickle=False)
        return held.getvalue()
    plain = made.tolist() if hasattr(made, "tolist") else made
    if media in ("application/json", "*/*", ""):
        return json.dumps(plain).encode()
    rows = plain if isinstance(plain, list) else [plain]
    if media == "application/jsonlines":
        return "".join(json.dumps(row) + "\n" for row in rows).encode()
    if media == "text/csv":
        lines = [",".join(map(str, row)) if isinstance(row, (list, tuple)) else str(row) for row in rows]
        return "".join(line + "\n" for line in lines).encode()
    raise Unsupported(f"no answer of the type {media[:60]} is written", 406)


def _response(made: Any, accept: str) -> tuple[bytes, str]:
    """Return what output_fn gave: a body, or a body and its content type."""
    if isinstance(made, (tuple, list)) and len(made) == 2 and isinstance(made[1], str):
        made, accept = made
    if isinstance(made, str):
        made = made.encode()
    if not isinstance(made, (bytes, bytearray)):
        made = written(made, accept)
    return bytes(made), accept


def _called(function: Any, *given: Any) -> Any:
    """Call a function of the contract; newer scripts take a context too, which is None here."""
    try:
        takes = [
            p
            for p in inspect.signature(function).parameters.values()
            if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) and p.default is p.empty
        ]
    except (TypeError, ValueError):
        takes = []
    return function(*given, None) if len(takes) == len(given) + 1 else function(*given)
