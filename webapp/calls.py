"""Which calls the page can answer: its endpoints, read from its own components."""

from __future__ import annotations

import inspect
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from talkinghead.web.parameters import (
    Anything,
    Endpoint,
    Flag,
    Kind,
    Number,
    OneOf,
    Parameter,
    Table,
    Text,
    UploadedFile,
)

_CALL = re.compile(r"/gradio_api/(call/v2|call|run|api)/([^/]+)/?$")
_JOIN = re.compile(r"/gradio_api/queue/join/?$")
_OTHER = re.compile(r"/gradio_api/(?:upload|cancel|reset)/?$")
_NUMBERED = 99
"""The highest number of a choice that is not known before a photo is seen; see `GenerateOptions`"""

_BODY = 'expected a JSON object such as {"feeling": "joy"}, or {"data": [...]} by place'
_MOST_SHOWN = 40  # characters
_MOST_IN_NAME = 100
"""Characters of a tab's name, which the server remembers; Gradio's own have up to 36."""


@dataclass(frozen=True)
class Refusal:
    """The answer to a call that cannot be made.

    Attributes:
        status: of HTTP.
        words: what is wrong and what is expected.
        detail: for each input whether it is valid, as gradio_client expects it.
    """

    status: int
    words: str
    detail: tuple[dict[str, object], ...] = ()


class Calls:
    """Looks at calls before they are queued.

    Args:
        page: the page that answers them.
    """

    def __init__(self, page: gr.Blocks) -> None:
        self._endpoints = {number: _endpoint(one) for number, one in page.fns.items()}
        self._named = {
            str(one.api_name): number
            for number, one in page.fns.items()
            if one.api_visibility == "public"
        }

    def refusal(self, path: str, body: bytes) -> Refusal | None:
        """What is wrong with a POST request; None if nothing is, or Gradio itself says so."""
        called, other = _CALL.search(path), _OTHER.search(path)
        if called is None and other is None and not _JOIN.search(path):
            return Refusal(404, f"nothing can be sent here; {self._known()}")
        try:
            content = json.loads(body)
        except (ValueError, RecursionError) as error:
            return Refusal(400, f"the request holds no JSON ({error}); {_BODY}")
        if not isinstance(content, dict):
            return Refusal(422, f"the request holds {json.dumps(content)[:_MOST_SHOWN]}; {_BODY}")
        way, name = called.groups() if called else ("join", "")
        return None if other else self._of_call(way, name, content)

    def _of_call(self, way: str, name: str, content: dict[str, Any]) -> Refusal | None:
        number = self._number(way, name, content)
        if number is None:
            return Refusal(404, f"there is no endpoint of this name or number; {self._known()}")
        if way == "call/v2":
            return _of_names(self._endpoints[number], content)
        session, data = content.get("session_hash"), content.get("data")
        if session is not None and (not isinstance(session, str) or len(session) > _MOST_IN_NAME):
            words = f"session_hash is {session!r:.40}, expected up to {_MOST_IN_NAME} characters"
            return _refused(self._endpoints[number], words)
        if not isinstance(data, list):
            words = f"data is {data!r:.{_MOST_SHOWN}}, expected a list of the parameters' values"
            return _refused(self._endpoints[number], words)
        return _of_places(self._endpoints[number], data)

    def _number(self, way: str, name: str, content: dict[str, Any]) -> int | None:
        given = None if way.startswith("call") else content.get("fn_index")
        number = self._named.get(name) if given is None else given
        return number if isinstance(number, int) and number in self._endpoints else None

    def _known(self) -> str:
        return f"there are {', '.join(f'/{name}' for name in sorted(self._named))}"


def _of_names(endpoint: Endpoint, content: dict[str, Any]) -> Refusal | None:
    given = {name: value for name, value in content.items() if name != "oauth_token"}
    wrong = endpoint.refusals_of_names(given)
    return _refused(endpoint, "; ".join(wrong)) if wrong else _of_values(endpoint, given)


def _of_places(endpoint: Endpoint, data: list[Any]) -> Refusal | None:
    parameters = endpoint.in_order(data)
    if parameters is None:
        names = ", ".join(one.name for one in endpoint.shown) or "none"
        words = f"{endpoint.name} got {len(data)} values, expected {len(endpoint.shown)}: {names}"
        return _refused(endpoint, words)
    given = {one.name: value for one, value in zip(parameters, data, strict=True)}
    return _of_values(endpoint, given)


def _of_values(endpoint: Endpoint, given: dict[str, Any]) -> Refusal | None:
    found = {
        one.name: one.refusal(given[one.name]) if one.name in given else None
        for one in endpoint.parameters
    }
    wrong = [words for words in found.values() if words]
    detail = tuple(_validity(name, words) for name, words in found.items())
    return Refusal(422, "; ".join(wrong), detail) if wrong else None


def _refused(endpoint: Endpoint, words: str) -> Refusal:
    return Refusal(422, words, (_validity(endpoint.name, words),))


def _validity(name: str, words: str | None) -> dict[str, object]:
    return {
        "__type__": "validate", "is_valid": not words, "message": words or "",
        "parameter_name": name,
    }  # fmt: skip


def _endpoint(function: Any) -> Endpoint:  # noqa: ANN401 (Gradio's BlockFunction)
    names = list(inspect.signature(function.fn).parameters) if function.fn else []
    parameters = [
        Parameter(
            names[place] if place < len(names) else f"input {place}",
            Anything() if one.skip_api else kind_of(one),
            hidden=one.skip_api,
        )
        for place, one in enumerate(function.inputs)
    ]
    return Endpoint(f"/{function.api_name}", tuple(parameters))


def kind_of(component: Any) -> Kind:  # noqa: ANN401 (any of Gradio's components)
    """Which values a control takes."""
    if isinstance(component, gr.Slider):
        return Number(component.minimum, component.maximum)
    if isinstance(component, gr.Number):
        whole = component.precision == 0
        return Number(component.minimum, component.maximum, whole, optional=True)
    if isinstance(component, gr.Radio | gr.Dropdown):
        values = tuple(value for _, value in component.choices)
        return OneOf(values) if values else Number(0, _NUMBERED, whole=True, optional=True)
    if isinstance(component, gr.Image | gr.Audio | gr.File):
        return UploadedFile(Path(gr.utils.get_upload_folder()))
    simple: dict[type, Kind] = {gr.Textbox: Text(), gr.Checkbox: Flag(), gr.Dataframe: Table()}
    return simple.get(type(component), Anything())
