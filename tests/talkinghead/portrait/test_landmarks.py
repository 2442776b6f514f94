from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from talkinghead.errors import BackendMissing, BadOption
from talkinghead.portrait.landmarks import (
    FaceAlignmentDetector,
    FaceLandmarks,
    landmark_detector,
)
from talkinghead.portrait.photo import read_photo

POINTS = np.stack([np.linspace(10, 90, 68), np.linspace(20, 60, 68)], axis=1).astype(np.float32)


class FakeAligner:
    """Returns what the package returns: None, a list, or a tuple that starts with one."""

    def __init__(self, answer):
        self.answer = answer

    def get_landmarks(self, image_or_path):
        return self.answer


@pytest.mark.parametrize("answer", [None, [], (None, None, None), ([], [], [])])
def test_face_alignment_without_a_face(answer):
    assert FaceAlignmentDetector(FakeAligner(answer)).detect(np.zeros((9, 9, 3), np.uint8)) == []


@pytest.mark.parametrize("wrap", [lambda found: found, lambda found: (found, [0.9], [None])])
@pytest.mark.parametrize("dimensions", [2, 3])
def test_face_alignment_shapes(wrap, dimensions):
    far = np.pad(POINTS - (-100, 0), ((0, 0), (0, dimensions - 2)))
    near = np.pad(POINTS, ((0, 0), (0, dimensions - 2)))
    faces = FaceAlignmentDetector(FakeAligner(wrap([far, near]))).detect(
        np.zeros((9, 9, 3), np.uint8)
    )
    assert [face.points.shape for face in faces] == [(68, 2), (68, 2)]
    np.testing.assert_allclose(faces[0].points, POINTS)  # from left to right


def test_face_alignment_with_something_else():
    with pytest.raises(TypeError, match="dict"):
        FaceAlignmentDetector(FakeAligner({})).detect(np.zeros((9, 9, 3), np.uint8))


def test_face_alignment_not_installed(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "face_alignment", None)
    with pytest.raises(BackendMissing, match="requirements-optional"):
        landmark_detector("face-alignment")


def test_unknown_backend():
    with pytest.raises(BadOption, match="dlib"):
        landmark_detector("dlib")


def test_only_known_layouts():
    with pytest.raises(ValueError, match="468"):
        FaceLandmarks(np.zeros((468, 2), np.float32))


def test_mediapipe_finds_the_face(photo_path):
    photo = read_photo(photo_path)
    (face,) = landmark_detector().detect(photo)
    left, top, right, bottom = face.box
    assert 0 < left < right < photo.shape[1]
    assert 0 < top < bottom < photo.shape[0]


def test_mediapipe_finds_small_and_several_faces_from_left_to_right(photo_path):
    photo = read_photo(photo_path)
    small = photo[::2, ::2]
    wall = np.full((900, 1600, 3), 128, np.uint8)
    wall[500 : 500 + small.shape[0], 1300 : 1300 + small.shape[1]] = small
    wall[100 : 100 + small.shape[0], 100 : 100 + small.shape[1]] = small
    faces = landmark_detector().detect(wall)
    assert len(faces) == 2
    assert faces[0].box[2] < 500
    assert faces[1].box[0] > 1300


def test_mediapipe_without_a_face():
    noise = np.random.default_rng(0).integers(0, 256, (200, 200, 3), np.uint8)
    assert landmark_detector().detect(noise) == []


def test_a_settled_face_does_not_depend_on_how_the_photo_was_cut(photo_path):
    photo, detector = read_photo(photo_path), landmark_detector()
    found: dict[str, list] = {"first": [], "settled": []}
    for scale, x, y in ((0.7, 0, 0), (0.9, 70, 20), (1.0, 10, 60)):
        move = np.array([[scale, 0, x], [0, scale, y]])
        size = (photo.shape[1] + 80, photo.shape[0] + 80)
        cut = cv2.warpAffine(photo, move, size, flags=cv2.INTER_AREA, borderValue=(90, 90, 90))
        first = detector.detect(cut)[0]
        for name, face in (("first", first), ("settled", detector.settle(cut, first))):
            found[name].append((face.points[:468] - (x, y)) / scale)
    spread = {name: float(np.stack(faces).std(0).mean()) for name, faces in found.items()}
    width = np.ptp(found["settled"][0][:, 0])
    assert spread["settled"] < 0.004 * width
    assert spread["settled"] < 0.6 * spread["first"]


def test_settling_keeps_to_the_chosen_face(photo_path):
    photo = read_photo(photo_path)
    both, detector = np.concatenate([photo, photo], axis=1), landmark_detector()
    for face in detector.detect(both):
        settled = detector.settle(both, face)
        assert np.abs(settled.points.mean(0) - face.points.mean(0)).max() < 0.05 * face.width


def test_mediapipe_is_shared_by_threads(photo_path):
    """Two calls at once once broke its graph, and every later call with it."""
    photo, detector = read_photo(photo_path), landmark_detector()
    (alone,) = detector.detect(photo)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(detector.detect, [photo] * 16))
    assert all(np.array_equal(faces[0].points, alone.points) for faces in found)
