import numpy as np
import pytest
import torch

from talkinghead.motion.band_attention import BandAttention, band_bias, slopes
from talkinghead.motion.emotion_code import CODE, MEMORY, PromptCode, VoiceCode
from talkinghead.motion.regression_net import Heard
from talkinghead.motion.speech_rows import CONTENT_COLUMNS, VOICE_COLUMNS
from talkinghead.types import EyeControl
from tests.talkinghead.motion.learned_cases import animated, shaken, speech


def known(rows, batch=1, seed=0):
    torch.manual_seed(seed)
    return Heard(
        torch.randn(batch, rows, CONTENT_COLUMNS), torch.rand(batch, rows, 52),
        torch.randn(batch, rows, CODE), torch.zeros(batch, dtype=torch.int64),
    )  # fmt: skip


@pytest.fixture
def decoder():
    return shaken("regression")


def test_blocks_of_any_size_give_the_same_motion(decoder):
    rows = known(140)
    whole, _ = decoder.answer(rows, 1000)
    for block in (7, 50):
        np.testing.assert_allclose(decoder.answer(rows, block)[0], whole, atol=1e-5)


def test_a_row_depends_on_no_more_than_its_reach(decoder):
    back, ahead = decoder.net.reach
    rows = known(back + ahead + 40)
    at = back + 5
    before, _ = decoder.answer(rows)
    rows.content[:, at + ahead + 1 :] += 3.0
    after, _ = decoder.answer(rows)
    np.testing.assert_allclose(after[: at + 1], before[: at + 1], atol=1e-6)
    assert np.abs(after[at + 1] - before[at + 1]).max() > 1e-4


def test_looks_at_most_four_rows_ahead():
    from talkinghead.motion.regression_net import RegressionConfig, RegressionNet

    assert RegressionNet(RegressionConfig()).reach[1] <= 4


def test_batch_of_two_equals_two_batches(decoder):
    both = known(30, batch=2)
    with torch.inference_mode():
        together = decoder.net(both).change
        for index in range(2):
            one = Heard(*(getattr(both, name)[index : index + 1] for name in
                          ("content", "base", "code", "person")))  # fmt: skip
            torch.testing.assert_close(decoder.net(one).change[0], together[index])


def test_order_of_rows_matters(decoder):
    rows = known(30)
    first, _ = decoder.answer(rows)
    turned = Heard(rows.content.flip(1), rows.base.flip(1), rows.code.flip(1), rows.person)
    assert np.abs(decoder.answer(turned)[0][::-1] - first).max() > 1e-3


def test_every_parameter_learns(decoder):
    net = decoder.net.train()
    rows = known(30, batch=2)
    voice = net.voice(torch.randn(2, 30, VOICE_COLUMNS))
    prompt = net.prompt(torch.randn(2, 30, 54))
    said = net(Heard(rows.content, rows.base, voice + prompt, rows.person))
    loss = said.change.square().sum() + said.gates.sum() + net.voice.scores(voice).square().sum()
    loss.backward()
    dead = [name for name, one in net.named_parameters() if one.grad is None or not one.grad.any()]
    assert dead == []


def test_band_attention_sees_its_band_only():
    torch.manual_seed(0)
    attention = BandAttention(16, 2, back=2, ahead=1)
    rows = torch.randn(1, 12, 16)
    changed = rows.clone()
    changed[:, 8:] += 1.0
    moved = (attention(rows, changed) - attention(rows, rows)).abs().amax(dim=2)[0]
    assert (moved[:7] == 0).all()
    assert moved[7] > 0


def test_emotion_attention_is_not_emotalks_diagonal():
    bias = band_bias(10, 2, 3, 0)
    assert (torch.isfinite(bias[0]).sum(1)[3:] == 4).all()
    assert torch.equal(slopes(4), torch.tensor([2**-2, 2**-4, 2**-6, 2**-8]))


def test_no_feeling_is_code_zero():
    assert not PromptCode()(torch.zeros(1, 5, 54)).any()


def test_a_voice_is_judged_by_its_past_only():
    torch.manual_seed(0)
    code = VoiceCode()
    voice = torch.randn(1, 120, VOICE_COLUMNS)
    other = voice.clone()
    other[:, 100:] = 0.0
    torch.testing.assert_close(code(voice)[:, :100], code(other)[:, :100])
    other = voice.clone()
    other[:, 0] += 5.0
    late = 12 + MEMORY
    torch.testing.assert_close(code(voice)[:, late:], code(other)[:, late:])
    assert VoiceCode.back <= late


def test_frame_rate_does_not_change_what_is_said(decoder):
    calm = {"eyes": EyeControl(blink=0.0), "head": "still"}
    slow, fast = (animated(decoder, speech(3, fps), **calm) for fps in (25.0, 50.0))
    smiles = [one.channel("mouthSmileLeft") for one in (slow, fast)]
    middle = (np.arange(len(slow)) + 0.5) / 25.0
    at_slow = np.interp(middle, (np.arange(len(fast)) + 0.5) / 50.0, smiles[1])
    assert np.abs(at_slow - smiles[0])[8:].mean() < 0.02
