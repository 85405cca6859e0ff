"""A picture cut into regions of one colour, about as many as asked for: SLIC (Achanta et al. 2012), and in one piece each."""

from __future__ import annotations

from typing import Any

_ROUNDS = 8


def slic(picture: Any, count: int, *, compactness: float = 0.15) -> Any:
    """Return the region of each pixel, height × width, numbered from 0 without gaps.

    picture: height × width × channels, 8 bits. Distance is that of colours (0 to 1 each) and of places, in shares of the
    distance between the first centres, times ``compactness``.
    """
    import numpy as np

    height, width = picture.shape[:2]
    colours = picture.astype(np.float64) / 255
    side = max(1.0, float(np.sqrt(height * width / max(count, 1))))
    down_ = max(1, min(height, round(height / side)))
    across_ = max(1, min(width, round(count / down_)))
    ys = (np.arange(down_) + 0.5) * height / down_
    xs = (np.arange(across_) + 0.5) * width / across_
    centres = np.array([[y, x] for y in ys for x in xs])
    shades = colours[centres[:, 0].astype(int), centres[:, 1].astype(int)]
    reach = int(np.ceil(2 * max(side, height / down_, width / across_)))
    down, across = np.mgrid[0:height, 0:width]
    labels = np.zeros((height, width), dtype=np.int64)
    for _ in range(_ROUNDS):
        nearest = np.full((height, width), np.inf)
        for at, ((y, x), shade) in enumerate(zip(centres, shades, strict=True)):
            rows = slice(max(0, int(y) - reach), int(y) + reach + 1)
            columns = slice(max(0, int(x) - reach), int(x) + reach + 1)
            away = ((down[rows, columns] - y) ** 2 + (across[rows, columns] - x) ** 2) / side**2
            off = ((colours[rows, columns] - shade) ** 2).sum(axis=2) + compactness**2 * away
            closer = off < nearest[rows, columns]
            nearest[rows, columns][closer] = off[closer]
            labels[rows, columns][closer] = at
        sizes = np.bincount(labels.ravel(), minlength=len(centres)).astype(float)
        held = sizes > 0
        for axis, places in enumerate((down, across)):
            sums = np.bincount(labels.ravel(), places.ravel(), minlength=len(centres))
            centres[held, axis] = sums[held] / sizes[held]
        for channel in range(colours.shape[2]):
            sums = np.bincount(labels.ravel(), colours[..., channel].ravel(), minlength=len(centres))
            shades[held, channel] = sums[held] / sizes[held]
    return _in_one_piece(labels)


def _in_one_piece(labels: Any) -> Any:
    """Return regions each of which hangs together: what lies apart from its largest piece goes to the nearest region."""
    import numpy as np
    from scipy import ndimage

    kept = np.zeros(labels.shape, dtype=bool)
    for region in np.unique(labels):
        parts, count = ndimage.label(labels == region)
        if count:
            sizes = np.bincount(parts.ravel())
            sizes[0] = 0
            kept |= parts == sizes.argmax()
    nearest = ndimage.distance_transform_edt(~kept, return_distances=False, return_indices=True)
    found = labels[tuple(nearest)]
    return np.unique(found, return_inverse=True)[1].reshape(labels.shape)
