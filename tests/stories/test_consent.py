"""A rule of robots.txt is set aside only after the operator confirmed it, once, in writing."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archive.collection import Collection
from archive.config import shipped_sites
from archive.errors import ExitCode, UsageError
from archive.site import Site, load_site
from crawler.consent import CONSENTS, confirm, require
from tests.stories.story import SITE, Story

NOW = datetime(2026, 8, 1, 3, tzinfo=UTC)


@pytest.fixture
def site() -> Site:
    return load_site(shipped_sites() / f"{SITE}.toml")


def test_nothing_is_asked_of_the_real_site_before_the_operator_confirmed(story: Story) -> None:
    ended = story.vigil("crawl", SITE)
    assert ended.code == ExitCode.USAGE
    assert "--accept-exceptions" in ended.err
    assert list(story.collection.warcs.glob("*")) == []


def test_confirmed_exception_is_asked_for_once(tmp_path: Path, site: Site) -> None:
    collection = Collection(tmp_path)
    with pytest.raises(UsageError, match="nobody confirmed"):
        require(collection, site)
    for _ in range(2):
        confirm(collection, site, "The Archive", NOW)
    assert require(collection, site) == {"/*?p=*": NOW.isoformat()}
    (line,) = (collection.state / CONSENTS).read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["operator"] == "The Archive"


def test_changed_exception_must_be_confirmed_anew(tmp_path: Path, site: Site) -> None:
    collection = Collection(tmp_path)
    confirm(collection, site, None, NOW)
    wider = replace(site.robots_exceptions[0], urls=(".*",))
    with pytest.raises(UsageError):
        require(collection, replace(site, robots_exceptions=(wider,)))
