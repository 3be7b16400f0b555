"""Two texts compared: nothing is lost, moved paragraphs are recognised, changed ones shown word by word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.diff import Change, Diff, compare

TEXTS = st.lists(
    st.sampled_from(["one two three", "one two four", "five", "six seven", "", "eight nine ten"]), max_size=8
)


def sides(diff: Diff) -> tuple[list[str], list[str]]:
    """Put both texts together again from what the comparison shows."""
    old, new = {}, {}
    for line in diff.lines:
        if line.before is not None:
            old[line.before] = "".join(one.text for one in line.pieces if one.change is not Change.ADDED)
        if line.after is not None:
            new[line.after] = "".join(one.text for one in line.pieces if one.change is not Change.REMOVED)
    return [old[place] for place in sorted(old)], [new[place] for place in sorted(new)]


@given(TEXTS, TEXTS)
def test_both_texts_can_be_read_from_the_comparison(old: list[str], new: list[str]) -> None:
    assert sides(compare("a", old, "a", new)) == (old, new)


@given(TEXTS)
def test_text_compared_with_itself_shows_no_change(text: list[str]) -> None:
    assert compare("a", text, "a", text).is_same


def test_changed_paragraph_shows_the_words_that_changed() -> None:
    diff = compare("T", ["The court fined the writer ten marks."], "T", ["The court fined the writer two marks."])
    (line,) = diff.lines
    assert line.change is Change.CHANGED
    told = [(piece.change.value, piece.text) for piece in line.pieces if piece.change is not Change.SAME]
    assert told == [("removed", "ten"), ("added", "two")]


def test_moved_paragraph_is_neither_added_nor_removed() -> None:
    diff = compare("T", ["first", "second", "third", "fourth"], "T", ["fourth", "first", "second", "third"])
    assert [(line.change.value, line.before, line.after) for line in diff.lines] == [
        ("moved", 4, 1),
        ("same", 1, 2),
        ("same", 2, 3),
        ("same", 3, 4),
    ]


def test_new_headline_is_a_change() -> None:
    diff = compare("Hat lost", ["x"], "Hat found", ["x"])
    assert diff.title.change is Change.CHANGED
    assert not diff.is_same


def test_removed_paragraph_stands_where_it_was() -> None:
    diff = compare("T", ["a b c", "d e f", "g h i"], "T", ["a b c", "g h i"])
    assert [line.change.value for line in diff.lines] == ["same", "removed", "same"]


HOSTILE = {
    "thousands of other paragraphs": ([f"one {n}" for n in range(5000)], [f"{n} two" for n in range(5000)]),
    "thousands of equal paragraphs": (["a"] * 20_000, ["b", *["a"] * 19_998, "b"]),
    "one word over and over": (
        [f"x{n} " + "a " * 1000 for n in range(30)],
        [f"y{n} " + "a " * 1100 for n in range(30)],
    ),
    "one very long paragraph": (["0 1 " * 20_000], ["0 " * 40_000]),
    "two words that alternate": (["0 1 " * 50 + str(n) for n in range(100)], ["0 " * 100 + str(n) for n in range(100)]),
}


@pytest.mark.timeout(60)  # without a bound the third takes minutes
@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_texts_are_compared_in_few_steps_and_nothing_is_lost(case: str) -> None:
    old, new = HOSTILE[case]
    assert sides(compare("T", old, "T", new)) == (old, new)


def test_long_paragraph_shows_the_word_that_changed() -> None:
    long = " ".join(f"word{number % 500}" for number in range(20_000))
    (line,) = compare("T", [long], "T", [long.replace("word0 ", "other ", 1)]).lines
    assert [piece.text for piece in line.pieces if piece.change is not Change.SAME] == ["word0", "other"]
