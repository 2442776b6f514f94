"""Sound to lips while it comes in, against the same sound heard as a whole."""

import numpy as np
import pytest

from renderer.coefficients import MotionCoefficients
from renderer.face_model import FaceModel
from talkinghead.motion.learned import heard, spoken
from talkinghead.motion.speech_rows import RATE, speech_rows
from talkinghead.motion.stored import StoredDecoder
from talkinghead.motion.streaming import StreamingExpression
from talkinghead.speech.features import extract_features
from talkinghead.speech.streaming import StreamingFeatures
from talkinghead.speech.synthesis import synthesise
from talkinghead.weights import load_weights
from tests.talkinghead.motion.motion_cases import feeling

WARM_UP = 50
"""Frames in which a stream does not know the speaker's level yet."""
EYE_DISTANCE_MM = 90.0


@pytest.fixture(scope="module")
def speech():
    text = "People move about in boats. My brother put two apples in a blue bowl for you and me."
    return synthesise(text, "en-us", 150, 50)[0]


def streamed(decoder, resting, waveform, size):
    features, made, given = StreamingFeatures(RATE), [], 0
    stream = StreamingExpression(decoder, feeling(1), resting, np.random.default_rng(0))
    late = 0.0
    for start in range(0, len(waveform), size):
        piece = features.push(waveform[start : start + size])
        given = min(len(waveform), start + size)
        if piece is not None:
            made.append(stream.push(piece))
        late = max(late, given / 16000 - sum(len(one) for one in made) / RATE)
    made.append(stream.push(features.finish(), last=True))
    return np.concatenate(made), late


def test_a_stream_is_near_the_whole_and_on_time(speech):
    decoder = StoredDecoder("regression").load()
    zero = np.zeros((1, 3), np.float32)
    resting = MotionCoefficients(np.zeros((1, 52), np.float32), zero, zero, RATE)
    features = extract_features(speech, RATE)
    calm = feeling(len(features))
    known = heard(decoder.net, speech_rows(features), calm, resting, RATE)
    whole = spoken(np.zeros((len(features), 52), np.float32), *decoder.answer(known), RATE)
    made, late = streamed(decoder, resting, speech.waveform, 640)
    assert len(made) == len(whole)
    assert late <= 0.4 + 1 / RATE
    model = FaceModel.from_tensors(load_weights("face_model"))
    first, second = (model.lip_aperture(one[WARM_UP:]) for one in (made, whole))
    assert np.corrcoef(first, second)[0, 1] > 0.9
    assert np.abs(first - second).mean() * EYE_DISTANCE_MM < 0.8
