import numpy as np
import pytest
from motion_cases import Situation, animate, features_of, feeling, no_content, resting_face

from renderer.coefficients import EYE_CHANNELS, LOWER_FACE_CHANNELS, channel_indices
from talkinghead.motion.inspection import inspect_speech, jitter
from talkinghead.motion.interface import HeadMotion
from talkinghead.speech.synthesis import synthesise
from talkinghead.types import EyeControl

WORDS = [("SIL", 0.3), ("M", 0.08), ("AA", 0.16), ("P", 0.09), ("AA", 0.16), ("B", 0.07),
         ("IY", 0.12), ("F", 0.09), ("AE", 0.15), ("M", 0.05), ("UW", 0.14),
         ("SIL", 0.6)]  # fmt: skip
LIPS_OPEN_IN_THE_PHOTO = {"jawOpen": 0.3, "mouthLowerDown": 0.4, "mouthUpperUp": 0.4,
                          "mouthFunnel": 0.2, "mouthSmile": 0.5, "browDown": 0.3}  # fmt: skip
OPEN_MOUTHED_FEELING = {"jawOpen": 0.4, "mouthUpperUp": 0.4, "noseSneer": 0.5, "mouthFunnel": 0.2,
                        "browInnerUp": 0.8}  # fmt: skip


def spoken_features(text, voice, fps):
    from talkinghead.speech.features import loudness_track
    from talkinghead.types import SpeechFeatures

    speech, phonemes = synthesise(text, voice)
    frames = speech.frame_count(fps)
    times = (np.arange(frames) + 0.5) / fps
    track = loudness_track(speech.waveform)
    loudness = np.interp(times, np.arange(len(track)) / 100, track).astype(np.float32)
    flat = np.zeros(frames, np.float32)
    voiced = (loudness > 0).astype(np.float32)
    content = no_content(speech.seconds)
    return SpeechFeatures(phonemes, loudness, voiced, flat, fps, "test", content)


def test_result_has_the_shape_range_and_rate_of_the_speech():
    for fps in (10.0, 25.0, 29.97, 60.0):
        features = features_of(WORDS, fps)
        motion = animate(features)
        assert len(motion) == len(features)
        assert motion.fps == fps
        assert motion.expression.min() >= 0.0
        assert motion.expression.max() <= 1.0


@pytest.mark.parametrize("fps", [10.0, 25.0, 60.0])
@pytest.mark.parametrize(
    ("voice", "text"),
    [("en-us", "Bob put the map by the big pump, and my mother bumped her lip."),
     ("de", "Papa und Mama backen beim Bäcker am Bahnhof braunes Brot."),
     ("es", "El pobre hombre habla muy bien y trabaja en el campo."),
     ("fr", "Mon papa prépare une belle bouteille de vin pour ma maman.")],
)  # fmt: skip
def test_lips_close_on_every_bilabial_and_in_silence(aperture, fps, voice, text):
    features = spoken_features(text, voice, fps)
    motion = animate(features)
    report = inspect_speech(motion, aperture(motion.expression), features.phonemes, 0.015)
    assert report.bilabials >= 8
    assert report.closure_rate == 1.0
    assert report.closing_delay <= 0.12
    assert report.open_vowels > 0.04


def test_open_vowels_open_more_than_close_vowels(aperture):
    sounds = [("SIL", 0.2)]
    for vowel in ("AA", "IY", "AE", "UW", "AO", "IH", "AY", "UH"):
        sounds += [("T", 0.08), (vowel, 0.14), ("D", 0.07)]
    features = features_of(sounds)
    motion = animate(features)
    report = inspect_speech(motion, aperture(motion.expression), features.phonemes)
    assert report.open_vowels > 1.4 * report.close_vowels
    assert 0.2 < motion.channel("jawOpen").max() < 0.55


def test_neither_an_open_mouthed_photo_nor_a_feeling_keeps_lips_apart(aperture):
    features = features_of(WORDS)
    situation = Situation(
        emotion=feeling(len(features), arousal=0.9, **OPEN_MOUTHED_FEELING),
        resting=resting_face(**LIPS_OPEN_IN_THE_PHOTO),
    )
    motion = animate(features, situation)
    report = inspect_speech(motion, aperture(motion.expression), features.phonemes, 0.015)
    assert report.closure_rate == 1.0
    assert motion.channel("browInnerUp").max() > 0.75


def test_an_open_mouthed_photo_closes_in_silence_but_keeps_its_smile():
    features = features_of([("SIL", 3.0)])
    resting = resting_face(**LIPS_OPEN_IN_THE_PHOTO)
    motion = animate(features, Situation(resting=resting))
    assert np.abs(motion.expression[0] - resting.expression[0]).max() < 0.02
    assert motion.channel("jawOpen")[0] == pytest.approx(0.3, abs=1e-6)
    assert motion.channel("jawOpen")[8:].max() == 0.0
    assert motion.channel("mouthUpperUpLeft")[8:].max() == 0.0
    assert motion.channel("mouthSmileLeft")[8:].min() == pytest.approx(0.5)


def test_lips_round_bite_and_show_the_tongue():
    motion = animate(features_of([("SIL", 0.2), ("UW", 0.2), ("SIL", 0.3), ("F", 0.12),
                                  ("IY", 0.2), ("SIL", 0.3), ("TH", 0.14),
                                  ("SIL", 0.3)]))  # fmt: skip
    assert motion.channel("mouthPucker")[7] > 0.4
    assert motion.channel("mouthStretchLeft")[23] > 0.15
    assert motion.channel("mouthRollLower")[19] > 0.4
    assert motion.channel("jawOpen")[19] < 0.1
    assert 0.05 < motion.channel("tongueOut").max() < 0.4


