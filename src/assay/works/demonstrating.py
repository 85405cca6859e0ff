"""The demo's second act: a model in production, a fault in what it is asked, found, named and rolled back."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources import as_file, files
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.engines.extras import install
from assay.kernel.errors import Broken, Missing
from assay.works.home import Home

if TYPE_CHECKING:
    from assay.works.done import Done
    from assay.works.step import Step

FOLDER = "production"
ENDPOINT, MONITOR = "bookings", "quality"
CUT = (2015, 12, 1)  # guests who arrive before then are trained on
WINDOW = 150  # requests
SENDERS = ("desk", "partner")
WHEN = (
    "arrival_date_year",
    "arrival_date_month",
    "arrival_date_week_number",
    "arrival_date_day_of_month",
    "row_id",
)
AFTERWARDS = ("is_canceled", "reservation_status", "reservation_status_date")
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")  # fmt: skip
_PATIENCE = 60.0  # seconds that the server has for a change
Say = Callable[[str, str], None]


@dataclass
class Act:
    """What is at hand while it goes on. told: what was found and done, for those who read JSON."""

    home: Home
    folder: Path
    say: Say
    told: dict[str, Any] = field(default_factory=dict)
    endpoint: str = ENDPOINT

    def call(self, verb: str, **params: Any) -> Any:
        """Do what a person would type."""
        from assay.works.call import call

        return call(verb, params, home=self.home)


def available() -> str:
    """Return what is missing to serve here, as a sentence with the way out; nothing where nothing is."""
    if find_spec("httptools") is None:
        return f"serving needs httptools, which is not here; {install('serve')}"
    return ""


def lay_out(folder: Path, environment: Mapping[str, str]) -> Path:
    """Copy the example into ``folder``, part the bookings by arrival, make a home there; return its assay.yaml."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, wanted in (
        ("production", ("assay.yaml", "policy.yaml", "README.md")),
        ("bookings", ("train.py", "bookings.csv.gz")),
    ):
        with as_file(files("assay.examples").joinpath(name)) as example:
            for file in wanted:
                if not (folder / file).exists():
                    shutil.copyfile(example / file, folder / file)
    _parted(folder)
    Home.create(folder, {k: v for k, v in environment.items() if k != "ASSAY_HOME"}).close()
    return folder / "assay.yaml"


def _parted(folder: Path) -> None:
    import pandas as pd

    rows = pd.read_csv(folder / "bookings.csv.gz")
    months = rows["arrival_date_month"].map({name: at for at, name in enumerate(_MONTHS, 1)})
    arrival = rows["arrival_date_year"] * 10_000 + months * 100 + rows["arrival_date_day_of_month"]
    rows = rows.assign(arrival=arrival).sort_values("arrival", kind="stable")
    border = CUT[0] * 10_000 + CUT[1] * 100 + CUT[2]
    for name, part in (("earlier", rows[rows.arrival < border]), ("later", rows[rows.arrival >= border])):
        part.drop(columns="arrival").to_csv(folder / f"{name}.csv", index=False)


def perform(folder: Path, environment: Mapping[str, str], say: Say) -> dict[str, Any]:
    """Carry the act out in a folder; return what was found and done. Missing where this machine cannot serve."""
    missing = available()
    if missing:
        raise Missing(missing.partition("; ")[0], remedy=missing.partition("; ")[2])
    file = lay_out(folder, environment)
    models = [_trained(file, environment, sets, say) for sets in ((), ("model.hyperparameters.rounds=60",))]
    home = Home.open(folder / ".assay", environment)
    try:
        act = Act(home, folder, say)
        for model in models:
            if act.call("model.show", name=model)["status"] == "PENDING":
                act.call("model.approve", name=model, reason="the demo's own")
        say("approved", " and ".join(models))
        _fresh(act)
        act.call("endpoint.create", name=act.endpoint, model=models[0], capture={"percent": 100})
        tokens = {s: act.call("token.create", subject=s, endpoints=[act.endpoint])["token"] for s in SENDERS}
        with _server(folder, environment) as url:
            _in_service(act, models[0])
            act.call("endpoint.update", name=act.endpoint, model=models[1])
            _in_service(act, models[1])
            say("serving", f"{models[1]} at {url}, {models[0]} before it")
            _watched(act)
            _sent(act, url, tokens)
            _in_service(act, models[0])
        return act.told
    finally:
        home.close()


