"""Services that show too much: debuggers, every address, any origin; archives that write where they want."""

from __future__ import annotations

from collections.abc import Iterator

from assay.checks.code.review._spots import keyword, replaced, spot
from assay.kernel.severity import Severity
from assay.methods.review.python.program import Program
from assay.methods.review.python.values import NOTHING, Call
from assay.methods.review.spot import Spot, with_arguments

LANGUAGE = "python"


def rule(program: Program) -> Iterator[Spot]:
    """Name each."""
    for call in program.calls:
        if (
            call.method == "run"
            and call.says("debug", True)
            and ("flask" in call.name or "dash" in call.name or "Flask" in call.receiver.name)
        ):
            node = keyword(call, "debug")
            yield spot(
                program, call.node, "debugger", Severity.HIGH, "debug=True gives whoever makes it fail a Python prompt.",
                "leave it out, and set FLASK_DEBUG where you develop", "CWE-489", replaced(program, node, "False") if node else (),
            )  # fmt: skip
        host = call.keywords.get("host") or call.keywords.get("server_name")
        if (
            host is not None
            and host.text in ("0.0.0.0", "::")  # noqa: S104 - what is looked for
            and call.method in ("run", "launch", "serve", "start_server", "create_server")
        ):
            yield spot(
                program, call.node, "every_address", Severity.LOW, "It listens on every address of the machine.",
                "127.0.0.1, and a proxy before it", "CWE-668",
            )  # fmt: skip
        if call.method == "launch" and call.name.startswith("gradio.") and call.says("share", True):
            yield spot(
                program, call.node, "public_share", Severity.HIGH, "share=True gives the application an address that all the world reaches.",
                "leave it out", "CWE-668",
            )  # fmt: skip
        if (
            call.method == "add_middleware"
            and call.says("allow_origins", ["*"])
            and call.says("allow_credentials", True)
        ):
            yield spot(
                program,
                call.node,
                "any_origin",
                Severity.MEDIUM,
                "Any page may ask with its user's own cookie.",
                "name the origins",
                "CWE-942",
            )
        yield from _archives(program, call)
        yield from _templates(program, call)


def _archives(program: Program, call: Call) -> Iterator[Spot]:
    """Name archives that are unpacked without a filter, or with the one that lets all through."""
    tar = call.method in ("extractall", "extract") and call.receiver.name.startswith("tarfile.")
    source = call.receiver if tar else call.args[0] if call.args else NOTHING
    fetched = source.has("caller", "network", "download")
    if not tar and not (call.name == "shutil.unpack_archive" and fetched):
        return
    if "filter" in call.keywords and not call.says("filter", "fully_trusted"):
        return
    given = keyword(call, "filter")
    yield spot(
        program, call.node, "tar", Severity.HIGH if fetched else Severity.MEDIUM, "A member of the archive may be written anywhere.",
        "filter='data'", "CWE-22",
        replaced(program, given, "'data'") if given else with_arguments(program.text, call.node, ["filter='data'"]),
    )  # fmt: skip


def _templates(program: Program, call: Call) -> Iterator[Spot]:
    """Name templates that escape nothing."""
    if call.name == "mako.template.Template" and not call.spread and "default_filters" not in call.keywords:
        yield spot(
            program, call.node, "no_escaping", Severity.LOW, "What is put into the template is not escaped.",
            "default_filters=['h']", "CWE-79", with_arguments(program.text, call.node, ["default_filters=['h']"]),
        )  # fmt: skip
    if (
        call.name == "jinja2.Environment"
        and not call.spread
        and ("autoescape" not in call.keywords or call.says("autoescape", False))
    ):
        yield spot(
            program, call.node, "no_escaping", Severity.LOW, "What is put into the template is not escaped.",
            "autoescape=jinja2.select_autoescape()", "CWE-79",
        )  # fmt: skip
