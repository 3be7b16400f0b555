"""Compare tokenizers of SQLite's full-text index: what each finds in four scripts, and how big its index grows.

Invented sentences, one word of each under test. Recall: of the sentences that a reader would want for a query, how many
are found. Precision: of those found, how many the reader wants. Then the index over invented texts of four scripts:

    python -m benchmarks.tokenizers [--texts 2000]
"""

import argparse
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from random import Random

from archive.query.syntax import to_fts5
from benchmarks.invented import Blog
from benchmarks.table import header, spent


@dataclass(frozen=True, slots=True)
class Case:
    """A query as typed, sentences that it should find, and sentences that it should not."""

    script: str
    query: str
    wanted: tuple[str, ...]
    unwanted: tuple[str, ...] = ()


CASES = (
    Case(
        "Latin, accents",
        "canboz",
        ("Leyla Çanboz went home.", "CANBOZ is no town.", "A letter to Çanboz."),
        ("Can Bozo.",),
    ),
    Case("Latin, accents", "pribeh", ("Příběh skončil.", "Ten PŘÍBĚH znám."), ("Příběhy skončily.",)),
    Case("Latin, accents", "nguyen", ("Nguyễn stayed.", "Nguyên left."), ("The nguyenology of hats.",)),
    Case(
        "Latin, accents",
        "art",
        ("No art was lost.",),
        ("A party was held.", "The heart of Varnia.", "They start late."),
    ),
    Case("Latin, own letters", "lodz", ("The train to Łódź was late.", "Lodz slept."), ("Lodzer Straße.",)),
    Case("Latin, own letters", "aydin", ("Aydın has a hat.", "Aydin has none."), ("Aydinlik is elsewhere.",)),
    Case("Latin, own letters", "Djuro", ("Đuro slept.", "Djuro woke."), ("Djurovic went.",)),
    Case("Latin, own letters", "strasse", ("Die Straße war leer.", "STRASSE"), ("Hauptstraße war voll.",)),
    Case(
        "Latin, beginnings",
        "journalis*",
        ("A journalist came.", "Journalism is a hat.", "Journalisté přišli."),
        ("Journey.",),
    ),
    Case("Latin, beginnings", "walesk*", ("Wałeskowie są w domu.", "Waleska left."), ("Wales is far.",)),
    Case("Cyrillic", "журнал", ("Журнал вышел.", "ЖУРНАЛ закрыт."), ("Журналист пришёл.", "В журнале пусто.")),
    Case("Cyrillic", "елка", ("Наша ёлка зелёная.", "Наша елка."), ("Тарелка пуста.", "Белка ушла.")),
    Case("Cyrillic", "Зелёный", ("зеленый забор", "зелёный забор"), ("Зелёные заборы.",)),
    Case("Cyrillic", "мой", ("Это мой забор.",), ("Это мои заборы.", "Мойка закрыта.")),
    Case(
        "Cyrillic, beginnings",
        "редакци*",
        ("В редакции пусто.", "Редакцию закрыли.", "Редакция спит."),
        ("Редактор спит.",),
    ),
    Case("Cyrillic, beginnings", "журналист*", ("Журналисты ушли.", "О журналистке."), ("Журнал вышел.",)),
    Case("Arabic, as written", "صحيفة", ("هذه صحيفة صغيرة.",), ("هذه صفحة صغيرة.",)),
    Case(
        "Arabic, affixed",
        "مدرسة",
        ("هذه مدرسة.", "المدرسة مغلقة.", "كنا بالمدرسة أمس.", "بيت ومدرسة."),
        ("هذه مدرستنا.",),
    ),
    Case("Arabic, affixed", "المدرسة", ("هذه مدرسة.", "والمدرسة مغلقة."), ("درس طويل.",)),
    Case("Arabic, letters", "احمد", ("ذهب أحمد.", "احمد هنا."), ("محمد هنا.",)),
    Case("Arabic, letters", "مدرسه", ("هذه مدرسة.",), ("هذا مدرس.",)),
    Case("Arabic, letters", "كتاب", ("این کتاب است.", "هذا كتاب."), ("این کباب است.",)),
    Case("Arabic, vowel marks", "مَدْرَسَة", ("هذه مدرسة.", "هذه مَدْرَسَة."), ("هذا مدرس.",)),
    Case("Arabic, vowel marks", "مدرسة", ("هذه مَدْرَسَة.",), ()),
    Case("Arabic, beginnings", "صحف*", ("صحفي هنا.", "قال الصحفيون كلمة."), ("صفحة بيضاء.",)),
)

