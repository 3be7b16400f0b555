"""The CDX server over the pages' archive: it says what the CDXJ files say, to clients that know pywb's."""

import gc
import json
import shutil
from pathlib import Path

import cdx_toolkit
import pytest
from cdx_toolkit.myrequests import retry_info
from hypothesis import given
from hypothesis import strategies as st
from surt import surt

from archive.cdxj import write_missing
from archive.collection import Collection
from archive.index import Index
from archive.query import cdx
from archive.surts import surt_of
from archive.web.cdx import keys_of
from tests.web.conftest import Get

HOST = "https://lantern.example"
LAMP = f"{HOST}/a/the-last-lamp/101.html"
BOAT = f"{HOST}/a/a-boat-for-nobody/102.html"
Line = dict[str, str]


async def lines(asked: Get, query: str) -> list[Line]:
    answer = await asked(f"/cdx?output=json&{query}")
    return [json.loads(line) for line in answer.text.splitlines()]


@pytest.fixture(scope="module")
def files(served: Collection, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Every line of the CDXJ files that is about a URL of the web, in order."""
    copy = Collection(tmp_path_factory.mktemp("cdx") / "copy")
    shutil.copytree(served.root, copy.root)
    for path in copy.warcs.glob("*.open"):
        path.rename(path.with_suffix(""))
    write_missing(copy)
    found = [line for path in copy.indexes.iterdir() for line in path.read_text().splitlines()]
    return sorted(line for line in found if not line.startswith("urn:"))


async def test_whole_host_is_listed_as_cdxj_indexer_writes_it(asked: Get, files: list[str]) -> None:
    answer = await asked(f"/cdx?url={HOST}&matchType=host")
    assert answer.headers["content-type"].startswith("text/x-cdxj")
    assert answer.text.splitlines() == files
    assert [line for line in files if "warc/revisit" in line]


async def test_url_is_found_by_every_spelling_that_turns_round_to_the_same(asked: Get) -> None:
    there = await lines(asked, f"url={LAMP}")
    assert len(there) == 3
    for spelling in (
        "http://lantern.example/a/the-last-lamp/101.html/",
        "www.lantern.example/A/The-Last-Lamp/101.html",
    ):
        assert await lines(asked, f"url={spelling}") == there
    assert (await lines(asked, f"url={LAMP}%23part&matchType=exact")) == there


@pytest.mark.parametrize(
    ("query", "urls"),
    [
        (f"url={HOST}/a/the-last&matchType=prefix", {LAMP}),
        (f"url={HOST}/a/the-last*", {LAMP}),
        ("url=*.example&filter=url:102", {BOAT}),
        ("url=lantern.example&matchType=domain&filter==url:" + BOAT, {BOAT}),
        (f"url={HOST}/a/*&filter=~url:.*10[12].html&filter=!status:200", {BOAT}),
        ("url=lantern.example&matchType=host&filter=statuscode:410", {BOAT}),
    ],
)
async def test_match_types_and_filters_mean_what_they_do_in_pywb(asked: Get, query: str, urls: set[str]) -> None:
    assert {line["url"] for line in await lines(asked, query)} == urls


async def test_times_bound_sort_and_draw_near(asked: Get) -> None:
    times = [line["timestamp"] for line in await lines(asked, f"url={LAMP}")]
    assert times == sorted(times) == ["20260801030001", "20260802030001", "20260806030001"]
    for query, wanted in (
        ("from=20260802", times[1:]),
        ("to=20260802", times[:2]),
        ("from=202608020&to=2026", None),
        ("from=2026080203&to=2026080203", times[1:2]),
        ("sort=reverse", times[::-1]),
        ("sort=reverse&limit=1", times[2:]),
        ("closest=20260803000000", [times[1], times[0], times[2]]),
        ("closest=20260805&sort=closest&limit=1", times[2:]),
        ("closest=20260801&from=20260802&limit=1", times[1:2]),
        ("collapse=timestamp:6", times[:1]),
        ("collapseTime=8", times),
        ("collapse=status", times[:1]),
    ):
        if wanted is None:
            await asked(f"/cdx?url={LAMP}&{query}", status=400)
        else:
            assert [line["timestamp"] for line in await lines(asked, f"url={LAMP}&{query}")] == wanted, query


async def test_fields_and_forms(asked: Get) -> None:
    query = f"/cdx?url={LAMP}&limit=1&fl=timestamp,statuscode"
    assert (await asked(f"{query}&output=text")).text == "20260801030001 200\n"
    assert (await asked(f"{query}&output=json")).json() == {"timestamp": "20260801030001", "status": "200"}
    assert (await asked(query)).text == 'example,lantern)/a/the-last-lamp/101.html 20260801030001 {"status": "200"}\n'


async def test_revisit_is_led_back_to_the_record_with_its_payload(asked: Get) -> None:
    first, *_, back, _ = await lines(asked, f"url={BOAT}&resolveRevisits=true")
    assert first["orig.filename"] == "-"
    assert back["mime"] == "text/html"
    assert (back["orig.filename"], back["orig.offset"]) == (first["filename"], first["offset"])


async def test_pages_hold_everything_once_and_end(asked: Get, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cdx, "BLOCK", 2)
    query = "url=lantern.example&matchType=host"
    everything = await lines(asked, query)
    told = (await asked(f"/cdx?{query}&showNumPages=true&pageSize=2")).json()
    assert told == {"pages": -(-len(everything) // 4), "pageSize": 2, "blocks": -(-len(everything) // 2)}
    pages = [await lines(asked, f"{query}&pageSize=2&page={page}") for page in range(told["pages"])]
    assert [line for page in pages for line in page] == everything
    beyond = await asked(f"/cdx?{query}&pageSize=2&page={told['pages']}", status=400)
    assert "Last Page is" in beyond.json()["message"]
    left = await asked(f"/cdx?{query}&pageSize=2&page=0&filter=status:999", status=404)
    assert left.json()["message"].startswith("No Captures found for")


@pytest.mark.parametrize(
    "query",
    [
        "",
        "url=x&matchType=fuzzy",
        "url=x&sort=random",
        "url=x&sort=closest",
        "url=x&matchType=host&closest=2026",
        "url=x&closest=20261399",
        "url=x&from=yesterday",
        "url=x&limit=0",
        "url=x&limit=1000001",
        "url=x&limit=-1",
        "url=x&page=-1",
        "url=x&page=0&sort=reverse",
        "url=x&pageSize=99999",
        "url=x&output=xml",
        "url=x&fl=password",
        "url=x&fl=,",
        "url=x&filter=password:x",
        "url=x&filter=~url:(",
        "url=x&filter=~url:" + "a" * 201,
        "url=x&collapse=nothing",
        "url=x&collapse=digest:x",
    ],
)
async def test_question_that_cannot_be_read_is_told_as_json(asked: Get, query: str) -> None:
    answer = await asked(f"/cdx?{query}", status=400)
    assert answer.json()["message"]
    assert answer.json()["hint"]


async def test_page_of_another_origin_may_not_bring_a_regular_expression(asked: Get) -> None:
    query = f"/cdx?url={LAMP}&filter=~url:(.*)*$"
    for site in ("cross-site", "same-site"):
        await asked(query, status=400, **{"Sec-Fetch-Site": site})
    await asked(f"/cdx?url={LAMP}&filter=~url:.*html", **{"Sec-Fetch-Site": "same-origin"})


async def test_unknown_url_has_no_captures(asked: Get) -> None:
    assert (await asked("/cdx?url=https://nowhere.example/", status=404)).json()["message"].startswith("No Captures")
    assert (await asked("/cdx?url=https://nowhere.example/&showNumPages=true")).json()["pages"] == 0


@pytest.fixture
def client(address: str, monkeypatch: pytest.MonkeyPatch) -> cdx_toolkit.CDXFetcher:
    monkeypatch.setitem(retry_info, "127.0.0.1", {"next_fetch": 1, "minimum_interval": 0})
    return cdx_toolkit.CDXFetcher(source=f"{address}/cdx", wb=f"{address}/web")


@pytest.mark.reader
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # it leaves its buffers open
def test_cdx_toolkit_finds_filters_walks_pages_and_fetches(client: cdx_toolkit.CDXFetcher) -> None:
    found = client.get("lantern.example/*", filter="=status:200")
    assert {capture["url"] for capture in found} >= {LAMP, BOAT}
    walked = list(client.iter("lantern.example/*", filter="=status:200"))
    assert [capture.data for capture in walked] == [capture.data for capture in found]
    assert client.get("nowhere.example/*") == []
    assert list(client.iter("nowhere.example/*")) == []
    assert client.get_size_estimate("lantern.example/*", as_pages=True) == 1
    (old,) = client.get(LAMP, to="20260801", limit=1)
    assert b"<h1>The Last Lamp On The Pier</h1>" in old.content
    del old
    gc.collect()


# --- SURTs ------------------------------------------------------------------------------------------------

LABEL = st.text("abwxyz09-", min_size=1, max_size=6)
SEGMENT = st.text("aZ09._~-%;()@,=+ é", max_size=5)
URLS = st.builds(
    "{}{}{}{}{}".format,
    st.sampled_from(["http://", "https://", "HTTP://", "ftp://", "https://www.", "http://www12.", "urn:x:"]),
    st.lists(LABEL, min_size=1, max_size=4).map(".".join),
    st.sampled_from(["", "", ":80", ":443", ":8080"]),
    st.lists(SEGMENT, max_size=4).map(lambda parts: "".join("/" + part for part in parts)),
    st.sampled_from(["", "", "?", "?b=2&a=1", "#x"]),
)


@given(URLS)
def test_surts_are_those_of_the_package(url: str) -> None:
    host = url.partition("://")[2].partition("/")[0].partition(":")[0]
    if host.replace(".", "").isdigit():
        return  # the package would ask the resolver
    assert surt_of(url) == surt(url)


@given(URLS, st.sampled_from(["", "/", "/x"]))
def test_prefix_holds_all_that_begins_so(url: str, more: str) -> None:
    keys = keys_of(url, "prefix")
    assert keys.first < keys.end
    assert keys.first <= surt_of(url) + more < keys.end or url.endswith(("/", "?"))


def test_archive_of_before_is_told_from_one_with_surts(served: Collection, tmp_path: Path) -> None:
    copy = Collection(tmp_path / "copy")
    shutil.copytree(served.root, copy.root)
    with Index.open(copy.database) as index:
        before = index.db.execute("SELECT surt, url_id FROM surts").fetchall()
        index.db.execute("DROP TABLE surts")
        index.db.execute("DELETE FROM _sqlite_migrations WHERE name = 'm003_surts'")
    with Index.open(copy.database) as index:
        assert list(map(tuple, index.db.execute("SELECT surt, url_id FROM surts"))) == list(map(tuple, before))
