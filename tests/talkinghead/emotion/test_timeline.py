import json

import numpy as np
import pytest

from talkinghead.emotion.bank import load_bank
from talkinghead.emotion.timeline import (
    Keyframe,
    constant_track,
    read_timeline,
    timeline_track,
)
from talkinghead.errors import BadEmotion
from talkinghead.types import EmotionEmbedding

FPS = 25.0


def feel(name, vector, intensity=1.0):
    feeling = load_bank().by_name[name]
    return EmotionEmbedding(
        vector=np.float32(vector) / np.float32(np.linalg.norm(vector)),
        intensity=intensity,
        feelings=((name, 1.0),),
        mead_class=feeling.mead_class,
        expression=feeling.expression * np.float32(intensity),
        head=feeling.head * np.float32(intensity),
        arousal=feeling.arousal * intensity,
        backend="test",
    )


HAPPY = feel("happy", [1.0, 0.0, 0.0])
SAD = feel("sad", [0.0, 1.0, 0.0], 0.5)
KEYS = [Keyframe(1.0, "happy"), Keyframe(3.0, "sad", 0.5)]


def write(tmp_path, content):
    path = tmp_path / "timeline.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_a_constant_emotion_starts_at_the_photo_and_eases_in_over_its_onset():
    track = constant_track(HAPPY, 100, FPS)
    onset = round(load_bank().by_name["happy"].time.onset * FPS)
    assert len(track) == 100
    assert not track.expression[0].any()
    assert not track.head[0].any()
    assert track.intensity[0] == 0.0
    assert np.abs(track.expression[onset + 1 :] - HAPPY.expression).max() < 1e-6
    assert (np.diff(track.intensity[: onset + 2]) >= 0).all()
    assert track.understood == (HAPPY,)


def test_the_easing_has_no_jump():
    track = constant_track(feel("fear", [1.0, 0.0, 0.0]), 50, FPS)
    assert np.abs(np.diff(track.intensity)).max() < 0.25


def test_one_frame_is_enough():
    track = constant_track(HAPPY, 1)
    assert track.vectors.shape == (1, 3)
    assert track.expression.shape == (1, 52)


def test_rows_keep_their_shapes_types_and_ranges():
    track = timeline_track(KEYS, [HAPPY, SAD], 120, FPS, np.random.default_rng(0))
    for rows, shape in (
        (track.vectors, (120, 3)), (track.intensity, (120,)), (track.expression, (120, 52)),
        (track.head, (120, 3)), (track.arousal, (120,)),
    ):  # fmt: skip
        assert rows.shape == shape
        assert rows.dtype == np.float32
        assert np.isfinite(rows).all()
    assert 0.0 <= track.intensity.min() <= track.intensity.max() <= 1.0
    np.testing.assert_allclose(np.linalg.norm(track.vectors, axis=1), 1.0, atol=1e-5)


def test_keyframes_are_met_and_held():
    track = timeline_track(KEYS, [HAPPY, SAD], 120, FPS)
    np.testing.assert_allclose(track.expression[25], HAPPY.expression, atol=1e-5)
    np.testing.assert_allclose(track.expression[75], SAD.expression, atol=1e-5)
    np.testing.assert_allclose(track.expression[119], SAD.expression, atol=1e-5)
    np.testing.assert_allclose(track.vectors[119], SAD.vector, atol=1e-5)


def test_vectors_turn_on_the_sphere_at_the_eased_pace():
    track = timeline_track(KEYS, [HAPPY, SAD], 120, FPS)
    np.testing.assert_allclose(track.vectors[50], [0.5**0.5, 0.5**0.5, 0.0], atol=1e-5)
    quarter = 0.5 - 0.5 * np.cos(np.pi * 0.24)  # frame 37 is at 24 % of the way
    angle = quarter * np.pi / 2
    np.testing.assert_allclose(track.vectors[37], [np.cos(angle), np.sin(angle), 0.0], atol=1e-5)


