"""Hold names and addresses inside running text against the labelled sentences, beside Presidio.

The sentences (tests/labelled/prose) are in eight languages, a third of them with capitals that name nobody. The held-out half
was written before the recogniser, and draws Faker's people. A name is right where both its ends are (titles left off for
either tool); beside it stands the share that overlaps. An address is right where it overlaps. Presidio's model of spaCy is
English, so that English stands by itself; its patterns know no names and no addresses.

    python benchmarks/prose.py
"""

from __future__ import annotations

import platform
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from pii import PEERS, asked

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from labelled import prose
from labelled.measure import Score, entities
from labelled.prose import Sentence

Spans = dict[str, dict[str, list[tuple[int, int]]]]  # text -> kind -> places


def ours(sentences: Iterable[Sentence]) -> Spans:
    """Return what Assay finds."""
    from assay.methods.recognise.forms import PROSE

    return {s.text: {form.type: list(form.spans(s.text)) for form in PROSE} for s in sentences}


def presidio(name: str, sentences: list[Sentence]) -> Spans:
    """Return what Presidio finds: PERSON as names, LOCATION as addresses."""
    texts = [s.text for s in sentences]
    out: Spans = {}
    for text, found in zip(texts, asked(PEERS[name], texts)["found"], strict=True):
        kinds = {"PERSON": "name", "LOCATION": "address"}
        out[text] = {"name": [], "address": []}
        for entity, start, stop in found:
            if entity in kinds:
                out[text][kinds[entity]].append((start, stop))
    return out


def shown(score: Score) -> str:
    """Return a score as three columns."""
    return f"{score.precision:10.3f}{score.recall:8.3f}{score.f1:8.3f}"


def main() -> None:
    """Measure and print."""
    print(f"{platform.platform()}, Python {platform.python_version()}")
    print(f"  {'':46}{'precision':>10}{'recall':>8}{'F1':>8}")
    for title, sentences in (("looked at", prose.looked_at()), ("held out", prose.held_out())):
        plain = sum(not s.spans for s in sentences)
        print(f"\n{title}: {len(sentences)} sentences ({plain} that hold none)")
        for tool in ("assay", "presidio, with spaCy"):
            said = ours(sentences) if tool == "assay" else presidio(tool, sentences)
            for group in ("all", "en", *(prose.LANGUAGES[1:] if tool == "assay" else ())):
                these = [s for s in sentences if group in ("all", s.language)]
                rows = (
                    [("name", True), ("name", False), ("address", False)]
                    if group in ("all", "en")
                    else [("name", True)]
                )
                for kind, exact in rows:
                    score = entities(these, lambda s, k=kind, t=said: t[s.text][k], kind, exact=exact)
                    how = "" if exact or kind == "address" else ", overlapping"
                    print(f"  {tool:22}{group:5}{kind + how:19}{shown(score)}")
    texts = [s.text for s in prose.held_out()] * 5
    ours(prose.held_out())
    began = time.process_time()
    ours([Sentence("", t, ()) for t in texts])
    print(
        f"\n  assay reads a sentence in {(time.process_time() - began) / len(texts) * 1e6:.0f} microseconds of processor"
    )


if __name__ == "__main__":
    from peers import told

    told(__doc__)
    main()
