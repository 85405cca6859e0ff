"""Steps that say what their jobs may reach: stores, workers, images; and the ledger that tells what they asked for."""

from __future__ import annotations

import http.server
import json
import os
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from assay.kernel.errors import AssayError, UsageError
from assay.office import ledger
from assay.works.home import Home
from assay.works.pipeline import load
from assay.works.reaching import may_reach
from assay.works.running import run_file


class Quiet:
    def begun(self, step, index, of):
        pass

    def progress(self, done, of, what):
        pass

    def ended(self, done):
        pass


ROWS = "a,b\n" + "\n".join(f"{n},{n % 3}" for n in range(30)) + "\n"


def carried_out(tmp_path, yaml, script):
    (tmp_path / "rows.csv").write_text(ROWS)
    (tmp_path / "job.py").write_text(textwrap.dedent(script))
    (tmp_path / "assay.yaml").write_text(textwrap.dedent(yaml))
    result = run_file(tmp_path / "assay.yaml", start=tmp_path, environment={}, observer=Quiet())
    home = Home.find(tmp_path, {})
    try:
        return result, [e for e in ledger.tail(home.office, 100) if e.action == "job.egress"], home.office
    finally:
        home.close()


class Store(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"5\n")

    def log_message(self, *args):
        pass


@pytest.fixture
def store():
    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Store)
    thread = threading.Thread(target=made.serve_forever, args=(0.02,))
    thread.start()
    yield made.server_address[1]
    made.shutdown()
    thread.join()
    made.server_close()


ASKS = """
    import os, pathlib, urllib.request, urllib.error
    def ask(url):
        try:
            return urllib.request.urlopen(url, timeout=10).read().decode().strip()
        except OSError as error:
            return str(error)
    said = [ask("http://127.0.0.1:{port}/rows"), ask("http://elsewhere.example/x"), ask("http://169.254.169.254/latest")]
    for name in ("ASSAY_OUTPUT", "SM_MODEL_DIR"):
        if name in os.environ:
            pathlib.Path(os.environ[name], "said.csv").write_text("said\\n" + "\\n".join(said) + "\\n")
"""


@pytest.mark.slow
def test_a_processing_step_reaches_the_store_it_names_and_each_decision_is_an_event(tmp_path, store):
    yaml = f"""
        data: {{rows: rows.csv}}
        steps:
          made: {{treat: job.py, of: rows, network: {{allow: ["http://127.0.0.1:{store}"]}}, gate: none}}
    """
    # urllib leaves 127.0.0.1 to itself, so the proxy is asked by name
    script = ASKS.replace("{port}", str(store)).replace(
        "import os,", "import os; os.environ.pop('NO_PROXY'); os.environ.pop('no_proxy')\n    import"
    )
    result, events, _ = carried_out(tmp_path, yaml, script)
    done = result.steps[0]
    assert done.outcome == "pass", done.note
    assert [(e.outcome, e.detail["target"]) for e in events] == [
        ("allowed", f"http://127.0.0.1:{store}/rows"), ("refused", "http://elsewhere.example/x"), ("refused", "http://169.254.169.254/latest"),
    ]  # fmt: skip
    assert all(e.subject.endswith("/made") for e in events) and events[0].detail["address"] == "127.0.0.1"
    report = done.verdict.report
    assert {m.name: m.value for m in report.metrics}["requests_refused"] == 2
    assert [f.rule for f in report.findings] == ["network.refused"] * 2
    assert report.data["environment"]["stores"] == [f"http://127.0.0.1:{store}"]


@pytest.mark.slow
def test_a_train_step_does_too_and_one_that_names_none_has_no_network(tmp_path, store):
    script = ASKS.replace("{port}", str(store)).replace(
        "import os,", "import os; os.environ.pop('NO_PROXY', 0); os.environ.pop('no_proxy', 0)\n    import"
    )
    yaml = f"""
        data: {{rows: rows.csv}}
        steps:
          one: {{train: job.py, of: rows, network: {{allow: ["http://127.0.0.1:{store}"]}}, gate: none}}
          other: {{train: job.py, of: rows, gate: none}}
    """
    result, events, _ = carried_out(tmp_path, yaml, script)
    assert [d.outcome for d in result.steps] == ["pass", "pass"], [d.note for d in result.steps]
    assert [e.outcome for e in events] == ["allowed", "refused", "refused"]
    assert {e.subject.rpartition("/")[2] for e in events} == {"one"}