def test_nothing_moves_at_a_keyframe():
    track = timeline_track(KEYS, [HAPPY, SAD], 120, FPS)
    speed = np.abs(np.diff(track.expression, axis=0)).max(axis=1)
    assert speed[25] < 0.2 * speed.max()
    assert speed[73] < 0.2 * speed.max()


def test_equal_and_opposite_vectors_stay_on_the_sphere():
    for other in ([1.0, 0.0, 0.0], [-1.0, 0.0, 0.0]):
        track = timeline_track(KEYS, [HAPPY, feel("sad", other)], 120, FPS)
        np.testing.assert_allclose(np.linalg.norm(track.vectors, axis=1), 1.0, atol=1e-5)


def test_a_generator_makes_the_feeling_live_and_the_same_seed_repeats_it():
    still = constant_track(HAPPY, 250, FPS)
    one, two, other = (
        constant_track(HAPPY, 250, FPS, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert one.expression.tobytes() == two.expression.tobytes()
    assert one.expression.tobytes() != other.expression.tobytes()
    assert one.intensity[50:].std() > 0.005
    assert still.intensity[50:].std() < 1e-6
    assert np.abs(np.diff(one.intensity)).max() < 0.2
    assert not one.expression[0].any()


def test_both_forms_of_the_file_mean_the_same(tmp_path):
    objects = read_timeline(
        write(
            tmp_path,
            [{"time": 0, "prompt": "calm", "intensity": 0.4}, {"time": 2.5, "prompt": "joy"}],
        )
    )
    lists = read_timeline(write(tmp_path, [[0, "calm", 0.4], [2.5, "joy"]]))
    assert objects == lists == [Keyframe(0.0, "calm", 0.4), Keyframe(2.5, "joy", None)]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ([[0, "a"], [0, "b"]], "entry 1: time is 0, expected more than 0"),
        ([[2, "a"], [1, "b"]], "entry 1: time"),
        ([[-1, "a"]], "entry 0: time is -1"),
        ([["0", "a"]], "entry 0: time is '0'"),
        ([[True, "a"]], "entry 0: time is True"),
        ("[[NaN, \"a\"]]", "entry 0: time is nan"),
        ("[[Infinity, \"a\"]]", "entry 0: time is inf"),
        ([[0, "a", 1.5]], "entry 0: intensity is 1.5"),
        ("[[0, \"a\", NaN]]", "entry 0: intensity is nan"),
        ([[0, 7]], "entry 0: prompt is 7"),
        ([[0]], "entry 0 is"),
        ([{"time": 0}], "entry 0 is"),
        ([{"time": 0, "prompt": "a", "strength": 1}], "entry 0 is"),
        ([3], "entry 0 is 3"),
        ([], "0 entries"),
        ({"time": 0, "prompt": "a"}, "no list"),
        ([[index, "a"] for index in range(1001)], "1001 entries"),
        ("not json", "no JSON"),
        ("[" * 100_000, "no JSON"),
        (" " * 1_000_001, "1000001 bytes"),
    ],
)  # fmt: skip
def test_a_bad_timeline_is_refused_with_its_place(tmp_path, content, complaint):
    with pytest.raises(BadEmotion, match=complaint):
        read_timeline(write(tmp_path, content))


def test_a_file_that_is_missing_or_no_text_is_refused(tmp_path):
    with pytest.raises(BadEmotion, match=r"can(not)? be read"):
        read_timeline(tmp_path / "none.json")
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadEmotion, match="cannot be read as text"):
        read_timeline(tmp_path / "binary.json")


def test_keyframes_without_their_emotions_are_refused():
    with pytest.raises(BadEmotion, match="2 keyframes and 1 emotions"):
        timeline_track(KEYS, [HAPPY], 10, FPS)
    with pytest.raises(BadEmotion, match="0 keyframes"):
        timeline_track([], [], 10, FPS)
