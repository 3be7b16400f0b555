"""Hours that clocks on the wall show twice, runs of one second, and seconds that no clock of ours shows."""

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archive.collection import Collection
from archive.errors import IntegrityError
from archive.evidence.seal import SUMS, token_file
from archive.evidence.tokens import TimeAuthority, check_token
from archive.query import Archive
from archive.warc.notes import parse_warc_date
from tests.cli.archives import HOST, exchange, lay_run, page
from tests.evidence.makers import NAMES, Sealed, build_sealed, now

LAMP = "/a/the-last-lamp/101.html"
BEFORE, AFTER = datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def lay_the_night_on_which_summer_time_ends(root: Path) -> Collection:
    """Both runs at half past two in Prague, an hour apart, and a third one that begins with the second."""
    collection = Collection(root)
    for uid, began, words in (("run-1", BEFORE, "gulls"), ("run-2", AFTER, "herons"), ("run-3", AFTER, "terns")):
        place = "/a/another/103.html" if uid == "run-3" else LAMP
        lay_run(
            collection, uid, began, exchange(1, place, page("The last lamp", f"A keeper counts {words}."), began=began)
        )
    return collection


@pytest.fixture(scope="module")
def prague() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "Europe/Prague")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture(scope="module")
def night(prague: None, tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    del prague
    return build_sealed(tmp_path_factory.mktemp("night"), lay_the_night_on_which_summer_time_ends)


def test_runs_of_one_night_are_sealed_each_for_itself_in_their_order(night: Sealed) -> None:
    assert night.names == ["run-1", "run-2", "run-3"]
    assert night.checks(is_published=True) == set()


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("2026-10-25T02:59:00+02:00", "gulls"),
        ("2026-10-25T02:59:00+01:00", "herons"),
        ("2026-10-25T01:00:00Z", "gulls"),
    ],
    ids=["first half past two", "second half past two", "between them, in UTC"],
)
def test_hour_that_comes_twice_is_two_hours_of_the_archive(night: Sealed, asked: str, words: str) -> None:
    with Archive.open(night.collection) as archive:
        found = archive.as_of(f"{HOST}{LAMP}", datetime.fromisoformat(asked)).stored
        assert words.encode() in archive.payload(found.id)


def test_leap_second_in_a_token_is_refused_as_a_token_that_does_not_hold(night: Sealed) -> None:
    seal = night.seal(0)
    token = (seal / token_file(SUMS, NAMES[0])).read_bytes()
    leap = re.sub(rb"(20\d{10})\d\d(?=(?:\.\d+)?Z)", rb"\g<1>60", token)
    assert leap != token
    root = night.trust.authorities[0].roots
    with pytest.raises(IntegrityError):
        check_token(leap, (seal / SUMS).read_bytes(), TimeAuthority(name=NAMES[0], roots=root), now=now())


def test_leap_second_in_a_foreign_record_is_no_time() -> None:
    with pytest.raises(ValueError, match="second must be in"):
        parse_warc_date("2016-12-31T23:59:60Z")