WORKERS = """
    import csv, os, pathlib, socket, time
    rank, size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    if rank == 0:
        server = socket.create_server(("0.0.0.0", int(os.environ["MASTER_PORT"])))
        total = 0
        for _ in range(size - 1):
            client, _ = server.accept()
            total += int(client.recv(100))
        print("total", total)
    else:
        for _ in range(500):
            try:
                client = socket.create_connection((os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])), 5)
                break
            except OSError:
                time.sleep(0.02)
        client.sendall(str(rank).encode())
    out = pathlib.Path(os.environ["ASSAY_OUTPUT"], "part")
    out.mkdir()
    rows = list(csv.DictReader(open(pathlib.Path(os.environ["ASSAY_INPUT"], "data", "data.csv"))))
    with open(out / f"{rank}.csv", "w") as made:
        writer = csv.DictWriter(made, ["a", "b"])
        writer.writeheader()
        writer.writerows(rows[rank::size])
"""


@pytest.mark.slow
def test_a_processing_step_of_several_workers_makes_one_table_of_their_parts(tmp_path):
    yaml = """
        data: {rows: rows.csv}
        steps:
          made: {treat: job.py, of: rows, workers: 3, encrypt_inter_container_traffic: true}
    """
    result, _, _ = carried_out(tmp_path, yaml, WORKERS)
    done = result.steps[0]
    assert done.outcome == "pass", done.note
    report = done.verdict.report
    assert {m.name: m.value for m in report.metrics}["rows_out"] == 30
    assert "total 3" in report.data["log"] and "[algo-3: exit 0]" in report.data["log"]
    held = report.data["environment"]
    assert (held["workers"], held["encrypted_between_workers"]) == (3, True) and held["seconds_to_join"] > 0


TRAINS = """
    import json, os, pathlib
    hosts, rank = json.loads(os.environ["SM_HOSTS"]), int(os.environ["RANK"])
    assert os.environ["SM_CURRENT_HOST"] == hosts[rank] and os.environ["SM_NETWORK_INTERFACE_NAME"] == "eth0"
    assert json.loads(os.environ["SM_RESOURCE_CONFIG"])["hosts"] == ["algo-1", "algo-2"]
    pathlib.Path(os.environ["SM_MODEL_DIR"], "model.json").write_text(json.dumps({"rank": rank}))
    print("worker", rank, "done")
"""


@pytest.mark.slow
def test_the_model_of_several_workers_is_what_the_first_leaves(tmp_path):
    import tarfile

    yaml = "data: {rows: rows.csv}\nsteps:\n  made: {train: job.py, of: rows, workers: 2}\n"
    result, _, office = carried_out(tmp_path, yaml, TRAINS)
    done = result.steps[0]
    assert done.outcome == "pass", done.note
    assert (
        "worker 0 done" in done.verdict.report.data["log"]
        and "worker 1 done" in done.verdict.report.data["log"]
    )
    home = Home.find(tmp_path, {})
    with home.store.path(done.outputs["out"].digest).open("rb") as held, tarfile.open(fileobj=held) as model:
        assert json.loads(model.extractfile("model.json").read()) == {"rank": 0}
    home.close()


@pytest.mark.slow
def test_a_worker_that_fails_fails_the_step_with_its_words(tmp_path):
    yaml = "data: {rows: rows.csv}\nsteps:\n  made: {treat: job.py, of: rows, workers: 2}\n"
    script = "import os, sys, time\nif os.environ['RANK'] == '1':\n    print('no luck'); sys.exit(4)\ntime.sleep(60)\n"
    result, _, _ = carried_out(tmp_path, yaml, script)
    done = result.steps[0]
    assert done.outcome == "fail" and "no luck" in done.verdict.report.data["log"]
    assert "exit code 4" in done.verdict.report.findings[0].message


