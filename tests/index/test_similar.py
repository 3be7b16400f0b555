"""Near-duplicates: found among texts that the tests make, and linked by ``vigil similar``."""

import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.cli import SECTIONS
from archive.cli.frame import main_group, run
from archive.collection import Collection
from archive.errors import NotFoundError
from archive.query import Archive
from archive.similar import Signatures, estimate, jaccard, shingles, signature, update
from tests.cli.archives import BEGAN, exchange, lay_run, page

WORDS = [f"word{number}" for number in range(3000)]


def _text(random: Random) -> list[str]:
    return random.choices(WORDS, k=random.randint(80, 600))


def _edited(words: list[str], random: Random, share: float) -> str:
    edited = list(words)
    for at in random.sample(range(len(words)), int(len(words) * share)):
        edited[at] = random.choice(WORDS)
    return " ".join(edited)


def test_copies_with_five_percent_edited_are_found_and_nothing_else(tmp_path: Path) -> None:
    random = Random(4)
    originals = [_text(random) for _ in range(400)]
    with closing(Signatures(tmp_path / "similar.db")) as held:
        held.add([(number, str(number), " ".join(words)) for number, words in enumerate(originals)])
        found, wrong = 0, 0
        for number, words in enumerate(originals):
            copy = _edited(words, random, 0.05)
            marks = signature(copy)
            assert marks
            for other, _ in held.candidates(marks):
                is_near = jaccard(shingles(copy), shingles(" ".join(originals[other]))) >= 0.7
                found += is_near and other == number
                wrong += is_near and other != number
    assert (found >= 396, wrong) == (True, 0)


def test_estimate_is_near_the_exact_index() -> None:
    random = Random(5)
    misses = []
    for share in (0.0, 0.01, 0.02, 0.05, 0.1, 0.2) * 10:
        words = _text(random)
        one, other = " ".join(words), _edited(words, random, share)
        misses.append(
            estimate(signature(one) or b"", signature(other) or b"") - jaccard(shingles(one), shingles(other))
        )
    assert abs(sum(misses) / len(misses)) < 0.03
    assert max(map(abs, misses)) < 0.25


@given(st.text(max_size=200))
def test_signature_follows_from_the_shingles_alone(text: str) -> None:
    marks = signature(text)
    assert (marks is None) == (not shingles(text))
    assert marks is None or (len(marks) == 512 and estimate(marks, signature(f"  {text} ...") or b"") == 1)


@pytest.fixture
def collection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Collection:
    """Two posts with nearly one text, and one of its own."""
    words = "In the harbour of no town a keeper counted every boat that came in before the fog did and wrote it down"
    bodies = (words, f"{words} twice", "Nothing of the kind was ever said by anybody about the weather of that day")
    pages = [exchange(at, f"/a/x/{at}.html", page(f"Post {at}", body)) for at, body in enumerate(bodies, 1)]
    made = Collection(tmp_path / "collection")
    lay_run(made, "run-1", BEGAN, *pages)
    monkeypatch.chdir(tmp_path)
    return made


def _vigil(*words: str) -> int:
    return run(main_group("Test.", SECTIONS), words)


def test_near_copy_is_linked_with_its_time_and_place(
    collection: Collection, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _vigil("similar", "1") == 0
    said = capsys.readouterr()
    first, second, address = said.out.splitlines()
    assert first.endswith("quiet-lantern 2  Post 2")
    assert "published 2026-07-3" in second
    assert address.endswith("/a/x/2.html")
    assert "3 new texts" in said.err
    assert _vigil("similar", "3", "--json") == 0
    said = capsys.readouterr()
    assert (said.out, "no other post agrees" in said.err, "new texts" in said.err) == ("", True, False)
    assert (_vigil("similar"), _vigil("similar", "1", "--update")) == (2, 2)
    assert (collection.root / "similar.db").exists()


def test_texts_that_left_the_archive_are_dropped(collection: Collection, tmp_path: Path) -> None:
    path = tmp_path / "similar.db"
    with closing(Signatures(path)) as held:
        held.add([(1, "gone", "a text that is not there any more")])
    with Archive.open(collection) as archive:
        assert (update(archive, path), update(archive, path)) == (3, 0)
    with closing(Signatures(path)) as held:
        assert "gone" not in {name for _, name in held.known()}
        assert not list(held.candidates(signature("a text that is not there any more") or b""))


def test_damaged_file_is_named_with_what_to_do(collection: Collection, capsys: pytest.CaptureFixture[str]) -> None:
    (collection.root / "similar.db").write_text("no database at all")
    assert _vigil("similar", "1") == 20
    said = capsys.readouterr().err
    assert ("similar.db is damaged" in said, "delete this file" in said, "rebuild" in said) == (True, True, False)


def test_signatures_of_other_software_are_made_anew_and_never_compared(collection: Collection, tmp_path: Path) -> None:
    path = tmp_path / "similar.db"
    with Archive.open(collection) as archive:
        texts = update(archive, path)
        with closing(sqlite3.connect(path)) as db:
            db.execute("PRAGMA user_version = 1")
        with pytest.raises(NotFoundError, match="made by other software"):
            Signatures(path, is_read_only=True)
        assert (update(archive, path), update(archive, path)) == (texts, 0)
    Signatures(path, is_read_only=True).close()
