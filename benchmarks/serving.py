"""Time an endpoint beside mlflow models serve, BentoML and a bare FastAPI application: the same model, the same rows.

    python benchmarks/serving.py            three rounds of 5 s at 32 connections
    python benchmarks/serving.py 5 10 64    five rounds of 10 s at 64

The model is XGBoost's, of the bookings example with its categories as numbers, so that each server is given what it reads
best: a matrix of 29 numbers. Each server has two processes that work: Assay one gateway and one replica in the sandbox, the
others two workers. wrk asks (apt install wrk), the servers taking turns, over 500 rows, one a request, and one row is compared first. Beside requests a
second and latencies stand microseconds of processor a request, of all of a server's processes, which other work on the
machine disturbs least.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import textwrap
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from peers import HERE, Peer

BOOKINGS = HERE.parent / "src/assay/examples/bookings/bookings.csv.gz"
ASSAY = Path(sys.executable).with_name("assay")
LEFT_OUT = [
    "row_id",
    "name",
    "email",
    "phone_number",
    "credit_card",
    "reservation_status",
    "reservation_status_date",
]
_WAIT = 120.0
_ROWS = 500  # that are asked about in turn, one a request
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

# wrk's: each request is about the next row, made once before the first
_TURNS = """
local made, turn = {}, 0
init = function() for i, body in ipairs(bodies) do made[i] = wrk.format(nil, nil, nil, body) end end
request = function() turn = turn % #made + 1; return made[turn] end
"""

TRAIN = """
    import os
    from pathlib import Path
    import pandas as pd
    import xgboost as xgb

    frame = pd.concat([pd.read_csv(p) for p in sorted(Path(os.environ["SM_CHANNEL_TRAIN"]).glob("*.csv"))])
    label = frame.pop("is_canceled")
    model = xgb.XGBClassifier(n_estimators=120, max_depth=6, learning_rate=0.1, tree_method="hist", n_jobs=1, random_state=7)
    model.fit(frame.astype("float64"), label)
    model.get_booster().save_model(Path(os.environ["SM_MODEL_DIR"], "model.json"))
"""
PIPELINE = """
    name: served
    data:
      rows: {source: rows.csv}
    settings: {isolation: partial}
    steps:
      model: {train: train.py, of: {train: rows}, isolation: partial}
      scan: {check: model.scan, of: model, gate: high}
      validate: {check: model.validate, of: model, data: rows, label: is_canceled, gate: none}
      register: {do: model.register, of: model, as: served, owner: benchmarks, purpose: to be timed}
"""
FASTAPI = """
    import numpy as np
    import xgboost as xgb
    from fastapi import FastAPI, Request
    from fastapi.responses import JSONResponse

    booster = xgb.Booster()
    booster.load_model("model.json")
    booster.set_param({"nthread": 1})
    app = FastAPI()

    @app.post("/invocations")
    async def invocations(request: Request):
        body = await request.json()
        rows = np.asarray(body["instances"], dtype=np.float64)
        return JSONResponse({"predictions": booster.inplace_predict(rows, validate_features=False).tolist()})
"""
BENTOML = """
    import bentoml
    import numpy as np
    import xgboost as xgb

    @bentoml.service(workers=2, traffic={"timeout": 60}, metrics={"enabled": False})
    class Bookings:
        def __init__(self) -> None:
            self.booster = xgb.Booster()
            self.booster.load_model("model.json")
            self.booster.set_param({"nthread": 1})

        @bentoml.api(route="/invocations")
        def invocations(self, instances: np.ndarray) -> np.ndarray:
            return self.booster.inplace_predict(instances, validate_features=False)
"""
MLFLOW = """
    import mlflow.xgboost
    import xgboost as xgb

    booster = xgb.Booster()
    booster.load_model("model.json")
    booster.set_param({"nthread": 1})
    mlflow.xgboost.save_model(booster, "mlflow-model")
