"""The change feed: new, edited and vanished posts, as a feed reader wants them."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from lxml import etree

from archive.changefeed import Change, atom, json_feed
from archive.rebuild import rebuild
from tests.stories.story import Story

NAMES = {"a": "http://www.w3.org/2005/Atom"}
NOW = datetime(2026, 11, 23, 3, 17, tzinfo=UTC)
HOSTILE = Change(
    id="urn:vigil:change:blog:1:x:new",
    site="blog",
    kind="new",
    time=NOW,
    title="<script>alert('x')</script> & ]]> \N{SNOWMAN}",
    url="https://blog.example/?a=1&b=\"2'",
    summary="<b>not bold</b>",
)


def entries(text: str) -> list[etree._Element]:
    feed = etree.fromstring(text.encode(), etree.XMLParser(resolve_entities=False))
    for name in ("id", "title", "updated", "author/a:name"):
        assert feed.findtext(f"a:{name}", namespaces=NAMES), name
    found = feed.findall("a:entry", NAMES)
    for one in feed.iterfind(".//a:id", NAMES):  # RFC 4287 section 4.2.6: an IRI, with a scheme and without spaces
        assert re.fullmatch(r"urn:[a-z]+:[^\s<>\"{}|\\^`]+", one.text or "")
    for moment in feed.iterfind(".//a:updated", NAMES):  # RFC 3339, as section 3.3 asks
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", moment.text or "")
    order = ["id", "title", "updated", "author", "generator", *["entry"] * len(found)]
    assert [etree.QName(child).localname for child in feed] == order
    for entry in found:
        assert all(entry.findtext(f"a:{name}", namespaces=NAMES) for name in ("id", "title", "updated"))
        assert entry.find("a:link[@href]", NAMES) is not None
        datetime.fromisoformat(entry.findtext("a:updated", "", NAMES))
    ids = [entry.findtext("a:id", namespaces=NAMES) for entry in found]
    assert len(set(ids)) == len(ids)
    return found


@pytest.mark.e2e
@pytest.mark.parametrize("story", [10], indirect=True)
def test_new_edited_and_vanished_posts_are_in_the_feed_after_the_run(story: Story) -> None:
    story.crawl()
    first = entries((story.collection.reports / "feed.atom").read_text())
    assert {entry.findtext("a:title", "", NAMES).partition(":")[0] for entry in first} == {"new"}
    assert len(first) == 10
    posts = story.blog.listing()
    story.blog.advance(timedelta(days=1))
    story.blog.edit(
        posts[2].id, title="A headline that was changed", body=["The harbour is open.", "So is the bridge."]
    )
    story.crawl("--full")
    second = entries((story.collection.reports / "feed.atom").read_text())
    assert "A headline that was changed" in second[0].findtext("a:title", "", NAMES)
    assert "edited" in second[0].findtext("a:title", "", NAMES)
    summary = second[0].findtext("a:summary", "", NAMES)
    assert "{+So is the bridge.+}" in summary
    assert "[-" in summary
    told = json.loads((story.collection.reports / "feed.json").read_text())
    assert told["version"] == "https://jsonfeed.org/version/1.1"
    assert [item["id"] for item in told["items"]] == [entry.findtext("a:id", "", NAMES) for entry in second]
    asked = story.vigil("feed", "--limit", "1")
    assert entries(asked.out)[0].findtext("a:id", "", NAMES) == told["items"][0]["id"]
    rebuild(story.collection, workers=1)
    again = json.loads(story.vigil("feed", "--json").out)
    assert again["items"] == told["items"]


def test_nothing_archived_breaks_out_of_the_feed() -> None:
    (entry,) = entries(atom((HOSTILE,), title="a & b", now=NOW))
    assert entry.findtext("a:title", "", NAMES) == f"new: {HOSTILE.title}"
    link = entry.find("a:link", NAMES)
    assert link is not None
    assert link.get("href") == HOSTILE.url
    assert json.loads(json_feed((HOSTILE,), title="x"))["items"][0]["content_text"] == "<b>not bold</b>"


def test_feed_of_an_archive_in_which_nothing_changed_is_valid() -> None:
    assert entries(atom((), title="nothing", now=NOW)) == []
