from renderer.geometric import GeometricRenderer
from talkinghead.evaluation.render_profile import profile
from talkinghead.portrait.framing import crop_view


def test_shares_of_a_frame_are_sorted_and_sum_to_at_most_one(portrait, face_model):
    renderer = GeometricRenderer(face_model, crop_view(portrait.source, 128))
    row = profile(renderer, portrait.resting.held(4), 128)
    shares = list(row["shares"].values())
    assert row["ms_a_frame"] > 0
    assert shares == sorted(shares, reverse=True)
    assert 0.3 < sum(shares) <= 1.001
