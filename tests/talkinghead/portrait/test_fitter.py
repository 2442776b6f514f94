import cv2
import numpy as np
import pytest

from talkinghead.errors import FaceTooSmall, FaceTurnedAway, NoFaceFound, NoSuchFace
from talkinghead.portrait.fitter import PortraitFitter
from talkinghead.portrait.landmarks import FaceLandmarks
from talkinghead.portrait.photo import read_photo


class FixedDetector:
    name = "fixed"

    def __init__(self, *faces):
        self.faces = [FaceLandmarks(points.astype(np.float32)) for points in faces]

    def detect(self, image):
        return self.faces

    def settle(self, image, face):
        return face


def frontal(face_model, scale=20.0, yaw=0.0):
    from renderer.camera import Camera, pose

    turned = pose(face_model.neutral[None], np.array([[0, yaw, 0]]), np.zeros((1, 3)))[0]
    return Camera(scale * 100, (300, 300)).project(face_model.landmarks.on(turned))[:, :2]


PHOTO = np.zeros((600, 600, 3), np.uint8)


def test_a_photo_becomes_a_portrait(portrait, photo_path):
    assert portrait.chosen == 0
    assert len(portrait.faces) == 1
    assert portrait.source.image.shape == read_photo(photo_path).shape
    assert len(portrait.resting) == 1
    assert not portrait.resting.translation.any()
    assert abs(portrait.resting.rotation).max() < 0.5
    assert portrait.notices == ()


def test_no_face(face_model):
    with pytest.raises(NoFaceFound, match="600x600"):
        PortraitFitter(face_model, FixedDetector()).fit(PHOTO)


def test_a_small_face_is_refused_with_its_size(face_model):
    with pytest.raises(FaceTooSmall, match=r"4\d px wide, at least 64 px"):
        PortraitFitter(face_model, FixedDetector(frontal(face_model, 3.0))).fit(PHOTO)


def test_a_face_turned_away_is_refused_with_its_angle(face_model):
    turned = frontal(face_model, yaw=np.radians(75))
    with pytest.raises(FaceTurnedAway, match=r"turned [67]\d° to the side, at most 60°"):
        PortraitFitter(face_model, FixedDetector(turned)).fit(PHOTO)


def test_several_faces_the_largest_or_the_one_asked_for(face_model):
    small = frontal(face_model, 8.0) - (200, 0)
    large = frontal(face_model, 15.0) - (-100, 0)
    chooser = PortraitFitter(face_model, FixedDetector(small, large))
    assert chooser.fit(PHOTO).chosen == 1
    assert "2 faces" in chooser.fit(PHOTO).notices[0]
    assert chooser.fit(PHOTO, face=0).chosen == 0
    with pytest.raises(NoSuchFace, match="2 faces"):
        chooser.fit(PHOTO, face=2)


def test_a_mirrored_photo_gives_a_mirrored_fit(fitter, portrait, photo_path):
    mirrored = fitter.fit(np.ascontiguousarray(read_photo(photo_path)[:, ::-1]))
    assert mirrored.resting.rotation[0, 1] == pytest.approx(
        -portrait.resting.rotation[0, 1], abs=0.06
    )


def test_a_small_photo_says_that_it_will_look_soft(fitter, photo_path):
    photo = read_photo(photo_path)
    face = 90 / (portrait_width := np.ptp(fitter.fit(photo).source.landmarks[:, 0]))
    small = cv2.resize(photo, None, fx=face, fy=face, interpolation=cv2.INTER_AREA)
    assert portrait_width > 90
    assert any("soft" in notice for notice in fitter.fit(small).notices)


class Drifting(FixedDetector):
    """Looks again and sees something else."""

    def __init__(self, first, settled):
        super().__init__(first)
        self.settled = FaceLandmarks(settled.astype(np.float32))

    def settle(self, image, face):
        return self.settled


def test_looking_again_does_not_lose_a_face(face_model):
    """A turned bearded face once got landmarks beside it: they settled on the background."""
    true = frontal(face_model, yaw=0.5)
    height = (true[:, 1:] - true[:, 1].min()) / np.ptp(true[:, 1])
    torn = true + np.array([30.0, 0.0]) * height**3
    for first, settled in ((true, torn), (torn, true)):
        found = PortraitFitter(face_model, Drifting(first, settled)).fit(PHOTO)
        np.testing.assert_allclose(found.source.landmarks, true, atol=1e-3)
    near = true + np.array([0.4, 0.0]) * height
    found = PortraitFitter(face_model, Drifting(true, near)).fit(PHOTO)
    np.testing.assert_allclose(found.source.landmarks, near, atol=1e-3)


@pytest.mark.parametrize("turn", [0, 90, 180])
def test_a_face_on_its_head_is_refused_in_words(face_model, photo_path, turn):
    photo = np.rot90(read_photo(photo_path), turn // 90)
    fitter = PortraitFitter(face_model)
    if turn == 180:
        with pytest.raises(FaceTurnedAway, match="on its head; turn the photo by 180"):
            fitter.fit(photo)
    else:
        assert abs(np.degrees(fitter.fit(photo).resting.rotation[0, 2])) == pytest.approx(
            turn, abs=15
        )


def test_a_face_that_the_model_cannot_follow_is_told(face_model):
    whole = frontal(face_model)
    bent = whole + 12 * np.sin(whole[:, ::-1] / 25)
    for points, count in ((whole, 0), (bent, 1)):
        fitted = PortraitFitter(face_model, FixedDetector(points)).fit(PHOTO)
        assert (fitted.fit_error > 0.025) == bool(count)
        assert sum("hard to follow" in notice for notice in fitted.notices) == count
