"""Each way of the family ``hooks`` is loaded in the sandbox with os.getpid in the hook's place, and really calls it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.corpus import called, hooks

from assay.engines.isolation import Grant, Limits, interpreter, python_paths, run


def proven(folder: Path, log: Path, ways, modules) -> list[str]:
    """The ways that do not call what they hold."""
    folder.mkdir()
    paths = {}
    for number, (way, make) in enumerate(ways.items()):
        path = folder / f"{number}.pkl"
        path.write_bytes(hooks.written(make, "os", "getpid"))
        paths[str(path)] = way
    (folder / "list.json").write_text(json.dumps([list(paths), modules]))
    script = Path(called.__file__)
    grant = Grant(read=(*python_paths(), script.parent, folder), limits=Limits(seconds=120, processes=64))
    ended = run([str(interpreter()), "-s", str(script), str(folder / "list.json")], grant, log=log)
    said = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("[")]
    assert (ended.code, len(said)) == (0, len(ways)), log.read_text()[-2000:]
    return [f"{paths[path]}: {how}" for path, times, how in said if not times]


def test_what_an_object_holds_under_such_a_name_is_called_while_it_loads(tmp_path):
    assert proven(tmp_path / "made", tmp_path / "log", hooks.WAYS, ["numpy.ma", "uuid"]) == []


@pytest.mark.slow
def test_libraries_call_it_too(tmp_path):
    pytest.importorskip("sklearn")
    modules = ["pandas", "scipy.sparse", "scipy.interpolate", "sklearn.metrics"]
    assert proven(tmp_path / "made", tmp_path / "log", hooks.HEAVY, modules) == []
