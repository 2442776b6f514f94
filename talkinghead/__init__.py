"""Evoke: one portrait, one voice, any feeling."""

__version__ = "0.1.0"
