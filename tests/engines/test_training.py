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

    def train_(code, hyperparameters=None, requirements=None, limits=None):
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
    package = tmp_path / "pkg"
    (package / "wonder").mkdir(parents=True)
    (package / "wonder" / "__init__.py").write_text("VALUE = 42\n")
    wheel = _wheel(tmp_path)
    code = """
        import os, wonder
        assert wonder.VALUE == 42
        try:
            open(os.path.dirname(wonder.__file__) + "/x", "w")
        except OSError:
            open(os.environ["SM_MODEL_DIR"] + "/m", "w").write("m")
    """
    made = trained(code, requirements=f"{wheel}\n")
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
