"""What a person reads first in a model's archive: a README of three commands, and the packages that it was made with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from assay.kernel.printable import printable

if TYPE_CHECKING:
    from assay.office.registry import PackageRecord
    from assay.office.runs import RunRecord

_README = """# {model}

Made by the run {run} of the pipeline {pipeline} on {started}; {status}{decided}.
{purpose}
Take `hallmark.pub` and `ledger.pub` from whoever you trust, not from this archive, and then:

```sh
python verify.py {file} --key hallmark.pub --log-key ledger.pub    # needs Python 3.11 and `cryptography`, nothing of Assay
assay model verify {file} --key hallmark.pub --log-key ledger.pub
assay reproduce {file}{data}
```

The first two say whether every file is the one that was examined, signed and entered in the log. The third carries every
step of the run out again in the sandbox, offline, and holds what it makes against what was made. `verify.py` needs
`verify_archive.py` beside it.

| file | what it is |
| --- | --- |
| `package/` | the model, its code, reports and card, as they were signed: `model_signing verify key package --signature model.sig --public_key hallmark.pub` |
| `model.sig`, `hallmark.intoto.json`, `decision.intoto.json` | the marks: what was examined, and what was decided |
| `rows.json`, `proofs.json`, `checkpoint` | what the office entered of the model and the run, the events that vouch for it, and their place in the signed log |
| `objects/` | the run's document, code, data and results, each under its SHA-256 |
| `requirements.txt` | Python and the packages that the run found |
| `manifest.json` | every file with its SHA-256, and what is not here |
{left}"""


def readme(record: PackageRecord, run: RunRecord, told: Mapping[str, Any]) -> bytes:
    """Return the README of an archive. told: with_data, and what is left."""
    left = told["left"]
    lines = [f"- {printable(e['what'])} (`{e['digest']}`): {e['why']}" for e in left[:200]]
    gone = "\n## Not in it\n\n" + "\n".join(lines) + "\n" if left else ""
    decided = f" by {record.decided_by} on {record.decided_at}" if record.decided_by else ""
    purpose = str(record.metadata.get("purpose") or "")
    return _README.format(
        model=f"{record.name}@{record.version}",
        run=run.id,
        pipeline=printable(run.pipeline),
        started=run.started,
        status=record.status,
        decided=printable(decided),
        purpose=f"\n{printable(purpose)}\n" if purpose else "",
        file=f"{record.name}-{record.version}.zip",
        data="" if told["with_data"] else " --data NAME=FILE",
        left=gone,
    ).encode()


def requirements(told: Mapping[str, Any]) -> bytes:
    """Return the packages that a run found, each at its version. told: environment, and the packages and wheels that scripts brought."""
    environment = told["environment"]
    lines = [
        f"# Python {environment.get('python')} on {environment.get('system')} {environment.get('machine')}",
        "# The versions that the run found; no digests of their files were recorded.",
        *(f"{name}=={version}" for name, version in sorted(environment.get("packages", {}).items())),
    ]
    if told["packages"] or told["wheels"]:
        lines.append(
            "# What scripts brought themselves lies beside them, or is asked for by their requirements.txt:"
        )
        lines += [f"# {name}=={version}" for name, version in sorted(told["packages"].items())]
        lines += [f"# {path} --hash=sha256:{digest}" for path, digest in sorted(told["wheels"].items())]
    return ("\n".join(map(printable, lines)) + "\n").encode()
