"""`python -m talkinghead`."""

import sys

from talkinghead.threads import pin_threads


def run() -> int:
    """The command line, with one thread for each numeric library."""
    pin_threads()
    from talkinghead.cli import main

    return main()


if __name__ == "__main__":
    sys.exit(run())
