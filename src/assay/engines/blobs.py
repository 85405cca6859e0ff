"""Objects by their digest: written once, never changed, checked when they are read."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import stat
import uuid
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from assay.engines.digests import copied
from assay.engines.digests import digest_file as digest_file
from assay.engines.folders import entries
from assay.engines.leftovers import living, outside, removed, sweep
from assay.engines.regular import opened
from assay.engines.remote import filesystem
from assay.kernel.canonical import canonical
from assay.kernel.errors import Broken, Missing, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
_CHUNK = 1 << 20
_NEW = ".new-"  # how the name of what is not whole yet begins


DEEPEST = 200  # folders within one another


def name_in(root: Path, path: Path) -> str:
    """Return a path below a root as text, with slashes; bytes that are no UTF-8 stand as ``\\xff``."""
    name = path.relative_to(root).as_posix()
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def digest_tree(
    path: Path | str,
    without: Path | None = None,
    *,
    odd: bool = False,
    digest: Callable[[Path], str] | None = None,
) -> str:
    """Return the digest of a folder: SHA-256 of its manifest; of a file's bytes where ``path`` is a file.

    The manifest is canonical JSON of ``[{"path", "size", "sha256"}]`` sorted by path. UsageError on a link or
    anything else that is not a plain file, since what it leads to may change behind the digest. without: a folder
    inside that does not count. odd: links, devices, names that are no UTF-8 and what cannot be read are borne; where a link
    leads and what a device gives is then no part of it, and whoever looks at the folder must not read them, and must tell of
    what cannot be read. BadInput where it nests deeper than
    DEEPEST, or holds a folder that cannot be looked into; UsageError where a file of it goes meanwhile. digest: gives that of a file, such as one that remembers.
    """
    root = Path(path)
    if root.is_file():
        return (digest or digest_file)(root)
    return _sha256(_manifest(root, digest or digest_file, without, odd=odd))


def _sha256(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def _manifest(
    root: Path, digest: Callable[[Path], str], without: Path | None = None, *, odd: bool = False
) -> bytes:
    listed: list[dict[str, Any]] = []

    def closed(inner: str, error: OSError) -> None:
        listed.append({"path": name_in(root, root / inner), "unread": error.errno})

    found = sorted(entries(root, DEEPEST, closed if odd else None), key=lambda e: e.path)
    for entry in found:
        path = root / entry.path
        if without is not None and path.is_relative_to(without):
            continue
        name = name_in(root, path)
        if not odd and name != entry.path:
            raise UsageError(f"the name {name!r} is no UTF-8", where=str(root), remedy="give it another")
        link = stat.S_ISLNK(entry.stat.st_mode)
        if odd and (link or not (entry.is_folder or entry.is_file)):
            listed.append({"path": name, "link": _leads(path) if link else ""})
            continue
        if link:
            raise UsageError(f"{name} is a link", where=str(root), remedy="put the file itself there")
        if entry.is_folder:
            continue
        if not entry.is_file:
            raise UsageError(f"{name} is not a plain file", where=str(root), remedy="leave it out")
        try:
            listed.append({"path": name, "size": path.stat().st_size, "sha256": digest(path)[7:]})
        except OSError as error:
            if odd:
                listed.append({"path": name, "unread": error.errno})
            elif isinstance(error, FileNotFoundError):
                raise UsageError(
                    f"{name} went while it was read", where=str(root), remedy="run again when it is still"
                ) from None
            else:
                raise
    return canonical(listed)


def _leads(path: Path) -> str:
    """Return where a link leads, as hex; nothing of one that went meanwhile."""
    try:
        return os.fsencode(path.readlink()).hex()
    except OSError:
        return ""


def _hex(digest: str) -> str:
    match = _DIGEST.fullmatch(digest)
    if match is None:
        raise UsageError(f"{digest[:80]!r} is no digest", remedy="it reads sha256: and 64 hexadecimal digits")
    return match[1]


class Store:
    """A store of objects in a folder, or wherever fsspec reaches (``s3://bucket/prefix``).

    An object lies at ``<first two hex digits>/<the other 62>``. It is written under a temporary name, synced and
    renamed, so that a crash leaves whole objects only. cache: where remote objects are kept once fetched. lasting:
    whether objects must outlive a loss of power; those of a store that goes with its process need not.
    """

    def __init__(self, url: str, *, cache: Path | None = None, lasting: bool = True) -> None:
        self.url, self.lasting = url, lasting
        self._fs: Any = None
        self._checked: dict[str, tuple[int, int, int]] = {}
        scheme, mark, rest = url.partition("://")
        if not mark or scheme in ("file", "local"):
            self._root = Path(rest if mark else url)
            return
        self._fs, prefix = filesystem(url)
        self._prefix = prefix.rstrip("/")
        if cache is None:
            cache, lock = outside("objects")
            weakref.finalize(self, removed, cache, lock)
        self._root = cache

    def put_bytes(self, data: bytes) -> str:
        """Keep the bytes and return their digest."""
        digest = _sha256(data)
        if not self.has(digest):
            with self._fresh() as (temporary, out):
                out.write(data)
                self._settle(temporary, out, digest)
        return digest

    def put_file(self, path: Path | str) -> str:
        """Keep a file's bytes, streamed, and return their digest."""
        source = Path(path)
        if source.is_symlink() and not source.exists():
            raise Missing(f"there is no file {str(path)!r}")
        with opened(source, follow=True) as given, self._fresh() as (temporary, out):
            digest = copied(given, out)
            if self.has(digest):
                temporary.unlink()
            else:
                self._settle(temporary, out, digest)
        return digest

    def put_tree(self, folder: Path | str) -> str:
        """Keep each file of a folder and its manifest; return the manifest's digest, equal to digest_tree."""
        digest = self.put_bytes(_manifest(Path(folder), self.put_file))
        self._mark(digest)
        return digest

    def has(self, digest: str) -> bool:
        """Whether the object is there."""
        hex_ = _hex(digest)
        return self._local(hex_).is_file() or (
            self._fs is not None and bool(self._fs.exists(self._key(hex_)))
        )

    def path(self, digest: str) -> Path:
        """Return a local path of the object, its digest checked; a folder where it was put as a tree.

        Missing when it is not there, Broken when its bytes are no longer those of its name.
        """
        hex_ = _hex(digest)
        if self._is_tree(hex_):
            return self._folder(hex_)
        path = self._file(hex_)
        self._check(path, digest)
        return path

    def open(self, digest: str) -> BinaryIO:
        """Open the object for reading, its digest checked first."""
        hex_ = _hex(digest)
        path = self._file(hex_)
        self._check(path, digest)
        return path.open("rb")

    def read(self, digest: str, limit: int | None = None) -> bytes:
        """Return the object's bytes, checked; UsageError when there are more than ``limit``."""
        path = self._file(_hex(digest))
        size = path.stat().st_size
        if limit is not None and size > limit:
            raise UsageError(f"object {digest} holds {size} bytes, more than the {limit} allowed")
        data = path.read_bytes()
        if _sha256(data) != digest:
            raise self._damaged(digest)
        return data

    def remove(self, digest: str) -> None:
        """Remove an object that nothing needs any more; one that is not there is gone already."""
        hex_ = _hex(digest)
        self._local(hex_).unlink(missing_ok=True)
        if self._fs is not None and self._fs.exists(self._key(hex_)):
            self._fs.rm_file(self._key(hex_))

    def verify(self, digest: str) -> bool:
        """Whether the object is there and its bytes, read again now, are those of its name."""
        try:
            return digest_file(self._file(_hex(digest))) == digest
        except Missing:
            return False

    def _local(self, hex_: str) -> Path:
        return self._root / hex_[:2] / hex_[2:]

    def _key(self, hex_: str) -> str:
        return f"{self._prefix}/{hex_[:2]}/{hex_[2:]}"

    def _file(self, hex_: str) -> Path:
        path = self._local(hex_)
        if path.is_file():
            return path
        if self._fs is None or not self._fs.exists(self._key(hex_)):
            raise Missing(
                f"there is no object sha256:{hex_}", where=self.url, remedy="restore it from a backup"
            )
        with self._fresh() as (temporary, out):
            with self._fs.open(self._key(hex_), "rb") as source:
                shutil.copyfileobj(source, out, _CHUNK)
            self._synced(out)
            if digest_file(temporary) != f"sha256:{hex_}":
                raise self._damaged(f"sha256:{hex_}")
            self._rename(temporary, path)
        return path

    def _check(self, path: Path, digest: str) -> None:
        """Read the bytes again unless this very file was already checked in this process."""
        seen = _seen(path)
        if self._checked.get(digest) == seen:
            return
        if digest_file(path) != digest:
            raise self._damaged(digest)
        self._checked[digest] = seen

    def _damaged(self, digest: str) -> Broken:
        return Broken(
            f"object {digest} does not hold the bytes of its name",
            where=self.url,
            remedy="restore it from a backup, and find out who changed it",
        )

    @contextlib.contextmanager
    def _fresh(self) -> Iterator[tuple[Path, BinaryIO]]:
        """Give a temporary file beside the objects; it is removed on any failure."""
        self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
        with living(self._touched) as temporary, temporary.open("wb") as out:
            try:
                yield temporary, out
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise

    def _touched(self) -> Path:
        path = self._root / f"{_NEW}{uuid.uuid4().hex}"
        path.touch(0o600, exist_ok=False)
        return path

    def sweep(self) -> None:
        """Remove what writers that are gone have left half written."""
        sweep([*self._root.glob(f"{_NEW}*"), *self._root.glob(f"trees/{_NEW}*")])

    def _settle(self, temporary: Path, out: BinaryIO, digest: str) -> None:
        self._synced(out)
        hex_, path = _hex(digest), self._local(_hex(digest))
        if self._fs is not None:
            self._fs.put_file(str(temporary), self._key(hex_))
        self._rename(temporary, path)
        self._checked[digest] = _seen(path)  # these are the bytes that were hashed, and no others since

    def _synced(self, out: BinaryIO) -> None:
        out.flush()
        if self.lasting:
            os.fsync(out.fileno())

    def _sync(self, folder: Path) -> None:
        """Make a rename last through a loss of power."""
        if not self.lasting:
            return
        with contextlib.suppress(OSError):
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def _rename(self, temporary: Path, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary.replace(path)
        path.chmod(0o400)
        self._sync(path.parent)

    def _mark(self, digest: str) -> None:
        """Remember that an object is a folder's manifest: a file of the same bytes may be only a file."""
        hex_ = _hex(digest)
        mark = self._root / "trees" / f"{hex_}.tree"
        mark.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        mark.touch()
        self._sync(mark.parent)
        if self._fs is not None:
            self._fs.pipe_file(f"{self._prefix}/trees/{hex_}.tree", b"")

    def _is_tree(self, hex_: str) -> bool:
        if (self._root / "trees" / f"{hex_}.tree").exists():
            return True
        return self._fs is not None and bool(self._fs.exists(f"{self._prefix}/trees/{hex_}.tree"))

    def _folder(self, hex_: str) -> Path:
        """Lay a tree out as a folder, once, from its objects; what was laid out is checked by its digest."""
        folder = self._root / "trees" / hex_
        if folder.is_dir():
            if digest_tree(folder) == f"sha256:{hex_}":
                return folder
            shutil.rmtree(folder)
        with living(self._made) as fresh:
            try:
                for entry in json.loads(self.read(f"sha256:{hex_}")):
                    target = fresh / entry["path"]
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(self.path(f"sha256:{entry['sha256']}"), target)
                fresh.replace(folder)
            except OSError:
                if not folder.is_dir():  # otherwise another process laid the same tree out first
                    raise
            finally:
                shutil.rmtree(fresh, ignore_errors=True)
        return folder

    def _made(self) -> Path:
        path = self._root / "trees" / f"{_NEW}{uuid.uuid4().hex}"
        path.mkdir(parents=True, mode=0o700)
        return path


def _seen(path: Path) -> tuple[int, int, int]:
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns
