import numpy as np

HEIGHT, WIDTH = 48, 64


def smooth_picture():
    """Different in every corner and channel: any flip, turn or channel swap shows."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    red, green, blue = x * 3 + 20, y * 4 + 20, 255 - x - y
    return np.stack([red, green, blue], -1).astype(np.uint8)


def difference(a, b):
    assert a.shape == b.shape
    assert a.dtype == np.uint8
    return float(np.abs(a.astype(int) - b.astype(int)).mean())
