"""What a call of the app may hold: the parameters of an endpoint and the values each takes.

A framework checks some values, and says of others only that something failed. Here every value is
checked before any work is queued, and a refusal names what was given and what is expected.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Protocol

_MOST_SHOWN = 40  # characters of a value that is quoted


class Kind(Protocol):
    """Which values a parameter takes."""

    @property
    def expected(self) -> str:
        """In words, for "..., expected {expected}"."""

    def accepts(self, value: object) -> bool:
        """Whether a value out of JSON is one of these."""


@dataclass(frozen=True)
class Anything:
    """Whatever is sent, such as the empty place of what the server itself remembers."""

    expected: str = "anything"

    def accepts(self, value: object) -> bool:
        """Always."""
        return True


@dataclass(frozen=True)
class Text:
    """A text; how long it may be is for the handler to say."""

    expected: str = "a text"

    def accepts(self, value: object) -> bool:
        """Whether it is one, and can be written as UTF-8: half a pair of surrogates cannot."""
        if not isinstance(value, str):
            return False
        try:
            value.encode()
        except UnicodeEncodeError:
            return False
        return True


@dataclass(frozen=True)
class Flag:
    """True or false; "no" would count as yes."""

    expected: str = "true or false"

    def accepts(self, value: object) -> bool:
        """Whether it is one of the two."""
        return isinstance(value, bool)


@dataclass(frozen=True)
class Number:
    """A number in a range.

    Attributes:
        low: the smallest.
        high: the largest.
        whole: whether it may have no fraction.
        optional: whether none may be given.
    """

    low: float
    high: float
    whole: bool = False
    optional: bool = False

    @property
    def expected(self) -> str:
        """In words."""
        kind = "a whole number" if self.whole else "a number"
        return f"{kind} from {self.low} to {self.high}"

    def accepts(self, value: object) -> bool:
        """Whether it is in the range; NaN is in none, and true is no number."""
        if value is None:
            return self.optional
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return self.low <= value <= self.high and (not self.whole or value == int(value))


@dataclass(frozen=True)
class OneOf:
    """One of a few values."""

    values: tuple[object, ...]

    @property
    def expected(self) -> str:
        """In words."""
        return f"one of {', '.join(map(_written, self.values))}"

    def accepts(self, value: object) -> bool:
        """Whether it is one of them."""
        return value in self.values and not isinstance(value, bool)


@dataclass(frozen=True)
class UploadedFile:
    """A file object of a file that was uploaded, or was made here; none is fine, too.

    Attributes:
        folder: where all such files are.
    """

    folder: Path
    expected: str = "an upload that is still on this server (or none): upload it again"

    def accepts(self, value: object) -> bool:
        """Whether its path is that of an existing file in the folder."""
        if value is None:
            return True
        if not isinstance(value, Mapping) or not isinstance(value.get("path"), str):
            return False
        meta = value.get("meta")
        if not isinstance(meta, Mapping) or meta.get("_type") != "gradio.FileData":
            return False
        try:
            path = Path(value["path"]).resolve()
            return path.is_relative_to(self.folder.resolve()) and path.is_file()
        except (OSError, ValueError, RuntimeError):  # too long a name, a zero byte, links in a ring
            return False


@dataclass(frozen=True)
class Table:
    """A table of texts and numbers; what its columns mean is for the handler to say."""

    expected: str = 'a table such as {"headers": ["Second", ...], "data": [[0, "joy", 1]]}'

    def accepts(self, value: object) -> bool:
        """Whether it has rows of cells."""
        if not isinstance(value, Mapping) or not isinstance(value.get("headers"), list):
            return False
        rows = value.get("data")
        if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
            return False
        cells = [*value["headers"], *(cell for row in rows for cell in row)]
        return all(
            cell is None or isinstance(cell, int | float) or Text().accepts(cell) for cell in cells
        )


@dataclass(frozen=True)
class Parameter:
    """One parameter of an endpoint.

    Attributes:
        name: as a program gives it.
        kind: which values it takes.
        hidden: whether programs do not give it.
    """

    name: str
    kind: Kind
    hidden: bool = False

    def refusal(self, value: object) -> str | None:
        """What is wrong with a value, in a sentence without its end; None if nothing is."""
        if self.kind.accepts(value):
            return None
        return f"{self.name} is {_written(value)}, expected {self.kind.expected}"


@dataclass(frozen=True)
class Endpoint:
    """What can be called.

    Attributes:
        name: with its slash.
        parameters: all of them, in order.
    """

    name: str
    parameters: tuple[Parameter, ...]

    @property
    def shown(self) -> tuple[Parameter, ...]:
        """The parameters that programs give."""
        return tuple(one for one in self.parameters if not one.hidden)

    def refusals_of_names(self, given: Mapping[str, object]) -> list[str]:
        """What is wrong with the names in a call by name; each parameter may be left out."""
        names = [one.name for one in self.shown]
        takes = f"takes {', '.join(names)}" if names else "takes none"
        return [
            f"{self.name} has no parameter {_written(name)}; it {takes}"
            for name in given
            if name not in names
        ]

    def in_order(self, given: Sequence[object]) -> tuple[Parameter, ...] | None:
        """Whose values a call by place holds; None if their number is neither of the two."""
        for parameters in (self.parameters, self.shown):
            if len(given) == len(parameters):
                return parameters
        return None


def _written(value: object) -> str:
    """A value for a message, as JSON would write it, not too long."""
    if isinstance(value, Mapping) and isinstance(value.get("path"), str):
        return f"the file {_written(PurePath(value['path']).name)}"
    names = {"None": "none", "True": "true", "False": "false"}
    text = names.get(repr(value), repr(value))
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."
