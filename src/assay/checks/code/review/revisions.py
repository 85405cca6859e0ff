"""Models and data sets fetched without naming which version: what was reviewed is not what is run."""

from __future__ import annotations

import re
from collections.abc import Iterator

from assay.checks.code.review._spots import spot
from assay.kernel.severity import Severity
from assay.methods.review.python.program import Program
from assay.methods.review.spot import Spot

LANGUAGE = "python"
_COMMIT = re.compile(r"[0-9a-f]{40}", re.IGNORECASE)
_FETCH = (
    "datasets.load_dataset",
    "huggingface_hub.hf_hub_download",
    "huggingface_hub.snapshot_download",
    "transformers.pipeline",
)
_FROM = (
    "transformers.",
    "diffusers.",
    "sentence_transformers.",
    "peft.",
    "timm.",
    "open_clip.",
    "tokenizers.",
    "huggingface_hub.",
)
_FILES = ("csv", "json", "parquet", "text", "arrow", "imagefolder", "audiofolder", "webdataset")


def rule(program: Program) -> Iterator[Spot]:
    """Name each."""
    for call in program.calls:
        fetches = call.name in _FETCH or (call.method == "from_pretrained" and call.name.startswith(_FROM))
        if fetches and "revision" not in call.keywords and not call.spread:
            what = call.arg(
                1 if call.name == "transformers.pipeline" else 0,
                "model" if call.name == "transformers.pipeline" else "repo_id",
            )
            name = what.text if what is not None else None
            if (
                name is None
                or name.startswith((".", "/", "~"))
                or (call.name == "datasets.load_dataset" and name in _FILES)
            ):
                continue  # what is on this machine, or is not named here
            yield spot(
                program, call.node, "unpinned_revision", Severity.MEDIUM, f"{name[:80]} is fetched as it is on the day it runs.",
                "name the commit: revision='…' (40 hexadecimal digits)", "CWE-494",
            )  # fmt: skip
        elif (
            fetches
            and (text := call.keywords["revision"].text if "revision" in call.keywords else None)
            and not _COMMIT.fullmatch(text)
        ):
            yield spot(
                program, call.node, "unpinned_revision", Severity.LOW, f"the revision {text[:60]!r} is a branch or a tag, which can be moved.",
                "name the commit: 40 hexadecimal digits", "CWE-494",
            )  # fmt: skip
        elif call.name == "torch.hub.load" and not call.says("source", "local"):
            repo = call.arg(0, "repo_or_dir")
            text = repo.text if repo is not None else None
            ref = (text or "").rpartition(":")[2] if text and ":" in text else ""
            if text is not None and not _COMMIT.fullmatch(ref):
                yield spot(
                    program, call.node, "unpinned_revision", Severity.HIGH, f"torch.hub.load runs hubconf.py of {text[:80]} as it is that day.",
                    "name the commit: 'owner/repository:<commit>'", "CWE-829",
                )  # fmt: skip
