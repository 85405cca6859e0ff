"""Tables changed where they lie, all or nothing: CSV and Parquet by a rename, databases in one transaction."""

from __future__ import annotations

from assay.engines.inplace.opening import located, open_place
from assay.engines.inplace.place import Edits, Place, Undo

__all__ = ["Edits", "Place", "Undo", "located", "open_place"]