def test_diphthongs_move():
    motion = animate(features_of([("SIL", 0.2), ("AY", 0.3), ("SIL", 0.2), ("OW", 0.3)]))
    jaw, pucker = motion.channel("jawOpen"), motion.channel("mouthPucker")
    assert jaw[6:9].max() > 1.4 * jaw[11]
    assert pucker[23] > 1.3 * pucker[19]


def test_anticipation_precedes_the_sound():
    motion = animate(features_of([("SIL", 1.0), ("AA", 0.3), ("SIL", 0.5)], fps=50.0))
    jaw = motion.channel("jawOpen")
    assert jaw[: int(0.85 * 50)].max() < 1e-6
    assert jaw[int(0.98 * 50)] > 0.05


def test_louder_vowels_open_further():
    opening = [
        animate(features_of(WORDS, loudness=level)).channel("jawOpen").max()
        for level in (0.1, 0.5, 1.0)
    ]
    assert opening[0] < opening[1] < opening[2] < 0.55


def test_silence_and_no_feeling_still_lives():
    features = features_of([("SIL", 30.0)])
    motion = animate(features)
    mouth = channel_indices(LOWER_FACE_CHANNELS)
    assert not motion.expression[:, mouth].any()
    assert motion.rotation.std(axis=0).min() > 0.003
    assert motion.translation[:, 1].std() > 0.01
    assert motion.channel("eyeBlinkLeft").max() == 1.0
    assert np.ptp(motion.channel("eyeLookOutLeft")) > 0.02


def test_the_first_frame_is_the_photo_in_silence_and_its_pose_always():
    pose = {"rotation": (0.1, -0.2, 0.05), "translation": (1.0, 2.0, -3.0)}
    for sounds in ([("SIL", 1.0)], WORDS[1:]):
        features = features_of(sounds)
        resting = resting_face(**pose, **LIPS_OPEN_IN_THE_PHOTO, eyeBlink=0.2, eyeLookUp=0.1)
        emotion = feeling(len(features), 1.0, (0.2, 0.1, 0.1), **OPEN_MOUTHED_FEELING)
        motion = animate(features, Situation(emotion, resting, EyeControl(gaze=(1.0, -1.0))))
        assert np.array_equal(motion.rotation[0], resting.rotation[0])
        assert np.array_equal(motion.translation[0], resting.translation[0])
        if sounds[0][0] == "SIL":
            assert np.abs(motion.expression[0] - resting.expression[0]).max() < 0.02


def test_same_seed_same_bytes_other_seed_other_idle_life():
    features = features_of([*WORDS, ("SIL", 8.0)])
    first, again, other = (animate(features, Situation(seed=seed)) for seed in (1, 1, 2))
    assert first.as_array().tobytes() == again.as_array().tobytes()
    assert not np.array_equal(first.rotation, other.rotation)


def test_eye_control_moves_eyes_and_nothing_else():
    features = features_of([*WORDS, ("SIL", 8.0)])
    plain = animate(features)
    asked = animate(features, Situation(eyes=EyeControl(blink=0.0, gaze=(0.9, 0.4))))
    others = np.setdiff1d(np.arange(52), channel_indices(EYE_CHANNELS))
    assert np.array_equal(plain.expression[:, others], asked.expression[:, others])
    assert np.array_equal(plain.rotation, asked.rotation)
    assert asked.channel("eyeBlinkLeft").max() == 0.0
    # The person's left eye is at image right: looking there turns it outwards, the other inwards.
    assert asked.channel("eyeLookOutLeft")[30:].min() > 0.4
    assert asked.channel("eyeLookInRight")[30:].min() > 0.4
    assert asked.channel("eyeLookUpLeft")[30:].min() > 0.1


def test_a_still_head_keeps_the_pose_of_the_photo():
    features = features_of(WORDS)
    resting = resting_face(rotation=(0.1, 0.2, 0.3))
    emotion = feeling(len(features), head=(0.2, 0.0, 0.0))
    motion = animate(features, Situation(emotion, resting, head=HeadMotion("still")))
    assert (motion.rotation == resting.rotation).all()
    assert (motion.translation == resting.translation).all()


def test_arousal_makes_a_livelier_head():
    features = features_of([("SIL", 20.0)])
    sizes = [
        animate(features, Situation(feeling(len(features), arousal))).rotation.std()
        for arousal in (-1.0, 0.0, 1.0)
    ]
    assert sizes[0] < sizes[1] < sizes[2]


def test_nothing_jitters():
    features = features_of(WORDS * 4)
    motion = animate(features)
    assert jitter(motion.expression) < 0.03
    assert jitter(motion.rotation) < 3e-4
    assert np.abs(np.diff(motion.channel("jawOpen"))).max() < 0.2
    assert np.degrees(np.abs(np.diff(motion.rotation, axis=0)).max()) < 1.0


def test_emotion_of_another_length_is_refused():
    features = features_of(WORDS)
    with pytest.raises(ValueError, match="the emotion has 3 frames"):
        animate(features, Situation(feeling(3)))


def test_one_frame_of_sound_is_enough():
    assert len(animate(features_of([("SIL", 0.01)]))) == 1
    assert len(animate(features_of([("M", 0.01)]))) == 1
