"""Count how many distinct values a second each way of masking hides, beside libffx and presidio-anonymizer.

Each contestant runs in a process of its own, the peers in environments under benchmarks/.envs, made with pip on first use.
Figures are values a second of one processor's time (not of the wall's, so that a busy machine says the same), the median of
the runs; every value is another one, which is the worst case for Assay: a value that comes again in a batch costs nothing.

    python benchmarks/masking.py
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess

from peers import Peer

RUNS = 3

COMMON = """
import json, sys, time
def rate(count, work):
    began = time.process_time()
    work()
    return count / (time.process_time() - began)
cards = [f"{4 * 10**15 + k * 999_983 % 10**15:016d}" for k in range(200_000)]
mails = [f"user{k}@mail.example" for k in range(200_000)]
notes = [f"order {k} is paid, ask user{k}@mail.example or Peter Falk" for k in range(20_000)]
"""
ASSAY = (
    COMMON
    + """
from assay.methods.masking.digest import Digest
from assay.methods.masking.fpe import FormatCipher
from assay.methods.masking.partial import email
from assay.methods.masking.redact import Redacted, label
from assay.methods.masking.shape import ALPHABETS
from assay.methods.masking.token import Tokens
from assay.methods.recognise.forms import FORMS
key = bytes(range(64))
cipher, tokens, digest = FormatCipher(key[:32], ALPHABETS["digits"]), Tokens(key), Digest(key)
redacted = Redacted(FORMS, {k: label(k) for k in [*(f.type for f in FORMS), "name"]}, people=True)
cipher.encrypt(cards[:10]); redacted(notes[:10]); tokens.make(mails[:1])
def batches(values, work):
    return lambda: [work(values[k:k + 65_536]) for k in range(0, len(values), 65_536)]
print(json.dumps({
    "FF1, cards of 16 digits": rate(len(cards), batches(cards, cipher.encrypt)),
    "turned back with the key": rate(len(mails), batches(mails, tokens.make)),
    "keyed digest": rate(len(mails), batches(mails, digest)),
    "partial": rate(len(mails), lambda: [email(m) for m in mails]),
    "found and replaced in text": rate(len(notes), lambda: redacted(notes)),
}))
"""
)
LIBFFX = (
    COMMON
    + """
from ffx import FF1
cipher = FF1(bytes(range(32)), radix=10)
some = cards[:5_000]
print(json.dumps({"FF1, cards of 16 digits": rate(len(some), lambda: [cipher.encrypt(c, tweak=b"") for c in some])}))
"""
)
PRESIDIO = (
    COMMON
    + """
from presidio_anonymizer import AnonymizerEngine
from presidio_anonymizer.entities import OperatorConfig, RecognizerResult
engine = AnonymizerEngine()
some = mails[:5_000]
def anonymised(operator, parameters):
    how = {"DEFAULT": OperatorConfig(operator, parameters)}
    return lambda: [engine.anonymize(m, [RecognizerResult("EMAIL", 0, len(m), 1.0)], how) for m in some]
mask = {"masking_char": "*", "chars_to_mask": 8, "from_end": False}
print(json.dumps({
    "turned back with the key": rate(len(some), anonymised("encrypt", {"key": "0123456789abcdef"})),
    "keyed digest": rate(len(some), anonymised("hash", {"hash_type": "sha256"})),
    "partial": rate(len(some), anonymised("mask", mask)),
}))
"""
)
PEERS = (
    Peer("assay", ASSAY),
    Peer("libffx", LIBFFX, (), ("libffx",), "libffx"),
    Peer("presidio-anonymizer", PRESIDIO, (), ("presidio-anonymizer",), "presidio-anonymizer"),
)


def measured(peer: Peer) -> dict[str, float]:
    """Return the median rate of each task of a peer's script."""
    runs = []
    for _ in range(RUNS):
        done = subprocess.run([peer.python(), "-c", peer.script], capture_output=True, text=True, check=True)
        runs.append(json.loads(done.stdout))
    return {task: statistics.median(r[task] for r in runs) for task in runs[0]}


def main() -> None:
    """Measure and print."""
    cores = len(os.sched_getaffinity(0))
    print(f"{platform.platform()}, Python {platform.python_version()}, {cores} cores, runs: {RUNS}\n")
    print("values a second of processor time")
    ours: dict[str, float] = {}
    for peer in PEERS:
        rates = measured(peer)
        ours = ours or rates
        for task, rate in rates.items():
            ratio = "" if rates is ours else f"   assay is {ours[task] / rate:,.1f} x"
            print(f"  {peer.name:20} {peer.version():8} {task:28} {rate:12,.0f}{ratio}", flush=True)


if __name__ == "__main__":
    from peers import told

    told(__doc__)
    main()
