"""Every mistake a user can make, one class each.

A message says what was given, what was expected and what to do about it. The command line prints
it as one line and exits with 2; the web app shows it in a toast. Anything that is not a
`TalkingHeadError` is a defect of ours.
"""

from __future__ import annotations


class TalkingHeadError(ValueError):
    """Base of all errors caused by what the user gave."""


class UnreadableImage(TalkingHeadError):
    """The photo cannot be decoded, or is too large."""


class NoFaceFound(TalkingHeadError):
    """No face was found in the photo."""


class FaceTooSmall(TalkingHeadError):
    """The face spans fewer pixels than the renderer can work with."""


class FaceTurnedAway(TalkingHeadError):
    """The face is turned so far that one half of it is not visible."""


class NoSuchFace(TalkingHeadError):
    """`--face N` names a face that the photo does not have."""


class UnreadableSound(TalkingHeadError):
    """The sound cannot be decoded, or holds no samples."""


class SoundTooLong(TalkingHeadError):
    """The sound is longer than the limit."""


class UnreadableVideo(TalkingHeadError):
    """The video cannot be decoded, or no face can be tracked in it."""


class UnreadableMotion(TalkingHeadError):
    """A motion file does not follow the format."""


class BadEmotion(TalkingHeadError):
    """An emotion prompt, timeline or intensity that cannot be used."""


class BadOption(TalkingHeadError):
    """An option outside its range, or options that contradict each other."""


class NotBuiltYet(TalkingHeadError):
    """A part of the fixed command line that a later version brings."""


class WeightsMissing(TalkingHeadError):
    """A weight file that the manifest names is not there."""


class WeightsCorrupt(TalkingHeadError):
    """A weight file's sha256 differs from the manifest's."""


class BackendMissing(TalkingHeadError):
    """An optional package or checkpoint is not installed."""


class BadJobs(TalkingHeadError):
    """A file of jobs that cannot be done as it is."""


class OutputNotWritable(TalkingHeadError):
    """The output cannot be written: no such folder, no permission, or the disk is full."""


class OutOfMemory(TalkingHeadError):
    """The device ran out of memory; the message says what to lower."""


class TookTooLong(TalkingHeadError):
    """A job passed the time that a server allows."""


class ServerBusy(TalkingHeadError):
    """Too many jobs wait already."""


class Cancelled(TalkingHeadError):
    """The user asked to stop; nothing was written."""
