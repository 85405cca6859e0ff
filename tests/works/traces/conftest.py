from __future__ import annotations

import pytest

from assay.works.home import Home
from assay.works.running import run_file

ACTOR = {"ASSAY_ACTOR": "ada"}
PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
TABLE = "age,paid\n" + "".join(f"{20 + i % 50},{'yes' if i % 4 else 'no'}\n" for i in range(60))
PIPELINE = """name: small
data:
  people: {source: people.csv}
steps:
  profile: {check: data.profile, of: people, gate: none}
  split:   {treat: data.split, of: people, test: 0.25}
"""


class Silent:
    def begun(self, step, index, of): ...

    def progress(self, done, of, what): ...

    def ended(self, done): ...


@pytest.fixture
def home(tmp_path):
    made = Home.create(tmp_path, ACTOR)
    yield made
    made.close()


@pytest.fixture(scope="session")
def ran(tmp_path_factory):
    """A run that joined its caller's trace: its result and its home."""
    folder = tmp_path_factory.mktemp("ran")
    (folder / "people.csv").write_text(TABLE)
    (folder / "assay.yaml").write_text(PIPELINE)
    Home.create(folder, ACTOR).close()
    result = run_file(
        folder / "assay.yaml",
        start=folder,
        environment=ACTOR | {"TRACEPARENT": PARENT, "TRACESTATE": "v=1"},
        observer=Silent(),
    )
    opened = Home.open(folder / ".assay", ACTOR)
    yield result, opened
    opened.close()
