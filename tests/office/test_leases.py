"""Leases: one holder at a time, on SQLite and on PostgreSQL; whoever is killed is followed."""

from __future__ import annotations

import multiprocessing
import time

import pytest

from assay.office import leases

FORKS = multiprocessing.get_context("spawn")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def url(request, tmp_path):
    if request.param == "postgresql":
        return request.getfixturevalue("fresh_database")
    return f"sqlite:///{tmp_path / 'office.db'}"


def _contend(url, folder, go, won):
    """What each of two processes does: take the lease if it can, and count alone while it is held."""
    from pathlib import Path

    from assay.engines.keys import FileKeyring
    from assay.office.office import Office

    folder = Path(folder)
    office = Office.open(
        url,
        keyring=FileKeyring(folder / "keys"),
        checkpoints=folder / "checkpoints",
        clock=lambda: "2026-01-01T00:00:00.000Z",
        origin="assay/test",
    )
    go.wait()
    count = folder / "count"
    for _ in range(200):
        with leases.leased(office, "m") as lease:
            if lease is None:
                continue
            before = int(count.read_text())
            time.sleep(0.0005)
            count.write_text(str(before + 1))
            with won.get_lock():
                won.value += 1
    office.close()


@pytest.mark.slow
def test_of_two_processes_one_holds_it_at_a_time(url, tmp_path, opened):
    opened(url=url)
    (tmp_path / "count").write_text("0")
    go, won = FORKS.Event(), FORKS.Value("i", 0)
    both = [FORKS.Process(target=_contend, args=(url, str(tmp_path), go, won)) for _ in range(2)]
    for process in both:
        process.start()
    go.set()
    for process in both:
        process.join()
    assert [p.exitcode for p in both] == [0, 0]
    assert won.value > 0 and int((tmp_path / "count").read_text()) == won.value


def test_one_that_runs_out_is_taken_and_its_holder_finds_out(url, opened):
    office = opened(url=url)
    assert leases.take(office, "m", "ada", 0.05) and not leases.take(office, "m", "bob", 5)
    time.sleep(0.1)
    assert leases.take(office, "m", "bob", 5) and not leases.take(office, "m", "ada", 5)
    leases.release(office, "m", "ada")  # it is bob's by now
    assert not leases.take(office, "m", "eve", 5)
    leases.release(office, "m", "bob")
    assert leases.take(office, "m", "eve", 5)


def test_it_is_renewed_while_it_is_held_and_loss_is_told(opened):
    office = opened()
    with leases.leased(office, "m", 0.15) as lease:
        time.sleep(0.3)
        assert lease.held and not leases.take(office, "m", "bob", 5)
        leases.release(office, "m", lease.holder)
        assert leases.take(office, "m", "bob", 5)
        assert lease.lost.wait(2) and not lease.held
    with leases.leased(office, "m") as nothing:
        assert nothing is None
