import os
import signal

import numpy as np
import pytest

from talkinghead.video.interruption import interruption
from talkinghead.video.write import write_video

FRAME = np.zeros((64, 64, 3), np.uint8)


@pytest.mark.parametrize(
    ("number", "raised"), [(signal.SIGTERM, SystemExit), (signal.SIGINT, KeyboardInterrupt)]
)
def test_a_signal_stops_between_two_frames_and_leaves_nothing(tmp_path, number, raised):
    """It once raised inside the queue, whose lock then stayed taken: the program hung."""
    made = []

    def frames():
        for index in range(100):
            if index == 10:
                os.kill(os.getpid(), number)
            made.append(index)
            yield FRAME

    with pytest.raises(raised):
        write_video(frames(), tmp_path / "o.mp4", 25.0)
    assert made[-1] == 10
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_raised_where_the_signal_arrives():
    after = []
    with pytest.raises(SystemExit) as stopped, interruption():  # noqa: PT012
        os.kill(os.getpid(), signal.SIGTERM)
        after.append("still here")
    assert after == ["still here"]
    assert stopped.value.code == 128 + signal.SIGTERM


def test_handlers_come_back():
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    with interruption():
        assert signal.getsignal(signal.SIGTERM) is not before[0]
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == before


def test_a_handler_of_somebody_else_is_left_alone():
    noted = []
    earlier = signal.signal(signal.SIGTERM, lambda *_: noted.append(1))
    try:
        with interruption():
            os.kill(os.getpid(), signal.SIGTERM)
        assert noted == [1]
    finally:
        signal.signal(signal.SIGTERM, earlier)
