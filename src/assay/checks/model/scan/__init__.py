"""Model files examined without loading them: what would run, what hides in archives, what cannot be read.

Recognises files by content, never by name: pickle in all its wrappings (raw, joblib, NumPy, PyTorch, inside zip,
tar, 7z, gz, bz2, xz, zstd, lz4), skops, safetensors, Keras, TensorFlow, TFLite, GGUF, ONNX, XGBoost, LightGBM, CatBoost,
MXNet, Paddle, Core ML, OpenVINO, TensorRT, Flax, R, PMML and XML, YAML, JSON, chat templates and text. A pickle is followed
opcode by opcode on a symbolic machine; each name it imports is held against an allow-list of exact names. Nothing is
ever imported or run. What is not understood to its end is a finding, never a pass.

Example: assay check model.scan registry://bookings
"""

from __future__ import annotations

from typing import Annotated

from annotated_types import Interval
from typing_extensions import Doc

from assay.kernel.errors import UsageError
from assay.kernel.handles import Tree, Work
from assay.kernel.report import Metric, Report


def check(
    tree: Tree,
    *,
    allow: Annotated[
        tuple[str, ...],
        Doc(
            "a name that pickles may import, such as mypackage.steps.Clip (module:Name.Inner for an inner one)"
        ),
    ] = (),
    depth: Annotated[int, Interval(ge=1, le=32), Doc("how deep archives may nest")] = 8,
    expand: Annotated[
        int, Interval(ge=1, le=1 << 40), Doc("how many bytes may come out of archives in all")
    ] = 4 << 30,
    members: Annotated[
        int, Interval(ge=1, le=10_000_000), Doc("how many files may come out of archives in all")
    ] = 100_000,
    ratio: Annotated[
        int,
        Interval(ge=1, le=1_000_000),
        Doc("how many times its packed size anything past 64 MiB may unpack to"),
    ] = 200,
    work: Work,
) -> Report:
    """Examine every file of ``tree``; coverage counts files, members of archives among them."""
    from assay.checks.model.scan._ground import Ground
    from assay.checks.model.scan._walk import examine_tree
    from assay.methods.pickles.names import Names

    names = Names(_pair(text) for text in allow)
    for text in allow:
        judged = names.judge(*_pair(text))
        if judged.level == "danger":
            raise UsageError(
                f"{text} cannot be allowed, because it {judged.what}", remedy="leave it out of --allow"
            )
    ground = Ground(work=work, names=names, depth=depth, room=expand, members=members, ratio=ratio)
    examine_tree(tree, ground)
    return Report.make(
        coverage=ground.coverage(),
        findings=ground.capped(),
        metrics=[
            Metric.number("files", ground.seen, unit="files"),
            Metric.number("opcodes", ground.opcodes, unit="opcodes"),
            Metric.number("bytes", ground.size, unit="bytes"),
        ],
        data={"formats": dict(sorted(ground.formats.items()))},
    )


def _pair(text: str) -> tuple[str, str]:
    module, colon, name = text.rpartition(":" if ":" in text else ".")
    if not module or not name or not colon:
        raise UsageError(f"{text!r} is not the name of something in a module", remedy="write module.Name")
    return module, name
