from __future__ import annotations

import math

import pytest

from talkinghead.web.parameters import (
    Endpoint,
    Flag,
    Number,
    OneOf,
    Parameter,
    Table,
    Text,
    UploadedFile,
)

SHARE, SEED, FACE = Number(0, 2), Number(0, 2**53 - 1, whole=True), Number(0, 9, True, True)
SIZE = OneOf((256, 512))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (SHARE, 0), (SHARE, 2), (SHARE, 0.1), (SEED, 0), (SEED, 2**53 - 1), (SEED, 7.0),
        (FACE, None), (FACE, 0), (SIZE, 256), (SIZE, 512.0), (Flag(), False), (Text(), ""),
        (Table(), {"headers": [], "data": []}),
        (Table(), {"headers": ["a"], "data": [[1, None, "b"]], "metadata": None}),
    ],
)  # fmt: skip
def test_what_is_meant_is_accepted(kind, value):
    assert Parameter("it", kind).refusal(value) is None


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        *((SHARE, one) for one in (None, True, "1", [1], {}, math.nan, math.inf, -math.inf, 2.01)),
        *((SHARE, one) for one in (10**400, -(10**400), 1e308)),
        *((SEED, one) for one in (1.5, -1, 2**53, 10**400, math.nan, math.inf, "7", False, None)),
        (FACE, 0.5), (FACE, "first"), (SIZE, 300), (SIZE, "256"), (SIZE, None), (SIZE, []),
        (OneOf((0, 1)), True), (Flag(), "no"), (Flag(), 1), (Flag(), None), (Text(), None),
        (Text(), {"a": 1}), (Text(), "half \ud800"),
        (Table(), {"headers": [], "data": [["\udfff"]]}), (Table(), "no table"),
        (Table(), [[0, "joy", 1]]),
        (Table(), {"headers": 1, "data": []}), (Table(), {"headers": [], "data": {}}),
        (Table(), {"headers": [], "data": ["row"]}), (Table(), {"headers": [], "data": [[{}]]}),
    ],
)  # fmt: skip
def test_nonsense_is_refused_with_what_was_given_and_what_is_expected(kind, value):
    words = Parameter("it", kind).refusal(value)
    assert words.startswith("it is ")
    assert words.endswith(f", expected {kind.expected}")
    assert len(words) < 200


def test_a_message_names_range_and_choices():
    assert Parameter("seed", SEED).refusal(1.5) == (
        "seed is 1.5, expected a whole number from 0 to 9007199254740991"
    )
    assert Parameter("size", SIZE).refusal(300) == "size is 300, expected one of 256, 512"
    assert Parameter("consent", Flag()).refusal(None) == "consent is none, expected true or false"


@pytest.fixture
def uploads(tmp_path):
    folder = tmp_path / "uploads"
    (folder / "a").mkdir(parents=True)
    (folder / "a" / "photo.jpg").write_text("a face")
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "way-out").symlink_to(tmp_path / "secret.txt")
    return folder


def given(path, kind="gradio.FileData"):
    return {"path": str(path), "meta": {"_type": kind}}


def test_an_uploaded_file_or_none_is_accepted(uploads):
    kind = UploadedFile(uploads)
    assert kind.accepts(None)
    assert kind.accepts({**given(uploads / "a" / "photo.jpg"), "orig_name": "me.jpg"})


@pytest.mark.parametrize(
    "path",
    ["", ".", "a", "a/gone.jpg", "way-out", "../secret.txt", "/etc/passwd", "/dev/zero", "a\0b",
     "x" * 5000],
)  # fmt: skip
def test_no_other_file_is_accepted(uploads, path):
    assert not UploadedFile(uploads).accepts(given(uploads / path))


@pytest.mark.parametrize("value", ["photo.jpg", 7, [], {}, {"path": 7}, {"url": "data:,x"}, True])
def test_what_is_no_file_object_is_refused(uploads, value):
    assert not UploadedFile(uploads).accepts(value)
    photo = given(uploads / "a" / "photo.jpg")
    for meta in (None, "gradio.FileData", {}, {"_type": "other"}):
        assert not UploadedFile(uploads).accepts({**photo, "meta": meta})


def test_an_unknown_name_is_told_with_those_that_there_are():
    endpoint = Endpoint("/do", (Parameter("session", Text(), hidden=True), Parameter("seed", SEED)))
    assert endpoint.refusals_of_names({"seed": 1}) == []
    assert endpoint.refusals_of_names({"sead": 1, "session": "x"}) == [
        "/do has no parameter 'sead'; it takes seed",
        "/do has no parameter 'session'; it takes seed",
    ]
    assert "takes none" in Endpoint("/do", ()).refusals_of_names({"a": 1})[0]


def test_values_by_place_are_all_of_them_or_those_that_are_shown():
    hidden, seed = Parameter("session", Text(), hidden=True), Parameter("seed", SEED)
    endpoint = Endpoint("/do", (hidden, seed))
    assert endpoint.in_order([1]) == (seed,)
    assert endpoint.in_order([None, 1]) == (hidden, seed)
    assert endpoint.in_order([]) is endpoint.in_order([1, 2, 3]) is None
