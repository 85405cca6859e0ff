"""What a home keeps takes no rows and no repairs: a table in its office's database made `log verify` say FORGED."""

from __future__ import annotations

import os

import pytest

from assay.kernel.errors import UsageError
from assay.office import verification
from assay.works.gate.loading import load
from assay.works.gate.order import Order
from assay.works.home import Home
from assay.works.ours import not_ours
from assay.works.repairing import Asked, change


@pytest.fixture
def home(tmp_path):
    made = Home.create(tmp_path, {})
    made.office  # noqa: B018 - opened, so that its database is there
    yield made
    made.close()


def test_no_row_goes_into_what_a_home_keeps(home, tmp_path):
    (tmp_path / "s.csv").write_text("id\n1\n")
    (tmp_path / "r.yaml").write_text("rules:\n- {complete: id}\n")
    (tmp_path / "linked").symlink_to(".assay")
    os.link(tmp_path / ".assay" / "office.db", tmp_path / "hard.db")
    own = f"{tmp_path}/.assay"
    places = (f"{own}/office.db::t", f"{own}/x.csv", f"{tmp_path}/linked/x.csv", f"{tmp_path}/hard.db::t")
    for given in (home, None):
        for into in places[:3] if given is None else places:
            with pytest.raises(UsageError, match="this is what a home of Assay keeps"):
                load(given, Order(f"{tmp_path}/s.csv", into, (tmp_path / "r.yaml",), mode="create"))
        with pytest.raises(UsageError, match="this is what a home of Assay keeps"):
            order = Order(
                f"{tmp_path}/s.csv", f"{tmp_path}/o.csv", (tmp_path / "r.yaml",), {}, "create", f"{own}/q.csv"
            )
            load(given, order)
    with pytest.raises(UsageError, match="this is what a home of Assay keeps"):
        change(home, f"{own}/office.db::actions", Asked("data.repair", {}))
    load(home, Order(f"{tmp_path}/s.csv", f"{tmp_path}/o.csv", (tmp_path / "r.yaml",), mode="create"))
    assert verification.verify(home.office).ok
    assert not (tmp_path / ".assay" / "x.csv").exists()


def test_a_file_of_the_same_name_elsewhere_makes_no_home(tmp_path):
    (tmp_path / "home.json").write_text('{"schema": "another/1"}')
    not_ours(None, f"{tmp_path}/x.csv", "", "postgresql://h/d::t")


def test_the_office_s_own_database_on_a_server_is_refused(tmp_path):
    here = {"ASSAY_DATABASE_URL": "postgresql+psycopg://me@h/office"}
    made = Home.open(Home.create(tmp_path, {}).root, here)
    with pytest.raises(UsageError, match="what a home of Assay keeps"):
        not_ours(made, "postgres://other@h:5432/office::t")
    not_ours(made, "postgresql://me@h/sales::t")