def _trained(file: Path, environment: Mapping[str, str], sets: tuple[str, ...], say: Say) -> str:
    from assay.works.running import run_file

    plain = {k: v for k, v in environment.items() if k != "ASSAY_HOME"}
    done = run_file(file, start=file.parent, environment=plain, sets=sets, observer=_Silent())
    if done.registered is None:
        raise Broken(
            f"the pipeline ended with {done.outcome}",
            where=str(file),
            remedy=f"see `assay runs show {done.id}`",
        )
    say("trained", f"{done.registered.record.title} on the earlier bookings, {done.seconds:.1f} s")
    return done.registered.record.title


class _Silent:
    def begun(self, step: Step, index: int, of: int) -> None:
        """Nobody watches."""

    def progress(self, done: int, of: int, what: str) -> None:
        """Nobody watches."""

    def ended(self, done: Done) -> None:
        """Nobody watches."""


def _fresh(act: Act) -> None:
    """End what an earlier demo left here, and find a name that none had: what was done to an endpoint holds the next back."""
    for one in act.call("monitor.list")["monitors"]:
        act.call("monitor.delete", name=one["name"])
    known = act.call("endpoint.list", deleted=True)["endpoints"]
    for one in known:
        if one["state"] != "deleted":
            act.call("endpoint.delete", name=one["name"], reason="the demo begins anew")
    act.endpoint = ENDPOINT + (f"-{len(known) + 1}" if known else "")


@contextlib.contextmanager
def _server(folder: Path, environment: Mapping[str, str]) -> Iterator[str]:
    """Start `assay serve` as a person would, give its URL, and end it."""
    log = folder / "serve.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "assay", "serve", "--port", "0", "--no-api"],
            stdout=out,
            stderr=out,
            cwd=folder,
            env={**os.environ, **environment, "ASSAY_HOME": str((folder / ".assay").resolve())},
        )
    try:
        end = time.monotonic() + _PATIENCE
        while not (found := re.search(r"https?://[0-9.:]+", log.read_text(errors="replace"))):
            if process.poll() is not None or time.monotonic() > end:
                raise Broken("the server did not begin", where=str(log), remedy="read what it says there")
            time.sleep(0.1)
        yield found.group().rstrip(".:")
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _in_service(act: Act, model: str) -> dict[str, Any]:
    """Wait until a model, and no other, answers."""
    end = time.monotonic() + _PATIENCE
    while True:
        found: dict[str, Any] = act.call("endpoint.show", name=act.endpoint)
        packages = [v["package"] for v in found["variants"]]
        if found["state"] == "in_service" and packages == [model]:
            return found
        if time.monotonic() > end:
            raise Broken(
                f"{act.endpoint} is {found['state']} with {', '.join(packages)}, where {model} was to answer",
                remedy=f"see {act.folder / 'serve.log'}",
            )
        time.sleep(0.2)


def _watched(act: Act) -> None:
    """Make the baseline, edit it as a person would (the README says what and why), and make the monitor."""
    import pandas as pd

    base = act.folder / "baseline"
    rows = pd.read_csv(act.folder / "earlier.csv").drop(columns=list(AFTERWARDS))
    rows.to_csv(act.folder / "asked.csv", index=False)
    act.call("monitor.baseline", source=str(act.folder / "asked.csv"), to=str(base))
    path = base / "constraints.json"
    held = json.loads(path.read_text())
    held["monitoring_config"]["domain_content_threshold"] = 0.95
    held["monitoring_config"]["distribution_constraints"]["perform_comparison"] = "Disabled"
    for feature in held["features"]:
        if feature["name"] == "agent":
            feature["completeness"] = 0.5
    path.write_text(json.dumps(held, indent=1))
    act.call(
        "monitor.create",
        name=MONITOR,
        endpoint=act.endpoint,
        check="traffic.quality",
        against=str(base),
        schedule=f"every {WINDOW} requests",
        params={"without": list(WHEN)},
        at="high",
        policy=str(act.folder / "policy.yaml"),
    )


