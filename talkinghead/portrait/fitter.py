"""Photo to `Source`: find the face, fit the face model, lay the mesh on the photo."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from renderer.camera import DISTANCE_CM, Camera
from renderer.coefficients import Floats, MotionCoefficients
from renderer.face_model import FaceModel
from renderer.landmark_groups import COUNT
from renderer.source import Source
from talkinghead.config import MAX_YAW_DEGREES, MIN_FACE_PIXELS
from talkinghead.errors import FaceTooSmall, FaceTurnedAway, NoFaceFound, NoSuchFace
from talkinghead.portrait.fit import FaceFit, FaceFitter
from talkinghead.portrait.landmarks import FaceLandmarks, LandmarkDetector, landmark_detector
from talkinghead.portrait.residual import ResidualSpreader, landmark_residual, lid_closure
from talkinghead.portrait.upright import UprightCheck

POOR_FIT = 0.025
"""Error of a fit, in outer eye distances, above which the user is told: one portrait in fifty."""
SAME_FACE = 0.015
"""How far landmarks move on average when they settle, in extents of the face. A tracker that looks
at its own answers may also leave a turned face, or one with its tongue out; beyond this the answer
counts that the face model explains better. On 150 training portraits 15 are beyond it."""


@dataclass(frozen=True)
class Portrait:
    """A photo with one face chosen and fitted.

    Attributes:
        source: the whole photo and the geometry of the chosen face.
        faces: (left, top, right, bottom) of every face found, from left to right, pixels.
        chosen: index of the fitted face.
        fit_error: RMS landmark error of the fit, in outer eye distances, before the residual.
        notices: sentences for the user.
    """

    source: Source
    faces: tuple[tuple[float, float, float, float], ...]
    chosen: int
    fit_error: float
    notices: tuple[str, ...] = ()

    @property
    def resting(self) -> MotionCoefficients:
        """The expression and pose in the photo, T = 1."""
        return self.source.motion


class PortraitFitter:
    """Fits portraits.

    Args:
        model: the face model.
        detector: MediaPipe's by default.
    """

    def __init__(self, model: FaceModel, detector: LandmarkDetector | None = None) -> None:
        self.model = model
        self._detector = detector or landmark_detector()
        self._check_upright = UprightCheck()
        self._tools: dict[int, tuple[FaceFitter, ResidualSpreader]] = {}

    def fit(self, photo: NDArray[np.uint8], face: int | None = None) -> Portrait:
        """Fit one face.

        Args:
            photo: (H, W, 3) uint8 RGB, upright.
            face: 0 = leftmost; None = the largest.

        Raises:
            NoFaceFound: there is none.
            NoSuchFace: `face` is beyond the faces found.
            FaceTooSmall: it spans less than 64 px.
            FaceTurnedAway: it is turned beyond 60°, or stands on its head.
        """
        faces = self._detector.detect(photo)
        chosen = _choose(faces, face, photo.shape)
        first = faces[chosen]
        landmarks = self._detector.settle(photo, first)
        if landmarks.width < MIN_FACE_PIXELS:
            message = (
                f"the face is {landmarks.width:.0f} px wide, at least {MIN_FACE_PIXELS:.0f} px "
                "are needed; use a larger photo or crop it less tightly before shrinking"
            )
            raise FaceTooSmall(message)
        self._check_upright(photo, first)
        fitter, spreader = self._tools_for(len(landmarks.points))
        fit = fitter.fit(landmarks.points[None])
        if _far_apart(first, landmarks):
            other = fitter.fit(first.points[None])
            if other.error[0] < fit.error[0]:
                fit, landmarks = other, first
        yaw = float(np.degrees(fit.rotation[0, 1]))
        if abs(yaw) > MAX_YAW_DEGREES:
            message = (
                f"the face is turned {abs(yaw):.0f}° to the side, at most {MAX_YAW_DEGREES:.0f}° "
                "can be animated; use a photo that shows both eyes"
            )
            raise FaceTurnedAway(message)
        return Portrait(
            source=source_of(self.model, photo, landmarks.points, fit, spreader),
            faces=tuple(one.box for one in faces),
            chosen=chosen,
            fit_error=float(fit.error[0]),
            notices=_notices(faces, chosen, yaw, float(fit.error[0])),
        )

    def _tools_for(self, count: int) -> tuple[FaceFitter, ResidualSpreader]:
        """Fitter and spreader for a landmark layout of `count` points; built when first needed."""
        if count not in self._tools:
            embedding = self.model.landmarks if count == COUNT else self.model.landmarks_68
            self._tools[count] = (
                FaceFitter(self.model, embedding),
                ResidualSpreader(self.model, embedding),
            )
        return self._tools[count]


def source_of(
    model: FaceModel,
    photo: NDArray[np.uint8],
    points: Floats,
    fit: FaceFit,
    spreader: ResidualSpreader,
) -> Source:
    """A picture and the first frame of a fit as a source; the mesh lies exactly on the landmarks.

    Args:
        model: the face model.
        photo: (H, W, 3) uint8 RGB.
        points: (L, 2) landmarks in pixels.
        fit: of these landmarks.
        spreader: of the same landmark layout.
    """
    residual = spreader.spread(landmark_residual(fit, points))
    x, y = fit.origin[0]
    return Source(
        image=photo,
        camera=Camera(float(fit.scale[0]) * DISTANCE_CM, (float(x), float(y))),
        identity=fit.identity,
        motion=MotionCoefficients(
            fit.expression[:1], fit.rotation[:1], np.zeros((1, 3), np.float32), 25.0
        ),
        residual=residual,
        lid_closure=lid_closure(model, fit.identity, residual),
        landmarks=points,
        surroundings=photo,
    )


def _far_apart(first: FaceLandmarks, settled: FaceLandmarks) -> bool:
    """Whether looking again has changed what is seen, not only made it more exact."""
    moved = np.linalg.norm(settled.points - first.points, axis=1).mean()
    return bool(moved > SAME_FACE * np.ptp(first.points, axis=0).max())


def _choose(faces: list[FaceLandmarks], face: int | None, shape: tuple[int, ...]) -> int:
    if not faces:
        message = (
            f"no face was found in the photo ({shape[1]}x{shape[0]} px); use a photo in which one "
            "face is seen from the front, well lit and not covered"
        )
        raise NoFaceFound(message)
    if face is None:
        return max(range(len(faces)), key=lambda index: faces[index].width)
    if face >= len(faces):
        count = "one face" if len(faces) == 1 else f"{len(faces)} faces"
        message = f"face {face} was asked for, the photo has {count}; count from 0, left to right"
        raise NoSuchFace(message)
    return face


def _notices(faces: list[FaceLandmarks], chosen: int, yaw: float, error: float) -> tuple[str, ...]:
    notices = []
    if len(faces) > 1:
        notices.append(
            f"{len(faces)} faces were found; face {chosen} (from the left, counting from 0) is used"
        )
    if abs(yaw) > 35:
        notices.append(f"the head is turned {abs(yaw):.0f}°: its hidden side will look stretched")
    if faces[chosen].width < 110:
        notices.append(
            f"the face is only {faces[chosen].width:.0f} px wide: the video will look soft"
        )
    if error > POOR_FIT:
        notices.append(
            f"the face is hard to follow (the fit is off by {100 * error:.1f} % of the distance of "
            "the eyes, usually by 1): if the video looks wrong, use a photo that is not distorted, "
            "with nothing before the face and the tongue in"
        )
    return tuple(notices)
