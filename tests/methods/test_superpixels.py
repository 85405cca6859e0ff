from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from assay.methods.superpixels import slic


@pytest.mark.parametrize(("height", "width", "count"), [(40, 60, 24), (9, 9, 4), (1, 30, 5), (64, 64, 100)])
def test_regions_cover_the_picture_hang_together_and_are_about_as_many(height, width, count):
    picture = np.random.default_rng(1).integers(0, 256, (height, width, 3)).astype(np.uint8)
    labels = slic(picture, count)
    found = np.unique(labels)
    assert labels.shape == (height, width) and (found == np.arange(len(found))).all()
    assert count / 2.5 <= len(found) <= count * 1.7
    for region in found:
        assert ndimage.label(labels == region)[1] <= 2  # one piece, but for a corner given to the nearest


def test_regions_follow_an_edge():
    """A square of another colour, off the grid: no region lies on both sides of its border by more than a little."""
    picture = np.zeros((60, 60, 3), dtype=np.uint8)
    picture[13:41, 17:49] = 255
    labels = slic(picture, 30)
    inside = picture[..., 0] > 0
    share = np.bincount(labels.ravel(), inside.ravel()) / np.bincount(labels.ravel())
    assert ((share < 0.05) | (share > 0.95)).all()