@pytest.mark.slow
def test_a_step_runs_in_an_image(tmp_path):
    """The system's own python3, with what it needs of its library, as an image."""
    import subprocess

    from tests.engines.rootfs.layouts import folder, layout, member
    from tests.engines.rootfs.test_rootfs import of_this_machine

    system = Path("/usr/bin/python3")
    if not system.exists():
        pytest.skip("there is no python3 of the system")
    asked = "import sys, os; print(os.path.dirname(os.__file__))"
    library = Path(
        subprocess.run([system, "-I", "-c", asked], capture_output=True, text=True, check=True).stdout.strip()
    )
    members = [
        *of_this_machine("python3"),
        folder("etc"),
        member("etc/passwd", b"ann:x:1234:77::/:/bin/sh\n"),
    ]
    for path in sorted(library.rglob("*")):
        skipped = {
            "test",
            "idlelib",
            "tkinter",
            "__pycache__",
            "ensurepip",
            "dist-packages",
            "lib2to3",
        } & set(path.parts)
        if path.is_file() and not skipped and path.suffix in (".py", ".so"):
            members.append(member(str(path).lstrip("/"), path.read_bytes()))
            if path.suffix == ".so":
                said = subprocess.run(["ldd", path], capture_output=True, text=True).stdout
                known = {m.name for m, _ in members}
                members += [member(w[1:], Path(w).read_bytes(), mode=0o755) for w in dict.fromkeys(said.split()) if w.startswith("/") and Path(w).exists() and w[1:] not in known]  # fmt: skip
    layout(tmp_path / "layout", [members], config={"User": "ann", "Env": ["PATH=/usr/bin", "GREETING=hello"]})
    yaml = "data: {rows: rows.csv}\nsteps:\n  made: {treat: job.py, of: rows, image: layout}\n"
    script = """
        import os, pathlib, shutil, sys
        assert os.environ["GREETING"] == "hello" and os.getuid() == 1234 and os.getgid() == 77
        assert sys.executable == "/usr/bin/python3" and not os.path.exists("/etc/alternatives") and not os.path.exists("/home")
        shutil.copy(pathlib.Path(os.environ["ASSAY_INPUT"], "data", "data.csv"), pathlib.Path(os.environ["ASSAY_OUTPUT"], "made.csv"))
    """
    result, _, _ = carried_out(tmp_path, yaml, script)
    done = result.steps[0]
    assert done.outcome == "pass", (done.note, done.verdict.report.data["log"] if done.verdict else "")
    assert done.verdict.report.data["environment"]["image"].startswith("sha256:")


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("network: {allow: []}", "names the stores"),
        ("network: {allow: [ftp://x]}", "names no store"),
        ("workers: 65", "workers"),
        ("network_isolation: false", "open every address"),
        ("network_isolation: true, network: {allow: ['https://a.example']}", "leave one of them out"),
    ],
)
@pytest.mark.slow
def test_what_cannot_be_reached_so_is_told_before_the_job_begins(tmp_path, said, message):
    yaml = f"data: {{rows: rows.csv}}\nsteps:\n  made: {{treat: job.py, of: rows, {said}}}\n"
    try:
        result, _, _ = carried_out(tmp_path, yaml, "raise SystemExit(9)")
    except AssayError as error:
        assert message in f"{error} {error.remedy}"
    else:
        done = result.steps[0]
        assert done.outcome == "error" and message in f"{done.note} {done.error.remedy}"


def test_checks_take_the_same_words(tmp_path):
    (tmp_path / "rows.csv").write_text(ROWS)
    file = tmp_path / "assay.yaml"
    file.write_text(
        "data: {rows: rows.csv}\nsteps:\n  seen: {check: data.profile, of: rows, network: {allow: [https://a.example]},"
        " network_isolation: false, encrypt_inter_container_traffic: true}\n"
    )
    step = load(file).steps["seen"]
    assert step.reach == {
        "network": {"allow": ["https://a.example"]}, "network_isolation": False, "encrypt_inter_container_traffic": True,
    }  # fmt: skip
    for wrong, message in (
        ("network: {allow: [x]}", "names no store"),
        ("network: {allow: ['s3://data/a/'], credential: all}", "access cannot be"),
        ("network_isolation: 7", "true or false"),
        ("networks: {}", "takes no"),
    ):
        file.write_text(
            f"data: {{rows: rows.csv}}\nsteps:\n  seen: {{check: data.profile, of: rows, {wrong}}}\n"
        )
        with pytest.raises(AssayError, match=message):
            load(file)


def test_isolation_and_stores_are_not_said_together():
    assert (
        may_reach(None, None) is False
        and may_reach({"allow": ["x"]}, False) is True
        and may_reach(None, True) is False
    )
    with pytest.raises(UsageError):
        may_reach({"allow": ["x"]}, True)
    with pytest.raises(UsageError):
        may_reach(None, False)


def test_what_spark_starts_with_keeps_its_traffic_to_itself():
    from assay.engines.tables.sparktraffic import Traffic

    said = Traffic(encrypted=True).settings("local[2]")
    assert (
        said["spark.network.crypto.enabled"]
        == said["spark.authenticate"]
        == said["spark.io.encryption.enabled"]
        == "true"
    )
    for master in ("local[2]", "spark://host:7077"):  # Java's command line would show it to every user
        assert "spark.authenticate.secret" not in Traffic(encrypted=True).settings(master)
    assert (
        Traffic().settings("spark://host:7077")
        == {}
        == Traffic(encrypted=True).settings("sc://h:1/;use_ssl=true")
    )
    with pytest.raises(UsageError, match="TLS"):
        Traffic(encrypted=True).settings("sc://host:15002")
    for master in ("spark://host:7077", "sc://host:1/;use_ssl=true", "yarn"):
        with pytest.raises(UsageError, match="network_isolation"):
            Traffic(isolated=True).settings(master)


