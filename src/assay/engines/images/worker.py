"""The reader of pictures inside the sandbox: GIVEN MADE COUNT; writes NUMBER.cell, or why not as NUMBER.json."""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path


def main() -> None:
    """Read every picture of the folder."""
    import numpy as np
    from PIL import Image

    from assay.engines import pixels
    from assay.engines.images import PIXELS

    warnings.simplefilter("ignore")
    Image.MAX_IMAGE_PIXELS = PIXELS
    given, made = Path(sys.argv[1]), Path(sys.argv[2])
    for at in range(int(sys.argv[3])):
        part = made / f"{at}.part"
        try:
            with Image.open(given / str(at), formats=("PNG", "JPEG")) as opened:
                if opened.width * opened.height > PIXELS:
                    raise ValueError(f"it claims {opened.height:,} × {opened.width:,} pixels")
                found = np.asarray(opened.convert("RGB"), dtype=np.uint8)
            part.write_bytes(pixels.packed(found))
            part.rename(made / f"{at}.cell")
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 - a hostile picture finds what no reader foresaw
            (made / f"{at}.json").write_text(json.dumps(f"it cannot be read: {str(error)[:150]}"))
