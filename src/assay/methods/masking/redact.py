"""Personal data replaced inside longer texts, wherever a recogniser finds it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from assay.methods.recognise.forms import FORMS, Form
from assay.methods.recognise.prose import people as prose

LONGEST = 1_000_000  # characters of one text; a longer one is unfit, so that it is hidden whole
TYPES = (*(form.type for form in FORMS), "name")
DOUBT = 1.0  # a name that is likelier none by no more than this (in log-odds) is hidden too
Mask = Callable[[str], str]


def people(text: str) -> Iterator[tuple[int, int]]:
    """Give where names stand, doubtful ones too: what is hidden for nothing costs less than what is not hidden."""
    for one in prose.people(text, -DOUBT):
        yield one.start, one.stop


def label(kind: str) -> Mask:
    """Return a mask that puts the kind in a value's place: ``<EMAIL>``."""
    return lambda _: f"<{kind.upper()}>"


class Redacted:
    """Texts with each occurrence masked by the mask of its kind. forms: the recognisers, in the order they go first."""

    def __init__(self, forms: Iterable[Form], masks: Mapping[str, Mask], *, people: bool = False) -> None:
        self.forms = [f for f in forms if f.type in masks]
        self.masks, self.people = masks, people

    def __call__(self, texts: list[str]) -> list[str | None]:
        """Return each text masked; None where it is too long to be read."""
        fits = [t if len(t) <= LONGEST else "" for t in texts]
        passed = [(form, self._sieved(fits, form.sieve)) for form in self.forms]
        people_too = self._sieved(fits, prose.SIEVE) if self.people else [False] * len(texts)
        out: list[str | None] = []
        for place, text in enumerate(texts):
            forms = [form for form, sieve in passed if sieve[place]]
            masked = self._one(text, forms, people_too[place]) if forms or people_too[place] else text
            out.append(masked if len(text) <= LONGEST else None)
        return out

    def one(self, text: str) -> str:
        """Return a text masked. Of occurrences that overlap the one of the earlier form stands."""
        return self._one(text, self.forms, self.people)

    def _sieved(self, texts: list[str], pattern: str) -> list[bool]:
        """Return which texts may hold something: few do, and RE2 tells so for all of them at once."""
        import pyarrow as pa
        import pyarrow.compute as pc

        out: list[bool] = pc.match_substring_regex(pa.array(texts, pa.string()), pattern).to_pylist()
        return out

    def _one(self, text: str, forms: Iterable[Form], people_too: bool) -> str:
        taken, marks = [], bytearray(len(text))
        found = [(form.type, form.spans(text)) for form in forms]
        for kind, spans in [*found, *([("name", people(text))] if people_too else [])]:
            for start, stop in spans:
                if not any(marks[start:stop]):
                    marks[start:stop] = b"\x01" * (stop - start)
                    taken.append((start, stop, kind))
        out: list[str] = []
        end = 0
        for start, stop, kind in sorted(taken):
            out += [text[end:start], self.masks[kind](text[start:stop])]
            end = stop
        return "".join([*out, text[end:]])