"""


@dataclass
class Measured:
    """What one round of one server gave. processor: microseconds a request."""

    a_second: float
    p50: float
    p99: float
    processor: float
    failed: int


@dataclass
class Server:
    """A server: how it is started, and how it is asked."""

    name: str
    start: Callable[[int], list[str]]
    bodies: list[bytes]
    path: str = "/invocations"
    headers: dict[str, str] = field(default_factory=dict)
    folder: Path = HERE
    environment: dict[str, str] = field(default_factory=dict)
    rounds: list[Measured] = field(default_factory=list)


def rows() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the bookings with numbers for categories, and the same without the label."""
    frame = pd.read_csv(BOOKINGS).drop(columns=LEFT_OUT, errors="ignore").dropna()
    for name in frame.columns:
        if not pd.api.types.is_numeric_dtype(frame[name]):
            frame[name] = frame[name].astype("category").cat.codes
        frame[name] = frame[name].astype(float)
    return frame, frame.drop(columns="is_canceled")


def assay(folder: Path, *words: str) -> str:
    done = subprocess.run(
        [str(ASSAY), *words], cwd=folder, capture_output=True, text=True, env=_environment()
    )
    if done.returncode:
        raise SystemExit(f"assay {' '.join(words)}: {done.stdout[-600:]} {done.stderr[-600:]}")
    return done.stdout


def _environment() -> dict[str, str]:
    kept = {
        k: v for k, v in os.environ.items() if not k.startswith("ASSAY_") and k != "PYTHONDONTWRITEBYTECODE"
    }
    return {**kept, **_ONE_THREAD, "ASSAY_ACTOR": "benchmarks"}


def made(folder: Path, frame: pd.DataFrame) -> str:
    """Make a home with the model trained, approved and deployed twice; return a token."""
    frame.to_csv(folder / "rows.csv", index=False)
    (folder / "train.py").write_text(textwrap.dedent(TRAIN))
    (folder / "assay.yaml").write_text(textwrap.dedent(PIPELINE))
    assay(folder, "init", ".")
    (folder / "assay.yaml").write_text(textwrap.dedent(PIPELINE))
    assay(folder, "run")
    assay(folder, "model", "approve", "served@1", "--reason", "to be timed")
    bare = ("--auth", "none", "--schema", "off", "--firewall", "off")
    assay(folder, "endpoint", "create", "bare", "--model", "served@1", *bare)
    guarded = ("--auth", "token", "--schema", "block", "--capture", "100", "--firewall", _firewall())
    assay(folder, "endpoint", "create", "guarded", "--model", "served@1", *guarded)
    told = json.loads(assay(folder, "token", "create", "wrk", "--endpoint", "*", "--format", "json"))
    return str(told["token"])


def _firewall() -> str:
    """Whether the firewall can be had; what is measured without it says so."""
    from assay.engines.firewall.firewall import standing

    state, said = standing()
    print(f"firewall: {said}", flush=True)
    return "block" if state == "ok" else "off"


