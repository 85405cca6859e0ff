from __future__ import annotations

import pytest

from assay.works.call import call
from assay.works.home import Home


@pytest.fixture
def home(tmp_path):
    """A home with nothing in it yet."""
    home = Home.create(tmp_path, {"ASSAY_ACTOR": "ada"})
    yield home
    home.close()


@pytest.fixture
def asked(home):
    """Ask for an action of the home."""
    return lambda action, **params: call(action, params, home=home)
