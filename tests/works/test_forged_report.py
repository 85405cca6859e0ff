"""A report given to a treatment, forged anywhere: it is refused in one sentence, or means what it says; never a traceback."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.kernel.errors import UsageError
from assay.works.checking import carry_out

JUNK = st.one_of(
    st.just(...), st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=9),
    st.just([]), st.just({}), st.just([[1]]), st.just({"x": [None]}),
)  # fmt: skip


@pytest.fixture(scope="module")
def forged(tmp_path_factory):
    """A folder with a table, and the report of its rule as it is written."""
    folder = tmp_path_factory.mktemp("forged")
    rows = "\n".join(f"{n % 3 > 0 if n % 50 else n % 3 == 0},{n % 3}" for n in range(300))
    (folder / "t.csv").write_text(f"flag,n\n{rows}\n")
    (folder / "r.yaml").write_text("rules:\n- holds: flag == (n > 0)\n  repair: {set: flag, to: n > 0}\n")
    verdict = carry_out("check", "data.integrity", f"{folder}/t.csv", {"rules": folder / "r.yaml"}, home=None)
    return folder, json.loads(verdict.report.to_json())


def _nodes(value, path=()):
    yield path
    for key, inner in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield from _nodes(inner, (*path, key))


@pytest.mark.slow
@settings(max_examples=40)
@given(data=st.data())
def test_a_forged_report_is_refused_in_a_sentence_or_means_what_it_says(forged, data):
    folder, good = forged
    path = data.draw(st.sampled_from([p for p in _nodes(good) if p]))
    junk = data.draw(JUNK)
    raw = copy.deepcopy(good)
    inner = raw
    for key in path[:-1]:
        inner = inner[key]
    if junk is ...:
        del inner[path[-1]]
    else:
        inner[path[-1]] = junk
    (folder / "forged.json").write_text(json.dumps(raw))
    params = {"using": folder / "forged.json", "preview": True}
    try:
        report = carry_out("treatment", "data.repair", f"{folder}/t.csv", params, home=None).report
    except UsageError as error:
        assert len(str(error).splitlines()) == 1
        return
    assert not report.error.startswith("data.repair failed")
    if path[0] != "data":  # what says nothing of the rules changes nothing of the repair
        assert report.data["cells"] == 6
