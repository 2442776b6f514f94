import numpy as np
import pytest
from scipy.spatial import Delaunay

from renderer.rasterizer import rasterize

# Counter-clockwise seen with y up is clockwise on a y-down picture.
FACING = np.array([[0, 2, 1]], np.int32)
CORNERS = np.array([[0, 0, 5], [8, 0, 5], [0, 8, 5]], np.float32)
BACKENDS = ["numba", "torch"]


@pytest.mark.parametrize("backend", BACKENDS)
def test_interpolates_and_covers_half_a_square(backend):
    raster = rasterize(CORNERS, FACING, CORNERS[:, :2], (8, 8), backend)
    rows, columns = np.nonzero(raster.covered)
    assert len(rows) == 36  # centres on or below the diagonal x + y = 8
    np.testing.assert_allclose(raster.attributes[rows, columns, 0], columns + 0.5, atol=1e-5)
    np.testing.assert_allclose(raster.attributes[rows, columns, 1], rows + 0.5, atol=1e-5)


@pytest.mark.parametrize("backend", BACKENDS)
def test_culls_triangles_that_face_away(backend):
    raster = rasterize(CORNERS, FACING[:, ::-1].copy(), CORNERS, (8, 8), backend)
    assert not raster.covered.any()


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_nearer_triangle_wins_whatever_the_order(backend):
    points = np.concatenate([CORNERS, CORNERS - (0, 0, 1)]).astype(np.float32)
    for triangles in ([[0, 2, 1], [3, 5, 4]], [[3, 5, 4], [0, 2, 1]]):
        raster = rasterize(points, np.array(triangles, np.int32), points, (8, 8), backend)
        assert set(raster.attributes[raster.covered][:, 2].round(4)) == {4.0}


@pytest.mark.parametrize("backend", BACKENDS)
def test_triangles_beyond_the_picture_are_clipped(backend):
    points = CORNERS * 10 - np.array([30, 30, 0], np.float32)
    raster = rasterize(points, FACING, points, (8, 8), backend)
    assert raster.covered.all()
    outside = rasterize(points - (500, 0, 0), FACING, points, (8, 8), backend)
    assert not outside.covered.any()


def test_fast_and_readable_backends_agree_on_a_face(face_model):
    points = face_model.neutral * (6, -6, -1) + (96, 96, 100)
    fast = rasterize(points, face_model.triangles, points, (192, 192))
    slow = rasterize(points, face_model.triangles, points, (192, 192), "torch")
    same = fast.triangle == slow.triangle
    assert same.mean() > 0.998  # the rest are pixels that an edge passes through
    np.testing.assert_allclose(fast.attributes[same], slow.attributes[same], atol=1e-3)


def test_unknown_backend():
    with pytest.raises(ValueError, match="opengl"):
        rasterize(CORNERS, FACING, CORNERS, (8, 8), "opengl")


@pytest.mark.gpu
def test_nvdiffrast_agrees(face_model):
    pytest.importorskip("nvdiffrast", reason="nvdiffrast is not installed")
    points = face_model.neutral * (6, -6, -1) + (96, 96, 100)
    fast = rasterize(points, face_model.triangles, points, (192, 192))
    other = rasterize(points, face_model.triangles, points, (192, 192), "nvdiffrast")
    assert (fast.triangle == other.triangle).mean() > 0.99


def test_a_sheet_of_slivers_has_no_cracks_and_knows_its_places():
    generator = np.random.default_rng(0)
    inside = generator.uniform(0, 64, (4000, 2))
    outline = np.array([[-4, -4], [68, -4], [-4, 68], [68, 68]])
    places = np.concatenate([outline, inside])
    sheet = Delaunay(places).simplices.astype(np.int32)
    corners = places[sheet]
    a, b = corners[:, 0] - corners[:, 2], corners[:, 1] - corners[:, 2]
    away = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0] > 0
    sheet[away] = sheet[away][:, ::-1]
    points = np.concatenate([places, np.full((len(places), 1), 9.0)], axis=1).astype(np.float32)
    raster = rasterize(points, sheet, points[:, :2], (64, 64))
    assert raster.covered.all()
    y, x = np.mgrid[:64, :64] + 0.5
    np.testing.assert_allclose(raster.attributes, np.stack([x, y], axis=-1), atol=2e-3)
