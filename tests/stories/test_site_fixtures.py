"""An operator records pages beside the site file, changes a rule, and is told what is no longer read as it was."""

import re

import pytest

from archive.config import shipped_sites
from tests.stories.story import SITE, Story

pytestmark = pytest.mark.e2e


def test_recorded_pages_tell_what_a_changed_rule_breaks(story: Story) -> None:
    assert story.crawl().code == 0
    recorded = story.vigil("sites", "record", SITE)
    assert recorded.code == 0, recorded.err
    kinds = {path.name for path in (story.folder / "sites" / f"{SITE}.fixtures").iterdir()}
    assert {"listing", "post-pangea-2021", "post-pangea-2013"} <= kinds
    assert story.vigil("sites", "record", SITE).out == "", "a second time there is nothing new"
    assert story.vigil("sites", "check", SITE).code == 0

    rules = (shipped_sites() / f"{SITE}.toml").read_text(encoding="utf-8")
    broken = re.sub(r"(?m)^authors = .*$", "authors = []", rules)
    assert broken != rules
    (story.folder / "sites" / f"{SITE}.toml").write_text(broken, encoding="utf-8")
    checked = story.vigil("sites", "check", SITE)
    assert checked.code == 31
    assert "post-pangea-2021: " in checked.out
