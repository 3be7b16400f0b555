"""Captures as they were, their history, two side by side: what the pages say, asked in process."""

import csv
import io

import pytest
from lxml import html

from archive.web import app
from tests.cli.archives import BEGAN
from tests.evidence.makers import Sealed, build_sealed
from tests.web.conftest import Get, getting
from tests.web.test_memento import LAMP

BOAT = "https://lantern.example/a/a-boat-for-nobody/102.html"


def said(text: str) -> str:
    return " ".join(" ".join(html.document_fromstring(text).itertext()).split())


async def test_capture_says_when_it_was_made_and_what_proves_it(asked: Get) -> None:
    answer = await asked(f"/as-it-was/20260802030001/{LAMP}")
    page = html.document_fromstring(answer.text)
    text = said(answer.text)
    assert "Captured 2026-08-02 03:00:01 UTC" in text
    assert "adb72ebd787842c3f8ad5e98000fa7c0ff87372d953a6e727abaf8709231d698" in text
    assert "Proved to exist by nothing yet: its run is not sealed" in text
    (frame,) = page.xpath("//iframe")
    assert frame.get("sandbox") == "allow-same-origin allow-top-navigation-by-user-activation"
    assert frame.get("src").startswith("http://127.0.0.1:8001/web/20260802030001")
    assert "frame-src 'self'" in answer.headers["content-security-policy"]
    shown = await asked(frame.get("src").removeprefix("http://127.0.0.1:8001"))
    assert shown.headers["x-frame-options"] == "SAMEORIGIN"
    assert "forty-three" in shown.text
    steps = page.xpath("//nav[@aria-label='Other captures']/a")
    assert [one.text.partition(":")[0] for one in steps] == ["First", "Previous", "Next", "Last", "All captures"]
    for one in steps:
        await asked(one.get("href"))


async def test_time_without_a_capture_leads_to_the_nearest(asked: Get) -> None:
    answer = await asked(f"/as-it-was/2020/{LAMP}", status=302)
    assert answer.headers["location"].endswith(f"/as-it-was/20260801030001250000/{LAMP}")
    await asked("/as-it-was/2020/https://nowhere.example/", status=404)


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    return build_sealed(tmp_path_factory.mktemp("seen") / "sealed")


async def test_sealed_capture_says_by_when_it_existed(sealed: Sealed) -> None:
    take = getting(app.desk(sealed.collection, sealed.settings).app())
    text = said((await take(f"/as-it-was/{BEGAN:%Y%m%d}/https://lantern.example/a/gulls/101.html")).text)
    assert "by a TEST authority, which proves nothing" in text
    assert "Proved to exist by 20" in text


async def test_history_is_a_calendar_a_line_and_a_table(asked: Get) -> None:
    answer = await asked(f"/history/{BOAT}")
    page = html.document_fromstring(answer.text)
    assert [one.text for one in page.xpath("//*[@class='calendar']//caption")] == ["August", "September"]
    assert len(page.xpath("//*[@class='calendar']//a")) == 4
    for one in page.xpath("//*[@class='calendar']//a"):
        await asked(one.get("href"))
    assert len(page.xpath("//*[local-name()='svg'][@class='line']/*[@class='new' or @class='same']")) == 4
    rows = page.xpath("//tbody[.//input]/tr")
    assert [row.xpath("string(td[3])").split()[0] for row in rows] == ["410", "200", "404", "200"]
    lost = html.document_fromstring((await asked("/history/https://lantern.example/lost")).text)
    assert not lost.xpath("//input[@type='radio']")
    assert "reset" in said(html.tostring(lost, encoding="unicode"))


async def test_history_is_given_as_data(asked: Get) -> None:
    held = (await asked(f"/history/2026/json/{LAMP}")).json()
    assert [row["is_new"] for row in held] == [True, True, True]
    table = csv.DictReader(io.StringIO((await asked(f"/history/2026/csv/{LAMP}")).text))
    assert [row["capture_id"] for row in table] == [str(row["capture_id"]) for row in held]
    assert (await asked(f"/history/1999/json/{LAMP}")).json() == []


async def test_two_captures_stand_side_by_side(asked: Get) -> None:
    answer = await asked(f"/side-by-side?url={LAMP}&left=20260801&right=20260802")
    page = html.document_fromstring(answer.text)
    assert "The site sent other bytes" in said(answer.text)
    assert len(page.xpath("//iframe[@sandbox and @title]")) == 2
    assert "the same bytes both times" in said((await asked(f"/side-by-side?url={LAMP}&left=2026&right=20260801")).text)
    assert "Show both" in said((await asked(f"/side-by-side?url={LAMP}&left=20260801")).text)
    await asked(f"/side-by-side?url={LAMP}&left=x&right=20260801", status=400)


@pytest.mark.parametrize("path", ["/as-it-was/20260801/{}", "/history/{}", "/side-by-side?url={}&left=2026&right=2026"])
async def test_hostile_address_stays_a_text(asked: Get, path: str) -> None:
    url = 'https://lantern.example/"><script>alert(1)</script>'
    answer = await asked(path.format(url), status=404)
    assert "<script>alert" not in answer.text
