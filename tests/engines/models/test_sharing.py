"""Rows shared among processes: the same as alone, whatever becomes of one of them."""

from __future__ import annotations

import os

import numpy as np
import pytest

from assay.engines.models import sharing


@pytest.fixture
def three(monkeypatch):
    monkeypatch.setattr(sharing, "processes", lambda: 3)


def counted(out, begin, end):
    out[:, begin:end] += np.arange(begin, end) * np.array([[1.0], [2.0]])


WANT = np.arange(100) * np.array([[1.0], [2.0]])


def test_nobody_is_copied_who_did_not_allow_it():
    assert sharing.processes() == 1


def test_each_does_its_share(three):
    who = sharing.filled(1, 100, lambda out, b, e: out[:, b:e].__setitem__(..., os.getpid()), least=10)
    assert len(set(who[0])) == 3 and os.getpid() in who
    assert (sharing.filled(2, 100, counted, least=10) == WANT).all()
    few = sharing.filled(1, 100, lambda out, b, e: out[:, b:e].__setitem__(..., os.getpid()), least=60)
    assert set(few[0]) == {os.getpid()}


@pytest.mark.parametrize("code", [0, 3])
def test_a_share_whose_process_dies_is_done_here(three, code):
    here = os.getpid()

    def work(out, begin, end):
        out[:, begin : begin + 5] += 7  # begun
        if os.getpid() != here:
            raise ZeroDivisionError if code == 0 else SystemExit(code)
        out[:, begin : begin + 5] -= 7
        counted(out, begin, end)

    assert (sharing.filled(2, 100, work, least=10) == WANT).all()


def test_where_no_process_can_be_had_it_is_done_here(three, monkeypatch):
    def refused():
        raise BlockingIOError

    monkeypatch.setattr(os, "fork", refused)
    assert (sharing.filled(2, 100, counted, least=10) == WANT).all()


def test_none_is_left_behind_by_an_error(three, monkeypatch):
    here = os.getpid()

    def work(out, begin, end):
        if os.getpid() == here:
            raise ValueError("no")
        counted(out, begin, end)

    begun = []
    fork = os.fork

    def counted_fork():
        begun.append(fork())
        return begun[-1]

    monkeypatch.setattr(os, "fork", counted_fork)
    with pytest.raises(ValueError, match="no"):
        sharing.filled(2, 100, work, least=10)
    assert begun
    for child in begun:
        with pytest.raises(ChildProcessError):
            os.waitpid(child, os.WNOHANG)
