"""In which order steps run, on pipelines drawn by lot."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.kernel.errors import UsageError
from assay.works.pipeline import load


@st.composite
def pipelines(draw):
    """Steps that use what was made before them, written down in any order."""
    lines, sources = [], ["d"]
    for number in range(draw(st.integers(1, 8))):
        of, name = draw(st.sampled_from(sources)), f"s{number}"
        if draw(st.booleans()):
            lines.append(f"  {name}: {{treat: data.drop, of: {of}, columns: [x]}}")
            sources.append(name)
        else:
            gate = draw(st.sampled_from(["", ", gate: none", ", gate: low"]))
            lines.append(f"  {name}: {{check: data.profile, of: {of}{gate}}}")
    return draw(st.permutations(lines))


def read(folder, lines):
    path = folder / "assay.yaml"
    path.write_text("data: {d: {source: d.csv}}\nsteps:\n" + "\n".join(lines) + "\n")
    return load(path)


@given(pipelines())
def test_each_step_comes_after_all_it_needs_and_the_first_written_first(tmp_path_factory, lines):
    found = read(tmp_path_factory.getbasetemp(), lines)
    order, written = list(found.steps), [line.split(":")[0].strip() for line in lines]
    assert sorted(order) == sorted(written)
    for place, name in enumerate(order):
        assert found.needs[name].all <= set(order[:place])
        ready = [n for n in order[place:] if found.needs[n].all <= set(order[:place])]
        assert name == min(ready, key=written.index)


@given(pipelines())
def test_a_gate_stands_before_every_treatment_of_what_it_examines(tmp_path_factory, lines):
    found = read(tmp_path_factory.getbasetemp(), lines)
    for name, step in found.steps.items():
        guards = {
            n
            for n, s in found.steps.items()
            if s.verb == "check" and s.gate.at is not None and s.subject in step.inputs.values() and n != name
        }
        if step.verb == "treat":
            assert found.needs[name].gates == guards


def test_registering_waits_for_all_and_a_scan_for_no_gate(tmp_path):
    model = "{train: t.py, of: {train: d}, limits: {memory: 1GB, minutes: 1}}"
    (tmp_path / "t.py").write_text("")
    lines = [
        "  register: {do: model.register, of: model, as: m}",
        "  explain: {check: model.explain, of: model, data: d}",
        "  validate: {check: model.validate, of: model, data: d, label: y}",
        "  scan: {check: model.scan, of: model}",
        f"  model: {model}",
        "  profile: {check: data.profile, of: d, gate: none}",
    ]
    found = read(tmp_path, lines)
    order = list(found.steps)
    assert order.index("model") < order.index("scan") < order.index("validate") < order.index("register")
    assert found.needs["register"].all == set(order) - {"register"}
    assert found.needs["scan"].all == {"model"}
    assert {"scan"} <= found.needs["explain"].gates


def test_a_circle_is_told_step_by_step(tmp_path):
    with pytest.raises(UsageError, match="circle: .*a → .*b|circle: .*b → .*a"):
        read(tmp_path, ["  a: {treat: data.drop, of: b}", "  b: {treat: data.drop, of: a}"])
