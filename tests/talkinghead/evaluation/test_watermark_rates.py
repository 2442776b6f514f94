from __future__ import annotations

import json

import numpy as np
from PIL import Image

from talkinghead.evaluation import watermark
from talkinghead.video.read import read_video
from talkinghead.video.write import write_video


def test_rates_and_costs_are_measured_on_every_clip(photo_path, tmp_path, monkeypatch):
    monkeypatch.setattr(watermark, "OTHER_KEYS", 2)
    monkeypatch.setattr(watermark, "ATTACKS", {"cropped 10 %": watermark.ATTACKS["cropped 10 %"]})
    picture = np.asarray(Image.open(photo_path).convert("RGB"))[40:340, 100:400]
    clip = tmp_path / "clip.mp4"
    write_video([np.roll(picture, index, axis=1) for index in range(6)], clip, 25.0, mark=False)
    assert watermark.main([str(clip), "--frames", "5", "--json", str(tmp_path / "out.json")]) == 0
    written = json.loads((tmp_path / "out.json").read_text())
    summary, row = written["summary"], written["clips"][0]
    assert summary["clips"] == 1
    assert set(summary["detected"]) == {"as written", "cropped 10 %"}
    assert summary["detected"]["as written"] == 1.0
    assert summary["false_alarms"] == summary["false_alarms_other_keys"] == 0
    assert summary["searches_for_other_keys"] == 2
    assert summary["luma_psnr_lowest"] > 42
    assert row["size"] == [300, 300]
    assert 0 < summary["milliseconds_a_frame_512"] < 50


def test_an_attack_crops_and_scales(photo_path, tmp_path):
    picture = np.asarray(Image.open(photo_path).convert("RGB"))[:400, :400]
    write_video([picture] * 3, tmp_path / "a.mp4", 25.0)
    filters, crf = watermark.ATTACKS["cropped 10 %, half size, crf 28"]
    watermark.attack(tmp_path / "a.mp4", tmp_path / "b.mp4", filters, crf)
    with read_video(tmp_path / "b.mp4") as frames:
        assert (frames.width, frames.height) == (180, 180)
    assert (tmp_path / "b.mp4").stat().st_size < (tmp_path / "a.mp4").stat().st_size
