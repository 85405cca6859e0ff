"""Time the log: appends beside a plain SQLite insert, proofs, logs taken in, and queries beside DuckDB on the raw JSON;
and what a run logs of itself beside MLflow's tracking calls.

    python benchmarks/provenance.py             200,000 events, and 200 MB of CloudTrail
    python benchmarks/provenance.py 0.1         a tenth of it

The plain insert is a table (seq, text) with the same bytes, the same batches and the same durability (WAL, FULL): of one
text, made beforehand, and of each event as json.dumps writes it. They take turns, each with a database of its own, and all
batches of one are held against all of another, so that what SQLite does now and then (its checkpoints) counts. Elsewhere the
median of the ratios of pairs is told. MB are of unpacked JSON.
"""

from __future__ import annotations

import gzip
import json
import random
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from assay.engines.keys import FileKeyring
from assay.office import ledger
from assay.office.office import Office
from assay.works.call import call
from assay.works.home import Home
from peers import Peer

BATCH = 1000


def spent() -> float:
    """Return seconds of the processor, of this process and those it began."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def record(lot: random.Random, number: int) -> dict[str, object]:
    """Return a CloudTrail record of about 1.2 KB."""
    user = f"user{lot.randrange(200)}"
    when = datetime(2026, 1, 1) + timedelta(seconds=number * 7)
    return {
        "eventVersion": "1.08",
        "userIdentity": {
            "type": "AssumedRole", "principalId": f"AROA{lot.randrange(10**10):016d}:{user}",
            "arn": f"arn:aws:sts::123456789012:assumed-role/analyst/{user}", "accountId": "123456789012",
            "accessKeyId": f"ASIA{lot.randrange(10**12):016d}",
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role", "principalId": "AROAEXAMPLE", "arn": "arn:aws:iam::123456789012:role/analyst",
                    "accountId": "123456789012", "userName": "analyst",
                },
                "attributes": {"creationDate": "2026-01-01T00:00:00Z", "mfaAuthenticated": "false"},
            },
        },
        "eventTime": when.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": lot.choice(["s3.amazonaws.com", "sagemaker.amazonaws.com", "iam.amazonaws.com"]),
        "eventName": lot.choice(["GetObject", "CreateModel", "ListUsers", "AssumeRole"]), "awsRegion": "eu-central-1",
        "sourceIPAddress": f"203.0.113.{lot.randrange(255)}", "userAgent": "aws-cli/2.15.0 Python/3.11.6 Linux/5.10",
        "requestParameters": {"bucketName": "training-data", "key": f"a/{lot.randrange(10**9)}.parquet"},
        "responseElements": None,
        "additionalEventData": {"SignatureVersion": "SigV4", "bytesTransferredOut": lot.randrange(10**6)},
        "requestID": uuid.UUID(int=lot.getrandbits(128)).hex, "eventID": str(uuid.UUID(int=lot.getrandbits(128))),
        "readOnly": True, "resources": [{"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::training-data/x"}],
        "eventType": "AwsApiCall", "managementEvent": False, "recipientAccountId": "123456789012", "eventCategory": "Data",
    }  # fmt: skip


def appends(place: Path, events: int) -> None:
    """Append in batches, beside the plain insert of the same texts."""
    office = Office.open(
        f"sqlite:///{place / 'office.db'}", keyring=FileKeyring(place / "keys"), checkpoints=place / "checkpoints",
        clock=lambda: "2026-01-01T00:00:00.000Z", origin="assay/bench",
    )  # fmt: skip
    plain = [_plain(place / f"plain{number}.db") for number in range(len(WAYS))]
    start = 0
    for batch, share in ((BATCH, 0.25), (10 * BATCH, 0.75)):
        end = start + max(batch, int(events * share) // batch * batch)
        _pairs(office, plain, range(start, end, batch), batch)
        start = end
    times = []
    for seq in range(0, start, max(1, start // 200)):
        began = time.perf_counter()
        proof = ledger.prove(office, seq)
        times.append(time.perf_counter() - began)
        assert ledger.verify_proof(proof, office.keyring.public_pem("ledger"))
    print(f"| prove one of {start:,}, ms | {statistics.median(times) * 1000:.2f} |")
    office.close()
    for connection in plain:
        connection.close()


def _plain(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("CREATE TABLE events (seq INTEGER PRIMARY KEY, leaf TEXT NOT NULL)")
    return connection


def _event(seq: int) -> dict[str, object]:
    return {
        "action": "request", "actor": "ada", "detail": {"rows": seq, "status": 200}, "inputs": {}, "outcome": "done", "rows": {},
        "schema": "assay.event/1", "seq": seq, "subject": f"endpoint/{seq}", "time": "2026-01-01T00:00:00.000Z",
    }  # fmt: skip


_TEXT = json.dumps(_event(123456), separators=(",", ":"))
WAYS: dict[str, Callable[[int], str]] = {
    "a text that is there": lambda _seq: _TEXT,
    "the event, by json.dumps": lambda seq: json.dumps(_event(seq), sort_keys=True, separators=(",", ":")),
}


def _pairs(office: Office, plain: list[sqlite3.Connection], starts: range, batch: int) -> None:
    """Append and insert a batch each, taking turns, and tell how long all batches took of each."""
    times: dict[str, list[tuple[float, float]]] = {way: [] for way in ("ours", *WAYS)}
    for start in starts:
        began, used = time.perf_counter(), time.process_time()
        with office.transaction() as tx:
            for n in range(start, start + batch):
                tx.record("request", f"endpoint/{n}", actor="ada", detail={"status": 200, "rows": n})
        times["ours"].append((time.perf_counter() - began, time.process_time() - used))
        for connection, (way, text) in zip(plain, WAYS.items(), strict=True):
            began, used = time.perf_counter(), time.process_time()
            connection.execute("BEGIN IMMEDIATE")
            rows = ((n, text(n)) for n in range(start, start + batch))
            connection.executemany("INSERT INTO events VALUES (?, ?)", rows)
            connection.execute("COMMIT")
            times[way].append((time.perf_counter() - began, time.process_time() - used))
    clock = statistics.median(t for t, _ in times["ours"])
    print(f"| append in batches of {batch:,}, events a second | {batch / clock:,.0f} |")
    total = {way: [sum(part) for part in zip(*taken, strict=True)] for way, taken in times.items()}
    for way in WAYS:
        ratios = [ours / theirs for ours, theirs in zip(total["ours"], total[way], strict=True)]
        print(f"| times a plain insert of {way}, clock / processor | {ratios[0]:.1f} / {ratios[1]:.1f} |")


QUERIES = {
    "who did what, how often": (
        "SELECT identity_arn, event_name, count(*) AS n FROM cloudtrail GROUP BY ALL ORDER BY n DESC LIMIT 10",
        "SELECT r->>'$.userIdentity.arn' AS a, r->>'$.eventName' AS e, count(*) AS n FROM raw GROUP BY ALL ORDER BY n DESC LIMIT 10",
    ),
    "one hour of one day": (
        "SELECT count(*) FROM cloudtrail WHERE time >= '2026-01-03 10:00:00Z' AND time < '2026-01-03 11:00:00Z'",
        "SELECT count(*) FROM raw WHERE (r->>'$.eventTime') >= '2026-01-03T10:00:00Z' AND (r->>'$.eventTime') < '2026-01-03T11:00:00Z'",
    ),
}  # fmt: skip


def logs(place: Path, files: int) -> None:
    """Take CloudTrail in, packed and not, and ask it beside DuckDB on the same files."""
    import duckdb

    lot, number, size = random.Random(1), 0, 0
    (place / "plain").mkdir()
    (place / "packed").mkdir()
    for f in range(files):
        records = [record(lot, number + n) for n in range(6000)]
        number += len(records)
        data = json.dumps({"Records": records}, separators=(",", ":")).encode()
        size += len(data)
        (place / "plain" / f"{f:03d}.json").write_bytes(data)
        (place / "packed" / f"{f:03d}.json.gz").write_bytes(gzip.compress(data, 6))
    home = None
    for kind in ("plain", "packed"):
        home = Home.create(place / f"home-{kind}", {"ASSAY_ACTOR": "ada"})
        began, used = time.perf_counter(), spent()
        done = call("log.import", {"places": [str(place / kind)]}, home=home)["imports"][0]
        assert done["rows"] == number and not done["bad"]
        clock, processor = size / 1e6 / (time.perf_counter() - began), size / 1e6 / (spent() - used)
        print(
            f"| take in {size / 1e6:.0f} MB of CloudTrail, {kind}: MB/s by the clock / a second of processor | {clock:.0f} / {processor:.0f} |"
        )
    assert home is not None
    names = ", ".join(f"'{p}'" for p in sorted((place / "plain").glob("*.json")))
    view = f"CREATE VIEW raw AS SELECT unnest(Records) AS r FROM read_json([{names}], columns = {{Records: 'JSON[]'}}, maximum_object_size = 100000000, format = 'newline_delimited')"
    for title, (sql, raw) in QUERIES.items():
        ours, theirs, inside = [], [], []
        for _ in range(5):
            began = time.perf_counter()
            answer = call("log.query", {"sql": sql}, home=home)["rows"]
            ours.append(time.perf_counter() - began)
            began = time.perf_counter()
            with duckdb.connect() as con:
                con.execute("SET threads = 2")
                con.execute(view)
                same = con.execute(raw).fetchall()
            theirs.append(time.perf_counter() - began)
            assert len(same) == len(answer) and same[0][-1] == answer[0][-1]
            inside.append(_inside(home, sql))
        ratio = statistics.median(b / a for a, b in zip(ours, theirs, strict=True))
        alone = statistics.median(b / a for a, b in zip(inside, theirs, strict=True))
        print(
            f"| {title}: s, raw JSON s, times as fast | {statistics.median(ours):.2f}, {statistics.median(theirs):.2f}, {ratio:.1f} |"
        )
        print(
            f"| {title}: the same without the process that bounds it | {statistics.median(inside):.3f}, {alone:.0f} |"
        )
    home.close()


def _inside(home: Home, sql: str) -> float:
    """Return the seconds that the query itself takes over the view, in this process."""
    import duckdb

    from assay.methods.logs.sniff import SOURCES
    from assay.works.logs import views

    files = sorted(str(p) for p in (home.root / "logs" / "cloudtrail").glob("day=*/*.parquet"))
    with duckdb.connect() as con:
        con.execute("SET threads = 2")
        con.execute(f"CREATE VIEW cloudtrail AS {views.of_source(SOURCES['cloudtrail'], files)}")
        began = time.perf_counter()
        con.execute(sql).to_arrow_table() if hasattr(
            duckdb.DuckDBPyConnection, "to_arrow_table"
        ) else con.execute(sql).fetch_arrow_table()
        return time.perf_counter() - began


MLFLOW = Peer(
    "mlflow",
    """
