"""What people type into a search."""

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import ExitCode, QueryError
from archive.query.syntax import needs_places, to_fts5

READ = {
    "one word": ("hat", '"hat"'),
    "words together": ("gray hat", '("gray" AND "hat")'),
    "AND written out": ("gray AND hat", '("gray" AND "hat")'),
    "phrase": ('"gray hat"', '"gray hat"'),
    "phrase in a printer's quotes": ("“gray hat”", '"gray hat"'),
    "phrase in low quotes": ("„ztracený klobouk“", '"ztracený klobouk"'),
    "phrase in guillemets": ("«потерянная шляпа»", '"потерянная шляпа"'),
    "begin of a word": ("news*", '"news"*'),
    "begin of a phrase's last word": ('"gray h"*', '"gray h"*'),
    "either": ("prague OR berne", '("prague" OR "berne")'),
    "either binds less than together": ("a b OR c d", '(("a" AND "b") OR ("c" AND "d"))'),
    "without": ("hat NOT gray", '("hat" NOT "gray")'),
    "without, with a dash": ("hat -gray", '("hat" NOT "gray")'),
    "without, first": ("-gray hat", '("hat" NOT "gray")'),
    "parentheses": ("(a OR b) c", '((("a" OR "b")) AND "c")'),
    "field": ("title:hat", '({title} : ("hat"))'),
    "field with a space": ("Title: hat", '({title} : ("hat"))'),
    "field of a group": ("text:(a OR b)", '({text} : ((("a" OR "b"))))'),
    "operator in small letters is a word": ("ever or never", '("ever" AND "or" AND "never")'),
    "word with a hyphen": ("twenty-two", '"twenty-two"'),
    "lone dash of a headline": ("Prague -- a nurse", '("Prague" AND "a" AND "nurse")'),
    "colon at a word's end": ("Prague: nurse", '("Prague:" AND "nurse")'),
    "time of day": ("10:30", '"10:30"'),
    "what FTS5 would take for its own": ("^a + {b}", '("^a" AND "{b}")'),
    "NEAR without a parenthesis is a word": ("NEAR/2", '"NEAR/2"'),
    "near in small letters is a word": ("near (hat)", '("near" AND ("hat"))'),
    "near": ("NEAR(gray hat)", 'NEAR("gray" "hat", 10)'),
    "near by number": ('NEAR("gray hat" news*, 3) x', '(NEAR("gray hat" "news"*, 3) AND "x")'),
    "word with a letter that Latin has twice": ("lamp", '("lamp" OR "łamp")'),
    "begin of such a word": ("łamp*", '("łamp"* OR "lamp"*)'),
    "such a word among others": ("hat lamp", '("hat" AND ("lamp" OR "łamp"))'),
    "such a word in quotes": ('"lamp"', '"lamp"'),
    "such a word near another": ("NEAR(lamp hat, 3)", 'NEAR("lamp" "hat", 3)'),
    "without such a word": ("hat NOT lamp", '("hat" NOT ("lamp" OR "łamp"))'),
    "near in a field": ("title:NEAR(a b, 0)", '({title} : (NEAR("a" "b", 0)))'),
}


@pytest.mark.parametrize(("query", "expression"), READ.values(), ids=READ)
def test_expression_is_read(query: str, expression: str) -> None:
    assert to_fts5(query) == expression


WITH_PLACES = {
    "phrase": '"gray hat"',
    "word with a hyphen, which is a phrase": "twenty-two",
    "phrase among words": 'court "gray hat"',
    "near": "NEAR(gray hat)",
    "field": "title:hat",
}
WITHOUT = {
    "word": "hat",
    "words": "gray hat OR coat NOT wet",
    "begin of a word": "news*",
    "word in quotes": '"hat"',
    "what looks like a field": '"{title}"',
    "what looks like near": '"NEAR("',
}


@pytest.mark.parametrize("query", WITH_PLACES.values(), ids=WITH_PLACES)
def test_places_are_needed(query: str) -> None:
    assert needs_places(to_fts5(query))


