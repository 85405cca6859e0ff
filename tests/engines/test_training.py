from __future__ import annotations

import tarfile
import textwrap

import pytest

from assay.engines.isolation import Limits
from assay.engines.training import train
from assay.kernel.errors import UsageError


@pytest.fixture
def trained(tmp_path):
    """Train with a script given as text."""

    def train_(code, hyperparameters=None, requirements=None, limits=None, recorder=None):
        folder = tmp_path / "code"
        folder.mkdir(exist_ok=True)
        (folder / "train.py").write_text(textwrap.dedent(code))
        if requirements is not None:
            (folder / "requirements.txt").write_text(requirements)
        channel = tmp_path / "train"
        channel.mkdir(exist_ok=True)
        (channel / "data.csv").write_text("a,b\n1,2\n")
        return train(
            folder / "train.py",
            {"train": channel},
            hyperparameters or {},
            limits=limits or Limits(seconds=30),
            level="partial",
            scratch=tmp_path / "job",
            requirements_cache=tmp_path / "cache",
            seed=7,
            recorder=recorder,
        )

    return train_


def test_the_script_mode_contract(trained):
    made = trained(
        """
        import argparse, json, os
        parser = argparse.ArgumentParser()
        parser.add_argument("--max_depth", type=int)
        parser.add_argument("--name")
        parser.add_argument("--flag")
        args = parser.parse_args()
        assert args.max_depth == 6 and args.name == "x y" and args.flag == "true"
        assert json.loads(os.environ["SM_HPS"]) == {"max_depth": 6, "name": "x y", "flag": True}
        assert os.environ["SM_HP_MAX_DEPTH"] == "6"
        assert json.loads(os.environ["SM_CHANNELS"]) == ["train"]
        assert int(os.environ["SM_NUM_CPUS"]) >= 1
        assert open(os.environ["SM_CHANNEL_TRAIN"] + "/data.csv").read() == "a,b\\n1,2\\n"
        os.makedirs(os.environ["SM_MODEL_DIR"] + "/sub")
        open(os.environ["SM_MODEL_DIR"] + "/sub/model.txt", "w").write("m")
        open(os.environ["SM_OUTPUT_DATA_DIR"] + "/metrics.json", "w").write("{}")
        print("done")
        """,
        {"max_depth": 6, "name": "x y", "flag": True},
    )
    assert (made.ended.reason, made.ended.code) == ("exit", 0), made.log.read_text()
    with tarfile.open(made.model) as archive:
        assert archive.getnames() == ["sub/model.txt"]
    assert (made.output / "data" / "metrics.json").is_file()
    assert made.log.read_text() == "done\n"
    assert made.environment["packages"]["numpy"]


def test_inputs_are_read_only(trained):
    made = trained("import os; open(os.environ['SM_CHANNEL_TRAIN'] + '/data.csv', 'w')")
    assert made.ended.code != 0 and made.model is None
    assert "Error" in made.log.read_text()


def test_a_script_that_fails_leaves_its_log_and_no_model(trained):
    made = trained(
        "import os; open(os.environ['SM_MODEL_DIR'] + '/m', 'w').write('x'); raise SystemExit('no good')"
    )
    assert made.model is None and made.ended.code == 1
    assert "no good" in made.log.read_text()


def test_no_model_without_a_file(trained):
    assert trained("pass").model is None


def test_requirements_that_cannot_be_installed_are_one_sentence(trained):
    with pytest.raises(UsageError, match="cannot be installed"):
        trained("pass", requirements="./no-such-folder-here\n")


def test_requirements_are_installed_before_and_read_only(trained, tmp_path):
    (tmp_path / "code").mkdir()
    wheel = _wheel(tmp_path / "code")
    code = """
        import os, wonder
        assert wonder.VALUE == 42
        try:
            open(os.path.dirname(wonder.__file__) + "/x", "w")
        except OSError:
            open(os.environ["SM_MODEL_DIR"] + "/m", "w").write("m")
    """
    made = trained(code, requirements=f"./{wheel.name}\n")
    assert made.model is not None, made.log.read_text()
    assert made.environment["installed"] == {"wonder": "1.0"}


