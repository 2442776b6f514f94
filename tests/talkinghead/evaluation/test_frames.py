"""The suite on clips that our own renderer made, so that the truth is known."""

import cv2
import numpy as np
import pytest

from renderer.coefficients import ARKIT_INDEX, MotionCoefficients
from renderer.geometric import GeometricRenderer
from talkinghead.errors import BackendMissing, BadOption
from talkinghead.evaluation.frames import FrameSettings, builders, clip_rows, measure_frames
from talkinghead.evaluation.identity import FaceRecogniser, aligned
from talkinghead.evaluation.reenactment import ClipReader
from talkinghead.pipeline import TalkingHead
from talkinghead.portrait.framing import crop_view
from talkinghead.video.write import write_video


@pytest.fixture(scope="module")
def model():
    return TalkingHead.from_pretrained("cpu")


@pytest.fixture(scope="module")
def clips(portrait, face_model, tmp_path_factory):
    """A folder with one clip: the portrait opens its mouth and turns."""
    rest = portrait.resting
    expression = np.repeat(rest.expression, 10, axis=0)
    expression[:, ARKIT_INDEX["jawOpen"]] = np.linspace(0, 0.4, 10)
    rotation = np.repeat(rest.rotation, 10, axis=0)
    rotation[:, 1] += np.linspace(0, 0.1, 10)
    motion = MotionCoefficients(expression, rotation, np.zeros((10, 3), np.float32), 25.0)
    frames = GeometricRenderer(face_model, crop_view(portrait.source, 256)).render(motion)
    folder = tmp_path_factory.mktemp("clips")
    write_video(frames, folder / "opens.mp4", 25.0)
    (folder / "broken.mp4").write_bytes(b"no video")
    return folder


@pytest.fixture(scope="module")
def clip(clips, face_model):
    return ClipReader(face_model, 192, 10).read(clips / "opens.mp4")


def test_a_clip_is_cut_and_tracked(clip):
    assert len(clip.truth) == len(clip.motion) == len(clip.landmarks)
    assert clip.truth[0].shape == (192, 192, 3)
    assert np.array_equal(clip.source.image, clip.truth[0])
    assert np.allclose(clip.source.landmarks, clip.landmarks[0], atol=1e-3)
    assert not clip.motion.translation[0].any()
    opened = clip.motion.expression[:, ARKIT_INDEX["jawOpen"]]
    assert opened[-1] > opened[0] + 0.2


def test_following_the_motion_beats_standing_still(clip, model):
    rows = clip_rows(clip, builders(model), None)
    assert rows["geometric"]["psnr_mouth"] > rows["no motion"]["psnr_mouth"] + 2
    assert rows["geometric"]["m_lmd"] < 0.5 * rows["no motion"]["m_lmd"]
    assert rows["truth"]["ssim"] == pytest.approx(1.0, abs=1e-6)
    assert rows["geometric"]["boil"] < 1.0


def test_the_table_compares_clip_by_clip_and_leaves_broken_files_out(clips, model):
    result = measure_frames(FrameSettings(clips, size=128, frames=8), model=model)
    table = result["table"]
    assert {row["clip"] for row in result["clips"]} == {"opens.mp4"}
    gain = table["no motion against geometric"]["psnr_mouth"]
    difference = table["no motion"]["psnr_mouth"]["mean"] - table["geometric"]["psnr_mouth"]["mean"]
    assert gain["mean"] == pytest.approx(difference, abs=1e-4)
    assert (gain["better_on"], gain["of"]) == (0, 1)


def test_a_folder_without_clips_says_so(tmp_path, model):
    with pytest.raises(BadOption, match=r"no clip .* \.mp4"):
        measure_frames(FrameSettings(tmp_path), model=model)


def test_a_missing_recogniser_says_what_to_give(tmp_path):
    with pytest.raises((BadOption, BackendMissing), match=r"recogniser|onnxruntime"):
        FaceRecogniser(tmp_path / "none.onnx")


def test_aligned_faces_have_their_eyes_where_arcface_wants_them(portrait):
    source = portrait.source
    upright = aligned(source.image, source.landmarks)
    turned = np.ascontiguousarray(np.rot90(source.image))
    points = source.landmarks[:, ::-1].copy()
    points[:, 1] = source.image.shape[1] - points[:, 1]
    again = aligned(turned, points)
    assert upright.shape == (112, 112, 3)
    upright, again = (cv2.GaussianBlur(one, (0, 0), 3)[24:88, 24:88] for one in (upright, again))
    assert np.abs(upright.astype(float) - again).mean() < 3
