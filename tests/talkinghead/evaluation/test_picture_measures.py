import numpy as np
import pytest

from renderer.landmark_groups import LIPS
from talkinghead.evaluation.pictures import PERFECT_PSNR, boil, mouth_box, psnr, sharpness, ssim


def noise(seed=0, size=(48, 40)):
    return np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)


def test_identical_pictures_have_the_perfect_score():
    picture = noise()
    assert psnr(picture, picture) == PERFECT_PSNR
    assert ssim(picture, picture) == pytest.approx(1.0, abs=1e-9)
    assert boil([picture] * 4) == 0.0


def test_psnr_by_hand():
    # One grey level off everywhere: mean square 1, 20 log10(255) = 48.1308 dB.
    picture = np.full((8, 8, 3), 100, np.uint8)
    assert psnr(picture + 1, picture) == pytest.approx(48.1308, abs=1e-3)


def test_a_mask_leaves_out_what_it_does_not_weigh():
    truth = np.full((8, 8, 3), 100, np.uint8)
    picture = truth.copy()
    picture[:4] += 10
    lower = np.zeros((8, 8), np.float32)
    lower[4:] = 1
    assert psnr(picture, truth, lower) == PERFECT_PSNR
    assert psnr(picture, truth, 1 - lower) == pytest.approx(20 * np.log10(25.5), abs=1e-6)
    half = psnr(picture, truth)
    assert half == pytest.approx(10 * np.log10(255**2 / 50), abs=1e-6)


def test_ssim_by_hand_of_two_flat_pictures():
    # Without variance only the luminance term is left: (2 a b + c1) / (a² + b² + c1), c1 = 0.01².
    a, b = 100 / 255, 150 / 255
    expected = (2 * a * b + 1e-4) / (a * a + b * b + 1e-4)
    pictures = (np.full((32, 32, 3), grey, np.uint8) for grey in (100, 150))
    assert ssim(*pictures) == pytest.approx(expected, abs=1e-6)


def test_ssim_agrees_with_the_formula():
    # Against a plain reading of the formula with the same Gaussian window.
    from scipy.ndimage import correlate1d

    first, second = noise(1).astype(float), noise(2).astype(float)
    x = np.arange(11) - 5
    window = np.exp(-(x**2) / (2 * 1.5**2))
    window /= window.sum()

    def blur(values):
        for axis in (0, 1):
            values = correlate1d(values, window, axis=axis, mode="mirror")
        return values

    first, second = first / 255, second / 255
    mean_1, mean_2 = blur(first), blur(second)
    var_1, var_2 = blur(first**2) - mean_1**2, blur(second**2) - mean_2**2
    both = blur(first * second) - mean_1 * mean_2
    score = ((2 * mean_1 * mean_2 + 1e-4) * (2 * both + 9e-4)) / (
        (mean_1**2 + mean_2**2 + 1e-4) * (var_1 + var_2 + 9e-4)
    )
    assert ssim(noise(1), noise(2)) == pytest.approx(score.mean(), abs=2e-3)


def test_blur_costs_sharpness_and_flat_has_none():
    import cv2

    picture = noise()
    assert sharpness(np.full((16, 16, 3), 9, np.uint8)) < 1e-12
    assert sharpness(cv2.GaussianBlur(picture, (0, 0), 2)) < 0.1 * sharpness(picture)


def test_boil_by_hand():
    frames = [np.full((4, 4, 3), grey, np.uint8) for grey in (10, 12, 9)]
    assert boil(frames) == pytest.approx(2.5)
    assert boil(frames[:1]) == 0.0


def test_the_mouth_box_is_a_square_around_the_lips():
    points = np.zeros((478, 2), np.float32)
    lips = list(LIPS)
    points[lips, 0] = np.linspace(40, 60, len(lips))
    points[lips, 1] = np.linspace(48, 52, len(lips))
    rows, columns = mouth_box(points, (100, 100, 3))
    assert (rows.start, rows.stop, columns.start, columns.stop) == (34, 66, 34, 66)
    rows, _ = mouth_box(points, (60, 100, 3))
    assert rows.stop == 60
