from __future__ import annotations

import pytest

from assay.works.home import Home
from assay.works.tracking.beginning import tracked


@pytest.fixture
def home(tmp_path):
    home = Home.create(tmp_path, {"ASSAY_ACTOR": "ada"})
    yield home
    home.close()


@pytest.fixture
def begin(home):
    """Begin a run in the home."""

    def begin_(name="train", **options):
        return tracked(home, name, **options)

    return begin_