@contextmanager
def running(server: Server, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until the end of the block; SystemExit where it does not answer."""
    log = (server.folder / f"{re.sub(r'[^a-z]', '', server.name.lower())}.log").open("wb")
    process = subprocess.Popen(
        server.start(port), cwd=server.folder, stdout=log, stderr=log, start_new_session=True,
        env={**_environment(), **server.environment},
    )  # fmt: skip
    try:
        until = time.monotonic() + _WAIT
        while True:
            try:
                ask(server, port)
                break
            except (OSError, ValueError) as error:
                if process.poll() is not None or time.monotonic() > until:
                    raise SystemExit(
                        f"{server.name} does not answer ({error}): {Path(log.name).read_text()[-800:]}"
                    ) from None
                time.sleep(0.2)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        log.close()


def ask(server: Server, port: int) -> float:
    """Return the score that a server answers about the row."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{server.path}",
        server.bodies[0],
        {"content-type": "application/json", **server.headers},
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        said = json.loads(answer.read())
    found = said.get("predictions", said) if isinstance(said, dict) else said
    first = found[0]
    return float(first["score"] if isinstance(first, dict) else first)


def measured(
    server: Server, port: int, process: int, seconds: int, connections: int, script: Path
) -> Measured:
    """Ask a running server as fast as it answers."""
    headers = "".join(
        f'wrk.headers["{k}"] = "{v}"\n'
        for k, v in {"content-type": "application/json", **server.headers}.items()
    )
    bodies = ",\n".join(f"'{body.decode()}'" for body in server.bodies)
    script.write_text(f'wrk.method = "POST"\n{headers}local bodies = {{{bodies}}}\n{_TURNS}')
    command = [
        "wrk",
        "-t1",
        f"-c{connections}",
        f"-d{seconds}s",
        "--latency",
        "--timeout",
        "30s",
        "-s",
        str(script),
    ]
    subprocess.run(
        [*command[:3], "-d1s", *command[5:], f"http://127.0.0.1:{port}{server.path}"],
        capture_output=True,
        check=True,
    )
    before = _processor(process)
    said = subprocess.run(
        [*command, f"http://127.0.0.1:{port}{server.path}"], capture_output=True, text=True, check=True
    ).stdout
    spent = _processor(process) - before
    answered = int(re.search(r"(\d+) requests in", said)[1])
    failed = int((re.search(r"Non-2xx or 3xx responses: (\d+)", said) or [0, 0])[1])
    return Measured(
        float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1]),
        _latency(said, "50%"),
        _latency(said, "99%"),
        spent / max(answered, 1) * 1e6,
        failed,
    )


def _latency(said: str, which: str) -> float:
    """Return a percentile in milliseconds."""
    number, unit = re.search(rf"{which}\s+([\d.]+)(us|ms|s)", said).groups()
    return float(number) * {"us": 1e-3, "ms": 1.0, "s": 1e3}[unit]


def _processor(root: int) -> float:
    """Return the seconds of processor that a process and all its descendants have used."""
    from assay.engines.isolation.usage import family

    ticks = 0
    for number in family(root):
        try:
            said = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
            ticks += int(said[11]) + int(said[12]) + int(said[13]) + int(said[14])
        except OSError:
            continue
    return ticks / os.sysconf("SC_CLK_TCK")


def free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def servers(folder: Path, frame: pd.DataFrame, features: pd.DataFrame) -> list[Server]:
    """Return what is compared: Assay twice, and its peers."""
    token = made(folder, frame)
    package = next((folder / ".assay").rglob("packages/served/1/package"))
    shutil.unpack_archive(package / "model.tar.gz", folder)
    values, columns = features.head(_ROWS).to_numpy().tolist(), list(features.columns)
    instances = [json.dumps({"instances": [row]}).encode() for row in values]
    split = [json.dumps({"dataframe_split": {"columns": columns, "data": [row]}}).encode() for row in values]
    serve = lambda port: [str(ASSAY), "serve", "--port", str(port), "--no-api"]  # noqa: E731
    named = {"authorization": f"Bearer {token}"}
    out = [
        Server("Assay, all on", serve, instances, "/endpoints/guarded/invocations", named, folder),
        Server("Assay, all off", serve, instances, "/endpoints/bare/invocations", {}, folder),
    ]
    library = "xgboost-cpu>=3.1,<4"
    peers = {
        "mlflow models serve": Peer(
            "mlflow", "", (), ("mlflow", library, "scikit-learn", "pandas"), "mlflow-serving"
        ),
        "BentoML": Peer("bentoml", "", (), ("bentoml", library, "scikit-learn"), "bentoml"),
        "FastAPI on uvicorn": Peer(
            "fastapi", "", (), ("fastapi", library, "scikit-learn", "uvicorn[standard]"), "fastapi"
        ),
    }
    for name, peer in peers.items():
        python = peer.python()
        print(f"{name}: {peer.version()}", flush=True)
        if name.startswith("mlflow"):
            subprocess.run(
                [python, "-c", textwrap.dedent(MLFLOW)], cwd=folder, check=True, capture_output=True
            )
            start = _mlflow(python)
            out.append(
                Server(
                    name,
                    start,
                    split,
                    "/invocations",
                    {},
                    folder,
                    {"PATH": f"{Path(python).parent}:{os.environ['PATH']}"},
                )
            )
        elif name == "BentoML":
            (folder / "service.py").write_text(textwrap.dedent(BENTOML))
            out.append(
                Server(
                    name,
                    _bentoml(python),
                    instances,
                    "/invocations",
                    {},
                    folder,
                    {"BENTOML_DO_NOT_TRACK": "1"},
                )
            )
        else:
            (folder / "bare.py").write_text(textwrap.dedent(FASTAPI))
            out.append(Server(name, _fastapi(python), instances, "/invocations", {}, folder))
    return out


