"""A model opened in the sandbox: a worker process that loads it, and this side of the pipe."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.engines import archives
from assay.engines.folders import tail
from assay.engines.isolation import Grant, Job, Level, Limits, start
from assay.engines.models import wire
from assay.kernel.asset import Asset
from assay.kernel.errors import AssayError, BadInput, Broken
from assay.kernel.handles import ModelInfo, Table

if TYPE_CHECKING:
    import pyarrow

_BATCH = 50_000
_TAIL = 600
_LONGEST = 16 << 20


class ModelError(BadInput):
    """A model that cannot be loaded or does not answer."""


class SandboxedModel:
    """Implements the kernel's Model. Close it, or use it as a context, to end its worker."""

    def __init__(self, asset: Asset, job: Job, log: Path, watching: threading.Thread) -> None:
        self.asset, self._job, self._log, self._watching = asset, job, log, watching
        self.level: Level = job.level
        self._info = self._described(self._ask(b"I", b""))

    def _described(self, said: bytes) -> ModelInfo:
        """Read what it says of itself, which untrusted code has written."""
        try:
            raw = json.loads(said) if len(said) <= _LONGEST else {}
            features, classes = raw["features"], raw["classes"]
            names = [raw["framework"], raw["format"], raw["task"], *features]
            if not isinstance(features, list) or not isinstance(classes, list):
                raise TypeError
            if not all(isinstance(n, str) and len(n) <= 1000 for n in names):
                raise TypeError
            if not all(isinstance(c, (str, int, float, bool, type(None))) for c in classes):
                raise TypeError
            detail = raw.get("detail")
            if detail is not None and not isinstance(detail, dict):
                raise TypeError
        except (ValueError, KeyError, TypeError, RecursionError):
            raise ModelError("says nothing of itself that can be read", where=self.asset.name) from None
        return ModelInfo(
            raw["framework"], raw["format"], tuple(features), tuple(classes), raw["task"], detail
        )

    def __enter__(self) -> SandboxedModel:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def info(self) -> ModelInfo:
        """Return what it says of itself."""
        return self._info

    def predict(self, data: Table | pyarrow.Table) -> pyarrow.Table:
        """Return prediction, and score or score_<class>, a row a row."""
        table = self._all(b"P", data)
        if table is None:
            raise ModelError("gives no predictions", where=self.asset.name)
        return table

    def contributions(self, data: Table | pyarrow.Table, *, of: str | None = None) -> pyarrow.Table | None:
        """Return exact SHAP values, a column a feature, ``bias`` and ``margin``; None where it has none."""
        return self._all(b"C", data, of)

    def background(self, data: pyarrow.Table) -> None:
        """Name the rows that a linear model's values are measured against."""
        self._ask(b"B", wire.pack_table(data.select(self._wanted(data.column_names)).slice(0, _BATCH)))

    def interactions(self, data: pyarrow.Table, *, of: str | None = None) -> pyarrow.Table | None:
        """Return mean |SHAP interaction values|, features × features; None where it has none."""
        given = data.select(self._wanted(data.column_names))
        answer = self._ask(b"N", wire.pack_asked(of, given))
        return self._read(answer) if answer else None

    def inside(self) -> dict[str, Any] | None:
        """Return its tree or its coefficients as JSON, which untrusted code has written; None where it has neither."""
        said = self._ask(b"S", b"")
        if not said:
            return None
        try:
            found = json.loads(said) if len(said) <= _LONGEST else None
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise ModelError("says nothing of its inside that can be read", where=self.asset.name)
        return found

    def close(self) -> None:
        """End the worker."""
        self._job.end()
        self._watching.join()
        for pipe in (self._job.process.stdin, self._job.process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    continue

    def _all(self, kind: bytes, data: Table | pyarrow.Table, of: str | None = None) -> pyarrow.Table | None:
        import pyarrow as pa

        parts = []
        for batch in self._batches(data):
            answer = self._ask(kind, wire.pack_asked(of, batch) if kind == b"C" else wire.pack_table(batch))
            if not answer:
                return None
            parts.append(self._checked(answer, batch.num_rows))
        try:
            return pa.concat_tables(parts, promote_options="permissive")
        except pa.ArrowException as error:
            raise ModelError(f"answers unlike columns ({str(error)[:100]})", where=self.asset.name) from None

    def _checked(self, answer: bytes, rows: int) -> pyarrow.Table:
        table = self._read(answer)
        if table.num_rows != rows:
            raise ModelError(f"answered {table.num_rows} rows for {rows}", where=self.asset.name)
        return table

    def _read(self, answer: bytes) -> pyarrow.Table:
        """What comes back was made by untrusted code."""
        try:
            return wire.unpack_answer(answer)
        except ValueError as error:
            raise ModelError(
                f"answered what is no table of plain columns: {error}", where=self.asset.name
            ) from None

    def _batches(self, data: Table | pyarrow.Table) -> Iterator[pyarrow.Table]:
        import pyarrow as pa

        if isinstance(data, pa.Table):
            wanted = self._wanted(data.column_names)
            for start_ in range(0, max(data.num_rows, 1), _BATCH):
                yield data.slice(start_, _BATCH).select(wanted)
            return
        wanted = self._wanted([c.name for c in data.columns])
        found = False
        for batch in data.batches(wanted, _BATCH):
            found = True
            yield pa.Table.from_batches([batch])
        if not found:
            yield data.arrow(wanted, limit=0)

    def _wanted(self, columns: Sequence[str]) -> list[str]:
        features = self._info.features
        if not features:
            return list(columns)
        missing = [f for f in features if f not in columns]
        if missing:
            some = ", ".join(missing[:5]) + (" …" if len(missing) > 5 else "")
            raise ModelError(f"wants columns that the data does not have: {some}", where=self.asset.name)
        return list(features)

    def _ask(self, kind: bytes, body: bytes) -> bytes:
        try:
            wire.send(self._job.stdin, kind, body)
            answer, said = wire.receive(self._job.stdout)
        except (OSError, EOFError, ValueError) as error:
            self.close()
            ended = self._job.wait()
            why = (
                ended.reason if ended.reason not in ("exit", "stopped") else f"{error}" or "its worker ended"
            )
            raise ModelError(
                f"cannot be used: {why}; {self._said()}".rstrip("; "), where=self.asset.name
            ) from None
        if answer == b"E":
            raise ModelError(said.decode("utf-8", "replace")[:500], where=self.asset.name)
        return said

    def _said(self) -> str:
        text = tail(self._log, _TAIL).decode("utf-8", "replace").strip()
        return text.splitlines()[-1][:300] if text else ""


def open_model(
    path: Path,
    asset: Asset,
    *,
    scratch: Path,
    level: Level = "full",
    limits: Limits | None = None,
) -> SandboxedModel:
    """Open a model file, a folder or a model.tar.gz in the sandbox. Scan it first: this loads it.

    ModelError when it cannot be loaded; Refused where the isolation demanded cannot be had.
    """
    folder = scratch / "model"
    if path.is_dir():
        shutil.copytree(path, folder, symlinks=True)
    elif _is_tar(path):
        archives.unpack(path, folder)
    else:
        folder.mkdir()
        suffix = f".{asset.format}" if asset.format else ""
        shutil.copyfile(path, folder / f"model{suffix}")
    log = scratch / "worker.log"
    limits = limits or Limits(memory=8 << 30, seconds=3600)
    command = "from assay.engines.models.worker import main; main()"
    env = {"PYTHONPATH": str(Path(__file__).parents[3]), "PYTHONDONTWRITEBYTECODE": "1"}
    grant = Grant((folder,), (), env, limits, level)
    with log.open("wb") as out:
        argv = [sys.executable, "-s", "-c", command, str(folder)]
        job = start(argv, grant, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=out, log=log)
    watching = threading.Thread(target=_watch, args=(job,), daemon=True)
    watching.start()
    try:
        return SandboxedModel(asset, job, log, watching)
    except BaseException:
        job.end()
        watching.join()
        raise


def _watch(job: Job) -> None:
    try:
        job.wait()
    except AssayError:
        raise
    except OSError as error:
        raise Broken(f"a model's worker could not be watched: {error}") from error


def _is_tar(path: Path) -> bool:
    with path.open("rb") as content:
        head = content.read(512)
    return (
        head[:2] == b"\x1f\x8b"
        or head[257:262] == b"ustar"
        or head[:3] == b"BZh"
        or head[:6] == b"\xfd7zXZ\x00"
    )
