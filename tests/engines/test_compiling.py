"""Building the compiled part: where it can be, and what is said where it cannot."""

from __future__ import annotations

import importlib.util
import shutil

import pytest

from assay.engines import compiling
from assay.methods.pickles import compiled
from assay.works import doctor


def test_without_a_compiler_it_says_what_is_needed(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CC", "")
    monkeypatch.setattr(compiling.sysconfig, "get_config_var", lambda name: "nowhere-cc -pthread")
    with pytest.raises(OSError, match="no C compiler here; it needs a C compiler and Python's headers"):
        compiling.compile_pickles(tmp_path)


def test_without_headers_it_says_where_they_are_not(monkeypatch, tmp_path):
    monkeypatch.setattr(compiling, "compiler", lambda: ["cc"])
    monkeypatch.setattr(compiling.sysconfig, "get_paths", lambda: {"include": str(tmp_path)})
    with pytest.raises(OSError, match="headers are not in"):
        compiling.compile_pickles(tmp_path)


def test_the_doctor_says_which_is_in_use(monkeypatch):
    from assay.methods.pickles import machine

    if compiled.built() is not None:
        assert doctor._pickles().state == "ok"
    for module in (compiled, machine):
        monkeypatch.setattr(module, "built", lambda: None)
    said = doctor._pickles()
    assert said.state == "missing" and "python -m assay.engines.compiling" in said.remedy


@pytest.mark.slow
@pytest.mark.skipif(compiling.compiler() is None, reason="there is no C compiler here")
def test_what_is_built_elsewhere_is_of_the_version_that_python_asks_for(tmp_path):
    shutil.copytree(compiled.SOURCE, tmp_path / "native")
    made = compiling.compile_pickles(tmp_path, more=("-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror"))
    spec = importlib.util.spec_from_file_location("_compiled", made)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.VERSION == compiled.VERSION
    assert {p.name for p in tmp_path.iterdir()} == {"native", made.name}
