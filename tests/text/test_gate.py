"""Extraction does not get worse, and nobody moves the goalposts."""

import json

import pytest

from tests.text.conftest import blog
from tests.text.gate import PINNED, Scores, corpus_digest, is_worse, scores

ASKED = {"token_f1": 0.995, "paragraph_recall": 1.0, "boilerplate_lines": 0, "dates": 1.0}
"""What the pinned floors must not fall below, whoever updates them."""


@pytest.fixture(scope="module")
def floors() -> Scores:
    pinned: Scores = json.loads(PINNED.read_text())["floors"]
    return pinned


def test_corpus_is_the_pinned_one() -> None:
    pinned = json.loads(PINNED.read_text())["corpus_sha256"]
    assert corpus_digest(blog()) == pinned, "the replica changed: python -m tests.text.gate --update"


def test_every_score_reaches_its_floor(floors: Scores) -> None:
    found = scores(blog())
    assert {name: found[name] for name in floors if is_worse(name, round(found[name], 4), floors[name])} == {}


def test_floors_are_as_high_as_was_asked(floors: Scores) -> None:
    assert [name for name, asked in ASKED.items() if is_worse(name, floors[name], asked)] == []
