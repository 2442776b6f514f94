import contextlib
import subprocess

import imageio_ffmpeg
import numpy as np
import pytest
import soundfile

from talkinghead.errors import SoundTooLong, UnreadableSound
from talkinghead.speech.waveform import load_speech, speech_from_array
from talkinghead.types import SAMPLE_RATE


def tone(rate, seconds=1.0, channels=1, hertz=300.0):
    wave = 0.5 * np.sin(2 * np.pi * hertz * np.arange(int(rate * seconds)) / rate)
    return np.repeat(wave[:, None], channels, axis=1).astype(np.float32)


def main_frequency(waveform):
    spectrum = np.abs(np.fft.rfft(waveform))
    return spectrum.argmax() * SAMPLE_RATE / len(waveform)


def encode(arguments):
    tool = imageio_ffmpeg.get_ffmpeg_exe()
    subprocess.run([tool, "-nostdin", "-v", "error", "-y", *map(str, arguments)], check=True)


@pytest.mark.parametrize(
    ("rate", "channels", "subtype"),
    [(8000, 1, "PCM_16"), (11025, 2, "PCM_U8"), (44100, 2, "PCM_24"), (48000, 6, "FLOAT"),
     (96000, 8, "PCM_32"), (192000, 1, "DOUBLE")],
)  # fmt: skip
def test_wav_of_any_rate_width_and_channels(tmp_path, rate, channels, subtype):
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(rate, channels=channels), rate, subtype=subtype)
    speech = load_speech(path)
    assert speech.path == path
    assert speech.waveform.dtype == np.float32
    assert abs(speech.seconds - 1.0) < 0.002
    assert abs(main_frequency(speech.waveform) - 300) < 2
    assert abs(np.abs(speech.waveform[2000:-2000]).max() - 0.5) < 0.02


@pytest.mark.parametrize("suffix", ["flac", "ogg", "mp3", "m4a", "webm", "mp4", "mov", "avi"])
def test_compressed_sound_and_video_sound_tracks(tmp_path, suffix):
    source, path = tmp_path / "source.wav", tmp_path / f"-a b.{suffix}"
    soundfile.write(source, tone(44100, 2.0, 2), 44100)
    picture = ["-f", "lavfi", "-i", "color=s=32x32:d=2"] if suffix in {"mp4", "mov", "avi"} else []
    encode([*picture, "-i", source, "-shortest", f"file:{path}"])
    speech = load_speech(path)
    assert abs(speech.seconds - 2.0) < 0.12
    assert abs(main_frequency(speech.waveform) - 300) < 2
    assert 0.3 < np.abs(speech.waveform).max() < 0.7


def test_channels_are_averaged(tmp_path):
    path = tmp_path / "a.wav"
    both = np.concatenate([tone(16000), np.zeros((16000, 1), np.float32)], axis=1)
    soundfile.write(path, both, 16000, subtype="FLOAT")
    expected = both[:, 0] / 2
    assert np.allclose(load_speech(path).waveform, expected, atol=1e-3)


def test_nan_and_infinity_become_silence_and_loud_floats_are_scaled(tmp_path):
    path = tmp_path / "a.wav"
    samples = 4 * tone(16000)[:, 0]
    samples[100], samples[200] = np.nan, np.inf
    soundfile.write(path, samples, 16000, subtype="FLOAT")
    waveform = load_speech(path).waveform
    assert np.isfinite(waveform).all()
    assert np.abs(waveform).max() == pytest.approx(1.0, abs=1e-6)
    assert np.abs(waveform).mean() > 0.3


def test_silence_is_fine(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, np.zeros(8000), 16000)
    assert not load_speech(path).waveform.any()


def test_a_long_file_is_refused_with_limit_and_length(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, np.zeros(8000 * 5), 8000)
    with pytest.raises(SoundTooLong, match=r"5\.0 seconds.*limit is 3 seconds"):
        load_speech(path, max_seconds=3)
    assert load_speech(path, max_seconds=5).seconds == 5.0