def _sent(act: Act, url: str, tokens: Mapping[str, str]) -> None:
    """Send what came later, as it was and then with a fault; tell what was found and done."""
    import pandas as pd

    later = pd.read_csv(act.folder / "later.csv").drop(columns=list(AFTERWARDS))
    plain = later.astype(object).where(later.notna(), None)
    rows = [{str(k): v for k, v in row.items()} for row in plain.to_dict("records")]
    ask = _asking(url, act.endpoint, tokens)
    for number, row in enumerate(rows[: 2 * WINDOW]):
        ask(SENDERS[number % 2], row)
    seen = _looked(act, 2)
    act.say("sent", f"{2 * WINDOW} later bookings as they were: {_words(seen)}")
    act.told["healthy"] = [e["status"] for e in seen]
    for number, row in enumerate(rows[2 * WINDOW : 4 * WINDOW]):
        partner = bool(number % 2)
        ask("partner" if partner else "desk", _faulty(row) if partner else row)
    seen = _looked(act, 4)[:2]
    act.say("sent", f"{2 * WINDOW} more, of which partner's have a fault: {_words(seen)}")
    act.told["faulty"] = [e["status"] for e in seen]
    found = act.call("findings.list", check="monitor.diagnosis")["findings"]
    found = [f for f in found if f["asset"] == act.endpoint]
    for one in found:
        act.say("found", one["message"])
    act.told["found"] = [{"column": f["where"].get("column"), "message": f["message"]} for f in found]
    done = act.call("monitor.actions", name=MONITOR)["actions"]
    act.told["done"] = [{"verb": a["verb"], "state": a["state"]} for a in done]
    for one in done:
        if one["verb"] == "rollback":
            packages = [v["package"] for v in act.call("endpoint.show", name=act.endpoint)["variants"]]
            act.say("rolled back", f"to {', '.join(packages)} by rule {one['rule']} ({one['state']})")
            act.told["serving"] = packages


def _faulty(row: dict[str, Any]) -> dict[str, Any]:
    """The planted fault: days are counted from the arrival back, and a channel is called otherwise."""
    channel = row["distribution_channel"]
    renamed = "direct-web" if channel == "Direct" else channel
    return {**row, "lead_time": -1 - abs(row["lead_time"]), "distribution_channel": renamed}


def _asking(url: str, endpoint: str, tokens: Mapping[str, str]) -> Callable[[str, dict[str, Any]], None]:
    def ask(who: str, row: dict[str, Any]) -> None:
        request = urllib.request.Request(  # noqa: S310 - our own server
            f"{url}/endpoints/{endpoint}/invocations",
            json.dumps(row).encode(),
            {"Content-Type": "application/json", "Authorization": f"Bearer {tokens[who]}"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - our own server
            answer.read()

    return ask


def _looked(act: Act, windows: int) -> list[dict[str, Any]]:
    """Return the executions, the latest first, once so many windows were looked at and policy held against them."""
    end = time.monotonic() + _PATIENCE
    while True:
        act.call("monitor.due", name=MONITOR)  # the server would too, within ten seconds
        found: list[dict[str, Any]] = act.call("monitor.show", name=MONITOR)["executions"]
        if len([e for e in found if e["ended"] and e["acted"]]) >= windows:
            return found
        if time.monotonic() > end:
            raise Broken(
                f"{len(found)} of {windows} windows were looked at", remedy=f"assay monitor show {MONITOR}"
            )
        time.sleep(0.5)


def _words(executions: list[dict[str, Any]]) -> str:
    violations = sum(len(e["violations"]) for e in executions)
    said = f"{violations} violations" if violations else "nothing found"
    return f"{len(executions)} windows, {said}"