def _mlflow(python: str) -> Callable[[int], list[str]]:
    return lambda port: [
        python, "-m", "mlflow", "models", "serve", "-m", "mlflow-model", "--env-manager", "local", "-h", "127.0.0.1",
        "-p", str(port), "--workers", "2",
    ]  # fmt: skip


def _bentoml(python: str) -> Callable[[int], list[str]]:
    return lambda port: [
        python,
        "-m",
        "bentoml",
        "serve",
        "service:Bookings",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]


def _fastapi(python: str) -> Callable[[int], list[str]]:
    return lambda port: [
        python, "-m", "uvicorn", "bare:app", "--host", "127.0.0.1", "--port", str(port), "--workers", "2", "--no-access-log",
        "--log-level", "warning", "--loop", "uvloop", "--http", "httptools",
    ]  # fmt: skip


def main(rounds: int = 3, seconds: int = 5, connections: int = 32) -> None:
    """Print what each server does, and how it stands to the others."""
    if shutil.which("wrk") is None:
        raise SystemExit("wrk asks the servers, and is not there: apt install wrk")
    print(
        f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores, {connections} connections"
    )
    frame, features = rows()
    with tempfile.TemporaryDirectory(prefix="serving-") as made_in:
        folder = Path(made_in)
        compared = servers(folder, frame, features)
        scores: dict[str, float] = {}
        for turn in range(rounds):
            for server in compared:
                port = free()
                with running(server, port) as process:
                    scores[server.name] = ask(server, port)
                    found = measured(server, port, process.pid, seconds, connections, folder / "post.lua")
                    server.rounds.append(found)
                    print(
                        f"  {turn + 1}: {server.name:22} {found.a_second:8.0f} a second  p99 {found.p99:7.2f} ms",
                        flush=True,
                    )
        if max(scores.values()) - min(scores.values()) > 1e-6:
            raise SystemExit(f"they do not answer alike, so nothing was compared: {scores}")
        _told(compared)


def _told(compared: list[Server]) -> None:
    print(f"{'':24}{'a second':>10}{'p50 ms':>9}{'p99 ms':>9}{'processor µs':>14}{'failed':>8}")
    middle = {}
    for server in compared:
        m = Measured(
            *(
                statistics.median(getattr(r, name) for r in server.rounds)
                for name in ("a_second", "p50", "p99", "processor")
            ),
            sum(r.failed for r in server.rounds),
        )
        middle[server.name] = m
        print(f"{server.name:24}{m.a_second:10.0f}{m.p50:9.2f}{m.p99:9.2f}{m.processor:14.0f}{m.failed:8}")
    on, off, mlflow = middle["Assay, all on"], middle["Assay, all off"], middle["mlflow models serve"]
    fastest = max((m for n, m in middle.items() if not n.startswith("Assay")), key=lambda m: m.a_second)
    print(
        f"all on beside mlflow: {on.a_second / mlflow.a_second:.2f} x requests, {on.p99 / mlflow.p99:.2f} x p99, "
        f"{on.processor / mlflow.processor:.2f} x processor\n"
        f"all off beside the fastest: {off.a_second / fastest.a_second:.2f} x requests, "
        f"{off.processor / fastest.processor:.2f} x processor"
    )


if __name__ == "__main__":
    from peers import told

    told(__doc__)
    main(*map(int, sys.argv[1:]))