def test_a_long_compressed_file_is_refused_with_limit_and_length(tmp_path):
    source, path = tmp_path / "a.wav", tmp_path / "a.m4a"
    soundfile.write(source, tone(16000, 6.0), 16000)
    encode(["-i", source, path])
    with pytest.raises(SoundTooLong, match=r"6\.\d seconds.*limit is 2 seconds"):
        load_speech(path, max_seconds=2)


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.wav", b""), ("a.wav", b"not a sound at all, only words"), ("a.mp3", bytes(300)),
     ("a.raw", bytes(300)), ("a.mp4", b"\x00\x00\x00\x18ftypmp42 and nothing more"),
     ("a.wav", b"RIFF\x24\x00\x00\x00WAVEfmt ")],
)  # fmt: skip
def test_what_is_no_sound_is_refused(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UnreadableSound, match=name):
        load_speech(path)


def test_random_bytes_never_crash(tmp_path):
    path = tmp_path / "a.mp3"
    path.write_bytes(np.random.default_rng(0).bytes(20000))
    with contextlib.suppress(UnreadableSound):
        assert np.isfinite(load_speech(path).waveform).all()


def test_missing_file_and_folder_are_named(tmp_path):
    with pytest.raises(UnreadableSound, match="not a file that exists"):
        load_speech(tmp_path / "none.wav")
    with pytest.raises(UnreadableSound, match="a folder"):
        load_speech(tmp_path)


def test_header_without_samples(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, np.zeros(0), 16000)
    with pytest.raises(UnreadableSound, match="0 samples"):
        load_speech(path)


def test_truncated_wav_gives_what_is_there(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(16000, 2.0), 16000)
    path.write_bytes(path.read_bytes()[:32044])
    assert abs(load_speech(path).seconds - 1.0) < 0.01


def test_video_without_sound_says_so(tmp_path):
    path = tmp_path / "a.mp4"
    encode(["-f", "lavfi", "-i", "color=s=32x32:d=1", path])
    with pytest.raises(UnreadableSound, match="no sound track"):
        load_speech(path)


def test_a_playlist_cannot_open_other_files(tmp_path):
    soundfile.write(tmp_path / "secret.wav", tone(16000), 16000)
    playlist = tmp_path / "a.m4a"
    playlist.write_text("ffconcat version 1.0\nfile secret.wav\n")
    with pytest.raises(UnreadableSound):
        load_speech(playlist)
    playlist.write_text(
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nsecret.wav\n#EXT-X-ENDLIST\n"
    )
    with pytest.raises(UnreadableSound):
        load_speech(playlist)


def test_arrays_of_integers_and_floats_agree():
    wave = tone(16000)[:, 0]
    from_int = speech_from_array((wave * 32767).astype(np.int16), 16000).waveform
    from_unsigned = speech_from_array((wave * 127 + 128).astype(np.uint8), 16000).waveform
    assert np.allclose(from_int, wave, atol=1e-3)
    assert np.allclose(from_unsigned, wave, atol=2e-2)
    assert abs(len(speech_from_array(tone(48000, channels=2), 48000).waveform) - 16000) <= 1


@pytest.mark.parametrize(("shape", "rate"), [((0,), 16000), ((2, 2, 2), 16000), ((9,), 1)])
def test_arrays_that_are_no_sound_are_refused(shape, rate):
    with pytest.raises(UnreadableSound, match="expected"):
        speech_from_array(np.zeros(shape), rate)


def test_a_file_with_nan_or_beyond_full_scale_is_not_put_into_the_video(tmp_path):
    """ffmpeg refused such samples after all the work was done."""
    samples = np.sin(np.linspace(0, 300, 8000)).astype(np.float32)
    for name, value in (("nan.wav", np.nan), ("loud.wav", 3.0)):
        broken = samples.copy()
        broken[100] = value
        soundfile.write(tmp_path / name, broken, 16_000, subtype="FLOAT")
        assert load_speech(tmp_path / name).path is None
    soundfile.write(tmp_path / "clean.wav", samples * 0.9, 16_000, subtype="FLOAT")
    assert load_speech(tmp_path / "clean.wav").path == tmp_path / "clean.wav"
