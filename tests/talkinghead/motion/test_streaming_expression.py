import numpy as np
import pytest

from renderer.coefficients import EYE_CHANNELS, channel_indices
from talkinghead.errors import BadOption
from talkinghead.motion.streaming import WINDOW, StreamingExpression, joined
from talkinghead.types import EyeControl, Phoneme, SpeechFeatures
from tests.talkinghead.motion.learned_cases import DECODERS, animated, shaken, speech
from tests.talkinghead.motion.motion_cases import feeling, resting_face

NOT_EYES = np.setdiff1d(np.arange(52), channel_indices(EYE_CHANNELS))
BROWS = channel_indices(["browInnerUp", "browOuterUpLeft", "browOuterUpRight"])


def cut(features, start, stop):
    """The frames start..stop, as a stream would give them."""
    begin, end = start / features.fps, stop / features.fps
    phonemes = tuple(
        Phoneme(one.symbol, max(one.start, begin) - begin, min(one.end, end) - begin)
        for one in features.phonemes if one.start < end and one.end > begin
    )  # fmt: skip
    return SpeechFeatures(
        phonemes, features.loudness[start:stop], features.voiced[start:stop],
        features.pitch[start:stop], features.fps, "test", features.content[2 * start : 2 * stop],
    )  # fmt: skip


def streamed(decoder, features, size, emotion, resting):
    stream = StreamingExpression(decoder, emotion, resting, np.random.default_rng(0))
    stops = [*range(size, len(features), size), len(features)]
    pieces = zip([0, *stops[:-1]], stops, strict=True)
    made = [
        stream.push(cut(features, start, stop), last=stop == len(features))
        for start, stop in pieces
    ]
    return stream, made


@pytest.mark.parametrize("name", DECODERS)
def test_a_stream_says_what_the_whole_says(name):
    decoder, features = shaken(name, 0.05), speech(6)
    emotion, resting = feeling(len(features), browInnerUp=0.4), resting_face(jawOpen=0.2)
    _, made = streamed(decoder, features, 5, emotion, resting)
    expression = np.concatenate(made)
    assert len(expression) == len(features)
    whole = animated(decoder, features, 0, emotion, resting, EyeControl(0.0), "still")
    calm = np.setdiff1d(NOT_EYES, BROWS)  # raises on stressed words belong to idle life
    difference = np.abs(expression - whole.expression)[:, calm]
    assert np.median(difference) < 0.01
    assert difference.mean() < 0.02


@pytest.mark.parametrize("name", DECODERS)
def test_frames_come_with_a_bounded_delay(name):
    features = speech(4)
    _, made = streamed(shaken(name), features, 5, feeling(1), resting_face())
    done = np.cumsum([len(one) for one in made])
    heard = np.minimum(5 * np.arange(1, len(made) + 1), len(features))
    assert (heard[:-1] - done[:-1]).max() <= 4


def test_memory_is_bounded():
    features = speech(40)
    stream, _ = streamed(shaken("regression"), features, 25, feeling(1), resting_face())
    assert sum(len(one) for one in stream._pieces) <= WINDOW + 2 * 25 + 4


def test_another_frame_rate_is_refused():
    stream = StreamingExpression(
        shaken("regression"), feeling(1), resting_face(), np.random.default_rng(0)
    )
    with pytest.raises(BadOption, match="30"):
        stream.push(speech(1, 30.0))


def test_joined_pieces_are_the_whole():
    features = speech(3)
    pieces = [cut(features, start, min(start + 7, len(features)))
              for start in range(0, len(features), 7)]  # fmt: skip
    whole = joined(pieces)
    np.testing.assert_array_equal(whole.loudness, features.loudness)
    np.testing.assert_array_equal(whole.content, features.content[: 2 * len(features)])
    assert [one.symbol for one in whole.phonemes] == [one.symbol for one in features.phonemes]
    times = np.array([[one.start, one.end] for one in whole.phonemes])
    true = np.array([[one.start, one.end] for one in features.phonemes])
    np.testing.assert_allclose(times, true, atol=1 / 25)
