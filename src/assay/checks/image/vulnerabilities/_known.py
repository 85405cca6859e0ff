"""What else is known of vulnerabilities here: lists, statements and the program's own imports, taken from the inputs that hold them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from assay.checks.image.vulnerabilities._match import Hit
from assay.engines.regular import opened, why
from assay.kernel.errors import BadInput
from assay.kernel.handles import Image, Tree
from assay.kernel.report import Skipped
from assay.methods.advisories import exploited, reach, vex
from assay.methods.packages.package import Package, Unreadable
from assay.methods.versions.pep440 import normal_name

_LIST = 256 << 20


@dataclass
class Known:
    """kev: CVEs known to be exploited. epss: CVE → probability. statements: VEX. reached: distributions that code reaches, or None."""

    kev: frozenset[str] = frozenset()
    epss: Mapping[str, float] = field(default_factory=dict)
    statements: Sequence[vex.Statement] = ()
    subject: vex.Subject = field(default_factory=vex.Subject)
    reached: Mapping[str, str] | None = None
    skipped: list[Skipped] = field(default_factory=list)

    def exploited(self, hit: Hit) -> bool:
        """Whether a hit is known to be exploited."""
        return any(i in self.kev for i in hit.ids)

    def probability(self, hit: Hit) -> float | None:
        """Return the highest EPSS of a hit's names."""
        return max((self.epss[i] for i in hit.ids if i in self.epss), default=None)

    def cleared(self, hit: Hit) -> vex.Statement | None:
        """Return a statement where statements say of every package of a hit that it does not matter, or None.

        Of an advisory about several CVEs each must be said not to matter, or the advisory itself.
        """
        found = None
        each = [i for i in hit.ids if i.startswith("CVE-")]
        others = [i for i in hit.ids if i not in each]
        asked = [[one, *others] for one in each] or [others]
        for package in hit.packages:
            for ids in asked:
                found = vex.said(self.statements, ids, package, self.subject)
                if found is None or found.status not in vex.CLEARS:
                    return None
        return found

    def reach(self, hit: Hit) -> str | None:
        """Return how the code comes to a package of a hit, empty where nothing imports it; None where it is not known.

        Only of Python's packages is that asked.
        """
        if self.reached is None or hit.base != "PyPI":
            return None
        return next((how for p in hit.packages if (how := self.reached.get(normal_name(p.name)))), "")


def known(
    image: Image,
    packages: Sequence[Package],
    *,
    kev: Tree | None,
    epss: Tree | None,
    statements: Tree | None,
    code: Tree | None,
) -> Known:
    """Read what was given beside the image; BadInput where it is not what it is given for."""
    out = Known(subject=vex.Subject((image.asset.name, *image.tags), image.asset.digest))
    for tree, what in ((kev, "kev"), (epss, "epss")):
        for name, content in _files(tree):
            try:
                if what == "kev":
                    out.kev |= exploited.kev(content)
                else:
                    out.epss = {**out.epss, **exploited.epss(content)}
            except exploited.Unread as error:
                raise BadInput(str(error), where=f"--{what} {name}") from None
    told: list[vex.Statement] = []
    for name, content in _files(statements):
        try:
            told += vex.read(content)
        except Unreadable as error:
            raise BadInput(str(error), where=f"--vex {name}") from None
    out.statements = vex.in_order(told)
    if code is not None:
        imports, unread = reach.Imports(), list[Skipped]()
        for name, path in code.files():
            if name.endswith((".py", ".ipynb")):
                try:
                    with opened(path) as source:
                        imports.add(name, source.read((4 << 20) + 1))
                except OSError as error:
                    unread.append(Skipped(name, why(error)))
        if unread:  # what stands in them may import anything, so nothing is called unreached
            more = [Skipped(f"{len(unread) - 20:,} more files of the code", "they cannot be read")]
            out.skipped += [*unread[:20], *(more if len(unread) > 20 else [])]
        elif imports.open or not imports.files:
            out.skipped.append(Skipped("what the code imports", imports.open or "there is no Python in it"))
        else:
            out.reached = reach.reached(packages, imports)
    return out


def _files(tree: Tree | None) -> list[tuple[str, bytes]]:
    out = []
    for name, path in tree.files() if tree is not None else ():
        try:
            with opened(path) as source:
                content = source.read(_LIST + 1)
        except OSError as error:
            raise BadInput(f"{name} cannot be read: {why(error)}", where=str(path)) from None
        if len(content) > _LIST:
            raise BadInput(f"{name} is larger than any such list")
        out.append((name, content))
    return out
