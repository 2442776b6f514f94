import numpy as np
import pytest

from talkinghead.motion.speech_rows import (
    CONTENT_COLUMNS,
    RATE,
    VOICE_COLUMNS,
    at_rate,
    from_rate,
    speech_rows,
)
from tests.talkinghead.motion.learned_cases import speech


@pytest.mark.parametrize("fps", [10.0, 25.0, 29.97, 60.0])
def test_rows_cover_the_speech_at_their_own_rate(fps):
    features = speech(2, fps)
    rows = speech_rows(features)
    assert rows.content.shape[1:] == (CONTENT_COLUMNS,)
    assert rows.voice.shape[1:] == (VOICE_COLUMNS,)
    assert len(rows) == -(-len(features.content) // 2)


def test_frame_rate_of_the_video_changes_what_is_heard_little():
    slow, fast = (speech_rows(speech(2, fps)).content for fps in (25.0, 50.0))
    assert np.abs(slow[:, :60] - fast[:, :60]).max() == 0.0
    assert np.abs(slow - fast).mean() < 0.02


def test_at_its_own_rate_nothing_is_resampled():
    rows = np.random.default_rng(0).random((9, 4)).astype(np.float32)
    np.testing.assert_array_equal(at_rate(rows, 9, RATE), rows)
    np.testing.assert_array_equal(from_rate(rows, RATE, 9), rows)


def test_resampling_keeps_the_moment():
    ramp = ((np.arange(50) + 0.5) / RATE)[:, None].astype(np.float32)
    doubled = at_rate(ramp, 100, 50.0)[:, 0]
    np.testing.assert_allclose(doubled[2:-2], ((np.arange(100) + 0.5) / 50.0)[2:-2], atol=1e-5)
