"""Memento (RFC 7089) over the pages' archive: negotiation in time, lists of captures, captures at their addresses."""

import re

import pytest
from lxml import html

from archive.errors import QueryError
from archive.web.negotiation import parse_accept, span
from tests.web.conftest import Get

LAMP = "https://lantern.example/a/the-last-lamp/101.html"
FIRST = "Sat, 01 Aug 2026 03:00:01 GMT"


async def test_timegate_leads_to_the_nearest_capture_and_says_how_near(asked: Get) -> None:
    answer = await asked(f"/timegate/{LAMP}", status=302, **{"Accept-Datetime": "Sat, 01 Aug 2026 05:00:00 GMT"})
    assert answer.headers["location"] == f"http://127.0.0.1:8001/web/20260801030001/{LAMP}"
    assert answer.headers["vary"].startswith("accept-datetime")
    assert "memento-datetime" not in answer.headers
    assert "The nearest capture is of 2026-08-01T03:00:01.250000+00:00, 1:59:58.750000 from the time" in answer.text
    links = answer.headers["link"]
    assert f'<{LAMP}>; rel="original"' in links
    assert f'<http://127.0.0.1:8001/timemap/link/{LAMP}>; rel="timemap"; type="application/link-format"' in links
    assert f'rel="first memento"; datetime="{FIRST}"' in links
    assert 'rel="last memento"' in links or 'rel="next last memento"' in links


async def test_timegate_without_a_time_leads_to_the_last_capture(asked: Get) -> None:
    answer = await asked(f"/timegate/{LAMP}", status=302)
    listed = (await asked(f"/timemap/json/{LAMP}")).json()["mementos"]["list"]
    assert answer.headers["location"] == listed[-1]["uri"]


async def test_memento_is_sent_as_it_was_at_its_address(asked: Get) -> None:
    answer = await asked(f"/web/20260801030001id_/{LAMP}")
    assert answer.headers["memento-datetime"] == FIRST
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert "<h1>The Last Lamp On The Pier</h1>" in answer.text
    assert f'<http://127.0.0.1:8001/timegate/{LAMP}>; rel="timegate"' in answer.headers["link"]


async def test_time_without_a_capture_leads_to_the_nearest(asked: Get) -> None:
    answer = await asked(f"/web/2020id_/{LAMP}", status=302)
    assert answer.headers["location"] == f"http://127.0.0.1:8001/web/20260801030001id_/{LAMP}"
    assert (await asked(f"/web/2026080103/{LAMP}")).headers["memento-datetime"] == FIRST


async def test_harmless_view_runs_nothing_and_says_what_it_is(asked: Get) -> None:
    listed = (await asked("/search.json?q=gulls")).json()
    urls = {row["url"] for row in listed if "script" in row["title"]}
    for url in urls:
        location = (await asked(f"/timegate/{url}", status=302)).headers["location"]
        page = await asked(location.removeprefix("http://127.0.0.1:8001"))
        assert "DERIVED COPY" in page.text
        tree = html.fromstring(page.content)
        assert {str(one.tag) for one in tree.iter()}.isdisjoint({"script", "img", "iframe", "form", "link"})
        assert len(tree.findall(".//style")) == 1  # ours
        assert not [name for one in tree.iter() for name in one.attrib if name.startswith("on")]
        assert all(str(one.get("href", "https:")).startswith(("http", "/capture/")) for one in tree.iter("a"))
        assert "sandbox" in page.headers["content-security-policy"]
    assert urls


async def test_timemap_lists_every_answered_capture_in_order_and_no_failure(asked: Get) -> None:
    answer = await asked(f"/timemap/link/{LAMP}")
    assert answer.headers["content-type"].startswith("application/link-format")
    times = re.findall(r'memento"; datetime="([^"]+)"', answer.text)
    ring = (await asked(f"/timemap/json/{LAMP}")).json()
    assert len(times) == len(ring["mementos"]["list"]) >= 2
    assert times[0] == FIRST
    moments = [one["datetime"] for one in ring["mementos"]["list"]]
    assert moments == sorted(moments)
    assert f'from="{FIRST}"' in answer.text
    await asked("/timemap/link/https://lantern.example/lost", status=404)


async def test_unknown_url_and_wrong_times_are_told(asked: Get) -> None:
    gone = await asked("/timegate/https://elsewhere.example/", status=404)
    assert "vary" in gone.headers
    wrong = await asked(f"/timegate/{LAMP}", status=400, **{"Accept-Datetime": "last summer"})
    assert "is no date of RFC 1123" in wrong.text
    await asked(f"/web/20269999/{LAMP}", status=400)


@pytest.mark.parametrize("text", ["2026-08-01", "Mon, 01 Aug 2026 03:00:01 GMT", "Sat, 01 Aug 2026 03:00:01 CET", ""])
def test_only_dates_of_http_are_taken(text: str) -> None:
    with pytest.raises(QueryError):
        parse_accept(text)


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("2026", "2026-01-01T00:00:00", "2027-01-01T00:00:00"),
        ("202602", "2026-02-01T00:00:00", "2026-03-01T00:00:00"),
        ("20260801", "2026-08-01T00:00:00", "2026-08-02T00:00:00"),
        ("20260801030001", "2026-08-01T03:00:01", "2026-08-01T03:00:02"),
        ("20260801030001250000", "2026-08-01T03:00:01.250000", "2026-08-01T03:00:01.250001"),
    ],
)
def test_digits_name_a_stretch_of_time(text: str, since: str, until: str) -> None:
    found = span(text)
    assert [one.isoformat().removesuffix("+00:00") for one in found] == [since, until]


@pytest.mark.parametrize("text", ["20", "20261", "20261301", "20260230", "99999999999999", "20260801030060"])
def test_digits_that_name_no_time_are_refused(text: str) -> None:
    with pytest.raises(QueryError):
        span(text)
