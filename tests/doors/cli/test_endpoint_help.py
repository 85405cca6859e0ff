"""What `assay endpoint create --help` says of an endpoint of which nothing is said."""

from __future__ import annotations

from click.testing import CliRunner

from assay.doors.cli.endpoints import create
from assay.works.serving.options import CAPTURE, GUARD


def test_help_did_not_say_what_stands_before_an_endpoint_at_first():
    said = " ".join(CliRunner().invoke(create, ["--help"]).output.split())
    shown = {**GUARD, "body": f"{GUARD['body'] >> 20}MB", "capture": f"{CAPTURE['percent']:g}"}
    for name, value in shown.items():
        told = f"{value:g}" if isinstance(value, float) else str(value)
        assert f"--{name} {told}" in said or (not value and (f"no --{name}" in said or name == "burst")), name
