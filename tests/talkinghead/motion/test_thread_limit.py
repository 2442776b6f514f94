import threading

import pytest
import torch

from talkinghead.motion.learned import one_thread


@pytest.fixture
def three_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


def test_two_that_overlap_leave_the_threads_as_they_were(three_threads):
    """The second begins while the first is inside, and ends after it."""
    first_inside, first_over = threading.Event(), threading.Event()
    second_inside = threading.Event()
    seen = []

    def first():
        with one_thread:
            seen.append(torch.get_num_threads())
            first_inside.set()
            second_inside.wait(5)
        first_over.set()

    def second():
        first_inside.wait(5)
        with one_thread:
            second_inside.set()
            first_over.wait(5)
            seen.append(torch.get_num_threads())
        seen.append(torch.get_num_threads())

    workers = [threading.Thread(target=each) for each in (first, second)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    later = threading.Thread(target=lambda: seen.append(torch.get_num_threads()))
    later.start()
    later.join()
    assert seen == [1, 1, 3, 3]


def test_an_error_gives_them_back_too(three_threads):
    with pytest.raises(ZeroDivisionError), one_thread:
        raise ZeroDivisionError
    assert torch.get_num_threads() == 3
