"""Which posts come first, and what is said where not all could be ranked."""

import json
from collections.abc import Iterator

import httpx
import pytest

from archive.cli import SECTIONS
from archive.cli.frame import main_group, run
from archive.collection import Collection
from archive.query import Archive, Filters, Order, searching
from archive.web import app
from benchmarks.invented import Blog
from benchmarks.scale import fill, night

BLOG = Blog(300)
WORDS = [language.words[place] for language in BLOG.languages for place in (0, 2, 20, 300)]
PLAIN = """
SELECT v.text_id, p.language FROM texts_fts f JOIN versions v ON v.text_id = f.rowid JOIN (
  SELECT q.id, q.current, a.language FROM posts q JOIN articles a ON a.id = q.article_id) p ON p.id = v.post_id
WHERE texts_fts MATCH ?1 AND (?2 OR p.current = v.number) AND (?3 IS NULL OR p.language = ?3)
ORDER BY """
EVERY_POST = Filters()
BEST = PLAIN + "bm25(texts_fts, 4.0, 1.0), f.rowid DESC"
NEWEST = PLAIN + "f.rowid DESC"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    collection = Collection(tmp_path_factory.mktemp("blog"))
    collection.create()
    fill(BLOG, collection)
    night(list(BLOG.later_night()), BLOG, collection)
    with Archive.open(collection) as opened:
        yield opened


def text_ids(archive: Archive, query: str, *, order: Order, filters: Filters = EVERY_POST, **more: int) -> list[int]:
    hits = archive.search(query, filters, order=order, limit=more.pop("limit", 400), **more).hits  # type: ignore[arg-type]
    sql = "SELECT text_id FROM versions WHERE post_id = ? AND number = ?"
    return [archive.db.execute(sql, (hit.post.id, hit.version)).fetchone()[0] for hit in hits]


def plainly(archive: Archive, sql: str, query: str, *, is_all: bool = False, language: str | None = None) -> list[int]:
    return [row[0] for row in archive.db.execute(sql, (f'"{query}"', is_all, language))]


@pytest.mark.parametrize("word", WORDS)
def test_order_is_that_of_a_plain_question(archive: Archive, word: str) -> None:
    for order, sql in ((Order.RELEVANCE, BEST), (Order.NEWEST, NEWEST)):
        expected = plainly(archive, sql, word)
        assert text_ids(archive, word, order=order) == expected
        assert text_ids(archive, word, order=order, all_versions=True) == plainly(archive, sql, word, is_all=True)
        in_english = plainly(archive, sql, word, language="en")
        assert text_ids(archive, word, order=order, filters=Filters(language="en")) == in_english
        pages = [text_ids(archive, word, order=order, limit=7, offset=at) for at in range(0, len(expected) + 7, 7)]
        assert [one for page in pages for one in page] == expected


def test_dates_bound_what_is_ranked(archive: Archive) -> None:
    word, filters = WORDS[0], Filters(since=BLOG.published(100), until=BLOG.published(200))
    found = text_ids(archive, word, order=Order.RELEVANCE, filters=filters)
    newest = text_ids(archive, word, order=Order.NEWEST, filters=filters)
    assert sorted(found, reverse=True) == newest
    everything = text_ids(archive, word, order=Order.RELEVANCE)
    assert found == [one for one in everything if one in newest]
    assert 50 < len(found) < len(everything)


def test_order_is_exact_where_few_texts_match(archive: Archive) -> None:
    assert archive.search(WORDS[0], order=Order.RELEVANCE).ranked_among is None


def test_common_word_is_ranked_among_the_newest_and_the_answer_says_so(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "EXACT", 100)
    monkeypatch.setattr(searching, "RANKED", 50)
    word = WORDS[0]
    newest = plainly(archive, NEWEST, word, is_all=True)[:50]
    best = [one for one in plainly(archive, BEST, word) if one in newest]
    assert archive.search(word, order=Order.RELEVANCE).ranked_among == 50
    assert text_ids(archive, word, order=Order.RELEVANCE) == best
    assert archive.search(word).ranked_among is None
    assert archive.search(WORDS[3], order=Order.RELEVANCE).ranked_among is None


def test_phrase_is_ranked_among_the_newest_where_more_match(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    phrase = " ".join(WORDS[place] for place in (0, 1))
    every = plainly(archive, NEWEST, phrase, is_all=True)
    exact = plainly(archive, BEST, phrase)
    assert archive.search(f'"{phrase}"', order=Order.RELEVANCE).ranked_among is None
    assert text_ids(archive, f'"{phrase}"', order=Order.RELEVANCE) == exact
    monkeypatch.setattr(searching, "RANKED", len(every) // 2)
    found = archive.search(f'"{phrase}"', order=Order.RELEVANCE)
    assert found.ranked_among == len(every) // 2 > 2
    best = [one for one in exact if one in every[: len(every) // 2]]
    assert text_ids(archive, f'"{phrase}"', order=Order.RELEVANCE) == best
    monkeypatch.setattr(searching, "RANKED", len(every) + 1)
    assert archive.search(f'"{phrase}"', order=Order.RELEVANCE).ranked_among is None


def test_filter_that_leaves_few_makes_the_order_of_a_common_word_exact(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "EXACT", 100)
    monkeypatch.setattr(searching, "RANKED", 50)
    few = Filters(author="Fictional Writer 7")
    assert archive.search(WORDS[0], few, order=Order.RELEVANCE).ranked_among is None
    found = text_ids(archive, WORDS[0], order=Order.RELEVANCE, filters=few)
    assert len(found) > 2
    everything = text_ids(archive, WORDS[0], order=Order.NEWEST, filters=few)
    assert found == [one for one in plainly(archive, BEST, WORDS[0]) if one in everything]


def test_command_says_that_only_the_newest_were_ranked(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(searching, "EXACT", 100)
    monkeypatch.setattr(searching, "RANKED", 50)

    def said(*words: str) -> tuple[str, str]:
        assert run(main_group("Test.", SECTIONS), ("search", "-C", str(archive.collection.root), WORDS[0], *words)) == 0
        read = capsys.readouterr()
        return read.out, read.err

    assert "the newest 50 of them were ranked" in said("--order", "relevance")[1]
    assert "ranked" not in said()[1]
    assert json.loads(said("--order", "relevance", "--json")[0].splitlines()[0])["ranked_among"] == 50
    assert json.loads(said("--json")[0].splitlines()[0])["ranked_among"] is None


async def test_page_says_that_only_the_newest_were_ranked(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "EXACT", 100)
    monkeypatch.setattr(searching, "RANKED", 50)
    transport = httpx.ASGITransport(app.desk(archive.collection).app())
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8001") as client:
        page = await client.get(f"/search?q={WORDS[0]}&order=relevance")
        newest = await client.get(f"/search?q={WORDS[0]}")
        rows = (await client.get(f"/search.json?q={WORDS[0]}&order=relevance")).json()
    assert "the newest 50 of them were ranked" in page.text
    assert "were ranked" not in newest.text
    assert {row["ranked_among"] for row in rows} == {50}
