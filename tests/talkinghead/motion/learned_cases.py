"""Decoders with random weights, small, and speech for them."""

from dataclasses import replace

import numpy as np
import torch

from renderer.coefficients import IdentityCoefficients
from talkinghead.motion.codebook import CodebookAudioToMotion
from talkinghead.motion.codebook_net import CodebookConfig, CodebookNet
from talkinghead.motion.interface import HeadMotion
from talkinghead.motion.regression import RegressionAudioToMotion
from talkinghead.motion.regression_net import RegressionConfig, RegressionNet
from talkinghead.types import CONTENT_WIDTH, EyeControl
from tests.talkinghead.motion.motion_cases import features_of, feeling, resting_face

WORDS = [("SIL", 0.2), ("M", 0.12), ("AA", 0.2), ("P", 0.1), ("UW", 0.2), ("F", 0.1), ("IY", 0.2)]
DECODERS = ("regression", "codebook")


def untrained(name):
    torch.manual_seed(1)
    if name == "regression":
        net = RegressionNet(RegressionConfig(width=32, layers=2, back=4, people=3))
        return RegressionAudioToMotion(net)
    net = CodebookNet(CodebookConfig(width=32, layers=2, back=4, people=3))
    return CodebookAudioToMotion(net)


def shaken(name, much=0.1):
    """As if trained: every parameter, the zero heads too, is somewhere."""
    decoder = untrained(name)
    with torch.no_grad():
        for parameter in decoder.net.parameters():
            parameter.add_(much * torch.randn_like(parameter))
    return decoder


def speech(repeats=1, fps=25.0, seed=3):
    features = features_of(WORDS * repeats, fps)
    rows = np.random.default_rng(seed).random((len(features.content), CONTENT_WIDTH))
    return replace(features, content=rows.astype(np.float32))


def animated(decoder, features, seed=0, emotion=None, resting=None, eyes=None, head="natural"):
    return decoder(
        features,
        emotion or feeling(len(features)),
        IdentityCoefficients(np.zeros(10, np.float32)),
        resting or resting_face(mouthSmile=0.3, jawOpen=0.1),
        eyes or EyeControl(),
        HeadMotion(head),
        np.random.default_rng(seed),
    )
