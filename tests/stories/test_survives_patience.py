"""Whatever the site asks for is waited for; and what was asked under test never passes for the real site's."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from archive.warc import load_exchange, walk, warc_files
from crawler.replica import ReplicaServer, Reply, Request, fictional_blog
from crawler.replica.faults import FaultKind
from tests.stories.story import Story
from tests.stories.survival import assert_sound, assert_whole, change_site_file, last_run, omitted

pytestmark = pytest.mark.e2e

small_blog = pytest.mark.parametrize("story", [6], indirect=True)


def gaps(story: Story, host: str = "www.rferl.org") -> list[float]:
    """Seconds from each request's arrival at a host to the next one's."""
    asked = [one for one in story.server.log if one.host == host]
    return [later.began - earlier.began for earlier, later in pairwise(asked)]


@small_blog
def test_one_connection_and_the_pause_of_the_command_line(story: Story) -> None:
    assert story.crawl("--delay", "0.3", "--limit", "2").code == 0
    assert len(story.server.log) > 4
    hosts = {one.host for one in story.server.log}
    assert hosts == {"www.rferl.org", "gdb.rferl.org"}
    assert story.server.server.most_open <= len(hosts)
    for host in hosts:
        # after the first's handshake; the clocks are at two ends of a socket
        assert min(gaps(story, host)[1:]) >= 0.28
    shortest = story.rows("SELECT json_extract(counts, '$.shortest_gap_ms') FROM runs")
    assert shortest[0][0] is not None
    assert 300 <= int(str(shortest[0][0])) <= 1000


@small_blog
def test_longer_pause_of_robots_txt_wins(story: Story) -> None:
    story.blog.robots = b"User-agent: *\nDisallow: /api/\nCrawl-delay: 0.6\n"
    assert story.crawl("--delay", "0.1", "--limit", "2").code == 0
    assert len(story.server.log) > 4
    assert min(gaps(story)[1:]) >= 0.58  # the first request arrives late, after the handshake
    assert_sound(story)


@small_blog
@pytest.mark.parametrize("kind", [FaultKind.UNAVAILABLE_503, FaultKind.TOO_MANY_429])
def test_site_that_asks_for_a_pause_gets_it(story: Story, kind: FaultKind) -> None:
    story.blog.fault("/a/", kind, times=1, seconds=2)
    night = story.crawl()
    assert night.code == 0, night.err
    refused = next(
        place for place, one in enumerate(story.server.log) if one.sent.startswith((b"HTTP/1.1 503", b"HTTP/1.1 429"))
    )
    assert gaps(story)[refused] >= 1.98
    assert_whole(story)


@small_blog
def test_site_that_asks_for_half_a_day_gets_the_night_off(story: Story) -> None:
    story.blog.fault("/a/", FaultKind.UNAVAILABLE_503, times=1, seconds=43_200)
    night = story.crawl()
    assert night.code == 10, night.err
    assert "come back in 43200 seconds" in night.out
    assert story.server.log[-1].sent.startswith(b"HTTP/1.1 503")
    assert_sound(story)
    assert story.crawl().code == 0
    assert omitted(story, "lost") == []
    assert_whole(story)


class Chatty(ReplicaServer):
    """Says, a moment after each answer, that it closes the connection: as busy servers do to who keeps one idle."""

    def _respond(self, request: Request) -> Reply:
        reply = super()._respond(request)
        return replace(reply, parts=(*reply.parts, 0.01, LAST_WORDS))


LAST_WORDS = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture
def chatty(tmp_path: Path) -> Iterator[Story]:
    with Chatty(fictional_blog(posts=6), has_tls=True) as server:
        yield Story(blog=server.blog, server=server, folder=tmp_path)


def test_what_the_site_says_out_of_turn_is_kept_to_the_last_word(chatty: Story) -> None:
    night = chatty.crawl("--delay", "0.3")
    assert night.code == 0, night.err
    assert "Traceback" not in night.err
    units = chatty.laid()
    received = b"".join(load_exchange(chatty.collection, unit.capture).received for unit in units)
    spoken = sum(LAST_WORDS in one.sent for one in chatty.server.log)
    assert received.count(LAST_WORDS) >= spoken - 1, "all but those after the last answer, which nobody waited for"
    assert {unit.capture.sequence for unit in units} == set(range(1, len(units) + 1))
    assert_sound(chatty)


@small_blog
def test_archive_of_a_test_refuses_the_real_site_and_the_other_way_round(story: Story) -> None:
    assert story.crawl("--limit", "1").code == 0
    (info, *_) = (record for path in warc_files(story.collection) for record in walk(path) if record.type == "warcinfo")
    assert b"vigil-route: test-route" in info.block
    assert last_run(story, "route") == ("test-route",)
    (uid,) = last_run(story, "uid")
    assert '"test-route"' in (story.collection.reports / f"{uid}.json").read_text()
    before = sorted(path.name for path in story.collection.warcs.iterdir())
    refused = story.vigil("crawl", story.site)
    assert (refused.code, "Traceback" in refused.err) == (2, False)
    assert "captures of the route 'test-route'" in refused.err
    assert sorted(path.name for path in story.collection.warcs.iterdir()) == before
    assert story.rows("SELECT count(*) FROM runs") == [(1,)]


@small_blog
def test_private_address_behind_a_site_without_a_test_route_is_asked_nothing(story: Story) -> None:
    """And its archive, with a run that spoke with nobody, is the real site's: no test may write there."""
    change_site_file(story, ("www.rferl.org", "localhost"))
    night = story.vigil("crawl", story.site, "--accept-exceptions")
    assert night.code == 30, night.err
    assert story.server.log == []
    failures = story.rows("SELECT failure, failure_message FROM exchanges")
    assert {failure for failure, _ in failures} == {"refused-address"}
    assert last_run(story, "route") == ("site",)
    refused = story.crawl()
    assert refused.code == 2
    assert "captures of the route 'site'" in refused.err
    assert story.server.log == []
