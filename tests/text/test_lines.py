"""Lines that look like boilerplate and belong to the post, and the reverse (site-facts 2.4)."""

import pytest

from archive.model import Credit
from archive.site import Site
from tests.text.conftest import article, page

LONG = "The editor of the paper was fined for a crossword, and nobody in the court could solve it."
SHELL = (
    '<div class="responsive-indicator"></div><div id="article-content" class="wsw-page"><div class="wsw">{}</div></div>'
)


def body_page(body: str) -> bytes:
    return page("", "<title>A post</title>").replace(b"<article></article>", SHELL.format(body).encode())


def blocks(body: str, site: Site) -> list[str]:
    return [block.text for block in article(body_page(body), site).blocks]


@pytest.mark.parametrize(
    ("line", "credit"),
    [
        (
            "Written by Ana Ruvik based on an original story in Velkish by RFE/RL's Radio Kestra",
            Credit(
                text="Written by Ana Ruvik based on an original story in Velkish by RFE/RL's Radio Kestra",
                writer="Ana Ruvik",
                original_language="Velkish",
                service="RFE/RL's Radio Kestra",
            ),
        ),
        (
            "Based on an original story by RFE/RL's Qazmari Service.",
            Credit(text="Based on an original story by RFE/RL's Qazmari Service.", service="RFE/RL's Qazmari Service"),
        ),
        (
            "With reporting by Ilvapress, Kestfaks, and the Meridian Wire",
            Credit(
                text="With reporting by Ilvapress, Kestfaks, and the Meridian Wire",
                sources=("Ilvapress", "Kestfaks", "the Meridian Wire"),
            ),
        ),
        (
            "Based on reporting by and Kestfaks",
            Credit(text="Based on reporting by and Kestfaks", sources=("Kestfaks",)),
        ),
        ("(by Ilvapress)", Credit(text="(by Ilvapress)", sources=("Ilvapress",))),
        (
            "(by Bo Lund, director of RFE/RL's Velkish Service)",
            Credit(
                text="(by Bo Lund, director of RFE/RL's Velkish Service)",
                writer="Bo Lund",
                service="RFE/RL's Velkish Service",
            ),
        ),
        (
            "Ana Ruvik of RFE/RL's Velkish Service and Bo Lund contributed to this report.",
            Credit(
                text="Ana Ruvik of RFE/RL's Velkish Service and Bo Lund contributed to this report.",
                sources=("Ana Ruvik of RFE/RL's Velkish Service", "Bo Lund"),
            ),
        ),
        ("Written by Ana Ruvik", Credit(text="Written by Ana Ruvik", writer="Ana Ruvik")),
    ],
)
def test_credit_line_is_kept_and_read(line: str, credit: Credit, site: Site) -> None:
    read = article(body_page(f"<p>{LONG}</p><p>{line}</p>"), site)
    assert read.blocks[-1].text == line
    assert read.credit == credit


def test_linked_sources_of_a_credit_line_keep_their_names(site: Site) -> None:
    body = f'<p>{LONG}</p><p>Based on reporting by <a href="https://a.example/">Ilvapress</a> and Kestfaks</p>'
    credit = article(body_page(body), site).credit
    assert credit is not None
    assert credit.sources == ("Ilvapress", "Kestfaks")


@pytest.mark.parametrize(
    "line",
    [
        'Read more in Velkish <a href="/a/123456.html">here</a>',
        '(Read the full Ilvapress story <a href="/a/123456.html">here</a>.)',
        "-- Ana Ruvik",
        "Share of the paper in all papers",
        "The print shop was closed, and the editor said: see also the other one.",
        "Subscribers were asked to come back in spring.",
    ],
)
def test_line_that_looks_like_boilerplate_is_kept(line: str, site: Site) -> None:
    assert len(blocks(f"<p>{LONG}</p><p>{line}</p>", site)) == 2
    assert article(body_page(f"<p>{LONG}</p><p>{line}</p>"), site).credit is None


@pytest.mark.parametrize(
    "boilerplate",
    [
        "<p>SEE ALSO: Another Paper Closes</p>",
        '<div class="wsw__embed"><div class="media-block"><span>SEE ALSO:</span><h4>Another One</h4></div></div>',
        "<p>No media source currently available</p><p>0:00 0:00:40 0:00</p><p>Direct link</p><p>Embed</p>",
        "<p>Share</p><p>Print</p>",
        '<div class="wsw__embed"><h3>Subscribe To RFE/RL\'s Watchdog Report</h3><p>Our digest. On Thursdays.</p></div>',
        "<h3>Subscribe To RFE/RL's Watchdog Report</h3>",
        "<h3>Crisis In Velkistan</h3><p>Read our ongoing coverage as the people of Velkistan wait for paper.</p>",
        "<p>This image contains sensitive content which some people may not like.</p><p>Click to reveal</p>",
        "<p>We are sorry, but this feature is currently not available</p>",
        "<p>To find out more, <a href='/p/1.html'>click here</a>.</p>",
        '<div class="c-mmp"><p>0:00</p></div>',
        '<div class="share">Share this</div>',
    ],
)
def test_boilerplate_stays_out(boilerplate: str, site: Site) -> None:
    assert blocks(f"<p>{LONG}</p>{boilerplate}<p>{LONG}</p>", site) == [LONG, LONG]


@pytest.mark.parametrize("word", ["CLARIFICATION", "CORRECTION", "Corrections", "Editor's note", "Editor’s Note"])
def test_correction_is_text_and_named_as_such(word: str, site: Site) -> None:
    line = f"{word}: This article has been amended to say that the lamp was green."
    read = article(body_page(f"<p>{LONG}</p><p>{line}</p>"), site)
    assert read.blocks[-1].text == line
    assert read.corrections == (line,)


@pytest.mark.parametrize(
    ("start", "dateline"),
    [
        ("TULMEK, Velkistan -- ", "TULMEK, Velkistan"),
        ("TULMEK — ", "TULMEK"),
        ("PORT ILVA, Ilvania – ", "PORT ILVA, Ilvania"),
        ("BEYRAM-ATA (Kestfaks) -- ", "BEYRAM-ATA (Kestfaks)"),
        ("ŠTERNOVEC, Zhurmenia -- ", "ŠTERNOVEC, Zhurmenia"),
        ("ОРВАНЕ, Велькистан -- ", "ОРВАНЕ, Велькистан"),
        ("پلخان، کستریا -- ", "پلخان، کستریا"),
        ("Every year -- ", None),
        ("The BBC -- ", None),
        ("", None),
    ],
)
def test_place_before_the_dash_is_the_dateline(start: str, dateline: str | None, site: Site) -> None:
    read = article(body_page(f"<p>{start}{LONG}</p>"), site)
    assert read.dateline == dateline
    assert read.blocks[0].text == start + LONG


def test_dateline_of_its_own_is_a_field_and_no_paragraph(site: Site) -> None:
    for element in ('<span class="dateline">TULMEK, Velk. —&nbsp;</span>', "<span>TULMEK, Velk. —&nbsp;</span>"):
        read = article(body_page(f"{element}\n<p>{LONG}</p>"), site)
        assert (read.dateline, [block.text for block in read.blocks]) == ("TULMEK, Velk.", [LONG])