import json, sys, tempfile, time, logging
logging.disable(logging.INFO)
import mlflow
kind, calls = sys.argv[1], int(sys.argv[2])
mlflow.set_tracking_uri("sqlite:///" + tempfile.mkdtemp(dir=sys.argv[3]) + "/mlflow.db")
with mlflow.start_run():
    mlflow.log_metric("warm", 0.0)
    began, used = time.perf_counter(), time.process_time()
    for n in range(calls):
        mlflow.log_metric("loss", 1 / (n + 1), step=n) if kind == "metric" else mlflow.log_param(f"p{n}", n)
    print(json.dumps([time.perf_counter() - began, time.process_time() - used]))
""",
    packages=("mlflow-skinny>=3,<4", "sqlalchemy", "alembic"),
    environment="mlflow",
)
OURS = """
import json, sys, tempfile, time
import assay
from assay.works.home import Home
kind, calls, folder, durable = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4] == "durable"
home = tempfile.mkdtemp(dir=folder)
Home.create(__import__("pathlib").Path(home), {}).close()
with assay.run("bench", home=home, durable=durable) as run:
    run.metric("warm", 0.0)
    began, used = time.perf_counter(), time.process_time()
    for n in range(calls):
        run.metric("loss", 1 / (n + 1), step=n) if kind == "metric" else run.param(f"p{n}", n)
    run.flush()
    print(json.dumps([time.perf_counter() - began, time.process_time() - used]))
