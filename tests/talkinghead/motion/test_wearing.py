import numpy as np

from talkinghead.motion.wearing import wear


def test_a_feeling_on_a_neutral_face_is_the_feeling():
    felt = np.array([0.0, 0.5, 1.0, -0.7], np.float32)
    np.testing.assert_allclose(wear(np.zeros(4, np.float32), felt), [0, 0.5, 1, 0])


def test_no_feeling_leaves_the_face_alone():
    own = np.array([0.0, 0.3, 1.0], np.float32)
    np.testing.assert_array_equal(wear(own, np.zeros(3, np.float32)), own)


def test_added_and_taken_away_stay_in_range():
    own = np.array([0.8, 0.8, 0.8], np.float32)
    worn = wear(own, np.array([0.8, -0.5, -1.0], np.float32))
    np.testing.assert_allclose(worn, [0.96, 0.4, 0.0], atol=1e-6)