@pytest.mark.slow
def test_a_spark_session_of_ours_speaks_encrypted(tmp_path):
    import shutil
    import subprocess

    pytest.importorskip("pyspark")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java")
    (tmp_path / "rows.csv").write_text(ROWS)
    code = """
import sys
from pathlib import Path
from assay.engines.tables import open_table
from assay.engines.tables import spark
with open_table(sys.argv[1], scratch=Path(sys.argv[2]), engine="local[2]", encrypted=True) as table:
    conf = spark._sessions["local"].sparkContext.getConf()
    print(table.rows, conf.get("spark.network.crypto.enabled"), conf.get("spark.authenticate"), conf.get("spark.io.encryption.enabled"))
    held = spark._sessions["local"].sparkContext._jvm.org.apache.spark.SparkEnv.get().securityManager()
    secret = held.getSecretKey()
    lines = [p.read_bytes() for p in Path("/proc").glob("[0-9]*/cmdline") if p.stat()]
    print(len(secret) >= 32, held.isAuthenticationEnabled(), any(secret.encode() in line for line in lines))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "rows.csv", tmp_path / "s"],
        capture_output=True,
        text=True,
        env=dict(os.environ),
    )
    said = ["30", "true", "true", "true", "True", "True", "False"]
    assert done.stdout.split() == said, done.stderr[-1500:]


@pytest.mark.slow
def test_a_model_that_a_check_asks_has_the_way_out_that_its_step_declares_and_else_none(tmp_path):
    import joblib
    from sklearn.tree import DecisionTreeClassifier

    from assay.kernel.asset import Asset
    from assay.works.checking import bench

    joblib.dump(DecisionTreeClassifier().fit([[0.0], [1.0]], [0, 1]), tmp_path / "model.joblib")
    asset = Asset("model", "model", str(tmp_path / "model.joblib"), "", "joblib")
    with bench(None) as table:
        for reach, proxied in (({}, False), ({"network": {"allow": ["https://a.example"]}}, True)):
            table.reach = reach
            with table.opened(asset, "model") as model:
                assert (model._job.proxy is not None) is proxied
                assert model._job.level == "full"
        table.reach = {"network": {"allow": ["https://a.example"]}, "network_isolation": True}
        with pytest.raises(UsageError, match="network_isolation"), table.opened(asset, "model"):
            pass


BUCKET = """
    import os, pathlib, boto3
    body = boto3.client("s3").get_object(Bucket="{bucket}", Key="2026/rows.csv")["Body"].read()
    pathlib.Path(os.environ["ASSAY_OUTPUT"], "read.csv").write_bytes(body)
    print("held", os.environ["AWS_SECRET_ACCESS_KEY"] == os.environ["ASSAY_EGRESS_TOKEN"])
"""


@pytest.mark.slow
def test_a_step_reads_a_bucket_with_a_credential_of_its_own_that_the_log_shows_begin_and_end(
    tmp_path, bucket
):
    name, endpoint = bucket
    yaml = f"""
        data: {{rows: rows.csv}}
        steps:
          made: {{treat: job.py, of: rows, network: {{allow: ["s3://{name}/2026/"], credential: {{role: "{ROLE}"}}}}, gate: none}}
    """
    result, _, office = carried_out(tmp_path, yaml, BUCKET.replace("{bucket}", name))
    done = result.steps[0]
    assert done.outcome == "pass", done.note
    assert {m.name: m.value for m in done.verdict.report.metrics}["rows_out"] == 1
    assert "held True" in done.verdict.report.data["log"]
    home = Home.find(tmp_path, {})
    try:
        events = [e for e in ledger.tail(home.office, 100) if e.action in ("job.credential", "job.egress")]
    finally:
        home.close()
    assert [(e.action, e.outcome) for e in events] == [
        ("job.credential", "minted"), ("job.egress", "allowed"), ("job.credential", "ended"),
    ]  # fmt: skip
    minted = events[0].detail
    assert (minted["prefixes"], minted["access"], minted["signed_with"]) == (
        [f"s3://{name}/2026/"],
        "read",
        ROLE,
    )
    assert minted["session"] and minted["until"].endswith("Z") and "secret" not in json.dumps(minted).lower()
    assert events[1].detail["target"] == f"s3://{name}/2026/rows.csv"


ROLE = "arn:aws:iam::123456789012:role/jobs"


@pytest.fixture
def bucket(monkeypatch):
    """A bucket with one object, in an S3 of our own."""
    server = pytest.importorskip("moto.server").ThreadedMotoServer(
        ip_address="127.0.0.1", port=0, verbose=False
    )
    boto3 = pytest.importorskip("boto3")
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    client = boto3.client("s3")
    client.create_bucket(Bucket="training-data")
    client.put_object(Bucket="training-data", Key="2026/rows.csv", Body=b"a,b\n1,2\n")
    yield "training-data", f"http://{host}:{port}"
    server.stop()
