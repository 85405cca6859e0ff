"""Write the lists of names and places that recognisers hold values against, from sources that may be shipped.

    pip download --no-deps names==0.3.0 mimesis==22.2.0; apt-get download wamerican-small; unpack all three
    python tools/gazetteer.py NAMES MIMESIS WORDS

NAMES: the folder of `names`, which holds lists of the US Census Bureau of 1990 (works of the United States government, in the
public domain). MIMESIS: the folder of `mimesis` (MIT licence). WORDS: SCOWL's list of the commonest English words
(usr/share/dict/american-english-small), whose licence lets it be copied, changed and sold with its notice.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

LISTS = Path(__file__).parent.parent / "src/assay/methods/recognise/lists"
LANGUAGES = ("de", "es", "fr", "it", "pl", "pt")  # the Dutch list is full of English names
ENDINGS = (
    "s",
    "es",
    "ed",
    "d",
    "ing",
    "ly",
    "er",
    "ers",
    "ness",
)  # left off where the word without it is there too
# Small words too, yet names first of all.
NAMES = frozenset(
    """abram carl cristina dan daniel danny david derek ed eddy eduardo eli fred george jack james jan jim joey john larry mari maria maría
    mary martin michael mike nick peter phil pierre robert rosemary scott sean steve stan sue susan thomas tom tomas tyler victor
    bob harry jones nelson newton parker walker andré léa rené linda olha marino jenny ken jarred henry""".split()  # noqa: SIM905
)
SURNAMES = 12_000  # of the Census's 88,799: who bears one of these is three people in four; more of them found no more


def texts(node: Any) -> Iterator[str]:
    """Give every text below a JSON node."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for value in node.values():
            yield from texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from texts(value)


def words(values: Iterable[str]) -> set[str]:
    """Return the single words of names, folded as the recogniser folds them."""
    found = set()
    for value in values:
        for word in unicodedata.normalize("NFC", value).lower().replace("\u200c", " ").split():
            plain = word.strip(".,()'’-")
            if plain and (len(plain) > 1 or ord(plain[0]) > 0x2E80):
                found.add(plain)
    return found


def census(file: Path, most: int = 10**9) -> set[str]:
    """Return the first names of a list of the Census."""
    return {line.split()[0].lower() for line in file.read_text().splitlines()[:most]}


def common(mimesis: Path, scowl: Path, names: set[str], called: set[str]) -> set[str]:
    """Return words that are written small: those of SCOWL, and of mimesis in the languages that texts are read in.

    names: those of the lists; called: given names of the Census, which are words in SCOWL alone.
    """
    plain = {w for w in scowl.read_text(encoding="utf-8").split() if w.islower() and w.isalpha()}
    found = {w for w in plain if not any(w.endswith(e) and w[: -len(e)] in plain for e in ENDINGS)}
    found |= plain & names
    for language in LANGUAGES:
        folder = mimesis / "mimesis/datasets" / language
        said = json.loads((folder / "text.json").read_text(encoding="utf-8"))
        days = json.loads((folder / "datetime.json").read_text(encoding="utf-8"))
        for node in (
            said.get("words", {}),
            said.get("color", []),
            days.get("month", {}),
            days.get("day", {}),
        ):
            found |= {w.strip(".") for t in texts(node) for w in t.lower().split() if w.strip(".").isalpha()}
    return {w for w in found if len(w) > 1 and (w in plain or w not in called)} - NAMES


def write(name: str, what: str, source: str, found: set[str]) -> None:
    """Write one list, one entry a line, under a line that says whose it is."""
    body = "\n".join(sorted(found))
    (LISTS / name).write_text(f"# {what}. {source}\n{body}\n", encoding="utf-8")
    print(f"{name}: {len(found):,}")


def main(names: Path, mimesis: Path, scowl: Path) -> None:
    """Read both sources and write the lists."""
    given: set[str] = set()
    family: set[str] = set()
    places: set[str] = set()
    for file in sorted((mimesis / "mimesis/datasets").glob("*/person.json")):
        person = json.loads(file.read_text(encoding="utf-8"))
        given |= words(texts(person.get("names", [])))
        family |= words(texts(person.get("surnames", [])))
    for file in sorted((mimesis / "mimesis/datasets").glob("*/address.json")):
        address = json.loads(file.read_text(encoding="utf-8"))
        for part in ("city", "state", "country"):
            found = texts(address.get(part, {}).get("name", []) if part != "city" else address.get(part, []))
            places |= {" ".join(t.lower().split()) for t in found if len(t) > 2}
    folder = names / "names"
    called = census(folder / "dist.female.first") | census(folder / "dist.male.first")
    given |= called
    family |= census(folder / "dist.all.last", SURNAMES)
    # a place that is at least as often a name stays a name; a name of the Census that is only a place does not
    source = "US Census Bureau 1990 (public domain) and mimesis 22.2 (MIT, (c) Isaak Uchakaev)"
    write("given.txt", "Given names", source, given)
    write("family.txt", "Family names", source, family)
    write("places.txt", "Towns, states and countries", "mimesis 22.2 (MIT, (c) Isaak Uchakaev)", places)
    source = "SCOWL ((c) 2000-2011 Kevin Atkinson, its notice in NOTICE) and mimesis 22.2 (MIT, (c) Isaak Uchakaev)"
    write("words.txt", "Words that are no names", source, common(mimesis, scowl, given | family, called))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
