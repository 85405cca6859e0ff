"""The codes and words by which reasons are told in an adverse-action notice, a feature each. YAML.

``reasons:`` names features: a code and what a notice says (``{code: 14, says: Debts too high}``), or ``protected`` where
the feature may be no reason at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from assay.methods.document import only, part, read

PROTECTED = "protected"
_MOST = 200  # characters of what a notice says


@dataclass(frozen=True, slots=True)
class Notices:
    """coded: feature to (code, words); protected: features that may be no reason."""

    coded: dict[str, tuple[str, str]]
    protected: frozenset[str]


def read_notices(path: Path) -> Notices:
    """Read a file of reason codes; UsageError with file and line for what is none."""
    node = read(path, "name features under `reasons:`")
    parts = node.mapping("a file of reason codes")
    only(parts, "a file of reason codes", ("reasons",))
    coded, protected = {}, set()
    for name, said in part(parts, "reasons").items():
        if said.value == PROTECTED:
            protected.add(name)
            continue
        told = said.parts(f"the reason {name}", ("code", "says"))
        if "code" not in told:
            raise said.place.error(f"the reason {name} has no code", "write {code: 14, says: Debts too high}")
        words = told["says"].text("says") if "says" in told else ""
        if len(words) > _MOST:
            raise said.place.error(f"what {name} says is over {_MOST} characters", "say it shorter")
        code = told["code"].written or told["code"].text("code")
        coded[name] = (code[:20], words)
    return Notices(coded, frozenset(protected))
