"""`python -m talkinghead`."""

import sys

from talkinghead.cli import main

if __name__ == "__main__":
    sys.exit(main())
