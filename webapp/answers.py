"""How results and mistakes reach the page."""

from __future__ import annotations

import html
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gradio as gr

from talkinghead.errors import Cancelled, TalkingHeadError
from talkinghead.web.words import CANCELLED, sentence

_LOG = logging.getLogger(__name__)
_DEFECT = "Something went wrong on our side. The server's log has the details."


@contextmanager
def errors_in_words() -> Iterator[None]:
    """Show the user's mistakes in our words, and our own in the log."""
    try:
        yield
    except Cancelled as error:  # the page says so itself; a program gets the error
        raise gr.Error(CANCELLED, visible=False, print_exception=False) from error
    except TalkingHeadError as error:
        raise refusal(sentence(error)) from error
    except gr.Error:
        raise
    except Exception as error:
        _LOG.exception("a handler failed")
        raise refusal(_DEFECT) from error


def refusal(message: str) -> gr.Error:
    """A toast; Gradio shows it as HTML, and a message may quote a file's name."""
    return gr.Error(html.escape(message, quote=False), 15, print_exception=False)


def needed(value: str | None, message: str) -> str:
    """The value, or a refusal if the user has not given it."""
    if not value:
        raise refusal(message)
    return value


def whole_number(payload: Any) -> int | None:  # noqa: ANN401 (whatever a program sends)
    """A face's number; Gradio's own step refuses those that this tab has not shown yet."""
    if payload is None:
        return None
    if isinstance(payload, int) and not isinstance(payload, bool):
        return payload
    raise refusal(f"The face is {payload!r:.40}, expected a whole number from 0 on.")


def path_of_upload(payload: Any) -> str | None:  # noqa: ANN401 (Gradio's own type)
    """Where Gradio has put an uploaded file; it has checked that this is in its folder."""
    return payload.path if payload else None
