"""Pictures explained by regions, through the sandbox: a script whose network is a sum over pixels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from assay.checks.model.explain._regions import _filled, _zones
from assay.engines import images
from assay.methods import png

SCRIPT = """
import numpy as np

def model_fn(folder):
    return None

def predict_fn(frame, model):
    return np.array([p[:10, :10, 0].astype(float).mean() / 255 + len(p) for p in frame["photo"]])
"""


def _picture(seed=0):
    picture = np.random.default_rng(seed).integers(80, 120, (30, 36, 3)).astype(np.uint8)
    picture[:10, :10] = (250, 10, 10)
    return picture


@pytest.fixture
def shop(tmp_path):
    """A folder with a model, pictures and a table that names them."""
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "inference.py").write_text(SCRIPT)
    (tmp_path / "photos").mkdir()
    for at in range(2):
        (tmp_path / "photos" / f"{at}.png").write_bytes(png.written(_picture(at)))
    (tmp_path / "photos" / "bad.png").write_bytes(b"GIF89a")
    names = ["0.png", "1.png", "bad.png", "../secret.png"]
    pd.DataFrame({"id": [1, 2, 3, 4], "photo": names}).to_csv(tmp_path / "shop.csv", index=False)
    (tmp_path / "secret.png").write_bytes(png.written(_picture()))
    return tmp_path


ARGS = (
    "check",
    "model.explain",
    "net",
    "--data",
    "shop.csv",
    "--image",
    "photo",
    "--images",
    "photos",
    "--regions",
    "12",
)


@pytest.mark.slow
def test_the_region_that_counts_is_found(assay, shop):
    report = assay.json(shop, *ARGS, "--row", "1")
    shap = [m for m in report["metrics"] if m["name"] == "shap"]
    assert shap[0]["of"]["where"] == "top left" and shap[0]["value"] > 0
    picture = _picture()
    behind = _filled(picture, "blur", 12)
    whole = (picture[:10, :10, 0].mean() - behind[:10, :10, 0].mean()) / 255
    assert sum(m["value"] for m in shap) == pytest.approx(whole, rel=0.02)
    base = next(m["value"] for m in report["metrics"] if m["name"] == "base")
    assert base == pytest.approx(30 + behind[:10, :10, 0].mean() / 255)
    assert next(m["value"] for m in report["metrics"] if m["name"] == "additivity") < 1e-5
    zone = next(
        m["value"]
        for m in report["metrics"]
        if m["name"] == "mean_abs_shap" and m["of"]["feature"] == "top left"
    )
    assert zone == pytest.approx(whole, rel=0.15)
    chart = next(c for c in report["charts"] if c["kind"] == "image")
    assert chart["svg"].count("data:image/png;base64,") == 2 and "top left raises it most" in chart["alt"]


@pytest.mark.slow
def test_a_picture_that_cannot_be_had_is_not_examined_and_the_folder_is_not_left(assay, shop):
    report = assay.json(shop, *ARGS, code=1)
    said = {s["what"]: s["why"] for s in report["coverage"]["skipped"]}
    assert said == {
        "row 3": "it is neither PNG nor JPEG",
        "row 4": "there is no ../secret.png among the images",
    }
    assert report["coverage"]["examined"] == 2
    assert "row 4 cannot be explained" in assay.fails(shop, *ARGS, "--row", "4")


@pytest.mark.slow
def test_pictures_may_stand_in_the_table(assay, shop):
    held = pa.table({"photo": pa.array([png.written(_picture())], pa.binary())})
    pq.write_table(held, shop / "held.parquet")
    args = (
        "check",
        "model.explain",
        "net",
        "--data",
        "held.parquet",
        "--image",
        "photo",
        "--fill",
        "mean",
        "--regions",
        "12",
    )
    shap = [m for m in assay.json(shop, *args, "--row", "1")["metrics"] if m["name"] == "shap"]
    assert shap[0]["of"]["where"] == "top left"


@pytest.mark.slow
def test_options_that_do_not_go_together_are_said(assay, shop):
    assert "--images FOLDER" in assay.fails(shop, *ARGS[:7], "--row", "1")
    assert "by their regions alone" in assay.fails(shop, *ARGS, "--inside")


def test_zones_share_out_a_region_by_its_pixels():
    labels = np.zeros((6, 6), dtype=int)
    labels[:, 3:] = 1
    assert _zones(labels)[0].reshape(3, 3) == pytest.approx(np.array([[2, 1, 0]] * 3) / 9)


def test_what_is_too_large_is_not_unpacked(tmp_path):
    from tests.methods.test_png import made

    found = images.read(
        [bytes(images.BYTES + 1), made(b"", 60_000, 60_000), b"\xff\xd8\xff junk"], tmp_path, "partial"
    )
    assert "more than 20 MiB" in found[0] and "claims 60,000" in found[1] and isinstance(found[2], str)
