"""Training scripts, each `python -m talkinghead.training.NAME`."""