"""


def tracking(place: Path, calls: int) -> None:
    """Log metrics and parameters one by one: MLflow commits each to its SQLite store (FULL), and so is each of ours on disk."""
    print(f"| MLflow | {MLFLOW.version()} |")
    for kind in ("metric", "param"):
        ratios, processor, rates = [], [], []
        for _ in range(5):
            theirs = _logged([MLFLOW.python(), "-c", MLFLOW.script, kind, str(calls), str(place)])
            ours = _logged([sys.executable, "-c", OURS, kind, str(calls), str(place), "durable"])
            ratios.append(theirs[0] / ours[0])
            processor.append(theirs[1] / max(ours[1], 1e-9))
            rates.append((calls / ours[0], calls / theirs[0]))
        mine, other = (statistics.median(r[i] for r in rates) for i in (0, 1))
        print(
            f"| log_{kind}, each on disk when it returns: ours a second, MLflow's, times by the clock / the processor "
            f"| {mine:,.0f}, {other:,.0f}, {statistics.median(ratios):.1f} / {statistics.median(processor):.0f} |"
        )
    quick = [
        _logged([sys.executable, "-c", OURS, "metric", str(calls * 100), str(place), "soon"])
        for _ in range(3)
    ]
    rate = statistics.median(calls * 100 / q[0] for q in quick)
    print(f"| log_metric, on disk within a second: ours a second | {rate:,.0f} |")


def _logged(command: list[str]) -> tuple[float, float]:
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    clock, processor = json.loads(done.stdout.splitlines()[-1])
    return clock, processor


def main(part: float = 1.0) -> None:
    """Print the figures."""
    print("| what | measured |\n|---|---:|")
    with tempfile.TemporaryDirectory() as folder:
        appends(Path(folder), max(BATCH, int(200_000 * part) // BATCH * BATCH))
    with tempfile.TemporaryDirectory() as folder:
        tracking(Path(folder), max(100, int(1_000 * part)))
    with tempfile.TemporaryDirectory() as folder:
        logs(Path(folder), max(2, int(26 * part)))


if __name__ == "__main__":
    from peers import told

    told(__doc__)
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0)
