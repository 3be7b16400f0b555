"""Spellings that a reader takes for the same word; the sentences are invented."""

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.query.letters import spellings
from archive.query.syntax import to_fts5
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


def finds(query: str, text: str) -> bool:
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("CREATE TABLE texts (id INTEGER PRIMARY KEY, title, text)")
        db.execute(FULL_TEXT)
        db.execute("INSERT INTO texts VALUES (1, '', ?)", (text,))
        db.execute("INSERT INTO texts_fts (rowid, title, text) SELECT * FROM texts")
        return bool(db.execute("SELECT 1 FROM texts_fts WHERE texts_fts MATCH ?", (to_fts5(query),)).fetchall())


@pytest.mark.parametrize(("query", "text"), FOUND.values(), ids=FOUND)
def test_word_is_found_in_another_spelling(query: str, text: str) -> None:
    assert finds(query, text)


@pytest.mark.parametrize(("query", "text"), NOT_FOUND.values(), ids=NOT_FOUND)
def test_other_word_is_not_found(query: str, text: str) -> None:
    assert not finds(query, text)


@given(st.text(alphabet="lidosеёłıđøßاأدرسةهيیكک\u064e\u200c", max_size=60))
def test_spellings_are_few_and_never_the_word_itself(word: str) -> None:
    found = spellings(word)
    assert len(found) == len(set(found)) <= 80
    assert word not in found