Typed = Callable[[str], str]


def plain(query: str) -> str:
    """The word alone, quoted, as FTS5 reads it; a trigram index finds beginnings anyway."""
    stem = query.removesuffix("*")
    return f'"{stem}"' + query[len(stem) :]


def infix(query: str) -> str:
    """The letters anywhere."""
    return plain(query.removesuffix("*"))


WAYS: tuple[tuple[str, str, Typed], ...] = (
    ("unicode61, accents kept", "unicode61 remove_diacritics 0", plain),
    ("unicode61, remove_diacritics 1", "unicode61 remove_diacritics 1", plain),
    ("unicode61, remove_diacritics 2", "unicode61 remove_diacritics 2", plain),
    ("porter over it", "porter unicode61 remove_diacritics 2", plain),
    ("trigram", "trigram", infix),
    ("remove_diacritics 2, and spellings", "unicode61 remove_diacritics 2", to_fts5),
)


def index_of(texts: Sequence[str], tokenizer: str) -> sqlite3.Connection:
    """Index texts beside the texts themselves, as ``archive.db`` does."""
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE texts (id INTEGER PRIMARY KEY, text TEXT)")
    db.executemany("INSERT INTO texts (text) VALUES (?)", ((text,) for text in texts))
    db.execute(
        f"CREATE VIRTUAL TABLE words USING fts5(text, content='texts', content_rowid='id', tokenize='{tokenizer}')"
    )
    db.execute("INSERT INTO words (rowid, text) SELECT id, text FROM texts")
    return db


def found(texts: Sequence[str], tokenizer: str, typed: Typed, query: str) -> set[str]:
    """Which of the sentences a query finds."""
    with closing(index_of(texts, tokenizer)) as db:
        rows = db.execute("SELECT rowid FROM words WHERE words MATCH ?", (typed(query),))
        return {texts[number - 1] for (number,) in rows}


def judge(cases: Sequence[Case], tokenizer: str, typed: Typed) -> tuple[float, float]:
    """Recall and precision over the cases of a script, each asked of its own sentences."""
    right = wanted = given = 0
    for case in cases:
        hits = found((*case.wanted, *case.unwanted), tokenizer, typed, case.query)
        right += len(hits & set(case.wanted))
        wanted += len(case.wanted)
        given += len(hits)
    return right / wanted, right / given if given else 1.0


def size(texts: Sequence[str], tokenizer: str) -> int:
    """Bytes of the full-text index alone, optimised."""
    with closing(index_of(texts, tokenizer)) as db:
        db.execute("INSERT INTO words (words) VALUES ('optimize')")
        (total,) = db.execute("SELECT sum(length(block)) FROM words_data").fetchone()
        return int(total)


def asked(texts: Sequence[str], tokenizer: str, word: str) -> float:
    """Milliseconds to count the texts with a word, at best."""
    with closing(index_of(texts, tokenizer)) as db:
        question = "SELECT count(*) FROM words WHERE words MATCH ?"
        return min(spent(lambda: db.execute(question, (word,)).fetchone()) for _ in range(20))


def invented(count: int) -> list[str]:
    """Texts of 300 invented words, in the scripts and shares of the invented blog."""
    random, languages = Random(4), Blog(10).languages
    shares = [language.share for language in languages]
    weights = [1 / (rank + 2.7) for rank in range(len(languages[0].words))]
    chosen = random.choices(languages, shares, k=count)
    return [" ".join(random.choices(language.words, weights, k=300)) for language in chosen]


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=2000)
    options = parser.parse_args()
    header(f"{len(CASES)} queries over invented sentences: recall / precision")
    scripts = list(dict.fromkeys(case.script for case in CASES))
    for name, tokenizer, typed in WAYS:
        print(name)
        for script in scripts:
            recall, precision = judge([case for case in CASES if case.script == script], tokenizer, typed)
            print(f"    {script:<24} {recall:>5.2f} / {precision:.2f}")
        recall, precision = judge(CASES, tokenizer, typed)
        print(f"    {'all':<24} {recall:>5.2f} / {precision:.2f}")
    texts = invented(options.texts)
    total = sum(len(text.encode()) for text in texts)
    print(f"\nthe index over {len(texts):,} texts of 300 words, {total:,} bytes")
    for name, tokenizer, typed in WAYS[:-1]:
        share, took = size(texts, tokenizer) / total, asked(texts, tokenizer, typed(texts[0].split()[0]))
        print(f"    {name:<32} {share:>5.2f} of the text, a common word {took:.2f} ms")


if __name__ == "__main__":
    main()