@pytest.mark.parametrize("query", WITHOUT.values(), ids=WITHOUT)
def test_places_are_not_needed(query: str) -> None:
    assert not needs_places(to_fts5(query))


def test_spelling_that_no_text_has_is_not_asked_for() -> None:
    assert to_fts5("hat lamp") == '("hat" AND ("lamp" OR "łamp"))'
    assert to_fts5("hat lamp", {'"łamp"'}.__contains__) == '("hat" AND ("lamp" OR "łamp"))'
    assert to_fts5("hat lamp", {'"hat"', '"lamp"'}.__contains__) == '("hat" AND "lamp")'
    assert to_fts5("lamp*", {'"lamp"'}.__contains__) == '"lamp"*'


REFUSED = {
    "nothing": ("", "nothing to search for"),
    "blanks": ("  ", "nothing to search for"),
    "marks only": ("?!", "no word"),
    "lone star": ("*", "no word"),
    "star within": ("jour*st", r"at character 1: a \* can only stand at the end"),
    "empty phrase": ('hat ""', "at character 5: there is no word"),
    "open phrase": ('hat "lost', "at character 5: .*no closing quotation mark"),
    "open parenthesis": ("hat (lost", "at character 5: this parenthesis is never closed"),
    "closed twice": ("(hat))", "at character 6: this closing parenthesis was never opened"),
    "empty parentheses": ("hat ()", "at character 6: a word is missing"),
    "nothing before": ("AND hat", "nothing before this AND"),
    "nothing behind": ("hat OR", "a word is missing"),
    "one word near nothing": ("x NEAR(hat)", r"at character 3: NEAR\( \) takes two or more"),
    "nothing near nothing": ("NEAR( , 4)", "takes two or more"),
    "operator within near": ("NEAR(a OR b)", "and nothing else"),
    "group within near": ("NEAR(a (b))", "parentheses within"),
    "near never closed": ("NEAR(a b", "never closed"),
    "near by a word": ("NEAR(a, b)", "behind the comma"),
    "nothing behind NOT": ("hat NOT", "behind this NOT"),
    "two operators": ("hat AND OR lost", "behind this AND"),
    "only what to leave out": ("-hat", "say what to find"),
    "unknown field": (
        "author:ada",
        "'author' is no field .those are title and text.; choose by it with a filter, --author",
    ),
    "an address": ("https://lantern.example/", "vigil show and vigil captures take an address"),
    "misspelled field": ("titel:hat", "did you mean title: ?"),
    "field that is a filter by another name": ("date:2021", "with a filter, --since and --until"),
    "field of nothing": ("title:", "a word is missing"),
    "address": ("https://blog.example/", "'https' is no field"),
    "too deep": ("(" * 21 + "a" + ")" * 21, "goes deeper"),
    "too long": ("a" * 1001, "more than 1000 letters"),
}


@pytest.mark.parametrize(("query", "words"), REFUSED.values(), ids=REFUSED)
def test_wrong_expression_says_where_and_why(query: str, words: str) -> None:
    with pytest.raises(QueryError, match=words) as caught:
        to_fts5(query)
    assert "press freedom" in caught.value.hint
    assert caught.value.exit_code is ExitCode.USAGE


PIECES = [
    "a",
    "b*",
    '"a b"',
    "AND",
    "OR",
    "NOT",
    "(",
    ")",
    "-",
    "title:",
    "text:",
    ":",
    "*",
    "NEAR",
    "{",
    "^",
    "+",
    '"',
]


@pytest.mark.fuzz
@given(
    st.text(max_size=30)
    | st.text(alphabet='ab"*:() -“”«»\0éя\ud800', max_size=20)
    | st.lists(st.sampled_from(PIECES), max_size=12).map(" ".join)
    | st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
)
def test_whatever_is_typed_sqlite_never_complains(query: str) -> None:
    try:
        expression = to_fts5(query)
    except QueryError:
        return
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("CREATE VIRTUAL TABLE f USING fts5(title, text, tokenize='unicode61 remove_diacritics 2')")
        assert db.execute("SELECT * FROM f WHERE f MATCH ?", (expression,)).fetchall() == []
