"""The reader of documents inside the sandbox: takes a list of files, writes what is in each as a file of JSON lines.

Its arguments are LIST and OUT. Each line of LIST is a JSON list: number, name, path. OUT/NUMBER.jsonl holds a line a part, and at its end {"end": reason},
where the reason is empty if all was read. A document that takes longer than its seconds is ended by an alarm.
"""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from typing import Any, NoReturn

from assay.engines.documents.bounds import BYTES, SECONDS, Room, TooMuch
from assay.engines.documents.reading import parts


class _Late(BaseException):
    """The alarm rang. Not an Exception, so that no reader takes it for a fault of the file."""


def _ring(*_: Any) -> NoReturn:
    raise _Late


def read(path: Path, name: str, out: Path) -> None:
    """Read one document into ``out``, renamed there once it is whole."""
    partial = out.with_suffix(".part")
    with partial.open("w", encoding="utf-8") as lines:
        reason = ""
        signal.setitimer(signal.ITIMER_REAL, SECONDS)
        try:
            with path.open("rb") as opened:
                raw = opened.read(BYTES + 1)
            if len(raw) > BYTES:
                raise ValueError(f"it is larger than {BYTES >> 20} MiB")
            for part in parts(raw, name, Room()):
                lines.write(json.dumps(part.to_dict()) + "\n")
        except (ValueError, TooMuch, OSError) as error:
            reason = str(error) or type(error).__name__
        except RecursionError:
            reason = "it nests too deep"
        except _Late:
            reason = f"it took longer than {SECONDS} s"
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 - a hostile file finds what no reader foresaw; that is its reason
            reason = f"it cannot be read: {type(error).__name__}: {str(error)[:120]}"
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        lines.write(json.dumps({"end": reason}) + "\n")
    partial.rename(out)


def main() -> None:
    """Read every document of the list."""
    listed, out = Path(sys.argv[1]), Path(sys.argv[2])
    signal.signal(signal.SIGALRM, _ring)
    for line in listed.read_text(encoding="utf-8").splitlines():
        number, name, path = json.loads(line)
        read(Path(path), name, out / f"{number}.jsonl")


if __name__ == "__main__":
    main()
