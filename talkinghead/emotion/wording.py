"""Cleans what a user typed: control characters, emoji, length, white space."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

MAX_CHARACTERS = 300

_EMOJI: Mapping[str, str] = {
    # What common emoji are used for; all others are read by their Unicode name.
    "😀": "happy", "😃": "happy", "😄": "happy", "😁": "happy", "😊": "happy", "☺": "happy",
    "🙂": "happy", "🙃": "happy", "😋": "happy", "☀": "happy", "🌞": "happy", "🌈": "happy",
    "🎂": "happy", "🎁": "happy", "🎈": "happy", "🌻": "happy", "🥂": "happy", "🍾": "happy",
    "😸": "happy", "😺": "happy", "🤠": "happy", "🐶": "happy", "🌹": "happy", "💐": "happy",
    "🏖": "happy", "🎶": "happy", "💃": "happy", "🕺": "happy", "😂": "laughing",
    "🤣": "laughing", "😆": "laughing", "😹": "laughing", "😅": "amused", "🤭": "amused",
    "🥳": "excited", "🎉": "excited", "🤩": "excited", "🎊": "excited", "✨": "excited",
    "🚀": "excited", "🙌": "excited", "👍": "content", "👌": "content", "🧘": "content",
    "😌": "relieved", "😍": "loving", "🥰": "loving", "❤": "loving", "🤗": "loving",
    "😘": "loving", "💕": "loving", "💖": "loving", "💗": "loving", "💘": "loving",
    "💝": "loving", "💞": "loving", "💓": "loving", "💟": "loving", "🧡": "loving",
    "💛": "loving", "💚": "loving", "💙": "loving", "💜": "loving", "🤍": "loving",
    "♥": "loving", "😻": "loving", "😚": "loving", "😙": "loving", "💑": "loving",
    "💏": "loving", "😗": "flirting", "💋": "flirting", "😉": "winking", "🙏": "grateful",
    "🏆": "proud", "🥇": "proud", "🏅": "proud", "💪": "triumphant", "👏": "admiring",
    "🤞": "hopeful", "🍀": "hopeful", "😎": "confident", "😈": "mischievous",
    "😜": "mischievous", "😝": "mischievous", "😛": "mischievous", "🤪": "mischievous",
    "👅": "mischievous", "🤡": "goofy", "😼": "cheeky", "🥹": "bittersweet", "😢": "sad",
    "☹": "sad", "😔": "sad", "😞": "sad", "😟": "sad", "🥀": "sad", "😿": "sad",
    "🙁": "slightly sad", "😕": "slightly sad", "😭": "extremely sad", "💔": "heartbroken",
    "👎": "disappointed", "😓": "disappointed", "😩": "distressed", "😫": "distressed",
    "😖": "distressed", "😣": "distressed", "⚰": "grieving", "🪦": "grieving", "🖤": "grieving",
    "🥺": "pleading", "😡": "furious", "🤬": "furious", "👿": "angry", "😠": "angry",
    "💢": "angry", "👊": "angry", "🖕": "angry", "😤": "frustrated", "😒": "annoyed",
    "🙄": "annoyed", "🔪": "hatred", "😮": "surprised", "😯": "surprised", "🫢": "surprised",
    "❗": "surprised", "😲": "astonished", "🙀": "astonished", "🤯": "stunned", "❓": "confused",
    "😵": "confused", "🤷": "confused", "😱": "terrified", "😨": "afraid", "👻": "afraid",
    "😧": "afraid", "😦": "afraid", "😰": "anxious", "😥": "anxious", "🫣": "anxious",
    "😳": "embarrassed", "🙈": "embarrassed", "😬": "awkward", "🫠": "awkward",
    "🤢": "disgusted", "🪳": "disgusted", "💩": "disgusted", "🤧": "disgusted", "🤮": "revolted",
    "😏": "smirking", "🤨": "suspicious", "🫤": "contempt", "🤔": "contemplative",
    "💭": "contemplative", "🧐": "curious", "👀": "curious", "🤓": "curious", "😴": "sleepy",
    "😪": "sleepy", "💤": "sleepy", "🥱": "bored", "🤒": "sick", "😷": "sick", "🥴": "sick",
    "🤕": "in pain", "🥵": "in pain", "😇": "calm", "🕊": "calm", "🌊": "calm",
    "😶": "expressionless", "😑": "expressionless", "😐": "expressionless",
    "🗿": "expressionless", "🤖": "expressionless", "🤐": "deadpan", "💀": "horrified",
    "☠": "horrified", "🧟": "horrified", "👹": "menacing", "👺": "menacing", "✊": "determined",
    "🔥": "determined", "🫡": "stern",
}  # fmt: skip
_EMOTICONS: Mapping[str, str] = {
    ":)": "happy", ":-)": "happy", ":D": "very happy", ":-D": "very happy", ";)": "winking",
    ";-)": "winking", ":(": "sad", ":-(": "sad", ":'(": "crying", ":O": "surprised",
    ":-O": "surprised", ":|": "expressionless", ":/": "doubtful", ":P": "playful",
}  # fmt: skip
_ARROW = re.compile(r"\w\s*(?:-+>|=+>|→|⇒|⟶|➡\ufe0f?)\s*\w")
_QUOTES = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "\u00a0": " "})


def clean(text: str) -> tuple[str, tuple[str, ...]]:
    """Make a prompt plain.

    Returns:
        The text on one line, emoji written out, at most `MAX_CHARACTERS` long, and notices about
        what was changed. The text is empty if nothing readable was given.
    """
    notices = []
    # Cut first: a hostile prompt of a gigabyte must not cost more than a long one.
    if len(text.strip()) > MAX_CHARACTERS:
        notices.append(
            f"the prompt has {len(text.strip())} characters; "
            f"only the first {MAX_CHARACTERS} were read"
        )
        text = text.strip()[:MAX_CHARACTERS]
    if _ARROW.search(text):
        notices.append(
            "a prompt is one feeling for the whole video; for one that changes on the way give a "
            "timeline of feelings"
        )
    text = unicodedata.normalize("NFC", text).translate(_QUOTES)
    text = " ".join(_EMOTICONS.get(token, token) for token in text.split())
    text = _write_out_emoji(text)
    text = "".join(
        " " if unicodedata.category(letter).startswith(("C", "Z")) else letter for letter in text
    )
    text = " ".join(text.split())
    if not any(letter.isalnum() for letter in text):
        text = ""
        notices.append("the prompt was empty: neutral was used")
    return text, tuple(notices)


def is_mostly_foreign(text: str) -> bool:
    """Whether most letters are outside the Latin alphabet, which the towers were not taught."""
    letters = [letter for letter in text if letter.isalpha()]
    foreign = [letter for letter in letters if not unicodedata.name(letter, "").startswith("LATIN")]
    return len(foreign) * 2 > len(letters)


def _write_out_emoji(text: str) -> str:
    """Emoji as words; a prompt of nothing but emoji becomes a list, each named once."""
    named = [(letter, _emoji_words(letter)) for letter in text]
    words = [words for _, words in named if words]
    if not words:
        return text
    if not any(letter.isalnum() for letter in text):
        return ", ".join(dict.fromkeys(words))
    # Skin tones and variation selectors only dress the emoji before them.
    return "".join(
        f" {words} " if words else letter
        for letter, words in named
        if words or unicodedata.category(letter) not in {"Sk", "Mn"}
    )


def _emoji_words(letter: str) -> str:
    if unicodedata.category(letter) != "So":
        return ""
    return _EMOJI.get(letter) or unicodedata.name(letter, "").lower()
