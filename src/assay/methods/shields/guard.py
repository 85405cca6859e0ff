"""Our own rules as one guard of an endpoint: each looks at a question, and what it finds is refused or noted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from assay.kernel.serving import Question, Refusal
from assay.methods.inputschema.schema import Schema
from assay.methods.shields import injections, objects, pickles, sizes, texts
from assay.methods.shields.callers import Callers
from assay.methods.shields.remembered import Remembered
from assay.methods.shields.settings import Settings

if TYPE_CHECKING:
    import pyarrow

MOST_TEXTS = 5_000  # that are looked at of one question
MOST_CHARACTERS = 500_000
_HEADS, _SHORT_HEAD = 2_000, 4_096  # heads that are remembered, and characters that one of them has at most
_SLOW = 20_000  # characters of text that take longer than about a millisecond
_TABULAR = (
    "application/vnd.apache",
    "application/x-parquet",
    "application/parquet",
    "application/x-arrow",
    "application/arrow",
)
_EXTRACTION = ("lines", "grid", "spread")


class ShieldGuard:
    """Refuses or notes what our own rules find. Threads may ask; of callers it remembers what ``Callers`` says.

    block: False notes all and refuses nothing.
    """

    name = "shields"

    def __init__(self, settings: Settings, schema: Schema | None, *, block: bool) -> None:
        self.settings, self.block = settings, block
        self.known: Mapping[str, frozenset[str]] = (
            {f.name: frozenset(f.values) for f in schema.features} if schema else {}
        )
        watched = any(self._mode(n) != "off" for n in ("extraction", "probes"))
        self._heads = Remembered(_HEADS)  # that no patch is against
        self.callers = Callers(schema) if schema is not None and watched else None

    def _mode(self, name: str) -> str:
        return self.settings.shields.get(name, "off")

    def slow(self, question: Question) -> bool:
        """Whether it holds so much text that looking at it takes longer than about a millisecond."""
        if len(question.body) < _SLOW:
            return False
        if question.rows is None:
            return True
        return sum(len(t) for _, t in texts.of_rows(question.rows, self.known)) > _SLOW

    def examine(self, question: Question) -> list[Refusal]:
        """Return what is found, each rule once."""
        out: list[Refusal] = []
        rows = question.rows
        if rows is not None:
            self._found(out, "sizes", sizes.oversized(rows), "The payload has {}.", 413)
            if out and out[0].blocks:
                return out
            self._found(out, "floods", sizes.flood(rows), "The payload has {}.", 400)
        self._bytes(out, question)
        if rows is not None and rows.table is not None and self._mode("pickles") != "off":
            self._binary(out, rows.table)
        said = texts.of_rows(rows, self.known) if rows is not None else texts.of_body(question)
        if len(said) > MOST_TEXTS or sum(len(t) for _, t in said) > MOST_CHARACTERS:
            self._found(
                out, "sizes", "more text than is looked at; send it in parts", "The payload has {}.", 413
            )
            return out
        for rule, finds, sentence in (
            ("pickles", pickles.in_text, "A text{} holds {}, which no model is asked with."),
            ("templates", injections.template, "A text{} holds {}."),
            ("prompts", injections.prompt, "A text{} holds {}, written to a language model."),
        ):
            if self._mode(rule) != "off":
                for name, text in said:
                    found = finds(text)
                    if found:
                        where = "" if name == texts.OTHER else f" of {name}"
                        self._found(out, rule, found, sentence.replace("{}", where, 1), 403)
                        break
        self._patched(out, question, said)
        if self.callers is not None and rows is not None:
            for name, told in self.callers.watch(question.caller, rows).items():
                rule = "extraction" if name in _EXTRACTION else "probes"
                self._found(out, rule, told, "The caller's questions are no ordinary ones: {}.", 429, name)
        return out

    def _bytes(self, out: list[Refusal], question: Question) -> None:
        kind = question.content_type.lower()
        if self._mode("pickles") != "off" and not kind.startswith(_TABULAR):
            self._found(
                out,
                "pickles",
                pickles.holds(question.body),
                "The body is {}, which no model is asked with.",
                403,
            )
        if self._mode("objects") != "off" and not kind.startswith(_TABULAR):
            self._found(out, "objects", objects.names(question.body), "The body names {}.", 403)

    def _binary(self, out: list[Refusal], table: pyarrow.Table) -> None:
        """Look at the bytes that columns of an Arrow table hold."""
        import pyarrow as pa

        left = MOST_TEXTS
        for column in table.columns:
            if not (pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type)):
                continue
            for value in column.slice(0, left).to_pylist():
                found = pickles.holds(value) if value else ""
                if found:
                    self._found(
                        out, "pickles", found, "A value of bytes is {}, which no model is asked with.", 403
                    )
                    return
            left -= len(column)
            if left < 0:
                more = "more values of bytes than are looked at; send it in parts"
                self._found(out, "sizes", more, "The payload has {}.", 413)
                return

    def _patched(self, out: list[Refusal], question: Question, said: list[tuple[str, str]]) -> None:
        if self._mode("patches") == "off":
            return
        head = (question.method, question.path, question.headers)
        known, before = head in self._heads, len(out)
        for patch in self.settings.patches:
            if (known and patch.of_the_head) or not patch.matches(question, said):
                continue
            blocks = patch.mode == "block" and self._blocks("patches")
            title = patch.title + (f" ({patch.cve})" if patch.cve else "")
            sentence = f"The virtual patch {patch.id} refuses it."
            out.append(Refusal(f"patch.{patch.id}", sentence, 403, blocks, title))
        short = sum(len(n) + len(v) for n, v in question.headers) + len(question.path) <= _SHORT_HEAD
        if short and not known and len(out) == before:
            self._heads.add(head)

    def _blocks(self, rule: str) -> bool:
        return self.block and self._mode(rule) == "block"

    def _found(
        self, out: list[Refusal], rule: str, found: str, sentence: str, status: int, detail: str = ""
    ) -> None:
        if found and self._mode(rule) != "off":
            out.append(
                Refusal(
                    f"shields.{rule}", sentence.format(found), status, self._blocks(rule), detail or found
                )
            )
