from dataclasses import replace

import numpy as np
import pytest
import torch

from renderer.coefficients import ARKIT_INDEX, EYE_CHANNELS, channel_indices
from talkinghead.motion.codebook import CodebookAudioToMotion
from talkinghead.motion.interface import HeadMotion
from talkinghead.motion.learned import heard
from talkinghead.motion.living import brought_to_life
from talkinghead.motion.regression import RegressionAudioToMotion
from talkinghead.motion.speech_rows import speech_rows
from talkinghead.types import EyeControl
from tests.talkinghead.motion.learned_cases import DECODERS, animated, shaken, speech, untrained
from tests.talkinghead.motion.motion_cases import feeling, resting_face

pytestmark = pytest.mark.parametrize("name", DECODERS)

EYES = channel_indices(EYE_CHANNELS)
NOT_EYES = np.setdiff1d(np.arange(52), EYES)


def test_untrained_returns_the_resting_expression_exactly(name):
    resting = resting_face(mouthSmile=0.3, jawOpen=0.1, browDown=0.2, mouthClose=0.05)
    features = speech()
    nothing = EyeControl(blink=0.0)
    motion = animated(untrained(name), features, resting=resting, eyes=nothing, head="still")
    alone = brought_to_life(
        np.repeat(resting.expression, len(features), axis=0), features, feeling(len(features)),
        resting, nothing, HeadMotion("still"), np.random.default_rng(0),
    )  # fmt: skip
    np.testing.assert_array_equal(motion.expression, alone.expression)
    mouth = channel_indices(["mouthSmileLeft", "jawOpen", "mouthClose", "browDownLeft"])
    expected = np.repeat(resting.expression[:, mouth], len(features), axis=0)
    np.testing.assert_array_equal(motion.expression[:, mouth], expected)


def test_pose_of_the_first_frame_is_the_photos(name):
    resting = resting_face(rotation=(0.1, -0.2, 0.05), translation=(1.0, 2.0, 0.5))
    motion = animated(shaken(name), speech(), resting=resting)
    np.testing.assert_allclose(motion.rotation[0], resting.rotation[0], atol=1e-6)
    np.testing.assert_allclose(motion.translation[0], resting.translation[0], atol=1e-6)


def test_a_video_begins_as_the_photo(name):
    resting = resting_face(mouthSmile=0.4, jawOpen=0.2)
    motion = animated(shaken(name), speech(), resting=resting, eyes=EyeControl(blink=0.0))
    np.testing.assert_allclose(
        motion.expression[0, NOT_EYES], resting.expression[0, NOT_EYES], atol=1e-6
    )


def test_speech_moves_the_mouth_within_range(name):
    motion = animated(shaken(name), speech())
    assert motion.expression.min() >= 0.0
    assert motion.expression.max() <= 1.0
    assert np.ptp(motion.channel("mouthSmileLeft")) + np.ptp(motion.channel("jawOpen")) > 0.01


def test_same_seed_same_bytes(name):
    decoder, features = shaken(name), speech(2)
    first, second = (animated(decoder, features, seed=5).as_array() for _ in range(2))
    assert first.tobytes() == second.tobytes()


def test_another_seed_moves_otherwise(name):
    decoder, features = shaken(name), speech(4)
    assert (
        np.ptp(
            animated(decoder, features, 1).as_array() - animated(decoder, features, 2).as_array()
        )
        > 0
    )


@pytest.mark.parametrize("fps", [12.5, 24.0, 30.0, 60.0])
def test_any_frame_rate_gives_its_own_number_of_frames(name, fps):
    features = speech(2, fps)
    motion = animated(shaken(name), features)
    assert len(motion) == len(features)
    assert motion.fps == fps


def test_eye_control_moves_eyes_and_nothing_else(name):
    decoder, features = shaken(name), speech(3)
    plain = animated(decoder, features, eyes=EyeControl(0.0))
    for eyes in (EyeControl(2.0), EyeControl(0.0, (0.8, -0.5))):
        other = animated(decoder, features, eyes=eyes)
        np.testing.assert_array_equal(other.expression[:, NOT_EYES], plain.expression[:, NOT_EYES])
        assert np.abs(other.expression[:, EYES] - plain.expression[:, EYES]).max() > 0.05


def test_a_feeling_is_worn(name):
    features = speech(2)
    frames = len(features)
    sad = feeling(frames, browInnerUp=0.7, mouthFrown=0.6)
    motion = animated(untrained(name), features, emotion=sad, eyes=EyeControl(0.0))
    assert motion.channel("mouthFrownLeft")[-1] == pytest.approx(0.6, abs=0.01)


def test_only_auto_listens_to_the_voices_feeling(name):
    decoder, features = shaken(name), speech(2)
    quiet = replace(features, loudness=0.3 * features.loudness, pitch=features.pitch - 4)
    deaf = feeling(len(features))
    hearing = replace(deaf, listens=True)
    codes = [
        heard(decoder.net, speech_rows(one), emotion, resting_face(), 25.0).code
        for one, emotion in [(features, deaf), (quiet, deaf), (features, hearing), (quiet, hearing)]
    ]
    assert torch.equal(codes[0], codes[1])
    assert not torch.allclose(codes[2], codes[3], atol=1e-4)


def test_weights_survive_the_way_to_disk(name):
    decoder = shaken(name)
    kind = RegressionAudioToMotion if name == "regression" else CodebookAudioToMotion
    again = kind.from_tensors(decoder.as_tensors())
    twice = kind.from_tensors(again.as_tensors())
    assert again.net.config == decoder.net.config
    features = speech(2)
    first, second = (animated(one, features).as_array() for one in (again, twice))
    np.testing.assert_array_equal(first, second)


def test_emotion_of_another_length_is_refused(name):
    with pytest.raises(ValueError, match="frames"):
        animated(untrained(name), speech(), emotion=feeling(3))


def test_lips_close_where_the_network_says_so(name, aperture):
    decoder = shaken(name, 0.0)
    head = decoder.net.out if name == "regression" else decoder.net.gates
    with torch.no_grad():
        head.bias[-3] = 1.0
    resting = resting_face(jawOpen=0.4)
    motion = animated(decoder, speech(2), resting=resting)
    opening = aperture(motion.expression)
    assert opening[0] > 0.1
    assert np.abs(opening[8:]).max() < 0.01
    assert motion.expression[8:, ARKIT_INDEX["jawOpen"]].max() < 0.3


def test_a_mouth_at_rest_is_shut_and_keeps_its_smile(name, aperture):
    decoder = shaken(name)
    head = decoder.net.out if name == "regression" else decoder.net.gates
    with torch.no_grad():
        head.weight[-3:] = 0.0
        head.bias[-3:] = torch.tensor([0.0, 0.0, 1.0])
    resting = resting_face(mouthSmile=0.4, jawOpen=0.3)
    motion = animated(decoder, speech(2), resting=resting)
    assert motion.channel("jawOpen")[0] == pytest.approx(0.3)
    assert np.abs(motion.channel("jawOpen")[6:]).max() < 1e-6
    assert np.abs(motion.channel("mouthSmileLeft")[6:] - 0.4).max() < 1e-6
