"""Spellings that a reader takes for the same word; the sentences are invented."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import QueryError
from archive.query.letters import folded, spellings
from archive.query.syntax import to_fts5
from archive.query.written import told_of_phrases
from archive.schema.tables import FULL_TEXT

FOUND = {
    "accents": ("canboz", "Leyla Çanboz went home."),
    "two accents on one letter": ("nguyen", "Nguyễn stayed."),
    "accents as letters of their own": ("lodz", "The train to Łódź was late."),
    "the same, typed whole": ("Łódź", "The train to Lodz was late."),
    "dotless i": ("aydin", "Aydın has a hat."),
    "dotless i, many": ("kilicoglu", "Kılıçoğlu has a hat."),
    "dj for the letter": ("djuro", "Đuro has a hat."),
    "sharp s": ("strasse", "Die Straße ist leer."),
    "begin of a name": ("walesk*", "Wałeskowie są w domu."),
    "yo without its dots": ("елка", "Наша ёлка зелёная."),
    "yo with its dots": ("ёлка", "Наша елка зеленая."),
    "begin in Cyrillic": ("редакци*", "В редакции никого."),
    "article": ("مدرسة", "المدرسة مغلقة."),
    "preposition and article": ("مدرسة", "كنا بالمدرسة أمس."),
    "article typed, word bare": ("المدرسة", "هذه مدرسة صغيرة."),
    "alef without its hamza": ("احمد", "ذهب أحمد."),
    "alef with its hamza": ("أحمد", "ذهب احمد."),
    "end of a feminine word": ("مدرسه", "هذه مدرسة."),
    "vowel marks typed": ("مَدْرَسَة", "هذه مدرسة."),
    "Persian letters typed as Arabic": ("كتاب", "این کتاب است."),
    "begin with an article": ("صحف*", "قال الصحفيون كلمة."),
}
NOT_FOUND = {
    "part of a word": ("art", "A party."),
    "other word": ("hat", "A hut."),
    "in quotation marks as written": ('"lodz"', "Łódź"),
    "short word": ("il", "ıl"),
    "other Cyrillic letter": ("мои", "мой"),
}


@contextmanager
def indexed(*texts: str) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("CREATE TABLE texts (id INTEGER PRIMARY KEY, title, text)")
        db.execute(FULL_TEXT)
        db.executemany("INSERT INTO texts VALUES (NULL, '', ?)", [(text,) for text in texts])
        db.execute("INSERT INTO texts_fts (rowid, title, text) SELECT * FROM texts")
        yield db


def finds(query: str, text: str) -> bool:
    with indexed(text) as db:
        return bool(db.execute("SELECT 1 FROM texts_fts WHERE texts_fts MATCH ?", (to_fts5(query),)).fetchall())


@pytest.mark.parametrize(("query", "text"), FOUND.values(), ids=FOUND)
def test_word_is_found_in_another_spelling(query: str, text: str) -> None:
    assert finds(query, text)


@pytest.mark.parametrize(("query", "text"), NOT_FOUND.values(), ids=NOT_FOUND)
def test_other_word_is_not_found(query: str, text: str) -> None:
    assert not finds(query, text)


TEXTS = (
    "Ece Aydin sang. The train to Lodz was late.",
    "Ece Aydın sang again. The train to Łódź was early.",
    "قالت ليلى الأحمد كلمة. The author is not named.",
)
NAMED = {
    "name": ('"ece aydin"', "ece aydın"),
    "name, typed as the other": ('"Ece Aydın"', "ece aydin"),
    "one word": ('"lodz"', "łodz"),
    "words near one another": ("NEAR(train lodz, 3)", "łodz"),
    "phrase near a word": ('NEAR(sang "ece aydin", 3)', "ece aydın"),
    "phrase beside words and within parentheses": ('train (hat OR "ece aydin")', "ece aydın"),
    "Arabic letters": ('"ليلى الاحمد"', "ليلى الأحمد"),
}
UNNAMED = {
    "no phrase": "ece aydin",
    "phrase that is everywhere written so": '"the train"',
    "words that stand apart": '"ece lodz"',
    "letters that no text has": '"not named"',
}


@pytest.mark.parametrize(("query", "other"), NAMED.values(), ids=NAMED)
@pytest.mark.parametrize("is_empty", [False, True], ids=["found", "nothing found"])
def test_search_in_quotation_marks_names_what_texts_have_besides(query: str, other: str, is_empty: bool) -> None:  # noqa: FBT001
    with indexed(*TEXTS) as db:
        assert f"to be found as well: “{other}”" in (told_of_phrases(db, query, is_empty=is_empty) or "").lower()


@pytest.mark.parametrize("query", UNNAMED.values(), ids=UNNAMED)
def test_search_that_missed_nothing_says_nothing(query: str) -> None:
    with indexed(*TEXTS) as db:
        assert told_of_phrases(db, query, is_empty=False) is None


def test_phrase_that_found_nothing_is_told_to_go_without_its_marks() -> None:
    with indexed(*TEXTS) as db:
        told = told_of_phrases(db, '"aydin ece"', is_empty=True)
        assert told is not None
        assert told.endswith("only as they are written; without them, in other spellings and places too")
        assert told_of_phrases(db, "aydin hat", is_empty=True) is None


@given(st.text(alphabet='lidо"()* NEARaسe,5-', max_size=80))
def test_whatever_is_typed_is_looked_up_or_refused(query: str) -> None:
    with indexed(*TEXTS) as db:
        try:
            to_fts5(query)
        except QueryError:
            return
        told_of_phrases(db, query, is_empty=True)


NAMES = {
    "case": ("ADA", "Ada Nobody"),
    "accents": ("vezbin", "Anton Vežbin"),
    "letters of their own": ("luszczorn", "Ewva Łuszczorn"),
    "the same, typed whole": ("Łuszczorn", "Ewva Luszczorn"),
    "dotless i": ("karincalu", "Yelda Karıncalu"),
    "capital i with its dot": ("ilka", "İlka Sørnev"),
    "a stroke": ("sornev", "Ilka Sørnev"),
    "yo without its dots": ("семен", "Семён Никто"),
    "alef without its hamza": ("احمد", "ليلى الأحمد"),
    "Persian letters": ("کریم", "كريم"),
    "the end of a feminine word": ("فاطمه", "فاطمة"),
}


@pytest.mark.parametrize(("typed", "name"), NAMES.values(), ids=NAMES)
def test_name_is_found_in_the_letters_that_a_reader_has(typed: str, name: str) -> None:
    assert (folded(typed) or "") in (folded(name) or "")
    assert folded(None) is None


@given(st.text(alphabet="lidosеёłıđøßاأدرسةهيیكک\u064e\u200c", max_size=60))
def test_spellings_are_few_and_never_the_word_itself(word: str) -> None:
    found = spellings(word)
    assert len(found) == len(set(found)) <= 80
    assert word not in found
