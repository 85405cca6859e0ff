"""Whether two URLs lead to one PostgreSQL database."""

from __future__ import annotations

import contextlib
import re
from urllib.parse import urlsplit


def same_server(one: str, other: str) -> bool:
    """Whether two URLs name the same database, as far as they tell: host, port and name, with what is meant where nothing is said."""
    return bool(one and other) and _server(one) == _server(other)


def _server(url: str) -> tuple[str, ...]:
    plain = re.sub(r"^postgres(ql)?(\+\w+)?://", "postgresql://", url)
    with contextlib.suppress(ImportError):
        from psycopg import Error
        from psycopg.conninfo import conninfo_to_dict

        with contextlib.suppress(Error):
            said = conninfo_to_dict(plain)
            name = said.get("dbname") or said.get("user") or ""
            return str(said.get("host") or ""), str(said.get("port") or "5432"), str(name)
    split = urlsplit(plain)
    return split.netloc.rpartition("@")[2], split.path, split.query
