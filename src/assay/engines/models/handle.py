"""A model opened in the sandbox: a worker process that loads it, and this side of the pipe."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.engines import archives, toldspans
from assay.engines.egress.policy import Egress
from assay.engines.folders import tail
from assay.engines.isolation import Grant, Job, Level, Limits, interpreter, source, start
from assay.engines.models import wire
from assay.engines.models.asked import AskedModel, ModelError
from assay.engines.tracing import spanned
from assay.kernel.asset import Asset
from assay.kernel.errors import Broken
from assay.methods.preparing.preparation import FILE
from assay.methods.recognise.credentials import hidden

if TYPE_CHECKING:
    import pyarrow

    from assay.engines.tracing import Open, Recorder

ANSWER = 600.0
_TAIL = 600
_ASKED = {
    b"I": "load", b"P": "predict", b"B": "background", b"S": "inside", b"C": "contributions", b"N": "interactions",
    b"G": "gradients", b"F": "fit", b"W": "convert",
}  # fmt: skip
_FORMS = {
    "model.json": "xgboost-json", "model.txt": "lightgbm-text", "model.skops": "skops", "model.safetensors": "safetensors",
    "contents.json": "json",
}  # fmt: skip
_ENDED = {
    "time": "it has not answered within its time",
    "memory": "it wants more memory than it may have",
    "processes": "it starts more processes than it may",
    "disk": "it writes more than it may",
    "folders": "it changed folders that it may not",
}


class SandboxedModel(AskedModel):
    """A model whose worker runs in the sandbox. Close it, or use it as a context, to end the worker."""

    def __init__(
        self, asset: Asset, job: Job, log: Path, watching: threading.Thread, files: Path, answer: float,
        recorder: Recorder | None = None, answers: bool = True,
    ) -> None:  # fmt: skip
        """answer: seconds that it may take for an answer, of up to 50,000 rows at a time. answers: whether it must answer."""
        self.asset, self._job, self._log, self._watching = asset, job, log, watching
        self.files: Path | None = files  # a copy of it, which it can only read
        self._answer, self._recorder = answer, recorder
        self.level: Level = job.level
        self._info = self._described(self._ask(b"I", b""))
        silent = (self._info.detail or {}).get("answers_nothing")
        if answers and silent:
            raise ModelError(hidden(str(silent))[:500], where=asset.name)

    def __enter__(self) -> SandboxedModel:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def refit(
        self,
        rows: pyarrow.Table,
        label: str,
        weights: str | None,
        hyperparameters: Mapping[str, Any],
        labels: Sequence[str] = (),
    ) -> None:
        """Fit its own configuration to rows, inside; from then on what was learned from them answers.

        weights: the column of their weights. labels: further columns that are learned. ModelError where it cannot be fitted
        anew.
        """
        said = {
            "label": label,
            "labels": list(labels),
            "weights": weights,
            "hyperparameters": dict(hyperparameters),
        }
        body = wire.pack_asked(json.dumps(said), rows)
        if len(body) > wire.MAX_MESSAGE:
            raise ModelError(f"takes no more than {wire.MAX_MESSAGE >> 20} MB of rows", where=self.asset.name)
        self._info = self._described(self._told(b"F", body))  # as long as the job may run
        self.files = None  # what lies there is not what answers now

    def converted(self) -> tuple[dict[str, Any], bytes]:
        """Return it in a form without code: the name of its file, the form, the types to trust; and its bytes.

        Of what answers nothing also how many arrays and plain values it holds.

        ModelError where there is no such form, or what is said of it is not as it should be.
        """
        head, nul, raw = self._ask(b"W", b"").partition(b"\0")
        try:
            said = json.loads(head)
            counts = {n: int(said[n]) for n in ("arrays", "values") if n in said}
            good = said["name"] in _FORMS and all(isinstance(t, str) for t in said["types"]) and bool(nul)
        except (ValueError, KeyError, TypeError):
            good = False
        if not good:
            raise ModelError("says nothing of its new form that can be read", where=self.asset.name)
        return {"name": said["name"], "form": _FORMS[said["name"]], "types": said["types"]} | counts, raw

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

    def _ask(self, kind: bytes, body: bytes) -> bytes:
        late = threading.Event()

        def end() -> None:
            late.set()
            self._job.end()

        timer = threading.Timer(self._answer, end)
        timer.daemon = True
        timer.start()
        try:
            return self._told(kind, body)
        except ModelError:
            if not late.is_set():
                raise
            raise ModelError(
                f"cannot be used: it has not answered within {self._answer:g} seconds",
                where=self.asset.name,
                remedy="a model that needs longer is given it by ASSAY_ANSWER_SECONDS, or answer_seconds: in config.yaml",
            ) from None
        finally:
            timer.cancel()

    def _told(self, kind: bytes, body: bytes) -> bytes:
        with spanned(self._recorder, _ASKED.get(kind, "ask"), "client", assay__asset=self.asset.name) as span:
            said = self._answered(kind, body, span)
            if span is not None:
                span.set(assay__bytes__sent=len(body), assay__bytes__received=len(said))
        return said

    def _answered(self, kind: bytes, body: bytes, span: Open | None) -> bytes:
        try:
            wire.send(self._job.stdin, kind, body)
            answer, said = wire.receive(self._job.stdout)
            if answer == b"T":  # how long it was at what, in its own words
                if span is not None and self._recorder is not None:
                    self._recorder.told(span, toldspans.read_message(said[: 1 << 12]))
                answer, said = wire.receive(self._job.stdout)
        except (OSError, EOFError, ValueError) as error:
            self.close()
            ended = self._job.wait()
            why = _ENDED.get(ended.reason, f"{error}" or "its worker ended")
            raise ModelError(
                f"cannot be used: {why}; {self._said()}".rstrip("; "), where=self.asset.name
            ) from None
        if answer == b"E":
            raise ModelError(hidden(said.decode("utf-8", "replace"))[:500], where=self.asset.name)
        return said

    def _said(self) -> str:
        text = tail(self._log, _TAIL).decode("utf-8", "replace").strip()
        return hidden(text.splitlines()[-1])[:300] if text else ""


def open_model(
    path: Path,
    asset: Asset,
    *,
    scratch: Path,
    level: Level = "full",
    limits: Limits | None = None,
    answer: float = ANSWER,
    recorder: Recorder | None = None,
    egress: Egress | None = None,
    preparation: Path | None = None,
    answers: bool = True,
) -> SandboxedModel:
    """Open a model file, a folder or a model.tar.gz in the sandbox. Scan it first: this loads it.

    answer: seconds that loading it, and each answer of up to 50,000 rows, may take. egress: the stores that its code may reach;
    none: no network. preparation: what is done to rows first. answers: whether what answers nothing, arrays alone, is refused.

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
    if preparation is not None:
        shutil.copyfile(preparation, folder / FILE)
    log = scratch / "worker.log"
    limits = limits or Limits(memory=8 << 30, seconds=3600)
    command = "from assay.engines.models.worker import main; main()"
    env = {"PYTHONPATH": str(source()), "PYTHONDONTWRITEBYTECODE": "1"}
    grant = Grant((folder,), (), env, limits, level, egress)
    with log.open("wb") as out, spanned(recorder, "start worker", assay__isolation=level):
        argv = [str(interpreter()), "-s", "-c", command, str(folder)]
        job = start(argv, grant, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=out, log=log)
    watching = threading.Thread(target=_watch, args=(job,), daemon=True)
    watching.start()
    try:
        return SandboxedModel(asset, job, log, watching, folder, answer, recorder, answers)
    except BaseException:
        job.end()
        watching.join()
        raise


def _watch(job: Job) -> None:
    try:
        job.wait()
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