def _wheel(folder):
    import zipfile

    path = folder / "wonder-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("wonder/__init__.py", "VALUE = 42\n")
        out.writestr("wonder-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: wonder\nVersion: 1.0\n")
        out.writestr(
            "wonder-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        out.writestr("wonder-1.0.dist-info/RECORD", "")
    return path


def test_threads_that_wait_for_one_another_sleep(trained):
    """Spinning OpenMP threads made a one-second training take forty on a machine with other work."""
    result = trained(
        """
        import os
        open(os.environ["SM_MODEL_DIR"] + "/said", "w").write(os.environ.get("OMP_WAIT_POLICY", ""))
        """
    )
    with tarfile.open(result.model) as packed:
        held = next(m for m in packed.getmembers() if m.name.endswith("said"))
        assert packed.extractfile(held).read() == b"PASSIVE"


@pytest.mark.parametrize(
    "code",
    [
        "os.symlink('/etc/passwd', d + '/model.pkl')",
        "os.symlink('/', d + '/all')",
        "import socket; os.chdir(d); socket.socket(socket.AF_UNIX).bind('door')",
        "open(d + '/m', 'w'); os.symlink(d + '/m', d + '/link')",
    ],
    ids=["link to a file", "link to a folder", "socket", "link to its own"],
)
def test_what_is_no_file_is_not_taken_out_of_the_sandbox(trained, code):
    made = trained(f"import os\nd = os.environ['SM_MODEL_DIR']\n{code}\n")
    assert made.ended.code == 0, made.log.read_text()
    assert made.model is None and "link or a device" in made.problem


def test_a_hard_link_to_a_file_of_the_host_cannot_be_made(trained, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("canary")
    made = trained(f"import os; os.link({str(secret)!r}, os.environ['SM_MODEL_DIR'] + '/m')")
    assert made.ended.code != 0 and made.model is None


def test_a_process_that_stays_behind_writes_nothing_after_the_end(trained, tmp_path):
    """What is collected must not change under the collector's hands."""
    made = trained(
        """
        import os, time
        m = os.environ["SM_MODEL_DIR"] + "/m"
        open(m, "w").write("first")
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                n = 0
                while True:
                    n += 1
                    for act in (lambda: os.unlink(m), lambda: os.symlink("/etc/passwd", m), lambda: os.unlink(m),
                                lambda: open(m, "w").write(str(n))):
                        try: act()
                        except OSError: pass
            os._exit(0)
        time.sleep(0.5)
        """
    )
    folder = tmp_path / "job" / "model"
    before = [(p.name, p.lstat().st_mtime_ns) for p in folder.iterdir()]
    assert made.model is not None or made.problem or not before
    import time

    time.sleep(0.3)
    assert [(p.name, p.lstat().st_mtime_ns) for p in folder.iterdir()] == before


def test_folders_without_files_are_no_model(trained):
    made = trained("import os; os.makedirs(os.environ['SM_MODEL_DIR'] + '/a/b')")
    assert made.model is None and made.problem == ""


def test_links_in_the_code_are_not_followed_into_the_sandbox(trained, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("canary")
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "data").symlink_to(secret)
    made = trained("import os; print(open(os.path.dirname(__file__) + '/data').read())")
    assert made.ended.code != 0 and "canary" not in made.log.read_text()


def test_an_archive_that_the_script_made_itself_is_a_file_like_any(trained):
    made = trained(
        "import os, tarfile\nd = os.environ['SM_MODEL_DIR']\nopen('x', 'w').write('m')\n"
        "with tarfile.open(d + '/model.tar.gz', 'w:gz') as t: t.add('x', '../../evil')"
    )
    with tarfile.open(made.model) as archive:
        assert archive.getnames() == ["model.tar.gz"]


def test_a_job_is_a_span_and_what_it_tells_of_itself_is_marked(trained):
    from assay.engines.tracing import Recorder
    from assay.kernel.span import Scope

    recorder = Recorder(Scope())
    trained(
        """
        import json, os, time
        import assay
        with assay.span("fit"):
            time.sleep(0.05)
            with assay.span("epoch"):
                time.sleep(0.02)
        with open(os.environ["ASSAY_SPANS"], "a") as out:
            print(json.dumps({"name": "lie", "start": 1, "end": 1 << 62}), file=out)
            print("no JSON", file=out)
        """,
        recorder=recorder,
    )
    found = {s.name: s for s in recorder.spans()}
    job = found["job train.py"]
    assert set(found) == {"job train.py", "fit", "epoch", "lie"} and job.attributes["assay.exit_code"] == 0
    assert 0.07 <= found["fit"].seconds <= job.seconds and found["epoch"].parent == found["fit"].id
    assert (found["lie"].start, found["lie"].end) >= (job.start, 0) and found["lie"].end <= job.end
    assert [n for n in found if found[n].untrusted] == ["lie", "fit", "epoch"]


def test_a_job_that_fails_is_a_span_that_failed(trained):
    from assay.engines.tracing import Recorder
    from assay.kernel.span import Scope

    recorder = Recorder(Scope())
    trained(
        "import os; os.symlink('/etc/passwd', os.environ['ASSAY_SPANS']); raise SystemExit(3)",
        recorder=recorder,
    )
    (job,) = recorder.spans()
    assert (job.status, job.message) == ("error", "ended with exit code 3")
